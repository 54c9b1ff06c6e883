package tenant_test

import (
	"testing"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

func TestAfter(t *testing.T) {
	t.Parallel()
	// Where each move leads from "", invited, consented, active, suspended, removed;
	// "-": nowhere.
	table := map[tenant.Move][6]tenant.State{
		tenant.Invite:   {tenant.Invited, tenant.Invited, tenant.Consented, tenant.Active, "-", "-"},
		tenant.Consent:  {"-", tenant.Consented, tenant.Consented, tenant.Active, "-", "-"},
		tenant.Activate: {tenant.Active, tenant.Active, tenant.Active, tenant.Active, "-", "-"},
		tenant.Suspend:  {"-", "-", tenant.Suspended, tenant.Suspended, tenant.Suspended, "-"},
		tenant.Resume:   {"-", "-", "-", tenant.Active, tenant.Active, "-"},
		tenant.Remove:   {"-", tenant.Removed, tenant.Removed, tenant.Removed, tenant.Removed, "-"},
	}
	for _, m := range tenant.Moves() {
		for i, s := range append([]tenant.State{""}, tenant.States()...) {
			want := table[m][i]
			got, err := s.After(m)
			switch {
			case want == "-" && (err == nil || got != s):
				t.Errorf("%q after %s: %q, %v; want it refused", s, m, got, err)
			case want != "-" && (err != nil || got != want):
				t.Errorf("%q after %s: %q, %v; want %q", s, m, got, err, want)
			}
		}
	}
}

func TestNoSuchMove(t *testing.T) {
	t.Parallel()
	for _, s := range append([]tenant.State{"", "asleep"}, tenant.States()...) {
		if _, err := s.After("dance"); !fault.Is(err, fault.InvalidValue) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := tenant.State("asleep").After(tenant.Suspend); !fault.Is(err, fault.Conflict) {
		t.Errorf("of no state: %v", err)
	}
}
