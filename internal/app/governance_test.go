package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/graphsim"
)

// A governed directory has what an identity-governance product gives and takes, and a
// gateway in front that has the permissions of both sets and no other.
type governed struct {
	t       *testing.T
	sim     *graphsim.Simulator
	handler http.Handler
}

const (
	ledgerApp    = "c1000000-0000-4000-8000-000000000001"
	nobody       = "11111111-1111-4111-8111-111111111111"
	cloudGroup   = "/Groups/b0000000-0000-4000-8000-000000000002" // a Microsoft 365 group
	forRoles     = "/Groups/b0000000-0000-4000-8000-000000000003" // isAssignableToRole
	disabledRole = "d1000000-0000-4000-8000-000000000001"
	soldOut      = "a1000000-0000-4000-8000-000000000001"
	available    = "a1000000-0000-4000-8000-000000000002"
	enterprise   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	entraUsers   = "urn:ietf:params:scim:schemas:extension:entra:2.0:User"
	entraGroups  = "urn:ietf:params:scim:schemas:extension:entra:2.0:Group"
)

func govern(t *testing.T) governed {
	t.Helper()
	sim := graphsim.New(graphsim.Options{})
	seed(t, sim.Tenant(graphsim.DefaultTenant))
	if _, err := sim.Seed(graphsim.DefaultTenant, graphsim.Seed{
		Groups: []graphsim.Values{
			{"id": strings.TrimPrefix(cloudGroup, "/Groups/"), "displayName": "Club", "mailNickname": "club", "groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false},
			{"id": strings.TrimPrefix(forRoles, "/Groups/"), "displayName": "Admins", "mailNickname": "admins", "securityEnabled": true, "isAssignableToRole": true},
		},
		ServicePrincipals: []graphsim.Values{{"appId": ledgerApp, "displayName": "Ledger", "appRoles": []graphsim.Values{
			{"id": "c2000000-0000-4000-8000-000000000001", "value": "Clerk", "displayName": "Clerk", "isEnabled": true, "allowedMemberTypes": []string{"User"}},
		}}},
		SubscribedSkus: []graphsim.Values{
			{"skuId": soldOut, "skuPartNumber": "SOLD_OUT", "prepaidUnits": graphsim.Values{"enabled": 0}},
			{"skuId": available, "skuPartNumber": "AVAILABLE", "prepaidUnits": graphsim.Values{"enabled": 5}},
		},
		RoleDefinitions: []graphsim.Values{{"id": disabledRole, "displayName": "Retired", "isEnabled": false}},
	}); err != nil {
		t.Fatal(err)
	}
	sets := append(permissions(t, "Read-only set"), permissions(t, "Read-write set")...)
	return governed{t, sim, gatewayOf(t, sim, sets, "User Administrator")}
}

// ask sends a request and gives the status and the answer.
func (g governed) ask(method, path, body string) (int, map[string]any) {
	g.t.Helper()
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+demoToken)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	var answer map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			g.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return w.Code, answer
}

// wrote are the requests since the last time that would change the directory.
func (g governed) wrote() []string {
	calls := slices.DeleteFunc(g.sim.Calls(), func(call string) bool {
		call = strings.TrimSpace(call)
		return strings.HasPrefix(call, "GET ") || strings.HasPrefix(call, "POST /v1.0/$batch") || strings.Contains(call, "/directoryObjects/getByIds")
	})
	g.sim.Reset()
	return calls
}

