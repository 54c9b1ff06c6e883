package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// What is no id is refused by every method in the same way, and Graph is never
// asked: it would take a user's for a userPrincipalName.
func TestIDs(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	const unknown = "f0000000-0000-4000-8000-000000000009"
	patch := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"x"}]}`
	bodies := map[string]string{http.MethodPatch: patch, http.MethodPut: `{"userName":"x@contoso.com","displayName":"x"}`}
	for endpoint, c := range map[string]struct {
		odd     int // status of what is no GUID
		methods []string
	}{
		"/Users":        {http.StatusNotFound, []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete}},
		"/Groups":       {http.StatusBadRequest, []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete}},
		"/Applications": {http.StatusBadRequest, []string{http.MethodGet}},
	} {
		for _, method := range c.methods {
			for _, id := range []string{"ada@contoso.com", "..%2Fgroups%2F1", "1%3F$expand=manager", "%24count", unknown + "%2Fmanager", "{" + unknown + "}"} {
				g.asked()
				if status, answer := g.try(method, endpoint+"/"+id, bodies[method]); status != c.odd {
					t.Errorf("%s %s/%s: %d, want %d: %s", method, endpoint, id, status, c.odd, answer)
				}
				g.wantAsked(method+" "+endpoint+"/"+id, 0, 0)
			}
			if status, answer := g.try(method, endpoint+"/"+unknown, bodies[method]); status != http.StatusNotFound {
				t.Errorf("%s %s of nobody: %d %s", method, endpoint, status, answer)
			}
		}
	}
}

const notHere = "mutability"

// What is mastered or managed elsewhere is refused before Graph is asked to
// write, by the name of the attribute; the rest of the same object is written.
func TestManagedElsewhere(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(2)
	group := func(name string, v graphsim.Values) string {
		v["displayName"], v["mailNickname"] = name, name
		id := g.add("group", v)
		if err := g.dir.AddMembers(id, users[0]); err != nil {
			t.Fatal(err)
		}
		return "/Groups/" + id
	}
	ada := "/Users/" + g.add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true, "jobTitle": "Analyst",
		"onPremisesSyncEnabled": true, "onPremisesImmutableId": "AAAA",
	})
	synced := group("synced", graphsim.Values{"securityEnabled": true, "mailEnabled": false, "onPremisesSyncEnabled": true})
	dynamic := group("dynamic", graphsim.Values{"securityEnabled": true, "mailEnabled": false, "groupTypes": []string{"DynamicMembership"}, "membershipRule": "user.city -eq \"x\"", "membershipRuleProcessingState": "On"})
	mailed := group("mailed", graphsim.Values{"securityEnabled": true, "mailEnabled": true})
	list := group("list", graphsim.Values{"securityEnabled": false, "mailEnabled": true})
	op := func(op, path string, value any) object { return object{"op": op, "path": path, "value": value} }
	add, rename := op("add", "members", members(users[1])), op("replace", "displayName", "Other")
	remove, all := op("remove", "members", members(users[0])), object{"op": "remove", "path": "members"}
	for name, c := range map[string]struct {
		path string
		op   object
		want string // in the detail; "": it is written
	}{
		"synced user, title":          {ada, op("replace", "title", "Countess"), "title: the User is mastered"},
		"synced user, title removed":  {ada, object{"op": "remove", "path": "title"}, "title: the User is mastered"},
		"synced user, disabled":       {ada, op("replace", "active", false), "active: the User is mastered"},
		"synced user, manager":        {ada, op("add", enterprise+":manager", object{"value": users[0]}), "manager: the User is mastered"},
		"synced user, usageLocation":  {ada, op("add", "urn:ietf:params:scim:schemas:extension:entra:2.0:User:usageLocation", "GB"), ""},
		"synced user, the same title": {ada, op("replace", "title", "Analyst"), ""},
		"synced group, name":          {synced, rename, "displayName: the Group is mastered"},
		"synced group, members":       {synced, add, "members: the Group is mastered"},
		"dynamic group, added":        {dynamic, add, "members"},
		"dynamic group, removed":      {dynamic, remove, "members"},
		"dynamic group, all removed":  {dynamic, all, "members"},
		"dynamic group, name":         {dynamic, rename, ""},
		"mail-enabled, added":         {mailed, add, "Exchange"},
		"mail-enabled, removed":       {mailed, remove, "Exchange"},
		"mail-enabled, name":          {mailed, rename, "Exchange"},
		"list, added":                 {list, add, "Exchange"},
		"list, all removed":           {list, all, "Exchange"},
	} {
		t.Run(name, func(t *testing.T) {
			g := *g
			g.t = t
			g.asked()
			if c.want == "" {
				g.patch(c.path, http.StatusNoContent, c.op)
				return
			}
			got := g.patch(c.path, http.StatusBadRequest, c.op)
			if got["scimType"] != notHere || !strings.Contains(got["detail"].(string), c.want) {
				t.Errorf("answer %v, want %q", got, c.want)
			}
			if _, writes := g.asked(); writes != 0 {
				t.Errorf("%d writes", writes)
			}
		})
	}
	for _, path := range []string{synced, dynamic, mailed, list} {
		read := g.get(path)
		g.asked()
		g.do(http.MethodPut, path, read, http.StatusOK)
		if _, writes := g.asked(); writes != 0 {
			t.Errorf("a PUT of %s as it was read: %d writes", path, writes)
		}
		read["members"] = members(users[1])
		if got := g.do(http.MethodPut, path, read, http.StatusBadRequest); got["scimType"] != notHere {
			t.Errorf("a PUT of %s with another member: %v", path, got)
		}
		if _, writes := g.asked(); writes != 0 {
			t.Errorf("a PUT of %s with another member: %d writes", path, writes)
		}
		if got := memberIDs(g.get(path)); !same(got, users[:1]) {
			t.Errorf("members of %s: %v", path, got)
		}
	}
}
