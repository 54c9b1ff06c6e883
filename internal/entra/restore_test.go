package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
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
