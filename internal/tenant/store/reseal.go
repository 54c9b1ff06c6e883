package store

import (
	"context"
	"fmt"
)

// Reseal seals again, with the first key, what is sealed with another, and tells how
// much that was. Once it has run while no process seals with the old key any more, the
// old key can go.
func (s *Store) Reseal(ctx context.Context, c Change) (n int, err error) {
	err = s.change(ctx, c, silent, func(ctx context.Context, t *transaction) error {
		n, err = s.resealCheck(ctx, t)
		if err != nil {
			return err
		}
		all, err := whole(ctx, t, readSealed, "SELECT id, credential FROM tenants WHERE credential IS NOT NULL")
		if err != nil {
			return err
		}
		for _, one := range all {
			if !s.keys.Stale(one.credential) {
				continue
			}
			text, err := s.keys.Open(one.credential, credentialPurpose(one.id))
			if err != nil {
				return &Broken{Table: "tenants", ID: one.id, TenantID: one.id, Err: fmt.Errorf("its credential %w", err)}
			}
			if _, err := t.ExecContext(ctx, "UPDATE tenants SET credential = $2 WHERE id = $1", one.id, s.keys.Seal(text, credentialPurpose(one.id))); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// resealCheck seals the check of the key again when that is due.
func (s *Store) resealCheck(ctx context.Context, t *transaction) (int, error) {
	var sealed []byte
	err := t.QueryRowContext(ctx, "SELECT sealed FROM store").Scan(&sealed)
	if err != nil || !s.keys.Stale(sealed) {
		return 0, err
	}
	_, err = t.ExecContext(ctx, "UPDATE store SET sealed = $1", s.keys.Seal([]byte(checked), checkPurpose))
	return 1, err
}

// readSealed reads the columns id and credential.
func readSealed(scan func(...any) error) (tenantRow, *Broken) {
	var row tenantRow
	if err := scan(&row.id, &row.credential); err != nil {
		return row, &Broken{Table: "tenants", ID: row.id, TenantID: row.id, Err: err}
	}
	return row, nil
}
