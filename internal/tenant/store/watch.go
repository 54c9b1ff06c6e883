package store

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

// Watch calls changed once at its start, and again whenever the Revision grew, whichever
// process made it grow, until ctx ends. PostgreSQL tells of a change at once; Watch looks
// by itself, too (every 5 seconds; every second at an SQLite file), so that none is
// missed when the connection is lost. When changed fails it is called again, as often
// as Watch looks.
func (s *Store) Watch(ctx context.Context, changed func(context.Context) error) {
	woken := make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if s.listen != nil {
			s.listen(ctx, woken)
		}
	}()
	defer func() { <-ended }()
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	for last := int64(-1); ctx.Err() == nil; {
		last = s.look(ctx, last, changed)
		select {
		case <-ctx.Done():
		case <-woken:
		case <-tick.C:
		}
	}
}

// look calls changed unless the revision is the last one that it was called for, and
// gives the one that it was called for now.
func (s *Store) look(ctx context.Context, last int64, changed func(context.Context) error) int64 {
	now, err := s.Revision(ctx)
	if err == nil && now != last {
		err = changed(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return last
	case err != nil:
		zerolog.Ctx(ctx).Warn().Err(err).Msg("a change of the store is not in force yet: trying again")
		return last
	}
	return now
}
