package odata_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/edm"
	"entrascim/internal/graphsim/odata"
)

// escape writes a query as it stands in the documentation as a raw query.
func escape(query string) string {
	var out []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	return strings.Join(out, "&")
}

func parse(t *testing.T, query string, o odata.Options) (*odata.Query, *odata.Error) {
	t.Helper()
	if o.Model == nil {
		o.Model = edm.New()
	}
	q, err := odata.Parse(escape(query), o)
	if err == nil {
		return q, nil
	}
	var refusal *odata.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is no *odata.Error", err)
	}
	return nil, refusal
}

var (
	one      = odata.Options{Entity: "user", Advanced: true, Single: true}
	plain    = odata.Options{Entity: "user"}
	advanced = odata.Options{Entity: "user", Advanced: true}
	groups   = odata.Options{Entity: "group"}
	groupsA  = odata.Options{Entity: "group", Advanced: true}
)

const guid = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"

// fifteen joins n conditions by or.
func alternatives(n int) string {
	return strings.TrimSuffix(strings.Repeat("displayName eq 'a' or ", n), " or ")
}

func TestGranted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query string
		o     odata.Options
	}{
		"nothing":                              {"", plain},
		"eq":                                   {"$filter=displayName eq 'a'", plain},
		"in":                                   {"$filter=userPrincipalName in ('a@x','b@x')", plain},
		"startsWith in any case":               {"$filter=STARTSWITH(displayName,'a')", plain},
		"conjunction":                          {"$filter=accountEnabled eq true and (city eq 'a' or city eq 'b')", plain},
		"fifteen alternatives":                 {"$filter=" + alternatives(15), plain},
		"date-time":                            {"$filter=createdDateTime ge 2021-11-01T00:00:00Z", plain},
		"lambda over strings":                  {"$filter=otherMails/any(x:x eq 'a@b')", plain},
		"lambda over complex":                  {"$filter=assignedLicenses/any(u:u/skuId eq " + guid + ")", plain},
		"identities":                           {"$filter=identities/any(c:c/issuerAssignedId eq 'j' and c/issuer eq 'x')", plain},
		"group types":                          {"$filter=groupTypes/any(c:c eq 'Unified')", groups},
		"license errors are plain":             {"$filter=hasMembersWithLicenseErrors eq true", groups},
		"orderby":                              {"$orderby=displayName desc", plain},
		"option names in any case":             {"$OrderBy=displayName", plain},
		"top at its largest":                   {"$top=999", plain},
		"expand":                               {"$expand=manager", plain},
		"expand and a plain filter":            {"$expand=manager&$filter=city eq 'a'", plain},
		"expand members with select":           {"$expand=members($select=id,displayName)", groups},
		"single-only for one object":           {"$select=aboutMe", odata.Options{Entity: "user", Single: true}},
		"ne, advanced":                         {"$filter=city ne 'a'&$count=true", advanced},
		"not, advanced":                        {"$filter=NOT (city eq 'a')&$count=true", advanced},
		"not startsWith, advanced":             {"$filter=not startsWith(city,'a')&$count=true", advanced},
		"not any, advanced":                    {"$filter=not groupTypes/any(c:c eq 'Unified')&$count=true", groupsA},
		"endsWith, advanced":                   {"$filter=endswith(mail,'@a')&$count=true", advanced},
		"count of a collection":                {"$filter=otherMails/$count eq 0&$count=true", advanced},
		"eq null, advanced":                    {"$filter=city eq null&$count=true", advanced},
		"filter and orderby":                   {"$filter=city eq 'a'&$orderby=displayName&$count=true", advanced},
		"search":                               {`$search="displayName:wa" OR "displayName:to"`, advanced},
		"search of what starts":                {`$search="mail:wa" AND "displayName:to"`, advanced},
		"manager with levels":                  {"$expand=manager($levels=max;$select=id,displayName)&$count=true", one},
		"cast":                                 {"$count=true", odata.Options{Entity: "group", Advanced: true, Cast: true}},
		"cast of a count segment":              {"", odata.Options{Entity: "group", Advanced: true, Cast: true, CountSegment: true}},
		"filter of a count segment":            {"$filter=endsWith(mail,'a')", odata.Options{Entity: "user", Advanced: true, CountSegment: true}},
		"members, filtered":                    {"$filter=startswith(displayName, 'a')&$count=true", odata.Options{Entity: odata.Mixed, Advanced: true, Relationship: true}},
		"members, selected":                    {"$select=id,userPrincipalName&$top=999", odata.Options{Entity: odata.Mixed, Relationship: true}},
		"assignments of a resource":            {"$filter=resourceId eq " + guid, odata.Options{Entity: "appRoleAssignment"}},
		"managed identities":                   {"$filter=servicePrincipalType eq 'ManagedIdentity'", odata.Options{Entity: "servicePrincipal"}},
		"custom options are ignored":           {"api-version=1.0", plain},
		"extension attribute":                  {"$filter=onPremisesExtensionAttributes/extensionAttribute1 eq 'a'&$count=true", advanced},
		"sign-in activity, a page that is cut": {"$select=id,signInActivity&$top=999", plain},
		"sign-in activity on its own":          {"$filter=signInActivity/lastSignInDateTime le 2021-11-01T00:00:00Z", plain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(t, c.query, c.o); err != nil {
				t.Errorf("%s: %v", c.query, err)
			}
		})
	}
}

