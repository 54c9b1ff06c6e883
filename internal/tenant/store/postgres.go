package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/rs/zerolog"
)

// channel is what replicas listen on.
const channel = "entrascim"

// How long a listener waits before it connects again, at first and at most.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 10 * time.Second
)

// openPostgres names a database; it is connected to when it is first used.
func openPostgres(dsn string) (database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return database{}, errors.New("the store: its postgres:// URL cannot be understood") // the cause repeats parts of it
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(8)
	db.SetConnMaxIdleTime(time.Minute)
	return database{
		db: db, name: fmt.Sprintf("%s on %s", config.Database, config.Host), kind: "postgres",
		alone: "SELECT set_config('idle_in_transaction_session_timeout', '10min', true), pg_advisory_xact_lock(5207218160)",
		// A replica that vanished in the middle of a change does not hold the others up.
		begun:  "SELECT set_config('lock_timeout', '10s', true), set_config('idle_in_transaction_session_timeout', '10s', true)",
		notify: "SELECT pg_notify('" + channel + "', '')",
		away:   postgresAway,
		listen: func(ctx context.Context, woken chan<- struct{}) { listen(ctx, config, woken) },
		poll:   5 * time.Second,
	}, nil
}

// postgresAway tells errors of the connection and those by which the server says that it
// cannot work now (PostgreSQL's manual, appendix A) from those about a statement.
func postgresAway(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return true
	}
	for _, class := range []string{"08", "25006", "53", "55P03", "57", "58"} {
		if strings.HasPrefix(e.Code, class) {
			return true
		}
	}
	return false
}

// listen wakes whoever watches: when the server tells of a change, and each time that it
// begins to listen, since nothing was told before.
func listen(ctx context.Context, config *pgx.ConnConfig, woken chan<- struct{}) {
	for wait := firstBackoff; ctx.Err() == nil; wait = min(2*wait, lastBackoff) {
		err := listenOnce(ctx, config, func() {
			wait = firstBackoff
			select {
			case woken <- struct{}{}:
			default:
			}
		})
		if ctx.Err() != nil {
			return
		}
		zerolog.Ctx(ctx).Warn().Err(err).Msg("the store does not tell of changes: looking for them, and connecting again")
		select {
		case <-ctx.Done():
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // replicas do not all come at once; no secret
		}
	}
}

// listenOnce listens until the connection is lost.
func listenOnce(ctx context.Context, config *pgx.ConnConfig, wake func()) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it says goodbye, within a time of its own
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		wake()
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}
