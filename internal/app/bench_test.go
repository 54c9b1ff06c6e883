package app

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/entra"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/server"
)

const benchUser = "a0000000-0000-4000-8000-000000000001"

// BenchmarkGateway is one request each to all of the gateway, log and authentication
// included, before a directory that answers at once.
func BenchmarkGateway(b *testing.B) {
	const user = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"grace@contoso.com","displayName":"Grace Hopper",` +
		`"name":{"givenName":"Grace","familyName":"Hopper"},"title":"Rear Admiral","active":true,"password":"Xyzzy-Plugh-77"}`
	const patch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Countess"}]}`
	const bare = "excludedAttributes=groups,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:applications"
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"get":      {http.MethodGet, "/Users/" + benchUser + "?attributes=userName,title,active", "", http.StatusOK},
		"get-bare": {http.MethodGet, "/Users/" + benchUser + "?" + bare, "", http.StatusOK},
		"get-full": {http.MethodGet, "/Users/" + benchUser, "", http.StatusOK},
		"list-100": {http.MethodGet, "/Users?count=100&" + bare, "", http.StatusOK},
		"list-999": {http.MethodGet, "/Users?count=999&" + bare, "", http.StatusOK},
		"groups":   {http.MethodGet, "/Users?count=100&attributes=userName,groups", "", http.StatusOK},
		"find":     {http.MethodGet, "/Users?attributes=userName&filter=userName+eq+%22ada@contoso.com%22", "", http.StatusOK},
		"create":   {http.MethodPost, "/Users", user, http.StatusCreated},
		"patch":    {http.MethodPatch, "/Users/" + benchUser, patch, http.StatusNoContent},
	} {
		b.Run(name, func(b *testing.B) {
			send := newPromptGateway(b)
			b.ReportAllocs()
			for b.Loop() {
				send(c.method, c.path, c.body, c.status)
			}
		})
	}
}

// TestRequestAllocations bounds what a request allocates in all of the gateway, which
// the figures of BenchmarkGateway follow from. Graph's answers are there.
func TestRequestAllocations(t *testing.T) { // not parallel: it counts what the process allocates
	send := newPromptGateway(t)
	const full = "/Users/" + benchUser
	for path, most := range map[string]float64{full + "?attributes=userName,title,active": 260, full: 420} {
		if n := testing.AllocsPerRun(50, func() { send(http.MethodGet, path, "", http.StatusOK) }); n > most {
			t.Errorf("GET %s: %v allocations, at most %v were agreed on", path, n, most)
		}
	}
	list := func(count int) float64 {
		path := fmt.Sprintf("/Users?count=%d&attributes=userName,name,emails,active,title,meta", count)
		return testing.AllocsPerRun(10, func() { send(http.MethodGet, path, "", http.StatusOK) })
	}
	if one, all := list(1), list(graph.MaxPage); all-one > 3*graph.MaxPage {
		t.Errorf("a page of %d users: %v allocations, of one %v", graph.MaxPage, all, one)
	}
}

// newPromptGateway makes a gateway before a prompt directory, and gives what sends a
// request to it and throws the answer away.
func newPromptGateway(tb testing.TB) func(method, path, body string, want int) {
	tb.Helper()
	sim := graphsim.New(graphsim.Options{})
	directory := sim.Tenant(graphsim.DefaultTenant)
	if err := directory.Generate(graphsim.Scale{Users: 1200, Groups: 10, Memberships: 1000, Applications: 3, Seed: 1}); err != nil {
		tb.Fatal(err)
	}
	ada := graphsim.Values{"id": benchUser, "userPrincipalName": "ada@contoso.com", "displayName": "Ada", "accountEnabled": true, "jobTitle": "Engineer"}
	if _, err := directory.Add("user", ada); err != nil {
		tb.Fatal(err)
	}
	h := newGateway(tb, &prompt{directory: sim, answers: map[string]*http.Response{}, bodies: map[string][]byte{}})
	return func(method, path, body string, want int) {
		tb.Helper()
		w := &client{header: http.Header{}}
		if h.ServeHTTP(w, request(tb, method, path, body)); w.status != want {
			tb.Fatalf("%s %s: %d", method, path, w.status)
		}
	}
}

