package pace

import "time"

// A State is what a Pacer is doing.
type State struct {
	Breaker  BreakerState
	Answered time.Time // last; zero: never
	Parallel int       // requests under way
	Most     int       // of them at once, at present
	Waiting  int       // requests in the queue
	Spent    int       // resource units in the last 10 seconds
	Units    int       // the budget of those
	Writes   int       // in the last 150 seconds
}

// State tells what it is doing.
func (p *Pacer) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.budgets.units.advance(now)
	p.budgets.writes.advance(now)
	state := p.breaker.state
	return State{
		Breaker: state, Answered: p.heard, Parallel: p.flow.under, Most: int(p.flow.limit), Waiting: p.waiting(),
		Spent: p.budgets.units.total, Units: p.budgets.units.amount, Writes: p.budgets.writes.total,
	}
}
