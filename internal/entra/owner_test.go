package entra_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/tenant"
)

const owners = entraGroup + ":owners"

func ownersOf(g *gateway, path string) []string {
	g.t.Helper()
	var ids []string
	list, _ := at(g.get(path+"?attributes="+owners), entraGroup, "owners").([]any)
	for _, one := range list {
		ids = append(ids, one.(object)["value"].(string))
	}
	return ids
}

// Owners are read when they are asked for, given and taken; the answer tells of them, a
// group is found by them, and a PUT that knows nothing of them leaves them.
func TestOwners(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	u := g.addUsers(3)
	app := g.add("servicePrincipal", graphsim.Values{"appId": payroll, "displayName": "Payroll"})
	group := g.addGroup("Team", u[2])
	path := "/Groups/" + group
	g.sim.Reset()

	g.patch(path, http.StatusNoContent, object{"op": "add", "path": owners, "value": members(u[0], app)})
	g.wantAsked("two owners added", 2, 2) // one batch that reads, one that writes
	if got := ownersOf(g, path); !same(got, []string{u[0], app}) {
		t.Fatalf("added: %v", got)
	}
	g.sim.Reset()
	g.patch(path, http.StatusNoContent, object{"op": "add", "path": owners, "value": members(u[0])})
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("one who owns the group already: %d writes", writes)
	}
	g.sim.Reset()
	got := g.patch(path+"?attributes="+owners, http.StatusOK,
		object{"op": "remove", "path": owners + `[value eq "` + u[0] + `"]`}, object{"op": "add", "path": owners, "value": members(u[1])})
	g.wantAsked("one taken and one given", 3, 2)
	if at(got, entraGroup, "owners", "1", "display") != "User user00001" || at(got, entraGroup, "owners", "0", "type") != "ServicePrincipal" {
		t.Errorf("answered: %v", got)
	}
	if got := ownersOf(g, path); !same(got, []string{u[1], app}) {
		t.Errorf("one taken and one given: %v", got)
	}
	for id, want := range map[string]int{u[1]: 1, app: 1, u[0]: 0} {
		if found := g.found("/Groups", owners+`.value eq "`+id+`"`); len(found) != want {
			t.Errorf("found by %s: %v", id, found)
		}
	}
	doc := g.get(path)
	if at(doc, entraGroup, "owners") != nil {
		t.Errorf("not asked for: %v", doc)
	}
	doc["displayName"] = "Team B"
	g.do(http.MethodPut, path, doc, http.StatusOK)
	if got := ownersOf(g, path); !same(got, []string{u[1], app}) {
		t.Errorf("after a PUT without owners: %v", got)
	}
	doc[entraGroup].(object)["owners"] = members(u[2])
	g.do(http.MethodPut, path, doc, http.StatusOK)
	if got := ownersOf(g, path); !same(got, []string{u[2]}) {
		t.Errorf("after a PUT with another: %v", got)
	}
}

// What was written moments ago is known, though the directory does not show it yet: an
// owner who was just made is taken, one who was just taken is made again, and nobody is
// lost.
func TestOwnersThatAreNotShownYet(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 10 * time.Second, List: 10 * time.Second}}, "", nil)
	u, group := g.addUsers(4), g.addGroup("Team")
	if err := g.dir.AddOwners(group, u[0]); err != nil {
		t.Fatal(err)
	}
	path := "/Groups/" + group
	add := func(id string) { g.patched(path, object{"op": "add", "path": owners, "value": members(id)}) }
	remove := func(id string) { g.patched(path, object{"op": "remove", "path": owners + `[value eq "` + id + `"]`}) }
	add(u[1])
	add(u[2])
	remove(u[1])
	remove(u[0])
	add(u[0])
	add(u[3])
	refused := g.patch(path, http.StatusBadRequest, object{"op": "replace", "path": owners, "value": []object{}})
	if refused["scimType"] != "invalidValue" {
		t.Errorf("all of them: %v", refused)
	}
	eve := g.do(http.MethodPost, "/Users", newUser("eve@contoso.com"), http.StatusCreated)["id"].(string)
	add(eve)
	made := g.do(http.MethodPost, "/Groups", object{"displayName": "New", entraGroup: object{"owners": members(u[0], u[1])}}, http.StatusCreated)
	g.patched("/Groups/"+made["id"].(string), object{"op": "remove", "path": owners + `[value eq "` + u[0] + `"]`})
	g.sim.Advance(5 * time.Minute)
	if got := ownersOf(g, path); !same(got, []string{u[0], u[2], u[3], eve}) {
		t.Errorf("%v of %v", got, u)
	}
	if got := ownersOf(g, "/Groups/"+made["id"].(string)); !same(got, u[1:2]) {
		t.Errorf("of a new group: %v", got)
	}
}

