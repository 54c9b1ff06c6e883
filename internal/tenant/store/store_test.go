package store_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// full is a tenant with a value in every field.
func full() tenant.Record {
	return tenant.Record{
		ID: "6e1c6d0a-0000-4000-8000-000000000001", Name: "Contoso.Ltd_1-a", State: tenant.Consented, Mode: tenant.Single,
		DirectoryID: "11111111-2222-3333-4444-555555555555",
		Settings:    []byte("policy:\n  maxScan: 5 # größer\n"),
		Overlays:    []tenant.Overlay{{Name: "b.yaml", Text: []byte("b: \"\\u0000\"\n")}, {Name: "a ü.yaml", Text: []byte("")}},
		Credential: tenant.Credential{
			ClientID: "66666666-2222-3333-4444-555555555555", Secret: "s3cret-of-contoso", Certificate: []byte{0, 255, 1}, CertificatePassword: "pässword",
			FederatedTokenFile: "/var/run/token", FederatedIdentity: "an identity", ManagedIdentity: true,
		},
		SinkSecret: "secret-of-the-sink", SinkURL: "https://hook.example/?code=of-the-url",
	}
}

// fullClient is a client with a value in every field.
func fullClient(tenantID string) tenant.ClientRecord {
	return tenant.ClientRecord{
		ID: "6e1c6d0a-0000-4000-8000-000000000002", TenantID: tenantID, Name: "SailPoint", Kind: tenant.JWT, Role: tenant.ReadWrite, DryRun: true,
		ResourceTypes: []string{"User", "Group"}, Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")},
		Dialect: "entra", Me: "77777777-2222-3333-4444-555555555555", Issuer: "https://issuer.example/ü", Audience: "api://x",
		Claims: map[string]string{"roles": "Scim.Write", "azp": "\"quoted\""},
		Secrets: []tenant.Secret{
			{ID: "6e1c6d0a-0000-4000-8000-000000000003", Sum: sum("first"), Created: time.Date(2026, 1, 1, 0, 0, 0, 1000, time.UTC)},
			{ID: "6e1c6d0a-0000-4000-8000-000000000004", Sum: sum("second"), Created: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Expires: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s := w.open()
		r := w.put(s, full())
		want := full()
		want.Revision, want.Created, want.Changed = 1, w.now(), w.now()
		if !reflect.DeepEqual(r, want) {
			t.Errorf("put gave\n%+v, want\n%+v", r, want)
		}
		w.advance(time.Hour + 1500)
		c := w.putClient(s, fullClient(r.ID))
		wantClient := fullClient(r.ID)
		wantClient.Revision, wantClient.Created, wantClient.Changed = 2, w.now().Truncate(time.Microsecond), w.now().Truncate(time.Microsecond)
		if !reflect.DeepEqual(c, wantClient) {
			t.Errorf("put gave\n%+v, want\n%+v", c, wantClient)
		}

		again := w.open() // as another process has it
		ctx := t.Context()
		if got, err := again.Tenant(ctx, "contoso.LTD_1-A"); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("by name: %+v, %v", got, err)
		}
		if got, err := again.TenantByID(ctx, r.ID); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("by id: %+v, %v", got, err)
		}
		if got, err := again.Client(ctx, r.ID, "sailpoint"); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("client by name: %+v, %v", got, err)
		}
		if got, err := again.Clients(ctx, r.ID); err != nil || !reflect.DeepEqual(got, []tenant.ClientRecord{c}) {
			t.Errorf("clients: %+v, %v", got, err)
		}
		snapshot := store.Snapshot{Tenants: []tenant.Record{r}, Clients: []tenant.ClientRecord{c}, Revision: 2}
		if got, err := again.Snapshot(ctx); err != nil || !reflect.DeepEqual(got, snapshot) {
			t.Errorf("snapshot: %+v, %v", got, err)
		}

		// Everything can be taken away again.
		bare := tenant.Record{ID: r.ID, Name: "fabrikam", State: tenant.Suspended, Mode: tenant.Multi, Revision: r.Revision}
		if got := w.put(s, bare); got.Created != r.Created || got.Changed != w.now().Truncate(time.Microsecond) || got.Revision != 3 ||
			!reflect.DeepEqual(got.Credential, tenant.Credential{}) || got.SinkSecret != "" || got.SinkURL != "" || got.Overlays != nil || got.Settings != nil || got.DirectoryID != "" || got.Name != "fabrikam" {
			t.Errorf("a bare tenant: %+v", got)
		}
		plain := client(r.ID, "okta")
		plain.ID, plain.Revision = c.ID, c.Revision
		got := w.putClient(s, plain)
		plain.Created, plain.Changed, plain.Revision = c.Created, got.Changed, 4
		if !reflect.DeepEqual(got, plain) {
			t.Errorf("a plain client: %+v, want %+v", got, plain)
		}
	})
}

