package server

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

// raw gets an answer as it was sent, compressed if it was.
func raw(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	return send(t, http.MethodGet, url, append([]string{"Accept-Encoding", "identity"}, header...)...)
}

func unzipped(t *testing.T, text string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestAccept(t *testing.T) {
	t.Parallel()
	url, _ := face(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("fail") {
			scim.WriteError(w, r, context.DeadlineExceeded)
			return
		}
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = io.WriteString(w, "{}")
	})
	for accept, want := range map[string]string{
		"":                                  "application/scim+json",
		"*/*":                               "application/scim+json",
		"application/*":                     "application/scim+json",
		"application/scim+json":             "application/scim+json",
		"application/json":                  "application/json",
		"Application/JSON;charset=utf-8":    "application/json",
		"application/json, text/plain, */*": "application/scim+json",
		"application/json, */*;q=0.5":       "application/json",
		"application/json, application/scim+json":             "application/scim+json",
		"application/scim+json;q=0.1, application/json;q=0.9": "application/json",
		"application/scim+json;q=0.9, application/json;q=0.1": "application/scim+json",
		"application/*;q=0.5, application/scim+json;q=0.1":    "application/json",
		"*/*, application/scim+json;q=0":                      "application/json",
		"application/json;q=0":                                "application/scim+json",
		"application/json;q=nonsense":                         "application/scim+json",
		"application/json;q=NaN":                              "application/scim+json",
		"text/html, image/gif":                                "application/scim+json",
		";;,,=":                                               "application/scim+json",
	} {
		resp, text := raw(t, url+"/scim/v2/Users", "Accept", accept)
		if resp.StatusCode != 200 || text != "{}" || resp.Header.Get("Content-Type") != want {
			t.Errorf("Accept %q: %d %q, want %q", accept, resp.StatusCode, resp.Header.Get("Content-Type"), want)
		}
		resp, _ = raw(t, url+"/scim/v2/Users?fail", "Accept", accept)
		if got := resp.Header.Get("Content-Type"); resp.StatusCode != 504 || got != "application/scim+json" {
			t.Errorf("an error, Accept %q: %d %q", accept, resp.StatusCode, got)
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	t.Parallel()
	body := strings.Repeat(`{"userName":"ada"}`, 400)
	url, _ := face(t, func(w http.ResponseWriter, r *http.Request) {
		text := body
		if r.URL.Query().Has("small") {
			text = body[:leastCompressed-1]
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = io.WriteString(w, text)
	})
	for coding, want := range map[string]bool{
		"gzip": true, "GZIP": true, "x-gzip": true, "deflate, gzip;q=0.5, br": true, "*": true, "gzip, identity;q=0.5": true, "gzip;q=1.0": true,
		"identity": false, "gzip;q=0": false, "br": false, "*;q=0": false, "gzip;q=0.5, identity": false, "*, gzip;q=0": false, "gzip;q=x": false,
	} {
		resp, text := raw(t, url+"/scim/v2/Users", "Accept-Encoding", coding)
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%q: compressed %t", coding, got)
		}
		length := strconv.Itoa(len(text))
		if want {
			text = unzipped(t, text)
		}
		if text != body || resp.Header.Get("Content-Length") != length {
			t.Errorf("%q: body %.30q, %d bytes, Content-Length %s", coding, text, len(text), resp.Header.Get("Content-Length"))
		}
		if got := resp.Header.Values("Vary"); strings.Join(got, ", ") != "Accept-Encoding, Accept" {
			t.Errorf("%q: Vary %q", coding, got)
		}
	}
	if resp, text := raw(t, url+"/scim/v2/Users?small", "Accept-Encoding", "gzip"); resp.Header.Get("Content-Encoding") != "" || len(text) != leastCompressed-1 {
		t.Errorf("a small answer: %q, %d bytes", resp.Header.Get("Content-Encoding"), len(text))
	}
	if resp, _ := raw(t, url+"/scim/v2/Other", "Accept-Encoding", "gzip"); resp.StatusCode != 404 || resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("an error: %d %q", resp.StatusCode, resp.Header.Get("Content-Encoding"))
	}
}

// A compressed answer comes as it is written, and one that is broken off can be
// told from one that ended.
func TestCompressedStream(t *testing.T) {
	t.Parallel()
	next := make(chan bool)
	url, _ := face(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("flushing: %v", err)
		}
		if <-next {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "last\n")
	})
	for _, broken := range []bool{false, true} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/scim/v2/Users", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		plain, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(plain)
		if line, err := lines.ReadString('\n'); line != "first\n" || err != nil {
			t.Errorf("got %q, %v before the handler ended", line, err)
		}
		next <- broken
		if rest, err := io.ReadAll(lines); (err != nil) != broken || !broken && string(rest) != "last\n" {
			t.Errorf("broken %t: then %q, %v", broken, rest, err)
		}
	}
}

