package entra_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/tenant"
)

func newUser(name string) object {
	return object{"userName": name, "displayName": "New " + name, "userType": "Member"}
}

// A manager is named by id, userPrincipalName or employee id, is set with two
// requests to Graph at most, and changed and removed with one write.
func TestManager(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	boss := g.add("user", graphsim.Values{"displayName": "Boss", "userPrincipalName": "boss@contoso.com", "mailNickname": "boss", "employeeId": "O'1"})
	var ids []string
	for name, c := range map[string]struct {
		value    any
		requests int
	}{
		"id": {object{"value": boss}, 2}, "upn": {object{"value": "BOSS@contoso.com"}, 2},
		"employee": {object{"value": "O'1"}, 3}, "text": {boss, 2},
	} {
		g.asked()
		user := newUser("by" + name + "@contoso.com")
		user[enterprise] = object{"manager": c.value}
		made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
		g.wantAsked("made by "+name, c.requests, 2)
		if at(made, enterprise, "manager", "value") != boss || at(made, enterprise, "manager", "displayName") != "Boss" {
			t.Errorf("by %s: %v", name, made)
		}
		ids = append(ids, made["id"].(string))
	}
	path := "/Users/" + ids[0]
	manager := enterprise + ":manager"
	g.asked()
	g.patch(path, http.StatusNoContent, object{"op": "replace", "path": manager + ".value", "value": "boss@contoso.com"})
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("the same manager, named otherwise: %d writes", writes)
	}
	g.patch(path, http.StatusNoContent, object{"op": "replace", "path": manager, "value": object{"value": ids[1]}}, object{"op": "replace", "path": "title", "value": "x"})
	g.wantAsked("changed with another attribute", 3, 2)
	if got := g.get(path + "?attributes=title," + manager); at(got, enterprise, "manager", "value") != ids[1] || got["title"] != "x" {
		t.Errorf("changed: %v", got)
	}
	g.patch(path, http.StatusNoContent, object{"op": "replace", "path": manager, "value": object{"value": ""}})
	if got := g.get(path + "?attributes=" + manager); at(got, enterprise, "manager") != nil {
		t.Errorf("removed: %v", got)
	}
	refused := g.patch(path, http.StatusBadRequest, object{"op": "replace", "path": manager, "value": object{"value": "nobody"}}, object{"op": "replace", "path": "title", "value": "y"})
	if refused["scimType"] != "invalidValue" || g.get(path + "?attributes=title")["title"] != "x" {
		t.Errorf("nobody: %v", refused)
	}
}

// The tenant may want users to be written all the same when there is no such
// manager.
func TestManagerMissingIsAWarning(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.ManagerMissing = tenant.ManagerWarn })
	for name, value := range map[string]string{
		"guid": "f0000000-0000-4000-8000-000000000009", "upn": "nobody@contoso.com", "number": "0815",
	} {
		user := newUser(name + "@contoso.com")
		user[enterprise] = object{"manager": object{"value": value}}
		made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
		if at(made, enterprise, "manager") != nil {
			t.Errorf("%s: %v", name, made)
		}
		g.patch("/Users/"+made["id"].(string), http.StatusNoContent,
			object{"op": "add", "path": "title", "value": "x"}, object{"op": "add", "path": enterprise + ":manager.value", "value": value})
		if got := g.get("/Users/" + made["id"].(string)); got["title"] != "x" {
			t.Errorf("%s: the rest was not written: %v", name, got)
		}
		// There is no rest: nothing would be done.
		g.patch("/Users/"+made["id"].(string), http.StatusBadRequest, object{"op": "add", "path": enterprise + ":manager.value", "value": value})
	}
}

