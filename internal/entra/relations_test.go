package entra_test

import (
	"fmt"
	"testing"

	"entrascim/internal/graphsim"
)

// The groups and applications of a user and the applications of a group are all
// there, however many pages of Graph's they fill.
func TestRelationsBeyondAPage(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	const many = 1100
	user := g.addUsers(1)[0]
	team := g.addGroup("Team")
	groups := make([]string, many)
	for i := range groups {
		groups[i] = g.addGroup(fmt.Sprintf("group%04d", i), user)
		app := fmt.Sprintf("c0000000-0000-4000-8000-%012d", i)
		sp := g.add("servicePrincipal", graphsim.Values{"appId": app, "displayName": app})
		for _, principal := range []string{user, team} {
			if _, err := g.dir.Assign(principal, sp, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	read := g.get("/Users/" + user)
	if got := values(read, "groups"); !same(got, groups) {
		t.Errorf("%d groups of the user, want %d", len(got), many)
	}
	list := g.get("/Users?count=10")["Resources"].([]any)[0]
	for what, resource := range map[string]any{"the user": read, "the listed user": list, "the group": g.get("/Groups/" + team)} {
		urn := enterprise
		if what == "the group" {
			urn = entraGroup
		}
		apps := map[string]bool{}
		for _, id := range values(resource, urn, "applications") {
			apps[id] = true
		}
		if len(apps) != many {
			t.Errorf("%d applications of %s, want %d", len(apps), what, many)
		}
	}
	if got := values(list, "groups"); !same(got, groups) {
		t.Errorf("%d groups of the listed user, want %d", len(got), many)
	}
}

// values are the values of a multi-valued attribute.
func values(resource any, path ...string) []string {
	list, _ := at(resource, path...).([]any)
	out := make([]string, len(list))
	for i, v := range list {
		out[i], _ = at(v, "value").(string)
	}
	return out
}

// An assignment to the user and one to a group are shown apart; the latter reaches
// the group's direct members only.
func TestAssignmentsDirectAndByGroup(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(2)
	inner := g.addGroup("Inner", users[1])
	outer := g.addGroup("Outer", users[0], inner)
	sp := g.add("servicePrincipal", graphsim.Values{"appId": payroll, "displayName": "Payroll"})
	for _, principal := range []string{users[0], outer} {
		if _, err := g.dir.Assign(principal, sp, ""); err != nil {
			t.Fatal(err)
		}
	}
	given := map[any]any{}
	list, _ := at(g.get("/Users/"+users[0]), enterprise, "applications").([]any)
	for _, a := range list {
		given[at(a, "principalType")] = at(a, "principalId")
	}
	if len(list) != 2 || given["User"] != users[0] || given["Group"] != outer {
		t.Errorf("of the direct member: %v", list)
	}
	if got := at(g.get("/Users/"+users[1]), enterprise, "applications"); got != nil {
		t.Errorf("of the member of a nested group: %v", got)
	}
}