const benchToken = "token-of-the-client"

// newGateway makes a gateway of one tenant whose directory is a part of the process.
func newGateway(tb testing.TB, directory http.RoundTripper) http.Handler {
	tb.Helper()
	c := config.Default()
	c.Token, c.PublicURL = benchToken, "https://scim.example"
	c.Tenant.ID, c.Tenant.ClientID, c.Tenant.ClientSecret = graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret
	r, err := newRegistry(tb.Context(), c, server.Origin{Public: c.PublicURL})
	if err != nil {
		tb.Fatal(err)
	}
	for _, s := range r.current().seats {
		s.make = func(s *seat) (http.Handler, *entra.Directory, error) { return serveFrom(directory, s, r) }
	}
	face, err := newFace(zerolog.New(io.Discard).WithContext(tb.Context()), c, r)
	if err != nil {
		tb.Fatal(err)
	}
	return face
}

// serveFrom is registry.serve with another way to the directory.
func serveFrom(directory http.RoundTripper, s *seat, r *registry) (http.Handler, *entra.Directory, error) {
	const base = "https://graph.example.com"
	client, err := graph.New(graph.Options{
		BaseURL: base + "/v1.0", Transport: directory, Pacing: graph.Pacing{Share: 1_000_000}, // nothing waits
		Credential: graph.Credential{TenantID: s.tenant.DirectoryID, ClientID: s.tenant.Credential.ClientID, Secret: s.tenant.Credential.Secret, Authority: base},
	})
	if err != nil {
		return nil, nil, err
	}
	tables, err := r.tables.of(s.tenant)
	if err != nil {
		return nil, nil, err
	}
	d := entra.New(entra.Options{Graph: client, Tables: tables.entra(), Policy: s.tenant.Policy})
	return newProtocol(r.config, s.tenant, d, r.origin, r.cursors, r.schemes), d, nil
}

// request is one of the tenant's client.
func request(tb testing.TB, method, path, body string) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, server.Root+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+benchToken)
	r.Header.Set("Content-Type", "application/scim+json")
	return r
}

// A prompt directory gives the answer that it gave the first time, at once.
type prompt struct {
	directory http.Handler

	mu      sync.Mutex
	answers map[string]*http.Response
	bodies  map[string][]byte
}

// RoundTrip implements http.RoundTripper.
func (p *prompt) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("reading the request: %w", err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := r.Method + " " + r.URL.String() + "\n" + string(body)
	if p.answers[key] == nil {
		asked := r.Clone(r.Context())
		asked.Body = io.NopCloser(bytes.NewReader(body))
		answer := answerOf(p.directory, asked)
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, fmt.Errorf("recording an answer: %w", err)
		}
		p.answers[key], p.bodies[key] = answer, text
	}
	answer := *p.answers[key]
	answer.Request, answer.Header, answer.Body = r, answer.Header.Clone(), io.NopCloser(bytes.NewReader(p.bodies[key]))
	return &answer, nil
}

// answerOf asks a server that is a part of the process.
func answerOf(h http.Handler, r *http.Request) *http.Response {
	asked := r.Clone(r.Context())
	asked.Host, asked.TLS = r.URL.Host, &tls.ConnectionState{}
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, asked)
	return w.Result()
}

// A client needs no time, and throws away what it gets.
type client struct {
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (c *client) Header() http.Header { return c.header }

// WriteHeader implements http.ResponseWriter.
func (c *client) WriteHeader(status int) { c.status = status }

// Write implements http.ResponseWriter.
func (c *client) Write(p []byte) (int, error) { return len(p), nil }
