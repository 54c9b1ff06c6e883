package trigger

import (
	"context"
	"sync"
)

// A Crew is the workers of all tenants: there is one for each tenant that has errands.
type Crew struct {
	hire func(work func(context.Context))
	busy sync.WaitGroup
	cut  context.CancelFunc
}

// NewCrew makes a crew that works on when ctx ends, until it is stopped.
func NewCrew(ctx context.Context) *Crew {
	ctx, cut := context.WithCancel(context.WithoutCancel(ctx))
	c := &Crew{cut: cut}
	c.hire = func(work func(context.Context)) { c.busy.Go(func() { work(ctx) }) }
	return c
}

// Stop lets the errands be finished, for as long as ctx lasts. What is left then is said
// in the log.
func (c *Crew) Stop(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.busy.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	c.cut()
	<-done
}
