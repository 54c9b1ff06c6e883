package pace

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers by which Graph tells of its limits
// (https://learn.microsoft.com/graph/throttling).
const (
	headerUnits      = "X-Ms-Resource-Unit"
	headerPercentage = "X-Ms-Throttle-Limit-Percentage"
	headerScope      = "X-Ms-Throttle-Scope"
	headerPriority   = "X-Ms-Throttle-Priority"
)

const (
	othersLeast = 0.05 // part of a limit that others must have spent for it to count
	mostUsed    = 10   // of a limit, that is believed; Graph says 1.8 at most

	// longestPause bounds for how long nothing is asked, whatever Retry-After says: no
	// limit of Graph's counts longer than 5 minutes.
	longestPause = 10 * time.Minute
)

// throttling tells whether an answer says that Graph wants fewer requests.
func throttling(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// An Answer is what became of a turn: what Graph answered, or why it did not. The zero
// value tells nothing.
type Answer struct {
	Status int         // of the answer, or of its head when the rest was lost; 0: there was none
	Header http.Header // likewise
	Err    error       // why there was no whole answer
	Ours   bool        // Err says nothing of the directory: a credential that it refuses
}

// outcome says what an answer after a time tells of the directory.
func (a Answer) outcome(ctx context.Context, took time.Duration) outcome {
	switch {
	case a.Err == nil && a.Status == 0:
		return unclear
	case a.Err == nil:
		return outcomeOfStatus(a.Status)
	case ctx.Err() != nil:
		if a.Status == 0 && took >= hangTime {
			return hung
		}
		return unclear
	case errors.Is(a.Err, context.DeadlineExceeded):
		return hung
	case a.Ours:
		return unclear
	}
	return failed
}

func outcomeOfStatus(status int) outcome {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return failed
	}
	return answered
}

// settle counts what a turn has cost, by Graph's word where there is one: what a $batch
// cost its items tell.
func (p *Pacer) settle(now time.Time, t Turn, h http.Header) {
	if p.pacing.Off {
		return
	}
	units := t.load.cost.units
	if !t.load.batch {
		if n, ok := unitsIn(h); ok {
			units = n
		}
	}
	p.budgets.settle(now, t.load.cost, units)
	p.app.settle(now, t.load.cost, units)
}

// Hear learns from the answer to an item of a batch. Spared tells that some of the batch
// were not throttled.
func (p *Pacer) Hear(a Answer, k Load, spared bool) {
	if p.pacing.Off {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if n, ok := unitsIn(a.Header); ok && n > k.cost.units {
		p.budgets.units.charge(now, n-k.cost.units)
		p.app.charge(now, n-k.cost.units)
	}
	if a.Status == http.StatusTooManyRequests {
		p.flow.badly(now, now.Add(-time.Second)) // once for all items
		if spared && a.Header.Get(headerScope) == "" {
			return // the others of its route were not
		}
	}
	p.obey(now, a, k)
}

// unitsIn is what Graph says that a request cost.
func unitsIn(h http.Header) (int, bool) {
	text := h.Get(headerUnits)
	if text == "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= smallUnits
}

// obey does as Graph says: it pauses what is throttled, and notes what others have
// spent of the limits.
func (p *Pacer) obey(now time.Time, a Answer, k Load) {
	if p.pacing.Off {
		return
	}
	if text := a.Header.Get(headerPercentage); text != "" && k.cost.slow == [slowRoutes]int{} { // of a route's own limit it tells nothing about the others
		if used, err := strconv.ParseFloat(text, 64); err == nil && used > 0 && used <= mostUsed {
			p.noteOthers(now, used, k.cost.writes > 0)
		}
	}
	if a.Status != http.StatusTooManyRequests {
		return
	}
	if wait := min(RetryAfter(a.Header, now), longestPause); wait > 0 {
		p.pause(now, now.Add(wait), a.Header.Get(headerScope), k)
	}
}

// pause holds back what the scope of a limit covers ("Tenant_Application/Write/…"). A
// limit that is not told, or a route's own, is taken for the route's.
func (p *Pacer) pause(now, until time.Time, scope string, k Load) {
	whose, rest, told := strings.Cut(scope, "/")
	what, _, _ := strings.Cut(rest, "/")
	writes := strings.EqualFold(what, "Write")
	switch {
	case !told || k.cost.slow != [slowRoutes]int{}:
		p.pauseLane(now, until, k.lane)
	case strings.EqualFold(whose, "Application"):
		p.app.pause(until, writes)
	default:
		p.budgets.pause(until, writes)
	}
}

func (p *Pacer) pauseLane(now, until time.Time, l lane) {
	if len(p.lanes) >= maxLanes {
		for other, at := range p.lanes {
			if !at.After(now) {
				delete(p.lanes, other)
			}
		}
	}
	if len(p.lanes) < maxLanes {
		p.lanes[l] = later(p.lanes[l], until)
	}
}

// noteOthers charges what is spent of the limits beyond what this client has spent, and
// beyond what it leaves to others: another replica's, for instance.
func (p *Pacer) noteOthers(now time.Time, used float64, writes bool) {
	share := 1.0
	if p.pacing.Units == 0 {
		share = float64(p.pacing.share()) / 100
	}
	known := max(p.budgets.used(now, writes), p.app.used(now, writes)) * share
	others := used - known - max(1-share, 0)
	if others < othersLeast {
		return
	}
	w := &p.budgets.units
	if writes && p.budgets.writes.used(now) > w.used(now) {
		w = &p.budgets.writes
	}
	w.charge(now, min(int(others*float64(w.amount)/share), max(w.amount-w.total, 0)))
}

// KnowUsers learns that the tenant has at least so many users.
func (p *Pacer) KnowUsers(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n > p.users {
		p.users = n
		p.budgets.units.limit = p.pacing.units(n)
	}
}
