package store_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

func TestEvents(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		a, b := w.put(s, named("a")), w.put(s, named("b"))
		for i := range 6 {
			c := store.Change{Actor: "cli:who\xff@\x00", Action: "client.add", Detail: fmt.Sprint(i)}
			if _, err := s.PutClient(ctx, c, client([]string{a.ID, b.ID}[i%2], fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		all, err := s.Events(ctx, store.EventQuery{})
		if err != nil || len(all) != 8 {
			t.Fatalf("%d events, %v", len(all), err)
		}
		last := all[7]
		last.Target = ""
		want := tenant.Event{Sequence: 8, Time: w.now(), Actor: "cli:who\uFFFD@\uFFFD", Action: "client.add", TenantID: b.ID, Tenant: "b", Detail: "5"}
		if last != want {
			t.Errorf("%+v, want %+v", last, want)
		}
		for _, c := range []struct {
			query store.EventQuery
			want  string
		}{
			{store.EventQuery{}, "1 2 3 4 5 6 7 8"},
			{store.EventQuery{After: 6}, "7 8"},
			{store.EventQuery{Before: 3}, "1 2"},
			{store.EventQuery{After: 2, Before: 5}, "3 4"},
			{store.EventQuery{Limit: 3}, "1 2 3"},
			{store.EventQuery{Limit: 3, Newest: true}, "8 7 6"},
			{store.EventQuery{Limit: 3, Newest: true, Before: 6}, "5 4 3"},
			{store.EventQuery{TenantID: a.ID}, "1 3 5 7"},
			{store.EventQuery{TenantID: a.ID, After: 1, Limit: 2}, "3 5"},
			{store.EventQuery{After: 1 << 40}, ""},
			{store.EventQuery{Before: 1 << 40, Newest: true, Limit: 1}, "8"},
			{store.EventQuery{TenantID: "\x00"}, ""},
		} {
			got, err := s.Events(ctx, c.query)
			if sequences(got) != c.want || err != nil {
				t.Errorf("%+v: %s, %v; want %s", c.query, sequences(got), err, c.want)
			}
		}
		for _, q := range []store.EventQuery{{After: -1}, {Before: -1}, {Limit: -1}, {Limit: 1001}} {
			wantFault(t, second(s.Events(ctx, q)), fault.InvalidValue, fmt.Sprintf("%+v", q))
		}
	})
}

func sequences(all []tenant.Event) string {
	var out []string
	for _, e := range all {
		out = append(out, fmt.Sprint(e.Sequence))
	}
	return strings.Join(out, " ")
}

// TestEventsOnlyGrow tries what someone may try who writes SQL.
func TestEventsOnlyGrow(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		for _, name := range []string{"a", "b", "c"} {
			w.put(s, named(name))
		}
		before, err := s.Events(ctx, store.EventQuery{})
		if err != nil {
			t.Fatal(err)
		}
		const values = "(sequence, time, actor, action, tenant_id, tenant, target, detail) VALUES (2, 0, '', '', '', '', '', '')"
		tries := []string{
			"UPDATE events SET actor = 'nobody'",
			"UPDATE events SET sequence = 9 WHERE sequence = 3",
			"DELETE FROM events",
			"DELETE FROM events WHERE sequence = 3",
			"INSERT INTO events " + values,
			"INSERT INTO events " + values + " ON CONFLICT (sequence) DO UPDATE SET actor = 'nobody'",
			map[string]string{"sqlite": "INSERT OR REPLACE INTO events " + values, "postgres": "TRUNCATE events"}[w.kind],
		}
		for _, query := range tries {
			if _, err := w.sql().ExecContext(ctx, query); err == nil || !strings.Contains(err.Error(), "only grows") {
				t.Errorf("%s: %v", query, err)
			}
		}
		if after, err := s.Events(ctx, store.EventQuery{}); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%+v, %v; want %+v", after, err, before)
		}
	})
}

// TestNoGaps reads the log while it grows: who reads on after the last event misses none.
func TestNoGaps(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		replicas := []*store.Store{w.open(), w.open()}
		const writers, changes = 8, 5
		done := make(chan error, 1)
		go func() {
			for err := range together(writers, func(n int) error {
				for i := range changes {
					if _, err := replicas[n%2].PutTenant(t.Context(), change, named(fmt.Sprintf("t%d.%d", n, i))); err != nil {
						return err
					}
				}
				return nil
			}) {
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		next := int64(1)
		for next <= writers*changes {
			all, err := replicas[next%2].Events(t.Context(), store.EventQuery{After: next - 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				if e.Sequence != next {
					t.Fatalf("event %d is missing, %d is there", next, e.Sequence)
				}
				next++
			}
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
			default:
			}
		}
	})
}

func TestFailedChangeLeavesNothing(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		w.put(s, named("a"))
		wantFault(t, second(s.PutTenant(ctx, change, named("a"))), fault.Uniqueness, "a name twice")
		for what, c := range map[string]store.Change{
			"no actor": {Action: "x"}, "no action": {Actor: "x"}, "long actor": {Actor: strings.Repeat("x", 257), Action: "x"},
			"long action": {Actor: "x", Action: strings.Repeat("x", 65)}, "long target": {Actor: "x", Action: "x", Target: strings.Repeat("x", 257)},
			"long detail": {Actor: "x", Action: "x", Detail: strings.Repeat("x", 16<<10+1)},
		} {
			wantFault(t, second(s.PutTenant(ctx, c, named("b"))), fault.InvalidValue, what)
			wantFault(t, s.UseInvitation(ctx, c, "x"), fault.InvalidValue, what)
			wantFault(t, second(s.Reseal(ctx, c)), fault.InvalidValue, what)
		}
		events, err := s.Events(ctx, store.EventQuery{})
		n, revErr := s.Revision(ctx)
		if len(events) != 1 || n != 1 || err != nil || revErr != nil {
			t.Errorf("%d events, revision %d, %v, %v", len(events), n, err, revErr)
		}
	})
}
