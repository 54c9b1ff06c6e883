package store

import (
	"context"
	"database/sql"
	"slices"

	"entrascim/internal/tenant"
)

// A Snapshot is what a replica serves, as it was at one moment.
type Snapshot struct {
	Tenants  []tenant.Record       // not removed, by name
	Clients  []tenant.ClientRecord // of these tenants, by tenant and name
	Revision int64                 // of the store

	// Broken are the rows that could not be read. They are left out of the rest: what
	// befalls one tenant does not keep the others from being served.
	Broken []*Broken
}

// Snapshot reads everything that a replica serves.
func (s *Store) Snapshot(ctx context.Context) (Snapshot, error) {
	var all Snapshot
	err := s.consistently(ctx, func(tx querier) (err error) {
		if all.Revision, err = revision(ctx, tx); err != nil {
			return err
		}
		var broken []*Broken
		if all.Tenants, all.Broken, err = read(ctx, tx, s.readTenant, "SELECT "+tenantColumns+" FROM tenants WHERE state <> 'removed'"); err != nil {
			return err
		}
		all.Clients, broken, err = clientsWhere(ctx, tx, "1 = 1")
		all.Broken = append(all.Broken, broken...)
		return err
	})
	if err != nil {
		return Snapshot{}, err
	}
	sortTenants(all.Tenants)
	all.dropOrphans()
	return all, nil
}

// dropOrphans takes out the clients of tenants that are broken.
func (s *Snapshot) dropOrphans() {
	there := make(map[string]bool, len(s.Tenants))
	for _, r := range s.Tenants {
		there[r.ID] = true
	}
	s.Clients = slices.DeleteFunc(s.Clients, func(c tenant.ClientRecord) bool { return !there[c.TenantID] })
}

// consistently reads what was there at one moment.
func (s *Store) consistently(ctx context.Context, do func(tx querier) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return s.failed(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was changed
	return s.failed(do(tx))
}

// Revision grows with each change that replicas must see.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	n, err := revision(ctx, s.db)
	return n, s.failed(err)
}

func revision(ctx context.Context, q querier) (n int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT revision FROM store").Scan(&n)
	return n, err
}
