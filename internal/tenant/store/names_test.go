package store_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

func TestNames(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		a, b := w.put(s, named("Contoso")), w.put(s, named("b"))
		_, err := s.PutTenant(ctx, change, named("cONTOSO"))
		wantFault(t, err, fault.Uniqueness, "a name in another case")
		b.Name = "CONTOSO"
		_, err = s.PutTenant(ctx, change, b)
		wantFault(t, err, fault.Uniqueness, "changing to another's name")
		a.Name = "contoso"
		a = w.put(s, a)
		again := named("other")
		again.ID = a.ID
		_, err = s.PutTenant(ctx, change, again)
		wantFault(t, err, fault.Uniqueness, "another's id")

		c := client(a.ID, "okta")
		c.Secrets = []tenant.Secret{{ID: uuid.NewString(), Sum: sum("token")}}
		c = w.putClient(s, c)
		_, err = s.PutClient(ctx, change, client(a.ID, "OKTA"))
		wantFault(t, err, fault.Uniqueness, "a client's name in another case")
		w.putClient(s, client(b.ID, "okta"))
		thief := client(b.ID, "thief")
		thief.Secrets = []tenant.Secret{{ID: uuid.NewString(), Sum: sum("token")}}
		_, err = s.PutClient(ctx, change, thief)
		wantFault(t, err, fault.Uniqueness, "another's token")
		c.Secrets = append(c.Secrets, tenant.Secret{ID: uuid.NewString(), Sum: sum("next")})
		if c = w.putClient(s, c); len(c.Secrets) != 2 {
			t.Errorf("one's own token beside the next: %+v", c)
		}

		names := 0
		for err := range together(16, func(int) error { return second(s.PutTenant(ctx, change, named("wanted"))) }) {
			if err == nil {
				names++
			} else {
				wantFault(t, err, fault.Uniqueness, "a name that all want")
			}
		}
		if names != 1 {
			t.Errorf("%d tenants got one name", names)
		}
	})
}

func TestRemove(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		r, other := w.put(s, full()), w.put(s, named("other"))
		w.putClient(s, fullClient(r.ID))
		kept := w.putClient(s, client(other.ID, "kept"))
		i := invitation(w, r.ID)
		if err := s.PutInvitation(ctx, change, i); err != nil {
			t.Fatal(err)
		}
		r.State = tenant.Removed
		gone := w.put(s, r)
		if gone.State != tenant.Removed || gone.Revision <= r.Revision || !reflect.DeepEqual(gone.Credential, tenant.Credential{}) {
			t.Errorf("%+v", gone)
		}
		wantFault(t, second(s.Tenant(ctx, r.Name)), fault.NotFound, "by its name")
		wantFault(t, second(s.TenantByID(ctx, r.ID)), fault.NotFound, "by its id")
		wantFault(t, second(s.Invitation(ctx, i.Sum)), fault.NotFound, "its invitation")
		wantFault(t, second(s.PutClient(ctx, change, client(r.ID, "late"))), fault.NotFound, "a client of it")
		late := invitation(w, r.ID)
		late.ID, late.Sum = uuid.NewString(), sum("late")
		wantFault(t, s.PutInvitation(ctx, change, late), fault.NotFound, "an invitation of it")
		gone.State = tenant.Active
		wantFault(t, second(s.PutTenant(ctx, change, gone)), fault.NotFound, "its return")
		if got, err := s.Snapshot(ctx); err != nil || !reflect.DeepEqual(got.Tenants, []tenant.Record{other}) || !reflect.DeepEqual(got.Clients, []tenant.ClientRecord{kept}) {
			t.Errorf("%+v, %v", got, err)
		}
		var secrets, credentials int
		row := w.sql().QueryRowContext(ctx, "SELECT (SELECT count(*) FROM secrets), (SELECT count(*) FROM tenants WHERE credential IS NOT NULL)")
		if err := row.Scan(&secrets, &credentials); err != nil || secrets+credentials > 0 {
			t.Errorf("%d secrets and %d credentials are left, %v", secrets, credentials, err)
		}
		again := named(r.Name)
		if w.put(s, again).ID == r.ID {
			t.Error("the id was given again")
		}
		wantFault(t, second(s.PutTenant(ctx, change, tenant.Record{Name: "x", Mode: tenant.Multi, State: tenant.Removed})), fault.InvalidValue, "one that begins removed")
	})
}

func TestRemoveClient(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		r := w.put(s, named("a"))
		c := w.putClient(s, fullClient(r.ID))
		if err := s.RemoveClient(ctx, change, c.ID); err != nil {
			t.Fatal(err)
		}
		wantFault(t, s.RemoveClient(ctx, change, c.ID), fault.NotFound, "again")
		wantFault(t, second(s.PutClient(ctx, change, c)), fault.NotFound, "changing it")
		events, err := s.Events(ctx, store.EventQuery{After: 2})
		if err != nil || len(events) != 1 || events[0].Target != c.ID || events[0].Tenant != "a" || events[0].TenantID != r.ID {
			t.Errorf("%+v, %v", events, err)
		}
		w.putClient(s, fullClient(r.ID)) // its name, id and secrets are free
	})
}

func TestCancelled(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s := w.open()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for what, err := range map[string]error{
			"put": second(s.PutTenant(ctx, change, named("a"))), "read": second(s.Tenants(ctx)), "snapshot": second(s.Snapshot(ctx)), "revision": second(s.Revision(ctx)),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
