package graphsim_test

import (
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

// What is put into the directory from behind has always been there: lag, which
// hides what was written through Graph, hides none of it, nor does hostility.
func TestLagHidesNothingThatWasAlwaysThere(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 5 * time.Second, List: 20 * time.Second}})
	d := c.sim.Tenant(graphsim.DefaultTenant)
	var ids []string
	for _, name := range []string{"ada", "bob", "cyd"} {
		id, err := d.Add("user", graphsim.Values{"displayName": name, "userPrincipalName": name + "@contoso.com"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	group, err := d.Add("group", graphsim.Values{"displayName": "All", "mailNickname": "all"})
	if err == nil {
		err = d.AddMembers(group, ids...)
	}
	for _, boss := range ids[1:] { // the second displaces the first
		if err == nil {
			err = d.SetManager(ids[0], boss)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/users/" + ids[0]:                    ids[0],
		"/users?$filter=displayName eq 'ada'": ids[0],
		"/groups/" + group + "/members":       ids[2],
		"/users/" + ids[1] + "/memberOf":      group,
		"/users/" + ids[0] + "/manager":       ids[2],
		"/users/" + ids[2] + "/directReports": ids[0],
		"/organization":                       graphsim.DefaultTenant,
		"/applications":                       graphsim.DefaultClient,
		"/users/$count":                       "3",
	} {
		if got := c.do("GET", path, nil, "ConsistencyLevel: eventual").want(200); !strings.Contains(got.raw, want) {
			t.Errorf("%s: no %s in %s", path, want, got.raw)
		}
	}
	if got := c.do("GET", "/users/"+ids[1]+"/directReports", nil).want(200).list("id"); len(got) != 0 {
		t.Errorf("the displaced manager still has %v", got)
	}
	made := c.do("POST", "/users", newUser("late")).want(201).text("id")
	c.do("GET", "/users/"+made, nil).want(404)
}
