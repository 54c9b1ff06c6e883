package entra_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

// A mission row: where its value stands in the resource, and the filter that finds
// the resource by it; "" for a row that nothing can be found by.
type missionRow struct {
	path   []string
	filter string
	value  any // nil: any value
}

func ext(urn string, path ...string) []string { return append([]string{urn}, path...) }

// userRows are the rows of the mission's User table that are set and read with
// the profile starling. The rows of the invitation are tested with guests.
func userRows(appID, group, manager string) map[string]missionRow {
	return map[string]missionRow{
		"active":                               {[]string{"active"}, `active eq false`, false},
		"addresses[0].country":                 {[]string{"addresses", "0", "country"}, `addresses.country eq "Norway"`, "Norway"},
		"addresses[0].locality":                {[]string{"addresses", "0", "locality"}, `addresses.locality eq "Oslo"`, "Oslo"},
		"addresses[0].postalCode":              {[]string{"addresses", "0", "postalCode"}, `addresses.postalCode eq "0150"`, "0150"},
		"addresses[0].region":                  {[]string{"addresses", "0", "region"}, `addresses.region eq "East"`, "East"},
		"addresses[0].streetAddress":           {[]string{"addresses", "0", "streetAddress"}, `addresses.streetAddress eq "1 Karl Johans gate"`, "1 Karl Johans gate"},
		"displayName":                          {[]string{"displayName"}, `displayName eq "Grace O'Hopper"`, "Grace O'Hopper"},
		"emails[0].value":                      {[]string{"emails", "0", "value"}, `emails.value eq "grace@contoso.com"`, "grace@contoso.com"},
		"groups[].display":                     {[]string{"groups", "0", "display"}, `groups.display eq "Engines"`, "Engines"},
		"groups[].value":                       {[]string{"groups", "0", "value"}, `groups.value eq "` + group + `"`, group},
		"id":                                   {[]string{"id"}, ``, nil},
		"meta.created":                         {[]string{"meta", "created"}, `meta.created ge "2026-01-01T01:00:00Z"`, "2026-01-01T02:00:00Z"},
		"name.familyName":                      {[]string{"name", "familyName"}, `name.familyName eq "Hopper"`, "Hopper"},
		"name.givenName":                       {[]string{"name", "givenName"}, `name.givenName eq "Grace"`, "Grace"},
		"nickName":                             {[]string{"nickName"}, `nickName eq "gracie"`, "gracie"},
		"phoneNumbers[0].value":                {[]string{"phoneNumbers", "0", "value"}, `phoneNumbers.value eq "+47 1"`, "+47 1"},
		"preferredLanguage":                    {[]string{"preferredLanguage"}, `preferredLanguage eq "nb-NO"`, "nb-NO"},
		"title":                                {[]string{"title"}, `title eq "Admiral"`, "Admiral"},
		"userExtension.applications[].display": {ext(enterprise, "applications", "0", "display"), enterprise + `:applications.display eq "Payroll"`, "Payroll"},
		"userExtension.applications[].principalId":   {ext(enterprise, "applications", "0", "principalId"), enterprise + `:applications.principalId eq "` + group + `"`, group},
		"userExtension.applications[].principalType": {ext(enterprise, "applications", "0", "principalType"), enterprise + `:applications.principalType eq "Group"`, "Group"},
		"userExtension.applications[].value":         {ext(enterprise, "applications", "0", "value"), enterprise + `:applications.value eq "` + appID + `"`, appID},
		"userExtension.department":                   {ext(enterprise, "department"), enterprise + `:department eq "Navy"`, "Navy"},
		"userExtension.employeeNumber":               {ext(enterprise, "employeeNumber"), enterprise + `:employeeNumber eq "4711"`, "4711"},
		"userExtension.manager.displayName":          {ext(enterprise, "manager", "displayName"), enterprise + `:manager.displayName eq "Boss"`, "Boss"},
		"userExtension.manager.value":                {ext(enterprise, "manager", "value"), enterprise + `:manager.value eq "` + manager + `"`, manager},
		"userExtension.organization":                 {ext(enterprise, "organization"), enterprise + `:organization eq "COBOL Inc"`, "COBOL Inc"},
		"userName":                                   {[]string{"userName"}, `userName eq "GRACE@contoso.com"`, "grace@contoso.com"},
		"userType":                                   {[]string{"userType"}, `userType eq "Member" and displayName sw "Grace"`, "Member"},
	}
}

