package pace

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"entrascim/internal/fault"
)

// A 429 pauses what its scope covers, until Retry-After has passed, and nothing else.
func TestPauses(t *testing.T) {
	t.Parallel()
	other := reading(1)
	other.lane = lane{"/groups/{id}", true}
	const app, ids = "Application/", "/app/tenant"
	for name, c := range map[string]struct {
		throttled             Load
		scope                 string
		same, other, write    bool // paused: a read of the same route, of another, a write
		neighbour, neighbours bool // the same in another tenant: a read, a write
	}{
		"the tenant":           {reading(1), "Tenant_Application/ReadWrite" + ids, true, true, true, false, false},
		"reads of the tenant":  {reading(1), "Tenant_Application/Read" + ids, true, true, true, false, false},
		"writes of the tenant": {writing(), "Tenant_Application/Write" + ids, false, false, true, false, false},
		"all apps' writes":     {writing(), "Tenant/Write" + ids, false, false, true, false, false},
		"the app":              {reading(1), app + "ReadWrite" + ids, true, true, true, true, true},
		"writes of the app":    {writing(), app + "Write" + ids, false, false, true, false, true},
		"not told, a read":     {reading(1), "", true, false, false, false, false},
		"not told, a write":    {writing(), "", false, false, true, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			apps := new(Apps)
			p := idle(Pacing{}, apps)
			q := idle(Pacing{}, apps, func(o *Options) { o.Directory = "globex" })
			p.finish(t.Context(), mustTake(t, p, c.throttled, 0), http.StatusTooManyRequests, "Retry-After", "7", headerScope, c.scope)
			paused := func(p *Pacer, k Load) bool {
				got, err := p.take(t.Context(), k, time.Second)
				if err == nil {
					p.finish(t.Context(), got, http.StatusOK)
				} else if f := fault.From(err); f.Kind != fault.Throttled || f.RetryAfter != 7*time.Second {
					t.Errorf("%s: %v, Retry-After %v", name, err, f.RetryAfter)
				}
				return err != nil
			}
			got := [5]bool{paused(p, reading(1)), paused(p, other), paused(p, writing()), paused(q, reading(1)), paused(q, writing())}
			if want := [5]bool{c.same, c.other, c.write, c.neighbour, c.neighbours}; got != want {
				t.Errorf("%s: paused %v, want %v", name, got, want)
			}
			begun := time.Now()
			mustTake(t, p, c.throttled, time.Minute)
			if took := time.Since(begun); took != 7*time.Second {
				t.Errorf("%s: went on after %v", name, took)
			}
		})
	}
}

// A Retry-After beyond reason does not take the directory away for a day.
func TestPausesEnd(t *testing.T) {
	t.Parallel()
	p := idle(Pacing{}, nil)
	p.finish(t.Context(), mustTake(t, p, reading(1), 0), http.StatusTooManyRequests, "Retry-After", "86400", headerScope, "Tenant_Application/ReadWrite")
	_, err := p.take(t.Context(), reading(1), 0)
	if f := fault.From(err); f.Kind != fault.Throttled || f.RetryAfter > longestPause {
		t.Errorf("%v, Retry-After %v", err, f.RetryAfter)
	}
}

// Graph's word on what a request cost counts, not the estimate.
func TestUnitsAreCorrected(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want int
	}{{"5", 5}, {"1", 1}, {"0", 0}, {"-3", 3}, {"x", 3}, {"", 3}, {"99999999", 3}} {
		p := idle(Pacing{}, nil)
		p.finish(t.Context(), mustTake(t, p, reading(3), 0), http.StatusOK, headerUnits, c.text)
		if p.budgets.units.total != c.want || p.app.budgets.units.total != c.want {
			t.Errorf("%q: %d, and %d of the app, want %d", c.text, p.budgets.units.total, p.app.budgets.units.total, c.want)
		}
	}
}

// What others spend of a limit (another replica) is not spent here: Graph's percentage
// tells it. What this client has spent itself, or leaves to others anyway, counts once.
func TestOthersCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pacing     Pacing
		spent      int
		percentage string
		want       int
	}{
		"nobody else":               {Pacing{}, 3000, "0.9", 3000},
		"others":                    {Pacing{}, 1000, "0.9", 3149},
		"more than there is":        {Pacing{}, 1000, "1.8", 3500},
		"not told":                  {Pacing{}, 1000, "", 1000},
		"no number":                 {Pacing{}, 1000, "NaN", 1000},
		"half, and others theirs":   {Pacing{Share: 50}, 1500, "0.9", 1500},
		"half, and others too much": {Pacing{Share: 50}, 350, "0.9", 1400},
	} {
		p := idle(c.pacing, nil)
		p.finish(t.Context(), mustTake(t, p, reading(c.spent), 0), http.StatusOK, headerPercentage, c.percentage)
		if got := p.budgets.units.total; got < c.want-2 || got > c.want+2 {
			t.Errorf("%s: %d count, want %d", name, got, c.want)
		}
	}
}

// Items of a batch are heard each: what they cost, and what was throttled. One that is
// throttled alone says nothing of the others of its route.
func TestItemsAreHeard(t *testing.T) {
	t.Parallel()
	throttled := http.Header{"Retry-After": {"9"}, headerUnits: {"4"}}
	scoped := throttled.Clone()
	scoped.Set(headerScope, "Tenant_Application/Write/a/t")
	for name, c := range map[string]struct {
		header http.Header
		spared bool
		paused bool
	}{
		"alone": {throttled, true, false}, "all": {throttled, false, true}, "alone, with a scope": {scoped, true, true},
	} {
		p := idle(Pacing{}, nil)
		p.Hear(Answer{Status: http.StatusTooManyRequests, Header: c.header}, writing(), c.spared)
		p.Hear(Answer{Status: http.StatusTooManyRequests, Header: c.header}, writing(), c.spared)
		_, err := p.take(t.Context(), writing(), 0)
		if got := fault.Is(err, fault.Throttled); got != c.paused {
			t.Errorf("%s: paused %v, %v", name, got, err)
		}
		if p.budgets.units.total < 6 || p.flow.limit != firstFlow/2 {
			t.Errorf("%s: %d units, %v at once", name, p.budgets.units.total, p.flow.limit)
		}
	}
}

// The pauses of routes are bounded, and those that ended make room.
func TestLanesAreBounded(t *testing.T) {
	t.Parallel()
	p := idle(Pacing{}, nil)
	now := time.Unix(1e9, 0)
	for i := range 3 * maxLanes {
		p.pauseLane(now.Add(time.Duration(i)*time.Second), now.Add(time.Duration(i+10)*time.Second), lane{route: string(rune('a' + i))})
	}
	if n := len(p.lanes); n > maxLanes {
		t.Errorf("%d lanes", n)
	}
	last := lane{route: string(rune('a' + 3*maxLanes - 1))}
	if p.lanes[last].IsZero() {
		t.Error("the newest is not among them")
	}
}
