package mapping_test

import (
	"fmt"
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
