package pace

import (
	"time"
)

// Sizes of a tenant, by its users, and the resource units that an app may take of one
// (https://learn.microsoft.com/graph/throttling-limits, identity and access).
const (
	mediumUsers = 50  // and more
	largeUsers  = 501 // and more

	smallUnits  = 3_500
	mediumUnits = 5_000
	largeUnits  = 8_000
)

// unitSpan is what resource units of a tenant are counted in.
const unitSpan = 10 * time.Second

// unitsOf is the limit of an app in a tenant with so many users.
func unitsOf(users int) limit {
	switch {
	case users >= largeUsers:
		return limit{largeUnits, unitSpan}
	case users >= mediumUsers:
		return limit{mediumUnits, unitSpan}
	}
	return limit{smallUnits, unitSpan}
}

// Limits that do not depend on the size of a tenant.
var (
	tenantWrites = limit{3_000, 150 * time.Second}
	appUnits     = limit{150_000, 20 * time.Second}
	appWrites    = limit{35_000, 5 * time.Minute}
	appRequests  = limit{2_000, time.Second}
)

// A slowRoute is one of the routes that have limits of their own, in requests.
type slowRoute int

const (
	signInReports  slowRoute = iota // /auditLogs
	signInDates                     // $select=signInActivity
	provisioning                    // provisionOnDemand
	accessPolicies                  // /identity, /identityProtection
	slowRoutes
)

// slowLimits are those of an app in one tenant, and of an app in all tenants; a limit
// that is zero is none.
var slowLimits = [slowRoutes]struct{ tenant, app limit }{
	signInReports:  {limit{5, 10 * time.Second}, limit{122, 10 * time.Second}},
	signInDates:    {limit{10, time.Minute}, limit{10, time.Minute}},
	provisioning:   {limit{5, 10 * time.Second}, limit{}},
	accessPolicies: {limit{1, time.Second}, limit{}},
}

// Pacing says how much of Graph's limits is taken. The zero value is all of them.
type Pacing struct {
	// Off paces nothing: Graph throttles, and what it throttles is sent again. The
	// circuit breaker stays.
	Off bool
	// Units are the resource units in 10 seconds in place of those that the tenant's
	// size gives; 0: by its size.
	Units int
	// Share is the percentage of all limits that is taken here, for replicas that
	// share them, or where Microsoft has raised them; 0: 100.
	Share int
}

// share is the percentage of the limits.
func (p Pacing) share() int {
	if p.Share <= 0 {
		return 100
	}
	return p.Share
}

// units is the limit of resource units in a tenant with so many users.
func (p Pacing) units(users int) limit {
	if p.Units > 0 {
		return limit{p.Units, unitSpan}
	}
	return unitsOf(users).scaled(p.share())
}
