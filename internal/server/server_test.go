package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/calls"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

const token = "0123456789abcdef"

// lines is where a test's log goes.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// face serves the handler as the SCIM of the tenant contoso, and gives its URL
// and its log.
func face(t *testing.T, h http.HandlerFunc, change ...func(*Options)) (string, *lines) {
	t.Helper()
	log := &lines{}
	iga := tenant.ClientRecord{Name: "iga", Kind: tenant.Bearer, Role: tenant.ReadWrite, Secrets: []tenant.Secret{{Sum: auth.Digest(token)}}}
	clients := auth.New(auth.Options{}, auth.NewClient(iga, &tenant.Tenant{Name: "contoso"}))
	protocol := chi.NewRouter()
	protocol.HandleFunc("/Users", h)
	protocol.HandleFunc("/Users/{id}", h)
	o := Options{Log: zerolog.New(log), Auth: func() *auth.Authenticator { return clients }, SCIM: func(of *tenant.Tenant) http.Handler {
		if of.Name != "contoso" {
			t.Errorf("asked for the tenant %q", of.Name)
		}
		return protocol
	}}
	for _, c := range change {
		c(&o)
	}
	srv := httptest.NewServer(New(o))
	t.Cleanup(srv.Close)
	return srv.URL, log
}

func send(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }

func TestRoutes(t *testing.T) {
	t.Parallel()
	url, _ := face(t, ok)
	for request, want := range map[string]int{
		"GET /scim/v2/Users":    200,
		"PATCH /scim/v2/Users":  200,
		"GET /scim/v2/Users/a":  200,
		"GET /scim/v2/Other":    404,
		"GET /scim/v2":          404,
		"GET /healthz":          200,
		"GET /readyz":           200,
		"POST /healthz":         405,
		"GET /":                 404,
		"GET /tenants/x/scim":   404,
		"GET /scim/v2/../admin": 404,
	} {
		method, path, _ := strings.Cut(request, " ")
		if resp, text := send(t, method, url+path); resp.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", request, resp.StatusCode, text, want)
		}
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	url, log := face(t, func(http.ResponseWriter, *http.Request) { t.Error("a stranger was let in") })
	for header, challenge := range map[string]string{
		"": `Bearer realm="scim"`, "Bearer 0123456789abcdeX": `Bearer realm="scim", error="invalid_token"`, token: `Bearer realm="scim"`,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			resp, text := send(t, "GET", url+"/scim/v2/Users", "Authorization", header)
			var body struct {
				Schemas        []string
				Status, Detail string
			}
			if err := json.Unmarshal([]byte(text), &body); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != 401 || body.Status != "401" || body.Detail == "" || resp.Header.Get("WWW-Authenticate") != challenge {
				t.Errorf("got %d %s, %q", resp.StatusCode, text, resp.Header.Get("WWW-Authenticate"))
			}
			if resp.Header.Get("Content-Type") != "application/scim+json" {
				t.Errorf("Content-Type %q", resp.Header.Get("Content-Type"))
			}
		})
	}
	t.Cleanup(func() {
		if strings.Contains(log.String(), "abcde") {
			t.Errorf("the log has a token: %s", log)
		}
	})
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	url, _ := face(t, ok)
	for given, kept := range map[string]bool{
		"abc-123_x.y:z": true, "": false, "a b": false, "a\"b": false, strings.Repeat("x", 65): false, strings.Repeat("x", 64): true,
	} {
		resp, _ := send(t, "GET", url+"/scim/v2/Users", requestIDHeader, given)
		got := resp.Header.Get(requestIDHeader)
		if (got == given) != kept || got == "" {
			t.Errorf("%q gives %q", given, got)
		}
	}
}

