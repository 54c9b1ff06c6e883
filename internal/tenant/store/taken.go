package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// keptFor is how long a count is kept after its hour began: clocks of replicas differ.
const keptFor = 24 * time.Hour

// Take counts n more of what the tenant's clients took away in the hour, over all
// replicas, unless there would be more than most then: taken tells. Counted is how many
// there are.
func (s *Store) Take(ctx context.Context, tenantID, kind string, hour time.Time, n, most int) (counted int, taken bool, err error) {
	if n > most {
		counted, err = s.Taken(ctx, tenantID, kind, hour)
		return counted, false, err
	}
	err = s.db.QueryRowContext(ctx, "INSERT INTO taken (tenant_id, kind, hour, amount) VALUES ($1, $2, $3, $4) "+
		"ON CONFLICT (tenant_id, kind, hour) DO UPDATE SET amount = taken.amount + excluded.amount "+
		"WHERE taken.amount + excluded.amount <= $5 RETURNING amount",
		tenantID, kind, micros(hour), n, most).Scan(&counted)
	if errors.Is(err, sql.ErrNoRows) {
		counted, err = s.Taken(ctx, tenantID, kind, hour)
		return counted, false, err
	}
	if err == nil && counted == n { // the first of the hour
		_, err = s.db.ExecContext(ctx, "DELETE FROM taken WHERE hour < $1", micros(hour.Add(-keptFor)))
	}
	return counted, err == nil, s.failed(err)
}

// Taken is how many are counted in the hour.
func (s *Store) Taken(ctx context.Context, tenantID, kind string, hour time.Time) (counted int, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT amount FROM taken WHERE tenant_id = $1 AND kind = $2 AND hour = $3", tenantID, kind, micros(hour)).Scan(&counted)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return counted, s.failed(err)
}
