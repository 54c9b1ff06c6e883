//go:build e2e

package benche2e

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

const clients = 64

type inFlight = sync.WaitGroup

// latencies are collected by many.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

// together has many clients ask at once until the time is over; how long they took in
// all is told.
func (b *bench) together(t *testing.T, length time.Duration, l *latencies, one func(n int) error) time.Duration {
	t.Helper()
	began := time.Now()
	var done inFlight
	for i := range clients {
		done.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(len(l.all)), uint64(i)))
			for asked := false; !asked || time.Since(began) < length; asked = true {
				from := time.Now()
				if err := one(rng.IntN(1 << 30)); err != nil {
					t.Error(err)
					return
				}
				l.add(time.Since(from))
			}
		})
	}
	done.Wait()
	return time.Since(began)
}

// crowd compares many clients of the gateway with as many of Graph and of the floor, in
// turns.
func (s *stage) crowd(t *testing.T, name string, scim func(n int) ask, graph func(n int) ask) {
	t.Helper()
	const turns = 3
	var took [3]latencies
	var spent [3]time.Duration
	var cpu, floor time.Duration
	r := row{name: name}
	for turn := range turns + 1 {
		if turn == 1 { // the first warms up
			took, spent, r, cpu, floor = [3]latencies{}, [3]time.Duration{}, row{name: name}, 0, 0
			s.gateway.resetPeak(t)
		}
		length := s.time / turns
		before := s.gateway.cpu(t)
		r.add(s.sim.counted(t, func() {
			spent[0] += s.together(t, length, &took[0], func(n int) error { return s.try(*s.gateway, scim(n), discard) })
		}))
		cpu += s.gateway.cpu(t) - before
		spent[1] += s.together(t, length, &took[1], func(n int) error { return s.try(s.sim.server, graph(n), discard) })
		before = s.floor.cpu(t)
		spent[2] += s.together(t, length, &took[2], func(n int) error { return s.try(*s.floor, graph(n), discard) })
		floor += s.floor.cpu(t) - before
	}
	r.n = len(took[0].all)
	r.per(r.n)
	r.cpu, r.floor = cpu/time.Duration(r.n), floor/time.Duration(len(took[2].all))
	r.rate, r.floorRate = float64(r.n)/spent[0].Seconds(), float64(len(took[2].all))/spent[2].Seconds()
	r.peak = s.gateway.peak(t) - s.idle
	r.times(took[0].all, took[1].all)
	s.show(t, r)
}

func crowds(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.reads())
	s.crowdByID(t, "64 clients, GET by id, bare", "?"+bare)
	s.crowdByID(t, "64 clients, GET by id with everything", "")
	pages := s.pages(t)
	links := make([]ask, pages)
	for n := range links {
		links[n] = s.captured(t, s.sim, s.gateway, page(n, bare))[0][0]
	}
	s.crowd(t, "64 clients, list 100, bare",
		func(n int) ask { return page(n%pages, bare) }, func(n int) ask { return links[n%pages] })
}

// pages is how many pages of 100 clients choose from: the same read at the same time
// would be one. The gateway has read them once, and knows where they begin.
func (s *stage) pages(t *testing.T) int {
	t.Helper()
	n := min(s.sim.scale.users/100, 500)
	for i := range n {
		s.do(t, *s.gateway, page(i, bare))
		s.do(t, *s.gateway, page(i, withGroups))
	}
	return n
}

func page(n int, query string) ask {
	return ask{path: fmt.Sprintf("/Users?count=100&startIndex=%d&%s", 1+n*100, query)}
}

func (s *stage) crowdByID(t *testing.T, name, query string) {
	t.Helper()
	users := s.known(t, 20_000)
	scim := func(n int) ask { return ask{path: "/Users/" + users[n%len(users)].ID + query} }
	s.meet(t)
	template := s.captured(t, s.sim, s.gateway, scim(0))
	s.crowd(t, name, scim, func(n int) ask { return template.with(users[0].ID, users[n%len(users)].ID)[0][0] })
}

// slowGraph has Graph take 50 ms for each answer.
func slowGraph(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.reads())
	slow, prompt := trouble.Duration(50*time.Millisecond), trouble.Duration(0)
	users := s.known(t, 500)
	s.meet(t)
	cases := []struct{ name, path string }{
		{"50 ms latency, GET by id, bare", "/Users/" + users[0].ID + "?" + bare},
		{"50 ms latency, GET by id with everything", "/Users/" + users[0].ID},
		{"50 ms latency, list 999, bare", "/Users?count=999&" + bare},
		{"50 ms latency, list 100 with groups", "/Users?count=100&" + withGroups},
		{"50 ms latency, list 999 with groups", "/Users?count=999&" + withGroups},
	}
	if s.time < time.Second {
		cases = cases[:4]
	}
	s.sim.set(t, graphsim.Settings{Latency: &slow}, graphsim.Settings{Latency: &prompt})
	for _, c := range cases {
		template := s.captured(t, s.sim, s.gateway, ask{path: c.path})
		s.compare(t, trial{name: c.name, least: 3, counting: 1, scim: func(int) ask { return ask{path: c.path} }, graph: func(int, string) steps { return template }})
	}
	s.crowdByID(t, "50 ms latency, 64 clients, GET by id, bare", "?"+bare)
}

// throttledGraph has Graph throttle one of a hundred requests. Nobody is told.
func throttledGraph(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.reads())
	users := s.known(t, 20_000)
	pages := s.pages(t)
	s.sim.set(t, graphsim.Settings{Rates: &trouble.Rates{Throttled: 10, Seed: 1}}, graphsim.Settings{Rates: &trouble.Rates{}})
	for _, c := range []struct {
		name string
		ask  func(n int) ask
	}{
		{"1 % throttled, 64 clients, GET by id, bare", func(n int) ask { return ask{path: "/Users/" + users[n%len(users)].ID + "?" + bare} }},
		{"1 % throttled, 64 clients, list 100 with groups", func(n int) ask { return page(n%pages, withGroups) }},
	} {
		var took latencies
		s.gateway.resetPeak(t)
		r, cpu, spent := row{name: c.name}, s.gateway.cpu(t), time.Duration(0)
		asked := s.sim.counted(t, func() {
			spent = b.together(t, s.time, &took, func(n int) error { return s.try(*s.gateway, c.ask(n), discard) })
		})
		r.n = len(took.all)
		r.add(asked)
		r.per(r.n)
		r.cpu, r.rate, r.peak = (s.gateway.cpu(t)-cpu)/time.Duration(r.n), float64(r.n)/spent.Seconds(), s.gateway.peak(t)-s.idle
		r.times(took.all, nil)
		b.show(t, r)
		t.Logf("%d of %d operations were throttled", asked.Throttled, asked.Operations)
	}
	b.must(t, "1 % of Graph calls throttled: requests that the client sees refused", "0", map[bool]string{true: "some", false: "0"}[t.Failed()], !t.Failed())
}
