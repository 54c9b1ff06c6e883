package mapping_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/mapping"
)

// told writes a query in one line: what Graph is asked, ~ for an advanced query,
// and what is left after a bar.
func told(q mapping.Query) string {
	s := q.Filter
	if q.Advanced {
		s = "~ " + s
	}
	switch {
	case q.None:
		return "none"
	case q.IDs != nil:
		s = "id=" + strings.Join(q.IDs, ",")
	case q.Relation != nil:
		s = strings.TrimSpace(strings.TrimSpace(q.Relation.Name+"."+q.Relation.Sub+"="+q.Relation.Value+" "+q.Relation.Type) + " " + s)
	}
	if q.Residual != nil {
		s += fmt.Sprintf(" | %v", q.Residual)
	}
	return s
}

// asked translates a filter and tells the query.
func asked(tb testing.TB, table *mapping.Table, text string) string {
	tb.Helper()
	e, err := filter.ParseFilter([]byte(text))
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	q, err := table.Filter(e)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return told(q)
}

func TestFilter(t *testing.T) {
	t.Parallel()
	users := compile(t, "user.yaml")
	for name, c := range map[string]struct{ filter, want string }{
		"eq":                          {`userName eq "a@b.c"`, "userPrincipalName eq 'a@b.c'"},
		"quotes are doubled":          {`displayName eq "O'Neil"`, "displayName eq 'O''Neil'"},
		"names in any case":           {`NAME.FamilyName eq "x"`, "surname eq 'x'"},
		"ne selects the absent":       {`title ne "x"`, "~ jobTitle ne 'x'"},
		"not is moved inward":         {`not (title eq "x" or title eq "y")`, "~ jobTitle ne 'x' and jobTitle ne 'y'"},
		"not ne is eq":                {`not (title ne "x")`, "jobTitle eq 'x'"},
		"sw":                          {`displayName sw "A"`, "startsWith(displayName,'A')"},
		"not sw":                      {`not (title sw "A")`, "~ not startsWith(jobTitle,'A') or jobTitle eq null"},
		"ew":                          {`userName ew "@b.c"`, "~ endsWith(userPrincipalName,'@b.c')"},
		"co stays here":               {`displayName co "x"`, ` | displayName co "x"`},
		"co and eq":                   {`displayName co "x" and active eq true`, `accountEnabled eq true | displayName co "x"`},
		"co or eq":                    {`displayName co "x" or active eq true`, ` | displayName co "x" or active eq true`},
		"active ne true":              {`active ne true`, "accountEnabled eq false"},
		"pr of what is always there":  {`userName pr`, ""},
		"pr":                          {`title pr`, "~ jobTitle ne null"},
		"not pr":                      {`not (title pr)`, "~ jobTitle eq null"},
		"an or in an and":             {`(title eq "x" or title eq "y") and active eq true`, "(jobTitle eq 'x' or jobTitle eq 'y') and accountEnabled eq true"},
		"instants in UTC":             {`meta.created ge "2020-01-01T01:00:00+01:00"`, "createdDateTime ge 2020-01-01T00:00:00Z"},
		"gt is ge and a second look":  {`meta.created gt "2020-01-01T00:00:00Z"`, `createdDateTime ge 2020-01-01T00:00:00Z | meta.created gt "2020-01-01T00:00:00Z"`},
		"eq of an instant":            {`meta.created eq "2020-01-01T00:00:00Z"`, "createdDateTime ge 2020-01-01T00:00:00Z and createdDateTime le 2020-01-01T00:00:00Z"},
		"an extension":                {enterprise + `:department eq "x"`, "department eq 'x'"},
		"a part of a complex":         {enterprise + `:costCenter eq "x"`, "~ employeeOrgData/costCenter eq 'x'"},
		"id":                          {`id eq "1"`, "id=1"},
		"id and more":                 {`active eq true and id eq "1"`, "id=1 | active eq true"},
		"id in an or":                 {`id eq "1" or id eq "2"`, `id=1,2 | id eq "1" or id eq "2"`},
		"manager":                     {enterprise + `:manager.value eq "m"`, "manager.value=m"},
		"groups":                      {`groups.value eq "g"`, "memberOf.value=g"},
		"groups, short":               {`groups eq "g"`, "memberOf.value=g"},
		"groups, bracketed":           {`groups[value eq "g"]`, "memberOf.value=g"},
		"groups, bracketed with more": {`groups[value eq "g" and display sw "A"]`, `memberOf.value=g | groups[value eq "g" and display sw "A"]`},
		"groups by name":              {`groups.display eq "G"`, ` | groups.display eq "G"`},
		"applications":                {enterprise + `:applications.value eq "a"`, "applications.value=a"},
		"two relations":               {`groups eq "g" and groups eq "h"`, `memberOf.value=g | groups eq "h"`},
		"emails of any type": {
			`emails.value eq "x"`,
			`mail eq 'x' or userPrincipalName eq 'x' or otherMails/any(x:x eq 'x') | emails.value eq "x"`,
		},
		"emails, work":              {`emails[type eq "work" and value eq "x"]`, `mail eq 'x' or userPrincipalName eq 'x' | emails[type eq "work" and value eq "x"]`},
		"emails, other":             {`emails[type eq "other" and value sw "x"]`, `otherMails/any(x:startsWith(x,'x'))`},
		"emails, no such type":      {`emails[type eq "home"]`, "none"},
		"emails, not other":         {`not (emails[type eq "other" and value eq "x"])`, "~ not otherMails/any(x:x eq 'x')"},
		"emails, any other":         {`emails[type eq "other"]`, "~ otherMails/$count ne 0"},
		"emails, some":              {`emails pr`, ""},
		"country":                   {`addresses.country eq "NL"`, "country eq 'NL'"},
		"country of the work one":   {`addresses[type eq "work" and country ne "NL"]`, "~ (streetAddress ne null or city ne null or state ne null or postalCode ne null or country ne null) and country ne 'NL'"},
		"mobile":                    {`phoneNumbers[type eq "mobile" and value eq "+1"]`, "~ mobilePhone eq '+1'"},
		"business":                  {`phoneNumbers[type eq "work" and value eq "+1"]`, `~ businessPhones/any(x:x eq '+1') | phoneNumbers[type eq "work" and value eq "+1"]`},
		"proxy addresses":           {entraUser + `:proxyAddresses eq "smtp:x"`, "proxyAddresses/any(x:x eq 'smtp:x')"},
		"a caseExact one":           {entraUser + `:onPremisesImmutableId eq "x"`, "onPremisesImmutableId eq 'x' | " + entraUser + `:onPremisesImmutableId eq "x"`},
		"meta that Graph has not":   {`meta.resourceType eq "User"`, ` | meta.resourceType eq "User"`},
		"control characters":        {"displayName eq \"a\x7f\"", ` | displayName eq "a\x7f"`},
		"nothing starts with empty": {`displayName sw ""`, ` | displayName sw ""`},
		"null":                      {`title eq null`, ` | title eq`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := asked(t, users, c.filter); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.filter, got, c.want)
			}
		})
	}
}

