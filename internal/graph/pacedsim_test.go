package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

const callers = 64

// throttling starts a simulator that throttles as Graph does, with so many users, and
// gives a client by its clock, which goes on only when somebody waits.
func throttling(t *testing.T, users int, limits trouble.Limits) (*graphsim.Simulator, graph.Options, []string) {
	t.Helper()
	sim, o := simulateWith(t, graphsim.Options{Throttle: true, Limits: limits})
	var ids []string
	for i := range users {
		name := fmt.Sprintf("user%04d", i)
		id, err := sim.Tenant(graphsim.DefaultTenant).Add("user", graphsim.Values{
			"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@contoso.com",
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	o.Credential.Secret = graphsim.DefaultSecret
	o.Now = sim.Now
	o.Sleep = func(ctx context.Context, d time.Duration) error { sim.Advance(d); return ctx.Err() }
	return sim, o, ids
}

// A crowd is callers who want something of one client at the same time.
type crowd struct {
	t       *testing.T
	sim     *graphsim.Simulator
	client  *graph.Client
	ids     []string
	refused atomic.Int32 // calls that were told to come back
	batches atomic.Int32
}

// each has every caller do something so many times, with a user of his own each time.
func (c *crowd) each(times int, do func(id string) error) {
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for n := range times {
				if !c.persist(func() error { return do(c.ids[(i*times+n)%len(c.ids)]) }) {
					return
				}
			}
		})
	}
	all.Wait()
}

// persist does something until it is done, coming back when it is told to.
func (c *crowd) persist(do func() error) bool {
	var err error
	for range 40 {
		if err = do(); err == nil {
			return true
		}
		f := fault.From(err)
		if f.Kind != fault.Throttled || f.RetryAfter == 0 {
			break
		}
		c.refused.Add(1)
		c.sim.Advance(f.RetryAfter)
	}
	c.t.Errorf("%v, Retry-After %v", err, fault.From(err).RetryAfter)
	return false
}

func (c *crowd) get(id string) error {
	_, err := c.client.Do(c.t.Context(), graph.Request{Path: "/users/{id}", Params: map[string]string{"id": id}})
	return err
}

func (c *crowd) change(id string) error {
	_, err := c.client.Do(c.t.Context(), graph.Request{
		Method: http.MethodPatch, Path: "/users/{id}", Params: map[string]string{"id": id}, Body: []byte(`{"jobTitle":"x"}`),
	})
	return err
}

// groups reads the memberships of 20 users by a batch.
func (c *crowd) groups(id string) error {
	requests := make([]graph.Request, graph.MaxBatch)
	top := graph.MaxPage - int(c.batches.Add(1)) // identical reads would be one
	for i := range requests {
		requests[i] = graph.Request{Path: "/users/{id}/memberOf", Params: map[string]string{"id": id}, Query: graph.Query{Top: top}}
	}
	results, err := c.client.Batch(c.t.Context(), requests, graph.Parallel)
	for _, r := range results {
		if err == nil {
			err = r.Err
		}
	}
	return err
}

func (c *crowd) list(string) error {
	return c.client.All(c.t.Context(), graph.Request{Path: "/users", Query: graph.Query{Top: graph.MaxPage}}, func(jsontext.Value) error { return nil })
}

// 64 callers who want more than Graph's limits leave get all of it, and Graph has
// nothing to throttle; without pacing it has.
func TestNothingIsThrottled(t *testing.T) {
	t.Parallel()
	tenth := trouble.Limits{
		SmallUnits: trouble.Limit{Amount: 350, Window: 10 * time.Second}, MediumUnits: trouble.Limit{Amount: 500, Window: 10 * time.Second},
		LargeUnits: trouble.Limit{Amount: 800, Window: 10 * time.Second}, Writes: trouble.Limit{Amount: 300, Window: 150 * time.Second},
	}
	for _, users := range []int{30, 300, 600} {
		for _, off := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d users, off %v", users, off), func(t *testing.T) {
				t.Parallel()
				sim, o, ids := throttling(t, users, tenth)
				o.Pacing, o.Patience = graph.Pacing{Off: off, Share: 10}, time.Hour
				c := &crowd{t: t, sim: sim, client: connect(t, o), ids: ids}
				if !c.persist(func() error { return c.list("") }) { // tells the size of the tenant
					return
				}
				c.each(6, c.get)
				c.each(1, c.groups)
				if !off { // it would take hours of the simulator's time, in which tokens expire
					c.each(6, c.change)
				}
				s := sim.Stats()
				t.Logf("%d requests, %d operations, %d units, %d writes: %d throttled by Graph, %d refused by the client",
					s.Requests, s.Operations, s.ResourceUnits, s.Writes, s.Throttled, c.refused.Load())
				if off != (s.Throttled > 0) {
					t.Errorf("%d throttled with pacing off: %v", s.Throttled, off)
				}
			})
		}
	}
}