// A guest is made with everything the client said, which the invitation does not
// carry, and is there once.
func TestGuest(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	boss := g.addUsers(1)[0]
	guest := object{
		"userType": "Guest", "displayName": "Gail O'Guest", "emails": []object{{"value": "gail@partner.example"}},
		"redirectUrl": "https://apps.example", "title": "Auditor", "active": true,
		enterprise: object{"department": "Audit", "manager": object{"value": boss}},
	}
	made := g.do(http.MethodPost, "/Users", guest, http.StatusCreated)
	if made["redirectUrl"] != "https://apps.example" || !strings.HasPrefix(made["redemptionUrl"].(string), "https://login.microsoftonline.com/redeem") {
		t.Errorf("invitation: %v", made)
	}
	read := g.get("/Users/" + made["id"].(string))
	for _, r := range []object{made, read} {
		if r["userName"] != "gail_partner.example#EXT#@contoso.onmicrosoft.com" || r["userType"] != "Guest" || r["title"] != "Auditor" ||
			r["displayName"] != "Gail O'Guest" || at(r, "emails", "0", "value") != "gail@partner.example" ||
			at(r, enterprise, "manager", "value") != boss || at(r, enterprise, "department") != "Audit" || r["active"] != true {
			t.Errorf("guest: %v", r)
		}
	}
	if got := g.found("/Users", `userType eq "Guest"`); len(got) != 1 {
		t.Errorf("guests: %v", got)
	}
	if again := g.do(http.MethodPost, "/Users", guest, http.StatusConflict); again["scimType"] != "uniqueness" {
		t.Errorf("invited again: %v", again)
	}
	for _, missing := range []string{"redirectUrl", "emails"} {
		without := object{}
		for k, v := range guest {
			if k != missing {
				without[k] = v
			}
		}
		if got := g.do(http.MethodPost, "/Users", without, http.StatusBadRequest); !strings.Contains(got["detail"].(string), missing) {
			t.Errorf("without %s: %v", missing, got)
		}
	}
	g.asked()
	g.do(http.MethodPost, "/Users", object{"userName": "m@contoso.com", "displayName": "M", "redirectUrl": "https://apps.example"}, http.StatusBadRequest)
	g.wantAsked("a member with a redirectUrl", 0, 0)
}

// Names without a domain are completed on writes and in filters, and shown short
// to tenants that want it so.
func TestShortNames(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.DefaultDomain, o.ShortNames = "contoso.com", true })
	made := g.do(http.MethodPost, "/Users", newUser("grace"), http.StatusCreated)
	id := made["id"].(string)
	other := g.do(http.MethodPost, "/Users", newUser("ada@fabrikam.com"), http.StatusCreated)
	if made["userName"] != "grace" || other["userName"] != "ada@fabrikam.com" {
		t.Errorf("names: %v, %v", made["userName"], other["userName"])
	}
	for _, filter := range []string{`userName eq "grace"`, `userName eq "grace@contoso.com"`, `not (userName ne "grace")`, `userName co "race"`} {
		if got := g.found("/Users", filter); len(got) != 1 || got[0] != id {
			t.Errorf("%s finds %v", filter, got)
		}
	}
	g.patch("/Users/"+id, http.StatusNoContent, object{"op": "replace", "path": "userName", "value": "hopper"})
	if got := g.get("/Users/" + id); got["userName"] != "hopper" || at(got, "emails", "0", "value") != "hopper@contoso.com" {
		t.Errorf("renamed: %v", got)
	}
	read := g.get("/Users/" + id)
	g.asked()
	g.do(http.MethodPut, "/Users/"+id, read, http.StatusOK)
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("a PUT of what was read: %d writes", writes)
	}
}

// What was read and is sent back costs no write; the password alone is one.
func TestPutOfWhatWasRead(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	if err := g.dir.Generate(graphsim.Scale{Users: 60, Groups: 8, Memberships: 100, Applications: 4, Seed: 7}); err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{"/Users", "/Groups"} {
		for _, r := range g.get(endpoint + "?count=100")["Resources"].([]any) {
			path := endpoint + "/" + r.(object)["id"].(string)
			g.asked()
			g.do(http.MethodPut, path, r, http.StatusOK)
			if _, writes := g.asked(); writes != 0 {
				t.Errorf("%s: %d writes for %v", path, writes, r)
			}
		}
	}
}

// Graph throttles between the user and the manager: the client hears 429, when to
// come back, and what was done.
func TestThrottledInTheMiddle(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	boss := g.addUsers(1)[0]
	user := newUser("grace@contoso.com")
	user[enterprise] = object{"manager": object{"value": boss}}
	if err := g.sim.Fail(trouble.Fault{Method: "PUT", Status: 429, RetryAfter: 3}, trouble.Fault{Method: "PUT", Status: 429, RetryAfter: 900}); err != nil {
		t.Fatal(err)
	}
	refused := g.do(http.MethodPost, "/Users", user, http.StatusTooManyRequests)
	ids := g.found("/Users", `userName eq "grace@contoso.com"`)
	detail := refused["detail"].(string)
	if len(ids) != 1 || !strings.Contains(detail, "created with id "+ids[0]) || !strings.Contains(detail, "the manager was not set") {
		t.Errorf("found %v, detail %q", ids, detail)
	}
	g.sim.Advance(900e9)
	g.patch("/Users/"+ids[0], http.StatusNoContent, object{"op": "add", "path": enterprise + ":manager", "value": object{"value": boss}})
}

