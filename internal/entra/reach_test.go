package entra_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/scim"
)

// A client that may not reach a resource type can make no member of it, in whatever
// way; what there is it sees, and may take out.
func TestMembersOfTypesOutOfReach(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user, inner := g.addUsers(2), g.addGroup("Inner")
	outer := g.addGroup("Outer", user[1])
	path := "/Groups/" + outer
	for _, test := range []struct {
		types  []string
		member string
		status int // of a POST; the others follow from it
	}{
		{[]string{"Group"}, user[0], 403},
		{[]string{"Group"}, inner, 201},
		{[]string{"Group", "User"}, user[0], 201},
		{[]string{"Group", "User"}, inner, 201},
		{[]string{"Group", "Application"}, user[0], 403},
		{nil, user[0], 201},
	} {
		g.caller.Store(&scim.Caller{ResourceTypes: test.types})
		made := g.do(http.MethodPost, "/Groups", object{"displayName": "New", "members": members(test.member)}, test.status)
		changed := http.StatusNoContent
		if test.status == 403 {
			changed = 403
			if detail, _ := made["detail"].(string); !strings.HasPrefix(detail, "members.value: this client may not refer to") {
				t.Errorf("%v: %s", test.types, detail)
			}
		}
		g.patch(path, changed, object{"op": "add", "path": "members", "value": members(test.member)})
		g.patch(path, changed, object{"op": "add", "value": object{"members": members(test.member)}})
		replaced := changed
		if changed == http.StatusNoContent {
			replaced = http.StatusOK
		}
		g.do(http.MethodPut, path, object{"displayName": "Outer", "members": members(test.member)}, replaced)
		g.caller.Store(nil)
		if got := memberIDs(g.get(path)); changed == 403 && strings.Contains(strings.Join(got, " "), user[0]) {
			t.Errorf("%v: %s is a member", test.types, user[0])
		}
		g.patched(path, object{"op": "replace", "path": "members", "value": members(user[1])})
	}
	g.caller.Store(&scim.Caller{ResourceTypes: []string{"Group"}})
	if got := memberIDs(g.get(path)); !same(got, user[1:]) {
		t.Errorf("members that are shown: %v", got)
	}
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": "members", "value": members(user[1])})
	g.caller.Store(nil)
	if got := memberIDs(g.get(path)); len(got) != 0 {
		t.Errorf("members that are left: %v", got)
	}
}

// What Graph does not say of a member is not taken for what the client may reach.
func TestMembersOfNoKnownType(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 30 * time.Second, List: 30 * time.Second}}, "", nil)
	outer := g.addGroup("Outer")
	g.sim.Advance(time.Minute)
	inner := g.do(http.MethodPost, "/Groups", object{"displayName": "Inner"}, http.StatusCreated)["id"].(string)
	g.caller.Store(&scim.Caller{ResourceTypes: []string{"Group"}})
	add := object{"op": "add", "path": "members", "value": members(inner)}
	g.patch("/Groups/"+outer, http.StatusServiceUnavailable, add) // it may be a user
	g.sim.Advance(time.Minute)
	g.patch("/Groups/"+outer, http.StatusNoContent, add)

	g = start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)
	outer = g.addGroup("Outer")
	if err := g.sim.Fail(trouble.Fault{Path: "/directoryObjects/getByIds", Status: http.StatusForbidden}); err != nil {
		t.Fatal(err)
	}
	add = object{"op": "add", "path": "members", "value": members(user...)}
	g.caller.Store(&scim.Caller{ResourceTypes: []string{"Group"}})
	g.patch("/Groups/"+outer, http.StatusForbidden, add)
	g.caller.Store(&scim.Caller{ResourceTypes: []string{"Group", "User"}})
	g.patch("/Groups/"+outer, http.StatusNoContent, add)
}
