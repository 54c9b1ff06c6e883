package graph_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/graphsim/trouble"
)

const appID = "6f1d3c9a-2b47-4e58-8c0d-91a7b3e5f264"

// simulate starts a simulator over TLS; the client's options lack a credential.
func simulate(tb testing.TB) (*graphsim.Simulator, graph.Options) {
	tb.Helper()
	return simulateWith(tb, graphsim.Options{Now: time.Now})
}

func simulateWith(tb testing.TB, options graphsim.Options) (*graphsim.Simulator, graph.Options) {
	tb.Helper()
	sim := graphsim.New(options)
	var late atomic.Int64 // what the client's clock is ahead, by sleeping
	server := httptest.NewUnstartedServer(sim)
	server.EnableHTTP2 = true
	server.StartTLS()
	tb.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return sim, graph.Options{
		BaseURL:    server.URL + "/v1.0",
		Credential: graph.Credential{TenantID: graphsim.DefaultTenant, ClientID: graphsim.DefaultClient, Authority: server.URL},
		Transport:  graph.NewTransport(roots),
		Now:        func() time.Time { return time.Now().Add(time.Duration(late.Load())) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			late.Add(int64(d))
			return ctx.Err()
		},
	}
}

func connect(tb testing.TB, o graph.Options) *graph.Client {
	tb.Helper()
	c, err := graph.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func signedIn(tb testing.TB) *graph.Client {
	tb.Helper()
	_, o := simulate(tb)
	o.Credential.Secret = graphsim.DefaultSecret
	return connect(tb, o)
}

func newKey(t *testing.T) (*rsa.PrivateKey, *x509.Certificate, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "entrascim"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, certificate, append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
}

// assertion writes an external issuer's token to a file, as Kubernetes does.
func assertion(t *testing.T, key *rsa.PrivateKey, subject string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: "https://issuer.test", Subject: subject, Audience: jwt.ClaimStrings{login.ExchangeAudience},
		IssuedAt: jwt.NewNumericDate(time.Now()), ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	})
	token.Header["kid"] = "k1"
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Each credential is accepted by a login service that verifies it, and a wrong one of
// its kind is not.
func TestSignInToSimulator(t *testing.T) {
	t.Parallel()
	key, certificate, pemFile := newKey(t)
	otherKey, _, otherPEM := newKey(t)
	for name, test := range map[string]struct {
		change func(*graph.Credential)
		said   string // "": accepted
	}{
		"secret":            {func(c *graph.Credential) { c.Secret = "good" }, ""},
		"wrong secret":      {func(c *graph.Credential) { c.Secret = "bad" }, "AADSTS7000215"},
		"certificate":       {func(c *graph.Credential) { c.Certificate = pemFile }, ""},
		"wrong certificate": {func(c *graph.Credential) { c.Certificate = otherPEM }, "AADSTS"},
		"federated":         {func(c *graph.Credential) { c.FederatedTokenFile = assertion(t, key, "pod") }, ""},
		"wrong subject":     {func(c *graph.Credential) { c.FederatedTokenFile = assertion(t, key, "other") }, "AADSTS"},
		"wrong issuer key":  {func(c *graph.Credential) { c.FederatedTokenFile = assertion(t, otherKey, "pod") }, "AADSTS"},
		"unknown app":       {func(c *graph.Credential) { c.Secret = "good"; c.ClientID = "00000000-0000-4000-8000-000000000000" }, "AADSTS700016"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, o := simulate(t)
			err := sim.Register(login.App{
				ID: appID, Secrets: []login.Secret{{Value: "good"}}, Certificates: []*x509.Certificate{certificate}, Roles: []string{"User.Read.All"},
				FederatedCredentials: []login.FederatedCredential{{Name: "pod", Issuer: "https://issuer.test", Subject: "pod"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			sim.Login().TrustIssuer("https://issuer.test", map[string]any{"k1": &key.PublicKey})
			o.Credential.ClientID = appID
			test.change(&o.Credential)
			_, err = connect(t, o).Do(t.Context(), graph.Request{Path: "/users", Query: graph.Query{Top: 1}})
			if test.said == "" && err != nil {
				t.Fatal(err)
			}
			if test.said != "" && (!fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), test.said)) {
				t.Errorf("error %v, want %s", err, test.said)
			}
		})
	}
}

// A permission that was not granted is told as the gateway's lack.
func TestPermissionOfSimulator(t *testing.T) {
	t.Parallel()
	sim, o := simulate(t)
	if err := sim.Register(login.App{ID: appID, Secrets: []login.Secret{{Value: "good"}}, Roles: []string{"Group.Read.All"}}); err != nil {
		t.Fatal(err)
	}
	o.Credential.ClientID, o.Credential.Secret = appID, "good"
	_, err := connect(t, o).Do(t.Context(), graph.Request{Path: "/users"})
	if f := fault.From(err); f.Kind != fault.Forbidden || f.RequestID == "" || graph.RefusalOf(err).Code != "Authorization_RequestDenied" {
		t.Errorf("%v, request-id %q", err, f.RequestID)
	}
}

func newUser(name string) graph.Request {
	body, _ := json.Marshal(map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@contoso.com",
		"passwordProfile": map[string]any{"password": "Correct-Horse-9", "forceChangePasswordNextSignIn": false},
	})
	return graph.Request{Method: http.MethodPost, Path: "/users", Body: body}
}

