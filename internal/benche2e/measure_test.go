//go:build e2e

package benche2e

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"
)

// A stage is a gateway of its own and a reverse proxy in front of a simulator.
type stage struct {
	*bench

	sim            *simulator
	gateway, floor *server
	idle           int64 // bytes that the gateway has when nothing was asked of it
}

// stage starts both. The gateway is new, so that its memory is the scenario's.
func (b *bench) stage(t *testing.T, sim *simulator) *stage {
	t.Helper()
	sim.signIn(t, b)
	s := &stage{bench: b, sim: sim, gateway: b.gateway(t, sim, "gateway"), floor: b.floor(t, sim)}
	s.idle = s.gateway.resident(t)
	return s
}

// A trial is one kind of request, and what it is compared with.
type trial struct {
	name     string
	scim     func(n int) ask
	graph    func(n int, by string) steps // of Graph directly, and through the floor
	setup    func(n int)                  // before request n, unmeasured; nil: nothing
	least    int                          // requests, default 1
	counting int                          // requests whose calls are counted, default 3
}

// Who asks, where names must differ.
const (
	byGateway = "g"
	byDirect  = "d"
	byFloor   = "f"
)

// compare asks the gateway, Graph and the floor in turn.
func (s *stage) compare(t *testing.T, c trial) row {
	t.Helper()
	n := 0
	var took [3][]time.Duration
	all := func() {
		s.setup(c, n)
		took[0] = append(took[0], s.do(t, *s.gateway, c.scim(n)))
		took[1] = append(took[1], s.follow(t, s.sim.server, c.graph(n, byDirect)))
		took[2] = append(took[2], s.follow(t, *s.floor, c.graph(n, byFloor)))
		n++
	}
	all() // opens connections and fills caches
	all()
	counting := cmp.Or(c.counting, 3)
	r := row{name: c.name}
	for range counting {
		s.setup(c, n)
		r.add(s.sim.counted(t, func() { s.do(t, *s.gateway, c.scim(n)) }))
		n++
	}
	r.per(counting)
	took = [3][]time.Duration{}
	s.gateway.resetPeak(t)
	cpu, floor := s.gateway.cpu(t), s.floor.cpu(t)
	for began := time.Now(); time.Since(began) < s.time || len(took[0]) < max(c.least, 1); {
		all()
	}
	r.n = len(took[0])
	r.cpu, r.floor = (s.gateway.cpu(t)-cpu)/time.Duration(r.n), (s.floor.cpu(t)-floor)/time.Duration(r.n)
	r.peak = s.gateway.peak(t) - s.idle
	r.times(took[0], took[1])
	r.rate, r.floorRate = float64(r.n)/sum(took[0]).Seconds(), float64(r.n)/sum(took[2]).Seconds()
	s.show(t, r)
	return r
}

func (s *stage) setup(c trial, n int) {
	if c.setup != nil {
		c.setup(n)
	}
}

// add counts what one request cost.
func (r *row) add(c count) {
	r.calls += float64(c.Requests)
	r.batches += float64(c.batches)
	r.writing += float64(c.writing)
	r.operations += float64(c.Operations)
	r.units += float64(c.ResourceUnits)
}

// per divides the counts among requests.
func (r *row) per(n int) {
	for _, f := range []*float64{&r.calls, &r.batches, &r.writing, &r.operations, &r.units} {
		*f /= float64(n)
	}
}

// times are how long requests took, and how much longer than those of Graph directly.
func (r *row) times(took, direct []time.Duration) {
	r.p50, r.p99 = quantile(took, 0.50), quantile(took, 0.99)
	if len(direct) > 0 {
		r.compared = true
		r.added50, r.added99 = r.p50-quantile(direct, 0.50), r.p99-quantile(direct, 0.99)
	}
}

// quantile is the least time that is not exceeded by a share q of them.
func quantile(took []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

func sum(took []time.Duration) (all time.Duration) {
	for _, d := range took {
		all += d
	}
	return all
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var took []time.Duration
	for i := range 100 {
		took = append(took, time.Duration(100-i))
	}
	if p50, p99, most := quantile(took, 0.50), quantile(took, 0.99), quantile(took, 1); p50 != 50 || p99 != 99 || most != 100 {
		t.Errorf("p50 %d, p99 %d, most %d of 1 to 100", p50, p99, most)
	}
}
