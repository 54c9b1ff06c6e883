package entra

import (
	"context"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// probeTime bounds how long a directory that did not answer is waited for.
const probeTime = 5 * time.Second

// Ready tells whether the directory answers the gateway: that the credential is
// good, the base URL right, and that there are the directory extensions that are
// mapped. It costs one small request, and one more until the extensions were seen.
// One that throttles is there. Of one that did not answer lately it says so at once,
// and asks it meanwhile.
func (d *Directory) Ready(ctx context.Context) error {
	ctx = graph.WithPriority(ctx, graph.Low)
	if d.graph.State().Breaker != graph.Closed {
		d.probe(ctx)
		return fault.New(fault.Unavailable, "The directory does not answer.")
	}
	return d.seen(ctx)
}

// seen asks for what every directory has.
func (d *Directory) seen(ctx context.Context) error {
	_, err := d.graph.Do(ctx, graph.Request{Path: "/organization", Query: graph.Query{Select: []string{"id"}}})
	switch {
	case fault.Is(err, fault.Throttled):
		return nil
	case err != nil:
		return err
	}
	return d.extended.Check(ctx)
}

// probe asks without anybody waiting for it, one at a time.
func (d *Directory) probe(ctx context.Context) {
	if !d.probing.CompareAndSwap(false, true) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	go func() {
		defer d.probing.Store(false)
		defer cancel()
		_ = d.seen(ctx) // the circuit breaker hears of it
	}()
}
