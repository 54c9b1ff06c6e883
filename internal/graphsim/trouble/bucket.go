package trouble

import (
	"math"
	"time"
)

// A Limit is a token bucket: Amount in any Window, refilled evenly.
type Limit struct {
	Amount int
	Window time.Duration
}

// Limits are the limits of the identity and access service. A field that is zero
// takes the documented value. Source:
// https://learn.microsoft.com/graph/throttling-limits.
type Limits struct {
	// An app in a tenant. The tenant is small below 50 users, large above 500.
	SmallUnits, MediumUnits, LargeUnits Limit
	Writes                              Limit
	// An app in all tenants.
	AppUnits, AppWrites Limit
	// A tenant, all apps.
	TenantWrites Limit
	// Provisioning on demand by an app in a tenant.
	OnDemand Limit
	// Logs read by an app in a tenant, and in all tenants.
	Reports, AppReports Limit
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *Limit
		value Limit
	}{
		{&l.SmallUnits, Limit{3_500, 10 * time.Second}},
		{&l.MediumUnits, Limit{5_000, 10 * time.Second}},
		{&l.LargeUnits, Limit{8_000, 10 * time.Second}},
		{&l.Writes, Limit{3_000, 150 * time.Second}},
		{&l.AppUnits, Limit{150_000, 20 * time.Second}},
		{&l.AppWrites, Limit{35_000, 5 * time.Minute}},
		{&l.TenantWrites, Limit{18_000, 5 * time.Minute}},
		{&l.OnDemand, Limit{5, 10 * time.Second}},
		{&l.Reports, Limit{5, 10 * time.Second}},
		{&l.AppReports, Limit{122, 10 * time.Second}},
	} {
		if *d.field == (Limit{}) {
			*d.field = d.value
		}
	}
	return l
}

// units is the limit of an app in a tenant with so many users.
func (l Limits) units(users int) Limit {
	switch {
	case users < 50:
		return l.SmallUnits
	case users <= 500:
		return l.MediumUnits
	}
	return l.LargeUnits
}

// A bucket holds what is left of a limit.
type bucket struct {
	limit Limit
	left  float64
	at    time.Time // when left was true
}

func newBucket(l Limit, now time.Time) *bucket {
	return &bucket{limit: l, left: float64(l.Amount), at: now}
}

// refill brings the bucket up to date. The limit may have changed since, because
// the tenant grew.
func (b *bucket) refill(l Limit, now time.Time) {
	if l != b.limit {
		b.left += float64(l.Amount - b.limit.Amount)
		b.limit = l
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.left += passed.Seconds() * b.rate()
		b.at = now
	}
	b.left = min(b.left, float64(l.Amount))
}

// rate is the refill a second.
func (b *bucket) rate() float64 { return float64(b.limit.Amount) / b.limit.Window.Seconds() }

// wait is how long, in whole seconds, until the bucket holds n: none if it does
// now.
func (b *bucket) wait(n int) int {
	missing := float64(n) - b.left
	if missing <= 0 {
		return 0
	}
	return max(1, int(math.Ceil(missing/b.rate())))
}

// used is the part of the limit that would be used after n more.
func (b *bucket) used(n int) float64 {
	return (float64(b.limit.Amount+n) - b.left) / float64(b.limit.Amount)
}
