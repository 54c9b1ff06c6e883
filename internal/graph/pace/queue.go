package pace

import (
	"context"
	"errors"
	"slices"
	"time"

	"entrascim/internal/fault"
)

// appPoll is how often an app's budget is looked at that other tenants' requests under
// way have used up.
const appPoll = 100 * time.Millisecond

// placePatience is how long a request waits for a place among those under way at least,
// though it has waited for other things before.
const placePatience = time.Second

// A waiter is a request in the queue.
type waiter struct {
	ctx      context.Context
	load     Load
	priority Priority
	since    time.Time
	done     chan struct{} // closed when there is a turn or an error

	turn Turn
	err  error
}

// ahead is what waits that would go before a newcomer of the priority.
func (p *Pacer) ahead(priority Priority) (all cost, waiting int) {
	for _, queue := range p.queue[priority:] {
		waiting += len(queue)
		for _, w := range queue {
			all = all.plus(w.load.cost)
		}
	}
	return all, waiting
}

// waiting is how many wait.
func (p *Pacer) waiting() int {
	n := 0
	for _, queue := range p.queue {
		n += len(queue)
	}
	return n
}

// enqueue lets a request wait, unless the queue is full or the wait too long.
func (p *Pacer) enqueue(ctx context.Context, now time.Time, k Load, priority Priority, ahead cost, patience time.Duration) (*waiter, error) {
	if p.waiting() >= maxQueue {
		return nil, queueFull()
	}
	wait := p.estimate(now, k, ahead, priority)
	if wait > patience || !fits(ctx, wait) {
		return nil, spent(wait)
	}
	w := &waiter{ctx: ctx, load: k, priority: priority, since: now, done: make(chan struct{})}
	p.queue[priority] = append(p.queue[priority], w)
	p.dispatch(ctx)
	return w, nil
}

// estimate is how long a request waits for budgets, after what is ahead of it.
func (p *Pacer) estimate(now time.Time, k Load, ahead cost, priority Priority) time.Duration {
	at := p.ready(now, k, ahead, priority).or(p.app.when(now, k, priority)).at()
	return max(at.Sub(now), 0)
}

// queueFull is the fault of a request that there is no place for in the queue.
func queueFull() error {
	f := fault.New(fault.Unavailable, "Too many requests wait for the directory.")
	f.RetryAfter = time.Second
	return f
}

// dispatch lets go what can: by priority, and in the order of coming. Nobody takes the
// budget away from somebody who has waited longer.
func (p *Pacer) dispatch(ctx context.Context) {
	if p.waiting() == 0 {
		p.sleepUntil(ctx, time.Time{})
		return
	}
	now := p.now()
	if err := p.breaker.refusal(now); err != nil {
		p.flush(err)
	}
	d := dispatching{pacer: p, now: now}
	for priority := priorities - 1; priority >= 0; priority-- {
		p.queue[priority] = slices.DeleteFunc(p.queue[priority], d.goes)
	}
	p.sleepUntil(ctx, d.next)
}

// A dispatching is one look through the queue.
type dispatching struct {
	pacer *Pacer
	now   time.Time

	stopped bool      // nothing goes after somebody who waits for what all need
	writes  bool      // no write goes after one that waits
	next    time.Time // when somebody can go; zero: not by the clock
}

// goes lets a waiter go, if it can.
func (d *dispatching) goes(w *waiter) bool {
	p := d.pacer
	if d.stopped || d.writes && w.load.cost.writes > 0 {
		return false
	}
	if p.crowded() || p.breaker.state == HalfOpen {
		d.stopped = true
		return false
	}
	r := p.ready(d.now, w.load, cost{}, w.priority)
	if !r.at().After(d.now) {
		r = r.or(p.app.claim(d.now, w.load, w.priority))
		if r.ends { // of another tenant: nobody here hears of that
			d.again(d.now.Add(appPoll))
		}
	}
	if at := r.at(); at.After(d.now) {
		d.stopped = r.all.After(d.now)
		d.writes = d.writes || r.writes.After(d.now)
		if !r.ends {
			d.again(at)
		}
		return false
	}
	w.turn = p.grant(w.ctx, d.now, w.load)
	w.turn.waited = max(d.now.Sub(w.since), 0)
	close(w.done)
	return true
}

// again has the queue looked through at a time.
func (d *dispatching) again(at time.Time) {
	if d.next.IsZero() || at.Before(d.next) {
		d.next = at
	}
}

// flush gives all who wait an error.
func (p *Pacer) flush(err error) {
	for priority, queue := range p.queue {
		for _, w := range queue {
			w.err = err
			close(w.done)
		}
		p.queue[priority] = nil
	}
}

// sleepUntil looks through the queue again at a time; zero: it is not to be. What it
// sleeps for is nobody's request in particular.
func (p *Pacer) sleepUntil(ctx context.Context, at time.Time) {
	if at.Equal(p.wake) {
		return
	}
	if p.unwake != nil {
		p.unwake()
		p.unwake = nil
	}
	p.wake = at
	if at.IsZero() {
		return
	}
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.unwake = cancel
	wait := at.Sub(p.now())
	go func() {
		defer cancel()
		if p.sleep(free, wait) != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.wake.Equal(at) && free.Err() == nil {
			p.wake, p.unwake = time.Time{}, nil
			p.dispatch(free)
		}
	}()
}

// wait waits for the turn.
func (p *Pacer) wait(ctx context.Context, w *waiter, patience time.Duration) (Turn, error) {
	timer := time.NewTimer(max(patience, placePatience))
	defer timer.Stop()
	select {
	case <-w.done:
		return w.turn, w.err
	case <-ctx.Done():
	case <-timer.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	queue := p.queue[w.priority]
	i := slices.Index(queue, w)
	if i < 0 { // just now
		return w.turn, w.err
	}
	p.queue[w.priority] = slices.Delete(queue, i, i+1)
	p.dispatch(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return Turn{}, fault.From(ctx.Err())
	}
	ahead, _ := p.ahead(w.priority)
	return Turn{}, spent(p.estimate(p.now(), w.load, ahead, w.priority))
}