// Users are made in batches, read in pages and counted; a refused item is alone.
func TestBatchAndPagesOfSimulator(t *testing.T) {
	t.Parallel()
	c := signedIn(t)
	var requests []graph.Request
	for i := range 45 {
		requests = append(requests, newUser(fmt.Sprintf("user%02d", i)))
	}
	requests = append(requests, newUser("user07"))
	results, err := c.Batch(t.Context(), requests, graph.Parallel)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, r := range results {
		if r.Err != nil {
			refused++
			if !fault.Is(r.Err, fault.Uniqueness) || graph.RefusalOf(r.Err).Property != "userPrincipalName" || fault.From(r.Err).RequestID == "" {
				t.Errorf("%v", r.Err)
			}
		}
	}
	if refused != 1 {
		t.Errorf("%d requests refused, want the duplicate alone", refused)
	}
	seen := map[string]bool{}
	list := graph.Request{Path: "/users", Query: graph.Query{Select: []string{"id", "displayName"}, Top: 10, Count: true, Advanced: true, Filter: "startsWith(displayName,'user')"}}
	if err := c.All(t.Context(), list, func(v jsontext.Value) error { seen[string(v)] = true; return nil }); err != nil || len(seen) != 45 {
		t.Errorf("%d users, %v", len(seen), err)
	}
	page, err := c.Page(t.Context(), list, "", func(*jsontext.Decoder) error { return nil })
	if err != nil || page.Count != 45 || page.NextLink == "" {
		t.Errorf("%+v, %v", page, err)
	}
}