// What identity-governance products get wrong is refused before anything is written: the
// status, the scimType, the attribute and the rule are said.
func TestGovernanceBadInput(t *testing.T) {
	t.Parallel()
	g := govern(t)
	put := func(extra string) string {
		return `{"userName": "ada@contoso.com", "displayName": "Ada Lovelace", ` + extra + `}`
	}
	add := func(path, value string) string {
		return patch(fmt.Sprintf(`{"op": "replace", "path": "title", "value": "Never"}, {"op": "add", "path": %q, "value": %s}`, path, value))
	}
	post := func(extra string) string {
		return `{"userName": "new@contoso.com", "displayName": "New", "` + entraUsers + `": {"usageLocation": "GB"}, ` + extra + `}`
	}
	members := `"members": [{"value": "` + strings.TrimPrefix(seededGroup, "/Groups/") + `"}]`
	clerks := func(role string) string { return `[{"value": "` + ledgerApp + `", ` + role + `}]` }
	seventeen := `"12345678901234567"`
	const more = entraUsers + ":additionalAttributes"
	for name, c := range map[string]struct {
		method, path, body string
		scimType           string
		says               []string // the attribute and the rule
	}{
		"unknown SKU":              {"PATCH", seededUser, add("entitlements", `[{"value": "`+nobody+`"}]`), "invalidValue", []string{"entitlements", "no license", nobody}},
		"unknown SKU by name":      {"PATCH", seededUser, add("entitlements", `[{"value": "NOSUCHPACK"}]`), "invalidValue", []string{"entitlements", "no license", "NOSUCHPACK"}},
		"unknown SKU, new user":    {"POST", "/Users", post(`"entitlements": [{"value": "` + nobody + `"}]`), "invalidValue", []string{"entitlements", "no license"}},
		"unknown SKU, PUT":         {"PUT", seededUser, put(`"entitlements": [{"value": "` + nobody + `"}]`), "invalidValue", []string{"entitlements", "no license"}},
		"one SKU of two unknown":   {"PATCH", seededUser, add("entitlements", `[{"value": "`+available+`"}, {"value": "`+nobody+`"}]`), "invalidValue", []string{"entitlements", "no license"}},
		"unknown plan":             {"PATCH", seededUser, add("entitlements", `[{"value": "`+available+`", "disabledPlans": ["`+nobody+`"]}]`), "invalidValue", []string{"entitlements.disabledPlans", "AVAILABLE has no service plan"}},
		"no units":                 {"PATCH", seededUser, add("entitlements", `[{"value": "`+soldOut+`"}]`), "invalidValue", []string{"entitlements", "no unit of SOLD_OUT is left"}},
		"no units, new user":       {"POST", "/Users", post(`"entitlements": [{"value": "SOLD_OUT"}]`), "invalidValue", []string{"entitlements", "no unit of SOLD_OUT is left"}},
		"no location":              {"PATCH", "/Users/a0000000-0000-4000-8000-000000000002", add("entitlements", `[{"value": "`+available+`"}]`), "invalidValue", []string{"entitlements", entraUsers + ":usageLocation"}},
		"unknown role":             {"PATCH", seededUser, add("roles", `[{"value": "`+nobody+`"}]`), "invalidValue", []string{"roles: ", "no role " + nobody}},
		"a role by name":           {"PATCH", seededUser, add("roles", `[{"value": "Global Reader"}]`), "invalidValue", []string{"roles.value", "a GUID"}},
		"unknown role, new user":   {"POST", "/Users", post(`"roles": [{"value": "` + nobody + `"}]`), "invalidValue", []string{"roles: ", "no role " + nobody}},
		"disabled role, new user":  {"POST", "/Users", post(`"roles": [{"value": "` + disabledRole + `"}]`), "invalidValue", []string{"roles: ", "Retired", "is disabled"}},
		"unknown eligible role":    {"PATCH", seededUser, add(entraUsers+":eligibleRoles", `[{"value": "`+nobody+`"}]`), "invalidValue", []string{entraUsers + ":eligibleRoles", "no role " + nobody}},
		"unknown role of a group":  {"PATCH", forRoles, patch(`{"op": "add", "path": "` + entraGroups + `:roles", "value": [{"value": "` + nobody + `"}]}`), "invalidValue", []string{entraGroups + ":roles", "no role " + nobody}},
		"a role, ordinary group":   {"PATCH", seededGroup, patch(`{"op": "add", "path": "` + entraGroups + `:roles", "value": [{"value": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"}]}`), "invalidValue", []string{entraGroups + ":roles", "isAssignableToRole"}},
		"unknown app role":         {"PATCH", seededUser, add(enterprise+":applications", clerks(`"appRole": "Boss"`)), "invalidValue", []string{enterprise + ":applications.appRole", `"Boss" is no role of Ledger`, "Clerk"}},
		"unknown app role id":      {"PATCH", seededUser, add(enterprise+":applications", clerks(`"appRoleId": "`+nobody+`"`)), "invalidValue", []string{enterprise + ":applications.appRoleId", "is no role of Ledger"}},
		"unknown app role, new":    {"POST", "/Users", post(`"` + enterprise + `": {"applications": ` + clerks(`"appRole": "Boss"`) + `}`), "invalidValue", []string{enterprise + ":applications.appRole", "is no role of Ledger"}},
		"unknown app role, group":  {"PATCH", seededGroup, patch(`{"op": "add", "path": "` + entraGroups + `:applications", "value": ` + clerks(`"appRole": "Boss"`) + `}`), "invalidValue", []string{entraGroups + ":applications.appRole", "is no role of Ledger"}},
		"unknown application":      {"PATCH", seededUser, add(enterprise+":applications", `[{"value": "`+nobody+`"}]`), "invalidValue", []string{enterprise + ":applications.value", "no enterprise application"}},
		"nested, PATCH":            {"PATCH", cloudGroup, patch(`{"op": "replace", "path": "displayName", "value": "Never"}, {"op": "add", "value": {` + members + `}}`), "invalidValue", []string{"members.value", "a Microsoft 365 group takes users only"}},
		"nested, new":              {"POST", "/Groups", `{"displayName": "New", "` + entraGroups + `": {"groupType": "microsoft365"}, ` + members + `}`, "invalidValue", []string{"members.value", "a Microsoft 365 group takes users only"}},
		"nested, PUT":              {"PUT", cloudGroup, `{"displayName": "Never", ` + members + `}`, "invalidValue", []string{"members.value", "a Microsoft 365 group takes users only"}},
		"nested, action":           {"POST", "/Groups/.actions/create_group", `{"displayName": "New", "group_type": "microsoft_365", "userMembers": ["` + strings.TrimPrefix(seededGroup, "/Groups/") + `"]}`, "invalidValue", []string{"members.value", "a Microsoft 365 group takes users only"}},
		"for roles, Microsoft 365": {"POST", "/Groups/.actions/create_group", `{"displayName": "New", "group_type": "microsoft_365", "isAssignableToRole": true}`, "invalidValue", []string{"isAssignableToRole", "security"}},
		"employeeId":               {"PATCH", seededUser, add(enterprise+":employeeNumber", seventeen), "invalidValue", []string{enterprise + ":employeeNumber", "at most 16 characters"}},
		"employeeId, new":          {"POST", "/Users", post(`"` + enterprise + `": {"employeeNumber": ` + seventeen + `}`), "invalidValue", []string{enterprise + ":employeeNumber", "at most 16 characters"}},
		"employeeId, PUT":          {"PUT", seededUser, put(`"` + enterprise + `": {"employeeNumber": ` + seventeen + `}`), "invalidValue", []string{enterprise + ":employeeNumber", "at most 16 characters"}},
		"employeeId, update_user":  {"POST", seededUser + "/.actions/update_user", `{"user_profile": {"employeeId": ` + seventeen + `, "jobTitle": "Never"}}`, "invalidValue", []string{enterprise + ":employeeNumber", "at most 16 characters"}},
		"employeeId, profile":      {"POST", seededUser + "/.actions/update_profile", `{"employeeId": ` + seventeen + `, "jobTitle": "Never"}`, "invalidValue", []string{enterprise + ":employeeNumber", "at most 16 characters"}},
		"more: mapped":             {"PATCH", seededUser, add(more, `{"jobTitle": "x"}`), "invalidValue", []string{more + ".jobTitle", "is the attribute title"}},
		"more: mapped, new":        {"POST", "/Users", `{"userName": "new@contoso.com", "displayName": "New", "` + entraUsers + `": {"additionalAttributes": "{\"jobTitle\": \"x\"}"}}`, "invalidValue", []string{more + ".jobTitle", "is the attribute title"}},
		"more: mapped, by path":    {"PATCH", seededUser, add(more+".jobTitle", `"x"`), "invalidValue", []string{more + ".jobTitle", "is the attribute title"}},
		"more: read-only":          {"PATCH", seededUser, add(more, `{"createdDateTime": "2026-01-01T00:00:00Z"}`), "mutability", []string{more + ".createdDateTime", "does not let createdDateTime be written"}},
		"more: no property":        {"PATCH", seededUser, add(more, `{"noSuchThing": 1}`), "invalidValue", []string{more + ".noSuchThing", "no such property"}},
		"more: no object":          {"PATCH", seededUser, add(more, `[{"jobTitle": "x"}, {"city": "y"}]`), "invalidValue", []string{more, "must be an object"}},
		"more: mapped, action":     {"POST", seededUser + "/.actions/update_user", `{"user_profile": {"additionalAttributes": {"jobTitle": "x"}, "city": "Never"}}`, "invalidValue", []string{more + ".jobTitle", "is the attribute title"}},
		"a read-only property":     {"POST", seededUser + "/.actions/update_user", `{"user_profile": {"createdDateTime": "2026-01-01T00:00:00Z", "city": "Never"}}`, "mutability", []string{"user_profile", "does not let createdDateTime be written"}},
	} {
		status, answer := g.ask(c.method, c.path, c.body)
		detail, _ := answer["detail"].(string)
		if status != http.StatusBadRequest || answer["scimType"] != c.scimType {
			t.Errorf("%s: %d %v", name, status, answer)
		}
		for _, word := range c.says {
			if !strings.Contains(detail, word) {
				t.Errorf("%s: %q does not say %q", name, detail, word)
			}
		}
		if wrote := g.wrote(); len(wrote) > 0 {
			t.Errorf("%s: written:\n%s", name, strings.Join(wrote, "\n"))
		}
	}
	if status, _ := g.ask("PATCH", seededUser, add("entitlements", `[{"value": "AVAILABLE"}]`)); status != http.StatusNoContent || len(g.wrote()) != 2 {
		t.Errorf("what is right: %d, or its writes are not seen", status)
	}
}

