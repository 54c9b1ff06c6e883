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

// A user who is restored gets what is given beside attributes, but for what it has.
func TestDeletedUserRestoredIsGiven(t *testing.T) {
	t.Parallel()
	g, ada, _ := licensed(t, graphsim.Options{})
	const reader, directoryReader = "f2ef992c-3afb-46b9-b7cf-a126ee74c451", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
	g.options.Policy.DeletedUser = tenant.DeletedRestore
	g.serve()
	g.patched("/Users/"+ada, gives(skuP2))
	if _, err := g.dir.AssignRole(ada, reader, ""); err != nil {
		t.Fatal(err)
	}
	if err := g.dir.Delete(ada); err != nil { // by one who may delete who has roles
		t.Fatal(err)
	}
	user := newUser("ada@contoso.com")
	user["entitlements"] = []object{{"value": skuP2}, {"value": skuE3}}
	user["roles"] = []object{{"value": reader}, {"value": directoryReader}}
	user[entraUserURN] = object{"usageLocation": "NL"}
	made := g.do(http.MethodPost, "/Users?attributes=entitlements,roles", user, http.StatusCreated)
	if made["id"] != ada || !same(g.skus(ada), []string{skuP2, skuE3}) || len(made["roles"].([]any)) != 2 {
		t.Errorf("%v", made)
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

// Where Graph does not take the filter of deleted users, all of them are looked at, and
// not more than the tenant allows.
func TestDeletedUserUnfiltered(t *testing.T) {
	t.Parallel()
	g, id, _ := formerly(t, tenant.DeletedRefuse)
	unfiltered := func() {
		t.Helper()
		f := trouble.Fault{Method: http.MethodGet, Path: "/directory/deletedItems/microsoft.graph.user", Status: http.StatusBadRequest, Code: "Request_UnsupportedQuery"}
		if err := g.sim.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	anchored := newUser("other@contoso.com")
	anchored[entraUserURN] = object{"onPremisesImmutableId": "anchor=="}
	for _, user := range []object{newUser("ADA@contoso.com"), anchored} {
		unfiltered()
		refused := g.do(http.MethodPost, "/Users", user, http.StatusConflict)
		g.wantAsked("refused", 2, 0)
		if detail, _ := refused["detail"].(string); refused["scimType"] != "uniqueness" || !strings.Contains(detail, id) {
			t.Errorf("%v", refused)
		}
	}
	unfiltered()
	g.do(http.MethodPost, "/Users", newUser("da@contoso.com"), http.StatusCreated)
	g.options.Policy.MaxScan = 1
	g.serve()
	g.asked()
	unfiltered()
	refused := g.do(http.MethodPost, "/Users", newUser("bob@contoso.com"), http.StatusBadRequest)
	if _, writes := g.asked(); writes != 0 || refused["scimType"] != "tooMany" {
		t.Errorf("%d writes: %v", writes, refused)
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
