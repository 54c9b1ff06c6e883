// Package admin manages the tenants of the store and their clients. Each change is one
// line of the audit log. The commands and /admin/v1 are two faces of its Service.
package admin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// Options of a Service.
type Options struct {
	Store *store.Store
	// Check tells what would keep the gateway from serving the tenant as the record has
	// it; its error is a fault that whoever manages the store may read.
	Check func(context.Context, tenant.Record) error
	// CertificateEnds is when the certificate of a tenant's credential ends; zero: it has
	// none.
	CertificateEnds func(tenant.Credential) time.Time
	// ResourceTypes are the names that a client's may have.
	ResourceTypes []string
	// Invite makes an invitation for the tenant of the id, and the URL that its
	// administrator is to open.
	Invite func(tenantID string, now time.Time, life time.Duration) (tenant.Invitation, string, error)
	// Changed is called after each change, which is in force here when it returns. nil:
	// nothing is served here.
	Changed func(context.Context)
	Now     func() time.Time // nil: time.Now
}

// A Service manages the store. It is safe for concurrent use. Its errors are faults.
type Service struct{ o Options }

// New makes a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Changed == nil {
		o.Changed = func(context.Context) {}
	}
	return &Service{o}
}

// An Actor is who changes something, as the audit log has it: "cli:USER@HOST",
// "admin:ADDRESS".
type Actor string

// does is the actor's change, for the audit log.
func (a Actor) does(action, detail string, args ...any) store.Change {
	return store.Change{Actor: string(a), Action: action, Detail: fmt.Sprintf(detail, args...)}
}

// tries is how often a change is made anew that somebody else's came before.
const tries = 5

// again does a change until nobody else's comes between reading and writing. Given a
// revision that must be in force there is nothing to do again.
func again(revision int64, do func() error) error {
	var err error
	for range tries {
		err = do()
		if revision != 0 || !fault.Is(err, fault.PreconditionFailed) {
			return err
		}
	}
	return err
}

// Events reads the audit log: see store.EventQuery, in which the tenant is given by its
// name here; one that is removed by its id.
func (s *Service) Events(ctx context.Context, name string, q store.EventQuery) ([]tenant.Event, error) {
	if name != "" {
		q.TenantID = name
		switch r, err := s.o.Store.Tenant(ctx, name); {
		case err == nil:
			q.TenantID = r.ID
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
	}
	return s.o.Store.Events(ctx, q)
}

// Recent gives the newest events, or those next behind a number that is not 0, the oldest
// first.
func (s *Service) Recent(ctx context.Context, name string, after int64, limit int) ([]tenant.Event, error) {
	events, err := s.Events(ctx, name, store.EventQuery{After: after, Newest: after == 0, Limit: limit})
	if after == 0 {
		slices.Reverse(events)
	}
	return events, err
}

// Reseal seals again what was sealed with an older key than the first, and tells how
// much that was.
func (s *Service) Reseal(ctx context.Context, who Actor) (int, error) {
	return s.o.Store.Reseal(ctx, who.does("store.reseal", ""))
}
