package pace

import "time"

// budgets are windows of what one scope of Graph's limits may take, an app in a tenant or
// an app in all, and the pauses that Graph asked for. They are for one goroutine.
type budgets struct {
	units, writes window
	slow          [slowRoutes]window // without limit: none

	paused, writesPaused time.Time // until then
}

// ready is when a request can go: for what everything needs, and for what this request
// needs beside. Times that are not after now are now.
type ready struct {
	all, writes, own time.Time
	ends             bool // not before something under way has ended, whatever the time
}

// at is when all of it is there.
func (r ready) at() time.Time { return later(later(r.all, r.writes), r.own) }

// or is the later of both.
func (r ready) or(other ready) ready {
	return ready{later(r.all, other.all), later(r.writes, other.writes), later(r.own, other.own), r.ends || other.ends}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ready is when a request of a cost can go, after what waits ahead of it.
func (b *budgets) ready(now time.Time, c, ahead cost, p Priority) ready {
	at, ends := b.units.turn(now, c.units, ahead.units, p)
	r := ready{all: later(b.paused, at), ends: ends}
	if c.writes > 0 {
		at, ends = b.writes.turn(now, c.writes, ahead.writes, p)
		r = r.or(ready{writes: later(b.writesPaused, at), ends: ends})
	}
	for i, n := range c.slow {
		if n > 0 && b.slow[i].amount > 0 {
			at, ends = b.slow[i].turn(now, n, ahead.slow[i], High)
			r = r.or(ready{own: at, ends: ends})
		}
	}
	return r
}

// turn is when n can be spent by a request of the priority, after what is ahead. What
// is more than the priority may ever spend goes when nothing else counts.
func (w *window) turn(now time.Time, n, ahead int, p Priority) (at time.Time, ends bool) {
	most := max(w.amount*p.allowed()/100, 1)
	return w.when(now, min(n, most)+ahead, most)
}

// hold counts a request that goes.
func (b *budgets) hold(c cost) {
	b.units.hold(c.units)
	b.writes.hold(c.writes)
	for i, n := range c.slow {
		if b.slow[i].amount > 0 {
			b.slow[i].hold(n)
		}
	}
}

// settle counts a request that has ended, with the units that it cost after all.
func (b *budgets) settle(now time.Time, c cost, units int) {
	b.units.settle(now, c.units, units)
	b.writes.settle(now, c.writes, c.writes)
	for i, n := range c.slow {
		if b.slow[i].amount > 0 {
			b.slow[i].settle(now, n, n)
		}
	}
}

func (b *budgets) pause(until time.Time, writes bool) {
	if writes {
		b.writesPaused = later(b.writesPaused, until)
	} else {
		b.paused = later(b.paused, until)
	}
}

// used is the part of the fuller budget that is spent, of those that a request is
// charged to.
func (b *budgets) used(now time.Time, writes bool) float64 {
	if writes {
		return max(b.units.used(now), b.writes.used(now))
	}
	return b.units.used(now)
}