// TestLog: one line says what happened, and nothing of what was in the request.
func TestLog(t *testing.T) {
	t.Parallel()
	url, log := face(t, func(w http.ResponseWriter, r *http.Request) {
		calls.FromContext(r.Context()).Add(calls.Call{Method: "GET", Route: "/users/{id}", Status: 503, RequestID: "graph-1", Took: time.Millisecond})
		f := fault.Wrap(errors.New("inner cause"), fault.Unavailable, "detail with private-name")
		f.RequestID = "graph-1"
		scim.WriteError(w, r, f)
	})
	resp, _ := send(t, "GET", url+"/scim/v2/Users/private-id?filter=private-filter", requestIDHeader, "req-1")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	text := log.String() // written before the answer is sent
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("want one line: %v\n%s", err, text)
	}
	for name, want := range map[string]any{
		"level": "error", "message": "request", "request_id": "req-1", "method": "GET", "route": "/scim/v2/Users/{id}", "status": 503.0,
		"tenant": "contoso", "client": "iga", "graph_calls": 1.0, "graph_ms": 1.0, "fault": "Service Unavailable", "cause": "inner cause", "fault_request_id": "graph-1",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	if strings.Contains(text, "private") || strings.Contains(text, token) {
		t.Errorf("the log has what it must not have: %s", text)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	url, log := face(t, func(http.ResponseWriter, *http.Request) { panic("secret state") })
	resp, text := send(t, "GET", url+"/scim/v2/Users")
	if resp.StatusCode != 500 || strings.Contains(text, "secret") || resp.Header.Get("Content-Type") != "application/scim+json" {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
	if !strings.Contains(log.String(), "secret state") {
		t.Errorf("the log does not say what happened: %s", log)
	}
}

// TestBusy: one request more than are answered at once is refused at once, and
// health is not.
func TestBusy(t *testing.T) {
	t.Parallel()
	release, inside := make(chan struct{}), make(chan struct{}, 2)
	url, _ := face(t, func(w http.ResponseWriter, r *http.Request) {
		inside <- struct{}{}
		<-release
		ok(w, r)
	}, func(o *Options) { o.Requests = 2 })
	var done sync.WaitGroup
	for range 2 {
		done.Go(func() {
			if resp, _ := send(t, "GET", url+"/scim/v2/Users"); resp.StatusCode != 200 {
				t.Errorf("a request that had its place got %d", resp.StatusCode)
			}
		})
	}
	<-inside
	<-inside
	if resp, text := send(t, "GET", url+"/scim/v2/Users"); resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "1" || !strings.Contains(text, `"status":"503"`) {
		t.Errorf("got %d, Retry-After %q: %s", resp.StatusCode, resp.Header.Get("Retry-After"), text)
	}
	if resp, _ := send(t, "GET", url+"/healthz"); resp.StatusCode != 200 {
		t.Errorf("healthz: %d", resp.StatusCode)
	}
	close(release)
	done.Wait()
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	url, _ := face(t, func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		scim.WriteError(w, r, r.Context().Err())
	}, func(o *Options) { o.Timeout = 10 * time.Millisecond })
	if resp, text := send(t, "GET", url+"/scim/v2/Users"); resp.StatusCode != 504 {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
}

func TestLongURL(t *testing.T) {
	t.Parallel()
	url, _ := face(t, ok, func(o *Options) { o.URL = 100 })
	if resp, text := send(t, "GET", url+"/scim/v2/Users?filter="+strings.Repeat("x", 200)); resp.StatusCode != 413 {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	url, _ := face(t, ok)
	resp, _ := send(t, "GET", url+"/scim/v2/Users")
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Strict-Transport-Security": ""} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestReady: readiness needs no token, says nothing of the reason, and asks the
// directory once however often it is asked.
func TestReady(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	url, _ := face(t, ok, func(o *Options) {
		o.Ready = func(context.Context) error { asked.Add(1); return errors.New("AADSTS7000215: secret reason") }
	})
	for range 20 {
		resp, text := send(t, "GET", url+"/readyz", "Authorization", "")
		if resp.StatusCode != 503 || strings.Contains(text, "AADSTS") {
			t.Fatalf("got %d %s", resp.StatusCode, text)
		}
	}
	if n := asked.Load(); n > 2 {
		t.Errorf("the directory was asked %d times", n)
	}
}

// What answers lack for want of a permission is said, and does not make the
// gateway unready.
func TestReadyButLacking(t *testing.T) {
	t.Parallel()
	url, _ := face(t, ok, func(o *Options) { o.Lacking = func() []string { return []string{"applications", "members"} } })
	resp, text := send(t, "GET", url+"/readyz", "Authorization", "")
	if resp.StatusCode != 200 || strings.TrimSpace(text) != `{"status":"ready","lacking":["applications","members"]}` {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
}

// TestProtocol: a real protocol is mounted so that its ids, routes and locations
// hold.
func TestProtocol(t *testing.T) {
	t.Parallel()
	protocol := scim.NewHandler(nil, scim.Options{BaseURL: func(*http.Request) string { return "https://x" + Root }})
	url, log := face(t, ok, func(o *Options) { o.SCIM = func(*tenant.Tenant) http.Handler { return protocol } })
	resp, text := send(t, "GET", url+"/scim/v2/serviceproviderconfig")
	if resp.StatusCode != 200 || !strings.Contains(text, `"location":"https://x/scim/v2/ServiceProviderConfig"`) {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
	if line := log.String(); !strings.Contains(line, `"route":"/scim/v2/ServiceProviderConfig"`) {
		t.Errorf("the log: %s", line)
	}
	if resp, _ := send(t, "DELETE", url+"/scim/v2/Schemas/x"); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("got %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
}