const payroll = "c0000000-0000-4000-8000-0000000000aa"

// Every row of the mission's User table is set, read back and filtered by.
func TestUserTable(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "starling", nil)
	g.addUsers(3)
	boss := g.add("user", graphsim.Values{"displayName": "Boss", "userPrincipalName": "boss@contoso.com", "mailNickname": "boss", "accountEnabled": true})
	group := g.addGroup("Engines")
	g.addGroup("Other")
	g.add("application", graphsim.Values{"appId": payroll, "displayName": "Payroll"})
	sp := g.add("servicePrincipal", graphsim.Values{"appId": payroll, "displayName": "Payroll"})
	if _, err := g.dir.Assign(group, sp, ""); err != nil {
		t.Fatal(err)
	}
	g.sim.Advance(2 * time.Hour)
	made := g.do(http.MethodPost, "/Users", object{
		"userType": "Member", "displayName": "Grace O'Hopper", "nickName": "gracie", "password": "Correct-Horse-9", "active": false,
		"emails": []object{{"value": "grace@contoso.com"}}, "name": object{"familyName": "Hopper", "givenName": "Grace"},
		"title": "Admiral", "preferredLanguage": "nb-NO", "phoneNumbers": []object{{"value": "+47 1"}},
		"addresses": []object{{"country": "Norway", "locality": "Oslo", "postalCode": "0150", "region": "East", "streetAddress": "1 Karl Johans gate"}},
		enterprise:  object{"department": "Navy", "employeeNumber": "4711", "organization": "COBOL Inc", "manager": object{"value": boss}},
	}, http.StatusCreated)
	id := made["id"].(string)
	g.patch("/Groups/"+group, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(id)})
	read := g.get("/Users/" + id)
	if made["password"] != nil || read["password"] != nil {
		t.Error("a password was returned")
	}
	checkRows(t, g, "/Users", id, read, userRows(payroll, group, boss))
	missionHas(t, "### User", []string{"redemptionUrl", "redirectUrl"}, userRows(payroll, group, boss))
}

func checkRows(t *testing.T, g *gateway, endpoint, id string, read object, rows map[string]missionRow) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			got := at(read, row.path...)
			if got == nil || row.value != nil && got != row.value {
				t.Errorf("read back %v, want %v in %v", got, row.value, read)
			}
			filter := row.filter
			if filter == "" {
				filter = `id eq "` + id + `"`
			}
			g := *g
			g.t = t
			if ids := g.found(endpoint, filter); len(ids) != 1 || ids[0] != id {
				t.Errorf("%s finds %v, want %s", filter, ids, id)
			}
		})
	}
}

