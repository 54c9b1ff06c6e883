package graphsim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

func TestDeletedItems(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user, group, office := c.user("adele"), c.group("sec"), c.group("office", office365)
	c.add(office, user)
	c.do("DELETE", "/users/"+user, nil).want(204)
	c.do("DELETE", "/groups/"+group, nil).want(204)
	mangled := strings.ReplaceAll(user, "-", "") + "adele@contoso.com"
	c.do("GET", "/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime", nil).want(200).
		has("value/0/id", user).has("value/0/userPrincipalName", mangled).has("value/0/deletedDateTime", "2026-01-01T00:00:00Z")
	if got := c.do("GET", "/directory/deletedItems/microsoft.graph.group", nil).want(200).list("id"); len(got) != 0 {
		t.Errorf("a security group is restorable: %v", got)
	}
	c.do("DELETE", "/groups/"+office, nil).want(204)
	c.do("GET", "/directory/deletedItems/"+office, nil).want(200).has("@odata.type", "#microsoft.graph.group").has("mailNickname", "office")
	c.do("POST", "/directory/deletedItems/"+office+"/restore", nil).want(200).has("id", office)
	if got := c.do("GET", "/groups/"+office+"/members", nil).want(200).list("id"); len(got) != 0 {
		t.Errorf("a deleted user is a member: %v", got)
	}
	c.user("adele") // the name is free again
	c.do("POST", "/directory/deletedItems/"+user+"/restore", nil).refused(400, badRequest, exists("userPrincipalName"))
	c.do("PATCH", "/users/adele@contoso.com", fields{"userPrincipalName": "adele2@contoso.com"}).want(204)
	c.do("POST", "/directory/deletedItems/"+user+"/restore", nil).want(200).has("userPrincipalName", "adele@contoso.com")
	if got := c.do("GET", "/users/"+user+"/memberOf", nil).want(200).list("id"); !slices.Equal(got, []string{office}) {
		t.Errorf("a restored user is a member of %v", got)
	}
	c.do("DELETE", "/users/"+user, nil).want(204)
	restore := "/directory/deletedItems/" + user + "/restore"
	c.do("POST", restore, fields{"newUserPrincipalName": "x@not-verified.example"}).want(400)
	c.do("POST", restore, fields{"userPrincipalName": "adele3@contoso.com"}).want(400)
	c.do("POST", restore, fields{"newUserPrincipalName": "adele2@contoso.com"}).refused(400, badRequest, exists("userPrincipalName"))
	c.do("POST", restore, fields{"newUserPrincipalName": "adele3@contoso.com", "autoReconcileProxyConflict": true}).want(200).
		has("id", user).has("userPrincipalName", "adele3@contoso.com")
	c.do("DELETE", "/users/"+user, nil).want(204)
	c.do("DELETE", "/directory/deletedItems/"+user, nil).want(204)
	c.do("GET", "/directory/deletedItems/"+user, nil).refused(404, "Request_ResourceNotFound", lacks(user))
	c.do("DELETE", "/groups/"+office, nil).want(204)
	c.do("DELETE", "/directory/deletedItems/"+office, nil).refused(403, "Authorization_RequestDenied", denied)
	c.sim.Advance(31 * 24 * time.Hour)
	c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
	c.do("POST", "/directory/deletedItems/"+office+"/restore", nil).want(404)
}

