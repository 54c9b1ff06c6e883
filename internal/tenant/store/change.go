package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// A Change says who changes what. It becomes an event of the audit log in the
// transaction that changes it; a change that fails leaves no event. It holds no secret.
type Change struct {
	Actor  string // who: "cli:USER@HOST", "admin:NAME", "consent:DIRECTORY" …; 256 bytes at most
	Action string // what: "tenant.suspend", "client.rotate" …; 64 bytes at most
	Target string // id of the client or invitation that it is about; "": the method's own
	Detail string // what changed; 16 KiB at most
}

// A transaction is a change that has begun. Nobody else changes the store until it ends.
type transaction struct {
	*sql.Tx
	now      time.Time
	revision int64 // of what is changed
	event    tenant.Event
}

// about says which tenant the event is about, and which of its things when the caller
// did not say.
func (t *transaction) about(r tenant.Record, target string) {
	t.event.TenantID, t.event.Tenant = r.ID, r.Name
	if t.event.Target == "" {
		t.event.Target = target
	}
}

// Whether a change is one that replicas must see: what it adds to the revision.
const (
	silent = 0
	told   = 1
)

// change runs do in a transaction of its own, with the event.
func (s *Store) change(ctx context.Context, c Change, step int, do func(context.Context, *transaction) error) error {
	if err := c.check(); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	t := &transaction{Tx: tx, now: s.moment(), event: c.event()}
	for _, part := range []func(context.Context, *transaction) error{s.begin(step), do, s.end(step)} {
		if err := part(ctx, t); err != nil {
			return s.failed(err)
		}
	}
	return s.failed(tx.Commit())
}

// begin waits until no other change runs.
func (s *Store) begin(step int) func(context.Context, *transaction) error {
	return func(ctx context.Context, t *transaction) error {
		if s.begun != "" {
			if _, err := t.ExecContext(ctx, s.begun); err != nil {
				return err
			}
		}
		return t.QueryRowContext(ctx, "UPDATE store SET revision = revision + $1, events = events + 1 RETURNING revision, events", step).
			Scan(&t.revision, &t.event.Sequence)
	}
}

// end writes the event and has replicas told.
func (s *Store) end(step int) func(context.Context, *transaction) error {
	return func(ctx context.Context, t *transaction) error {
		if err := t.keep(ctx); err != nil || step == silent || s.notify == "" {
			return err
		}
		_, err := t.ExecContext(ctx, s.notify)
		return err
	}
}

// keep writes the event.
func (t *transaction) keep(ctx context.Context) error {
	e := t.event
	_, err := t.ExecContext(ctx, "INSERT INTO events (sequence, time, actor, action, tenant_id, tenant, target, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		e.Sequence, micros(t.now), e.Actor, e.Action, e.TenantID, e.Tenant, e.Target, e.Detail)
	return err
}

// event is what the audit log will say. Bytes that are no text are shown as such, not
// refused: whatever someone is called, what they did is written down.
func (c Change) event() tenant.Event {
	return tenant.Event{Actor: legible(c.Actor), Action: legible(c.Action), Target: legible(c.Target), Detail: legible(c.Detail)}
}

// legible makes a text of bytes that PostgreSQL keeps, too.
func legible(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func (c Change) check() error {
	for _, text := range []struct {
		name, text  string
		least, most int
	}{
		{"actor", c.Actor, 1, 256}, {"action", c.Action, 1, 64}, {"target", c.Target, 0, 256}, {"detail", c.Detail, 0, 16 << 10},
	} {
		if len(text.text) < text.least || len(text.text) > text.most {
			return fault.New(fault.InvalidValue, "The %s of a change must have %d to %d bytes.", text.name, text.least, text.most)
		}
	}
	return nil
}

// moment is the time to the microsecond, which is what a store keeps.
func (s *Store) moment() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// micros is a time as it is kept; 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant is the time that was kept.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