// Every row of the mission's Group table.
func TestGroupTable(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.addGroup("Other", g.addUsers(2)...)
	ada := g.add("user", graphsim.Values{"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true})
	g.sim.Advance(2 * time.Hour)
	made := g.do(http.MethodPost, "/Groups", object{
		"displayName": "Engines", "members": members(ada),
		entraGroup: object{"description": "All of them", "mailNickname": "engines", "groupType": "microsoft365"},
	}, http.StatusCreated)
	id := made["id"].(string)
	sp := g.add("servicePrincipal", graphsim.Values{"appId": payroll, "displayName": "Payroll"})
	if _, err := g.dir.Assign(id, sp, ""); err != nil {
		t.Fatal(err)
	}
	rows := map[string]missionRow{
		"enterpriseExtension.applications[].value / display / principalId / principalType": {ext(entraGroup, "applications", "0", "value"), entraGroup + `:applications.value eq "` + payroll + `"`, payroll},
		"enterpriseExtension.applications[].display":                                       {ext(entraGroup, "applications", "0", "display"), entraGroup + `:applications.display eq "Payroll"`, "Payroll"},
		"enterpriseExtension.applications[].principalId":                                   {ext(entraGroup, "applications", "0", "principalId"), entraGroup + `:applications.principalId eq "` + id + `"`, id},
		"enterpriseExtension.applications[].principalType":                                 {ext(entraGroup, "applications", "0", "principalType"), entraGroup + `:applications.principalType eq "Group"`, "Group"},
		"displayName":                      {[]string{"displayName"}, `displayName eq "engines"`, "Engines"},
		"enterpriseExtension.description":  {ext(entraGroup, "description"), entraGroup + `:description eq "All of them"`, "All of them"},
		"enterpriseExtension.mailNickname": {ext(entraGroup, "mailNickname"), entraGroup + `:mailNickname eq "engines"`, "engines"},
		"id":                               {[]string{"id"}, "", nil},
		"members[].display":                {[]string{"members", "0", "display"}, `members.display eq "Ada"`, "Ada"},
		"members[].value":                  {[]string{"members", "0", "value"}, `members.value eq "` + ada + `"`, ada},
		"meta.created":                     {[]string{"meta", "created"}, `meta.created ge "2026-01-01T01:00:00Z"`, "2026-01-01T02:00:00Z"},
	}
	checkRows(t, g, "/Groups", id, g.get("/Groups/"+id), rows)
	missionHas(t, "### Group", nil, rows)
}

// Every row of the mission's Application table, which is read only.
func TestApplicationTable(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.sim.Advance(2 * time.Hour)
	id := g.add("application", graphsim.Values{"appId": payroll, "displayName": "Payroll", "publisherDomain": "fabrikam.com"})
	rows := map[string]missionRow{
		"appId":           {[]string{"appId"}, `appId eq "` + payroll + `"`, payroll},
		"displayName":     {[]string{"displayName"}, `displayName eq "Payroll"`, "Payroll"},
		"id":              {[]string{"id"}, "", nil},
		"meta.created":    {[]string{"meta", "created"}, `meta.created ge "2026-01-01T01:00:00Z"`, "2026-01-01T02:00:00Z"},
		"publisherDomain": {[]string{"publisherDomain"}, `publisherDomain eq "fabrikam.com"`, "fabrikam.com"},
	}
	checkRows(t, g, "/Applications", id, g.get("/Applications/"+id), rows)
	missionHas(t, "### Application", nil, rows)
	g.do(http.MethodPost, "/Applications", object{"displayName": "New"}, http.StatusMethodNotAllowed)
}

var firstCell = regexp.MustCompile(`^\| ([^|]+) \|`)

// missionHas checks that no row of the mission's table was forgotten.
func missionHas(t *testing.T, heading string, elsewhere []string, rows map[string]missionRow) {
	t.Helper()
	t.Run("no row forgotten", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "mission.md"))
		if err != nil {
			t.Skipf("shared test data is not here: %v", err)
		}
		_, part, found := strings.Cut(string(text), heading)
		if !found {
			t.Fatalf("the mission has no part %q", heading)
		}
		part, _, _ = strings.Cut(part, "\n### ")
		for line := range strings.Lines(part) {
			m := firstCell.FindStringSubmatch(line)
			if m == nil || m[1] == "SCIM" || strings.HasPrefix(m[1], "---") || slices.Contains(elsewhere, m[1]) {
				continue
			}
			if _, tested := rows[m[1]]; !tested {
				t.Errorf("the mission's row %s is not tested", m[1])
			}
		}
	})
}
