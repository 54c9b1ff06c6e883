package store

import (
	"context"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

const invitationColumns = "id, sum, tenant_id, created, expires, used"

// forgotten is how long an invitation is kept after it expired, to tell whoever comes
// late why it does not open.
const forgotten = 90 * 24 * time.Hour

// PutInvitation adds an invitation that nobody used yet. Its error is NotFound when there
// is no such tenant, and Uniqueness when there is an invitation of this id or code.
func (s *Store) PutInvitation(ctx context.Context, c Change, i tenant.Invitation) error {
	if err := checkInvitation(i); err != nil {
		return err
	}
	return s.change(ctx, c, silent, func(ctx context.Context, t *transaction) error {
		owner, err := s.tenantByID(ctx, t, i.TenantID)
		if err != nil {
			return err
		}
		t.about(owner, i.ID)
		if _, err := t.ExecContext(ctx, "DELETE FROM invitations WHERE expires < $1", micros(t.now.Add(-forgotten))); err != nil {
			return err
		}
		if err := t.free(ctx, "There is such an invitation already.", "SELECT count(*) FROM invitations WHERE id = $1 OR sum = $2", i.ID, i.Sum[:]); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, "INSERT INTO invitations ("+invitationColumns+") VALUES ($1, $2, $3, $4, $5, 0)",
			i.ID, i.Sum[:], i.TenantID, micros(i.Created), micros(i.Expires))
		return err
	})
}

func checkInvitation(i tenant.Invitation) error {
	return first(
		must(isUUID(i.ID), "The invitation's id", "must be a UUID"),
		must(isUUID(i.TenantID), "The invitation's tenant", "must be the tenant's id"),
		must(!i.Expires.IsZero(), "The invitation", "must expire"),
		must(i.Used.IsZero(), "The invitation", "must not be used yet"),
	)
}

// Invitation finds one by its code's digest, used or expired as it may be. Its error is
// NotFound when there is none.
func (s *Store) Invitation(ctx context.Context, sum [32]byte) (tenant.Invitation, error) {
	i, err := single(ctx, s.db, readInvitation, "invitation", "SELECT "+invitationColumns+" FROM invitations WHERE sum = $1", sum[:])
	return i, s.failed(err)
}

// UseInvitation uses it, which only one can, over all replicas. Its error is NotFound
// when there is none, Conflict when it was used and Forbidden when it has expired.
func (s *Store) UseInvitation(ctx context.Context, c Change, id string) error {
	return s.change(ctx, c, silent, func(ctx context.Context, t *transaction) error {
		i, err := single(ctx, t, readInvitation, "invitation", "SELECT "+invitationColumns+" FROM invitations WHERE id = $1", legible(id))
		switch {
		case err != nil:
			return err
		case !i.Used.IsZero():
			return fault.New(fault.Conflict, "The invitation was used already.")
		case !t.now.Before(i.Expires):
			return fault.New(fault.Forbidden, "The invitation has expired.")
		}
		owner, err := s.tenantByID(ctx, t, i.TenantID)
		if err != nil {
			return err
		}
		t.about(owner, i.ID)
		_, err = t.ExecContext(ctx, "UPDATE invitations SET used = $2 WHERE id = $1", i.ID, micros(t.now))
		return err
	})
}

func readInvitation(scan func(...any) error) (tenant.Invitation, *Broken) {
	var i tenant.Invitation
	var sum []byte
	var created, expires, used int64
	err := scan(&i.ID, &sum, &i.TenantID, &created, &expires, &used)
	if err == nil {
		i.Created, i.Expires = instant(created), instant(expires)
		if i.Sum, err = digest(sum); err == nil {
			err = checkInvitation(i)
		}
		i.Used = instant(used)
	}
	if err != nil {
		return i, &Broken{Table: "invitations", ID: i.ID, TenantID: i.TenantID, Err: err}
	}
	return i, nil
}

// UseOnce uses what may be used once until a time, such as the nonce of a consent's
// state, over all replicas. Its error is Conflict when it was used, and Forbidden after
// that time, when the store has forgotten it.
func (s *Store) UseOnce(ctx context.Context, sum [32]byte, until time.Time) error {
	now := s.moment()
	if !now.Before(until) {
		return fault.New(fault.Forbidden, "The time in which it could be used is over.")
	}
	// Clocks of replicas differ: what is over for one may not be for another.
	if _, err := s.db.ExecContext(ctx, "DELETE FROM once WHERE until_time < $1", micros(now.Add(-time.Hour))); err != nil {
		return s.failed(err)
	}
	done, err := s.db.ExecContext(ctx, "INSERT INTO once (sum, until_time) VALUES ($1, $2) ON CONFLICT (sum) DO NOTHING", sum[:], micros(until))
	if err != nil {
		return s.failed(err)
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "It was used already.")
	}
	return s.failed(err)
}
