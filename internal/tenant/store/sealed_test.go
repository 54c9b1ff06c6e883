package store_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// TestNothingInClear has someone read the whole database who has no key.
func TestNothingInClear(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		r := full()
		r.Credential.Certificate = bytes.Repeat([]byte("the certificate's private key"), 10)
		r.Credential.ClientID = "client-id-in-credential"
		r = w.put(s, r)
		c := fullClient(r.ID)
		w.putClient(s, c)
		if err := s.PutInvitation(ctx, change, invitation(w, r.ID)); err != nil {
			t.Fatal(err)
		}
		r.Credential.Secret = "the-second-secret"
		w.put(s, r)

		found := w.dump()
		digest := sum("first")
		for _, known := range []string{r.Name, c.Issuer, "größer", "cli:someone@somewhere", string(digest[:])} {
			if !bytes.Contains(found, []byte(known)) {
				t.Errorf("the search does not find %q, so it would not find a secret", known)
			}
		}
		for _, secret := range []string{full().Credential.Secret, r.Credential.Secret, r.Credential.CertificatePassword, "the certificate's private key", r.Credential.FederatedTokenFile, r.SinkSecret, r.SinkURL, "first", "second", "code", oldKey} {
			raw := []byte(secret)
			for how, text := range map[string]string{
				"as it is": secret, "in base64": base64.StdEncoding.EncodeToString(raw[:len(raw)/3*3]), "in hex": hex.EncodeToString(raw),
			} {
				if bytes.Contains(found, []byte(text)) {
					t.Errorf("%q is there %s", secret, how)
				}
			}
		}
	})
}

// dump is all that the database has: the bytes of its files, or every column of every
// table as text.
func (w *world) dump() []byte {
	w.t.Helper()
	var out bytes.Buffer
	if w.kind == "sqlite" {
		for _, file := range []string{w.dsn, w.dsn + "-wal"} {
			raw, err := os.ReadFile(file)
			if err != nil {
				w.t.Fatal(err)
			}
			out.Write(raw)
		}
		return out.Bytes()
	}
	db, ctx := w.sql(), w.t.Context()
	tables, err := db.QueryContext(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	if err != nil {
		w.t.Fatal(err)
	}
	defer tables.Close()
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			w.t.Fatal(err)
		}
		rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT t::text FROM %q t", name))
		if err != nil {
			w.t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				w.t.Fatal(err)
			}
			fmt.Fprintln(&out, name, line)
			for _, field := range strings.Split(line, `\\x`)[1:] { // bytes, as text
				end := strings.IndexFunc(field, func(c rune) bool { return !strings.ContainsRune("0123456789abcdef", c) })
				raw, err := hex.DecodeString(field[:max(end, 0)])
				if err != nil {
					w.t.Fatal(err)
				}
				out.Write(raw)
			}
		}
		rows.Close()
	}
	return out.Bytes()
}

// TestMoved has someone write the sealed credential of one tenant into the row of
// another, who would then sign in with it.
func TestMoved(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s := w.open()
		victim, thief := full(), named("thief")
		victim, thief = w.put(s, victim), w.put(s, thief)
		w.exec("UPDATE tenants SET credential = (SELECT credential FROM tenants WHERE id = $1) WHERE id = $2", victim.ID, thief.ID)
		_, err := s.Tenant(t.Context(), "thief")
		wantBroken(t, err, store.Broken{Table: "tenants", ID: thief.ID, TenantID: thief.ID})
		if got, err := s.Tenant(t.Context(), victim.Name); err != nil || !reflect.DeepEqual(got, victim) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// TestBroken spoils rows of one tenant, and wants the others to be served.
func TestBroken(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		good := w.put(s, named("good"))
		spoilt := full()
		spoilt.Name = "spoilt"
		spoilt = w.put(s, spoilt)
		kept := w.putClient(s, fullClient(good.ID))
		bad := client(good.ID, "bad")
		bad = w.putClient(s, bad)
		w.putClient(s, client(spoilt.ID, "of-spoilt"))
		w.exec("UPDATE tenants SET overlays = '[{]' WHERE id = $1", spoilt.ID)
		w.exec("UPDATE clients SET role = 'admin' WHERE id = $1", bad.ID)
		w.exec("UPDATE secrets SET sum = $1 WHERE id = $2", []byte("short"), kept.Secrets[0].ID)
		kept.Secrets = kept.Secrets[1:]

		got, err := s.Snapshot(ctx)
		if err != nil || !reflect.DeepEqual(got.Tenants, []tenant.Record{good}) || !reflect.DeepEqual(got.Clients, []tenant.ClientRecord{kept}) {
			t.Errorf("%+v, %v", got, err)
		}
		var broken []string
		for _, b := range got.Broken {
			broken = append(broken, b.Table+" "+b.ID+" "+b.TenantID)
		}
		want := []string{"tenants " + spoilt.ID + " " + spoilt.ID, "clients " + bad.ID + " " + good.ID, "secrets 6e1c6d0a-0000-4000-8000-000000000003 " + good.ID}
		if !reflect.DeepEqual(broken, want) {
			t.Errorf("%v, want %v", broken, want)
		}
		_, err = s.Tenants(ctx)
		wantBroken(t, err, store.Broken{Table: "tenants", ID: spoilt.ID, TenantID: spoilt.ID})
		_, err = s.Clients(ctx, good.ID)
		wantBroken(t, err, store.Broken{Table: "clients", ID: bad.ID, TenantID: good.ID})

		// What is broken can be replaced by whoever knows its id and revision.
		spoilt.State = tenant.Removed
		if r := w.put(s, spoilt); r.State != tenant.Removed {
			t.Errorf("%+v", r)
		}
	})
}