// Ids that try to be more are ids to the simulator, too: nothing is found.
func TestHostileIDsToSimulator(t *testing.T) {
	t.Parallel()
	c := signedIn(t)
	for _, id := range []string{"..", "../groups/1", "..%2Fgroups%2F1", "1?$expand=manager", "a/b", "#", "x'y", "zoë", "$count", "\\", "a;b"} {
		_, err := c.Do(t.Context(), graph.Request{Path: "/users/{id}", Params: map[string]string{"id": id}})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// Tokens expire while the simulator's clock runs ahead; the client signs in again.
func TestExpiredTokenOfSimulator(t *testing.T) {
	t.Parallel()
	sim, o := simulate(t)
	o.Credential.Secret = graphsim.DefaultSecret
	c := connect(t, o)
	r := graph.Request{Path: "/organization", Query: graph.Query{Select: []string{"id"}}}
	for range 3 {
		if _, err := c.Do(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		sim.Advance(2 * time.Hour)
	}
}

// What goes wrong on the simulator's side, and what the caller sees of it.
func TestTroubleOfSimulator(t *testing.T) {
	t.Parallel()
	list := graph.Request{Path: "/users", Query: graph.Query{Select: []string{"id"}, Top: 999}}
	for name, test := range map[string]struct {
		fault trouble.Fault
		kind  fault.Kind // Internal: none is seen
	}{
		"throttled once":     {trouble.Fault{Status: 429, RetryAfter: 7}, 0},
		"throttled for long": {trouble.Fault{Status: 429, RetryAfter: 300}, fault.Throttled},
		"down once":          {trouble.Fault{Status: 503}, 0},
		"down":               {trouble.Fault{Status: 503, Times: 10}, fault.Unavailable},
		"dropped once":       {trouble.Fault{Drop: true}, 0},
		"dropped":            {trouble.Fault{Drop: true, Times: 10}, fault.Unavailable},
		"failing":            {trouble.Fault{Status: 500, Times: 10}, fault.BadGateway},
		"login down once":    {trouble.Fault{Path: "/*/oauth2/v2.0/token", Status: 503}, 0},
		"login down":         {trouble.Fault{Path: "/*/oauth2/v2.0/token", Status: 503, Times: 10}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, o := simulate(t)
			o.Credential.Secret = graphsim.DefaultSecret
			if err := sim.Fail(test.fault); err != nil {
				t.Fatal(err)
			}
			_, err := connect(t, o).Page(t.Context(), list, "", func(*jsontext.Decoder) error { return nil })
			if test.kind == 0 && err != nil || test.kind != 0 && !fault.Is(err, test.kind) {
				t.Errorf("error %v, want %v", err, test.kind)
			}
		})
	}
}

// A create whose answer is lost is not sent again: it happened.
func TestLostCreateOnSimulator(t *testing.T) {
	t.Parallel()
	sim, o := simulate(t)
	o.Credential.Secret = graphsim.DefaultSecret
	c := connect(t, o)
	if err := sim.Fail(trouble.Fault{Method: "POST", Path: "/users", Drop: true, AfterWrite: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), newUser("once")); !fault.Is(err, fault.Timeout) {
		t.Errorf("error %v", err)
	}
	if _, err := c.Do(t.Context(), newUser("once")); !fault.Is(err, fault.Uniqueness) {
		t.Errorf("the second create: %v", err)
	}
}

// Items of a batch that the simulator throttles are done in the end, and only once.
func TestThrottledItemsOfSimulator(t *testing.T) {
	t.Parallel()
	for _, order := range []graph.Order{graph.Parallel, graph.Sequential} {
		sim, o := simulate(t)
		o.Credential.Secret = graphsim.DefaultSecret
		if err := sim.Fail(trouble.Fault{Method: "POST", Path: "/users", Status: 429, RetryAfter: 3, Times: 4}); err != nil {
			t.Fatal(err)
		}
		c := connect(t, o)
		var requests []graph.Request
		for i := range 30 {
			requests = append(requests, newUser(fmt.Sprintf("user%02d", i)))
		}
		results, err := c.Batch(t.Context(), requests, order)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Err != nil || r.Status != http.StatusCreated {
				t.Errorf("order %v, result %d: %d, %v", order, i, r.Status, r.Err)
			}
		}
	}
}

// A hostile simulator (small pages, other links, lag, 429 and 503, dropped
// connections) changes nothing of what a complete read gives.
func TestHostileSimulator(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			sim, o := simulateWith(t, graphsim.Options{Now: time.Now, Hostile: seed + 1})
			want := map[string]bool{}
			d := sim.Tenant(graphsim.DefaultTenant)
			for i := range 40 {
				name := fmt.Sprintf("user%02d", i)
				id, err := d.Add("user", graphsim.Values{
					"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@contoso.com",
				})
				if err != nil {
					t.Fatal(err)
				}
				want[id] = true
			}
			sim.Advance(time.Hour)
			o.Credential.Secret = graphsim.DefaultSecret
			o.Retries = 20
			got := map[string]int{}
			r := graph.Request{Path: "/users", Query: graph.Query{Select: []string{"id"}, Top: 999}}
			err := connect(t, o).All(t.Context(), r, func(v jsontext.Value) error {
				var user struct{ ID string }
				if err := json.Unmarshal(v, &user); err != nil {
					return err
				}
				got[user.ID]++
				return nil
			})
			if err != nil || len(got) != len(want) {
				t.Fatalf("%d users of %d, %v", len(got), len(want), err)
			}
			for id := range want {
				if got[id] != 1 {
					t.Errorf("%s came %d times", id, got[id])
				}
			}
		})
	}
}
