package store_test

import (
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// invitation is one that expires in a day.
func invitation(w *world, tenantID string) tenant.Invitation {
	return tenant.Invitation{ID: uuid.NewString(), Sum: sum("code"), TenantID: tenantID, Created: w.now(), Expires: w.now().Add(24 * time.Hour)}
}

func TestInvitation(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		r := w.put(s, named("a"))
		i := invitation(w, r.ID)
		if err := s.PutInvitation(ctx, change, i); err != nil {
			t.Fatal(err)
		}
		wantFault(t, s.PutInvitation(ctx, change, i), fault.Uniqueness, "again")
		if got, err := s.Invitation(ctx, i.Sum); err != nil || !reflect.DeepEqual(got, i) {
			t.Errorf("%+v, %v; want %+v", got, err, i)
		}
		w.advance(time.Hour)
		if err := s.UseInvitation(ctx, store.Change{Actor: "consent:x", Action: "consent"}, i.ID); err != nil {
			t.Fatal(err)
		}
		wantFault(t, s.UseInvitation(ctx, change, i.ID), fault.Conflict, "used again")
		i.Used = w.now()
		if got, err := s.Invitation(ctx, i.Sum); err != nil || !reflect.DeepEqual(got, i) {
			t.Errorf("%+v, %v; want %+v", got, err, i)
		}
		events, err := s.Events(ctx, store.EventQuery{Newest: true, Limit: 1})
		want := []tenant.Event{{Sequence: 3, Time: w.now(), Actor: "consent:x", Action: "consent", TenantID: r.ID, Tenant: "a", Target: i.ID}}
		if err != nil || !reflect.DeepEqual(events, want) {
			t.Errorf("%+v, %v; want %+v", events, err, want)
		}
		if n, err := s.Revision(ctx); err != nil || n != 1 {
			t.Errorf("replicas would read everything again for an invitation: %d, %v", n, err)
		}
	})
}

func TestInvitationExpires(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		r := w.put(s, named("a"))
		i := invitation(w, r.ID)
		if err := s.PutInvitation(ctx, change, i); err != nil {
			t.Fatal(err)
		}
		w.advance(24 * time.Hour)
		wantFault(t, s.UseInvitation(ctx, change, i.ID), fault.Forbidden, "on the second that it expires")
		if got, err := s.Invitation(ctx, i.Sum); err != nil || !got.Used.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		w.advance(91 * 24 * time.Hour)
		next := invitation(w, r.ID)
		next.Sum = sum("next")
		if err := s.PutInvitation(ctx, change, next); err != nil {
			t.Fatal(err)
		}
		wantFault(t, second(s.Invitation(ctx, i.Sum)), fault.NotFound, "long after")
	})
}

func TestOneUserOfAnInvitation(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		replicas := []*store.Store{w.open(), w.open()}
		i := invitation(w, w.put(replicas[0], named("a")).ID)
		if err := replicas[0].PutInvitation(t.Context(), change, i); err != nil {
			t.Fatal(err)
		}
		wantOne(t, together(16, func(n int) error { return replicas[n%2].UseInvitation(t.Context(), change, i.ID) }))
	})
}

// wantOne wants one to have won, and all others to be told that it was used.
func wantOne(t *testing.T, all func(func(error) bool)) {
	t.Helper()
	won := 0
	for err := range all {
		if err == nil {
			won++
		} else {
			wantFault(t, err, fault.Conflict, "one of those who lost")
		}
	}
	if won != 1 {
		t.Errorf("%d used it", won)
	}
}

func TestUseOnce(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		replicas := []*store.Store{w.open(), w.open()}
		ctx, until := t.Context(), w.now().Add(10*time.Minute)
		for round := range 4 {
			wantOne(t, together(16, func(n int) error { return replicas[n%2].UseOnce(ctx, sum(strconv.Itoa(round)), until) }))
		}
		w.advance(10 * time.Minute)
		wantFault(t, replicas[0].UseOnce(ctx, sum("0"), until), fault.Forbidden, "used, and over")
		wantFault(t, replicas[0].UseOnce(ctx, sum("fresh"), until), fault.Forbidden, "not used, and over")
		w.advance(2 * time.Hour)
		if err := replicas[1].UseOnce(ctx, sum("other"), w.now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := w.sql().QueryRowContext(ctx, "SELECT count(*) FROM once").Scan(&left); err != nil || left != 1 {
			t.Errorf("%d are kept, %v; what is over is forgotten", left, err)
		}
	})
}
