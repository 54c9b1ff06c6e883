package entra_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"entrascim/internal/edm"
	"entrascim/internal/graphsim"
	"entrascim/internal/mapping"
)

// A resource type that is only read is a table and no code: this one is for the
// disabled users, and is served beside the others.
func TestTableAlone(t *testing.T) {
	t.Parallel()
	leavers, err := mapping.Compile(edm.New(), mapping.Source{Name: "leaver.yaml", Text: []byte(`
resource: Leaver
description: Somebody who left.
endpoint: /Leavers
schema: urn:example:Leaver
mutability: readOnly
graph: { collection: users, entity: user, filter: accountEnabled eq false }
attributes:
  - { scim: id, graph: id }
  - { scim: name, graph: displayName }
  - { scim: source, constant: entra }
  - { scim: marked, constant: true }
`)})
	if err != nil {
		t.Fatal(err)
	}
	g := startWith(t, graphsim.Options{}, append(tables(t, ""), leavers), false, nil)
	var ids []string
	for name, enabled := range map[string]bool{"ann": false, "bob": true, "cyd": false} {
		id := g.add("user", graphsim.Values{"displayName": name, "userPrincipalName": name + "@contoso.com", "accountEnabled": enabled})
		if !enabled {
			ids = append(ids, id)
		}
	}
	if got := g.get("/Leavers?sortBy=name"); got["totalResults"] != 2.0 || at(got, "Resources", "0", "name") != "ann" || at(got, "Resources", "1", "source") != "entra" {
		t.Errorf("list: %v", got)
	}
	if got := g.get("/Leavers/" + ids[0]); got["marked"] != true || got["schemas"].([]any)[0] != "urn:example:Leaver" {
		t.Errorf("read: %v", got)
	}
	for filter, want := range map[string]float64{
		`source eq "entra" and name eq "cyd"`: 1, `source eq "hr"`: 0, `not (source eq "hr")`: 2, `marked eq true`: 2, `name eq "bob"`: 0, `source sw "EN"`: 2,
	} {
		if got := g.get("/Leavers?filter=" + url.QueryEscape(filter)); got["totalResults"] != want {
			t.Errorf("%s: %v, want %v", filter, got["totalResults"], want)
		}
	}
	g.do(http.MethodPost, "/Leavers", object{"name": "x"}, http.StatusMethodNotAllowed)
	g.do(http.MethodDelete, "/Leavers/"+ids[0], nil, http.StatusMethodNotAllowed)
}

// What is not written has no attribute that says it can be written.
func TestReadOnlyTypesSaySo(t *testing.T) {
	t.Parallel()
	for _, table := range tables(t, "") {
		for _, row := range table.Rows() {
			if row.Writable() && !slices.Contains([]string{"User", "Group"}, table.Resource()) {
				t.Errorf("%s: %s is %s", table.Resource(), row.SCIM, row.Mutability)
			}
		}
	}
}

// One missing permission drops one resource type: the others are served, and the
// directory says which it lacks.
func TestLackingTypes(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.addUsers(1)
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.Read.All", "Group.Read.All", "Application.Read.All", "AppRoleAssignment.ReadWrite.All"})
	g.sim.Advance(2 * 3600e9) // a new token
	g.get("/ServicePrincipals")
	if lacking := g.directory.Lacking(); len(lacking) != 0 {
		t.Errorf("lacking too early: %v", lacking)
	}
	g.do(http.MethodGet, "/Roles", nil, http.StatusForbidden)
	if got := g.get("/?filter=" + url.QueryEscape(`meta.resourceType eq "User" or meta.resourceType eq "Entitlement"`)); got["totalResults"] != 1.0 {
		t.Errorf("all types: %v", got)
	}
	if lacking := g.directory.Lacking(); !slices.Equal(lacking, []string{"Entitlements", "Roles"}) {
		t.Errorf("lacking: %v", lacking)
	}
}