// A new group gets its owners with the request that makes it, and those who have no
// place there after it.
func TestNewOwners(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	u := g.addUsers(24)
	g.sim.Reset()
	made := g.do(http.MethodPost, "/Groups?attributes="+owners+",members", object{
		"displayName": "Team", "members": members(u[2:4]...), entraGroup: object{"owners": members(u[:2]...)},
	}, http.StatusCreated)
	g.wantAsked("made with owners", 2, 1) // looked up, made
	if list, _ := at(made, entraGroup, "owners").([]any); len(list) != 2 || at(list, "0", "display") == nil || !same(memberIDs(made), u[2:4]) {
		t.Errorf("answered: %v", made)
	}
	made = g.do(http.MethodPost, "/Groups", object{"displayName": "Many", "members": members(u[:3]...), entraGroup: object{"owners": members(u...)}}, http.StatusCreated)
	path := "/Groups/" + made["id"].(string)
	if got := ownersOf(g, path); !same(got, u) {
		t.Errorf("%d owners", len(got))
	}
	if got := memberIDs(g.get(path)); !same(got, u[:3]) {
		t.Errorf("members beside them: %v", got)
	}
}

// What Graph would refuse is refused before it is asked to write, naming the attribute.
func TestOwnersRefused(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	u := g.addUsers(2)
	other, group := g.addGroup("Other"), g.addGroup("Team")
	if err := g.dir.AddOwners(group, u[0]); err != nil {
		t.Fatal(err)
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("a0000000-0000-4000-8000-%012d", i)
	}
	g.sim.Reset()
	for name, c := range map[string]struct {
		op   object
		says string
	}{
		"the last one":  {object{"op": "remove", "path": owners}, "last owner"},
		"selected":      {object{"op": "remove", "path": owners + `[value eq "` + u[0] + `"]`}, "last owner"},
		"a group":       {object{"op": "add", "path": owners, "value": members(other)}, "is a group"},
		"nobody":        {object{"op": "add", "path": owners, "value": members(many[0])}, "there is no user"},
		"no GUID":       {object{"op": "add", "path": owners, "value": members("ada@contoso.com")}, "not a GUID"},
		"too many":      {object{"op": "add", "path": owners, "value": members(many...)}, "100 owners"},
		"without value": {object{"op": "add", "path": owners, "value": []object{{"display": "Ada"}}}, ""},
	} {
		refused := g.patch("/Groups/"+group, http.StatusBadRequest, c.op, object{"op": "replace", "path": "displayName", "value": "Changed"})
		detail, _ := refused["detail"].(string)
		if refused["scimType"] != "invalidValue" || !strings.Contains(detail, owners) || !strings.Contains(detail, c.says) {
			t.Errorf("%s: %v", name, refused)
		}
	}
	for name, id := range map[string]string{"a group": other, "nobody": many[0]} {
		refused := g.do(http.MethodPost, "/Groups", object{"displayName": "New", entraGroup: object{"owners": members(id)}}, http.StatusBadRequest)
		if detail, _ := refused["detail"].(string); refused["scimType"] != "invalidValue" || !strings.Contains(detail, owners) {
			t.Errorf("new, %s: %v", name, refused)
		}
	}
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("%d writes", writes)
	}
}

// Without the permission to look up who is named Graph's own refusals tell, and
// without that to read owners nothing is changed.
func TestOwnersWithLittlePermission(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	u, group := g.addUsers(1), g.addGroup("Team")
	grant := func(names ...string) {
		g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, names)
		g.sim.Advance(2 * time.Hour) // a new token
	}
	add := func(id string) object { return object{"op": "add", "path": owners, "value": members(id)} }
	grant("User.Read.All", "Group.ReadWrite.All")
	g.patch("/Groups/"+group, http.StatusNoContent, add(u[0]))
	refused := g.patch("/Groups/"+group, http.StatusBadRequest, add("a0000000-0000-4000-8000-00000000dead"))
	if detail, _ := refused["detail"].(string); refused["scimType"] != "invalidValue" || !strings.HasPrefix(detail, owners) {
		t.Errorf("nobody: %v", refused)
	}
}

// A dry run tells of owners what the request then does.
func TestOwnersRehearsed(t *testing.T) {
	t.Parallel()
	r := startRehearser(t, tenant.Policy{})
	users, group := r.furnished()
	own := func(op string, ids ...string) object {
		return object{"op": op, "path": owners, "value": members(ids...)}
	}
	r.law("POST", "/Groups", object{"displayName": "Owned", "members": members(users[3:6]...), entraGroup: object{"owners": members(users[:24]...), "visibility": "Private"}})
	r.law("POST", "/Groups", object{"displayName": "Roles", entraGroup: object{"isAssignableToRole": true, "groupType": "microsoft365", "owners": members(users[0])}})
	r.patches("/Groups/"+group, own("add", users[0], users[1]))
	r.patches("/Groups/"+group, own("replace", users[1], users[2]), object{"op": "replace", "path": "displayName", "value": "Mills"})
	r.patches("/Groups/"+group, object{"op": "remove", "path": owners})
	r.patches("/Groups/"+group, own("add", group))
	r.patches("/Groups/"+group, object{"op": "replace", "path": entraGroup + ":isAssignableToRole", "value": true})
	r.patches("/Users/"+users[0], object{"op": "add", "path": additional + ".city", "value": "x"}, object{"op": "add", "path": entraUser + ":extensionAttribute3", "value": "x"})
}
