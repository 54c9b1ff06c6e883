package pace

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Apps are what app registrations may take of Graph, in each tenant and in all together.
// Pacers of the same Apps share that of their app, and there is one for an app in a
// directory, as Graph counts what they send together. The zero value is ready, and it is
// safe for concurrent use.
type Apps struct {
	mu     sync.Mutex
	apps   map[appKey]*app
	pacers map[pacerKey]*Pacer
}

// An appKey is an app registration of a cloud.
type appKey struct{ clientID, host string }

// A pacerKey is an app registration in a directory.
type pacerKey struct {
	appKey

	directory string
}

// Options say whose requests a Pacer lets go, and how much of the limits they take.
type Options struct {
	ClientID  string // the app registration
	Directory string // tenant id
	Host      string // of Graph
	Pacing    Pacing

	// Now is the clock, and Sleep waits by it.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// Pacer is that of an app in a directory. Who asks first decides the Pacing and the
// clock.
func (a *Apps) Pacer(o Options) *Pacer {
	key := pacerKey{appKey{o.ClientID, o.Host}, strings.ToLower(o.Directory)}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.apps == nil {
		a.apps, a.pacers = map[appKey]*app{}, map[pacerKey]*Pacer{}
	}
	if a.apps[key.appKey] == nil {
		a.apps[key.appKey] = newApp(o.Pacing)
	}
	if a.pacers[key] == nil {
		a.pacers[key] = newPacer(o, a.apps[key.appKey])
	}
	return a.pacers[key]
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

// claim counts a request that goes, unless it has to wait until a time after now.
func (a *app) claim(now time.Time, k Load, p Priority) ready {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.ready(now, k.cost, cost{}, p)
	if r.at().After(now) {
		return r
	}
	a.budgets.hold(k.cost)
	a.requests.hold(1)
	return ready{}
}

// when is when a request can go that comes after others.
func (a *app) when(now time.Time, k Load, p Priority) ready {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ready(now, k.cost, cost{}, p)
}

func (a *app) ready(now time.Time, c, ahead cost, p Priority) ready {
	at, ends := a.requests.when(now, 1, a.requests.amount)
	return a.budgets.ready(now, c, ahead, p).or(ready{all: at, ends: ends})
}

// settle is budgets.settle.
func (a *app) settle(now time.Time, c cost, units int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budgets.settle(now, c, units)
	a.requests.settle(now, 1, 1)
}

// charge counts units that a request cost beside.
func (a *app) charge(now time.Time, units int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budgets.units.charge(now, units)
}

// pause is budgets.pause.
func (a *app) pause(until time.Time, writes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budgets.pause(until, writes)
}

// used is budgets.used.
func (a *app) used(now time.Time, writes bool) float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.budgets.used(now, writes)
}
