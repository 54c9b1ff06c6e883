package entra_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// page reads one page of users and checks what every page must say.
func (g *gateway) page(start, count, total int) []string {
	g.t.Helper()
	list := g.get(fmt.Sprintf("/Users?attributes=userName&startIndex=%d&count=%d", start, count))
	if got := int(list["totalResults"].(float64)); got != total {
		g.t.Errorf("page at %d: totalResults %d, want %d", start, got, total)
	}
	ids := idsOf(list)
	if int(list["itemsPerPage"].(float64)) != len(ids) || int(list["startIndex"].(float64)) != start {
		g.t.Errorf("page at %d: itemsPerPage %v, startIndex %v, %d resources", start, list["itemsPerPage"], list["startIndex"], len(ids))
	}
	return ids
}

// Two clients page at once, with pages of their own size, and a third jumps about:
// each sees every user once, in the same order.
func TestPagingClients(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(1050)
	var clients sync.WaitGroup
	for _, size := range []int{100, 70, 999, 1000} {
		clients.Go(func() {
			var all []string
			for at := 1; at <= len(users); at += size {
				all = append(all, g.page(at, size, len(users))...)
			}
			if !slices.Equal(all, users) {
				t.Errorf("pages of %d show %d users, or in another order", size, len(all))
			}
		})
	}
	clients.Go(func() {
		for _, at := range []int{1000, 3, 500, 1050, 1051, 5000, 999} {
			from, to := min(at-1, len(users)), min(at-1+10, len(users))
			if got := g.page(at, 10, len(users)); !slices.Equal(got, users[from:to]) {
				t.Errorf("at %d: %v, want %v", at, got, users[from:to])
			}
		}
	})
	clients.Wait()
}

// A page is one call to Graph wherever the last one ended; 1,000 are two.
func TestPagingCalls(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.addUsers(1500)
	g.page(1, 999, 1500)
	g.wantAsked("the first page of 999", 1, 0)
	g.page(1000, 999, 1500)
	g.wantAsked("the second", 1, 0)
	g.page(1, 100, 1500)
	g.wantAsked("the first page of 100", 1, 0)
	g.page(101, 100, 1500)
	g.wantAsked("the second", 1, 0)
	g.page(1, 1000, 1500)
	g.wantAsked("1,000", 2, 0)
	g.page(41, 20, 1500)
	g.wantAsked("a place that no page began at", 1, 0)
	g.page(1, 0, 1500)
	g.wantAsked("a count", 1, 0)
	g.page(9000, 10, 1500)
	g.wantAsked("a place behind the end", 1, 0)
}

// Links expire; the list is read from its beginning then, and the client sees
// nothing of it.
func TestPagingAfterExpiry(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(50)
	g.page(1, 10, 50)
	if err := g.sim.Fail(trouble.Fault{Method: "GET", Path: "/users", Status: 400, Code: "Directory_ExpiredPageToken"}); err != nil {
		t.Fatal(err)
	}
	if got := g.page(11, 10, 50); !slices.Equal(got, users[10:20]) {
		t.Errorf("after the link expired: %v", got)
	}
	g.sim.Advance(time.Hour)
	if got := g.page(21, 10, 50); !slices.Equal(got, users[20:30]) {
		t.Errorf("an hour later: %v", got)
	}
}

// The manager is expanded where Graph can, and read by batch where an advanced
// query forbids it; groups of every listed user are there either way.
func TestListWithRelations(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(90)
	group := g.addGroup("All", users...)
	for _, id := range users[1:] {
		if err := g.dir.SetManager(id, users[0]); err != nil {
			t.Fatal(err)
		}
	}
	for name, query := range map[string]string{
		"plain":    "",
		"advanced": "&filter=" + url.QueryEscape(`userName ew "@contoso.com"`),
		"scanned":  "&filter=" + url.QueryEscape(`displayName co "ser user0"`),
	} {
		list := g.get("/Users?count=80&startIndex=2" + query)
		if total := list["totalResults"]; total != float64(90) || len(idsOf(list)) != 80 {
			t.Errorf("%s: totalResults %v, %d resources", name, total, len(idsOf(list)))
		}
		for _, r := range list["Resources"].([]any) {
			if at(r, enterprise, "manager", "value") != users[0] || at(r, "groups", "0", "value") != group {
				t.Errorf("%s: manager or group missing: %v", name, r)
			}
		}
	}
}

