package entra_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

const globalReader = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"

// The permissions that deploy/entra/permissions.md names for roles suffice, and without
// them nothing is done and it is said which attribute it is about.
func TestRolePermissions(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	grant := func(names ...string) {
		g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, append(names, "User.Read.All"))
		g.sim.Advance(2 * time.Hour) // a new token
	}
	give := object{"op": "add", "path": "roles", "value": []object{{"value": globalReader}}}
	grant("RoleManagement.ReadWrite.Directory")
	g.patch("/Users/"+user, http.StatusNoContent, give)
	grant("RoleManagement.Read.Directory", "RoleEligibilitySchedule.Read.Directory")
	got := g.get("/Users/" + user + "?attributes=roles," + entraUser + ":eligibleRoles")
	if at(got, "roles", "0", "display") != "Global Reader" {
		t.Errorf("roles: %v", got)
	}
	refused := g.patch("/Users/"+user, http.StatusForbidden, object{"op": "remove", "path": "roles"})
	if detail, _ := refused["detail"].(string); !strings.HasPrefix(detail, "roles: ") {
		t.Errorf("refused: %v", refused)
	}
	grant()
	g.do(http.MethodGet, "/Users/"+user+"?attributes=roles", nil, http.StatusForbidden)
	if got := g.get("/Users/" + user); got["roles"] != nil {
		t.Errorf("without being asked: %v", got)
	}
}

// A PUT by a client that knows nothing of roles, or
// has none of them leaves them; one with others is what it says.
func TestRolesAreNotForgotten(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	if _, err := g.dir.AssignRole(user, globalReader, ""); err != nil {
		t.Fatal(err)
	}
	doc := g.get("/Users/" + user) // roles are not in it
	doc["title"] = "Countess"
	g.do(http.MethodPut, "/Users/"+user, doc, http.StatusOK)
	if got := g.get("/Users/" + user + "?attributes=roles"); at(got, "roles", "0", "value") != globalReader {
		t.Errorf("after a PUT without roles: %v", got)
	}
	doc["roles"] = []object{} // as RFC 7644 section 3.5.1 shows it
	g.do(http.MethodPut, "/Users/"+user, doc, http.StatusOK)
	if got := g.get("/Users/" + user + "?attributes=roles"); at(got, "roles", "0", "value") != globalReader {
		t.Errorf("after a PUT with none: %v", got)
	}
	const licenseAdministrator = "4d6ac14f-3453-41d0-bef9-a3e0c569773a"
	doc["roles"] = []object{{"value": licenseAdministrator}}
	g.do(http.MethodPut, "/Users/"+user, doc, http.StatusOK)
	got := g.get("/Users/" + user + "?attributes=roles")
	if list, _ := got["roles"].([]any); len(list) != 1 || at(list, "0", "value") != licenseAdministrator {
		t.Errorf("after a PUT with another: %v", got)
	}
}

// A role that is not there is not waited for, though the one who is to have it was made
// moments ago.
func TestUnknownRoleOfANewUser(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	path := "/Users/" + g.do(http.MethodPost, "/Users", newUser("made@contoso.com"), http.StatusCreated)["id"].(string)
	for _, attribute := range []string{"roles", eligibleRoles} {
		g.asked()
		answer := g.patch(path, http.StatusBadRequest, adds(attribute, object{"value": "11111111-1111-4111-8111-111111111111"}))
		g.wantAsked("an unknown role in "+attribute, 2, 0) // read, look up
		if detail, _ := answer["detail"].(string); answer["scimType"] != "invalidValue" || !strings.HasPrefix(detail, attribute+": the directory has no role") {
			t.Errorf("said %v", answer)
		}
	}
}
