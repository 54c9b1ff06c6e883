package trigger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// How often an errand is run again, and how long it waits before, when the directory had
// no room for it or did not answer.
const (
	maxTries    = 3
	again       = 10 * time.Second
	longestWait = 2 * time.Minute
)

// work runs errands until there are no more, or until it is cut off.
func (t *Trigger) work(ctx context.Context) {
	ctx = graph.WithPriority(ctx, graph.Low)
	for {
		due, ok := t.next()
		if !ok {
			return
		}
		if t.options.Sleep(ctx, max(due.Sub(t.options.Now()), 0)) != nil {
			t.abandon(stops)
			continue
		}
		if t.options.Ended() {
			t.abandon("the tenant is not served any more, or not so")
			continue
		}
		e := t.take()
		err := t.run(e.log.WithContext(ctx), e)
		if err != nil && ctx.Err() != nil {
			t.abandon(stops, e)
			continue
		}
		t.heard(e, err)
	}
}

func (t *Trigger) run(ctx context.Context, e errand) error {
	if t.options.How == tenant.ProvisionStart {
		return t.start(ctx, e)
	}
	return t.onDemand(ctx, e)
}

// heard tells the log of an errand that failed, or has it run again.
func (t *Trigger) heard(e errand, err error) {
	if err == nil {
		return
	}
	f := fault.From(err)
	line := e.log.Warn().Err(err)
	if f.RequestID != "" {
		line = line.Str("graph_request_id", f.RequestID)
	}
	switch {
	case f.Kind == fault.Forbidden:
		line.Int("dropped", t.refuse()).Msg("provisioning cannot be triggered: the gateway lacks the permission Synchronization.ReadWrite.All")
	case t.later(e, f):
		line.Msg("provisioning was not triggered yet; it is tried again")
	default:
		line.Msg("provisioning was not triggered; it comes with the next cycle")
	}
}

// later has an errand run again that failed for a reason that passes.
func (t *Trigger) later(e errand, f *fault.Error) bool {
	e.tries++
	if e.tries >= maxTries || f.Kind != fault.Throttled && f.Kind != fault.Unavailable && f.Kind != fault.Timeout && f.Kind != fault.BadGateway {
		return false
	}
	e.due = t.options.Now().Add(min(cmp.Or(f.RetryAfter, again), longestWait))
	return t.put(e)
}

// refuse drops what waits: it would be refused as well. It tells how many those were.
func (t *Trigger) refuse() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.waiting)
	t.waiting, t.refused = nil, t.options.Now()
	return n
}

const stops = "the gateway stops"

// abandon says what is left undone, and why: what was begun, and what waits.
func (t *Trigger) abandon(why string, begun ...errand) {
	t.mu.Lock()
	left := append(begun, t.waiting...)
	t.waiting = nil
	t.mu.Unlock()
	applications := map[string]bool{}
	for _, one := range left {
		applications[one.application] = true
	}
	left[0].log.Warn().Int("left", len(left)).Strs("service_principals", names(applications)).
		Msg(why + ": provisioning was not triggered; it comes with the next cycle")
}

// maxNamed bounds the names on one log line.
const maxNamed = 20

func names(set map[string]bool) []string {
	var all []string
	for name := range set {
		all = append(all, name)
	}
	slices.Sort(all)
	return all[:min(len(all), maxNamed)]
}
