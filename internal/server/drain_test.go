package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A client that sends all of a long body before it looks for the answer gets the
// answer, whoever gave it.
func TestLongBodiesGetTheirAnswer(t *testing.T) {
	t.Parallel()
	base, _ := face(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, 1000)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	for name, c := range map[string]struct {
		path, token string
		want        int
	}{
		"refused by SCIM":      {"/scim/v2/Users", token, http.StatusRequestEntityTooLarge},
		"not authenticated":    {"/scim/v2/Users", "nobody's", http.StatusUnauthorized},
		"no such route":        {"/nothing", token, http.StatusNotFound},
		"not for that a route": {"/healthz", token, http.StatusMethodNotAllowed},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %t", name, chunked), func(t *testing.T) {
				t.Parallel()
				status, _ := sendFirst(t, base, head(c.path, c.token, chunked), chunked)
				if status != c.want {
					t.Errorf("status %d, want %d", status, c.want)
				}
			})
		}
	}
}

// A client that asks whether to send is not told to send what nobody wants.
func TestLongBodiesAreNotAskedFor(t *testing.T) {
	t.Parallel()
	base, _ := face(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) })
	conn := dial(t, base)
	_, _ = io.WriteString(conn, strings.Replace(head("/scim/v2/Users", token, false), "\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", 1))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", answer.StatusCode)
	}
}

const longBody = 10 << 20

func head(path, token string, chunked bool) string {
	length := fmt.Sprintf("Content-Length: %d", longBody)
	if chunked {
		length = "Transfer-Encoding: chunked"
	}
	return "POST " + path + " HTTP/1.1\r\nHost: scim\r\nAuthorization: Bearer " + token + "\r\n" + length + "\r\n\r\n"
}

// sendFirst sends the whole request before it reads a byte of the answer.
func sendFirst(t *testing.T, base, head string, chunked bool) (status int, body string) {
	t.Helper()
	conn := dial(t, base)
	text := strings.Repeat(" ", longBody)
	if chunked {
		text = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", longBody, text)
	}
	if _, err := io.WriteString(conn, head+text); err != nil {
		t.Fatalf("sending: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the answer: %v", err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("the answer: %v", err)
	}
	return answer.StatusCode, string(read)
}

func dial(t *testing.T, base string) net.Conn {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return conn
}

func TestMethods(t *testing.T) {
	t.Parallel()
	base, _ := face(t, func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]struct {
		method, path string
		want         int
		allow        string
	}{
		"probe by HEAD":         {http.MethodHead, "/healthz", http.StatusOK, ""},
		"readiness by HEAD":     {http.MethodHead, "/readyz", http.StatusOK, ""},
		"write to a probe":      {http.MethodPut, "/healthz", http.StatusMethodNotAllowed, "GET, HEAD"},
		"nobody knows":          {"PROPFIND", "/scim/v2/Users", http.StatusNotImplemented, ""},
		"nobody knows, nowhere": {"FOO", "/nothing", http.StatusNotImplemented, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, _ := send(t, c.method, base+c.path)
			if answer.StatusCode != c.want || answer.Header.Get("Allow") != c.allow {
				t.Errorf("status %d, Allow %q", answer.StatusCode, answer.Header.Get("Allow"))
			}
		})
	}
}
