package pace

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A spending is what was spent at a time.
type spending struct {
	at time.Time
	n  int
}

// mostIn is the most that was spent within the span, wherever it begins.
func mostIn(all []spending, span time.Duration) int {
	most, sum, first := 0, 0, 0
	for _, s := range all {
		sum += s.n
		for !all[first].at.After(s.at.Add(-span)) {
			sum -= all[first].n
			first++
		}
		most = max(most, sum)
	}
	return most
}

// Whatever is asked for and whenever: no more than the limit is spent in any span, what
// has to wait can go at the time that was said, and not much earlier.
func TestWindowLaw(t *testing.T) {
	t.Parallel()
	for seed := range uint64(15) {
		rng := rand.New(rand.NewPCG(seed, 1))
		l := limit{20 + rng.IntN(5000), time.Duration(1+rng.IntN(150)) * time.Second}
		w := newWindow(l)
		now := time.Unix(1e9, rng.Int64N(1e9))
		var all []spending
		waited := 0
		for range 800 {
			now = now.Add(time.Duration(rng.ExpFloat64() * float64(l.span) / 200))
			n := 1 + rng.IntN(l.amount/10)
			at, _ := w.when(now, n, l.amount)
			if at.After(now) {
				waited++
				if over := mostIn(append(all, spending{now, n}), l.span*(parts+1)/parts+1); over <= l.amount {
					t.Fatalf("seed %d: waits though there is room: %d of %d", seed, over, l.amount)
				}
				now = at
			}
			w.charge(now, n)
			all = append(all, spending{now, n})
		}
		if most := mostIn(all, l.span); most > l.amount {
			t.Errorf("seed %d: %d spent in %v, the limit is %d", seed, most, l.span, l.amount)
		}
		if waited == 0 {
			t.Errorf("seed %d: nothing waited", seed)
		}
	}
}

// The whole of a limit is spent in the long run, but for the part that a window is
// coarser than the limit.
func TestWindowThroughput(t *testing.T) {
	t.Parallel()
	l := limit{3500, 10 * time.Second}
	w, now, spent := newWindow(l), time.Unix(1e9, 0), 0
	end := now.Add(10 * time.Minute)
	for now.Before(end) {
		at, _ := w.when(now, 7, l.amount)
		now = later(now, at)
		w.charge(now, 7)
		spent += 7
	}
	if share := float64(spent) / (60 * 3500); share < 0.97 {
		t.Errorf("%.3f of the limit was spent", share)
	}
}

// What is under way counts until a span after it has ended: Graph may see it at the
// last moment.
func TestWindowHolds(t *testing.T) {
	t.Parallel()
	w, now := newWindow(limit{100, 10 * time.Second}), time.Unix(1e9, 0)
	w.charge(now, 30)
	w.hold(70)
	now = now.Add(time.Minute)
	if at, ends := w.when(now, 31, 100); !ends || at.Sub(now) != 10200*time.Millisecond || w.total != 70 {
		t.Errorf("%d count, %v to wait", w.total, at.Sub(now))
	}
	w.settle(now, 70, 90)
	if w.advance(now.Add(9 * time.Second)); w.total != 90 || w.held != 0 {
		t.Errorf("%d count, %d under way", w.total, w.held)
	}
	if w.advance(now.Add(11 * time.Second)); w.total != 0 {
		t.Errorf("%d count", w.total)
	}
}

// What is ahead of somebody is waited for, a span for each limit of it.
func TestWindowAhead(t *testing.T) {
	t.Parallel()
	w, now := newWindow(limit{100, 10 * time.Second}), time.Unix(1e9, 0)
	if at, _ := w.when(now, 100, 100); at.After(now) {
		t.Errorf("an empty window has to be waited for: %v", at.Sub(now))
	}
	w.charge(now, 100)
	for n, want := range map[int]time.Duration{1: 10200 * time.Millisecond, 100: 10200 * time.Millisecond, 101: 20200 * time.Millisecond, 250: 30200 * time.Millisecond} {
		if at, ends := w.when(now, n, 100); at.Sub(now) != want || ends {
			t.Errorf("%d: %v, want %v", n, at.Sub(now), want)
		}
	}
}