// phrases are resources of a type, each as long as its id says.
type phrases struct{}

func (phrases) Get(_ context.Context, id string, _ scim.Projection, enc *jsontext.Encoder) error {
	n, err := strconv.Atoi(id)
	if err != nil {
		return err
	}
	return enc.WriteValue(jsontext.Value(`{"id":"` + id + `","text":"` + strings.Repeat("word ", n) + `"}`))
}

func (phrases) List(_ context.Context, _ scim.Query, out *scim.ListWriter) error {
	out.Total(0)
	return nil
}

// HEAD tells what GET would, and sends nothing, on every route that has a GET and
// for every length of an answer.
func TestHead(t *testing.T) {
	t.Parallel()
	types := []scim.ResourceType{{ID: "Phrase", Name: "Phrase", Endpoint: "/Phrases", Reader: phrases{}}}
	protocol := scim.NewHandler(types, scim.Options{BaseURL: func(*http.Request) string { return "https://x" + Root }})
	url, _ := face(t, ok, func(o *Options) { o.SCIM = func(*tenant.Tenant) http.Handler { return protocol } })
	address := strings.TrimPrefix(url, "http://")
	for _, path := range []string{
		"/healthz", "/readyz", "/scim/v2/Schemas", "/scim/v2/ResourceTypes", "/scim/v2/ResourceTypes/Phrase", "/scim/v2/ServiceProviderConfig",
		"/scim/v2/Phrases", "/scim/v2/Phrases/1", "/scim/v2/Phrases/1000", "/scim/v2/Phrases/100000", "/scim/v2/Phrases/x", "/scim/v2/nowhere",
	} {
		for _, coding := range []string{"identity", "gzip"} {
			head, sent := headOf(t, address, path, coding)
			get, body := raw(t, url+path, "Accept-Encoding", coding)
			if sent != "" {
				t.Errorf("HEAD %s: sent %.40q", path, sent)
			}
			for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Length", "Location", "Vary"} {
				if a, b := head.Header.Get(name), get.Header.Get(name); a != b {
					t.Errorf("%s, %s: %s is %q for HEAD, %q for GET", path, coding, name, a, b)
				}
			}
			if length := get.Header.Get("Content-Length"); head.StatusCode != get.StatusCode || length != "" && length != strconv.Itoa(len(body)) {
				t.Errorf("%s: HEAD %d, GET %d; %d bytes, Content-Length %s", path, head.StatusCode, get.StatusCode, len(body), length)
			}
		}
	}
}

// headOf sends a HEAD request and gives all that came before the connection was
// closed, which http.Client would not tell.
func headOf(t *testing.T, address, path, coding string) (*http.Response, string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HEAD "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "+token+"\r\nAccept-Encoding: "+coding+"\r\n\r\n")
	answer := bufio.NewReader(conn)
	resp, err := http.ReadResponse(answer, &http.Request{Method: http.MethodHead})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	rest, err := io.ReadAll(answer)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(rest)
}
