package guard_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/guard"
	"entrascim/internal/tenant"
)

// A clock stands until it is set.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(c.Load(), 0) }

// at makes a clock that shows a quarter past two, and guards of two tenants.
func at(limits tenant.Thresholds) (*clock, *guard.Guard, *guard.Guard) {
	c, counter := new(clock), new(guard.Memory)
	c.Store(time.Date(2026, 3, 1, 14, 15, 0, 0, time.UTC).Unix())
	return c, guard.New(counter, "acme", limits, c.now), guard.New(counter, "globex", limits, c.now)
}

func refused(t *testing.T, err error, parts ...string) {
	t.Helper()
	if !fault.Is(err, fault.Forbidden) {
		t.Errorf("error %v", err)
		return
	}
	for _, part := range parts {
		if !strings.Contains(fault.From(err).Public(), part) {
			t.Errorf("%q does not say %q", fault.From(err).Public(), part)
		}
	}
}

// All of a request counts at once, each tenant and each hour by itself; the refusal says
// what to do.
func TestGuard(t *testing.T) {
	t.Parallel()
	c, acme, globex := at(tenant.Thresholds{MemberRemovals: 500})
	deletes := func(n int) guard.Amounts { return guard.Amounts{guard.MemberRemovals: n, guard.Deletes: 1000} }
	if err := acme.Allow(t.Context(), deletes(499)); err != nil {
		t.Error(err)
	}
	refused(t, acme.Allow(t.Context(), deletes(2)), "policy.thresholds.memberRemovals is 500", "499 were counted since 2026-03-01T14:00:00Z", "has 2 more", "after 2026-03-01T15:00:00Z", "threshold raised", "Nothing was written")
	refused(t, acme.Allow(t.Context(), deletes(501)), "smaller parts")
	for _, g := range []*guard.Guard{acme, globex} {
		if err := g.Allow(t.Context(), deletes(1)); err != nil {
			t.Error(err)
		}
	}
	c.Add(45 * 60)
	if err := acme.Allow(t.Context(), deletes(500)); err != nil {
		t.Error(err)
	}
	var none *guard.Guard
	if err := none.Allow(t.Context(), deletes(1e6)); err != nil || none.Rehearsal() != nil {
		t.Error(err)
	}
}

// When one kind is too much, nothing of the others counts.
func TestGuardCountsAllOrNothing(t *testing.T) {
	t.Parallel()
	_, acme, _ := at(tenant.Thresholds{Disables: 2, LicenseRemovals: 2})
	refused(t, acme.Allow(t.Context(), guard.Amounts{guard.Disables: 1, guard.LicenseRemovals: 3}), "licenseRemovals")
	if err := acme.Allow(t.Context(), guard.Amounts{guard.Disables: 2, guard.LicenseRemovals: 2}); err != nil {
		t.Error(err)
	}
}

// A rehearsal refuses what would be refused and counts for itself alone.
func TestGuardRehearsal(t *testing.T) {
	t.Parallel()
	_, acme, _ := at(tenant.Thresholds{Deletes: 3})
	one := guard.Amounts{guard.Deletes: 1}
	if err := acme.Allow(t.Context(), one); err != nil {
		t.Error(err)
	}
	for range 2 { // each from the start
		r := acme.Rehearsal()
		if err := errors.Join(r.Allow(t.Context(), one), r.Allow(t.Context(), one)); err != nil {
			t.Error(err)
		}
		refused(t, r.Allow(t.Context(), one), "3 were counted")
	}
	if err := errors.Join(acme.Allow(t.Context(), one), acme.Allow(t.Context(), one)); err != nil {
		t.Error(err)
	}
	refused(t, acme.Rehearsal().Allow(t.Context(), one), "3 were counted")
}

// However many ask at once, no more pass than may.
func TestGuardAtOnce(t *testing.T) {
	t.Parallel()
	_, acme, _ := at(tenant.Thresholds{Deletes: 20})
	var passed atomic.Int64
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			if acme.Allow(t.Context(), guard.Amounts{guard.Deletes: 1}) == nil {
				passed.Add(1)
			}
		})
	}
	if group.Wait(); passed.Load() != 20 {
		t.Errorf("%d passed", passed.Load())
	}
}

// A counter that cannot be asked lets nothing pass.
type mute struct{}

func (mute) Take(context.Context, string, string, time.Time, int, int) (int, bool, error) {
	return 0, false, errors.New("away")
}

func (mute) Taken(context.Context, string, string, time.Time) (int, error) {
	return 0, errors.New("away")
}

func TestGuardWithoutCounter(t *testing.T) {
	t.Parallel()
	g := guard.New(mute{}, "acme", tenant.Thresholds{Deletes: 9, Disables: 9}, time.Now)
	both := guard.Amounts{guard.Deletes: 1, guard.Disables: 1}
	for _, err := range []error{g.Allow(t.Context(), guard.Amounts{guard.Deletes: 1}), g.Allow(t.Context(), both), g.Rehearsal().Allow(t.Context(), both)} {
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("error %v", err)
		}
	}
	if err := g.Allow(t.Context(), guard.Amounts{guard.MemberRemovals: 1}); err != nil {
		t.Errorf("what has no threshold: %v", err)
	}
}