// Without its permission nothing is made or changed of a group that directory roles can be
// given to. That is Graph's to know: the gateway asks once, and says which permission it is.
func TestGovernanceRoleAssignableGroups(t *testing.T) {
	t.Parallel()
	g := govern(t)
	for name, c := range map[string]struct{ method, path, body string }{
		"new":    {"POST", "/Groups", `{"displayName": "New", "` + entraGroups + `": {"isAssignableToRole": true}}`},
		"action": {"POST", "/Groups/.actions/create_group", `{"displayName": "New", "group_type": "security", "isAssignableToRole": true}`},
		"member": {"PATCH", forRoles, patch(`{"op": "add", "path": "members", "value": [{"value": "` + strings.TrimPrefix(seededUser, "/Users/") + `"}]}`)},
		"owner":  {"PATCH", forRoles, patch(`{"op": "add", "path": "` + entraGroups + `:owners", "value": [{"value": "` + strings.TrimPrefix(seededUser, "/Users/") + `"}]}`)},
		"rename": {"PATCH", forRoles, patch(`{"op": "replace", "path": "displayName", "value": "New"}`)},
	} {
		status, answer := g.ask(c.method, c.path, c.body)
		detail, _ := answer["detail"].(string)
		if status != http.StatusForbidden || !strings.Contains(detail, "isAssignableToRole") || !strings.Contains(detail, "RoleManagement.ReadWrite.Directory") {
			t.Errorf("%s: %d %v", name, status, answer)
		}
		if wrote := g.wrote(); len(wrote) != 1 {
			t.Errorf("%s: %d tries:\n%s", name, len(wrote), strings.Join(wrote, "\n"))
		}
		if _, list := g.ask("GET", "/Groups?filter=displayName%20eq%20%22New%22", ""); list["totalResults"] != 0.0 {
			t.Errorf("%s: made: %v", name, list)
		}
	}
	_, group := g.ask("GET", forRoles+"?attributes=displayName,members,"+entraGroups+":owners", "")
	if group["displayName"] != "Admins" || group["members"] != nil || group[entraGroups] != nil {
		t.Errorf("changed: %v", group)
	}
}
