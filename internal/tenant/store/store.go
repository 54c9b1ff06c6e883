// Package store keeps tenants, their clients and invitations, and the audit log of who
// changed them: in an SQLite file, or in PostgreSQL when several replicas share it.
//
// Every change runs in one transaction, one at a time over all replicas, and leaves an
// event in the audit log. What a client or Entra would take as proof of who one is lies
// in the database sealed, or as a digest only.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/seal"
)

// Options say where a store is and how it is opened.
type Options struct {
	DSN  string           // "postgres://…" as libpq takes it, or the path of an SQLite file, which is made when it is missing
	Keys *seal.Keys       // seal what must not be read in the database; shared by all that open it
	Now  func() time.Time // nil: time.Now
}

// A Store is open until Close. It is safe for concurrent use, and several processes may
// have the same one open.
//
// Its errors are faults: NotFound, Uniqueness and so on as each method says,
// InvalidValue for what is too long or not of its form, and Unavailable when the
// database cannot be used now. A *Broken says that a row is not as it was written.
type Store struct {
	database
	keys *seal.Keys
	now  func() time.Time
}

// A database is what differs between SQLite and PostgreSQL.
type database struct {
	db     *sql.DB
	name   string           // for errors: without any secret
	kind   string           // "sqlite" or "postgres"
	alone  string           // run first in a transaction that one process at a time has while it looks after the schema; "": nothing
	begun  string           // run first in a change; "": nothing
	notify string           // run in a change that replicas must see; "": nothing
	away   func(error) bool // whether an error says that the database cannot be used now

	listen func(ctx context.Context, woken chan<- struct{}) // tells of changes until ctx ends; nil: cannot
	poll   time.Duration                                    // how often Watch looks by itself
}

// Open opens the store, after bringing its schema up to date. Its errors tell a file that
// is no store, a schema that is newer than this program and a wrong key apart.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Keys == nil {
		return nil, errors.New("the store needs a key")
	}
	d, err := connect(o.DSN)
	if err != nil {
		return nil, err
	}
	s := &Store{database: d, keys: o.Keys, now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the store %s: %w", d.name, err), d.db.Close())
	}
	return s, nil
}

// prepare brings the database into the form that the store needs.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.db.PingContext(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.checkKeys(ctx)
}

// Close ends the use of the store. Nothing may use it any more.
func (s *Store) Close() error { return s.db.Close() }

// connect finds out which database is meant. The error does not repeat the DSN, which
// may hold a password.
func connect(dsn string) (database, error) {
	scheme, _, found := strings.Cut(dsn, "://")
	switch {
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(dsn)
	case dsn == "", found, strings.HasPrefix(dsn, "file:"), strings.HasPrefix(dsn, ":"):
		return database{}, errors.New("a store is postgres://…, or the path of an SQLite file")
	}
	return openSQLite(dsn)
}

// failed makes a fault of what the database said.
func (s *Store) failed(err error) error {
	var known *fault.Error
	var broken *Broken
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &broken), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case s.away(err):
		return fault.Wrap(err, fault.Unavailable, "The store cannot be used at the moment.")
	}
	return fmt.Errorf("the store: %w", err)
}

// querier is a database, or a transaction in it.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
