package store_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"entrascim/internal/pgtest"
	"entrascim/internal/seal"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// BenchmarkSnapshot reads 1,000 tenants with 3,000 clients.
func BenchmarkSnapshot(b *testing.B) {
	for kind, dsn := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "store.db") },
		"postgres": func() string { return pgtest.Database(b) },
	} {
		b.Run(kind, func(b *testing.B) {
			s := fill(b, dsn(), 1000)
			b.ReportAllocs()
			for b.Loop() {
				got, err := s.Snapshot(b.Context())
				if err != nil || len(got.Tenants) != 1000 || len(got.Clients) != 3000 {
					b.Fatalf("%d tenants, %d clients, %v", len(got.Tenants), len(got.Clients), err)
				}
			}
		})
	}
}

// fill makes a store with tenants that have a certificate, an overlay and three clients
// each, one of them with two secrets.
func fill(b *testing.B, dsn string, tenants int) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{DSN: dsn, Keys: seal.Random()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	start := time.Now()
	for n := range tenants {
		r := full()
		r.ID, r.Name = "", fmt.Sprint("tenant", n)
		r.Credential.Certificate = bytes.Repeat([]byte("certificate "), 250)
		r.Overlays = []tenant.Overlay{{Name: "user.yaml", Text: bytes.Repeat([]byte("- { scim: a, graph: b }\n"), 10)}}
		if r, err = s.PutTenant(b.Context(), change, r); err != nil {
			b.Fatal(err)
		}
		for i := range 3 {
			c := fullClient(r.ID)
			c.ID, c.Name, c.Secrets = "", fmt.Sprint("client", i), secrets(1+i%2)
			for j := range c.Secrets {
				c.Secrets[j].Sum = sum(fmt.Sprint(n, i, j))
			}
			if _, err := s.PutClient(b.Context(), change, c); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Logf("%d changes in %v", 4*tenants, time.Since(start))
	return s
}

// BenchmarkChange changes a tenant, again and again.
func BenchmarkChange(b *testing.B) {
	s := fill(b, filepath.Join(b.TempDir(), "store.db"), 1)
	r, err := s.Tenant(b.Context(), "tenant0")
	for b.Loop() && err == nil {
		r, err = s.PutTenant(b.Context(), change, r)
	}
	if err != nil {
		b.Fatal(err)
	}
}