func TestAppRoleAssignments(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	role := "ef7437e6-4f94-4a0a-a110-a439eb2aa8f7"
	appID := "aaaaaaaa-0000-4000-8000-000000000001"
	c.seeded("application", graphsim.Values{"appId": appID, "displayName": "Payroll", "appRoles": []map[string]any{
		{"id": role, "isEnabled": true, "allowedMemberTypes": []string{"User"}, "displayName": "Clerk", "value": "clerk"},
	}})
	sp := c.do("POST", "/servicePrincipals", fields{"appId": appID}).want(201).has("displayName", "Payroll").text("id")
	user, group := c.user("adele"), c.group("clerks")
	c.add(group, user)
	give := func(principal, appRole string) fields {
		return fields{"principalId": principal, "resourceId": sp, "appRoleId": appRole}
	}
	own := c.do("POST", "/users/"+user+"/appRoleAssignments", give(user, role)).want(201).
		has("principalType", "User").has("resourceDisplayName", "Payroll").has("principalDisplayName", "User adele")
	c.do("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", give(group, role)).want(201).has("principalType", "Group")
	if got := c.do("GET", "/users/"+user+"/appRoleAssignments", nil).want(200).list("principalType"); !slices.Equal(got, []string{"User", "Group"}) {
		t.Errorf("assignments of the user: %v, want the group's too", got)
	}
	c.do("GET", "/users/"+user+"/appRoleAssignments?$filter=resourceId eq "+sp, nil).want(200).has("value/1/resourceId", sp)
	c.do("GET", "/servicePrincipals(appId='"+appID+"')/appRoleAssignedTo", nil).want(200).has("value/0/principalId", user)
	for name, p := range map[string]struct {
		path    string
		body    fields
		status  int
		message string
	}{
		"twice":         {"/users/" + user, give(user, role), 400, "Permission being assigned already exists on the object"},
		"unknown role":  {"/users/" + user, give(user, gone), 400, "Permission being assigned was not found on application '" + appID + "'."},
		"default role":  {"/users/" + user, give(user, "00000000-0000-0000-0000-000000000000"), 400, "Permission being assigned was not found on application '" + appID + "'."},
		"other parent":  {"/users/" + user, give(group, role), 400, "Invalid value specified for property 'principalId' of resource 'AppRoleAssignment'."},
		"no role":       {"/users/" + user, fields{"principalId": user, "resourceId": sp}, 400, "A value is required for property 'appRoleId' of resource 'AppRoleAssignment'."},
		"unknown group": {"/groups/" + gone, give(gone, role), 404, lacks(gone)},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			code := badRequest
			if p.status == 404 {
				code = "Request_ResourceNotFound"
			}
			d.do("POST", p.path+"/appRoleAssignments", p.body).refused(p.status, code, p.message)
		})
	}
	c.do("DELETE", "/users/"+user+"/appRoleAssignments/"+own.text("id"), nil).want(204)
	c.do("DELETE", "/users/"+user+"/appRoleAssignments/"+own.text("id"), nil).refused(400, badRequest, "EntitlementGrant being updated or deleted is not found.")
	c.do("DELETE", "/groups/"+group, nil).want(204)
	if got := c.do("GET", "/servicePrincipals/"+sp+"/appRoleAssignedTo", nil).want(200).list("id"); len(got) != 0 {
		t.Errorf("assignments of a deleted group stay: %v", got)
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	body := fields{"invitedUserEmailAddress": "yyy@test.com", "inviteRedirectUrl": "https://myapp.contoso.com"}
	made := c.do("POST", "/invitations", body).want(201).has("status", "PendingAcceptance").has("invitedUserType", "Guest").
		has("invitedUser/userPrincipalName", "yyy_test.com#EXT#@contoso.onmicrosoft.com").has("sendInvitationMessage", false)
	if !strings.HasPrefix(made.text("inviteRedeemUrl"), "https://login.microsoftonline.com/redeem?rd=") {
		t.Errorf("redeem URL %s", made.text("inviteRedeemUrl"))
	}
	id := made.text("invitedUser/id")
	c.do("GET", "/users/yyy_test.com%23EXT%23@contoso.onmicrosoft.com?$select=id,userType,creationType,externalUserState,mail,mailNickname", nil).want(200).
		has("id", id).has("userType", "Guest").has("creationType", "Invitation").has("externalUserState", "PendingAcceptance").
		has("mail", "yyy@test.com").has("mailNickname", "yyy_test.com#EXT#")
	c.do("POST", "/invitations", body).want(201).has("invitedUser/id", id)
	member := c.seeded("user", graphsim.Values{"displayName": "M", "userPrincipalName": "m@contoso.com", "mail": "m@other.example"})
	for name, p := range map[string]struct{ address, redirect, message string }{
		"no address":     {"", "https://a.example", "A value is required for property 'invitedUserEmailAddress' of resource 'Invitation'."},
		"no redirect":    {"a@b.example", "", "A value is required for property 'inviteRedirectUrl' of resource 'Invitation'."},
		"plus":           {"a+b@b.example", "https://a.example", invalid("invitedUserEmailAddress", "Invitation")},
		"relative":       {"a@b.example", "/there", invalid("inviteRedirectUrl", "Invitation")},
		"already inside": {"m@other.example", "https://a.example", "The invited user already exists in the directory as object ID: " + member + ". They can use that account to sign in to shared apps and resources."},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			body := fields{}
			if p.address != "" {
				body["invitedUserEmailAddress"] = p.address
			}
			if p.redirect != "" {
				body["inviteRedirectUrl"] = p.redirect
			}
			d.do("POST", "/invitations", body).refused(400, badRequest, p.message)
		})
	}
}