const (
	unindexed = "Unsupported or invalid query filter clause specified for property '"
	missing   = "because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header."
	sorting   = "Sorting not supported for current query."
	tooMany   = "Too many child clauses specified in search filter expression containing 'OR' operators: 16. Max allowed: 15."
	unknown   = "Could not find a property named 'nope' on type 'microsoft.graph.user'."
	page      = "Invalid page size specified: '"
)

// refusals are queries and how each is refused; message is a part of it.
var refusals = map[string]struct {
	query  string
	o      odata.Options
	status int
	code   string
	part   string // of the message
}{
	"endsWith, plain":             {"$filter=endsWith(userPrincipalName,'#EXT#@contoso.com')", plain, 400, "Request_UnsupportedQuery", "Operator 'endsWith' is not supported " + missing},
	"endsWith without $count":     {"$filter=endsWith(mail,'a')", advanced, 400, "Request_UnsupportedQuery", "Operator 'endsWith'"},
	"endsWith without the header": {"$filter=endsWith(mail,'a')&$count=true", plain, 400, "Request_UnsupportedQuery", "Operator 'endsWith'"},
	"endsWith of a name":          {"$filter=endsWith(displayName,'a')&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed + "displayName' of resource 'User'."},
	"a date is no date-time":      {"$filter=createdDateTime ge 2021-11-01&$count=true", groupsA, 400, "Request_UnsupportedQuery", unindexed + "createdDateTime' of resource 'Group'."},
	"ne, plain":                   {"$filter=city ne 'a'", plain, 400, "Request_UnsupportedQuery", "Operator 'ne'"},
	"not, plain":                  {"$filter=not (city eq 'a')", plain, 400, "Request_UnsupportedQuery", "Operator 'not'"},
	"null, plain":                 {"$filter=city eq null", plain, 400, "Request_UnsupportedQuery", "Operator 'eq'"},
	"advanced property, plain":    {"$filter=companyName eq 'a'", plain, 400, "Request_UnsupportedQuery", missing},
	"not endsWith":                {"$filter=not endsWith(mail,'a')&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed},
	"gt":                          {"$filter=displayName gt 'a'&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed},
	"ge of a string":              {"$filter=displayName ge 'a'&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed},
	"contains":                    {"$filter=contains(displayName,'a')&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed},
	"eq of createdDateTime":       {"$filter=createdDateTime eq 2021-11-01T00:00:00Z&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed},
	"id":                          {"$filter=id eq 'a'", plain, 400, "Request_UnsupportedQuery", unindexed},
	"sixteen alternatives":        {"$filter=" + alternatives(16), plain, 400, "Request_UnsupportedQuery", tooMany},
	"sixteen values":              {"$filter=city in (" + strings.Repeat("'a',", 15) + "'a')", plain, 400, "Request_UnsupportedQuery", tooMany},
	"collection without any()":    {"$filter=otherMails eq 'a'", plain, 400, "Request_UnsupportedQuery", unindexed},
	"any() of a single value":     {"$filter=city/any(x:x eq 'a')", plain, 400, "Request_UnsupportedQuery", unindexed},
	"ne inside any()":             {"$filter=otherMails/any(x:x ne 'a')&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed},
	"all()":                       {"$filter=otherMails/all(x:x eq 'a')&$count=true", advanced, 400, "Request_UnsupportedQuery", "'all'"},
	"another variable":            {"$filter=otherMails/any(x:y eq 'a')", plain, 400, "BadRequest", "Could not find"},
	"count other than zero":       {"$filter=otherMails/$count eq 1&$count=true", advanced, 400, "Request_UnsupportedQuery", unindexed},
	"DefaultOnly, advanced":       {"$filter=hasMembersWithLicenseErrors eq true&$count=true", groupsA, 400, "Request_UnsupportedQuery", unindexed},
	"sign-in and another":         {"$filter=signInActivity/lastSignInDateTime le 2021-11-01T00:00:00Z and city eq 'a'", plain, 400, "Request_UnsupportedQuery", "signInActivity"},
	"unknown property":            {"$filter=nope eq 'a'", plain, 400, "BadRequest", unknown},
	"unknown function":            {"$filter=tolower(city) eq 'a'", plain, 400, "BadRequest", "tolower"},
	"wrong literal":               {"$filter=accountEnabled eq 'true'", plain, 400, "BadRequest", "incompatible types"},
	"guid in quotes":              {"$filter=resourceId eq '" + guid + "'", odata.Options{Entity: "appRoleAssignment"}, 400, "BadRequest", "incompatible types"},
	"broken string":               {"$filter=city eq 'a", plain, 400, "BadRequest", "Syntax error at position 8"},
	"upper case operator":         {"$filter=city EQ 'a'", plain, 400, "BadRequest", "Syntax error"},
	"trailing words":              {"$filter=city eq 'a' city", plain, 400, "BadRequest", "Syntax error"},
	"deep nesting":                {"$filter=" + strings.Repeat("(", 99) + "city eq 'a'", plain, 400, "BadRequest", "Syntax error"},
	"empty filter":                {"$filter=", plain, 400, "BadRequest", "Syntax error"},
	"search without the header":   {`$search="displayName:a"&$count=true`, plain, 400, "Request_UnsupportedQuery", "'ConsistencyLevel: eventual'"},
	"search of a number":          {`$search="accountEnabled:a"`, advanced, 400, "Request_UnsupportedQuery", "accountEnabled"},
	"search without a property":   {`$search="a"`, advanced, 400, "BadRequest", "$search"},
	"search without quotes":       {`$search=displayName:a`, advanced, 400, "BadRequest", "$search"},
	"orderby of the unsortable":   {"$orderby=city&$count=true", advanced, 400, "Request_UnsupportedQuery", sorting},
	"orderby advanced, plain":     {"$orderby=createdDateTime", plain, 400, "Request_UnsupportedQuery", sorting},
	"filter and orderby, plain":   {"$filter=displayName eq 'a'&$orderby=displayName", plain, 400, "Request_UnsupportedQuery", sorting},
	"expand in an advanced query": {"$expand=manager&$count=true", advanced, 400, "Request_UnsupportedQuery", "$expand"},
	"levels, plain":               {"$expand=manager($levels=2)", odata.Options{Entity: "user", Single: true}, 400, "Request_UnsupportedQuery", "$levels"},
	"levels out of range":         {"$expand=manager($levels=1001)&$count=true", one, 400, "BadRequest", "$levels"},
	"select without levels":       {"$expand=manager($select=id)", plain, 400, "Request_UnsupportedQuery", "$levels"},
	"levels of many users":        {"$expand=manager($levels=2)&$count=true", advanced, 400, "Request_UnsupportedQuery", "single user"},
	"two expansions":              {"$expand=manager,memberOf", plain, 400, "BadRequest", "contained at least 2 items, but the maximum allowed is 1."},
	"expand of a photo":           {"$expand=photo", odata.Options{Entity: "user", Single: true}, 400, "ExpandNotSupported", "Expand is not allowed for property 'Photo' according to the entity schema."},
	"expand of the unknown":       {"$expand=nope", plain, 400, "BadRequest", unknown},
	"select nested in memberOf":   {"$expand=memberOf($select=id)", plain, 400, "Request_UnsupportedQuery", "$select"},
	"expand over many levels":     {"$expand=transitiveMemberOf", plain, 400, "BadRequest", "transitiveMemberOf"},
	"expand with a filter inside": {"$expand=members($filter=displayName eq 'a')", groups, 400, "Request_UnsupportedQuery", "$filter"},
	"select of the unknown":       {"$select=id,nope", plain, 400, "BadRequest", unknown},
	"select of a part":            {"$select=employeeOrgData/costCenter", plain, 400, "BadRequest", "Could not find"},
	"single-only in a collection": {"$select=aboutMe", plain, 501, "NotImplemented", "aboutMe"},
	"skip":                        {"$skip=1", plain, 400, "Request_BadRequest", "$skip"},
	"top of 1000":                 {"$top=1000", plain, 400, "Request_UnsupportedQuery", page + "1000'. Must be between 1 and 999 inclusive."},
	"top of nothing":              {"$top=0", plain, 400, "Request_UnsupportedQuery", page},
	"top of a word":               {"$top=ten", plain, 400, "BadRequest", "$top"},
	"count of a word":             {"$count=1", plain, 400, "BadRequest", "$count"},
	"unknown option":              {"$orderbydisplayName", plain, 400, "BadRequest", "'$orderbydisplayname' is not supported."},
	"option without its dollar":   {"top=10", plain, 400, "BadRequest", "'top' is not supported."},
	"option given twice":          {"$top=1&$top=2", plain, 400, "BadRequest", "more than once"},
	"filter of one object":        {"$filter=city eq 'a'", odata.Options{Entity: "user", Single: true}, 400, "BadRequest", "only on collections"},
	"members filtered, plain":     {"$filter=displayName eq 'a'", odata.Options{Entity: odata.Mixed, Relationship: true}, 400, "Request_UnsupportedQuery", "reference property"},
	"members ordered, plain":      {"$orderby=displayName", odata.Options{Entity: odata.Mixed, Relationship: true}, 400, "Request_UnsupportedQuery", sorting},
	"cast, plain":                 {"", odata.Options{Entity: "group", Cast: true}, 400, "Request_UnsupportedQuery", "cast"},
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, c.query, c.o)
			if err == nil {
				t.Fatalf("%s is granted", c.query)
			}
			if err.Status != c.status || err.Code != c.code || !strings.Contains(err.Message, c.part) {
				t.Errorf("%s: %v", c.query, err)
			}
		})
	}
}

func TestQueryHolds(t *testing.T) {
	t.Parallel()
	q, err := parse(t, "$select=id, displayName,id&$top=7&$skiptoken=abc&$count=true", advanced)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(q.Select, []string{"id", "displayName"}) || q.Top != 7 || q.SkipToken != "abc" || !q.Count || !q.Advanced {
		t.Errorf("%+v", q)
	}
	q, err = parse(t, "$count=true", plain)
	if err != nil || q.Count || q.Advanced || q.Select != nil || q.Filtered() || q.Ordered() {
		t.Errorf("without the header: %+v, %v", q, err)
	}
	q, err = parse(t, "$expand=manager($levels=3;$select=id)&$count=true", one)
	if err != nil || len(q.Expand) != 1 || q.Expand[0].Levels != 3 || !slices.Equal(q.Expand[0].Select, []string{"id"}) {
		t.Errorf("expand: %+v, %v", q, err)
	}
}
