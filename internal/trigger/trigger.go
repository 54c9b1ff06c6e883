// Package trigger asks Entra's provisioning service to act on an application that
// somebody was just given, instead of waiting for its next cycle. Nobody waits for it,
// and no write fails for it.
package trigger

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// The types of principals that are provisioned, as Graph names them. Source:
// https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationjobsubject.
const (
	User  = "User"
	Group = "Group"
)

// maxWaiting is how many errands of a tenant may wait: about half an hour's.
const maxWaiting = 1000

// Options are what a Trigger needs.
type Options struct {
	Graph *graph.Client
	How   tenant.Provisioning
	Crew  *Crew // whose workers run its errands

	// Ended tells that the tenant is not served any more, or wants none of this: nothing
	// more is asked of its directory. Default: it never is.
	Ended func() bool

	Now   func() time.Time                                 // default time.Now
	Sleep func(ctx context.Context, d time.Duration) error // default: a timer
}

// A Trigger runs the errands of one tenant, one at a time. It is safe for concurrent
// use. A nil Trigger does nothing.
type Trigger struct {
	options Options
	jobs    *jobs

	mu      sync.Mutex
	waiting []errand
	working bool
	refused time.Time // when the permission was last found missing
}

// An errand is one thing to ask of the provisioning service.
type errand struct {
	application string // the id of its service principal
	principal   string // who was given it; "" when that does not matter
	kind        string
	due         time.Time
	tries       int
	log         zerolog.Logger // of the request that gave it, and about it
}

// same tells whether two errands ask for the same.
func (e errand) same(o errand) bool {
	return e.application == o.application && e.principal == o.principal
}

// New makes the trigger of a tenant; nil when its policy wants none.
func New(o Options) *Trigger {
	if o.How == tenant.ProvisionNothing {
		return nil
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Ended == nil {
		o.Ended = func() bool { return false }
	}
	return &Trigger{options: o, jobs: newJobs(o.Graph, o.Now)}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// settle is how long the directory is given to show a grant to the provisioning service;
// grants that come meanwhile are one errand when they ask for the same.
const settle = 3 * time.Second

// Granted says that a principal, a User or a Group, was given the application of a
// service principal. It does not wait.
func (t *Trigger) Granted(ctx context.Context, servicePrincipal, principal, kind string) {
	if t == nil || kind != User && kind != Group {
		return
	}
	about := zerolog.Ctx(ctx).With().Str("service_principal", servicePrincipal)
	e := errand{application: servicePrincipal, kind: kind, due: t.options.Now().Add(settle)}
	if t.options.How == tenant.ProvisionOnDemand { // a job that is started provisions everybody
		e.principal, about = principal, about.Str("principal", principal)
	}
	e.log = about.Logger()
	if !t.put(e) {
		e.log.Warn().Int("waiting", maxWaiting).Msg("provisioning was not triggered: too much of it waits already; it comes with the next cycle")
	}
}

// put has an errand run, unless too many wait.
func (t *Trigger) put(e errand) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case slices.ContainsFunc(t.waiting, e.same):
		return true
	case len(t.waiting) >= maxWaiting:
		return false
	}
	t.waiting = append(t.waiting, e)
	if !t.working {
		t.working = true
		t.options.Crew.hire(t.work)
	}
	return true
}

// next tells when the next errand is due; there is none when the worker is to go home. It
// waits on: what asks for the same meanwhile is one with it.
func (t *Trigger) next() (due time.Time, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.working = false
		return time.Time{}, false
	}
	return t.waiting[0].due, true
}

// take takes the next errand.
func (t *Trigger) take() errand {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.waiting[0]
	t.waiting = slices.Delete(t.waiting, 0, 1)
	return e
}

// lackingFor is how long the want of the permission is reported after it was met.
const lackingFor = 10 * time.Minute

// Lacking tells whether Graph refused lately for want of a permission.
func (t *Trigger) Lacking() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.refused.IsZero() && t.options.Now().Sub(t.refused) <= lackingFor
}
