package graph

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const testTenant = "11111111-2222-3333-4444-555555555555"

// A server is Graph and the login service as one test needs them, over TLS.
type server struct {
	*httptest.Server
	graph http.HandlerFunc
	login http.HandlerFunc // nil: every credential is good

	mu     sync.Mutex
	asked  []string // method and request target as they came over the wire
	tokens int
	slept  []time.Duration
	late   time.Duration // what the clients' clocks are ahead, by sleeping
	peers  []string
	header []http.Header

	protocol string
}

func newServer(tb testing.TB, graph http.HandlerFunc) *server {
	tb.Helper()
	return start(tb, graph, false)
}

// newServer2 speaks HTTP/2, as Graph does.
func newServer2(tb testing.TB, graph http.HandlerFunc) *server {
	tb.Helper()
	return start(tb, graph, true)
}

func start(tb testing.TB, graph http.HandlerFunc, http2 bool) *server {
	tb.Helper()
	s := &server{graph: graph}
	s.Server = httptest.NewUnstartedServer(s)
	s.EnableHTTP2 = http2
	s.StartTLS()
	tb.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case strings.HasSuffix(path, "/openid-configuration"):
		fmt.Fprintf(w, `{"issuer":"%[1]s/%[2]s/v2.0","authorization_endpoint":"%[1]s/a","token_endpoint":"%[1]s/%[2]s/oauth2/v2.0/token"}`, s.URL, testTenant)
	case strings.HasSuffix(path, "/oauth2/v2.0/token"):
		s.token(w, r)
	default:
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.RequestURI)
		s.protocol = r.Proto
		s.peers = append(s.peers, r.RemoteAddr)
		s.header = append(s.header, r.Header.Clone())
		s.mu.Unlock()
		w.Header().Set("Request-Id", "r-1")
		s.graph(w, r)
	}
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.tokens++
	n := s.tokens
	s.mu.Unlock()
	if s.login != nil {
		s.login(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"token-%d"}`, n)
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *server) waits() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.slept...)
}

func (s *server) roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return roots
}

// options are those of a client of this server whose waits take no time.
func (s *server) options() Options {
	return Options{
		BaseURL:    s.URL + "/v1.0",
		Credential: Credential{TenantID: testTenant, ClientID: "client", Authority: s.URL, Secret: "s3cret-value"},
		Transport:  NewTransport(s.roots()),
		Now:        s.now,
		Sleep: func(ctx context.Context, d time.Duration) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.slept = append(s.slept, d)
			s.late += d
			return ctx.Err()
		},
	}
}

func (s *server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.late)
}

func (s *server) client(tb testing.TB, change ...func(*Options)) *Client {
	tb.Helper()
	o := s.options()
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// answer writes a JSON body.
func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

func refusal(code, message string) string {
	text, _ := json.Marshal(map[string]any{"error": map[string]any{
		"code": code, "message": message, "innerError": map[string]string{"request-id": "inner-1"},
	}})
	return string(text)
}

// sequence answers with each handler in turn, and with the last one ever after.
func sequence(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(n, len(handlers)-1)]
		n++
		mu.Unlock()
		h(w, r)
	}
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		answer(w, code, body)
	}
}

// drop closes the connection instead of answering.
func drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
