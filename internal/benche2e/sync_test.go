//go:build e2e

package benche2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

const pageSize = 999

// A page is what a client that synchronizes looks at.
type listed struct {
	TotalResults int    `json:"totalResults"`
	NextCursor   string `json:"nextCursor"`
	Resources    []struct {
		ID      string `json:"id"`
		Members []struct {
			Type string `json:"type"`
		} `json:"members"`
		Groups     []struct{} `json:"groups"`
		Enterprise struct {
			Manager struct {
				Value string `json:"value"`
			} `json:"manager"`
			Applications []struct{} `json:"applications"`
		} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	} `json:"Resources"`
}

// A copied is what a client has after a full synchronization.
type copied struct {
	ids                                            map[string]int
	members, userMembers, groups, managers, grants int
	took                                           []time.Duration // of the pages
}

func (c *copied) take(p listed) {
	for _, r := range p.Resources {
		c.ids[r.ID]++
		c.members += len(r.Members)
		c.groups += len(r.Groups)
		c.grants += len(r.Enterprise.Applications)
		if r.Enterprise.Manager.Value != "" {
			c.managers++
		}
		for _, m := range r.Members {
			if m.Type == "User" {
				c.userMembers++
			}
		}
	}
}

// once tells whether so many ids are there, each once.
func (c *copied) once(t *testing.T, n int) bool {
	t.Helper()
	whole := len(c.ids) == n
	for id, times := range c.ids {
		if times != 1 {
			t.Errorf("%s is there %d times", id, times)
			whole = false
		}
	}
	if !whole {
		t.Errorf("%d ids, want %d", len(c.ids), n)
	}
	return whole
}

// copyAll reads a list from its beginning to its end, by index or by cursor.
func (s *stage) copyAll(t *testing.T, list, query string, count int, byCursor bool) *copied {
	t.Helper()
	c := &copied{ids: map[string]int{}}
	for start, cursor, more := 1, "", true; more; {
		place := fmt.Sprintf("startIndex=%d", start)
		if byCursor {
			place = "cursor=" + url.QueryEscape(cursor)
		}
		var p listed
		began := time.Now()
		if err := s.try(*s.gateway, ask{path: fmt.Sprintf("%s?count=%d&%s&%s", list, count, place, query)}, decode(&p)); err != nil {
			t.Fatal(err)
		}
		c.took = append(c.took, time.Since(began))
		c.take(p)
		start += len(p.Resources)
		cursor = p.NextCursor
		more = byCursor && cursor != "" || !byCursor && len(p.Resources) > 0 && start <= p.TotalResults
	}
	return c
}

func decode(into any) func(*http.Response) error {
	return func(r *http.Response) error { return json.UnmarshalRead(r.Body, into) }
}

// pagesOf reads a list of Graph's to its end, directly or by the floor.
func (s *stage) pagesOf(t *testing.T, from server, path string) (took []time.Duration, n int) {
	t.Helper()
	for path != "" {
		var p struct {
			Value []struct {
				ID string `json:"id"`
			} `json:"value"`
			Next string `json:"@odata.nextLink"`
		}
		began := time.Now()
		if err := s.try(from, ask{path: path}, decode(&p)); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		n += len(p.Value)
		path = strings.TrimPrefix(p.Next, s.sim.base)
	}
	return took, n
}

// A synchronization is one way to read all of a list.
type synchronization struct {
	name, list, query string
	count             int
	byCursor          bool
	floored           bool // Graph's pages are all that is asked for
}

// synchronize measures it with a gateway of its own.
func (b *bench) synchronize(t *testing.T, sim *simulator, y synchronization) (row, *copied) {
	t.Helper()
	s := b.stage(t, sim)
	var c *copied
	r := row{name: y.name, n: 1}
	s.gateway.resetPeak(t)
	cpu, began := s.gateway.cpu(t), time.Now()
	var spent time.Duration
	r.add(sim.counted(t, func() {
		c = s.copyAll(t, y.list, y.query, y.count, y.byCursor)
		spent = time.Since(began)
	}))
	r.cpu, r.peak = s.gateway.cpu(t)-cpu, s.gateway.peak(t)-s.idle
	r.rate = float64(len(c.ids)) / spent.Seconds()
	var direct []time.Duration
	if y.floored {
		first := s.captured(t, sim, s.gateway, ask{path: fmt.Sprintf("%s?count=%d&%s", y.list, y.count, y.query)})[0][0].path
		var has int
		if direct, has = s.pagesOf(t, sim.server, first); has != len(c.ids) {
			t.Errorf("Graph itself has %d, the gateway %d", has, len(c.ids))
		}
		cpu = s.floor.cpu(t)
		copying, n := s.pagesOf(t, *s.floor, first)
		r.floorRate = float64(n) / sum(copying).Seconds()
		r.floor = s.floor.cpu(t) - cpu
		t.Logf("%s: %s, Graph directly %s", y.name, shortly(spent), shortly(sum(direct)))
	}
	r.times(c.took, direct)
	b.show(t, r)
	return r, c
}

