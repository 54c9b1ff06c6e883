package graphsim_test

import (
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

const (
	globalReader = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	roles        = "/roleManagement/directory"
)

func holding(principal, role string) fields {
	return fields{"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"}
}

// A role is assigned and removed, and whoever has one is privileged.
func TestRoleAssignments(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ada, bob := c.user("ada"), c.user("bob")
	made := c.do("POST", roles+"/roleAssignments", holding(ada, globalReader)).want(201)
	if made.at("principalId") != ada || made.at("directoryScopeId") != "/" {
		t.Errorf("made: %s", made.raw)
	}
	listed := c.do("GET", roles+"/roleAssignments?$filter=principalId eq '"+ada+"'&$expand=roleDefinition", nil).want(200)
	if listed.at("value/0/id") != made.text("id") || listed.at("value/0/roleDefinition/displayName") != "Global Reader" || listed.size("value") != 1 {
		t.Errorf("listed: %s", listed.raw)
	}
	held := c.do("GET", roles+"/roleAssignments?$filter=roleDefinitionId eq '"+globalReader+"'&$expand=principal", nil).want(200)
	if held.at("value/0/principal/displayName") != "User ada" || held.at("value/0/principal/@odata.type") != "#microsoft.graph.user" {
		t.Errorf("held: %s", held.raw)
	}
	c.do("PATCH", "/users/"+ada, fields{"accountEnabled": false}).want(403)
	c.do("POST", roles+"/roleAssignments", holding(bob, globalReader)).want(201)
	c.do("GET", roles+"/roleAssignments/"+made.text("id"), nil).want(200)
	c.do("DELETE", roles+"/roleAssignments/"+made.text("id"), nil).want(204)
	c.do("DELETE", roles+"/roleAssignments/"+made.text("id"), nil).want(404)
	c.do("PATCH", "/users/"+ada, fields{"accountEnabled": false}).want(204)
	if a := c.do("GET", roles+"/roleAssignments?$filter=principalId eq '"+ada+"'", nil).want(200); a.size("value") != 0 {
		t.Errorf("still: %s", a.raw)
	}
}

func TestRoleAssignmentRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ada, group := c.user("ada"), c.group("plain")
	disabled, err := c.sim.Tenant(graphsim.DefaultTenant).Add("unifiedRoleDefinition", graphsim.Values{"displayName": "Old", "isEnabled": false})
	if err != nil {
		t.Fatal(err)
	}
	c.do("POST", roles+"/roleAssignments", holding(ada, globalReader)).want(201)
	const invalidRole = "The role assignment is not valid."
	for name, p := range map[string]struct {
		body          fields
		status        int
		code, message string
	}{
		"twice":           {holding(ada, globalReader), 400, badRequest, "A conflicting object with one or more of the specified property values is present in the directory."},
		"unknown role":    {holding(ada, gone), 404, "Request_ResourceNotFound", lacks(gone)},
		"nobody":          {holding(gone, globalReader), 404, "Request_ResourceNotFound", lacks(gone)},
		"disabled role":   {holding(ada, disabled), 400, badRequest, invalidRole},
		"plain group":     {holding(group, globalReader), 400, badRequest, invalidRole},
		"scope elsewhere": {fields{"principalId": ada, "roleDefinitionId": globalReader, "directoryScopeId": "/" + gone}, 400, badRequest, invalidRole},
		"no scope":        {fields{"principalId": ada, "roleDefinitionId": globalReader}, 400, badRequest, "A value is required for property 'directoryScopeId' of resource 'UnifiedRoleAssignment'."},
		"condition":       {merged(holding(ada, globalReader), fields{"condition": "x"}), 400, badRequest, "Property 'condition' does not exist as a declared property or extension property."},
	} {
		t.Run(name, func(t *testing.T) {
			c := *c
			c.T = t
			c.do("POST", roles+"/roleAssignments", p.body).refused(p.status, p.code, p.message)
		})
	}
	c.do("GET", roles+"/roleAssignments", nil).refused(400, badRequest, "A filter on principalId or roleDefinitionId is required.")
	c.do("GET", roles+"/roleAssignments?$filter=directoryScopeId eq '/'", nil).want(400)
	c.do("GET", roles+"/roleAssignments?$filter=principalId eq '"+ada+"'&$top=5", nil).want(400)
	c.application("cccccccc-0000-4000-8000-000000000009", graphsim.DefaultTenant, "RoleManagement.Read.Directory").
		do("POST", roles+"/roleAssignments", holding(ada, globalReader)).refused(403, "Authorization_RequestDenied", denied)
}