// A conjunct that narrows is always asked, wherever it stands; what is left is
// evaluated here.
func TestFilterPushesConjuncts(t *testing.T) {
	t.Parallel()
	users, groups := compile(t, "user.yaml"), compile(t, "group.yaml")
	for name, c := range map[string]struct {
		table        *mapping.Table
		filter, want string
	}{
		"first":             {users, `userType eq "Guest" and displayName co "x"`, `userType eq 'Guest' | displayName co "x"`},
		"last":              {users, `displayName co "x" and name.givenName co "y" and name.familyName sw "z"`, `startsWith(surname,'z') | displayName co "x" and name.givenName co "y"`},
		"in parentheses":    {users, `(displayName co "x" and (active eq true and title co "y"))`, `accountEnabled eq true | displayName co "x" and title co "y"`},
		"advanced":          {users, `displayName co "x" and userName ew "@b.c"`, `~ endsWith(userPrincipalName,'@b.c') | displayName co "x"`},
		"loosely":           {users, `emails.value eq "x" and active eq true`, `(mail eq 'x' or userPrincipalName eq 'x' or otherMails/any(x:x eq 'x')) and accountEnabled eq true | emails.value eq "x"`},
		"under not":         {users, `not (displayName co "x" or title eq "y")`, `~ jobTitle ne 'y' | not(displayName co "x" or title eq "y")`},
		"under two nots":    {users, `not (not (title eq "y" and displayName co "x"))`, `jobTitle eq 'y' | not(not(title eq "y" and displayName co "x"))`},
		"not of and":        {users, `not (displayName co "x" and title eq "y")`, ` | not(displayName co "x" and title eq "y")`},
		"in an alternative": {users, `(title eq "a" and displayName co "x") or title eq "b"`, `jobTitle eq 'a' or jobTitle eq 'b' | title eq "a" and displayName co "x" or title eq "b"`},
		"common factor":     {users, `(title eq "a" and displayName co "x") or (title eq "a" and displayName co "y")`, `jobTitle eq 'a' | title eq "a" and displayName co "x" or title eq "a" and displayName co "y"`},
		"no factor":         {users, `(title eq "a" and displayName co "x") or displayName co "y"`, ` | title eq "a" and displayName co "x" or displayName co "y"`},
		"value path":        {users, `phoneNumbers[type eq "mobile" and value co "1"] and active eq true`, `accountEnabled eq true | phoneNumbers[type eq "mobile" and value co "1"]`},
		"a part of one":     {users, `addresses[country eq "NL" and locality co "x"]`, `country eq 'NL' | addresses[country eq "NL" and locality co "x"]`},
		"beside a group":    {users, `groups.value eq "g" and userName eq "u" and title co "x"`, `memberOf.value=g ~ userPrincipalName eq 'u' | title co "x"`},
		"beside a manager":  {users, `active eq true and ` + enterprise + `:manager.value eq "m"`, `manager.value=m ~ accountEnabled eq true`},
		"plain only":        {groups, `members.value eq "u" and createdDateTime ge "x"`, `members.value=u | createdDateTime ge "x"`},
		"applications":      {users, enterprise + `:applications.value eq "a" and active eq true`, `applications.value=a | active eq true`},
		"id and manager":    {users, `id eq "1" and ` + enterprise + `:manager.value eq "m"`, `id=1 | ` + enterprise + `:manager.value eq "m"`},
		"id and member":     {groups, `id eq "1" and members eq "u"`, `members.value=u | id eq "1"`},
		"ids and more":      {users, `(id eq "1" or id eq "2" or id eq "1") and active eq true`, `id=1,2,1 | id eq "1" or id eq "2" or id eq "1" and active eq true`},
		"ids or more":       {users, `id eq "1" or active eq true`, ` | id eq "1" or active eq true`},
		"a user's groups":   {groups, `members[value eq "u" and type eq "User"]`, `members.value=u User`},
		"type first":        {groups, `members[type eq "user" and value eq "u"] and displayName sw "x"`, `members.value=u user ~ startsWith(displayName,'x')`},
		"no user's groups":  {groups, `members[value eq "u" and type ne "User"]`, `members.value=u | members[value eq "u" and type ne "User"]`},
		"direct groups":     {users, `groups[value eq "g" and type eq "direct"]`, `memberOf.value=g`},
		"indirect groups":   {users, `groups[value eq "g" and type eq "indirect"]`, ` | groups[value eq "g" and type eq "indirect"]`},
		"never":             {users, `emails[type eq "home"] and displayName co "x"`, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := asked(t, c.table, c.filter); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.filter, got, c.want)
			}
		})
	}
}

