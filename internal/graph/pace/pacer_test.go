package pace

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"entrascim/internal/fault"
)

const directory = "11111111-2222-3333-4444-555555555555"

// idle is a pacer of a client that sends nothing, by the bubble's clock.
func idle(pacing Pacing, apps *Apps, change ...func(*Options)) *Pacer {
	if apps == nil {
		apps = new(Apps)
	}
	o := Options{Pacing: pacing, Directory: directory, ClientID: "client", Host: "graph.test", Now: time.Now, Sleep: sleep}
	for _, f := range change {
		f(&o)
	}
	return apps.Pacer(o)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A lostError is what a client makes of a connection that fails.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// reading is a call that reads one object; writing one that changes it.
func reading(units int) Load {
	return Load{cost: cost{units: units}, priority: High, lane: lane{"/users/{id}", true}}
}

func writing() Load {
	return Load{cost: cost{units: 1, writes: 1}, priority: High, lane: lane{"/users/{id}", false}}
}

func (l Load) of(p Priority) Load { l.priority = p; return l }

// finish ends a turn with an answer.
func (p *Pacer) finish(ctx context.Context, t Turn, status int, header ...string) {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	p.End(ctx, t, Answer{Status: status, Header: h})
}

// mustTake takes a turn that there is.
func mustTake(t *testing.T, p *Pacer, k Load, patience time.Duration) Turn {
	t.Helper()
	got, err := p.take(t.Context(), k, patience)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// spend uses up so many units at once.
func spend(t *testing.T, p *Pacer, n int) {
	t.Helper()
	p.finish(t.Context(), mustTake(t, p, reading(n), 0), http.StatusOK)
}

// However many callers there are and whatever they ask for: within no 10 seconds does
// Graph see more units than the budget has, whenever it sees a request that is under way,
// nor more writes within 150, and everybody who can wait gets his turn.
func TestPacerLaw(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			p := idle(Pacing{Units: 500}, nil)
			p.budgets.writes = newWindow(limit{300, 150 * time.Second})
			var mu sync.Mutex
			var units, writes []spending
			var callers sync.WaitGroup
			for i := range 64 {
				callers.Go(func() {
					rng := rand.New(rand.NewPCG(seed, uint64(i)))
					for range 40 {
						k := reading(1 + rng.IntN(40)).of(Priority(rng.IntN(3)))
						if rng.IntN(10) == 0 {
							k = writing()
						}
						got, err := p.take(t.Context(), k, time.Hour)
						if err != nil {
							t.Error(err)
							return
						}
						time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
						mu.Lock() // Graph sees it
						units = append(units, spending{time.Now(), k.cost.units})
						if k.cost.writes > 0 {
							writes = append(writes, spending{time.Now(), 1})
						}
						mu.Unlock()
						time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
						p.finish(t.Context(), got, http.StatusOK)
					}
				})
			}
			callers.Wait()
			if n := mostIn(units, 10*time.Second); n > 500 {
				t.Errorf("seed %d: %d units in 10 s", seed, n)
			}
			if n := mostIn(writes, 150*time.Second); n > 300 {
				t.Errorf("seed %d: %d writes in 150 s", seed, n)
			}
			if len(units) != 64*40 || p.waiting() != 0 || p.flow.under != 0 {
				t.Errorf("seed %d: %d turns, %d waiting, %d under way", seed, len(units), p.waiting(), p.flow.under)
			}
		})
	}
}

// Pacing costs no more than what lists leave to others: they get nearly all of the rest.
func TestPacerThroughput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 8000}, nil)
		end := time.Now().Add(5 * time.Minute)
		var callers sync.WaitGroup
		var spent atomic.Int64
		for range 64 {
			callers.Go(func() {
				for time.Now().Before(end) {
					got, err := p.take(t.Context(), reading(20).of(Normal), time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(50 * time.Millisecond)
					p.finish(t.Context(), got, http.StatusOK)
					spent.Add(20)
				}
			})
		}
		callers.Wait()
		if share := float64(spent.Load()) / (30 * 8000); share < 0.87 {
			t.Errorf("%.2f of the budget was used, 0.90 may be", share)
		}
	})
}

