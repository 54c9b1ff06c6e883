package entra_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

// What a group cannot be, or cannot become, is refused before Graph is asked to write.
func TestGroupRules(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	nested := g.addGroup("Nested")
	assignable := g.add("group", graphsim.Values{
		"displayName": "Admins", "mailNickname": "admins", "mailEnabled": false, "securityEnabled": true, "groupTypes": []string{}, "isAssignableToRole": true, "visibility": "Private",
	})
	hidden := g.add("group", graphsim.Values{
		"displayName": "Hidden", "mailNickname": "hidden", "mailEnabled": true, "securityEnabled": false, "groupTypes": []string{"Unified"}, "visibility": "HiddenMembership",
	})
	dynamic := g.add("group", graphsim.Values{
		"displayName": "Dynamic", "mailNickname": "dynamic", "mailEnabled": false, "securityEnabled": true, "groupTypes": []string{"DynamicMembership"},
		"membershipRule": `user.department -eq "Navy"`, "membershipRuleProcessingState": "On",
	})
	g.sim.Reset()
	for name, c := range map[string]struct {
		group          object
		scimType, says string
	}{
		"hidden security group":  {object{entraGroup: object{"visibility": "HiddenMembership"}}, "invalidValue", "visibility"},
		"public role group":      {object{entraGroup: object{"visibility": "Public", "isAssignableToRole": true}}, "invalidValue", "always Private"},
		"hidden role group":      {object{entraGroup: object{"visibility": "HiddenMembership", "isAssignableToRole": true, "groupType": "microsoft365"}}, "invalidValue", "always Private"},
		"role group of groups":   {object{"members": members(nested), entraGroup: object{"isAssignableToRole": true}}, "invalidValue", "takes no groups"},
		"group in Microsoft 365": {object{"members": members(nested), entraGroup: object{"groupType": "microsoft365"}}, "invalidValue", "takes users only"},
		"Microsoft 365 in group": {object{"members": members(hidden)}, "invalidValue", "can be a member of no group"},
		"unknown visibility":     {object{entraGroup: object{"visibility": "Secret"}}, "invalidValue", "Private, Public, HiddenMembership"},
	} {
		c.group["displayName"] = "New"
		refused := g.do(http.MethodPost, "/Groups", c.group, http.StatusBadRequest)
		if detail, _ := refused["detail"].(string); refused["scimType"] != c.scimType || !strings.Contains(detail, c.says) {
			t.Errorf("new, %s: %v", name, refused)
		}
	}
	set := func(name string, value any) object {
		return object{"op": "replace", "path": entraGroup + ":" + name, "value": value}
	}
	for name, c := range map[string]struct {
		group          string
		op             object
		scimType, says string
	}{
		"to be hidden":              {nested, set("visibility", "HiddenMembership"), "mutability", "when a group is created"},
		"hidden no more":            {hidden, set("visibility", "Private"), "mutability", "when a group is created"},
		"public role group":         {assignable, set("visibility", "Public"), "invalidValue", "always Private"},
		"to be role-assignable":     {nested, set("isAssignableToRole", true), "mutability", "isAssignableToRole"},
		"role-assignable no more":   {assignable, set("isAssignableToRole", false), "mutability", "isAssignableToRole"},
		"a group in role group":     {assignable, object{"op": "add", "path": "members", "value": members(nested)}, "invalidValue", "takes no groups"},
		"a group in Microsoft 365":  {hidden, object{"op": "add", "path": "members", "value": members(nested)}, "invalidValue", "takes users only"},
		"a member of a dynamic one": {dynamic, object{"op": "add", "path": "members", "value": members(user)}, "mutability", "members"},
		"its rule":                  {dynamic, set("membershipRule", "user.city -eq 1"), "mutability", "membershipRule"},
	} {
		refused := g.patch("/Groups/"+c.group, http.StatusBadRequest, c.op, object{"op": "replace", "path": "displayName", "value": "Changed"})
		if detail, _ := refused["detail"].(string); refused["scimType"] != c.scimType || !strings.Contains(detail, c.says) {
			t.Errorf("%s: %v", name, refused)
		}
	}
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("%d writes", writes)
	}
	if got := g.get("/Groups/" + dynamic); at(got, entraGroup, "membershipRule") != `user.department -eq "Navy"` || at(got, entraGroup, "membershipRuleProcessingState") != "On" {
		t.Errorf("dynamic: %v", got)
	}
}

// Groups that roles can be given to are made, of both types, with the properties that
// they have to have; visibility and description are changed.
func TestGroupAttributes(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	for _, kind := range []string{"security", "microsoft365"} {
		made := g.do(http.MethodPost, "/Groups", object{
			"displayName": kind, entraGroup: object{"groupType": kind, "isAssignableToRole": true, "description": "May administer"},
		}, http.StatusCreated)
		for _, got := range []object{made, g.get("/Groups/" + made["id"].(string))} {
			of := at(got, entraGroup)
			if at(of, "isAssignableToRole") != true || at(of, "groupType") != kind || at(of, "securityEnabled") != true || at(of, "visibility") != "Private" || at(of, "description") != "May administer" {
				t.Errorf("%s: %v", kind, got)
			}
		}
	}
	made := g.do(http.MethodPost, "/Groups", object{"displayName": "Hidden", entraGroup: object{"groupType": "microsoft365", "visibility": "hiddenmembership"}}, http.StatusCreated)
	if at(made, entraGroup, "visibility") != "HiddenMembership" {
		t.Errorf("hidden: %v", made)
	}
	team := "/Groups/" + g.addGroup("Team")
	g.sim.Reset()
	g.patch(team, http.StatusNoContent, object{"op": "add", "value": object{entraGroup: object{"visibility": "Private", "description": "The team"}}})
	g.wantAsked("changed", 2, 1)
	if got := g.get(team); at(got, entraGroup, "visibility") != "Private" || at(got, entraGroup, "description") != "The team" {
		t.Errorf("changed: %v", got)
	}
}

// Without the permission that role-assignable groups take it is said which that is.
func TestRoleAssignableWithoutPermission(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	group := g.add("group", graphsim.Values{
		"displayName": "Admins", "mailNickname": "admins", "mailEnabled": false, "securityEnabled": true, "groupTypes": []string{}, "isAssignableToRole": true,
	})
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.Read.All", "Group.ReadWrite.All", "Directory.Read.All"})
	g.sim.Advance(2 * time.Hour) // a new token
	refusals := map[string]object{
		"made":        g.do(http.MethodPost, "/Groups", object{"displayName": "More", entraGroup: object{"isAssignableToRole": true}}, http.StatusForbidden),
		"a member":    g.patch("/Groups/"+group, http.StatusForbidden, object{"op": "add", "path": "members", "value": members(user)}),
		"an owner":    g.patch("/Groups/"+group, http.StatusForbidden, object{"op": "add", "path": owners, "value": members(user)}),
		"description": g.patch("/Groups/"+group, http.StatusForbidden, object{"op": "add", "path": entraGroup + ":description", "value": "x"}),
	}
	for name, refused := range refusals {
		if detail, _ := refused["detail"].(string); !strings.Contains(detail, "isAssignableToRole") || !strings.Contains(detail, "RoleManagement.ReadWrite.Directory") {
			t.Errorf("%s: %v", name, refused)
		}
	}
	if got := g.do(http.MethodPost, "/Groups", object{"displayName": "Plain"}, http.StatusCreated); got["id"] == nil {
		t.Errorf("an ordinary group: %v", got)
	}
}
