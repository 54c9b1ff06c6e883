package entra_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/scim"
)

const (
	benchUser    = "a0000000-0000-4000-8000-000000000001"
	benchManager = "a0000000-0000-4000-8000-000000000002"
)

// BenchmarkList is a page of 999 users without relations. floor-ns/user is what a
// reverse proxy takes for the same page of Graph, and x-floor how many times that
// the gateway takes. Over TLS both figures have the directory's side in them, too.
func BenchmarkList(b *testing.B) {
	const path = "/Users?count=999&excludedAttributes=groups," + enterprise + ":manager," + enterprise + ":applications"
	for name, secure := range map[string]bool{"in-process": false, "tls": true} {
		b.Run(name, func(b *testing.B) {
			g := newPromptGateway(b, secure)
			list := func() { g.send(b, http.MethodGet, path, "", http.StatusOK) }
			list()
			floor := g.floor(b)
			var listing, copying time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				list()
				listed := time.Now()
				floor()
				listing += listed.Sub(start)
				copying += time.Since(listed)
			}
			users := float64(b.N) * graph.MaxPage
			b.ReportMetric(float64(listing.Nanoseconds())/users, "ns/user")
			b.ReportMetric(float64(copying.Nanoseconds())/users, "floor-ns/user")
			b.ReportMetric(float64(listing)/float64(copying), "x-floor")
			b.ReportMetric(testing.AllocsPerRun(10, list)/graph.MaxPage, "allocs/user")
		})
	}
}

// BenchmarkRequest is one request each, to a directory that answers at once.
func BenchmarkRequest(b *testing.B) {
	const user = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"grace@contoso.com","displayName":"Grace Hopper",` +
		`"name":{"givenName":"Grace","familyName":"Hopper"},"title":"Rear Admiral","active":true,"password":"Xyzzy-Plugh-77"}`
	const patch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Countess"}]}`
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"get":      {http.MethodGet, "/Users/" + benchUser + "?attributes=userName,title,active", "", http.StatusOK},
		"get-full": {http.MethodGet, "/Users/" + benchUser, "", http.StatusOK},
		"find":     {http.MethodGet, "/Users?attributes=userName&filter=userName+eq+%22ada@contoso.com%22", "", http.StatusOK},
		"create":   {http.MethodPost, "/Users", user, http.StatusCreated},
		"patch":    {http.MethodPatch, "/Users/" + benchUser, patch, http.StatusNoContent},
	} {
		b.Run(name, func(b *testing.B) {
			g := newPromptGateway(b, false)
			b.ReportAllocs()
			for b.Loop() {
				g.send(b, c.method, c.path, c.body, c.status)
			}
		})
	}
}

// A promptGateway stands before a prompt directory.
type promptGateway struct {
	http.Handler

	directory *prompt
	transport http.RoundTripper
}

func newPromptGateway(b *testing.B, secure bool) *promptGateway {
	b.Helper()
	sim := graphsim.New(graphsim.Options{})
	populate(b, sim.Tenant(graphsim.DefaultTenant))
	g := &promptGateway{directory: &prompt{directory: sim, answers: map[string]answer{}}}
	g.transport = g.directory
	base := "https://graph.example.com"
	if secure {
		server := httptest.NewTLSServer(g.directory)
		b.Cleanup(server.Close)
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		base, g.transport = server.URL, graph.NewTransport(roots)
	}
	client, err := graph.New(graph.Options{
		BaseURL: base + "/v1.0", Transport: g.transport, Pacing: graph.Pacing{Share: 1_000_000}, // nothing waits
		Credential: graph.Credential{
			TenantID: graphsim.DefaultTenant, ClientID: graphsim.DefaultClient, Secret: graphsim.DefaultSecret, Authority: base,
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	directory := entra.New(entra.Options{Graph: client, Tables: tables(b, "")})
	if err := directory.Ready(b.Context()); err != nil {
		b.Fatal(err)
	}
	g.Handler = scim.NewHandler(directory.ResourceTypes(), scim.Options{BaseURL: func(*http.Request) string { return base }})
	return g
}

func populate(b *testing.B, d *graphsim.Directory) {
	b.Helper()
	if err := d.Generate(graphsim.Scale{Users: 1200, Groups: 10, Memberships: 1000, Applications: 3, Seed: 1}); err != nil {
		b.Fatal(err)
	}
	for id, name := range map[string]string{benchUser: "ada", benchManager: "charles"} {
		v := graphsim.Values{"id": id, "userPrincipalName": name + "@contoso.com", "displayName": name, "accountEnabled": true, "jobTitle": "Engineer"}
		if _, err := d.Add("user", v); err != nil {
			b.Fatal(err)
		}
	}
	if err := d.SetManager(benchUser, benchManager); err != nil {
		b.Fatal(err)
	}
}

// send makes a request and throws the answer away.
func (g *promptGateway) send(b *testing.B, method, path, body string, want int) {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
	if body == "" {
		r.Body = http.NoBody
	}
	r.Header.Set("Content-Type", "application/scim+json")
	w := &sink{header: http.Header{}}
	if g.ServeHTTP(w, r); w.status != want {
		b.Fatalf("%s %s: %d", method, path, w.status)
	}
}

// floor is a reverse proxy's way of the last answer of Graph.
func (g *promptGateway) floor(b *testing.B) func() {
	b.Helper()
	last, size := g.directory.last, g.directory.size
	proxy := &httputil.ReverseProxy{Transport: g.transport, Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL, r.Out.Host = last, last.Host }}
	return func() {
		w := &sink{header: http.Header{}}
		proxy.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", http.NoBody))
		if w.size != size {
			b.Fatalf("a page of %d bytes, not %d", w.size, size)
		}
	}
}

// A sink is a client that needs no time.
type sink struct {
	header http.Header
	status int
	size   int64
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }
func (s *sink) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	return len(p), nil
}
