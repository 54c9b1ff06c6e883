package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entrascim/internal/seal"
)

// checked is what is sealed when a store is made: who opens it has the key.
const checked = "entrascim store"

const checkPurpose = "store check"

// checkKeys sees to it that what the store has sealed can be opened.
func (s *Store) checkKeys(ctx context.Context) error {
	var sealed []byte
	err := s.db.QueryRowContext(ctx, "SELECT sealed FROM store").Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return s.firstKey(ctx)
	}
	if err != nil {
		return err
	}
	_, err = s.keys.Open(sealed, checkPurpose)
	if errors.Is(err, seal.ErrUnknownKey) {
		return errors.New("the store was sealed with another key: that one is needed, too, until the store is sealed again with the new one")
	}
	if err != nil {
		return fmt.Errorf("what tells whether the key is right %w", err)
	}
	return nil
}

// firstKey seals the check of a new store, unless another process does at that moment.
func (s *Store) firstKey(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO store (id, sealed, revision, events) VALUES (1, $1, 0, 0) ON CONFLICT (id) DO NOTHING",
		s.keys.Seal([]byte(checked), checkPurpose))
	if err != nil {
		return err
	}
	return s.checkKeys(ctx)
}
