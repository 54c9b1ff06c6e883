package entra_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

const (
	userAdministrator = "fe930be7-5e62-47db-91af-98c3a49a38b1"

	eligibleRoles = entraUser + ":eligibleRoles"
)

func (g *gateway) roles(user string) (active, eligible []any) {
	g.t.Helper()
	got := g.get("/Users/" + user + "?attributes=roles," + eligibleRoles)
	active, _ = got["roles"].([]any)
	eligible, _ = at(got, entraUser, "eligibleRoles").([]any)
	return active, eligible
}

// Eligible roles are given, until a time, over an administrative unit, prolonged and
// taken, apart from active ones.
func TestEligibleRoles(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	unit := "/administrativeUnits/" + g.add("administrativeUnit", graphsim.Values{"displayName": "Berlin"})
	path := "/Users/" + user
	g.asked()
	g.patch(path, http.StatusNoContent, adds(eligibleRoles,
		object{"value": globalReader, "end": "2026-06-01T00:00:00Z", "justification": "audit"}, object{"value": userAdministrator, "scope": unit}))
	g.wantAsked("two eligible roles", 2, 2)
	active, eligible := g.roles(user)
	if len(active) != 0 || len(eligible) != 2 || at(eligible, "0", "end") != "2026-06-01T00:00:00Z" || at(eligible, "1", "scope") != unit {
		t.Fatalf("active %v, eligible %v", active, eligible)
	}
	g.patch(path, http.StatusNoContent, object{"op": "replace", "path": eligibleRoles + `[value eq "` + globalReader + `"].end`, "value": "2026-09-01T00:00:00Z"})
	if _, eligible = g.roles(user); len(eligible) != 2 || at(eligible, "1", "end") != "2026-09-01T00:00:00Z" && at(eligible, "0", "end") != "2026-09-01T00:00:00Z" {
		t.Errorf("prolonged: %v", eligible)
	}
	g.asked()
	g.patch(path, http.StatusNoContent, adds(eligibleRoles, object{"value": userAdministrator, "scope": unit, "start": "2025-06-01T00:00:00Z"}))
	g.wantAsked("what there is", 1, 0)
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": eligibleRoles + `[value eq "` + userAdministrator + `"]`})
	if _, eligible = g.roles(user); len(eligible) != 1 || at(eligible, "0", "value") != globalReader {
		t.Errorf("left: %v", eligible)
	}
	g.sim.Advance(300 * 24 * time.Hour)
	if _, eligible = g.roles(user); len(eligible) != 0 {
		t.Errorf("over: %v", eligible)
	}
}

// Active roles tell how and until when they are held; one with an end is asked of
// Privileged Identity Management, and one without is not.
func TestRolesThatEnd(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	if _, err := g.dir.ActivateRole(user, userAdministrator, "", g.sim.Now().Add(8*time.Hour)); err != nil {
		t.Fatal(err)
	}
	g.patch("/Users/"+user, http.StatusNoContent, adds("roles", object{"value": globalReader, "end": "2026-02-01T00:00:00Z"}))
	if calls := strings.Join(g.sim.Calls(), "\n"); !strings.Contains(calls, "POST /roleManagement/directory/roleAssignmentScheduleRequests") {
		t.Errorf("asked %s", calls)
	}
	active, _ := g.roles(user)
	if len(active) != 2 || at(active, "0", "assignmentType") != "Activated" || at(active, "0", "end") != "2026-01-01T08:00:00Z" ||
		at(active, "1", "assignmentType") != "Assigned" || at(active, "1", "end") != "2026-02-01T00:00:00Z" || at(active, "1", "display") != "Global Reader" {
		t.Fatalf("roles %v", active)
	}
	g.patch("/Users/"+user, http.StatusNoContent, adds("roles", object{"value": "4d6ac14f-3453-41d0-bef9-a3e0c569773a", "start": "2026-01-10T00:00:00Z"}))
	if active, _ = g.roles(user); len(active) != 3 || at(active, "2", "start") != "2026-01-10T00:00:00Z" {
		t.Errorf("one to begin: %v", active)
	}
	g.sim.Advance(20 * 24 * time.Hour)
	if active, _ = g.roles(user); len(active) != 2 {
		t.Errorf("after it has begun: %v", active)
	}
	g.patch("/Users/"+user, http.StatusNoContent, object{"op": "remove", "path": "roles"})
	if active, _ = g.roles(user); len(active) != 0 {
		t.Errorf("left %v", active)
	}
}

