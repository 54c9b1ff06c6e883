package entra_test

import (
	"fmt"
	"net/http"
	"testing"

	"entrascim/internal/graphsim"
)

// The answer to a change is lost, or the change itself: it is sent again, and is there
// once as if nothing had been.
func TestLostChange(t *testing.T) {
	t.Parallel()
	title := object{"op": "replace", "path": "title", "value": "Admiral"}
	manager := func(boss string) object {
		return object{"op": "add", "path": enterprise + ":manager", "value": object{"value": boss}}
	}
	patch := func(ops ...object) object { return object{"Operations": ops} }
	type world struct{ user, boss, group string }
	for name, c := range map[string]struct {
		lost   [2]string // method and path of the request to Graph
		method string
		body   func(w world) (path string, body any)
		status int
		want   func(g *gateway, w world) bool
	}{
		"PATCH": {
			[2]string{"PATCH", "/users/*"},
			"PATCH", func(w world) (string, any) { return "/Users/" + w.user, patch(title) }, 204,
			func(g *gateway, w world) bool { return g.get("/Users/" + w.user)["title"] == "Admiral" },
		},
		"PATCH with a manager": {
			[2]string{"POST", "/$batch"},
			"PATCH", func(w world) (string, any) { return "/Users/" + w.user, patch(title, manager(w.boss)) }, 204,
			func(g *gateway, w world) bool {
				got := g.get("/Users/" + w.user)
				return got["title"] == "Admiral" && at(got, enterprise, "manager", "value") == w.boss
			},
		},
		"manager": {
			[2]string{"PUT", "/users/*/manager/$ref"},
			"PATCH", func(w world) (string, any) { return "/Users/" + w.user, patch(manager(w.boss)) }, 204,
			func(g *gateway, w world) bool {
				return at(g.get("/Users/"+w.user), enterprise, "manager", "value") == w.boss
			},
		},
		"PUT": {
			[2]string{"PATCH", "/users/*"}, "PUT", func(w world) (string, any) {
				return "/Users/" + w.user, object{"userName": "grace@contoso.com", "displayName": "Grace", "title": "Admiral"}
			}, 200, func(g *gateway, w world) bool { return g.get("/Users/" + w.user)["displayName"] == "Grace" },
		},
		"DELETE": {
			[2]string{"DELETE", "/users/*"},
			"DELETE", func(w world) (string, any) { return "/Users/" + w.user, nil }, 204,
			func(g *gateway, _ world) bool { return len(g.found("/Users", `userName eq "grace@contoso.com"`)) == 0 },
		},
		"DELETE of a group": {
			[2]string{"DELETE", "/groups/*"},
			"DELETE", func(w world) (string, any) { return "/Groups/" + w.group, nil }, 204,
			func(g *gateway, _ world) bool { return len(g.found("/Groups", `displayName eq "Team"`)) == 0 },
		},
		"member added": {
			[2]string{"PATCH", "/groups/*"}, "PATCH", func(w world) (string, any) {
				return "/Groups/" + w.group, patch(object{"op": "add", "path": "members", "value": members(w.user)})
			}, 204, func(g *gateway, w world) bool {
				return same(memberIDs(g.get("/Groups/"+w.group)), []string{w.boss, w.user})
			},
		},
		"member removed": {
			[2]string{"DELETE", "/groups/*/members/*/$ref"}, "PATCH", func(w world) (string, any) {
				return "/Groups/" + w.group, patch(object{"op": "remove", "path": "members", "value": members(w.boss)})
			}, 204, func(g *gateway, w world) bool { return len(memberIDs(g.get("/Groups/"+w.group))) == 0 },
		},
		"members replaced": {
			[2]string{"PATCH", "/groups/*"}, "PATCH", func(w world) (string, any) {
				return "/Groups/" + w.group, patch(object{"op": "replace", "path": "members", "value": members(w.user)})
			}, 204, func(g *gateway, w world) bool { return same(memberIDs(g.get("/Groups/"+w.group)), []string{w.user}) },
		},
	} {
		for way, f := range ways {
			for _, done := range []bool{true, false} {
				t.Run(fmt.Sprint(name, " ", way, " ", done), func(t *testing.T) {
					t.Parallel()
					g := start(t, graphsim.Options{}, "", nil)
					w := world{boss: g.addUsers(1)[0], user: g.do(http.MethodPost, "/Users", newUser("grace@contoso.com"), http.StatusCreated)["id"].(string)}
					w.group = g.addGroup("Team", w.boss)
					g.rest()
					f := f // its own
					f.Method, f.Path, f.AfterWrite = c.lost[0], c.lost[1], done
					if err := g.sim.Fail(f); err != nil {
						t.Fatal(err)
					}
					path, body := c.body(w)
					g.do(c.method, path, body, c.status)
					if !c.want(g, w) {
						t.Error("it is not as it should be")
					}
				})
			}
		}
	}
}
