package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/tenant"
)

// A deleted user comes back with its groups, by its name or another.
func TestRestoreUser(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.DefaultDomain = "contoso.com" })
	id := g.add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true, "userType": "Member", "department": "Engines",
	})
	group := g.addGroup("Sec", id)
	path := "/Users/" + id
	restore := path + "/.actions/restore"
	for _, c := range []struct {
		body any
		name string
	}{{nil, "ada@contoso.com"}, {object{"user_id": id}, "ada@contoso.com"}, {object{"userName": "ada2", "autoReconcileProxyConflict": true}, "ada2@contoso.com"}, {nil, "ada2@contoso.com"}} {
		g.do(http.MethodDelete, path, nil, http.StatusNoContent)
		g.asked()
		user := g.do(http.MethodPost, restore, c.body, http.StatusOK)
		g.wantAsked("restore", 3, 1)
		if user["userName"] != c.name || at(user, "groups", "0", "value") != group || at(user, enterprise, "department") != "Engines" || at(user, "meta", "deleted") != nil {
			t.Errorf("restored: %v", user)
		}
		if g.get(path)["userName"] != c.name {
			t.Errorf("is not %s", c.name)
		}
	}
	g.do(http.MethodDelete, path, nil, http.StatusNoContent)
	if user := g.do(http.MethodPost, restore+"?attributes=userName", nil, http.StatusOK); user["userName"] != "ada2@contoso.com" || user["displayName"] != nil {
		t.Errorf("some attributes: %v", user)
	}
}

// What cannot be restored is refused before anything is done, and so is what the action
// does not take.
func TestRestoreRefused(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	gone, live := g.deletedUsers(1)[0], g.add("user", graphsim.Values{
		"displayName": "Other", "userPrincipalName": "user00000@contoso.com", "mailNickname": "other", "accountEnabled": true, "userType": "Member",
	})
	team := g.do(http.MethodPost, "/Groups", object{"displayName": "Team", entraGroup: object{"groupType": "microsoft365"}}, http.StatusCreated)["id"].(string)
	g.do(http.MethodDelete, "/Groups/"+team, nil, http.StatusNoContent)
	sec := g.addGroup("Sec")
	g.do(http.MethodDelete, "/Groups/"+sec, nil, http.StatusNoContent)
	for name, c := range map[string]struct {
		path, body string
		status     int
		scimType   any
		says       string
		writes     int
	}{
		"live":              {"/Users/" + live + "/.actions/restore", "", 404, nil, "There is no deleted User with this id.", 0},
		"nobody":            {"/Users/" + strings.Replace(live, live[:8], "00000000", 1) + "/.actions/restore", "", 404, nil, "There is no deleted User", 0},
		"no id":             {"/Users/x/.actions/restore", "", 404, nil, "There is no User", 0},
		"a group as user":   {"/Users/" + team + "/.actions/restore", "", 404, nil, "There is no deleted User", 0},
		"a user as group":   {"/Groups/" + gone + "/.actions/restore", "", 404, nil, "Only Microsoft 365 groups", 0},
		"a security group":  {"/Groups/" + sec + "/.actions/restore", "", 404, nil, "Only Microsoft 365 groups", 0},
		"purge a group id":  {"/Users/" + team + "/.actions/delete_permanently", "", 404, nil, "There is no deleted User", 0},
		"purge live":        {"/Users/" + live + "/.actions/delete_permanently", "", 404, nil, "There is no deleted User", 0},
		"purge a group":     {"/Groups/" + team + "/.actions/delete_permanently", "", 501, nil, "no application", 0},
		"parameter":         {"/Users/" + gone + "/.actions/restore", `{"username":"x@contoso.com"}`, 400, "invalidValue", `no parameter \"username`, 0},
		"group's parameter": {"/Groups/" + team + "/.actions/restore", `{"userName":"x@contoso.com"}`, 400, "invalidValue", `no parameter \"userName`, 0},
		"another id":        {"/Users/" + gone + "/.actions/restore", `{"user_id":"` + live + `"}`, 400, "invalidValue", "user_id must be the id in the path", 0},
		"no text":           {"/Users/" + gone + "/.actions/restore", `{"userName":5}`, 400, "invalidValue", "userName must be a string", 0},
		"no boolean":        {"/Users/" + gone + "/.actions/restore", `{"autoReconcileProxyConflict":"yes"}`, 400, "invalidValue", "autoReconcileProxyConflict must be", 0},
		"bad name":          {"/Users/" + gone + "/.actions/restore", `{"userName":"a b@contoso.com"}`, 400, "invalidValue", "userName must be", 0},
		"foreign domain":    {"/Users/" + gone + "/.actions/restore", `{"userName":"a@nowhere.example"}`, 400, "invalidValue", "verified domain", 1},
		"name taken":        {"/Users/" + gone + "/.actions/restore", "", 409, "uniqueness", "Give another userName", 1},
		"new name taken":    {"/Users/" + gone + "/.actions/restore", `{"userName":"user00000@contoso.com"}`, 409, "uniqueness", "", 1},
	} {
		g.asked()
		status, answer := g.try(http.MethodPost, c.path, c.body)
		if _, writes := g.asked(); status != c.status || writes != c.writes || !strings.Contains(answer, c.says) || c.scimType != nil && !strings.Contains(answer, `"scimType":"`+c.scimType.(string)+`"`) {
			t.Errorf("%s: %d with %d writes: %s", name, status, writes, answer)
		}
	}
	if got := g.found("/Users", "meta.deleted eq true"); !same(got, []string{gone}) {
		t.Errorf("deleted after all that: %v", got)
	}
}

