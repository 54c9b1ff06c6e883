package app

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/config"
	"entrascim/internal/graphsim"
	"entrascim/internal/scim"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
)

// The configuration and the protocol know the same dialects.
func TestDialects(t *testing.T) {
	t.Parallel()
	seen := map[scim.Dialect]bool{}
	for _, name := range config.Dialects() {
		d, ok := scim.FindDialect(name)
		if !ok || seen[d] {
			t.Errorf("%s is the dialect %d, %t", name, d, ok)
		}
		seen[d] = true
	}
	if !seen[scim.RFC] || !seen[scim.Entra] || !seen[scim.Okta] || !seen[scim.OneIdentity] {
		t.Errorf("only %v", seen)
	}
}

// bearer is a client that is known by a token.
func bearer(name string, t *tenant.Tenant, token string) auth.Client {
	secrets := []tenant.Secret{{Sum: auth.Digest(token)}}
	return auth.NewClient(tenant.ClientRecord{Name: name, Kind: tenant.Bearer, Role: tenant.ReadWrite, Secrets: secrets}, t)
}

// What the protocol is told of a client: its dialect, its user, and a scope that
// no other tenant and client have.
func TestCaller(t *testing.T) {
	t.Parallel()
	c := demoConfig(DemoOptions{}, "https://graph.invalid", nil)
	c.Clients = append(c.Clients, config.Client{Name: "me", Token: "demo-me", Dialect: "rfc", Me: "a0000000-0000-4000-8000-000000000001"})
	known := clientsOf(c, &tenant.Tenant{Name: "a"})
	for _, odd := range [][2]string{{"a", `x" "y`}, {`a" "x`, "y"}, {"a b", "c"}, {"a", "b c"}} {
		known = append(known, bearer(odd[1], &tenant.Tenant{Name: odd[0]}, odd[0]+"/"+odd[1]))
	}
	got := map[string]scim.Caller{}
	clients := auth.New(auth.Options{}, known...)
	face := server.New(server.Options{Log: zerolog.Nop(), Auth: func() *auth.Authenticator { return clients }, SCIM: func(*tenant.Tenant) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got[r.Header.Get("Authorization")] = callerOf(r) })
	}})
	scopes := map[string]bool{}
	for _, token := range []string{"demo", "demo-entra", "demo-okta", "demo-one-identity", "demo-me", `a/x" "y`, `a" "x/y`, "a b/c", "a/b c"} {
		r := httptest.NewRequest(http.MethodGet, server.Root+"/Users", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		face.ServeHTTP(httptest.NewRecorder(), r)
		scopes[got["Bearer "+token].Scope] = true
	}
	if len(got) != 9 || len(scopes) != 9 || scopes[""] {
		t.Errorf("callers %+v", got)
	}
	for token, want := range map[string]scim.Dialect{"demo": scim.RFC, "demo-entra": scim.Entra, "demo-okta": scim.Okta, "demo-one-identity": scim.OneIdentity} {
		if c := got["Bearer "+token]; c.Dialect != want || c.Me != "" {
			t.Errorf("%s: %+v, want the dialect %d", token, c, want)
		}
	}
	if me := got["Bearer demo-me"].Me; me != "/Users/a0000000-0000-4000-8000-000000000001" {
		t.Errorf("/Me is %q", me)
	}
}

// Every location in an answer begins where its client is, in the header and in the
// body, wherever it comes from.
func TestLocations(t *testing.T) {
	t.Parallel()
	sim := graphsim.New(graphsim.Options{})
	seed(t, sim.Tenant(graphsim.DefaultTenant))
	graph := httptest.NewTLSServer(sim)
	t.Cleanup(graph.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: graph.Certificate().Raw})
	for name, test := range map[string]struct {
		public, proxies, host string
		header                string // X-Forwarded-Host
		want                  string
	}{
		"configured":             {public: "https://scim.example.com/iam/", proxies: "192.0.2.1", host: "inner", header: "other.example", want: "https://scim.example.com/iam"},
		"behind a trusted proxy": {proxies: "192.0.2.0/24", host: "inner", header: "evil.example, scim.example.com", want: "http://scim.example.com"},
		"behind no proxy":        {host: "gateway.example:8080", header: "evil.example", want: "http://gateway.example:8080"},
		"behind another":         {proxies: "198.51.100.0/24", host: "gateway.example", header: "evil.example", want: "http://gateway.example"},
		"without a name":         {host: "a/b", header: "evil.example", want: "http://127.0.0.1:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := demoConfig(DemoOptions{}, graph.URL, authority)
			c.PublicURL = test.public
			if err := c.Proxies.UnmarshalText([]byte(test.proxies)); err != nil {
				t.Fatal(err)
			}
			h, _, err := newHandler(zerolog.Nop().WithContext(t.Context()), c, "http://127.0.0.1:8080")
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{
				"/Users?filter=userName+eq+%22ada@contoso.com%22", "/Users?count=1", "/Users/a0000000-0000-4000-8000-000000000001",
				"/Groups/b0000000-0000-4000-8000-000000000001", "/Schemas", "/ResourceTypes/User", "/ServiceProviderConfig",
			} {
				r := httptest.NewRequest(http.MethodGet, server.Root+path, nil) // from 192.0.2.1
				r.Host = test.host
				r.Header.Set("Authorization", "Bearer "+demoToken)
				r.Header.Set("X-Forwarded-Host", test.header)
				locate(t, h, r, test.want+server.Root+"/")
			}
			r := httptest.NewRequest(http.MethodPost, server.Root+"/Bulk", strings.NewReader(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
				{"method":"PATCH","path":"/Users/a0000000-0000-4000-8000-000000000001","data":{"Operations":[{"op":"replace","path":"title","value":"Countess"}]}}]}`))
			r.Host = test.host
			r.Header.Set("Authorization", "Bearer "+demoToken)
			r.Header.Set("X-Forwarded-Host", test.header)
			locate(t, h, r, test.want+server.Root+"/")
		})
	}
}

// locate wants every location of the answer to begin with the base.
func locate(t *testing.T, h http.Handler, r *http.Request, base string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", r.URL.Path, w.Code, text, err)
	}
	found := 0
	for _, name := range []string{`"location":"`, `"$ref":"`} {
		for i, rest := range strings.Split(string(text), name) {
			if i == 0 {
				continue
			}
			found++
			if !strings.HasPrefix(rest, base) {
				t.Errorf("%s: %s%.60s, want %s", r.URL.Path, name, rest, base)
			}
		}
	}
	if location := w.Header().Get("Location"); found == 0 || location != "" && !strings.HasPrefix(location, base) {
		t.Errorf("%s: %d locations in the body, Location %s", r.URL.Path, found, location)
	}
}