// A tenth of the requests throttled and a twentieth failing by chance: all is done in the
// end, and the pacer has forgotten nobody.
func TestTroubleByChance(t *testing.T) {
	t.Parallel()
	sim, o, ids := throttling(t, 600, trouble.Limits{})
	o.Patience = time.Hour
	c := &crowd{t: t, sim: sim, client: connect(t, o), ids: ids}
	if !c.persist(func() error { return c.list("") }) {
		return
	}
	if err := sim.Set(graphsim.Settings{Rates: &trouble.Rates{Throttled: 100, Failing: 50, Seed: 7}}); err != nil {
		t.Fatal(err)
	}
	tried := func(do func(string) error) func(string) error {
		return func(id string) error {
			err := do(id)
			for range 20 { // five failures one after another are rare, and are answered 502 to 504
				if err == nil || fault.Is(err, fault.Throttled) {
					break
				}
				err = do(id)
			}
			return err
		}
	}
	c.each(5, tried(c.get))
	c.each(2, tried(c.groups))
	c.each(3, tried(c.change))
	if s := c.client.State(); s.Breaker != graph.Closed || s.Waiting != 0 || s.Parallel != 0 {
		t.Errorf("%+v", s)
	}
	if s := sim.Stats(); s.Throttled == 0 {
		t.Error("nothing was throttled")
	}
}

// What the client counts as spent is what Graph counted.
func TestSpentIsWhatGraphCounts(t *testing.T) {
	t.Parallel()
	sim, o, ids := throttling(t, 60, trouble.Limits{})
	c := &crowd{t: t, sim: sim, client: connect(t, o), ids: ids}
	for name, do := range map[string]func(string) error{
		"get": c.get, "change": c.change, "groups": c.groups, "list": c.list,
		"small page": func(string) error {
			_, err := c.client.Page(t.Context(), graph.Request{Path: "/users", Query: graph.Query{Top: 5, Expand: "manager"}}, "", func(*jsontext.Decoder) error { return nil })
			return err
		},
		"next pages": func(string) error {
			return c.client.All(t.Context(), graph.Request{Path: "/users", Query: graph.Query{Top: 7, Select: []string{"id"}}}, func(jsontext.Value) error { return nil })
		},
		"by ids": func(id string) error {
			_, err := c.client.Do(t.Context(), graph.Request{Method: http.MethodPost, Path: "/directoryObjects/getByIds", Reads: true, Body: []byte(`{"ids":["` + id + `"]}`)})
			return err
		},
		"of nobody": func(string) error {
			_, err := c.client.Do(t.Context(), graph.Request{Path: "/users/{id}", Params: map[string]string{"id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}})
			if fault.Is(err, fault.NotFound) {
				err = nil
			}
			return err
		},
	} {
		sim.Advance(3 * time.Minute)
		sim.Reset()
		if err := do(ids[0]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s, graphs := c.client.State(), sim.Stats(); s.Spent != graphs.ResourceUnits || s.Writes != graphs.Writes || s.Spent == 0 {
			t.Errorf("%s: %d units, %d writes; Graph: %d, %d", name, s.Spent, s.Writes, graphs.ResourceUnits, graphs.Writes)
		}
	}
	if s := c.client.State(); s.Units != 5000 {
		t.Errorf("a budget of %d for 60 users", s.Units)
	}
}

// Two processes share an app: what one spends the other learns of by Graph's
// percentage, before Graph throttles much.
func TestAnotherProcess(t *testing.T) {
	t.Parallel()
	sim, o, ids := throttling(t, 30, trouble.Limits{})
	one := &crowd{t: t, sim: sim, client: connect(t, o), ids: ids}
	other := &crowd{t: t, sim: sim, client: connect(t, o), ids: ids}
	spend := func(c *crowd, n int) {
		for range n {
			if err := c.groups(ids[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	spend(one, 75) // 3,000 of 3,500 units
	if err := other.get(ids[1]); err != nil {
		t.Fatal(err)
	}
	if s := other.client.State(); s.Spent < 2900 || s.Spent > 3500 {
		t.Errorf("the other process counts %d units", s.Spent)
	}
}
