package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// files are the steps of the schema, in the order of their numbers. One whose name ends
// in _sqlite or _postgres is for that database alone.
//
//go:embed schema/*.sql
var files embed.FS

// versions is the table of the steps that were taken.
const versions = "entrascim_schema"

// steps are those for this database.
func (s *Store) steps() (*goose.Provider, error) {
	kind, other := goose.DialectPostgres, "_sqlite.sql"
	if s.kind == "sqlite" {
		kind, other = goose.DialectSQLite3, "_postgres.sql"
	}
	schema, err := fs.Sub(files, "schema")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(schema, "*"+other)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(kind, s.db, schema, goose.WithTableName(versions), goose.WithExcludeNames(names),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// migrate takes the steps that are missing.
func (s *Store) migrate(ctx context.Context) error {
	if s.alone != "" {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // which ends its being alone
		if _, err := tx.ExecContext(ctx, s.alone); err != nil {
			return err
		}
	}
	steps, err := s.steps()
	if err != nil {
		return err
	}
	for again := true; again && err == nil; {
		again, err = climb(ctx, steps)
	}
	return err
}

// climb takes the steps. When several processes are at the same SQLite file, all but one
// fail at a step and change nothing, since its number is kept once: they try again.
func climb(ctx context.Context, steps *goose.Provider) (again bool, err error) {
	before, newest, err := steps.GetVersions(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the version of its schema: %w", err)
	}
	if before > newest {
		return false, fmt.Errorf("its schema is version %d, made by a newer program: this one knows versions up to %d", before, newest)
	}
	if _, err = steps.Up(ctx); err == nil {
		return false, nil
	}
	if after, _, failed := steps.GetVersions(ctx); failed == nil && after > before {
		return true, nil
	}
	return false, fmt.Errorf("bringing its schema up to date: %w", err)
}
