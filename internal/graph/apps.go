package graph

import (
	"sync"
	"time"
)

// Apps are the budgets of app registrations over all tenants. Clients whose Options
// have the same Apps share those of their app. The zero value is ready, and it is safe
// for concurrent use.
type Apps struct {
	mu  sync.Mutex
	all map[appKey]*app
}

// An appKey is an app registration of a cloud.
type appKey struct{ clientID, host string }

// of is the budget of the app; Pacing is that of the client who asks first.
func (a *Apps) of(key appKey, p Pacing) *app {
	if a == nil {
		return newApp(p)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil {
		a.all = map[appKey]*app{}
	}
	if a.all[key] == nil {
		a.all[key] = newApp(p)
	}
	return a.all[key]
}

// An app is what one app registration may take of all tenants.
type app struct {
	mu       sync.Mutex
	budgets  budgets
	requests window
}

func newApp(p Pacing) *app {
	a := &app{requests: newWindow(appRequests.scaled(p.share()))}
	a.budgets.units = newWindow(appUnits.scaled(p.share()))
	a.budgets.writes = newWindow(appWrites.scaled(p.share()))
	for i, l := range slowLimits {
		if l.app != (limit{}) {
			a.budgets.slow[i] = newWindow(l.app.scaled(p.share()))
		}
	}
	return a
}

// claim charges a request, unless it has to wait until a time after now.
func (a *app) claim(now time.Time, k call, p Priority) ready {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.ready(now, k.cost, cost{}, p)
	if r.at().After(now) {
		return r
	}
	a.budgets.charge(now, k.cost)
	a.requests.charge(now, 1)
	return ready{}
}

// when is when a request can go that comes after others.
func (a *app) when(now time.Time, k call, p Priority) ready {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ready(now, k.cost, cost{}, p)
}

func (a *app) ready(now time.Time, c, ahead cost, p Priority) ready {
	r := a.budgets.ready(now, c, ahead, p)
	r.all = later(r.all, a.requests.when(now, 1, a.requests.amount))
	return r
}

// correct is budgets.correct.
func (a *app) correct(now, charged time.Time, d cost) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budgets.correct(now, charged, d)
}

// pause is budgets.pause.
func (a *app) pause(until time.Time, writes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budgets.pause(until, writes)
}

// fullest is budgets.fullest.
func (a *app) used(now time.Time, writes bool) float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.budgets.used(now, writes)
}