// When there is room again, the important ones go first, and those of one priority in
// the order of their coming.
func TestPriorities(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 100}, nil)
		spend(t, p, 100)
		p.flow.limit = 1
		var mu sync.Mutex
		var order []string
		var callers sync.WaitGroup
		for _, c := range []struct {
			name string
			p    Priority
		}{{"low", Low}, {"list 1", Normal}, {"list 2", Normal}, {"get 1", High}, {"get 2", High}} {
			callers.Go(func() {
				got, err := p.take(t.Context(), reading(20).of(c.p), time.Hour)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, c.name)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				p.finish(t.Context(), got, http.StatusOK)
			})
			synctest.Wait()
		}
		callers.Wait()
		if got := strings.Join(order, ", "); got != "get 1, get 2, list 1, list 2, low" {
			t.Errorf("the order is %s", got)
		}
	})
}

// Lists leave a part of the budget to those for whom somebody waits, and background
// work leaves more.
func TestReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 1000}, nil)
		for _, c := range []struct {
			p    Priority
			most int
		}{{Low, 600}, {Normal, 900}, {High, 1000}} {
			for {
				got, err := p.take(t.Context(), reading(10).of(c.p), 0)
				if err != nil {
					break
				}
				p.finish(t.Context(), got, http.StatusOK)
			}
			if p.budgets.units.total != c.most {
				t.Errorf("%v: %d spent, want %d", c.p, p.budgets.units.total, c.most)
			}
		}
	})
}

// Who cannot wait long enough is told when to come back, and can then; a second sooner
// there is no room.
func TestHonestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 100}, nil)
		spend(t, p, 60)
		time.Sleep(4 * time.Second)
		spend(t, p, 40)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		for name, c := range map[string]struct {
			ctx      context.Context
			units    int
			patience time.Duration
			want     time.Duration
		}{
			"the caller's deadline": {ctx, 10, time.Minute, 7 * time.Second},
			"the call's patience":   {t.Context(), 10, 2 * time.Second, 7 * time.Second},
			"more of it":            {t.Context(), 90, 2 * time.Second, 11 * time.Second},
		} {
			begun := time.Now()
			_, err := p.take(c.ctx, reading(c.units), c.patience)
			f := fault.From(err)
			if f.Kind != fault.Throttled || f.RetryAfter != c.want || time.Since(begun) > 0 {
				t.Errorf("%s: %v after %v, Retry-After %v, want %v", name, err, time.Since(begun), f.RetryAfter, c.want)
			}
		}
		time.Sleep(6 * time.Second)
		if _, err := p.take(t.Context(), reading(10), 0); !fault.Is(err, fault.Throttled) {
			t.Errorf("a second too soon: %v", err)
		}
		time.Sleep(time.Second)
		spend(t, p, 10)
	})
}

// A newcomer is told of those who wait before him, too.
func TestRetryAfterBehindOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 100}, nil)
		spend(t, p, 100)
		ctx, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		for range 5 {
			callers.Go(func() { _, _ = p.take(ctx, reading(50), time.Hour) })
		}
		synctest.Wait()
		_, err := p.take(t.Context(), reading(50), time.Second)
		if f := fault.From(err); f.RetryAfter != 31*time.Second {
			t.Errorf("Retry-After %v behind 2.5 budgets", f.RetryAfter)
		}
		_, err = p.take(t.Context(), reading(50).of(Low), time.Second)
		if f := fault.From(err); f.RetryAfter < 31*time.Second {
			t.Errorf("Retry-After %v of a low one", f.RetryAfter)
		}
		cancel()
		callers.Wait()
		if p.waiting() != 0 {
			t.Errorf("%d wait, though they went away", p.waiting())
		}
	})
}

