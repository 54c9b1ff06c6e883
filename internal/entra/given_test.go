package entra_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

const (
	payrollApp = "c0000000-0000-4000-8000-0000000000aa" // has roles
	wikiApp    = "c0000000-0000-4000-8000-0000000000bb" // has none
	clerkRole  = "e0000000-0000-4000-8000-000000000001"
	noRole     = "00000000-0000-0000-0000-000000000000"

	applications = enterprise + ":applications"
)

// offering is a gateway to a directory with two applications, a user and a group that
// the user is a member of.
func offering(t *testing.T) (g *gateway, ada, team string) {
	t.Helper()
	g = start(t, graphsim.Options{}, "", nil)
	role := func(id, value, name string, enabled bool, types ...string) object {
		return object{"id": id, "value": value, "displayName": name, "description": name, "isEnabled": enabled, "allowedMemberTypes": types}
	}
	g.application(payrollApp, "Payroll",
		role(clerkRole, "clerk", "Clerk", true, "User"), role("e0000000-0000-4000-8000-000000000002", "auditor", "Auditor", true, "User", "Application"),
		role("e0000000-0000-4000-8000-000000000003", "old", "Old", false, "User"), role("e0000000-0000-4000-8000-000000000004", "robot", "Robot", true, "Application"))
	g.application(wikiApp, "Wiki")
	ada = g.addUsers(1)[0]
	return g, ada, g.addGroup("team", ada)
}

// application adds one with its service principal, and gives the id of the latter.
func (g *gateway) application(appID, name string, roles ...object) string {
	g.t.Helper()
	if roles == nil {
		roles = []object{}
	}
	g.add("application", graphsim.Values{"appId": appID, "displayName": name, "appRoles": roles})
	return g.add("servicePrincipal", graphsim.Values{"appId": appID, "displayName": name, "appRoles": roles})
}

// has are the applications that a resource is shown to have, each with its role and by
// whom: "Payroll clerk User".
func (g *gateway) has(path, urn string) []string {
	g.t.Helper()
	var all []string
	list, _ := at(g.get(path+"?attributes="+urn+":applications"), urn, "applications").([]any)
	for _, v := range list {
		role, _ := at(v, "appRole").(string)
		all = append(all, strings.Join([]string{at(v, "display").(string), role, at(v, "principalType").(string)}, " "))
	}
	return all
}

func (g *gateway) wantApplications(user string, want ...string) {
	g.t.Helper()
	if got := g.has("/Users/"+user, enterprise); !same(got, want) {
		g.t.Errorf("applications %v, want %v", got, want)
	}
}

func (g *gateway) servicePrincipal(name string) string {
	g.t.Helper()
	return g.found("/ServicePrincipals", `displayName eq "`+name+`"`)[0]
}

func adds(path string, values ...object) object {
	return object{"op": "add", "path": path, "value": values}
}

// App roles are given by value, by name and by id, several at once with one batch, and
// taken by assignment and principal.
func TestApplicationsOfAUser(t *testing.T) {
	t.Parallel()
	g, ada, _ := offering(t)
	g.asked()
	path := "/Users/" + ada
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": payrollApp, "appRole": "clerk"}, object{"value": wikiApp}),
		object{"op": "replace", "path": "title", "value": "Countess"})
	g.wantAsked("two applications and a title", 3, 3) // read, look up, write
	g.wantApplications(ada, "Payroll clerk User", "Wiki  User")
	g.asked()
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": payrollApp, "appRole": "Auditor"}))
	g.wantAsked("one more of an application that is known", 2, 1)
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": payrollApp, "appRoleId": clerkRole}), adds(applications, object{"value": wikiApp}))
	g.wantAsked("what there is", 1, 0)
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": applications, "value": []object{{"value": payrollApp, "appRole": "clerk"}}})
	g.wantAsked("one taken", 2, 1)
	g.wantApplications(ada, "Payroll auditor User", "Wiki  User")
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": applications})
	g.wantApplications(ada)
}

