package graphsim_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

// Consent shows in the directory: what was granted, and when.
func TestConsentMakesAssignments(t *testing.T) {
	t.Parallel()
	const (
		app      = "99999999-0000-4000-8000-000000000001"
		home     = "99999999-0000-4000-8000-000000000002"
		customer = "99999999-0000-4000-8000-000000000003"
		back     = "https://app.example/consented"
	)
	c := start(t, graphsim.Options{})
	sim := c.sim
	registration := login.App{ID: app, TenantID: home, MultiTenant: true, Roles: []string{"Directory.Read.All"}, RedirectURIs: []string{back}, Secrets: []login.Secret{{Value: "s"}}}
	if err := sim.Register(registration); err != nil {
		t.Fatal(err)
	}
	sim.Tenant(customer)
	accept := func() {
		q := url.Values{"client_id": {app}, "scope": {"https://graph.microsoft.com/.default"}, "redirect_uri": {back}}
		r := httptest.NewRequest("POST", "/"+customer+"/v2.0/adminconsent?"+q.Encode(), strings.NewReader("decision=grant&tenant="+customer))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		if sim.ServeHTTP(w, r); w.Code != http.StatusFound || !strings.Contains(w.Header().Get("Location"), "tenant="+customer) {
			t.Fatalf("consent: %d %s", w.Code, w.Header().Get("Location"))
		}
	}
	accept()
	c.token = c.login(customer, app, "s")
	path := "/servicePrincipals(appId='" + app + "')/appRoleAssignments"
	c.do("GET", path, nil).want(200).has("value/0/createdDateTime", "2026-01-01T00:00:00Z").has("value/0/resourceDisplayName", "Microsoft Graph")
	sim.Advance(1e9)
	accept()
	if all := c.do("GET", path, nil).want(200).list("id"); len(all) != 1 {
		t.Errorf("assignments after consenting twice: %v", all)
	}
	registration.Roles = append(registration.Roles, "User.Read.All")
	sim.Login().Register(registration)
	accept()
	c.do("GET", path, nil).want(200).has("value/1/createdDateTime", "2026-01-01T00:00:01Z")
}