// The queue is bounded: one more is refused at once, and the others get their turns.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 100_000}, nil)
		var first []Turn
		for range firstFlow {
			first = append(first, mustTake(t, p, reading(1), 0))
		}
		var callers sync.WaitGroup
		for range maxQueue {
			callers.Go(func() {
				got, err := p.take(t.Context(), reading(1), time.Hour)
				if err != nil {
					t.Error(err)
				}
				p.finish(t.Context(), got, http.StatusOK)
			})
		}
		synctest.Wait()
		_, err := p.take(t.Context(), reading(1), time.Hour)
		if f := fault.From(err); f.Kind != fault.Unavailable || f.RetryAfter < time.Second || p.waiting() != maxQueue {
			t.Errorf("%v, Retry-After %v, %d wait", err, f.RetryAfter, p.waiting())
		}
		for _, got := range first {
			p.finish(t.Context(), got, http.StatusOK)
		}
		callers.Wait()
	})
}

// Who waits for a place under way gives up when his deadline or patience ends, is told
// that nothing was sent, and holds no place.
func TestPatienceInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{}, nil)
		for range firstFlow {
			mustTake(t, p, reading(1), 0)
		}
		begun := time.Now()
		if _, err := p.take(t.Context(), reading(1), 5*time.Second); !fault.Is(err, fault.Throttled) || time.Since(begun) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.take(ctx, reading(1), time.Minute); !fault.Is(err, fault.Throttled) {
			t.Error(err)
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if _, err := p.take(gone, reading(1), time.Minute); !fault.Is(err, fault.Timeout) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if p.waiting() != 0 {
			t.Errorf("%d wait", p.waiting())
		}
	})
}

// A write that has to wait keeps other writes waiting, and no read.
func TestWritesWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 1000}, nil)
		p.budgets.writes = newWindow(limit{10, 150 * time.Second})
		for range 8 {
			p.finish(t.Context(), mustTake(t, p, writing(), 0), http.StatusNoContent)
		}
		many := writing()
		many.cost.writes = 5
		var waiting sync.WaitGroup
		var first atomic.Bool
		waiting.Go(func() {
			mustTake(t, p, many, time.Hour)
			first.Store(true)
		})
		synctest.Wait()
		spend(t, p, 10)
		if _, err := p.take(t.Context(), writing(), time.Second); !fault.Is(err, fault.Throttled) {
			t.Errorf("a write before one that waits: %v", err)
		}
		time.Sleep(140 * time.Second)
		if first.Load() {
			t.Error("it did not wait")
		}
		mustTake(t, p, writing(), time.Hour)
		if synctest.Wait(); !first.Load() {
			t.Error("a write went before one that waited longer")
		}
		waiting.Wait()
	})
}

// An app's budget over all tenants is shared by its tenants, and by no other app.
func TestAppsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		apps := new(Apps)
		tenant := func(directory, client string) *Pacer {
			return idle(Pacing{Share: 1000}, apps, func(o *Options) { o.Directory, o.ClientID = directory, client })
		}
		acme, globex, other := tenant("acme", "client"), tenant("globex", "client"), tenant("globex", "another")
		if acme == globex || tenant("ACME", "client") != acme {
			t.Error("directories are mixed up")
		}
		acme.app.budgets.units = newWindow(limit{100, 20 * time.Second})
		spend(t, acme, 80)
		spend(t, globex, 20)
		for name, p := range map[string]*Pacer{"acme": acme, "globex": globex} {
			_, err := p.take(t.Context(), reading(1), time.Second)
			if f := fault.From(err); f.Kind != fault.Throttled || f.RetryAfter != 21*time.Second {
				t.Errorf("%s: %v, Retry-After %v", name, err, f.RetryAfter)
			}
		}
		spend(t, other, 50)
		got := mustTake(t, globex, reading(1), time.Minute) // waits
		if got.waited < 20*time.Second {
			t.Errorf("waited %v", got.waited)
		}
		globex.finish(t.Context(), got, http.StatusOK)
		under := mustTake(t, acme, reading(95), time.Minute)
		time.AfterFunc(5*time.Second, func() { acme.finish(t.Context(), under, http.StatusOK, headerUnits, "1") })
		if got := mustTake(t, globex, reading(90), time.Minute); got.waited < 5*time.Second || got.waited > 6*time.Second {
			t.Errorf("waited %v for another tenant's", got.waited)
		}
	})
}