// A new object is not shown by the directory for a while: it is read, changed,
// made a member and a manager all the same; what does not exist is not waited for.
func TestJustMade(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 3e9, List: 3e9}}, "", nil)
	group := g.addGroup("Team")
	g.sim.Advance(10e9)
	boss := g.do(http.MethodPost, "/Users", newUser("boss@contoso.com"), http.StatusCreated)["id"].(string)
	user := newUser("grace@contoso.com")
	user[enterprise] = object{"manager": object{"value": boss}}
	made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	id := made["id"].(string)
	if at(made, enterprise, "manager", "value") != boss {
		t.Errorf("made: %v", made)
	}
	g.patch("/Users/"+id, http.StatusNoContent, object{"op": "add", "path": "title", "value": "x"})
	third := g.do(http.MethodPost, "/Users", newUser("third@contoso.com"), http.StatusCreated)["id"].(string)
	g.patch("/Groups/"+group, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(id, third)})
	crew := g.do(http.MethodPost, "/Groups", object{"displayName": "Crew", "members": members(third)}, http.StatusCreated)["id"].(string)
	g.patch("/Groups/"+crew, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(id)})
	fourth := g.do(http.MethodPost, "/Users", newUser("fourth@contoso.com"), http.StatusCreated)["id"].(string)
	if got := g.get("/Users/" + fourth); got["userName"] != "fourth@contoso.com" {
		t.Errorf("read: %v", got)
	}
	g.sim.Advance(10e9)
	if got := memberIDs(g.get("/Groups/" + crew)); !same(got, []string{third, id}) {
		t.Errorf("members: %v", got)
	}
	before := g.sim.Now()
	g.do(http.MethodGet, "/Users/f0000000-0000-4000-8000-000000000009", nil, http.StatusNotFound)
	g.do(http.MethodDelete, "/Users/"+fourth, nil, http.StatusNoContent)
	if g.sim.Now() != before {
		t.Error("somebody waited for what does not exist")
	}
}

// Without the permission to read a relation, a client that did not ask for it by
// name gets the rest, and the directory says what it lacks; one that did is told.
func TestLackingPermission(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	g.addGroup("Team", user)
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.Read.All", "GroupMember.Read.All"})
	g.sim.Advance(2 * 3600e9) // a new token
	got := g.get("/Users/" + user)
	if at(got, "groups", "0", "display") != "Team" || at(got, enterprise, "applications") != nil {
		t.Errorf("read: %v", got)
	}
	if lacking := g.directory.Lacking(); len(lacking) != 1 || lacking[0] != "applications" {
		t.Errorf("lacking %v", lacking)
	}
	named := url.QueryEscape(enterprise + ":applications")
	refused := g.do(http.MethodGet, "/Users/"+user+"?attributes="+named, nil, http.StatusForbidden)
	if !strings.Contains(refused["detail"].(string), "applications") {
		t.Errorf("by name: %v", refused)
	}
}

// One tenant's directory knows nothing of another's, and remembers apart.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	a, b := start(t, graphsim.Options{Seed: 1}, "", nil), start(t, graphsim.Options{Seed: 2}, "", nil)
	usersA, usersB := a.addUsers(30), b.addUsers(20)
	a.page(1, 10, 30)
	if got := b.page(11, 10, 20); !same(got, usersB[10:]) {
		t.Errorf("b sees %v", got)
	}
	b.do(http.MethodGet, "/Users/"+usersA[0], nil, http.StatusNotFound)
}

// A password is set with one write, never read, and one that is too weak is
// refused by the name of the attribute.
func TestPasswordChanged(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	path := "/Users/" + g.addUsers(1)[0]
	g.patch(path, http.StatusNoContent, object{"op": "replace", "path": "password", "value": "Correct-Horse-9"})
	g.wantAsked("changing", 2, 1)
	got := g.patch(path+"?attributes=password,title", http.StatusOK, object{"op": "replace", "path": "password", "value": "Correct-Horse-8"}, object{"op": "add", "path": "title", "value": "x"})
	if got["title"] != "x" || got["password"] != nil {
		t.Errorf("answered %v", got)
	}
	refused := g.patch(path, http.StatusBadRequest, object{"op": "replace", "path": "password", "value": "weak"})
	if detail := refused["detail"].(string); !strings.Contains(detail, "password") || strings.Contains(detail, "weak") {
		t.Errorf("detail %q", detail)
	}
}
