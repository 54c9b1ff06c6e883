package graph

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
type ready struct{ all, writes, own time.Time }

// at is when all of it is there.
func (r ready) at() time.Time { return later(later(r.all, r.writes), r.own) }

// or is the later of both.
func (r ready) or(other ready) ready {
	return ready{later(r.all, other.all), later(r.writes, other.writes), later(r.own, other.own)}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ready is when a request of a cost can go, after what waits ahead of it.
func (b *budgets) ready(now time.Time, c, ahead cost, p Priority) ready {
	r := ready{all: later(b.paused, b.units.turn(now, c.units, ahead.units, p))}
	if c.writes > 0 {
		r.writes = later(b.writesPaused, b.writes.turn(now, c.writes, ahead.writes, p))
	}
	for i, n := range c.slow {
		if n > 0 && b.slow[i].amount > 0 {
			r.own = later(r.own, b.slow[i].turn(now, n, ahead.slow[i], High))
		}
	}
	return r
}

// turn is when n can be spent by a request of the priority, after what is ahead. What
// is more than the priority may ever spend goes when nothing else counts.
func (w *window) turn(now time.Time, n, ahead int, p Priority) time.Time {
	most := max(w.amount*p.allowed()/100, 1)
	return w.when(now, min(n, most)+ahead, most)
}

func (b *budgets) charge(now time.Time, c cost) {
	b.units.charge(now, c.units)
	if c.writes > 0 {
		b.writes.charge(now, c.writes)
	}
	for i, n := range c.slow {
		if n > 0 && b.slow[i].amount > 0 {
			b.slow[i].charge(now, n)
		}
	}
}

// correct adds what a request cost more than was charged, now, and takes back what it
// cost less, where it was charged.
func (b *budgets) correct(now, charged time.Time, d cost) {
	if d.units > 0 {
		b.units.charge(now, d.units)
	} else if d.units < 0 {
		b.units.refund(now, charged, -d.units)
	}
	if d.writes > 0 {
		b.writes.charge(now, d.writes)
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
