package entra_test

import (
	"net/http"
	"strconv"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// A part of the directory does not know an object that another shows: what is
// read is never passed off as the whole.
func TestHalfSeen(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(3)
	old := "/Groups/" + g.addGroup("Team", users...)
	fail := func(path string) {
		if err := g.sim.Fail(trouble.Fault{Method: "GET", Path: path, Status: 404}); err != nil {
			t.Fatal(err)
		}
	}
	fail("/groups/*/members")
	if failed := g.do(http.MethodGet, old, nil, http.StatusServiceUnavailable); failed["detail"] == nil {
		t.Errorf("answer %v", failed)
	}
	if got := memberIDs(g.get(old)); !same(got, users) {
		t.Errorf("members %v", got)
	}
	fail("/users/*/memberOf")
	g.do(http.MethodGet, "/Users/"+users[0]+"?attributes=groups", nil, http.StatusServiceUnavailable)

	made := g.do(http.MethodPost, "/Groups", object{"displayName": "New", "members": members(users...)}, http.StatusCreated)
	fail("/groups/*/members")
	if got := memberIDs(g.get("/Groups/" + made["id"].(string))); !same(got, users) { // waited for
		t.Errorf("members of the new group %v", got)
	}
}

// In a list, too: a user whose groups the directory does not find is read again,
// and is left out only when it is gone.
func TestHalfSeenInAList(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(3)
	group := g.addGroup("Team", users...)
	if err := g.sim.Fail(trouble.Fault{Method: "GET", Path: "/users/" + users[1] + "/memberOf", Status: 404}); err != nil {
		t.Fatal(err)
	}
	list := g.get("/Users?attributes=groups&filter=groups.value%20eq%20%22" + group + "%22")
	if got := idsOf(list); !same(got, users) {
		t.Errorf("listed %v", got)
	}
	for i := range users {
		if at(list, "Resources", strconv.Itoa(i), "groups", "0", "value") != group {
			t.Errorf("user %d: %v", i, at(list, "Resources", strconv.Itoa(i)))
		}
	}
}
