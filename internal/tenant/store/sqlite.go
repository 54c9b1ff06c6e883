package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ownerOnly is the mode of the file, which SQLite gives to those beside it, too.
const ownerOnly = 0o600

// openSQLite opens a file, which it makes when it is missing; not its folder.
func openSQLite(path string) (database, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return database{}, fmt.Errorf("the store: %w", err)
	}
	if err := private(path); err != nil {
		return database{}, fmt.Errorf("the store: %w", err)
	}
	db, err := sql.Open("sqlite", sqliteURL(path))
	if err != nil {
		return database{}, fmt.Errorf("the store %s: %w", path, err)
	}
	db.SetMaxOpenConns(8)
	return database{db: db, name: path, kind: "sqlite", away: sqliteAway, poll: time.Second}, nil
}

// private makes the file, or takes from others what they may do with it.
func private(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, ownerOnly)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Mode().Perm()&^ownerOnly == 0 {
		return err
	}
	return file.Chmod(ownerOnly)
}

// sqliteURL names the file as SQLite and its driver take it. A change takes the lock
// that only one has when it begins, and is on the disk when it ends; a reader sees what
// was there when it began, and waits for nobody.
func sqliteURL(path string) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_busy_timeout": {"10000"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_foreign_keys": {"1"}, "_txlock": {"immediate"},
	}.Encode()}
	return u.String()
}

func sqliteAway(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff { // the rest tells more exactly why
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}
