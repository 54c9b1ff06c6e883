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

// migrate takes the steps that are missing. When several processes take one at once,
// all but one fail at it and change nothing: the number of a step is kept once. They go
// on with the next.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := s.steps()
	if err != nil {
		return err
	}
	for {
		before, newest, err := steps.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("bringing its schema up to date: %w", err)
		}
		if before > newest {
			return fmt.Errorf("its schema is version %d, made by a newer program: this one knows versions up to %d", before, newest)
		}
		_, err = steps.Up(ctx)
		if err == nil {
			return nil
		}
		after, _, failed := steps.GetVersions(ctx)
		if failed != nil || after == before {
			return fmt.Errorf("bringing its schema up to date: %w", err)
		}
	}
}
