package entra_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/scim"
)

// Two tenants behind one Graph, each with its own application and gateway in one
// process: neither sees, changes or remembers what is the other's, though names
// and queries are the same and both are used at once.
func TestTwoTenantsOfOneGraph(t *testing.T) {
	t.Parallel()
	sim := graphsim.New(graphsim.Options{})
	server := httptest.NewTLSServer(sim)
	t.Cleanup(server.Close)
	const other, otherApp = "77777777-aaaa-4bbb-8ccc-dddddddddddd", "cccccccc-0000-4000-8000-000000000001"
	roles, _ := sim.Login().Granted(graphsim.DefaultTenant, graphsim.DefaultClient)
	if err := sim.Register(login.App{ID: otherApp, TenantID: other, Roles: roles, Secrets: []login.Secret{{Value: "s"}}}); err != nil {
		t.Fatal(err)
	}
	a := inTenant(t, sim, server, graph.Credential{TenantID: graphsim.DefaultTenant, ClientID: graphsim.DefaultClient, Secret: graphsim.DefaultSecret})
	b := inTenant(t, sim, server, graph.Credential{TenantID: other, ClientID: otherApp, Secret: "s"})

	ids := map[*gateway]string{}
	var lock sync.Mutex
	var both sync.WaitGroup
	for _, g := range []*gateway{a, b} {
		both.Go(func() {
			id, _ := g.do(http.MethodPost, "/Users", newUser("ada@contoso.com"), http.StatusCreated)["id"].(string)
			lock.Lock()
			ids[g] = id
			lock.Unlock()
		})
	}
	both.Wait()
	a.addUsers(30)
	for g, foreign := range map[*gateway]string{a: ids[b], b: ids[a]} {
		path := "/Users/" + foreign
		g.do(http.MethodGet, path, nil, http.StatusNotFound)
		g.patch(path, http.StatusNotFound, object{"op": "replace", "path": "title", "value": "x"})
		g.do(http.MethodPut, path, newUser("ada@contoso.com"), http.StatusNotFound)
		g.do(http.MethodDelete, path, nil, http.StatusNotFound)
		g.do(http.MethodPost, "/Groups", object{"displayName": "Both", "members": members(foreign)}, http.StatusBadRequest)
		user := newUser("boss" + foreign[:8] + "@contoso.com")
		user[enterprise] = object{"manager": object{"value": foreign}}
		g.do(http.MethodPost, "/Users", user, http.StatusBadRequest)
		if got := g.found("/Users", `userName eq "ada@contoso.com"`); !same(got, []string{ids[g]}) {
			t.Errorf("found %v, want %s", got, ids[g])
		}
	}
	a.page(1, 10, 31) // what a remembers of its pages is no place in b's list
	if got := b.get("/Users?startIndex=11&count=10"); len(idsOf(got)) != 0 || got["totalResults"] != 1.0 {
		t.Errorf("b's list: %v", got)
	}
	if got := b.get("/Users?filter=" + url.QueryEscape(`displayName co "user0"`)); got["totalResults"] != 0.0 {
		t.Errorf("b sees %v", got)
	}
}

func inTenant(t *testing.T, sim *graphsim.Simulator, server *httptest.Server, c graph.Credential) *gateway {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	c.Authority = server.URL
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0", Credential: c, Transport: graph.NewTransport(roots)})
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, sim: sim, dir: sim.Tenant(c.TenantID), caller: new(atomic.Pointer[scim.Caller])}
	g.directory = entra.New(entra.Options{Graph: client, Now: sim.Now, Tables: tables(t, "")})
	front := httptest.NewServer(scim.NewHandler(g.directory.ResourceTypes(), scim.Options{BaseURL: func(*http.Request) string { return base }}))
	t.Cleanup(front.Close)
	g.url = front.URL
	return g
}