// Eligibility is asked for, lasts until its end and is taken away.
func TestEligibility(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ada, bob := c.user("ada"), c.user("bob")
	assign := func(who string, expiration fields) fields {
		return merged(holding(who, globalReader), fields{"action": "adminAssign", "justification": "x", "scheduleInfo": fields{"startDateTime": "2025-01-01T00:00:00Z", "expiration": expiration}})
	}
	requests := roles + "/roleEligibilityScheduleRequests"
	made := c.do("POST", requests, assign(ada, fields{"type": "afterDateTime", "endDateTime": "2026-03-01T00:00:00Z"})).want(201)
	if made.at("status") != "Provisioned" || made.at("action") != "adminAssign" {
		t.Errorf("made: %s", made.raw)
	}
	c.do("POST", requests, assign(ada, fields{"type": "noExpiration"})).refused(400, "RoleAssignmentExists", "The Role assignment already exists.")
	c.do("POST", requests, assign(bob, fields{"type": "noExpiration"})).want(201)
	of := func(who string) *reply {
		return c.do("GET", roles+"/roleEligibilitySchedules?$filter=principalId eq '"+who+"'", nil).want(200)
	}
	if a := of(ada); a.at("value/0/scheduleInfo/expiration/endDateTime") != "2026-03-01T00:00:00Z" || a.at("value/0/scheduleInfo/startDateTime") != "2026-01-01T00:00:00Z" {
		t.Errorf("eligible: %s", a.raw)
	}
	c.do("PATCH", "/users/"+ada, fields{"accountEnabled": false}).want(204) // eligible is not privileged
	c.do("POST", requests, merged(holding(bob, globalReader), fields{"action": "adminRemove"})).want(201)
	c.do("POST", requests, merged(holding(bob, globalReader), fields{"action": "adminRemove"})).refused(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
	c.do("POST", requests, merged(holding(bob, globalReader), fields{"action": "selfActivate"})).want(400)
	c.do("POST", requests, merged(holding(bob, globalReader), fields{"action": "adminAssign"})).want(400)
	c.do("POST", requests, assign(bob, fields{"type": "afterDateTime", "endDateTime": "2025-03-01T00:00:00Z"})).want(400)
	c.sim.Advance(90 * 24 * time.Hour)
	c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
	if a := of(ada); a.size("value") != 0 {
		t.Errorf("ended: %s", a.raw)
	}
}

// Roles are asked for at a time, and changed and taken by a request; those that are
// assigned without one have a schedule, too.
func TestRoleSchedules(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ada, unit := c.user("ada"), ""
	if id, err := c.sim.Tenant(graphsim.DefaultTenant).Add("administrativeUnit", graphsim.Values{"displayName": "Berlin"}); err != nil {
		t.Fatal(err)
	} else {
		unit = "/administrativeUnits/" + id
	}
	c.do("POST", roles+"/roleAssignments", holding(ada, globalReader)).want(201)
	of := func(path string) *reply {
		return c.do("GET", roles+path+"?$filter=principalId eq '"+ada+"'", nil).want(200)
	}
	if a := of("/roleAssignmentSchedules"); a.size("value") != 1 || a.at("value/0/assignmentType") != "Assigned" || a.at("value/0/scheduleInfo/expiration/type") != "noExpiration" {
		t.Errorf("assigned: %s", a.raw)
	}
	requests := roles + "/roleAssignmentScheduleRequests"
	ask := func(action, start, end string) fields {
		return fields{
			"principalId": ada, "roleDefinitionId": globalReader, "directoryScopeId": unit, "action": action, "justification": "x",
			"scheduleInfo": fields{"startDateTime": start, "expiration": fields{"type": "afterDateTime", "endDateTime": end}},
		}
	}
	c.do("POST", requests, ask("adminUpdate", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")).refused(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
	made := c.do("POST", requests, ask("adminAssign", "2026-01-10T00:00:00Z", "2026-03-01T00:00:00Z")).want(201)
	if made.at("status") != "Provisioned" || made.at("targetScheduleId") == "" {
		t.Errorf("made: %s", made.raw)
	}
	if a := of("/roleAssignments"); a.size("value") != 1 {
		t.Errorf("before it begins: %s", a.raw)
	}
	advance := func(days int) {
		c.sim.Advance(time.Duration(days) * 24 * time.Hour)
		c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
	}
	advance(20)
	if a := of("/roleAssignments"); a.size("value") != 2 {
		t.Errorf("when it has begun: %s", a.raw)
	}
	c.do("POST", requests, ask("adminUpdate", "2026-01-10T00:00:00Z", "2026-06-01T00:00:00Z")).want(201)
	advance(60)
	if a := of("/roleAssignments"); a.size("value") != 2 {
		t.Errorf("prolonged: %s", a.raw)
	}
	advance(120)
	if a, s := of("/roleAssignments"), of("/roleAssignmentSchedules"); a.size("value") != 1 || s.size("value") != 1 {
		t.Errorf("ended: %s, %s", a.raw, s.raw)
	}
	remove := merged(holding(ada, globalReader), fields{"action": "adminRemove"})
	c.do("POST", requests, remove).refused(400, badRequest, "A value is required for property 'scheduleInfo' of resource 'UnifiedRoleAssignmentSchedule'.")
	c.do("POST", requests, merged(remove, fields{"scheduleInfo": fields{"startDateTime": "2026-06-01T00:00:00Z"}})).want(201)
	if a, s := of("/roleAssignments"), of("/roleAssignmentSchedules"); a.size("value") != 0 || s.size("value") != 0 {
		t.Errorf("removed: %s, %s", a.raw, s.raw)
	}
	c.application("cccccccc-0000-4000-8000-000000000009", graphsim.DefaultTenant, "RoleManagement.Read.Directory").
		do("GET", roles+"/roleAssignmentSchedules", nil).refused(403, "Authorization_RequestDenied", denied)
}

// Without the license of Privileged Identity Management there are no schedules; roles are
// assigned all the same.
func TestNoPIM(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{NoPIM: true})
	ada := c.user("ada")
	c.do("POST", roles+"/roleAssignments", holding(ada, globalReader)).want(201)
	for _, path := range []string{"/roleAssignmentSchedules", "/roleEligibilitySchedules"} {
		c.do("GET", roles+path, nil).refused(400, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
	}
	c.do("POST", roles+"/roleEligibilityScheduleRequests", merged(holding(ada, globalReader), fields{"action": "adminRemove"})).
		refused(400, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
}
