package pace

import (
	"slices"
	"strings"
)

// A cost is what Graph takes a request for: resource units, writes, and requests of the
// routes that have limits of their own.
type cost struct {
	units, writes int
	slow          [slowRoutes]int
}

// units are the resource units of reads, by route with variables written {}; any
// other is 1. Source: https://learn.microsoft.com/graph/throttling-limits, identity
// and access.
var routeUnits = map[string]int{
	"/applications":                            2,
	"/applications/{}/extensionProperties":     2,
	"/contracts":                               3,
	"/domains/{}/domainNameReferences":         4,
	"/groups/{}/members":                       3,
	"/groups/{}/transitiveMembers":             5,
	"/isMemberOf":                              4,
	"/oauth2PermissionGrants":                  2,
	"/servicePrincipals/{}/appRoleAssignments": 2,
	"/subscribedSkus":                          3,
	"/users":                                   2,
	"/users/{}/getMemberGroups":                2,
	"/users/{}/getMemberObjects":               2,
	"/users/{}/licenseDetails":                 2,
	"/users/{}/memberOf":                       2,
	"/users/{}/ownedObjects":                   2,
	"/users/{}/transitiveMemberOf":             2,
	byIDs:                                      5,
}

const (
	byIDs         = "/directoryObjects/getByIds"
	byIDsSelected = 2 // in place of the usual reduction

	smallPage = 20 // below it a page costs less
)

// costOf estimates what a request costs; Graph says it with the answer. Route is what
// appendRoute makes of its path.
func costOf(r Request, route []byte) cost {
	if !r.Reads {
		return cost{units: 1, writes: 1, slow: slowOf(r)}
	}
	n := max(routeUnits[string(route)], 1)
	switch {
	case strings.HasSuffix(r.Path, "/checkMemberGroups"), strings.HasSuffix(r.Path, "/checkMemberObjects"):
		n = 4
	case string(route) == byIDs && len(r.Select) > 0:
		return cost{units: byIDsSelected}
	}
	if len(r.Select) > 0 {
		n--
	}
	if r.Expands {
		n++
	}
	if r.Top > 0 && r.Top < smallPage {
		n--
	}
	return cost{units: max(n, 1), slow: slowOf(r)}
}

// slowOf counts the request for the routes that have limits of their own.
func slowOf(r Request) (slow [slowRoutes]int) {
	switch {
	case strings.HasPrefix(r.Path, "/auditLogs"):
		slow[signInReports] = 1
	case strings.HasPrefix(r.Path, "/identity/"), strings.HasPrefix(r.Path, "/identityProtection/"):
		slow[accessPolicies] = 1
	case strings.HasSuffix(r.Path, "/provisionOnDemand"):
		slow[provisioning] = 1
	}
	if slices.Contains(r.Select, "signInActivity") {
		slow[signInDates] = 1
	}
	return slow
}

// appendRoute appends a template whose variables, casts and trailing $count are taken
// out: "/applications/{}/extensionProperties" of
// "/applications(appId='{appId}')/extensionProperties".
func appendRoute(dst []byte, path string) []byte {
	for path != "" {
		var segment string
		segment, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
		name, key, keyed := strings.Cut(segment, "(")
		switch {
		case segment == "", segment == "$count", strings.HasPrefix(segment, "microsoft.graph."):
		case segment[0] == '{':
			dst = append(dst, "/{}"...)
		case keyed && strings.Contains(key, "{"):
			dst = append(append(append(dst, '/'), name...), "/{}"...)
		default:
			dst = append(append(dst, '/'), segment...)
		}
	}
	return dst
}

// plus is the cost of both.
func (c cost) plus(other cost) cost {
	c.units += other.units
	c.writes += other.writes
	for i, n := range other.slow {
		c.slow[i] += n
	}
	return c
}
