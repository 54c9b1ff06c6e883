package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"entrascim/internal/tenant"
)

const tenantColumns = "id, name, state, mode, directory_id, settings, overlays, credential, revision, created, changed"

// Tenants are those that are not removed, by name.
func (s *Store) Tenants(ctx context.Context) ([]tenant.Record, error) {
	all, err := whole(ctx, s.db, s.readTenant, "SELECT "+tenantColumns+" FROM tenants WHERE state <> 'removed'")
	sortTenants(all)
	return all, s.failed(err)
}

func sortTenants(all []tenant.Record) {
	slices.SortFunc(all, func(a, b tenant.Record) int { return cmp.Compare(nameKey(a.Name), nameKey(b.Name)) })
}

// Tenant finds one that is not removed by its name, in whatever case. Its error is
// NotFound when there is none.
func (s *Store) Tenant(ctx context.Context, name string) (tenant.Record, error) {
	r, err := single(ctx, s.db, s.readTenant, "tenant", "SELECT "+tenantColumns+" FROM tenants WHERE name_key = $1 AND state <> 'removed'", nameKey(legible(name)))
	return r, s.failed(err)
}

// TenantByID finds one that is not removed by its id. Its error is NotFound when there is
// none.
func (s *Store) TenantByID(ctx context.Context, id string) (tenant.Record, error) {
	r, err := s.tenantByID(ctx, s.db, id)
	return r, s.failed(err)
}

func (s *Store) tenantByID(ctx context.Context, q querier, id string) (tenant.Record, error) {
	return single(ctx, q, s.readTenant, "tenant", "SELECT "+tenantColumns+" FROM tenants WHERE id = $1 AND state <> 'removed'", legible(id))
}

// PutTenant adds a tenant whose Revision is 0, with an id when it has none, or changes
// the one that has its ID. It gives the tenant as kept: Revision, Created and Changed
// are the store's. State Removed deletes its clients, invitations and credential, and
// frees the name.
//
// Its errors are PreconditionFailed when the tenant has another Revision by now,
// Uniqueness when another has the name (in whatever case) or the id, NotFound when there
// is none to change, or it is removed.
func (s *Store) PutTenant(ctx context.Context, c Change, r tenant.Record) (kept tenant.Record, err error) {
	if err := checkTenant(r); err != nil {
		return kept, err
	}
	err = s.change(ctx, c, told, func(ctx context.Context, t *transaction) error {
		put := s.changeTenant
		if r.Revision == 0 {
			r.ID = cmp.Or(r.ID, uuid.NewString())
			put = s.addTenant
		}
		t.about(r, "")
		if err := put(ctx, t, r); err != nil {
			return err
		}
		kept, err = single(ctx, t, s.readTenant, "tenant", "SELECT "+tenantColumns+" FROM tenants WHERE id = $1", r.ID)
		return err
	})
	return kept, err
}

const takenTenant = "There is a tenant of this name or id already."

func (s *Store) addTenant(ctx context.Context, t *transaction, r tenant.Record) error {
	if r.State == tenant.Removed {
		return refused("A tenant", "cannot begin as one that is removed")
	}
	err := t.free(ctx, takenTenant, "SELECT count(*) FROM tenants WHERE id = $1 OR name_key = $2 AND state <> 'removed'", r.ID, nameKey(r.Name))
	if err != nil {
		return err
	}
	row, err := newTenantRow(r, s.keys)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, "INSERT INTO tenants (id, name, name_key, state, mode, directory_id, settings, overlays, credential, revision, created, changed) "+
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
		row.id, row.name, nameKey(row.name), row.state, row.mode, row.directoryID, row.settings, row.overlays, row.credential, t.revision, micros(t.now))
	return err
}

func (s *Store) changeTenant(ctx context.Context, t *transaction, r tenant.Record) error {
	var name string
	var revision int64
	err := t.QueryRowContext(ctx, "SELECT name, revision FROM tenants WHERE id = $1 AND state <> 'removed'", r.ID).Scan(&name, &revision)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return missing("tenant")
	case err != nil:
		return err
	case revision != r.Revision:
		return stale("tenant")
	}
	if r.State == tenant.Removed {
		r.Name, r.Credential, r.SinkSecret, r.SinkURL = name, tenant.Credential{}, "", ""
		err = t.emptyTenant(ctx, r.ID)
	} else {
		err = t.free(ctx, takenTenant, "SELECT count(*) FROM tenants WHERE id <> $1 AND name_key = $2 AND state <> 'removed'", r.ID, nameKey(r.Name))
	}
	if err != nil {
		return err
	}
	row, err := newTenantRow(r, s.keys)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, "UPDATE tenants SET name = $2, name_key = $3, state = $4, mode = $5, directory_id = $6, settings = $7, overlays = $8, "+
		"credential = $9, revision = $10, changed = $11 WHERE id = $1",
		row.id, row.name, nameKey(row.name), row.state, row.mode, row.directoryID, row.settings, row.overlays, row.credential, t.revision, micros(t.now))
	return err
}

// emptyTenant deletes what belongs to a tenant.
func (t *transaction) emptyTenant(ctx context.Context, id string) error {
	for _, query := range []string{
		"DELETE FROM secrets WHERE client_id IN (SELECT id FROM clients WHERE tenant_id = $1)",
		"DELETE FROM clients WHERE tenant_id = $1",
		"DELETE FROM invitations WHERE tenant_id = $1",
	} {
		if _, err := t.ExecContext(ctx, query, id); err != nil {
			return err
		}
	}
	return nil
}

// nameKey is what names are compared by. They are ASCII.
func nameKey(name string) string { return strings.ToLower(name) }
