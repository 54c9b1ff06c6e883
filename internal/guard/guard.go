// Package guard bounds what the clients of a tenant may take away in an hour, so that a
// wrong filter or a broken script does not empty a directory.
package guard

import (
	"context"
	"errors"
	"slices"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// A Kind is one of the things that are counted. Its name is that of its setting below
// policy.thresholds.
type Kind string

// The kinds.
const (
	Deletes         Kind = "deletes"         // users and groups
	Disables        Kind = "disables"        // users that were enabled
	MemberRemovals  Kind = "memberRemovals"  // members of groups
	LicenseRemovals Kind = "licenseRemovals" // licenses that users have by themselves
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Deletes, Disables, MemberRemovals, LicenseRemovals} }

// Amounts are how much of each kind a request takes away.
type Amounts map[Kind]int

// A Counter counts for every tenant, in all replicas that share it.
type Counter interface {
	// Take counts n more of what the tenant took away in the hour, unless there would be
	// more than most then: which it tells, and how many are counted.
	Take(ctx context.Context, tenant, kind string, hour time.Time, n, most int) (counted int, taken bool, err error)
	// Taken is how many are counted.
	Taken(ctx context.Context, tenant, kind string, hour time.Time) (int, error)
}

// A Guard holds one tenant to its thresholds. A nil Guard lets everything pass. It is
// safe for concurrent use.
type Guard struct {
	counter Counter
	tenant  string
	limits  tenant.Thresholds
	now     func() time.Time
}

// New makes the guard of the tenant with the id. Now tells the time, whose UTC hours are
// those that are counted in.
func New(c Counter, id string, limits tenant.Thresholds, now func() time.Time) *Guard {
	return &Guard{counter: c, tenant: id, limits: limits, now: now}
}

// Rehearsal is a guard that refuses what this one would, and counts nothing but what it
// is asked itself.
func (g *Guard) Rehearsal() *Guard {
	if g == nil {
		return nil
	}
	r := *g
	r.counter = &rehearsal{Counter: g.counter}
	return &r
}

// Allow counts what a request is about to take away, all of it at once, or refuses it:
// with 403 when that is more than the tenant's threshold leaves in this hour, and 503
// when nobody can tell. It is asked after everything else was checked and before
// anything is written. What fails afterwards stays counted.
func (g *Guard) Allow(ctx context.Context, amounts Amounts) error {
	if g == nil {
		return nil
	}
	hour := g.now().UTC().Truncate(time.Hour)
	bounded := slices.DeleteFunc(Kinds(), func(k Kind) bool { return amounts[k] <= 0 || g.most(k) == 0 })
	if len(bounded) > 1 { // lest one is counted and the next refused
		for _, k := range bounded {
			counted, err := g.counter.Taken(ctx, g.tenant, string(k), hour)
			if err != nil {
				return uncounted(err, k)
			}
			if counted+amounts[k] > g.most(k) {
				return g.refusal(k, amounts[k], counted, hour)
			}
		}
	}
	for _, k := range bounded {
		counted, taken, err := g.counter.Take(ctx, g.tenant, string(k), hour, amounts[k], g.most(k))
		switch {
		case err != nil:
			return uncounted(err, k)
		case !taken:
			return g.refusal(k, amounts[k], counted, hour)
		}
	}
	return nil
}

// most is the threshold of a kind; 0: there is none.
func (g *Guard) most(k Kind) int {
	switch k {
	case Deletes:
		return g.limits.Deletes
	case Disables:
		return g.limits.Disables
	case MemberRemovals:
		return g.limits.MemberRemovals
	case LicenseRemovals:
		return g.limits.LicenseRemovals
	}
	return 0
}

// refusal says which threshold it is and what can be done.
func (g *Guard) refusal(k Kind, n, counted int, hour time.Time) error {
	todo := "send it again after " + hour.Add(time.Hour).Format(time.RFC3339) + ", when the hour ends"
	if n > g.most(k) {
		todo = "no hour has room for it: send it in smaller parts, where it has any"
	}
	return fault.New(fault.Forbidden,
		"The tenant's threshold policy.thresholds.%s is %d in an hour; %d were counted since %s, and this request has %d more. Nothing was written: %s, or have the threshold raised in the tenant's settings.",
		k, g.most(k), counted, hour.Format(time.RFC3339), n, todo)
}

// uncounted refuses what cannot be counted.
func uncounted(err error, k Kind) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.Wrap(err, fault.Unavailable,
		"The store cannot be asked how much was taken away in this hour (policy.thresholds.%s). Nothing was written.", k)
}
