package entra_test

import (
	"net/http"
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