// What somebody else gave or took meanwhile is a conflict, as Privileged Identity
// Management says it: the client is to look.
func TestScheduledRolesMeanwhile(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	for code, change := range map[string]object{
		"RoleAssignmentExists":       adds(eligibleRoles, object{"value": globalReader}),
		"RoleAssignmentDoesNotExist": adds("roles", object{"value": globalReader, "end": "2026-02-01T00:00:00Z"}),
	} {
		f := trouble.Fault{Method: http.MethodPost, Path: "/roleManagement/directory/*", Status: http.StatusBadRequest, Code: code}
		if err := g.sim.Fail(f); err != nil {
			t.Fatal(err)
		}
		answer := g.patch("/Users/"+user, http.StatusConflict, change)
		if detail, _ := answer["detail"].(string); !strings.Contains(strings.ToLower(detail), "roles: ") || !strings.Contains(detail, "repeat the request") {
			t.Errorf("%s: %v", code, answer)
		}
	}
	g.patch("/Users/"+user, http.StatusNoContent, adds(eligibleRoles, object{"value": globalReader}))
	f := trouble.Fault{Method: http.MethodPost, Path: "/roleManagement/directory/*", Status: http.StatusBadRequest, Code: "RoleAssignmentDoesNotExist"}
	if err := g.sim.Fail(f); err != nil {
		t.Fatal(err)
	}
	g.patch("/Users/"+user, http.StatusNoContent, object{"op": "remove", "path": eligibleRoles}) // it is gone
}

// Ids are asked for as Graph writes them: that their case does not matter in the filters
// of roles no page says.
func TestRolesAreAskedInLowerCase(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	g.sim.Calls()
	g.get("/Users/" + strings.ToUpper(user) + "?attributes=roles," + eligibleRoles)
	calls := strings.Join(g.sim.Calls(), "\n")
	if n := strings.Count(calls, "principalId%20eq%20%27"+user+"%27"); n != 3 {
		t.Errorf("%d filters in %s", n, calls)
	}
}

// Groups that were made for it hold roles and can activate them; others are refused.
func TestRolesOfAGroup(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	plain := g.addGroup("plain")
	made := g.do(http.MethodPost, "/Groups", object{"displayName": "Admins", entraGroup: object{
		"isAssignableToRole": true, "roles": []object{{"value": globalReader}}, "eligibleRoles": []object{{"value": userAdministrator}},
	}}, http.StatusCreated)
	path := "/Groups/" + made["id"].(string)
	held := func() (active, eligible []any) {
		got := g.get(path + "?attributes=" + entraGroup + ":roles," + entraGroup + ":eligibleRoles")
		active, _ = at(got, entraGroup, "roles").([]any)
		eligible, _ = at(got, entraGroup, "eligibleRoles").([]any)
		return active, eligible
	}
	if active, eligible := held(); len(active) != 1 || at(active, "0", "display") != "Global Reader" || len(eligible) != 1 {
		t.Errorf("made with %v, %v", active, eligible)
	}
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": entraGroup + ":roles"}, object{"op": "remove", "path": entraGroup + ":eligibleRoles"})
	if active, eligible := held(); len(active)+len(eligible) != 0 {
		t.Errorf("left %v, %v", active, eligible)
	}
	for _, name := range []string{"roles", "eligibleRoles"} {
		g.asked()
		answer := g.patch("/Groups/"+plain, http.StatusBadRequest, adds(entraGroup+":"+name, object{"value": globalReader}))
		if detail, _ := answer["detail"].(string); answer["scimType"] != "invalidValue" || !strings.Contains(detail, name+": only a group that was made with isAssignableToRole") {
			t.Errorf("%s: %v", name, answer)
		}
		g.wantAsked("refused "+name, 1, 0)
	}
}

