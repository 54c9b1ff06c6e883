package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/google/uuid"

	"entrascim/internal/tenant"
)

const (
	clientColumns = "id, tenant_id, name, kind, role, resource_types, networks, dialect, me, issuer, audience, claims, dry_run, revision, created, changed"
	digestColumns = "s.id, c.tenant_id, s.client_id, s.sum, s.created, s.expires"
)

// Clients are those of the tenant, by name, each with its secrets, the oldest first.
// There are none of a tenant that does not exist.
func (s *Store) Clients(ctx context.Context, tenantID string) ([]tenant.ClientRecord, error) {
	return s.someClients(ctx, "c.tenant_id = $1", legible(tenantID))
}

// Client finds one by its name, in whatever case. Its error is NotFound when there is
// none.
func (s *Store) Client(ctx context.Context, tenantID, name string) (tenant.ClientRecord, error) {
	all, err := s.someClients(ctx, "c.tenant_id = $1 AND c.name_key = $2", legible(tenantID), nameKey(legible(name)))
	if err == nil && len(all) == 0 {
		err = missing("client")
	}
	if err != nil {
		return tenant.ClientRecord{}, err
	}
	return all[0], nil
}

// someClients reads clients as they were at one moment.
func (s *Store) someClients(ctx context.Context, where string, args ...any) ([]tenant.ClientRecord, error) {
	var all []tenant.ClientRecord
	err := s.consistently(ctx, func(tx querier) error {
		found, broken, err := clientsWhere(ctx, tx, where, args...)
		all = found
		return joined(broken, err)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// clientsWhere reads clients and their secrets. A secret that is broken is apart: its
// client does without.
func clientsWhere(ctx context.Context, tx querier, where string, args ...any) ([]tenant.ClientRecord, []*Broken, error) {
	all, broken, err := read(ctx, tx, readClient, "SELECT "+clientColumns+" FROM clients c WHERE "+where, args...)
	if err != nil {
		return nil, nil, err
	}
	secrets, bad, err := read(ctx, tx, readSecret, "SELECT "+digestColumns+" FROM secrets s JOIN clients c ON c.id = s.client_id WHERE "+where+" ORDER BY s.created, s.id", args...)
	if err != nil {
		return nil, nil, err
	}
	sortClients(all)
	at := make(map[string]int, len(all))
	for i := range all {
		at[all[i].ID] = i
	}
	for _, one := range secrets {
		if i, found := at[one.clientID]; found {
			all[i].Secrets = append(all[i].Secrets, one.Secret)
		}
	}
	return all, append(broken, bad...), nil
}

func sortClients(all []tenant.ClientRecord) {
	slices.SortFunc(all, func(a, b tenant.ClientRecord) int {
		return cmp.Or(cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(nameKey(a.Name), nameKey(b.Name)))
	})
}

// PutClient adds a client whose Revision is 0, with an id when it has none, or changes
// the one that has its ID, which stays with its tenant. It gives the client as kept:
// Revision, Created and Changed are the store's.
//
// Its errors are PreconditionFailed when the client has another Revision by now,
// Uniqueness when another has the name (in whatever case), the id or one of the secrets,
// NotFound when there is no such client to change, or no such tenant.
func (s *Store) PutClient(ctx context.Context, c Change, r tenant.ClientRecord) (kept tenant.ClientRecord, err error) {
	if err := checkClient(r); err != nil {
		return kept, err
	}
	err = s.change(ctx, c, told, func(ctx context.Context, t *transaction) error {
		owner, err := s.tenantByID(ctx, t, r.TenantID)
		if err != nil {
			return err
		}
		if r.Revision == 0 {
			r.ID = cmp.Or(r.ID, uuid.NewString())
		} else if err := t.freshClient(ctx, r); err != nil {
			return err
		}
		t.about(owner, r.ID)
		if err := t.freeClient(ctx, r); err != nil {
			return err
		}
		if err := t.putClient(ctx, r); err != nil {
			return err
		}
		all, broken, err := clientsWhere(ctx, t, "c.id = $1", r.ID)
		if err := joined(broken, err); err != nil {
			return err
		}
		kept = all[0]
		return nil
	})
	return kept, err
}

// freshClient sees to it that the client is kept, as it was known.
func (t *transaction) freshClient(ctx context.Context, r tenant.ClientRecord) error {
	var revision int64
	err := t.QueryRowContext(ctx, "SELECT revision FROM clients WHERE id = $1 AND tenant_id = $2", r.ID, r.TenantID).Scan(&revision)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return missing("client")
	case err == nil && revision != r.Revision:
		return stale("client")
	}
	return err
}

// freeClient sees to it that no other has what must be its own.
func (t *transaction) freeClient(ctx context.Context, r tenant.ClientRecord) error {
	taken := "SELECT count(*) FROM clients WHERE id <> $1 AND tenant_id = $2 AND name_key = $3"
	if r.Revision == 0 {
		taken = "SELECT count(*) FROM clients WHERE id = $1 OR tenant_id = $2 AND name_key = $3"
	}
	if err := t.free(ctx, "There is a client of this name or id already.", taken, r.ID, r.TenantID, nameKey(r.Name)); err != nil {
		return err
	}
	for _, one := range r.Secrets {
		err := t.free(ctx, "A secret of the client is the secret of another.", "SELECT count(*) FROM secrets WHERE client_id <> $1 AND (id = $2 OR sum = $3)", r.ID, one.ID, one.Sum[:])
		if err != nil {
			return err
		}
	}
	return nil
}

// putClient writes the row of a client, and its secrets in place of those there were.
func (t *transaction) putClient(ctx context.Context, r tenant.ClientRecord) error {
	row, err := newClientRow(r)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, "INSERT INTO clients (id, tenant_id, name, name_key, kind, role, resource_types, networks, dialect, me, issuer, audience, claims, dry_run, revision, created, changed) "+
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16) "+
		"ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, kind = excluded.kind, role = excluded.role, "+
		"resource_types = excluded.resource_types, networks = excluded.networks, dialect = excluded.dialect, me = excluded.me, issuer = excluded.issuer, "+
		"audience = excluded.audience, claims = excluded.claims, dry_run = excluded.dry_run, revision = excluded.revision, changed = excluded.changed",
		row.id, row.tenantID, row.name, nameKey(row.name), row.kind, row.role, row.resourceTypes, row.networks, row.dialect, row.me, row.issuer, row.audience,
		row.claims, row.dryRun, t.revision, micros(t.now))
	if err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, "DELETE FROM secrets WHERE client_id = $1", r.ID); err != nil {
		return err
	}
	for _, one := range r.Secrets {
		_, err := t.ExecContext(ctx, "INSERT INTO secrets (id, client_id, sum, created, expires) VALUES ($1, $2, $3, $4, $5)",
			one.ID, r.ID, one.Sum[:], micros(one.Created), micros(one.Expires))
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveClient deletes a client and its secrets. Its error is NotFound when there is
// none.
func (s *Store) RemoveClient(ctx context.Context, c Change, id string) error {
	return s.change(ctx, c, told, func(ctx context.Context, t *transaction) error {
		var owner tenant.Record
		err := t.QueryRowContext(ctx, "SELECT t.id, t.name FROM tenants t JOIN clients c ON c.tenant_id = t.id WHERE c.id = $1", legible(id)).Scan(&owner.ID, &owner.Name)
		if errors.Is(err, sql.ErrNoRows) {
			return missing("client")
		}
		if err != nil {
			return err
		}
		t.about(owner, id)
		if _, err := t.ExecContext(ctx, "DELETE FROM secrets WHERE client_id = $1", id); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, "DELETE FROM clients WHERE id = $1", id)
		return err
	})
}
