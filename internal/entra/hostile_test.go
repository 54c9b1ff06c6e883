package entra_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

// Whatever may go wrong with Graph does: pages of two, lag, throttling, failures,
// odd answers. A life of users and groups must end as if nothing had.
func TestHostile(t *testing.T) {
	t.Parallel()
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			life(t, start(t, graphsim.Options{Hostile: seed + 1}, "", nil))
		})
	}
}

func life(t *testing.T, g *gateway) {
	t.Helper()
	var users []string
	for i := range 30 {
		user := newUser(fmt.Sprintf("u%02d@contoso.com", i))
		if i > 0 {
			user[enterprise] = object{"manager": object{"value": users[0]}}
		}
		users = append(users, g.do(http.MethodPost, "/Users", user, http.StatusCreated)["id"].(string))
	}
	made := g.do(http.MethodPost, "/Groups", object{"displayName": "Team", "members": members(users[:25]...)}, http.StatusCreated)
	group := "/Groups/" + made["id"].(string)
	g.patch(group, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(users[20:]...)})
	g.patch(group, http.StatusNoContent, object{"op": "remove", "path": "members", "value": members(users[:5]...)})
	g.patch("/Users/"+users[7], http.StatusNoContent, object{"op": "replace", "path": "title", "value": "Seventh"})
	g.do(http.MethodDelete, "/Users/"+users[29], nil, http.StatusNoContent)
	g.sim.Advance(5 * time.Minute)

	if got := memberIDs(g.get(group)); !same(got, users[5:29]) {
		t.Errorf("%d members, want 24", len(got))
	}
	read := g.get("/Users/" + users[7])
	if read["title"] != "Seventh" || at(read, enterprise, "manager", "value") != users[0] || at(read, "groups", "0", "display") != "Team" {
		t.Errorf("read: %v", read)
	}
	var all []string
	for first := 1; first <= 29; first += 7 {
		all = append(all, g.page(first, 7, 29)...)
	}
	if !same(all, users[:29]) {
		t.Errorf("%d users are listed, want 29", len(all))
	}
	if got := g.found("/Users", `title eq "Seventh"`); !same(got, users[7:8]) {
		t.Errorf("found %v", got)
	}
	g.do(http.MethodDelete, group, nil, http.StatusNoContent)
	g.sim.Advance(5 * time.Minute)
	g.do(http.MethodGet, group, nil, http.StatusNotFound)
}