// What cannot be given is refused with the roles there are, and nothing is written.
func TestApplicationsRefused(t *testing.T) {
	t.Parallel()
	g, ada, team := offering(t)
	if _, err := g.dir.Assign(team, g.servicePrincipal("Wiki"), ""); err != nil {
		t.Fatal(err)
	}
	unified := g.add("group", graphsim.Values{"displayName": "U", "mailNickname": "u", "groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false})
	for name, c := range map[string]struct {
		path      string
		operation object
		kind, say string
	}{
		"no role said":         {"/Users/" + ada, adds(applications, object{"value": payrollApp}), "invalidValue", "applications.appRole: one of the roles of Payroll must be said: clerk"},
		"default role":         {"/Users/" + ada, adds(applications, object{"value": payrollApp, "appRoleId": noRole}), "invalidValue", "must be said"},
		"unknown role":         {"/Users/" + ada, adds(applications, object{"value": payrollApp, "appRole": "boss"}), "invalidValue", `"boss" is no role of Payroll; there are: clerk (` + clerkRole + `), auditor`},
		"unknown role's id":    {"/Users/" + ada, adds(applications, object{"value": payrollApp, "appRoleId": payrollApp}), "invalidValue", "applications.appRoleId: "},
		"disabled role":        {"/Users/" + ada, adds(applications, object{"value": payrollApp, "appRole": "old"}), "invalidValue", "disabled"},
		"role of applications": {"/Users/" + ada, adds(applications, object{"value": payrollApp, "appRole": "robot"}), "invalidValue", "not of users"},
		"unknown application":  {"/Users/" + ada, adds(applications, object{"value": clerkRole}), "invalidValue", "no enterprise application"},
		"no GUID":              {"/Users/" + ada, adds(applications, object{"value": "Payroll"}), "invalidValue", "/ServicePrincipals"},
		"no value":             {"/Users/" + ada, adds(applications, object{"appRole": "clerk"}), "invalidValue", "applications.value"},
		"inherited":            {"/Users/" + ada, object{"op": "remove", "path": applications + `[value eq "` + wikiApp + `"]`}, "mutability", "through the group team"},
		"all inherited":        {"/Users/" + ada, object{"op": "remove", "path": applications}, "mutability", "through the group team"},
		"not security-enabled": {"/Groups/" + unified, adds(entraGroup+":applications", object{"value": wikiApp}), "invalidValue", "security-enabled"},
	} {
		g.asked()
		answer := g.patch(c.path, http.StatusBadRequest, c.operation, object{"op": "replace", "path": "displayName", "value": "X"})
		if detail, _ := answer["detail"].(string); answer["scimType"] != c.kind || !strings.Contains(detail, c.say) {
			t.Errorf("%s: %v", name, answer)
		}
		if _, writes := g.asked(); writes != 0 {
			t.Errorf("%s: %d writes", name, writes)
		}
	}
	g.wantApplications(ada, "Wiki  Group")
}

// A PUT without applications leaves them; one with what was read changes nothing, one
// with others is what it says, and leaves what comes through groups.
func TestApplicationsAreNotForgotten(t *testing.T) {
	t.Parallel()
	g, ada, team := offering(t)
	if _, err := g.dir.Assign(team, g.servicePrincipal("Wiki"), ""); err != nil {
		t.Fatal(err)
	}
	path := "/Users/" + ada
	doc := g.get(path + "?excludedAttributes=" + applications)
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": payrollApp, "appRole": "clerk"}))
	g.do(http.MethodPut, path, doc, http.StatusOK)
	g.wantApplications(ada, "Payroll clerk User", "Wiki  Group")
	full := g.get(path)
	g.asked()
	g.do(http.MethodPut, path, full, http.StatusOK)
	g.wantAsked("a PUT of what was read", 1, 0)
	full[enterprise] = object{"applications": []object{{"value": payrollApp, "appRole": "auditor"}}}
	put := g.do(http.MethodPut, path, full, http.StatusOK)
	if list, _ := at(put, enterprise, "applications").([]any); len(list) != 2 {
		t.Errorf("answered %v", put)
	}
	g.wantApplications(ada, "Payroll auditor User", "Wiki  Group")
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": wikiApp})) // beside the group's
	g.wantApplications(ada, "Payroll auditor User", "Wiki  Group", "Wiki  User")
}

// A user is created with applications, roles and a license: what is needed is looked up
// at once, and given at once.
func TestCreatedWithEverything(t *testing.T) {
	t.Parallel()
	g, _, _ := offering(t)
	g.add("subscribedSku", graphsim.Values{"skuId": skuP2, "skuPartNumber": "AAD_PREMIUM_P2", "prepaidUnits": object{"enabled": 5}})
	g.asked()
	made := g.do(http.MethodPost, "/Users", object{
		"userName": "eve@contoso.com", "displayName": "Eve", entraUser: object{"usageLocation": "NL", "eligibleRoles": []object{{"value": userAdministrator}}},
		"entitlements": []object{{"value": "AAD_PREMIUM_P2"}}, "roles": []object{{"value": globalReader}},
		enterprise: object{"applications": []object{{"value": payrollApp, "appRole": "clerk"}, {"value": wikiApp}}},
	}, http.StatusCreated)
	g.wantAsked("a user with everything", 3, 6) // look up, make, give
	if list, _ := at(made, enterprise, "applications").([]any); len(list) != 2 {
		t.Errorf("answered %v", made)
	}
	g.wantApplications(made["id"].(string), "Payroll clerk User", "Wiki  User")
	for name, given := range map[string]object{
		"application": {enterprise: object{"applications": []object{{"value": payrollApp, "appRole": "boss"}}}},
		"role":        {"roles": []object{{"value": payrollApp}}},
		"eligible":    {entraUser: object{"eligibleRoles": []object{{"value": payrollApp}}}},
		"license":     {"entitlements": []object{{"value": "E5"}}},
	} {
		doc := object{"userName": "mallory@contoso.com", "displayName": "Mallory"}
		maps.Copy(doc, given)
		g.asked()
		if answer := g.do(http.MethodPost, "/Users", doc, http.StatusBadRequest); answer["scimType"] != "invalidValue" {
			t.Errorf("%s: %v", name, answer)
		}
		if _, writes := g.asked(); writes != 0 {
			t.Errorf("%s: %d writes", name, writes)
		}
	}
}

// Groups are given applications, when they are made and later.
func TestApplicationsOfAGroup(t *testing.T) {
	t.Parallel()
	g, ada, team := offering(t)
	g.asked()
	g.patch("/Groups/"+team, http.StatusNoContent, adds(entraGroup+":applications", object{"value": payrollApp, "appRole": "clerk"}))
	g.wantAsked("a group's application", 3, 1)
	g.wantApplications(ada, "Payroll clerk Group")
	made := g.do(http.MethodPost, "/Groups", object{"displayName": "Readers", "members": members(ada), entraGroup: object{"applications": []object{{"value": wikiApp}}}}, http.StatusCreated)
	if got := g.has("/Groups/"+made["id"].(string), entraGroup); !same(got, []string{"Wiki  Group"}) {
		t.Errorf("made with %v: %v", got, made)
	}
	g.patch("/Groups/"+team, http.StatusNoContent, object{"op": "remove", "path": entraGroup + ":applications"})
	if got := g.has("/Groups/"+team, entraGroup); len(got) != 0 {
		t.Errorf("still %v", got)
	}
}

// A directory that does not show yet what was given makes nothing be forgotten, nor
// be left.
func TestApplicationsUnderLag(t *testing.T) {
	t.Parallel()
	g, ada, _ := offering(t)
	g.sim.Advance(time.Minute)
	g.dir.SetLag(graphsim.Lag{Read: 5 * time.Second, List: 20 * time.Second})
	path := "/Users/" + ada
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": payrollApp, "appRole": "clerk"}))
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": wikiApp}))
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": applications + `[value eq "` + payrollApp + `"]`})
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": applications + `[value eq "` + payrollApp + `"]`})
	g.sim.Advance(time.Minute)
	g.wantApplications(ada, "Wiki  User")
}

// A role that an application has got since it was remembered is given all the same.
func TestApplicationsRemembered(t *testing.T) {
	t.Parallel()
	g, ada, _ := offering(t)
	g.patch("/Users/"+ada, http.StatusBadRequest, adds(applications, object{"value": payrollApp, "appRole": "boss"}))
	sp := g.servicePrincipal("Payroll")
	_, err := g.options.Graph.Do(t.Context(), graph.Request{
		Method: http.MethodPatch, Path: "/servicePrincipals/{id}", Params: map[string]string{"id": sp},
		Body: []byte(`{"appRoles": [{"id": "` + clerkRole + `", "value": "boss", "displayName": "Boss", "description": "B", "isEnabled": true, "allowedMemberTypes": ["User"]}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	g.patch("/Users/"+ada, http.StatusNoContent, adds(applications, object{"value": payrollApp, "appRole": "boss"}))
}

// An application that was deleted and made anew since it was remembered is looked up
// again, after one request.
func TestApplicationsMadeAnew(t *testing.T) {
	t.Parallel()
	g, ada, _ := offering(t)
	path := "/Users/" + ada
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": wikiApp}))
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": applications})
	if _, err := g.options.Graph.Do(t.Context(), graph.Request{Method: http.MethodDelete, Path: "/servicePrincipals/{id}", Params: map[string]string{"id": g.servicePrincipal("Wiki")}}); err != nil {
		t.Fatal(err)
	}
	g.add("servicePrincipal", graphsim.Values{"appId": wikiApp, "displayName": "Wiki", "appRoles": []object{}})
	answer := g.patch(path, http.StatusBadRequest, adds(applications, object{"value": wikiApp}))
	if detail, _ := answer["detail"].(string); answer["scimType"] != "invalidValue" || !strings.Contains(detail, applications+".value: the directory does not find") {
		t.Errorf("said %v", answer)
	}
	g.patch(path, http.StatusNoContent, adds(applications, object{"value": wikiApp}))
	g.wantApplications(ada, "Wiki  User")
}

// The permissions that deploy/entra/permissions.md names for applications suffice, and
// without them nothing is done.
func TestApplicationPermissions(t *testing.T) {
	t.Parallel()
	g, ada, _ := offering(t)
	grant := func(names ...string) {
		g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, append(names, "User.Read.All"))
		g.sim.Advance(2 * time.Hour) // a new token
	}
	grant("AppRoleAssignment.ReadWrite.All", "Application.Read.All", "Directory.Read.All")
	g.patch("/Users/"+ada, http.StatusNoContent, adds(applications, object{"value": payrollApp, "appRole": "clerk"}))
	grant("Application.Read.All", "Directory.Read.All")
	refused := g.patch("/Users/"+ada, http.StatusForbidden, object{"op": "remove", "path": applications})
	if detail, _ := refused["detail"].(string); !strings.Contains(detail, "applications: the gateway lacks") {
		t.Errorf("refused: %v", refused)
	}
	grant()
	g.patch("/Users/"+ada, http.StatusForbidden, object{"op": "remove", "path": applications})
}

// A license takes the tenant's usage location for a user without one, in the same write;
// and nothing is made up where the user has one, or the client says that there is none.
func TestUsageLocationOfTheTenant(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.UsageLocation = "NL" })
	g.add("subscribedSku", graphsim.Values{"skuId": skuP2, "skuPartNumber": "AAD_PREMIUM_P2", "prepaidUnits": object{"enabled": 5}})
	users := g.addUsers(2)
	located := func(user string) any {
		return at(g.get("/Users/"+user+"?attributes="+entraUser+":usageLocation"), entraUser, "usageLocation")
	}
	g.asked()
	g.patch("/Users/"+users[0], http.StatusNoContent, gives(skuP2))
	g.wantAsked("a license with a location", 2, 2)
	if got := located(users[0]); got != "NL" {
		t.Errorf("location %v", got)
	}
	g.patch("/Users/"+users[1], http.StatusNoContent, object{"op": "add", "path": entraUser + ":usageLocation", "value": "BE"}, gives(skuP2))
	if got := located(users[1]); got != "BE" {
		t.Errorf("location %v", got)
	}
	made := g.do(http.MethodPost, "/Users", object{"userName": "new@contoso.com", "displayName": "New", "entitlements": []object{{"value": skuP2}}}, http.StatusCreated)
	if at(made, entraUser, "usageLocation") != "NL" || at(made, "entitlements", "0", "value") != skuP2 {
		t.Errorf("made %v", made)
	}
}

// The licenses that a group gives are read when they are asked for.
func TestLicensesOfAGroup(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	group := g.add("group", graphsim.Values{"displayName": "L", "mailNickname": "l", "securityEnabled": true, "assignedLicenses": []object{{"skuId": skuE3, "disabledPlans": []string{skuP2}}}})
	got := g.get("/Groups/" + group + "?attributes=" + entraGroup + ":assignedLicenses")
	if at(got, entraGroup, "assignedLicenses", "0", "value") != skuE3 || at(got, entraGroup, "assignedLicenses", "0", "disabledPlans", "0") != skuP2 {
		t.Errorf("licenses %v", got)
	}
}

// More is given than one batch holds: all of it, or what was given is told.
func TestManyApplications(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	ada := g.addUsers(1)[0]
	var wanted []object
	for i := range 45 {
		id := fmt.Sprintf("c0000000-0000-4000-8000-0000000001%02d", i)
		g.application(id, fmt.Sprint("App ", i))
		wanted = append(wanted, object{"value": id})
	}
	g.asked()
	g.patch("/Users/"+ada, http.StatusNoContent, adds(applications, wanted...))
	g.wantAsked("45 applications", 7, 45) // read, 3 to look up, 3 to write
	if got := g.has("/Users/"+ada, enterprise); len(got) != 45 {
		t.Errorf("%d applications", len(got))
	}
	if err := g.sim.Fail(trouble.Fault{Method: http.MethodDelete, Path: "/users/*/appRoleAssignments/*", Status: http.StatusForbidden}); err != nil {
		t.Fatal(err)
	}
	answer := g.patch("/Users/"+ada, http.StatusForbidden, object{"op": "replace", "path": "title", "value": "X"}, object{"op": "remove", "path": applications})
	if detail, _ := answer["detail"].(string); !strings.Contains(detail, "Done: the attributes were changed. Not done: the application c0") || !strings.Contains(detail, "; 35 more.") {
		t.Errorf("said %v", detail)
	}
	g.patch("/Users/"+ada, http.StatusNoContent, object{"op": "remove", "path": applications})
	g.wantApplications(ada)
}

// An application that somebody else takes meanwhile is taken, however Graph says that it
// is not there.
func TestApplicationTakenMeanwhile(t *testing.T) {
	t.Parallel()
	for _, refused := range []trouble.Fault{
		{Status: http.StatusNotFound}, {Status: http.StatusBadRequest, Code: "Request_BadRequest", Message: "EntitlementGrant being updated or deleted is not found."},
	} {
		g, ada, _ := offering(t)
		g.patch("/Users/"+ada, http.StatusNoContent, adds(applications, object{"value": wikiApp}))
		refused.Method, refused.Path = http.MethodDelete, "/users/*/appRoleAssignments/*"
		if err := g.sim.Fail(refused); err != nil {
			t.Fatal(err)
		}
		g.patch("/Users/"+ada, http.StatusNoContent, object{"op": "remove", "path": applications})
	}
}

// A guest is given applications, too, and a synchronized user.
func TestApplicationsOfOthers(t *testing.T) {
	t.Parallel()
	g, _, _ := offering(t)
	guest := g.do(http.MethodPost, "/Users", object{
		"userType": "Guest", "redirectUrl": "https://app.example", "displayName": "Guest", "emails": []object{{"value": "guest@example.org"}},
		enterprise: object{"applications": []object{{"value": wikiApp}}},
	}, http.StatusCreated)
	g.wantApplications(guest["id"].(string), "Wiki  User")
	synced := g.add("user", graphsim.Values{"displayName": "S", "userPrincipalName": "s@contoso.com", "accountEnabled": true, "onPremisesSyncEnabled": true})
	g.patch("/Users/"+synced, http.StatusNoContent, adds(applications, object{"value": wikiApp}), adds(eligibleRoles, object{"value": globalReader}))
	g.wantApplications(synced, "Wiki  User")
}

// Who wants to hear of applications that are given hears of each, once it is given.
func TestGrantedApplications(t *testing.T) {
	t.Parallel()
	var heard []string
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) {
		o.Granted = func(_ context.Context, servicePrincipal, principal, kind string) {
			heard = append(heard, servicePrincipal+" "+principal+" "+kind)
		}
	})
	sp, ada := g.application(wikiApp, "Wiki"), g.addUsers(1)[0]
	team := g.addGroup("team")
	for _, path := range []string{"/Users/" + ada, "/Users/" + ada} {
		g.patch(path, http.StatusNoContent, adds(applications, object{"value": wikiApp}))
	}
	g.patch("/Users/"+ada, http.StatusNoContent, object{"op": "remove", "path": applications})
	g.patch("/Groups/"+team, http.StatusNoContent, adds(entraGroup+":applications", object{"value": wikiApp}))
	if want := []string{sp + " " + ada + " User", sp + " " + team + " Group"}; !same(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
}

// An application that vanishes between the lookup and the write is the client's mistake,
// named, of a new user and of a group, too: what was asked for is there.
func TestApplicationsVanish(t *testing.T) {
	t.Parallel()
	g, ada, team := offering(t)
	g.patch("/Users/"+ada, http.StatusNoContent, adds(applications, object{"value": wikiApp})) // it is remembered
	if err := g.dir.Delete(g.servicePrincipal("Wiki")); err != nil {
		t.Fatal(err)
	}
	answer := g.do(http.MethodPost, "/Users", object{
		"userName": "late@contoso.com", "displayName": "Late", enterprise: object{"applications": []object{{"value": wikiApp}}},
	}, http.StatusBadRequest)
	detail, _ := answer["detail"].(string)
	if answer["scimType"] != "invalidValue" || !strings.HasPrefix(detail, applications+".value: the directory does not find") || !strings.Contains(detail, "Done: the user was created with id") {
		t.Errorf("said %v", answer)
	}
	answer = g.patch("/Groups/"+team, http.StatusBadRequest, adds(entraGroup+":applications", object{"value": wikiApp}))
	if detail, _ := answer["detail"].(string); answer["scimType"] != "invalidValue" || !strings.HasPrefix(detail, entraGroup+":applications.value: ") {
		t.Errorf("said %v", answer)
	}
}