// A deleted user is deleted for good with a look and a write.
func TestDeletePermanently(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	path := "/Users/" + g.deletedUsers(1)[0] + "/.actions/"
	g.asked()
	g.do(http.MethodPost, path+"delete_permanently", nil, http.StatusNoContent)
	g.wantAsked("delete_permanently", 2, 1)
	g.do(http.MethodPost, path+"delete_permanently", nil, http.StatusNotFound)
	g.do(http.MethodPost, path+"restore", nil, http.StatusNotFound)
}

// A Microsoft 365 group comes back with its members.
func TestRestoreGroup(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)
	team := g.do(http.MethodPost, "/Groups", object{"displayName": "Team", "members": members(user...), entraGroup: object{"groupType": "microsoft365"}}, http.StatusCreated)["id"].(string)
	g.do(http.MethodDelete, "/Groups/"+team, nil, http.StatusNoContent)
	g.asked()
	if group := g.do(http.MethodPost, "/Groups/"+team+"/.actions/restore", nil, http.StatusOK); !same(memberIDs(group), user) || group["displayName"] != "Team" {
		t.Errorf("restored: %v", group)
	}
	g.wantAsked("restore a group", 3, 1)
}

// When the answer to a restore is lost, the gateway looks whether it was done.
func TestRestoreLost(t *testing.T) {
	t.Parallel()
	for name, done := range map[string]bool{"done": true, "not done": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", nil)
			id := g.deletedUsers(1)[0]
			if err := g.sim.Fail(trouble.Fault{Method: http.MethodPost, Path: "/directory/deletedItems/*/restore", Status: 504, AfterWrite: done}); err != nil {
				t.Fatal(err)
			}
			status, answer := g.try(http.MethodPost, "/Users/"+id+"/.actions/restore", "")
			if done != (status == http.StatusOK) || !done && status != http.StatusGatewayTimeout {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
}

// formerly makes a gateway with a user that was deleted, and what the tenant decided.
func formerly(t *testing.T, policy tenant.DeletedUser) (g *gateway, id, group string) {
	t.Helper()
	g = start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.DeletedUser = policy })
	id = g.add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": false, "userType": "Member",
		"department": "Engines", "jobTitle": "Analyst", "onPremisesImmutableId": "anchor==",
	})
	group = g.addGroup("Sec", id)
	g.add("user", graphsim.Values{"displayName": "Not Ada", "userPrincipalName": "xada@contoso.com", "mailNickname": "xada", "accountEnabled": true})
	for _, name := range []string{id, "xada@contoso.com"} {
		if name != id {
			name = g.found("/Users", `userName eq "`+name+`"`)[0]
		}
		g.do(http.MethodDelete, "/Users/"+name, nil, http.StatusNoContent)
	}
	g.asked()
	return g, id, group
}

// By default a new user with the name of a deleted one is another, and Graph is asked
// nothing about it.
func TestDeletedUserCreate(t *testing.T) {
	t.Parallel()
	for _, policy := range []tenant.DeletedUser{"", tenant.DeletedCreate} {
		g, id, _ := formerly(t, policy)
		made := g.do(http.MethodPost, "/Users", newUser("ada@contoso.com"), http.StatusCreated)
		g.wantAsked("create", 1, 1)
		if made["id"] == id {
			t.Errorf("the deleted one: %v", made)
		}
	}
}

// Where the tenant refuses them, the error names the deleted user.
func TestDeletedUserRefuse(t *testing.T) {
	t.Parallel()
	g, id, _ := formerly(t, tenant.DeletedRefuse)
	anchored := newUser("other@contoso.com")
	anchored[entraUserURN] = object{"onPremisesImmutableId": "anchor=="}
	for _, user := range []object{newUser("ADA@contoso.com"), anchored} {
		refused := g.do(http.MethodPost, "/Users", user, http.StatusConflict)
		g.wantAsked("refused", 1, 0)
		if detail, _ := refused["detail"].(string); refused["scimType"] != "uniqueness" || !strings.Contains(detail, id) {
			t.Errorf("%v", refused)
		}
	}
	g.do(http.MethodPost, "/Users", newUser("da@contoso.com"), http.StatusCreated) // other names end so
	g.wantAsked("another", 2, 1)
}