// Relations answer filters in both directions, and of nobody they find nothing.
func TestRelationFilters(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(30)
	inner := g.addGroup("Inner", users[:10]...)
	outer := g.addGroup("Outer", append([]string{inner}, users[20:]...)...)
	for _, id := range users[1:5] {
		if err := g.dir.SetManager(id, users[0]); err != nil {
			t.Fatal(err)
		}
	}
	sp := g.add("servicePrincipal", graphsim.Values{"appId": payroll, "displayName": "Payroll"})
	for _, principal := range []string{users[2], users[15], inner} {
		if _, err := g.dir.Assign(principal, sp, ""); err != nil {
			t.Fatal(err)
		}
	}
	nobody := "f0000000-0000-4000-8000-000000000009"
	for filter, want := range map[string][]string{
		fmt.Sprintf("groups.value eq %q", inner):                               users[:10],
		fmt.Sprintf("groups.value eq %q and name.givenName eq %q", inner, "3"): {users[3]},
		fmt.Sprintf("groups.value eq %q", nobody):                              nil,
		fmt.Sprintf("groups.value eq %q", "no GUID"):                           nil,
		fmt.Sprintf("%s:manager.value eq %q", enterprise, users[0]):            users[1:5],
		fmt.Sprintf("%s:applications.value eq %q", enterprise, payroll):        append(slices.Clone(users[:10]), users[15]),
		fmt.Sprintf("%s:applications.value eq %q", enterprise, nobody):         nil,
		fmt.Sprintf("id eq %q", users[7]):                                      {users[7]},
		fmt.Sprintf("id eq %q and active eq false", users[7]):                  nil,
		fmt.Sprintf("id eq %q", nobody):                                        nil,
		`id eq "bob"`:                                                          nil,
	} {
		if got := g.found("/Users", filter); !same(got, want) {
			t.Errorf("%s finds %v, want %v", filter, got, want)
		}
	}
	for id, total := range map[string]float64{users[0]: 1, nobody: 0} {
		for _, page := range []string{"count=0", "startIndex=2"} {
			if list := g.get("/Users?" + page + "&filter=" + url.QueryEscape(fmt.Sprintf("id eq %q", id))); list["totalResults"] != total || len(idsOf(list)) != 0 {
				t.Errorf("%s of %s: %v", page, id, list)
			}
		}
	}
	for filter, want := range map[string][]string{
		fmt.Sprintf("members.value eq %q", users[1]):                            {inner},
		fmt.Sprintf("members.value eq %q", inner):                               {outer},
		fmt.Sprintf("members[value eq %q]", users[25]):                          {outer},
		fmt.Sprintf("members.value eq %q and displayName eq %q", inner, "none"): nil,
		fmt.Sprintf("members.value eq %q", nobody):                              nil,
		fmt.Sprintf("%s:applications.value eq %q", entraGroup, payroll):         {inner},
	} {
		if got := g.found("/Groups", filter); !same(got, want) {
			t.Errorf("%s finds %v, want %v", filter, got, want)
		}
	}
}

// What Graph cannot evaluate is evaluated on no more objects than allowed.
func TestScanIsBounded(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.MaxScan = 40 })
	users := g.addUsers(41)
	refused := g.do(http.MethodGet, "/Users?filter="+url.QueryEscape(`displayName co "0001"`), nil, http.StatusBadRequest)
	if refused["scimType"] != "tooMany" {
		t.Errorf("answer %v", refused)
	}
	g.do(http.MethodDelete, "/Users/"+users[40], nil, http.StatusNoContent)
	if got := g.found("/Users", `displayName co "0001"`); !same(got, append(slices.Clone(users[10:20]), users[1])) {
		t.Errorf("within the bound: %v", got)
	}
}

// Graph sorts what it can; the rest is sorted here, with the missing values last.
func TestSorting(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	var ids []string
	for i, title := range []any{"beta", "Alpha", nil, "gamma"} {
		name := fmt.Sprintf("u%d", i)
		ids = append(ids, g.add("user", graphsim.Values{
			"displayName": fmt.Sprintf("Name %d", 9-i), "userPrincipalName": name + "@contoso.com", "mailNickname": name, "jobTitle": title,
		}))
	}
	for query, want := range map[string][]int{
		"sortBy=displayName":                                       {3, 2, 1, 0},
		"sortBy=displayName&sortOrder=descending":                  {0, 1, 2, 3},
		"sortBy=displayName&filter=userName%20sw%20%22u%22":        {3, 2, 1, 0},
		"sortBy=title":                                             {1, 0, 3, 2},
		"sortBy=title&sortOrder=descending":                        {2, 3, 0, 1},
		"sortBy=title&startIndex=2&count=2":                        {0, 3},
		"sortBy=title&filter=userName%20sw%20%22u%22&startIndex=3": {3, 2},
	} {
		got := idsOf(g.get("/Users?attributes=title&" + query))
		expected := make([]string, len(want))
		for i, n := range want {
			expected[i] = ids[n]
		}
		if !slices.Equal(got, expected) {
			t.Errorf("%s: %v, want %v", query, got, expected)
		}
	}
}
