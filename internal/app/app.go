// Package app wires the gateway together and owns its life: it opens what can
// fail before it says that it listens, and stops in reverse order.
package app

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/trigger"
)

// An App is what one call of the program serves.
type App struct {
	services []*service // in the order of starting
	grace    time.Duration
	notice   string
	tenants  *registry // nil: none that could change
	crew     *trigger.Crew
}

// watch does what goes on beside requests, until ctx ends.
func (a *App) watch(ctx context.Context) {
	if a.tenants == nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { a.tenants.watch(ctx) })
	both.Go(func() { a.tenants.warnDaily(ctx) })
	both.Wait()
	a.tenants.close()
}

// Reload reads the tenants again; requests under way go on. A mistake is logged, and
// leaves those in force that are.
func (a *App) Reload(ctx context.Context) {
	if a.tenants != nil {
		a.tenants.reload(ctx)
	}
}

// lastErrands is how long what requests have left to be done may take when they are done
// themselves.
const lastErrands = 10 * time.Second

// Run serves until ctx ends, then lets the requests under way end, and what they have
// left to be done.
func (a *App) Run(ctx context.Context) error {
	for _, s := range a.services {
		zerolog.Ctx(ctx).Info().Str("service", s.name).Stringer("address", s.ln.Addr()).Msg("listening")
	}
	watching, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.watch(watching)
	}()
	err := runAll(ctx, a.grace, a.services)
	a.finish(ctx)
	stop()
	<-ended
	if a.tenants != nil {
		a.tenants.outbox.close(ctx)
	}
	return err
}

// finish waits for what nobody waits for.
func (a *App) finish(ctx context.Context) {
	if a.crew == nil {
		return
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(a.grace, lastErrands))
	defer cancel()
	a.crew.Stop(last)
}

// Addr is the address of the service that was asked for.
func (a *App) Addr() string { return a.services[len(a.services)-1].ln.Addr().String() }

// Notice tells a person at a terminal what is served and how to use it; "" when
// there is nothing to tell.
func (a *App) Notice() string { return a.notice }
