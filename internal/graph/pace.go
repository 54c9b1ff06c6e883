package graph

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

// A pacer lets the requests of one client go when Graph's limits leave room for them,
// so that Graph has nothing to throttle. Those that do not fit wait, the important ones
// first, or are refused when they would wait too long. See Pacing for what is kept to.
type pacer struct {
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

// A lane is requests of one route: what Graph throttles without saying whose limit it
// is may be the route's alone.
type lane struct {
	route string
	reads bool
}

func newPacer(o Options, a *app) *pacer {
	p := &pacer{
		pacing: o.Pacing, now: o.Now, sleep: o.Sleep, name: o.Credential.TenantID, app: a,
		flow: flow{limit: firstFlow}, lanes: map[lane]time.Time{},
	}
	p.budgets.units = newWindow(o.Pacing.units(0))
	p.budgets.writes = newWindow(tenantWrites.scaled(o.Pacing.share()))
	for i, l := range slowLimits {
		p.budgets.slow[i] = newWindow(l.tenant.scaled(o.Pacing.share()))
	}
	return p
}

// A turn is one attempt that was let go.
type turn struct {
	call   call
	at     time.Time
	waited time.Duration // in the queue
	probe  bool          // of the circuit breaker
}

// take waits until the call may be sent, for no longer than patience and the caller's
// deadline. When that will not do, or the directory does not answer anyway, it fails
// at once; then nothing was sent.
func (p *pacer) take(ctx context.Context, k call, patience time.Duration) (turn, error) {
	priority := k.priority.within(ctx)
	p.mu.Lock()
	now := p.now()
	if err := p.breaker.refusal(now); err != nil {
		p.mu.Unlock()
		return turn{}, err
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
		return turn{}, err
	}
	return p.wait(ctx, w, patience)
}

// clear tells whether a call can go now, and counts it for the app then.
func (p *pacer) clear(now time.Time, k call, priority Priority) bool {
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
func (p *pacer) crowded() bool {
	return p.flow.full() && !p.pacing.Off && p.breaker.state != Open
}

// ready is when this tenant's budgets allow a call, after what is ahead of it.
func (p *pacer) ready(now time.Time, k call, ahead cost, priority Priority) ready {
	r := p.budgets.ready(now, k.cost, ahead, priority)
	r.own = later(r.own, p.lanes[k.lane])
	return r
}

// grant lets a call go that is clear.
func (p *pacer) grant(ctx context.Context, now time.Time, k call) turn {
	p.flow.under++
	if !p.pacing.Off {
		p.budgets.hold(k.cost)
	}
	probe := p.breaker.admit()
	if probe {
		p.tell(ctx)
	}
	return turn{call: k, at: now, probe: probe}
}

// end is told what became of a turn: the answer, or why there is none.
func (p *pacer) end(ctx context.Context, t turn, res *Response, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.flow.under--
	o := outcomeOf(ctx, res, err, now.Sub(t.at))
	switch {
	case o == answered && res != nil && !throttling(res.Status):
		p.flow.well()
	case o == hung, res != nil && throttling(res.Status):
		p.flow.badly(now, t.at)
	}
	if o == answered {
		p.heard = now
	}
	p.settle(now, t, res)
	if res != nil {
		p.obey(now, res.Status, res.Header, t.call)
	}
	if p.breaker.hear(now, o, t.probe, err) {
		p.tell(ctx)
	}
	p.dispatch(ctx)
}

// tell logs what the circuit breaker does from now on.
func (p *pacer) tell(ctx context.Context) {
	level := zerolog.InfoLevel
	if p.breaker.state == Open {
		level = zerolog.WarnLevel
	}
	zerolog.Ctx(ctx).WithLevel(level).Str("directory", p.name).Stringer("breaker", p.breaker.state).
		Dur("open_ms", p.breaker.open).AnErr("cause", p.breaker.cause).Msg("circuit breaker")
}

// spent is the fault of a call that would wait too long for a budget. It was not sent.
func spent(wait time.Duration) error {
	f := fault.New(fault.Throttled, "The directory allows no more requests for now.")
	f.RetryAfter = max(wholeSeconds(wait), time.Second)
	return f
}
