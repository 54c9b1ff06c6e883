package store_test

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

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

func second[T any](_ T, err error) error { return err }

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

func wantBroken(t *testing.T, err error, want store.Broken) {
	t.Helper()
	var b *store.Broken
	if !errors.As(err, &b) || b.Table != want.Table || b.ID != want.ID || b.TenantID != want.TenantID {
		t.Errorf("%v; want the row %+v to be broken", err, want)
	}
}
