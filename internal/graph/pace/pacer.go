// Package pace lets the requests of an app to a directory go when Graph's limits leave
// room for them: budgets in Graph's own terms, a bounded queue by priority, as many at
// once as Graph bears, and a circuit breaker. It sends nothing itself.
package pace

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

// maxQueue is how many requests of one client wait for their turn at most.
const maxQueue = 1000

// maxLanes bounds the routes whose pauses are remembered.
const maxLanes = 256

// A Pacer lets the requests of one app to one directory go when Graph's limits leave
// room for them, so that Graph has nothing to throttle. Those that do not fit wait, the
// important ones first, or are refused when they would wait too long. See Pacing for
// what is kept to. It is safe for concurrent use.
type Pacer struct {
	pacing Pacing
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	name   string // of the directory, for the log
	app    *app

	mu      sync.Mutex
	users   int // that the tenant is known to have at least
	budgets budgets
	lanes   map[lane]time.Time // pauses of one route
	flow    flow
	breaker breaker
	queue   [priorities][]*waiter
	wake    time.Time // when somebody in the queue may go; zero: nobody waits for time
	unwake  context.CancelFunc
	heard   time.Time // when Graph answered last
}

func newPacer(o Options, a *app) *Pacer {
	p := &Pacer{
		pacing: o.Pacing, now: o.Now, sleep: o.Sleep, name: o.Directory, app: a,
		flow: flow{limit: firstFlow}, lanes: map[lane]time.Time{},
	}
	p.budgets.units = newWindow(o.Pacing.units(0))
	p.budgets.writes = newWindow(tenantWrites.scaled(o.Pacing.share()))
	for i, l := range slowLimits {
		p.budgets.slow[i] = newWindow(l.tenant.scaled(o.Pacing.share()))
	}
	return p
}

// A Turn is one request that was let go.
type Turn struct {
	load   Load
	at     time.Time
	waited time.Duration // in the queue
	probe  bool          // of the circuit breaker
}

// At is when it was let go.
func (t Turn) At() time.Time { return t.at }

// take waits until a request may be sent, for no longer than patience and the caller's
// deadline. When that will not do, or the directory does not answer anyway, it fails
// at once; then nothing was sent.
func (p *Pacer) take(ctx context.Context, k Load, patience time.Duration) (Turn, error) {
	priority := k.Priority(ctx)
	p.mu.Lock()
	now := p.now()
	if err := p.breaker.refusal(now); err != nil {
		p.mu.Unlock()
		return Turn{}, err
	}
	ahead, waiting := p.ahead(priority)
	if waiting == 0 && p.clear(now, k, priority) {
		t := p.grant(ctx, now, k)
		p.mu.Unlock()
		return t, nil
	}
	w, err := p.enqueue(ctx, now, k, priority, ahead, patience)
	p.mu.Unlock()
	if err != nil {
		return Turn{}, err
	}
	return p.wait(ctx, w, patience)
}

// clear tells whether a request can go now, and counts it for the app then.
func (p *Pacer) clear(now time.Time, k Load, priority Priority) bool {
	if p.pacing.Off {
		return true
	}
	if p.crowded() || p.ready(now, k, cost{}, priority).at().After(now) {
		return false
	}
	return !p.app.claim(now, k, priority).at().After(now)
}

// crowded tells whether as many are under way as may be. The probe of the circuit
// breaker goes beside those that hang.
func (p *Pacer) crowded() bool {
	return p.flow.full() && !p.pacing.Off && p.breaker.state != Open
}

// ready is when this tenant's budgets allow a request, after what is ahead of it.
func (p *Pacer) ready(now time.Time, k Load, ahead cost, priority Priority) ready {
	r := p.budgets.ready(now, k.cost, ahead, priority)
	r.own = later(r.own, p.lanes[k.lane])
	return r
}

// grant lets a request go that is clear.
func (p *Pacer) grant(ctx context.Context, now time.Time, k Load) Turn {
	p.flow.under++
	if !p.pacing.Off {
		p.budgets.hold(k.cost)
	}
	probe := p.breaker.admit()
	if probe {
		p.tell(ctx)
	}
	return Turn{load: k, at: now, probe: probe}
}

// End is told what became of a turn, each time that there was one.
func (p *Pacer) End(ctx context.Context, t Turn, a Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.flow.under--
	o := a.outcome(ctx, now.Sub(t.at))
	switch {
	case o == answered && a.Status != 0 && !throttling(a.Status):
		p.flow.well()
	case o == hung, throttling(a.Status):
		p.flow.badly(now, t.at)
	}
	if o == answered {
		p.heard = now
	}
	p.settle(now, t, a.Header)
	p.obey(now, a, t.load)
	if p.breaker.hear(now, o, t.probe, a.Err) {
		p.tell(ctx)
	}
	p.dispatch(ctx)
}

// tell logs what the circuit breaker does from now on.
func (p *Pacer) tell(ctx context.Context) {
	level := zerolog.InfoLevel
	if p.breaker.state == Open {
		level = zerolog.WarnLevel
	}
	zerolog.Ctx(ctx).WithLevel(level).Str("directory", p.name).Stringer("breaker", p.breaker.state).
		Dur("open_ms", p.breaker.open).AnErr("cause", p.breaker.cause).Msg("circuit breaker")
}

// spent is the fault of a request that would wait too long for a budget. It was not sent.
func spent(wait time.Duration) error {
	f := fault.New(fault.Throttled, "The directory allows no more requests for now.")
	f.RetryAfter = max(wholeSeconds(wait), time.Second)
	return f
}
