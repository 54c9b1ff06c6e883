package graphsim_test

import (
	"fmt"
	"testing"

	"entrascim/internal/graphsim"
)

// Sign-ins are told on request, on smaller pages, of users who are named by id, and by a
// tenant that has the license; a filter by them takes the permission, too.
func TestSignInActivity(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	dir := c.sim.Tenant(graphsim.DefaultTenant)
	for i := range 130 {
		c.seeded("user", graphsim.Values{
			"displayName": "u", "userPrincipalName": fmt.Sprintf("u%d@contoso.com", i), "signInActivity": fields{"lastSignInDateTime": "2026-01-01T00:00:00Z"},
		})
	}
	const before = "/users?$filter=signInActivity/lastSignInDateTime le 2026-02-01T00:00:00Z"
	for _, path := range []string{"/users?$select=id,signInActivity&$top=999", before + "&$top=999"} {
		page := c.do("GET", path, nil).want(200)
		if n := len(page.list("id")); n != 120 || page.text("@odata.nextLink") == "" {
			t.Errorf("%s: %d users", path, n)
		}
	}
	ada := c.user("ada")
	c.do("GET", "/users/"+ada+"?$select=id,signInActivity", nil).want(200).has("signInActivity", nil)
	c.do("GET", "/users/ada@contoso.com?$select=id,signInActivity", nil).refused(400, "BadRequest", "Get By Key only supports UserId and the key has to be a valid Guid")
	plain := c.application("dddddddd-0000-4000-8000-000000000001", graphsim.DefaultTenant, "User.Read.All")
	plain.do("GET", before, nil).refused(403, "Authorization_RequestDenied", denied)
	dir.Downgrade()
	c.do("GET", "/users?$select=id,signInActivity", nil).refused(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
	c.do("GET", "/users?$select=id", nil).want(200)
}

// A leave date is read with a permission of its own; sponsors take $select only.
func TestReadApart(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user, other := c.user("ada"), c.user("bob")
	plain := c.application("dddddddd-0000-4000-8000-000000000002", graphsim.DefaultTenant, "User.Read.All")
	plain.do("GET", "/users/"+user+"?$select=id,employeeLeaveDateTime", nil).refused(403, "Authorization_RequestDenied", denied)
	c.do("GET", "/users/"+user+"?$select=id,employeeLeaveDateTime", nil).want(200)
	if err := c.sim.Tenant(graphsim.DefaultTenant).AddSponsors(user, other); err != nil {
		t.Fatal(err)
	}
	plain.do("GET", "/users/"+user+"/sponsors?$select=id,displayName", nil).want(200).has("value/0/id", other).has("value/0/@odata.type", "#microsoft.graph.user")
	plain.do("GET", "/users/"+user+"/sponsors?$top=5", nil).want(400)
	c.application("dddddddd-0000-4000-8000-000000000003", graphsim.DefaultTenant, "Group.Read.All").
		do("GET", "/users/"+user+"/sponsors", nil).refused(403, "Authorization_RequestDenied", denied)
}

// An extension that is synchronized is changed on premises, of synchronized users.
func TestSynchronizedExtension(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	dir := c.sim.Tenant(graphsim.DefaultTenant)
	name, err := dir.AddExtension(graphsim.DefaultClient, "badge", "String", "User")
	if err != nil {
		t.Fatal(err)
	}
	cloud := c.user("ada")
	synced := c.seeded("user", graphsim.Values{"displayName": "s", "userPrincipalName": "s@contoso.com", "onPremisesSyncEnabled": true})
	c.do("PATCH", "/users/"+synced, fields{name: "x"}).want(204)
	if err := dir.SyncExtension(name); err != nil {
		t.Fatal(err)
	}
	c.do("PATCH", "/users/"+synced, fields{name: "y"}).want(400)
	c.do("PATCH", "/users/"+cloud, fields{name: "y"}).want(204)
	if dir.SyncExtension("extension_0_x") == nil {
		t.Error("an extension that is not there")
	}
}
