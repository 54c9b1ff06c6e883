package action_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

// Whatever may go wrong with Graph does: pages of two, lag, throttling, failures, odd
// answers. Actions end as if nothing had.
func TestHostile(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			life(newWorldOf(t, graphsim.Options{Hostile: seed + 1}))
		})
	}
}

func life(w *world) {
	w.t.Helper()
	var users []string
	for i := range 12 {
		name := w.proposed("jdoe@contoso.com").(string)
		if want := "jdoe" + map[bool]string{true: strconv.Itoa(i)}[i > 0] + "@contoso.com"; name != want {
			w.t.Fatalf("proposed %s, want %s", name, want)
		}
		made := w.want(http.StatusCreated, http.MethodPost, "/Users", fmt.Sprintf(`{"userName":%q,"displayName":"J. Doe"}`, name))
		users = append(users, made["id"].(string))
	}
	for _, id := range users[1:] {
		one := "/Users/" + id + "/.actions/"
		w.want(http.StatusNoContent, http.MethodPost, one+"set_manager", `{"manager_identifier":"`+users[0]+`"}`)
		w.want(http.StatusNoContent, http.MethodPost, one+"update_user", `{"user_profile":{"jobTitle":"Analyst"}}`)
		w.want(http.StatusNoContent, http.MethodPost, one+"disable_user", `{"revoke_sessions":true}`)
		w.want(http.StatusNoContent, http.MethodPost, one+"revoke_sessions", "")
	}
	w.want(http.StatusCreated, http.MethodPost, "/Groups/.actions/create_group", fmt.Sprintf(`{"displayName":"Does","group_type":"security","userMembers":[%q,%q]}`, users[1], users[2]))
	w.sim.Advance(5 * time.Minute)
	for i, id := range users {
		got := w.want(http.StatusOK, http.MethodGet, "/Users/"+id+"?attributes=active,title,groups", "")
		want := map[string]any{"active": i == 0}
		if i > 0 {
			want["title"] = "Analyst"
		}
		if groups, _ := got["groups"].([]any); len(groups) != map[bool]int{true: 1}[i == 1 || i == 2] {
			w.t.Errorf("groups of %d: %v", i, groups)
		}
		for _, name := range []string{"schemas", "id", "groups"} {
			delete(got, name)
		}
		if !reflect.DeepEqual(got, want) {
			w.t.Errorf("user %d is %v, want %v", i, got, want)
		}
	}
}
