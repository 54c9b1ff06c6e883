package store_test

import (
	"path/filepath"
	"testing"

	"entrascim/internal/seal"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

func TestSmoke(t *testing.T) {
	ctx := t.Context()
	s, err := store.Open(ctx, store.Options{DSN: filepath.Join(t.TempDir(), "a b?c%20#d.db"), Keys: seal.Random()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := store.Change{Actor: "cli:me", Action: "tenant.add"}
	r, err := s.PutTenant(ctx, c, tenant.Record{Name: "Contoso", State: tenant.Active, Mode: tenant.Single, Credential: tenant.Credential{Secret: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	cl, err := s.PutClient(ctx, c, tenant.ClientRecord{TenantID: r.ID, Name: "okta", Kind: tenant.Bearer, Role: tenant.ReadWrite})
	t.Logf("%+v %v", cl, err)
	snap, err := s.Snapshot(ctx)
	t.Logf("%+v %v", snap, err)
	all, err := s.Events(ctx, store.EventQuery{})
	t.Logf("%+v %v", all, err)
	n, err := s.Reseal(ctx, c)
	t.Logf("%+v %v", n, err)
}