// What cannot be is refused before anything is written.
func TestScheduledRolesRefused(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	for name, role := range map[string]object{
		"no role":       {"value": user},
		"no GUID":       {"value": "Global Reader"},
		"no date":       {"value": globalReader, "end": "tomorrow"},
		"over":          {"value": globalReader, "end": "2025-12-31T00:00:00Z"},
		"before":        {"value": globalReader, "start": "2026-03-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
		"scope":         {"value": globalReader, "scope": "Berlin"},
		"unit":          {"value": globalReader, "scope": "/administrativeUnits/Berlin"},
		"justification": {"value": globalReader, "justification": strings.Repeat("x", 501)},
	} {
		for _, attribute := range []string{"roles", eligibleRoles} {
			g.asked()
			answer := g.patch("/Users/"+user, http.StatusBadRequest, object{"op": "replace", "path": "title", "value": "X"}, adds(attribute, role))
			if detail, _ := answer["detail"].(string); answer["scimType"] != "invalidValue" || !strings.Contains(strings.ToLower(detail), "roles") && name != "no date" {
				t.Errorf("%s: %v", name, answer)
			}
			if _, writes := g.asked(); writes > 2 || g.get("/Users/" + user)["title"] != nil {
				t.Errorf("%s: %d writes", name, writes)
			}
		}
	}
}

// Without the license of Privileged Identity Management there are no eligible roles, and
// active ones tell no times; to write either is refused with the reason.
func TestRolesWithoutPIM(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{NoPIM: true}, "", nil)
	user := g.addUsers(1)[0]
	g.patch("/Users/"+user, http.StatusNoContent, adds("roles", object{"value": globalReader}))
	active, eligible := g.roles(user)
	if len(active) != 1 || at(active, "0", "assignmentType") != nil || at(active, "0", "start") != nil || len(eligible) != 0 {
		t.Errorf("active %v, eligible %v", active, eligible)
	}
	for name, operation := range map[string]object{
		"eligible": adds(eligibleRoles, object{"value": globalReader}),
		"end":      adds("roles", object{"value": userAdministrator, "end": "2026-06-01T00:00:00Z"}),
	} {
		answer := g.patch("/Users/"+user, http.StatusForbidden, operation)
		if detail, _ := answer["detail"].(string); !strings.Contains(detail, "Privileged Identity Management") {
			t.Errorf("%s: %v", name, answer)
		}
	}
	g.patch("/Users/"+user, http.StatusNoContent, object{"op": "remove", "path": "roles"})
	if lacking := g.directory.Lacking(); len(lacking) != 0 {
		t.Errorf("lacking %v", lacking)
	}
}

// The permissions that deploy/entra/permissions.md names for roles at a time suffice, and
// without them the roles are told without their times.
func TestSchedulePermissions(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	grant := func(names ...string) {
		g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, append(names, "User.Read.All", "RoleManagement.Read.Directory"))
		g.sim.Advance(2 * time.Hour) // a new token
	}
	grant("RoleEligibilitySchedule.ReadWrite.Directory", "RoleAssignmentSchedule.ReadWrite.Directory")
	g.patch("/Users/"+user, http.StatusNoContent, adds(eligibleRoles, object{"value": globalReader}), adds("roles", object{"value": userAdministrator, "end": "2026-06-01T00:00:00Z"}))
	grant("RoleEligibilitySchedule.Read.Directory")
	if active, eligible := g.roles(user); len(active) != 1 || at(active, "0", "end") != nil || len(eligible) != 1 {
		t.Errorf("active %v, eligible %v", active, eligible)
	}
	g.patch("/Users/"+user, http.StatusForbidden, object{"op": "remove", "path": eligibleRoles})
}

// One role over two scopes is two roles.
func TestRoleOverTwoScopes(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	unit := "/administrativeUnits/" + g.add("administrativeUnit", graphsim.Values{"displayName": "Berlin"})
	g.patch("/Users/"+user, http.StatusNoContent, adds("roles", object{"value": globalReader}))
	g.patch("/Users/"+user, http.StatusNoContent, adds("roles", object{"value": globalReader, "scope": unit}))
	if active, _ := g.roles(user); len(active) != 2 {
		t.Fatalf("roles %v", active)
	}
	g.patch("/Users/"+user, http.StatusNoContent, object{"op": "remove", "path": "roles", "value": []object{{"value": globalReader}}})
	if active, _ := g.roles(user); len(active) != 1 || at(active, "0", "scope") != unit {
		t.Errorf("left %v", active)
	}
}