func TestDirectoryExtensions(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	app := c.do("POST", "/applications", fields{"displayName": "HR"}).want(201)
	path := "/applications/" + app.text("id") + "/extensionProperties"
	name := "extension_" + strings.ReplaceAll(app.text("appId"), "-", "") + "_costCode"
	made := c.do("POST", path, fields{"name": "costCode", "dataType": "string", "targetObjects": []string{"User"}}).want(201).
		has("name", name).has("dataType", "String").has("appDisplayName", "HR").has("isSyncedFromOnPremises", false)
	c.do("POST", path, fields{"name": "costCode", "dataType": "String", "targetObjects": []string{"User"}}).refused(400, badRequest, exists("name"))
	c.do("POST", path, fields{"name": "x", "dataType": "Money", "targetObjects": []string{"User"}}).refused(400, badRequest, invalid("dataType", "ExtensionProperty"))
	c.do("POST", path, fields{"name": "x", "dataType": "String"}).refused(400, badRequest, "A value is required for property 'targetObjects' of resource 'ExtensionProperty'.")
	user := c.user("adele")
	c.do("PATCH", "/users/"+user, fields{name: "C-1"}).want(204)
	c.do("GET", "/users/"+user+"?$select=id,"+name, nil).want(200).has(name, "C-1")
	c.do("GET", "/users?$select=id&$filter="+name+" eq 'C-1'", nil).want(200).has("value/0/id", user)
	c.do("PATCH", "/users/"+user, fields{name: strings.Repeat("x", 257)}).refused(400, badRequest, invalid(name, "User"))
	c.do("PATCH", "/users/"+user, fields{name: 7}).want(400)
	c.do("PATCH", "/groups/"+c.group("g"), fields{name: "C-1"}).refused(400, badRequest, "Property '"+name+"' does not exist as a declared property or extension property.")
	c.do("PATCH", "/users/"+user, fields{name: nil}).want(204)
	if got := c.do("GET", "/users/"+user+"?$select=id,"+name, nil).want(200); got.body[name] != nil {
		t.Errorf("a cleared extension shows: %s", got.raw)
	}
	c.do("GET", path, nil).want(200).has("value/0/id", made.text("id"))
	c.do("DELETE", path+"/"+made.text("id"), nil).want(204)
	c.do("GET", path+"/"+made.text("id"), nil).want(404)
}

func TestTenantObjects(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.do("GET", "/organization", nil).want(200).has("value/0/id", graphsim.DefaultTenant).has("value/0/verifiedDomains/0/name", "contoso.com")
	domains := c.do("GET", "/domains", nil).want(200).has("value/0/isDefault", true).has("value/4/authenticationType", "Federated")
	want := []string{"contoso.com", "contoso.onmicrosoft.com", "fabrikam.com", "example.com", "federated.example.com"}
	if got := domains.list("id"); !slices.Equal(got, want) {
		t.Errorf("domains %v, want %v", got, want)
	}
	c.do("GET", "/domains/fabrikam.com", nil).want(200).has("isVerified", true)
	user, group := c.user("adele"), c.group("g")
	c.do("GET", "/directoryObjects/"+user, nil).want(200).has("@odata.type", "#microsoft.graph.user")
	got := c.do("POST", "/directoryObjects/getByIds", fields{"ids": []string{user, gone, group}, "types": []string{"group"}}).want(200)
	if ids := got.list("id"); !slices.Equal(ids, []string{group}) {
		t.Errorf("getByIds %v", ids)
	}
	c.do("POST", "/groups/"+group+"/validateProperties", fields{"mailNickname": "free"}).want(204)
	c.group("office", office365)
	taken := c.do("POST", "/groups/"+group+"/validateProperties", fields{"mailNickname": "office"}).
		refused(422, "Request_UnprocessableEntity", "The values provided contain one or more validation errors.")
	taken.has("error/details/0/code", "PropertyConflict").has("error/details/0/target", "mailNickname")
}

func TestAssignmentsFollowTheirPrincipal(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	app := c.do("POST", "/applications", fields{"displayName": "Wiki"}).want(201).text("appId")
	sp := c.do("POST", "/servicePrincipals", fields{"appId": app}).want(201).text("id")
	user := c.user("adele")
	body := fields{"principalId": user, "resourceId": sp, "appRoleId": "00000000-0000-0000-0000-000000000000"}
	c.do("POST", "/users/"+user+"/appRoleAssignments", body).want(201)
	c.do("PATCH", "/users/"+user, fields{"displayName": "Adele Vance"}).want(204)
	c.do("GET", "/servicePrincipals/"+sp+"/appRoleAssignedTo", nil).want(200).has("value/0/principalDisplayName", "Adele Vance")
	c.do("DELETE", "/users/"+user, nil).want(204)
	if got := c.do("GET", "/servicePrincipals/"+sp+"/appRoleAssignedTo", nil).want(200).list("id"); len(got) != 0 {
		t.Errorf("a deleted user is assigned: %v", got)
	}
	c.do("POST", "/directory/deletedItems/"+user+"/restore", nil).want(200)
	c.do("GET", "/servicePrincipals/"+sp+"/appRoleAssignedTo", nil).want(200).has("value/0/principalId", user)
}

func TestInvitationCanBeReset(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	body := fields{"invitedUserEmailAddress": "yyy@test.com", "inviteRedirectUrl": "https://myapp.contoso.com"}
	id := c.do("POST", "/invitations", body).want(201).text("invitedUser/id")
	body["resetRedemption"] = true
	c.do("POST", "/invitations", body).refused(400, badRequest, "A value is required for property 'invitedUser' of resource 'Invitation'.")
	body["invitedUser"] = fields{"id": gone}
	c.do("POST", "/invitations", body).refused(404, "Request_ResourceNotFound", lacks(gone))
	body["invitedUser"] = fields{"id": id}
	c.do("POST", "/invitations", body).want(201).has("invitedUser/id", id).has("resetRedemption", true)
}