// Concurrency grows while it is used and all is well, halves once for what was under way
// when Graph throttled, and never leaves its bounds.
func TestFlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Units: 1_000_000}, nil)
		round := func(status int) int {
			var under []Turn
			for !p.flow.full() {
				under = append(under, mustTake(t, p, reading(1), 0))
			}
			time.Sleep(time.Second)
			for _, got := range under {
				p.finish(t.Context(), got, status)
			}
			return len(under)
		}
		if n := round(http.StatusOK); n != firstFlow {
			t.Errorf("%d in the beginning", n)
		}
		if n := round(http.StatusOK); n != firstFlow+1 && n != firstFlow {
			t.Errorf("%d after a round", n)
		}
		for range 100 {
			round(http.StatusOK)
		}
		if n := round(http.StatusTooManyRequests); n != mostFlow {
			t.Errorf("%d at most", n)
		}
		if n := round(http.StatusTooManyRequests); n != mostFlow/2 {
			t.Errorf("%d after one round of 429", n)
		}
		for range 10 {
			round(http.StatusTooManyRequests)
		}
		if n := round(http.StatusOK); n != leastFlow {
			t.Errorf("%d at least", n)
		}
	})
}

// What says that Graph has too much to do halves the concurrency, and nothing else.
func TestFlowHalves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int // 0: none
		err    error
		halves bool
	}{
		"429": {429, nil, true}, "503": {503, nil, true}, "no answer in time": {0, &lostError{context.DeadlineExceeded}, true},
		"500": {500, nil, false}, "404": {404, nil, false}, "no connection": {0, errRefused, false},
	} {
		p := idle(Pacing{}, nil)
		got := mustTake(t, p, reading(1), 0)
		p.End(t.Context(), got, Answer{Status: c.status, Err: c.err})
		if halved := p.flow.limit == firstFlow/2; halved != c.halves {
			t.Errorf("%s: %v at once", name, p.flow.limit)
		}
	}
}

// With pacing off nothing waits and nothing is counted.
func TestPacingOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{Off: true}, nil)
		for range 2 * mostFlow {
			mustTake(t, p, reading(1000), 0)
		}
		p.finish(t.Context(), mustTake(t, p, reading(1), 0), http.StatusTooManyRequests, "Retry-After", "100", headerScope, "Tenant/ReadWrite")
		mustTake(t, p, reading(1), 0)
		if p.budgets.units.total != 0 {
			t.Errorf("%d units counted", p.budgets.units.total)
		}
	})
}

// The budgets are a share of Microsoft's for a tenant of its size, or what was said.
func TestPacingSizes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pacing               Pacing
		users, units, writes int
	}{
		"unknown":         {Pacing{}, 0, 3500, 3000},
		"small":           {Pacing{}, 49, 3500, 3000},
		"medium":          {Pacing{}, 50, 5000, 3000},
		"still medium":    {Pacing{}, 500, 5000, 3000},
		"large":           {Pacing{}, 501, 8000, 3000},
		"a third":         {Pacing{Share: 33}, 501, 2640, 990},
		"twice as much":   {Pacing{Share: 200}, 501, 16000, 6000},
		"a number":        {Pacing{Units: 1234}, 501, 1234, 3000},
		"never not any":   {Pacing{Share: 1}, 0, 35, 30},
		"it never shrank": {Pacing{}, 501, 8000, 3000},
	} {
		p := idle(c.pacing, nil)
		p.KnowUsers(c.users)
		p.KnowUsers(1)
		if p.budgets.units.amount != c.units || p.budgets.writes.amount != c.writes {
			t.Errorf("%s: %d units, %d writes", name, p.budgets.units.amount, p.budgets.writes.amount)
		}
	}
}
