package app

import (
	"context"
	"slices"

	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// refresh puts what the store keeps now into force, beside the tenants of the files.
func (r *registry) refresh(ctx context.Context) error {
	r.loading.Lock() // before the store is read, so that what was read later is what stays
	defer r.loading.Unlock()
	snapshot, err := r.store.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, broken := range snapshot.Broken {
		zerolog.Ctx(ctx).Error().Err(broken).Msg("a row of the store cannot be read: what it is about is not served")
	}
	if err := r.put(ctx, r.files, snapshot); err != nil {
		return err
	}
	r.stored = snapshot
	return nil
}

// changed is refresh after a change of our own.
func (r *registry) changed(ctx context.Context) {
	if err := r.refresh(context.WithoutCancel(ctx)); err != nil { // the change is made, whether or not anybody waits for it
		zerolog.Ctx(ctx).Error().Err(err).Msg("a change of the store is not in force yet")
	}
}

// watch keeps the registry as the store is, whoever changes that, until ctx ends.
func (r *registry) watch(ctx context.Context) {
	if r.store != nil {
		r.store.Watch(ctx, r.refresh)
	}
}

// close ends the use of the store.
func (r *registry) close() {
	if r.store != nil {
		_ = r.store.Close() // nothing is written any more
	}
}

// putStored puts the tenants of the store on the roster, and gives their clients. Where
// two want what only one can have, the older has it.
func (r *registry) putStored(next *roster, stored store.Snapshot, taken *claims) []auth.Client {
	for _, record := range inOrder(stored.Tenants) {
		next.seats[record.ID] = r.storedSeat(record, taken)
	}
	var clients []auth.Client
	for _, one := range stored.Clients {
		if s := next.seats[one.TenantID]; s != nil {
			clients = append(clients, auth.NewClient(one, s.tenant))
		}
	}
	return clients
}

func inOrder(records []tenant.Record) []tenant.Record {
	return slices.SortedFunc(slices.Values(records), func(a, b tenant.Record) int { return a.Created.Compare(b.Created) })
}

// storedSeat is the seat of a tenant of the store: the one that it has, when nothing of
// it has changed.
func (r *registry) storedSeat(record tenant.Record, taken *claims) *seat {
	s := r.current().seats[record.ID]
	if s == nil || s.revision != record.Revision || s.broken != nil {
		s = r.newStoredSeat(record)
		s.revision = record.Revision
	}
	if err := taken.claim(s.tenant, s.shared); err != nil {
		s = broken(s.tenant, err)
		s.revision = record.Revision
	}
	return s
}

func (r *registry) newStoredSeat(record tenant.Record) *seat {
	bare := &tenant.Tenant{ID: record.ID, Name: record.Name, DirectoryID: record.DirectoryID, Mode: record.Mode, Suspended: true}
	c, err := r.config.Stored(record)
	if record.State != tenant.Active {
		s := refusing(bare, suspended(record.State), nil)
		s.shared = c.Tenant.Shared
		return s
	}
	if err != nil {
		return broken(bare, err)
	}
	s, err := r.seat(c.Directory())
	if err != nil {
		return broken(bare, err)
	}
	s.shared = c.Tenant.Shared
	return s
}

// broken is the seat of a tenant that cannot be served, for the reason.
func broken(t *tenant.Tenant, reason error) *seat {
	return refusing(t, fault.Wrap(reason, fault.Unavailable, "The gateway cannot serve this tenant."), reason)
}

// check tells what would keep a tenant of the store from being served as the record has
// it. Its error is a fault: Uniqueness or Conflict when another tenant has its name or
// directory, else InvalidValue with every mistake.
func (r *registry) check(record tenant.Record) error {
	c, err := r.config.Stored(record)
	if err != nil {
		return mistaken(err)
	}
	t := c.Directory()
	s, err := r.seat(t)
	if err != nil {
		return mistaken(err)
	}
	if t.DirectoryID != "" {
		if _, err := r.dialer.graph(t); err != nil {
			return mistaken(err)
		}
	}
	return r.free(s.tenant, c.Tenant.Shared)
}

// free tells whether the tenant can have its name and directory beside all the others.
func (r *registry) free(t *tenant.Tenant, shared bool) error {
	taken := claims{}
	for id, s := range r.current().seats {
		if id != t.ID && s.broken == nil {
			_ = taken.claim(s.tenant, s.shared) // they were held against one another already
		}
	}
	return taken.claim(t, shared)
}