// TestFull sees to it that the round trip is of all fields that there are.
func TestFull(t *testing.T) {
	t.Parallel()
	kept := []string{"Revision", "Created", "Changed"} // by the store
	for _, v := range []reflect.Value{reflect.ValueOf(full()), reflect.ValueOf(full().Credential), reflect.ValueOf(fullClient("x")), reflect.ValueOf(fullClient("x").Secrets[1])} {
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; v.Field(i).IsZero() && !strings.Contains(strings.Join(kept, " "), name) {
				t.Errorf("%s.%s is not tested", v.Type(), name)
			}
		}
	}
}

func TestTenants(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		if all, err := s.Tenants(ctx); err != nil || len(all) != 0 {
			t.Errorf("of a new store: %v, %v", all, err)
		}
		for _, name := range []string{"b", "_", "C", "a"} {
			w.put(s, named(name))
		}
		all, err := s.Tenants(ctx)
		var names []string
		for _, r := range all {
			names = append(names, r.Name)
		}
		if err != nil || strings.Join(names, " ") != "_ a b C" {
			t.Errorf("%v, %v", names, err)
		}
		for what, err := range map[string]error{
			"tenant":            second(s.Tenant(ctx, "x")),
			"tenant of no name": second(s.Tenant(ctx, "\x00\xff")),
			"tenant by id":      second(s.TenantByID(ctx, uuid.NewString())),
			"client":            second(s.Client(ctx, all[0].ID, "x")),
			"client of none":    second(s.Client(ctx, "\x00", "x")),
			"invitation":        second(s.Invitation(ctx, sum("x"))),
			"use of invitation": s.UseInvitation(ctx, change, "\x00"),
			"removal of client": s.RemoveClient(ctx, change, uuid.NewString()),
		} {
			wantFault(t, err, fault.NotFound, what)
		}
		if none, err := s.Clients(ctx, "x"); err != nil || len(none) != 0 {
			t.Errorf("clients of nobody: %v, %v", none, err)
		}
	})
}

func TestRevisions(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		first := w.put(s, named("a"))
		changed := first
		changed.State = tenant.Suspended
		changed = w.put(s, changed)
		if changed.Revision <= first.Revision || changed.Created != first.Created {
			t.Errorf("%+v after %+v", changed, first)
		}
		lost := first
		lost.Name = "lost"
		_, err := s.PutTenant(ctx, change, lost)
		wantFault(t, err, fault.PreconditionFailed, "an old revision")
		unknown := named("b")
		unknown.ID, unknown.Revision = uuid.NewString(), 1
		_, err = s.PutTenant(ctx, change, unknown)
		wantFault(t, err, fault.NotFound, "a tenant that there is not")
		if got, err := s.Tenant(ctx, "a"); err != nil || !reflect.DeepEqual(got, changed) {
			t.Errorf("%+v, %v", got, err)
		}

		c := w.putClient(s, client(first.ID, "a"))
		newer := c
		newer.Role = tenant.ReadWrite
		newer = w.putClient(s, newer)
		_, err = s.PutClient(ctx, change, c)
		wantFault(t, err, fault.PreconditionFailed, "an old revision of a client")
		other := w.put(s, named("other"))
		moved := newer
		moved.TenantID = other.ID
		_, err = s.PutClient(ctx, change, moved)
		wantFault(t, err, fault.NotFound, "a client of another tenant")
		moved.Revision = 0
		_, err = s.PutClient(ctx, change, moved)
		wantFault(t, err, fault.Uniqueness, "the id of another tenant's client")
		if got, err := s.Client(ctx, first.ID, "a"); err != nil || !reflect.DeepEqual(got, newer) {
			t.Errorf("%+v, %v", got, err)
		}
		if n, err := s.Revision(ctx); err != nil || n != 5 {
			t.Errorf("revision %d, %v; what was refused does not count", n, err)
		}
	})
}

func TestOneWriterWins(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		replicas := []*store.Store{w.open(), w.open()}
		r := w.put(replicas[0], named("a"))
		var won, lost int
		for err := range together(16, func(n int) error {
			mine := r
			mine.Settings = []byte{'a' + byte(n)}
			return second(replicas[n%2].PutTenant(t.Context(), change, mine))
		}) {
			switch {
			case err == nil:
				won++
			case fault.Is(err, fault.PreconditionFailed):
				lost++
			default:
				t.Error(err)
			}
		}
		if won != 1 || lost != 15 {
			t.Errorf("%d won, %d lost", won, lost)
		}
	})
}
