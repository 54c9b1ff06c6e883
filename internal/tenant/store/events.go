package store

import (
	"context"
	"strconv"

	"entrascim/internal/tenant"
)

// Bounds of EventQuery.Limit.
const (
	defaultEvents = 100
	maxEvents     = 1000
)

// An EventQuery says which events of the audit log are wanted.
type EventQuery struct {
	After    int64  // those of a higher Sequence
	Before   int64  // those of a lower Sequence; 0: any
	TenantID string // those about the tenant; "": all
	Newest   bool   // the newest first; else the oldest
	Limit    int    // how many at most; 0: 100; 1000 is the most
}

// Events reads the audit log. An event that can be read is the last of its Sequence that
// ever will be: reading on after the last one misses none.
func (s *Store) Events(ctx context.Context, q EventQuery) ([]tenant.Event, error) {
	if q.After < 0 || q.Before < 0 || q.Limit < 0 || q.Limit > maxEvents {
		return nil, refused("The query", "must have no negative bound, and a limit of 1000 at most")
	}
	if q.Limit == 0 {
		q.Limit = defaultEvents
	}
	order := "ASC"
	if q.Newest {
		order = "DESC"
	}
	all, err := whole(ctx, s.db, readEvent, "SELECT sequence, time, actor, action, tenant_id, tenant, target, detail FROM events "+
		"WHERE sequence > $1 AND (CAST($2 AS BIGINT) = 0 OR sequence < $2) AND ($3 = '' OR tenant_id = $3) ORDER BY sequence "+order+" LIMIT $4",
		q.After, q.Before, legible(q.TenantID), q.Limit)
	return all, s.failed(err)
}

func readEvent(scan func(...any) error) (tenant.Event, *Broken) {
	var e tenant.Event
	var at int64
	if err := scan(&e.Sequence, &at, &e.Actor, &e.Action, &e.TenantID, &e.Tenant, &e.Target, &e.Detail); err != nil {
		return e, &Broken{Table: "events", ID: strconv.FormatInt(e.Sequence, 10), TenantID: e.TenantID, Err: err}
	}
	e.Time = instant(at)
	return e, nil
}
