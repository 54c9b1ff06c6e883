package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"entrascim/internal/seal"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

func TestWrongKey(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s := w.open(oldKey)
		r := w.put(s, full())
		s.Close()
		if _, err := w.tryOpen(newKey); err == nil || !strings.Contains(err.Error(), "the store was sealed with another key") {
			t.Fatalf("with another key: %v", err)
		}
		if got, err := w.open(newKey, oldKey).TenantByID(t.Context(), r.ID); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("with another key, and the key: %+v, %v", got, err)
		}
	})
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	if _, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "x")}); err == nil || !strings.Contains(err.Error(), "needs a key") {
		t.Errorf("%v", err)
	}
}

func TestReseal(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(oldKey), t.Context()
		var all []tenant.Record
		for _, name := range []string{"a", "b", "c"} {
			r := full()
			r.ID, r.Name = "", name
			all = append(all, w.put(s, r))
		}
		all = append(all, w.put(s, named("d"))) // has nothing to seal
		both := w.open(newKey, oldKey)
		mixed := all[2]
		mixed.Credential.Secret = "sealed with the new key"
		all[2] = w.put(both, mixed)
		if n, err := both.Reseal(ctx, store.Change{Actor: "cli:x", Action: "store.reseal"}); err != nil || n != 3 { // a, b and the check
			t.Errorf("%d, %v", n, err)
		}
		if n, err := both.Reseal(ctx, change); err != nil || n != 0 {
			t.Errorf("again: %d, %v", n, err)
		}
		if _, err := w.tryOpen(oldKey); err == nil {
			t.Error("the old key opens the store still")
		}
		if got, err := w.open(newKey).Tenants(ctx); err != nil || !reflect.DeepEqual(got, all) {
			t.Errorf("%+v, %v; want %+v", got, err, all)
		}
		events, err := both.Events(ctx, store.EventQuery{After: 5, Limit: 1})
		if err != nil || len(events) != 1 || events[0].Action != "store.reseal" || events[0].TenantID != "" {
			t.Errorf("%+v, %v", events, err)
		}
	})
}

// TestResealAllOrNothing has a credential that none of the keys opens.
func TestResealAllOrNothing(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s := w.open(oldKey)
		good, bad := full(), full()
		good.ID, good.Name, bad.ID, bad.Name = "", "good", "", "bad"
		good, bad = w.put(s, good), w.put(s, bad)
		w.exec("UPDATE tenants SET credential = $1 WHERE id = $2", keys(t, "a-key-that-nobody-has-any-more").Seal([]byte("{}"), ""), bad.ID)
		both := w.open(newKey, oldKey)
		n, err := both.Reseal(t.Context(), change)
		if n != 0 || err == nil || !strings.Contains(err.Error(), bad.ID) || !strings.Contains(err.Error(), "sealed with another key") {
			t.Errorf("%d, %v", n, err)
		}
		if got, err := w.open(oldKey).TenantByID(t.Context(), good.ID); err != nil || !reflect.DeepEqual(got, good) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestNewerSchema(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		w.open().Close()
		w.exec("INSERT INTO entrascim_schema (version_id, is_applied) VALUES (99, $1)", map[string]any{"sqlite": 1, "postgres": true}[w.kind])
		if _, err := w.tryOpen(); err == nil || !strings.Contains(err.Error(), "version 99, made by a newer program: this one knows versions up to 3") {
			t.Errorf("%v", err)
		}
	})
}

// TestStepTakenTwice tries to note a step that was taken, as a process does that took it
// at the same moment.
func TestStepTakenTwice(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		w.open()
		if _, err := w.sql().ExecContext(t.Context(), "INSERT INTO entrascim_schema (version_id, is_applied) SELECT version_id, is_applied FROM entrascim_schema WHERE version_id = 1"); err == nil {
			t.Error("a step can be noted twice: two processes may both take it")
		}
	})
}

// TestSameTables compares what the two databases have: same tables, same columns.
func TestSameTables(t *testing.T) {
	t.Parallel()
	var kinds [2]string
	t.Run("each", func(t *testing.T) {
		each(t, func(w *world) {
			t := w.t
			w.open()
			query := "SELECT m.name, c.name, CASE WHEN c.\"notnull\" > 0 THEN 'NO' ELSE 'YES' END, lower(c.type) FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'entrascim_schema' ORDER BY 1, 2"
			if w.kind == "postgres" {
				query = "SELECT table_name, column_name, is_nullable, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'entrascim_schema' ORDER BY 1, 2"
			}
			rows, err := w.sql().QueryContext(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var out strings.Builder
			for rows.Next() {
				var c [4]string
				if err := rows.Scan(&c[0], &c[1], &c[2], &c[3]); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(&out, c)
			}
			kinds[map[string]int{"sqlite": 0, "postgres": 1}[w.kind]] = out.String()
		})
	})
	if kinds[1] != "" && (kinds[0] != kinds[1] || strings.Count(kinds[0], "\n") < 40) {
		t.Errorf("SQLite has\n%sPostgreSQL has\n%s", kinds[0], kinds[1])
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		"":                                      "a store is postgres://…, or the path",
		":memory:":                              "a store is postgres://…, or the path",
		"file:x.db":                             "a store is postgres://…, or the path",
		"mysql://u:hunter2@h/db":                "a store is postgres://…, or the path",
		"postgres://u:hunter2@h:port/db":        "cannot be understood",
		"postgres://u:hunter2@[::1/db":          "cannot be understood",
		"postgres://u:hunter2%zz@h/db":          "cannot be understood",
		"postgres://u:hunter2@h/db?sslmode=x":   "cannot be understood",
		"postgres://u:hunter2@127.0.0.1:1/db":   "the store db on 127.0.0.1: ",
		filepath.Join(folder, "none", "x.db"):   "no such file or directory",
		folder:                                  "is a directory",
		text:                                    "file is not a database",
		"postgresql://u:hunter2@/db?host=/none": "the store db on /none: ",
	} {
		_, err := store.Open(t.Context(), store.Options{DSN: dsn, Keys: seal.Random()})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v; want %q", dsn, err, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"a b.db", "a?b", "a#b", "a%20b", "ä", "postgres:x"} {
		path := filepath.Join(folder, name)
		s, err := store.Open(t.Context(), store.Options{DSN: path, Keys: seal.Random()})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s.Close()
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestFileMode sees to it that only its owner may read the file and those beside it,
// whatever it was before.
func TestFileMode(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]os.FileMode{"new": 0, "wide": 0o666} {
		path := filepath.Join(t.TempDir(), name)
		if before != 0 {
			if err := os.WriteFile(path, nil, before); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, before); err != nil {
				t.Fatal(err)
			}
		}
		s, err := store.Open(t.Context(), store.Options{DSN: path, Keys: seal.Random()})
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) != 3 {
			t.Errorf("%v, %v; want the file, its log and its index", files, err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
				t.Errorf("%s: %v, %v", file, info.Mode(), err)
			}
		}
		s.Close()
	}
}
