//go:build e2e

package benche2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// twoClients read all pages of a list by their index, each in an order of its own, from
// two replicas in turn, of which one is stopped and started again when half is read.
func twoClients(t *testing.T, b *bench) {
	t.Helper()
	sim := b.reads()
	sim.signIn(t, b)
	replicas := []*server{b.gateway(t, sim, "replica-1"), b.gateway(t, sim, "replica-2")}
	idle, cpu := replicas[0].resident(t), replicas[0].cpu(t)
	replicas[0].resetPeak(t)
	total := (sim.scale.users + pageSize - 1) / pageSize
	var read atomic.Int32
	half := sync.OnceFunc(func() {
		replicas[1].stop(t)
		time.Sleep(200 * time.Millisecond)
		replicas[1].run(t)
		b.await(t, replicas[1].process, replicas[1].base[:len(replicas[1].base)-len("/scim/v2")]+"/readyz")
	})
	has := []*copied{{ids: map[string]int{}}, {ids: map[string]int{}}}
	var elsewhere, first atomic.Int32 // requests that had to go to the other replica; to the first
	started := time.Now()
	asked := sim.counted(t, func() {
		var done sync.WaitGroup
		for i, c := range has {
			done.Go(func() {
				for turn, n := range rand.New(rand.NewPCG(1, uint64(i))).Perm(total) {
					if read.Add(1) == int32(total) {
						go half()
					}
					a := ask{path: fmt.Sprintf("/Users?count=%d&startIndex=%d&%s", pageSize, 1+n*pageSize, bare)}
					began := time.Now()
					p, hops, err := b.either(replicas, turn+i, a)
					if err != nil {
						t.Error(err)
						return
					}
					elsewhere.Add(int32(hops))
					first.Add(int32((turn + i + hops + 1) % 2))
					c.took = append(c.took, time.Since(began))
					c.take(p)
					if p.TotalResults != sim.scale.users {
						t.Errorf("%s: totalResults %d", a.path, p.TotalResults)
					}
				}
			})
		}
		done.Wait()
		half() // waits for it
	})
	met := true
	for _, c := range has {
		met = c.once(t, sim.scale.users) && met
	}
	r := row{name: fmt.Sprintf("two clients, %s users in random order, one of two replicas restarted", grouped(float64(sim.scale.users))), n: 2 * total}
	r.add(asked)
	r.per(r.n)
	all := append(has[0].took, has[1].took...)
	r.times(all, nil)
	r.rate = float64(r.n) / time.Since(started).Seconds()
	r.cpu, r.peak = (replicas[0].cpu(t)-cpu)/time.Duration(max(first.Load(), 1)), replicas[0].peak(t)-idle
	b.show(t, r)
	t.Logf("%d pages, %d Graph calls, %d requests went to the other replica", r.n, asked.Requests, elsewhere.Load())
	b.must(t, "two clients paging in random order, one replica restarted", "every id once for each", map[bool]string{true: "every id once for each", false: "not so"}[met && !t.Failed()], met)
}

// either asks one replica, and where it is away, or goes away meanwhile, the other, as a
// load balancer does.
func (b *bench) either(replicas []*server, first int, a ask) (p listed, hops int, err error) {
	for ; hops < 200; hops++ {
		p = listed{}
		err = b.try(*replicas[(first+hops)%len(replicas)], a, decode(&p))
		var refused *statusError
		if err == nil || errors.As(err, &refused) && refused.status != 503 {
			return p, hops, err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return p, hops, err
}
