package entra_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

// Everything that can be done with a user or a group made a moment ago is done, though
// the directory does not show them yet; with ids from elsewhere nothing is waited for.
func TestJustMadeEachOperation(t *testing.T) {
	t.Parallel()
	type world struct {
		*gateway
		user, group, old, team string // the last two were there before
	}
	op := func(op, path string, value any) object { return object{"op": op, "path": path, "value": value} }
	manager := enterprise + ":manager"
	filtered := func(w world, endpoint, filter string) bool { return len(w.found(endpoint, filter)) == 1 }
	for name, do := range map[string]func(w world) bool{
		"GET":           func(w world) bool { return w.get("/Users/" + w.user)["id"] == w.user },
		"GET some":      func(w world) bool { return w.get("/Users/" + w.user + "?attributes=userName")["id"] == w.user },
		"GET a group":   func(w world) bool { return w.get("/Groups/" + w.group)["id"] == w.group },
		"PATCH":         func(w world) bool { w.patch("/Users/"+w.user, 204, op("add", "title", "x")); return true },
		"PATCH a group": func(w world) bool { w.patch("/Groups/"+w.group, 204, op("replace", "displayName", "x")); return true },
		"PUT": func(w world) bool {
			return w.do("PUT", "/Users/"+w.user, newUser("made@contoso.com"), 200)["id"] == w.user
		},
		"PUT a group": func(w world) bool {
			return w.do("PUT", "/Groups/"+w.group, object{"displayName": "y", "members": members(w.user)}, 200)["id"] == w.group
		},
		"DELETE":         func(w world) bool { w.do("DELETE", "/Users/"+w.user, nil, 204); return true },
		"DELETE a group": func(w world) bool { w.do("DELETE", "/Groups/"+w.group, nil, 204); return true },
		"a new member": func(w world) bool {
			w.patch("/Groups/"+w.team, 204, op("add", "members", members(w.user)))
			return true
		},
		"a member of new": func(w world) bool {
			w.patch("/Groups/"+w.group, 204, op("add", "members", members(w.old)))
			return true
		},
		"both new": func(w world) bool {
			w.patch("/Groups/"+w.group, 204, op("add", "members", members(w.user)))
			return true
		},
		"member and out": func(w world) bool {
			w.patch("/Groups/"+w.group, 204, op("add", "members", members(w.user, w.old)))
			w.patch("/Groups/"+w.group, 204, op("remove", "members", members(w.user)))
			w.sim.Advance(time.Hour)
			return same(memberIDs(w.get("/Groups/"+w.group)), []string{w.old})
		},
		"members replaced": func(w world) bool {
			w.patch("/Groups/"+w.group, 204, op("replace", "members", members(w.user)))
			w.sim.Advance(time.Hour)
			return same(memberIDs(w.get("/Groups/"+w.group)), []string{w.user})
		},
		"new group with it": func(w world) bool {
			made := w.do("POST", "/Groups", object{"displayName": "z", "members": members(w.user)}, 201)
			return same(memberIDs(made), []string{w.user})
		},
		"manager of old": func(w world) bool {
			w.patch("/Users/"+w.old, 204, op("add", manager, object{"value": w.user}))
			return true
		},
		"manager for new": func(w world) bool {
			w.patch("/Users/"+w.user, 204, op("add", manager, object{"value": w.old}))
			return true
		},
		"manager by name": func(w world) bool {
			w.patch("/Users/"+w.old, 204, op("add", manager, object{"value": "made@contoso.com"}))
			return true
		},
		"made with it as manager": func(w world) bool {
			user := newUser("third@contoso.com")
			user[enterprise] = object{"manager": object{"value": w.user}}
			return at(w.do("POST", "/Users", user, 201), enterprise, "manager", "value") == w.user
		},
		"filter by id":      func(w world) bool { return filtered(w, "/Users", `id eq "`+w.user+`"`) },
		"filter by id or":   func(w world) bool { return len(w.found("/Users", `id eq "`+w.user+`" or id eq "`+w.old+`"`)) == 2 },
		"filter groups of":  func(w world) bool { return len(w.found("/Groups", `members.value eq "`+w.user+`"`)) == 0 },
		"filter users of":   func(w world) bool { return len(w.found("/Users", `groups.value eq "`+w.group+`"`)) == 0 },
		"filter by manager": func(w world) bool { return len(w.found("/Users", manager+`.value eq "`+w.user+`"`)) == 0 },
		"groups, as list":   func(w world) bool { return w.get("/Groups/" + w.group + "?attributes=members")["id"] == w.group },
		"groups of the user": func(w world) bool {
			return w.get("/Users/" + w.user + "?attributes=" + url.QueryEscape("groups"))["id"] == w.user
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 3 * time.Second, List: 3 * time.Second}}, "", nil)
			w := world{gateway: g, old: g.addUsers(1)[0], team: g.addGroup("Team")}
			g.rest()
			w.user = g.do(http.MethodPost, "/Users", newUser("made@contoso.com"), http.StatusCreated)["id"].(string)
			w.group = g.do(http.MethodPost, "/Groups", object{"displayName": "Crew"}, http.StatusCreated)["id"].(string)
			if !do(w) {
				t.Error("it is not as it should be")
			}
		})
	}
}

