package store

import "time"

// PollEvery says how often Watch looks by itself.
func (s *Store) PollEvery(d time.Duration) { s.poll = d }
