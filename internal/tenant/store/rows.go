package store

import (
	"context"
	"errors"
	"fmt"

	"entrascim/internal/fault"
)

// A Broken row is not as it was written: something else changed it, or it was sealed
// with a key that is gone.
type Broken struct {
	Table    string
	ID       string // of the row
	TenantID string // that it belongs to; "" when the row does not tell
	Err      error
}

// Error names the row.
func (b *Broken) Error() string {
	return fmt.Sprintf("the store's row %q of table %s is broken: %v", b.ID, b.Table, b.Err)
}

// Unwrap gives the cause.
func (b *Broken) Unwrap() error { return b.Err }

// A reader makes a T of a row, whose columns scan gives. Whatever they hold is possible.
type reader[T any] func(scan func(dest ...any) error) (T, *Broken)

// read reads rows; those that are broken are apart.
func read[T any](ctx context.Context, q querier, r reader[T], query string, args ...any) ([]T, []*Broken, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err has told
	var all []T
	var broken []*Broken
	for rows.Next() {
		if one, bad := r(rows.Scan); bad != nil {
			broken = append(broken, bad)
		} else {
			all = append(all, one)
		}
	}
	return all, broken, rows.Err()
}

// whole reads rows that must all be right.
func whole[T any](ctx context.Context, q querier, r reader[T], query string, args ...any) ([]T, error) {
	all, broken, err := read(ctx, q, r, query, args...)
	if err := joined(broken, err); err != nil {
		return nil, err
	}
	return all, nil
}

// joined makes one error of all that there is to complain of.
func joined(broken []*Broken, err error) error {
	for _, b := range broken {
		err = errors.Join(err, b)
	}
	return err
}

// single reads the row that there must be. Its error is NotFound when there is none.
func single[T any](ctx context.Context, q querier, r reader[T], what, query string, args ...any) (T, error) {
	all, err := whole(ctx, q, r, query, args...)
	if err == nil && len(all) == 0 {
		err = missing(what)
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

func missing(what string) error { return fault.New(fault.NotFound, "There is no such %s.", what) }

func stale(what string) error {
	return fault.New(fault.PreconditionFailed, "The %s was changed by another meanwhile: read it again.", what)
}

// free sees to it that the query counts nothing; the detail says what it means that it
// does.
func (t *transaction) free(ctx context.Context, detail, query string, args ...any) error {
	var n int
	if err := t.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fault.New(fault.Uniqueness, "%s", detail)
	}
	return nil
}