// Ids that this gateway has not made are not waited for.
func TestStrangersAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 3 * time.Second, List: 3 * time.Second}}, "", nil)
	old, team := g.addUsers(1)[0], g.addGroup("Team")
	g.rest()
	stranger := g.do(http.MethodPost, "/Groups", object{"displayName": "New"}, http.StatusCreated)["id"].(string)
	g.serve() // another replica has not made it
	before := g.sim.Now()
	add := func(path string, value any) object { return object{"op": "add", "path": path, "value": value} }
	g.do(http.MethodGet, "/Groups/"+stranger, nil, http.StatusNotFound)
	g.patch("/Groups/"+stranger, http.StatusNotFound, add("members", members(old)))
	g.patch("/Groups/"+team, http.StatusBadRequest, add("members", members(stranger)))
	g.patch("/Users/"+old, http.StatusBadRequest, add(enterprise+":manager", object{"value": stranger}))
	g.do(http.MethodPost, "/Groups", object{"displayName": "x", "members": members(stranger)}, http.StatusBadRequest)
	if got := g.found("/Groups", `id eq "`+stranger+`" or id eq "`+team+`"`); len(got) != 1 || g.sim.Now() != before {
		t.Errorf("found %v, waited %v", got, g.sim.Now().Sub(before))
	}
}

// What a projection leaves out is not asked of Graph.
func TestProjectionCalls(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(3)
	g.addGroup("Team", users...)
	for path, want := range map[string][]string{
		"/Users/" + users[0] + "?attributes=userName":                                               {"GET /v1.0/users/" + users[0] + "?$select=id,userPrincipalName"},
		"/Users?attributes=userName":                                                                {"GET /v1.0/users?$select=id,userPrincipalName&$top=100&$count=true"},
		"/Groups?attributes=displayName":                                                            {"GET /v1.0/groups?$select=id,displayName&$top=100&$count=true"},
		"/Groups?excludedAttributes=members," + entraGroup + ":applications":                        {"GET /v1.0/groups?"},
		"/Users?excludedAttributes=groups,members," + enterprise + ":applications":                  {"GET /v1.0/users?"},
		"/Users/" + users[0] + "?excludedAttributes=groups,members," + enterprise + ":applications": {"GET /v1.0/users/"},
		"/Users/" + users[0] + "?excludedAttributes=groups,members":                                 {"POST /v1.0/$batch", "  GET /users/", "  GET /users/" + users[0] + "/appRoleAssignments"},
	} {
		before := len(g.sim.Calls())
		status, _ := g.try(http.MethodGet, path, "")
		calls := g.sim.Calls()[before:]
		if status != http.StatusOK || len(calls) != len(want) {
			t.Errorf("%s: %d after %q", path, status, calls)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(calls[i], want[i]) {
				t.Errorf("%s: asked %q, want %q", path, calls[i], want[i])
			}
		}
	}
}

// What was made as one type is not another, and nobody waits for it to become that.
func TestJustMadeAsAnotherType(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.do(http.MethodPost, "/Users", newUser("made@contoso.com"), http.StatusCreated)["id"].(string)
	group := g.do(http.MethodPost, "/Groups", object{"displayName": "Crew"}, http.StatusCreated)["id"].(string)
	before, made := g.sim.Now(), len(g.sim.Calls())
	for _, path := range []string{"/Users/" + group, "/Groups/" + user, "/Applications/" + strings.ToUpper(user)} {
		g.do(http.MethodGet, path, nil, http.StatusNotFound)
	}
	for _, path := range []string{"/Users/" + group, "/Groups/" + user} {
		g.patch(path, http.StatusNotFound, object{"op": "replace", "path": "displayName", "value": "x"})
		g.do(http.MethodDelete, path, nil, http.StatusNotFound)
	}
	g.do(http.MethodPut, "/Users/"+group, newUser("made@contoso.com"), http.StatusNotFound)
	g.do(http.MethodPut, "/Groups/"+user, object{"displayName": "x"}, http.StatusNotFound)
	if n := len(g.found("/Groups", `id eq "`+user+`"`)); n != 0 {
		t.Errorf("%d groups with the id of a user", n)
	}
	if calls := g.sim.Calls()[made:]; len(calls) != 0 {
		t.Errorf("calls of Graph: %v", calls)
	}
	if found := g.found("", `id eq "`+user+`" or id eq "`+group+`"`); len(found) != 2 {
		t.Errorf("the root finds %v", found)
	}
	if waited := g.sim.Now().Sub(before); waited != 0 {
		t.Errorf("waited %v", waited)
	}
}
