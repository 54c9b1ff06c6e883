package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib"

	"entrascim/internal/fault"
	"entrascim/internal/pgtest"
	"entrascim/internal/seal"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

const (
	oldKey = "the-old-secret-of-the-operator"
	newKey = "the-new-secret-of-the-operator"
)

// change is a change of which nothing else is to be told.
var change = store.Change{Actor: "cli:someone@somewhere", Action: "test"}

// A world is an empty place for a store, of one kind.
type world struct {
	t    *testing.T
	kind string
	dsn  string
	mu   sync.Mutex
	time time.Time // that its stores think it is
}

// each runs the test at every kind of database.
func each(t *testing.T, do func(w *world)) {
	t.Helper()
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		do(&world{t: t, kind: "sqlite", dsn: filepath.Join(t.TempDir(), "store.db"), time: start})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		do(&world{t: t, kind: "postgres", dsn: pgtest.Database(t), time: start})
	})
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

func (w *world) advance(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(by)
}

// open opens the store of the world with keys, as each replica does.
func (w *world) open(secrets ...string) *store.Store {
	w.t.Helper()
	s, err := w.tryOpen(secrets...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Close() })
	return s
}

func (w *world) tryOpen(secrets ...string) (*store.Store, error) {
	if len(secrets) == 0 {
		secrets = []string{oldKey}
	}
	return store.Open(w.t.Context(), store.Options{DSN: w.dsn, Keys: keys(w.t, secrets...), Now: w.now})
}

func keys(tb testing.TB, secrets ...string) *seal.Keys {
	tb.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, []byte(s))
	}
	k, err := seal.New(all...)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// sql gives the database without the store, as someone has it who writes SQL.
func (w *world) sql() *sql.DB {
	w.t.Helper()
	driver := map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[w.kind]
	db, err := sql.Open(driver, w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	return db
}

// exec runs SQL beside the store.
func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.sql().ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(s *store.Store, r tenant.Record) tenant.Record {
	w.t.Helper()
	kept, err := s.PutTenant(w.t.Context(), change, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return kept
}

func (w *world) putClient(s *store.Store, r tenant.ClientRecord) tenant.ClientRecord {
	w.t.Helper()
	kept, err := s.PutClient(w.t.Context(), change, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return kept
}

func named(name string) tenant.Record {
	return tenant.Record{Name: name, State: tenant.Active, Mode: tenant.Multi}
}

func client(tenantID, name string) tenant.ClientRecord {
	return tenant.ClientRecord{TenantID: tenantID, Name: name, Kind: tenant.Bearer, Role: tenant.ReadOnly}
}

func sum(text string) [32]byte { return sha256.Sum256([]byte(text)) }

func wantFault(t *testing.T, err error, kind fault.Kind, what string) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v; want a fault of kind %d", what, err, kind)
	}
}

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
	}
}

// fullClient is a client with a value in every field.
func fullClient(tenantID string) tenant.ClientRecord {
	return tenant.ClientRecord{
		ID: "6e1c6d0a-0000-4000-8000-000000000002", TenantID: tenantID, Name: "SailPoint", Kind: tenant.JWT, Role: tenant.ReadWrite,
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
			!reflect.DeepEqual(got.Credential, tenant.Credential{}) || got.Overlays != nil || got.Settings != nil || got.DirectoryID != "" || got.Name != "fabrikam" {
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

func second[T any](_ T, err error) error { return err }

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

// together runs do n times at once and gives what came of each.
func together(n int, do func(n int) error) func(yield func(error) bool) {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	return func(yield func(error) bool) {
		for _, err := range errs {
			if !yield(err) {
				return
			}
		}
	}
}

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

func wantBroken(t *testing.T, err error, want store.Broken) {
	t.Helper()
	var b *store.Broken
	if !errors.As(err, &b) || b.Table != want.Table || b.ID != want.ID || b.TenantID != want.TenantID {
		t.Errorf("%v; want the row %+v to be broken", err, want)
	}
}
