package entra_test

import (
	"net/http"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// While the directory still answers with what was there before, a second write
// undoes the first all the same: nothing is taken for done on a stale answer.
func TestWritesWhileTheDirectoryLags(t *testing.T) {
	t.Parallel()
	replace := func(path string, value any) object { return object{"op": "replace", "path": path, "value": value} }
	for name, c := range map[string]struct {
		first, second object
		path          []string
		want          any
	}{
		"externalId to and fro":  {replace("externalId", "HR-2"), replace("externalId", "HR-1"), []string{"externalId"}, "HR-1"},
		"externalId by its case": {replace("externalId", "hr-1"), replace("externalId", "HR-1"), []string{"externalId"}, "HR-1"},
		"externalId removed":     {object{"op": "remove", "path": "externalId"}, replace("externalId", "HR-1"), []string{"externalId"}, "HR-1"},
		"disabled and enabled":   {replace("active", false), replace("active", true), []string{"active"}, true},
		"set and set back":       {replace("title", "b"), replace("title", "a"), []string{"title"}, "a"},
		"set and removed":        {replace("nickName", "b"), replace("nickName", "lag"), []string{"nickName"}, "lag"},
		"removed and set":        {object{"op": "remove", "path": "title"}, replace("title", "a"), []string{"title"}, "a"},
		"added and removed":      {replace("preferredLanguage", "de"), object{"op": "remove", "path": "preferredLanguage"}, []string{"preferredLanguage"}, nil},
		"a part and another":     {replace(enterprise+":costCenter", "1"), replace(enterprise+":division", "2"), []string{enterprise, "costCenter"}, "1"},
		"manager set and unset":  {replace(enterprise+":manager.value", "boss@contoso.com"), object{"op": "remove", "path": enterprise + ":manager"}, []string{enterprise, "manager"}, nil},
		"manager to and fro":     {replace(enterprise+":manager.value", "boss@contoso.com"), replace(enterprise+":manager.value", "old@contoso.com"), []string{enterprise, "manager", "displayName"}, "New old@contoso.com"},
		"the second of two adds": {object{"op": "add", "path": "emails", "value": []object{{"type": "other", "value": "x@a.example"}}}, object{"op": "add", "path": "emails", "value": []object{{"type": "other", "value": "y@a.example"}}}, []string{"emails", "1", "value"}, "x@a.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, externalID, nil)
			g.do(http.MethodPost, "/Users", newUser("boss@contoso.com"), http.StatusCreated)
			old := g.do(http.MethodPost, "/Users", newUser("old@contoso.com"), http.StatusCreated)
			user := newUser("lag@contoso.com")
			user["title"], user["nickName"], user["externalId"] = "a", "lag", "HR-1"
			user[enterprise] = object{"manager": object{"value": old["id"]}}
			id := "/Users/" + g.do(http.MethodPost, "/Users", user, http.StatusCreated)["id"].(string)
			g.sim.Advance(time.Hour)
			g.sim.Tenant(graphsim.DefaultTenant).SetLag(graphsim.Lag{Read: 30 * time.Second, List: 30 * time.Second})

			g.patch(id, http.StatusNoContent, c.first)
			g.patch(id, http.StatusNoContent, c.second)
			g.sim.Advance(time.Hour)
			if got := at(g.get(id), c.path...); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestMembersReplacedWhileTheDirectoryLags(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(4)
	group := "/Groups/" + g.addGroup("Team", users[0])
	g.sim.Advance(time.Hour)
	g.sim.Tenant(graphsim.DefaultTenant).SetLag(graphsim.Lag{Read: 30 * time.Second, List: 30 * time.Second})

	g.patch(group, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(users[1:3]...)})
	g.patch(group, http.StatusNoContent, object{"op": "remove", "path": "members", "value": members(users[0])})
	g.patch(group, http.StatusNoContent, object{"op": "replace", "path": "members", "value": members(users[0], users[2])})
	g.sim.Advance(time.Hour)
	if got := memberIDs(g.get(group)); !same(got, []string{users[0], users[2]}) {
		t.Errorf("members %v, want %v", got, []string{users[0], users[2]})
	}
}

// A PATCH said twice is one write when the directory shows that it was done.
func TestNothingIsWrittenTwice(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	id := "/Users/" + g.do(http.MethodPost, "/Users", newUser("twice@contoso.com"), http.StatusCreated)["id"].(string)
	g.patch(id, http.StatusNoContent, object{"op": "replace", "path": "title", "value": "a"})
	g.asked()
	g.patch(id, http.StatusNoContent, object{"op": "replace", "path": "title", "value": "a"})
	g.wantAsked("the same PATCH again", 1, 0)
}

// The members and the manager that something was made with count as written, and
// so does what was done before a later step failed.
func TestMadeWhileTheDirectoryLags(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(3)
	g.sim.Advance(time.Hour)
	g.sim.Tenant(graphsim.DefaultTenant).SetLag(graphsim.Lag{Read: 5 * time.Second, List: time.Minute})

	group := "/Groups/" + g.do(http.MethodPost, "/Groups", object{"displayName": "Team", "members": members(users[0], users[1])}, http.StatusCreated)["id"].(string)
	g.patch(group, http.StatusNoContent, object{"op": "replace", "path": "members", "value": members(users[1], users[2])})

	user := newUser("made@contoso.com")
	user[enterprise] = object{"manager": object{"value": users[0]}}
	id := "/Users/" + g.do(http.MethodPost, "/Users", user, http.StatusCreated)["id"].(string)
	g.patch(id, http.StatusNoContent, object{"op": "remove", "path": enterprise + ":manager"})

	if err := g.sim.Fail(trouble.Fault{Method: "PUT", Path: "/users/*/manager/$ref", Status: 403}); err != nil {
		t.Fatal(err)
	}
	g.patch(id, http.StatusForbidden,
		object{"op": "replace", "path": "active", "value": false},
		object{"op": "add", "path": enterprise + ":manager", "value": object{"value": users[1]}})
	g.patch(id, http.StatusNoContent, object{"op": "replace", "path": "active", "value": true})

	g.sim.Advance(time.Hour)
	if got := memberIDs(g.get(group)); !same(got, users[1:]) {
		t.Errorf("members %v, want %v", got, users[1:])
	}
	if got := g.get(id); got["active"] != true || at(got, enterprise, "manager") != nil {
		t.Errorf("user %v", got)
	}
}
