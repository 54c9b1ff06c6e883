package trouble

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// An Operation is one request to the directory, alone or an item of a batch.
type Operation struct {
	TenantID string
	AppID    string
	Method   string
	Pattern  string // of the route below the version, variables in braces: "users/{id}/memberOf"
	Query    string // the raw query
	Reads    bool   // a POST that changes nothing
	Users    int    // in the tenant: throttling depends on it
	Item     string // the URL of a batch item; empty when the operation is a request of its own
}

// units are the base costs of reads in resource units, by route with all
// variables written {}; any other costs 1. Source:
// https://learn.microsoft.com/graph/throttling-limits, identity and access.
var units = map[string]int{
	"users":                                   2,
	"groups/{}/members":                       3,
	"groups/{}/transitiveMembers":             5,
	"applications":                            2,
	"applications/{}/extensionProperties":     2,
	"contracts":                               3,
	"domains/{}/domainNameReferences":         4,
	"users/{}/memberOf":                       2,
	"users/{}/transitiveMemberOf":             2,
	"users/{}/ownedObjects":                   2,
	"users/{}/licenseDetails":                 2,
	"users/{}/getMemberGroups":                2,
	"users/{}/getMemberObjects":               2,
	"users/{}/checkMemberGroups":              4,
	"users/{}/checkMemberObjects":             4,
	"groups/{}/checkMemberGroups":             4,
	"groups/{}/checkMemberObjects":            4,
	"directoryObjects/{}/checkMemberGroups":   4,
	"directoryObjects/{}/checkMemberObjects":  4,
	"servicePrincipals/{}/checkMemberGroups":  4,
	"servicePrincipals/{}/checkMemberObjects": 4,
	"isMemberOf":                              4,
	"directoryObjects/getByIds":               5,
	"oauth2PermissionGrants":                  2,
	"servicePrincipals/{}/appRoleAssignments": 2,
	"subscribedSkus":                          3,
}

// byIDsSelected is what getByIds costs when its $select is given, in place of the
// usual reduction by one.
const byIDsSelected = 2

// cost gives the resource units and the writes of an operation.
func (op Operation) cost() (resourceUnits, writes int) {
	if op.Method != http.MethodGet && !op.Reads {
		return 1, 1
	}
	route := bare(op.Pattern)
	n, ok := units[route]
	if !ok {
		n = 1
	}
	v := options(op.Query)
	_, selects := v["$select"]
	_, expands := v["$expand"]
	if route == "directoryObjects/getByIds" && selects {
		return byIDsSelected, 0
	}
	if selects {
		n--
	}
	if expands {
		n++
	}
	if top, err := strconv.Atoi(v["$top"]); err == nil && top < 20 {
		n--
	}
	return max(n, 1), 0
}

// options are the query options by name in lower case. Unlike url.ParseQuery it
// takes ";" for what it is in OData: a part of $expand.
func options(query string) map[string]string {
	v := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			continue
		}
		if value, err = url.QueryUnescape(value); err == nil {
			v[strings.ToLower(name)] = value
		}
	}
	return v
}

// bare takes the names of variables, casts to a type and a trailing /$count out
// of a route's pattern.
func bare(pattern string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimSuffix(pattern, "/$count"), "/") {
		if part == "{cast}" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('/')
		}
		if strings.HasPrefix(part, "{") {
			part = "{}"
		}
		b.WriteString(part)
	}
	return b.String()
}