func syncs(t *testing.T, b *bench) {
	t.Helper()
	sim := b.reads()
	users := grouped(float64(sim.scale.users))
	var held, members *copied
	for _, y := range []synchronization{
		{name: "sync of " + users + " users, bare, by index", list: "/Users", query: bare, count: pageSize, floored: true},
		{name: "sync of " + users + " users, bare, by cursor", list: "/Users", query: bare, count: pageSize, byCursor: true, floored: true},
		{name: "sync of " + users + " users with manager, groups, applications", list: "/Users", count: pageSize, byCursor: true},
	} {
		t.Run(y.name, func(t *testing.T) {
			r, c := b.synchronize(t, sim, y)
			c.once(t, sim.scale.users)
			if y.query != bare {
				held = c
				return
			}
			want := (sim.scale.users + pageSize - 1) / pageSize
			b.must(t, y.name+": Graph calls", fmt.Sprint(want), grouped(r.calls), int(r.calls) == want)
			b.should(y.name+": peak memory over idle", "≤ 64 MiB", fmt.Sprintf("%.0f MiB", float64(r.peak)/(1<<20)), r.peak <= 64<<20)
		})
	}
	for _, byCursor := range []bool{false, true} {
		way := map[bool]string{false: "index", true: "cursor"}[byCursor]
		name := fmt.Sprintf("sync of %s groups, %s memberships, by %s", grouped(float64(sim.scale.groups)), grouped(float64(sim.scale.memberships)), way)
		t.Run(name, func(t *testing.T) {
			_, members = b.synchronize(t, sim, synchronization{name: name, list: "/Groups", count: 100, byCursor: byCursor})
			members.once(t, sim.scale.groups)
			if members.members != sim.scale.memberships {
				t.Errorf("%d memberships, want %d", members.members, sim.scale.memberships)
			}
		})
	}
	if held != nil && members != nil {
		t.Logf("%d managers, %d grants of applications, %d memberships of users", held.managers, held.grants, held.groups)
		if held.groups != members.userMembers || held.managers == 0 || held.grants == 0 {
			t.Errorf("the users have %d memberships, %d managers, %d applications; the groups have %d users",
				held.groups, held.managers, held.grants, members.userMembers)
		}
	}
}

// growth reads directories of three sizes: calls and time follow the size, memory does
// not.
func growth(t *testing.T, b *bench) {
	t.Helper()
	type grown struct {
		users int
		each  time.Duration // that the client waits for a user
		cpu   time.Duration // of the gateway for a user
		peak  int64
	}
	var all []grown
	for _, part := range []int{100, 10, 1} {
		n := b.users / part
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			sim := b.reads()
			if part > 1 {
				sim = b.simulate(fmt.Sprint("of-", n), scale{users: n, groups: 10, memberships: n, applications: 3})
			}
			name := "growth: sync of " + grouped(float64(n)) + " users, bare"
			r, c := b.synchronize(t, sim, synchronization{name: name, list: "/Users", query: bare, count: pageSize, floored: true})
			c.once(t, n)
			want := (n + pageSize - 1) / pageSize
			b.must(t, name+": Graph calls", fmt.Sprint(want), grouped(r.calls), int(r.calls) == want)
			all = append(all, grown{n, sum(c.took) / time.Duration(n), r.cpu / time.Duration(n), r.peak})
		})
	}
	if len(all) != 3 {
		t.Fatal("not all sizes were read")
	}
	most := all[2]
	b.should("growth: time per user", "no more than half as much again as of fewer users", fmt.Sprintf("%s, %s, %s", all[0].each, all[1].each, most.each),
		most.each <= min(all[0].each, all[1].each)*3/2)
	b.should("growth: CPU per user", "no more than half as much again as of a tenth of the users", fmt.Sprintf("%s, %s, %s", all[0].cpu, all[1].cpu, most.cpu),
		most.cpu <= all[1].cpu*3/2)
	b.should("growth: peak memory over idle", "within 16 MiB of that of a tenth of the users",
		fmt.Sprintf("%d, %d, %d MiB", all[0].peak>>20, all[1].peak>>20, most.peak>>20), most.peak <= all[1].peak+16<<20)
}