// Where the tenant restores them, the deleted user is the new one: what was sent is
// written, what was not stays, and so do groups.
func TestDeletedUserRestore(t *testing.T) {
	t.Parallel()
	g, id, group := formerly(t, tenant.DeletedRestore)
	boss := g.add("user", graphsim.Values{"displayName": "Boss", "userPrincipalName": "boss@contoso.com", "mailNickname": "boss", "accountEnabled": true})
	user := newUser("ada@contoso.com")
	user["title"], user["password"] = "Countess", "Correct-Horse-9"
	user[enterprise] = object{"manager": object{"value": "boss@contoso.com"}, "employeeNumber": "E1"}
	made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	for path, want := range map[string]any{
		"id": id, "userName": "ada@contoso.com", "displayName": "New ada@contoso.com", "title": "Countess", "active": true, "groups 0 value": group,
		enterprise + " department": "Engines", enterprise + " employeeNumber": "E1", enterprise + " manager value": boss, "password": nil,
	} {
		for what, shown := range map[string]object{"answer": made, "user": g.get("/Users/" + id)} {
			if got := at(shown, strings.Fields(path)...); got != want {
				t.Errorf("%s: %s is %v, want %v", what, path, got, want)
			}
		}
	}
	refused := g.do(http.MethodPost, "/Users", newUser("ada@contoso.com"), http.StatusConflict)
	if refused["scimType"] != "uniqueness" {
		t.Errorf("again: %v", refused)
	}
}

// What restoring a user takes of Graph; and by an anchor it gets the new name.
func TestDeletedUserRestoreCalls(t *testing.T) {
	t.Parallel()
	g, id, _ := formerly(t, tenant.DeletedRestore)
	user := newUser("countess@contoso.com")
	user[entraUserURN] = object{"onPremisesImmutableId": "anchor=="}
	made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	g.wantAsked("restored", 4, 2) // who was deleted, restore, read, change
	if made["id"] != id || made["userName"] != "countess@contoso.com" {
		t.Errorf("%v", made)
	}
}

// Everything is checked before somebody is restored, and a failure after that is told.
func TestDeletedUserRestoreRefused(t *testing.T) {
	t.Parallel()
	g, id, _ := formerly(t, tenant.DeletedRestore)
	user := newUser("ada@contoso.com")
	user[enterprise] = object{"manager": object{"value": "nobody@contoso.com"}}
	g.do(http.MethodPost, "/Users", user, http.StatusBadRequest)
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("%d writes", writes)
	}
	user = newUser("ada@contoso.com")
	user["password"] = "weak"
	refused := g.do(http.MethodPost, "/Users", user, http.StatusBadRequest)
	if detail, _ := refused["detail"].(string); !strings.Contains(detail, "Done: the user was restored with id "+id) {
		t.Errorf("%v", refused)
	}
}

// A user whom an on-premises directory masters is restored there: nothing is written.
func TestDeletedUserOfOnPremises(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.DeletedUser = tenant.DeletedRestore })
	id := g.add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true, "onPremisesSyncEnabled": true,
	})
	g.do(http.MethodDelete, "/Users/"+id, nil, http.StatusNoContent)
	g.asked()
	refused := g.do(http.MethodPost, "/Users", newUser("ada@contoso.com"), http.StatusConflict)
	g.wantAsked("refused", 1, 0)
	if detail, _ := refused["detail"].(string); !strings.Contains(detail, "on-premises") {
		t.Errorf("%v", refused)
	}
}

// When the answer to the restore of a new user is lost, it is looked for.
func TestDeletedUserRestoreLost(t *testing.T) {
	t.Parallel()
	for _, done := range []bool{true, false} {
		g, id, _ := formerly(t, tenant.DeletedRestore)
		if err := g.sim.Fail(trouble.Fault{Method: http.MethodPost, Path: "/directory/deletedItems/*/restore", Status: 504, AfterWrite: done}); err != nil {
			t.Fatal(err)
		}
		status, answer := g.try(http.MethodPost, "/Users", `{"userName":"ada@contoso.com","displayName":"Ada"}`)
		if done != (status == http.StatusCreated && strings.Contains(answer, id)) || !done && status != http.StatusGatewayTimeout {
			t.Errorf("done %t: %d %s", done, status, answer)
		}
	}
}

// Where a live user has the name, restoring the deleted one is refused.
func TestDeletedUserRestoreTaken(t *testing.T) {
	t.Parallel()
	g, id, _ := formerly(t, tenant.DeletedRestore)
	g.add("user", graphsim.Values{"displayName": "Other", "userPrincipalName": "ada@contoso.com", "mailNickname": "other", "accountEnabled": true})
	refused := g.do(http.MethodPost, "/Users", newUser("ada@contoso.com"), http.StatusConflict)
	if detail, _ := refused["detail"].(string); refused["scimType"] != "uniqueness" || !strings.Contains(detail, id) {
		t.Errorf("%v", refused)
	}
}
