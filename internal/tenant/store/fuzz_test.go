package store

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"entrascim/internal/seal"
	"entrascim/internal/tenant"
)

// given scans the values of a row that a fuzzer made. Like database/sql, it fails at a
// column that it has no value of the type for.
func given(values ...any) func(...any) error {
	return func(to ...any) error {
		for i, to := range to {
			if i >= len(values) {
				return errors.New("no such column")
			}
			switch to := to.(type) {
			case *string:
				*to = values[i].(string)
			case *[]byte:
				*to = values[i].([]byte)
			case *int64:
				*to = values[i].(int64)
			default:
				return errors.New("no such type")
			}
		}
		return nil
	}
}

// FuzzTenantRow reads rows that anything may have written. What is read as a tenant is
// one that the store takes, and is read again as it was kept.
func FuzzTenantRow(f *testing.F) {
	const id, directory = "6e1c6d0a-0000-4000-8000-000000000001", "11111111-2222-3333-4444-555555555555"
	key, err := seal.New([]byte("the-secret-of-the-operator"))
	if err != nil {
		f.Fatal(err)
	}
	s := &Store{keys: key}
	f.Add(id, "a", "active", "multi", directory, "a: 1", `[{"name":"a","text":"b"}]`, `{"clientID":"a","certificate":"AP8=","managedIdentity":true}`, true, int64(1), int64(0), int64(-1))
	f.Add(id, "a", "removed", "single", "", "", "null", "", true, int64(1<<62), int64(1<<62), int64(-1<<63))
	f.Add(id, "a", "active", "single", "", "", "[]", "{}", true, int64(1), int64(1), int64(1))
	f.Add(id, "a", "active", "single", "", "", "[]", "{}", false, int64(1), int64(1), int64(1))
	f.Add(id, "a", "active", "single", "", "", "[]", `{"secret":1}`, true, int64(1), int64(1), int64(1))
	f.Add("", "\x00", "x", "y", "\xff", "\x00", "[{]", "{", true, int64(0), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, id, name, state, mode, directory, settings, overlays, credential string, sealed bool, revision, created, changed int64) {
		kept := []byte(credential)
		if sealed {
			kept = key.Seal(kept, credentialPurpose(id))
		}
		r, broken := s.readTenant(given(id, name, state, mode, directory, settings, overlays, kept, revision, created, changed))
		if broken != nil {
			if broken.ID != id || broken.Err == nil || !strings.Contains(broken.Error(), "is broken") {
				t.Fatalf("%+v", broken)
			}
			return
		}
		if err := checkTenant(r); err != nil {
			t.Fatalf("read, but not taken: %v", err)
		}
		row, err := newTenantRow(r, key)
		if err != nil {
			t.Fatal(err)
		}
		again, broken := s.readTenant(given(row.id, row.name, row.state, row.mode, row.directoryID, row.settings, row.overlays, row.credential, revision, micros(r.Created), micros(r.Changed)))
		if broken != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%+v, %v; want %+v", again, broken, r)
		}
	})
}

// FuzzClientRow is the same of clients.
func FuzzClientRow(f *testing.F) {
	const id, owner = "6e1c6d0a-0000-4000-8000-000000000001", "11111111-2222-3333-4444-555555555555"
	f.Add(id, owner, "a", "jwt", "read-only", `["User"]`, `["10.0.0.0/8","2001:db8::/32"]`, "rfc", "", "https://a", "b", `{"a":"b"}`, int64(1), int64(0), int64(-1))
	f.Add(id, owner, "a", "basic", "read-write", "null", "[]", "", "", "", "", "{}", int64(1), int64(1<<62), int64(-1<<63))
	f.Add(id, owner, "a", "basic", "read-write", `[""]`, `[""]`, "", "", "", "", `{"":""}`, int64(1), int64(1), int64(1))
	f.Add("", "", "", "", "", "", "", "", "", "", "", "", int64(0), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, id, owner, name, kind, role, types, networks, dialect, me, issuer, audience, claims string, revision, created, changed int64) {
		r, broken := readClient(given(id, owner, name, kind, role, types, networks, dialect, me, issuer, audience, claims, revision, created, changed))
		if broken != nil {
			if broken.ID != id || broken.TenantID != owner || broken.Err == nil {
				t.Fatalf("%+v", broken)
			}
			return
		}
		if err := checkClient(r); err != nil {
			t.Fatalf("read, but not taken: %v", err)
		}
		row, err := newClientRow(r)
		if err != nil {
			t.Fatal(err)
		}
		again, broken := readClient(given(row.id, row.tenantID, row.name, row.kind, row.role, row.resourceTypes, row.networks, row.dialect, row.me, row.issuer, row.audience, row.claims,
			revision, micros(r.Created), micros(r.Changed)))
		if broken != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%+v, %v; want %+v", again, broken, r)
		}
	})
}

// FuzzDigestRow is the same of secrets and invitations.
func FuzzDigestRow(f *testing.F) {
	const id, other = "6e1c6d0a-0000-4000-8000-000000000001", "11111111-2222-3333-4444-555555555555"
	f.Add(id, other, other, bytes.Repeat([]byte{1}, 32), int64(1), int64(2), int64(0))
	f.Add(id, other, other, bytes.Repeat([]byte{1}, 33), int64(1), int64(0), int64(3))
	f.Add("", "", "", []byte(nil), int64(-1<<63), int64(1<<62), int64(0))
	f.Fuzz(func(t *testing.T, id, owner, of string, sum []byte, created, expires, used int64) {
		secret, broken := readSecret(given(id, owner, of, sum, created, expires))
		if broken == nil && (checkSecrets([]tenant.Secret{secret.Secret}) != nil || !bytes.Equal(secret.Sum[:], sum) || micros(secret.Expires) != expires || secret.clientID != of) {
			t.Fatalf("%+v", secret)
		}
		i, broken := readInvitation(given(id, sum, owner, created, expires, used))
		if broken == nil && (!bytes.Equal(i.Sum[:], sum) || i.Expires.IsZero() || micros(i.Used) != used || i.TenantID != owner) {
			t.Fatalf("%+v", i)
		}
	})
}