// GUIDs are equal to GUIDs only; in other comparisons they are texts, which Graph
// does not take them for.
// A table that is for a part of a collection asks for that part every time; of a
// collection that takes no options nothing is asked.
func TestFilterOfAPart(t *testing.T) {
	t.Parallel()
	identities, roles := compile(t, "managedidentity.yaml"), compile(t, "role.yaml")
	const part = "servicePrincipalType eq 'ManagedIdentity'"
	for name, c := range map[string]struct {
		table        *mapping.Table
		filter, want string
	}{
		"plain":       {identities, `displayName eq "x"`, part + ` and displayName eq 'x'`},
		"alternative": {identities, `displayName eq "x" or active eq true`, part + ` and (displayName eq 'x' or accountEnabled eq true)`},
		"advanced":    {identities, `displayName ne "x"`, "~ " + part + ` and displayName ne 'x'`},
		"here":        {identities, `displayName ew "x"`, part + ` | displayName ew "x"`},
		"never":       {identities, `meta.lastModified eq "2026-01-01T00:00:00Z"`, part + ` | meta.lastModified eq "2026-01-01T00:00:00Z"`},
		"by id":       {identities, `id eq "1"`, "id=1"},
		"whole":       {roles, `display eq "x"`, ` | display eq "x"`},
		"whole by id": {roles, `id eq "1"`, ` | id eq "1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := asked(t, c.table, c.filter); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.filter, got, c.want)
			}
		})
	}
	if q, err := identities.Filter(nil); err != nil || q.Filter != part || q.Advanced || q.Residual != nil {
		t.Errorf("without a filter: %+v %v", q, err)
	}
	if _, _, ok := roles.OrderBy(mapping.Attr{URN: roles.URN(), Name: "display"}, false, nil); ok {
		t.Error("Graph is asked to sort roles")
	}
	if plan := roles.Read(func(string, string, string) bool { return true }); plan.Select != nil {
		t.Errorf("Graph is asked to select %v", plan.Select)
	}
}

// A table without some of the objects asks for the others every time, in advanced queries.
func TestFilterWithout(t *testing.T) {
	t.Parallel()
	table := compile(t, "group.yaml").Without("onPremisesSyncEnabled")
	const others = "~ onPremisesSyncEnabled ne true"
	for name, c := range map[string]struct{ filter, want string }{
		"plain":     {`displayName eq "x"`, others + ` and displayName eq 'x'`},
		"here":      {`displayName ew "x"`, others + ` | displayName ew "x"`},
		"by id":     {`id eq "1"`, "id=1"},
		"by member": {`members.value eq "u" and displayName sw "x"`, "members.value=u " + others + ` and startsWith(displayName,'x')`},
	} {
		if got := asked(t, table, c.filter); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.filter, got, c.want)
		}
	}
	if plan := table.Read(func(string, string, string) bool { return false }); !slices.Contains(plan.Select, table.Barred()) {
		t.Errorf("what is read does not tell the others apart: %v", plan.Select)
	}
	if compile(t, "group.yaml").Barred() != "" {
		t.Error("the table itself is without some")
	}
}

func TestFilterGUIDs(t *testing.T) {
	t.Parallel()
	applications := compile(t, "application.yaml")
	for filter, want := range map[string]string{
		`appRoles.id eq "x"`:        "none",
		`not (appRoles.id eq "x")`:  ` | not(appRoles.id eq "x")`,
		`appRoles.id lt "x"`:        ` | appRoles.id lt "x"`,
		`appRoles.id sw "c09ba1fe"`: ` | appRoles.id sw "c09ba1fe"`,
	} {
		if got := asked(t, applications, filter); got != want {
			t.Errorf("%s\n got %s\nwant %s", filter, got, want)
		}
	}
}

// Filters on names that are shown without a suffix are about what is shown.
func TestFilterShortened(t *testing.T) {
	t.Parallel()
	table := compile(t, "user.yaml")
	users := table.Shortened(mapping.Attr{URN: table.URN(), Name: "userName"}, "@c.de")
	for filter, want := range map[string]string{
		`userName eq "ann"`:                       "userPrincipalName eq 'ann@c.de'",
		`userName eq "ann@x.yz"`:                  "userPrincipalName eq 'ann@x.yz'",
		`userName ne "ann"`:                       "~ userPrincipalName ne 'ann@c.de'",
		`userName eq "ann" or active eq true`:     "userPrincipalName eq 'ann@c.de' or accountEnabled eq true",
		`userName eq ""`:                          ` | userName eq ""`,
		`userName pr`:                             "",
		`userName sw "an"`:                        "startsWith(userPrincipalName,'an')",
		`not (userName sw "an")`:                  "~ not startsWith(userPrincipalName,'an')",
		`userName sw "an@"`:                       `startsWith(userPrincipalName,'an@') | userName sw "an@"`,
		`not (userName sw "an@")`:                 ` | not(userName sw "an@")`,
		`userName ew "n"`:                         `~ endsWith(userPrincipalName,'n') or endsWith(userPrincipalName,'n@c.de') | userName ew "n"`,
		`userName ew "@x.yz"`:                     `~ endsWith(userPrincipalName,'@x.yz') | userName ew "@x.yz"`,
		`not (userName ew "n")`:                   ` | not(userName ew "n")`,
		`userName co "n"`:                         ` | userName co "n"`,
		`userName gt "n"`:                         ` | userName gt "n"`,
		`emails[type eq "work" and value sw "a"]`: `startsWith(mail,'a') or startsWith(userPrincipalName,'a') | emails[type eq "work" and value sw "a"]`,
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			if got := asked(t, users, filter); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
	if _, _, ok := users.OrderBy(mapping.Attr{Name: "userName"}, false, nil); ok {
		t.Error("Graph sorts by names that are not shown")
	}
}
