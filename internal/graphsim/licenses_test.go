package graphsim_test

import (
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

const (
	skuE3    = "6fd2c87f-b296-42f0-b197-1e91e994b900"
	skuP2    = "84a661c4-e949-4bd2-a560-ed7766fcaf2b"
	planMail = "efb87545-963c-4e0d-99df-69c6916d9eb0"
	planTalk = "57ff2da0-773e-42df-b2af-ffb7a2317929"
)

// licensing is a simulator with two units of a SKU that has two plans, and plenty of
// another.
func licensing(t *testing.T) *client {
	t.Helper()
	c := start(t, graphsim.Options{})
	d := c.sim.Tenant(graphsim.DefaultTenant)
	plan := func(id string) map[string]any {
		return map[string]any{"servicePlanId": id, "servicePlanName": "PLAN", "provisioningStatus": "Success", "appliesTo": "User"}
	}
	for _, v := range []graphsim.Values{
		{"skuId": skuE3, "skuPartNumber": "ENTERPRISEPACK", "prepaidUnits": fields{"enabled": 2}, "servicePlans": []any{plan(planMail), plan(planTalk)}},
		{"skuId": skuP2, "skuPartNumber": "AAD_PREMIUM_P2", "prepaidUnits": fields{"enabled": 50}},
	} {
		if _, err := d.Add("subscribedSku", v); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *client) located(name string) string {
	c.Helper()
	id := c.user(name)
	c.do("PATCH", "/users/"+id, fields{"usageLocation": "NL"}).want(204)
	return id
}

func licenses(add []fields, remove ...string) fields {
	if add == nil {
		add = []fields{}
	}
	if remove == nil {
		remove = []string{}
	}
	return fields{"addLicenses": add, "removeLicenses": remove}
}

func give(sku string, without ...string) []fields {
	if without == nil {
		without = []string{}
	}
	return []fields{{"skuId": sku, "disabledPlans": without}}
}

// size is how many elements the list at a path has.
func (a *reply) size(path string) int {
	a.Helper()
	list, ok := a.at(path).([]any)
	if !ok {
		a.Errorf("%s: no list at %s in %s", a.request, path, a.raw)
	}
	return len(list)
}

// used tells how many units of each SKU are used.
func (c *client) used() [2]any {
	c.Helper()
	a := c.do("GET", "/subscribedSkus", nil).want(200)
	return [2]any{a.at("value/0/consumedUnits"), a.at("value/1/consumedUnits")}
}

func (c *client) wantUsed(e3, p2 float64) {
	c.Helper()
	if got := c.used(); got != [2]any{e3, p2} {
		c.Errorf("used %v, want %v %v", got, e3, p2)
	}
}

// Several licenses are given and taken with one request, of which all is done or nothing,
// and units are counted.
func TestAssignLicense(t *testing.T) {
	t.Parallel()
	c := licensing(t)
	ada, bob, cyd := c.located("ada"), c.located("bob"), c.located("cyd")
	c.do("POST", "/users/"+ada+"/assignLicense", licenses(append(give(skuE3, planTalk), give(skuP2)...))).want(200)
	c.wantUsed(1, 1)
	states := c.do("GET", "/users/"+ada+"?$select=assignedLicenses,licenseAssignmentStates", nil).want(200)
	if states.at("assignedLicenses/0/disabledPlans/0") != planTalk || states.at("licenseAssignmentStates/1/skuId") != skuP2 ||
		states.at("licenseAssignmentStates/0/assignedByGroup") != nil || states.at("licenseAssignmentStates/0/state") != "Active" {
		t.Errorf("licenses: %s", states.raw)
	}
	c.do("POST", "/users/"+ada+"/assignLicense", licenses(give(skuE3), skuP2)).want(200)
	c.wantUsed(1, 0)
	details := c.do("GET", "/users/"+ada+"/licenseDetails", nil).want(200)
	if details.at("value/0/skuPartNumber") != "ENTERPRISEPACK" || details.at("value/0/servicePlans/1/servicePlanId") != planTalk || details.size("value") != 1 {
		t.Errorf("details: %s", details.raw)
	}
	c.do("POST", "/users/"+bob+"/assignLicense", licenses(give(skuE3))).want(200)
	c.do("POST", "/users/"+cyd+"/assignLicense", licenses(append(give(skuP2), give(skuE3)...))).
		refused(400, badRequest, "Subscription with SKU "+skuE3+" does not have any available licenses.")
	c.wantUsed(2, 0)
	c.do("DELETE", "/users/"+bob, nil).want(204)
	c.wantUsed(1, 0)
	c.do("POST", "/directory/deletedItems/"+bob+"/restore", nil).want(200)
	c.wantUsed(2, 0)
	found := c.do("GET", "/users?$filter=assignedLicenses/any(x:x/skuId eq "+skuE3+")", nil).want(200).list("id")
	if len(found) != 2 || found[0] != ada || found[1] != bob {
		t.Errorf("found %v", found)
	}
}

func TestAssignLicenseRefusals(t *testing.T) {
	t.Parallel()
	c := licensing(t)
	ada, nowhere := c.located("ada"), c.user("nowhere")
	group := c.group("licensed")
	c.do("POST", "/groups/"+group+"/assignLicense", licenses(give(skuP2))).want(202)
	c.do("POST", "/groups/"+group+"/members/$ref", ref(ada)).want(204)
	for name, p := range map[string]struct {
		user          string
		body          any
		code, message string
	}{
		"unknown SKU":       {ada, licenses(give(gone)), badRequest, "License with ID '" + gone + "' does not correspond to a valid company License."},
		"unknown plan":      {ada, licenses(give(skuE3, gone)), badRequest, "One or more of the disabled plans are not part of the license '" + skuE3 + "'."},
		"no location":       {nowhere, licenses(give(skuE3)), badRequest, "License assignment cannot be done for user with invalid usage location."},
		"not there":         {ada, licenses(nil, skuE3), badRequest, "User does not have a corresponding license."},
		"inherited":         {ada, licenses(nil, skuP2), badRequest, "User license is inherited from a group membership and it cannot be removed directly from the user."},
		"added and removed": {ada, licenses(give(skuE3), skuE3), badRequest, "Duplicate licenses found in the request."},
		"one list":          {ada, fields{"addLicenses": []any{}}, "BadRequest", "The parameter 'removeLicenses' is required for the operation."},
		"unknown parameter": {ada, fields{"addLicenses": []any{}, "removeLicenses": []any{}, "x": 1}, "BadRequest", "The parameter 'x' in the request payload is not a valid parameter for the operation."},
	} {
		t.Run(name, func(t *testing.T) {
			c := *c
			c.T = t
			c.do("POST", "/users/"+p.user+"/assignLicense", p.body).refused(400, p.code, p.message)
		})
	}
	c.wantUsed(0, 1)
	c.do("POST", "/users/"+gone+"/assignLicense", licenses(give(skuE3))).refused(404, "Request_ResourceNotFound", lacks(gone))
	c.do("GET", "/users/"+ada+"/licenseDetails?$top=1", nil).refused(400, "Request_UnsupportedQuery", "The query parameter '$top' is not supported.")
}

// What a group is given its direct members have, and lose with the membership; where no
// unit is left the state tells.
func TestInheritedLicenses(t *testing.T) {
	t.Parallel()
	c := licensing(t)
	group := c.group("licensed")
	ada, bob, cyd := c.located("ada"), c.located("bob"), c.located("cyd")
	for _, user := range []string{ada, bob, cyd} {
		c.do("POST", "/groups/"+group+"/members/$ref", ref(user)).want(204)
	}
	c.do("POST", "/groups/"+group+"/assignLicense", licenses(give(skuE3, planTalk))).want(202)
	c.wantUsed(2, 0)
	state := func(user string) *reply {
		return c.do("GET", "/users/"+user+"?$select=assignedLicenses,licenseAssignmentStates", nil).want(200)
	}
	if a := state(ada); a.at("licenseAssignmentStates/0/assignedByGroup") != group || a.at("licenseAssignmentStates/0/state") != "Active" {
		t.Errorf("inherited: %s", a.raw)
	}
	if a := state(cyd); a.at("licenseAssignmentStates/0/error") != "CountViolation" || a.size("assignedLicenses") != 0 {
		t.Errorf("without a unit: %s", a.raw)
	}
	c.do("POST", "/users/"+ada+"/assignLicense", licenses(give(skuE3, planMail))).want(200)
	c.wantUsed(2, 0)
	if a := state(ada); a.size("assignedLicenses/0/disabledPlans") != 0 || a.at("licenseAssignmentStates/1/assignedByGroup") != group {
		t.Errorf("directly too: %s", a.raw) // a plan is on when one assignment has it on
	}
	c.do("DELETE", "/groups/"+group+"/members/"+bob+"/$ref", nil).want(204)
	c.wantUsed(1, 0)
	if a := state(bob); a.size("licenseAssignmentStates") != 0 {
		t.Errorf("no longer: %s", a.raw)
	}
	c.do("DELETE", "/groups/"+group, nil).want(204)
	c.wantUsed(1, 0)
	if a := state(ada); a.at("licenseAssignmentStates/0/assignedByGroup") != nil || a.size("licenseAssignmentStates") != 1 {
		t.Errorf("of its own: %s", a.raw)
	}
}

// The collections of subscriptions and role definitions take no query options.
func TestWholeCollections(t *testing.T) {
	t.Parallel()
	c := licensing(t)
	for _, path := range []string{"/subscribedSkus", "/roleManagement/directory/roleDefinitions"} {
		c.do("GET", path, nil).want(200)
		for _, option := range []string{"$top=1", "$filter=id eq '1'", "$count=true", "$orderby=id", "$select=id", "$skip=1"} {
			name, _, _ := strings.Cut(option, "=")
			c.do("GET", path+"?"+option, nil, eventual).refused(400, "Request_UnsupportedQuery", "The query parameter '"+name+"' is not supported.")
		}
	}
	one := "/subscribedSkus/" + graphsim.DefaultTenant + "_" + skuE3
	if a := c.do("GET", one, nil).want(200); a.at("skuPartNumber") != "ENTERPRISEPACK" {
		t.Errorf("one: %s", a.raw)
	}
	c.do("GET", one+"?$select=skuId", nil).want(400)
	c.do("GET", "/subscribedSkus/"+gone, nil).refused(404, "Request_ResourceNotFound", lacks(gone))
	c.do("GET", "/roleManagement/directory/roleDefinitions/"+globalReader+"?$select=displayName", nil).want(200)
	c.do("POST", "/subscribedSkus", fields{}).want(405)
}

func TestRevokeSessions(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ada := c.user("ada")
	c.sim.Advance(1800e9)
	if a := c.do("POST", "/users/"+ada+"/revokeSignInSessions", nil).want(200); a.at("value") != true {
		t.Errorf("answer: %s", a.raw)
	}
	if a := c.do("GET", "/users/"+ada+"?$select=signInSessionsValidFromDateTime", nil).want(200); a.at("signInSessionsValidFromDateTime") != "2026-01-01T00:30:00Z" {
		t.Errorf("valid from: %s", a.raw)
	}
	c.do("POST", "/users/"+gone+"/revokeSignInSessions", nil).want(404)
	admin := c.user("admin")
	if _, err := c.sim.Tenant(graphsim.DefaultTenant).AssignRole(admin, globalReader, ""); err != nil {
		t.Fatal(err)
	}
	c.do("POST", "/users/"+admin+"/revokeSignInSessions", nil).want(403)
}
