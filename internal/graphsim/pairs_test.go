package graphsim_test

import (
	"slices"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

const noRole = "00000000-0000-0000-0000-000000000000"

// A pair is a request of a page of the API reference and the shape of its answer.
// The texts in braces stand for objects of the stage.
type pair struct {
	page   string // below https://learn.microsoft.com/graph/api/
	method string
	path   string
	body   string
	status int
	// fragment is what @odata.context ends in; "" for none.
	fragment string
	// shape is the kind of each property that the page shows: of the object, or of
	// the elements of value, "name:kind" with null, string, number, boolean, array
	// and object; "name:string|null" when either will do.
	shape string
}

// pairs are those of the routes served here that the collection of examples beside
// the repository does not hold. An asterisk before the method makes the query an
// advanced one.
var pairs = []pair{
	{
		"user-post-users, identities", "POST", "/users", `{"displayName":"John Smith","identities":[
		{"signInType":"userName","issuer":"contoso.onmicrosoft.com","issuerAssignedId":"johnsmith"},
		{"signInType":"emailAddress","issuer":"contoso.onmicrosoft.com","issuerAssignedId":"jsmith@yahoo.com"},
		{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"5eecb0cd"}],
		"passwordProfile":{"password":"password-value","forceChangePasswordNextSignIn":false},"passwordPolicies":"DisablePasswordExpiration"}`,
		201, "#users/$entity", "id:string displayName:string identities:array passwordPolicies:string",
	},
	{"user-get, select", "GET", "/users/{user}?$select=displayName,givenName,postalCode", "", 200, "#users(displayName,givenName,postalCode)/$entity", "displayName:string givenName:string|null postalCode:string|null"},
	{"user-list, count", "*GET", "/users/$count", "", 200, "", ""},
	{"user-list, search", "*GET", `/users?$search="displayName:User"&$orderby=displayName&$count=true`, "", 200, "#users", "displayName:string mail:string|null userPrincipalName:string"},
	{"user-update", "PATCH", "/users/{user}", `{"businessPhones":["+1 425 555 0109"],"officeLocation":"18/2111"}`, 204, "", ""},
	{"user-post-manager", "PUT", "/users/{user}/manager/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/{other}"}`, 204, "", ""},
	{"user-list-memberof, count", "*GET", "/users/{user}/memberOf/$count", "", 200, "", ""},
	{"user-list-memberof, filter", "*GET", "/users/{user}/memberOf/microsoft.graph.group?$count=true&$orderby=displayName&$filter=startswith(displayName, 'a')", "", 200, "#groups", ""},
	{"user-list-transitivememberof, cast count", "*GET", "/users/{user}/transitiveMemberOf/microsoft.graph.group/$count", "", 200, "", ""},
	{"user-list-approleassignments", "GET", "/users/{user}/appRoleAssignments", "", 200, "#appRoleAssignments", "id:string deletedDateTime:null appRoleId:string createdDateTime:string principalDisplayName:string principalId:string principalType:string resourceDisplayName:string resourceId:string"},
	{"user-delete-approleassignments", "DELETE", "/users/{user}/appRoleAssignments/{assignment}", "", 204, "", ""},
	{"user-delete", "DELETE", "/users/{other}", "", 204, "", ""},
	{"user-getmembergroups", "POST", "/users/{user}/getMemberGroups", `{"securityEnabledOnly":true}`, 200, "#Collection(Edm.String)", ""},
	{"user-getmemberobjects", "POST", "/users/{user}/getMemberObjects", `{"securityEnabledOnly":true}`, 200, "#Collection(Edm.String)", ""},
	{"user-checkmembergroups", "POST", "/users/{user}/checkMemberGroups", `{"groupIds":["{group}"]}`, 200, "#Collection(Edm.String)", ""},
	{"user-checkmemberobjects", "POST", "/users/{user}/checkMemberObjects", `{"ids":["{group}","{unified}"]}`, 200, "#Collection(Edm.String)", ""},
	{"user-list-ownedobjects", "GET", "/users/{user}/ownedObjects", "", 200, "#directoryObjects", "@odata.type:string id:string"},
	{
		"group-post-groups, owners and members", "POST", "/groups", `{"description":"Group with designated owner and members","displayName":"Operations group","groupTypes":[],
		"mailEnabled":false,"mailNickname":"operations2019","securityEnabled":true,"owners@odata.bind":["https://graph.microsoft.com/v1.0/users/{user}"],
		"members@odata.bind":["https://graph.microsoft.com/v1.0/users/{user}","https://graph.microsoft.com/v1.0/users/{other}"]}`, 201, "#groups/$entity",
		"id:string deletedDateTime:null classification:null createdDateTime:string description:string displayName:string groupTypes:array mail:null mailEnabled:boolean mailNickname:string " +
			"onPremisesLastSyncDateTime:null onPremisesSecurityIdentifier:null onPremisesSyncEnabled:null proxyAddresses:array renewedDateTime:string resourceBehaviorOptions:array " +
			"resourceProvisioningOptions:array securityEnabled:boolean visibility:null onPremisesProvisioningErrors:array",
	},
	{
		"group-get, not by default", "GET", "/groups/{unified}?$select=allowExternalSenders,autoSubscribeNewMembers,isSubscribedByMail,unseenCount", "", 200,
		"#groups(allowExternalSenders,autoSubscribeNewMembers,isSubscribedByMail,unseenCount)/$entity",
		"id:string allowExternalSenders:boolean autoSubscribeNewMembers:boolean isSubscribedByMail:boolean unseenCount:number",
	},
	{"group-list, count", "*GET", "/groups/$count", "", 200, "", ""},
	{"group-post-members", "POST", "/groups/{unified}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}`, 204, "", ""},
	{"group-list-members", "GET", "/groups/{group}/members", "", 200, "#directoryObjects", "id:string mail:string|null"},
	{"group-list-members, search", "*GET", `/groups/{group}/members/microsoft.graph.user?$count=true&$orderby=displayName&$search="displayName:User"&$select=displayName,id`, "", 200, "#users(displayName,id)", "displayName:string id:string"},
	{"group-list-transitivemembers, count", "*GET", "/groups/{group}/transitiveMembers/$count", "", 200, "", ""},
	{"group-list-transitivemembers, filter", "*GET", "/groups/{group}/transitiveMembers/microsoft.graph.user?$count=true&$orderBy=displayName&$filter=startswith(displayName, 'u')", "", 200, "#users", "displayName:string mail:string|null"},
	{"group-list-memberof, cast count", "*GET", "/groups/{group}/memberOf/microsoft.graph.group/$count", "", 200, "", ""},
	{"group-list-transitivememberof", "GET", "/groups/{group}/transitiveMemberOf", "", 200, "#directoryObjects", "@odata.type:string id:string mail:string|null"},
	{"group-list-transitivememberof, count", "*GET", "/groups/{group}/transitiveMemberOf/$count", "", 200, "", ""},
	{"group-list-transitivememberof, search", "*GET", `/groups/{group}/transitiveMemberOf/microsoft.graph.group?$count=true&$orderby=displayName&$search="displayName:tier"&$select=displayName,id`, "", 200, "#groups(displayName,id)", ""},
	{"group-list-owners", "GET", "/groups/{group}/owners", "", 200, "#directoryObjects", "@odata.type:string"},
	{"group-post-approleassignments", "POST", "/groups/{group}/appRoleAssignments", `{"principalId":"{group}","resourceId":"{sp}","appRoleId":"` + noRole + `"}`, 201, "#groups('{group}')/appRoleAssignments/$entity", "id:string deletedDateTime:null appRoleId:string createdDateTime:string principalDisplayName:string principalId:string principalType:string resourceDisplayName:string resourceId:string"},
	{"group-getmembergroups", "POST", "/groups/{group}/getMemberGroups", `{"securityEnabledOnly":false}`, 200, "#Collection(Edm.String)", ""},
	{"group-getmemberobjects", "POST", "/groups/{group}/getMemberObjects", `{"securityEnabledOnly":false}`, 200, "#Collection(Edm.String)", ""},
	{"group-checkmemberobjects", "POST", "/groups/{group}/checkMemberObjects", `{"ids":["{unified}"]}`, 200, "#Collection(Edm.String)", ""},
	{"application-list, count", "*GET", "/applications/$count", "", 200, "", ""},
	{"application-get", "GET", "/applications/{app}", "", 200, "#applications/$entity", applicationShape},
	{"application-post-applications", "POST", "/applications", `{"displayName":"Display name"}`, 201, "#applications/$entity", applicationShape},
	{"application-update", "PATCH", "/applications/{app}", `{"displayName":"New display name"}`, 204, "", ""},
	{"application-delete", "DELETE", "/applications/{app}", "", 204, "", ""},
	{"application-list-extensionproperty", "GET", "/applications/{app}/extensionProperties", "", 200, "#applications('{app}')/extensionProperties", "id:string deletedDateTime:null appDisplayName:string name:string dataType:string isSyncedFromOnPremises:boolean targetObjects:array"},
	{"application-delete-extensionproperty", "DELETE", "/applications/{app}/extensionProperties/{extension}", "", 204, "", ""},
	{"application-list-owners", "GET", "/applications/{app}/owners", "", 200, "#directoryObjects", "id:string"},
	{"application-post-owners", "POST", "/applications/{app}/owners/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{other}"}`, 204, "", ""},
	{"application-delete-owners", "DELETE", "/applications/{app}/owners/{user}/$ref", "", 204, "", ""},
	{"serviceprincipal-post-serviceprincipals", "POST", "/servicePrincipals", `{"appId":"{unbacked}"}`, 201, "#servicePrincipals/$entity", "id:string deletedDateTime:null accountEnabled:boolean appDisplayName:string appId:string appOwnerOrganizationId:string " +
		"appRoleAssignmentRequired:boolean displayName:string homepage:null logoutUrl:null replyUrls:array servicePrincipalNames:array tags:array addIns:array appRoles:array info:object keyCredentials:array oauth2PermissionScopes:array passwordCredentials:array"},
	{"serviceprincipal-list, filter", "*GET", "/servicePrincipals?$filter=startswith(displayName, 'r')&$count=true&$top=1&$orderby=displayName", "", 200, "#servicePrincipals", "accountEnabled:boolean displayName:string servicePrincipalType:string signInAudience:string|null"},
	{"serviceprincipal-update", "PATCH", "/servicePrincipals/{sp}", `{"appRoleAssignmentRequired":true}`, 204, "", ""},
	{"serviceprincipal-delete", "DELETE", "/servicePrincipals/{sp}", "", 204, "", ""},
	{"serviceprincipal-list-approleassignments", "GET", "/servicePrincipals/{sp}/appRoleAssignments", "", 200, "#appRoleAssignments", ""},
	{"serviceprincipal-delete-approleassignedto", "DELETE", "/servicePrincipals/{sp}/appRoleAssignedTo/{assignment}", "", 204, "", ""},
	{"serviceprincipal-list-owners", "GET", "/servicePrincipals/{sp}/owners", "", 200, "#directoryObjects", ""},
	{"serviceprincipal-post-owners", "POST", "/servicePrincipals/{sp}/owners/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}`, 204, "", ""},
	{"serviceprincipal-list-ownedobjects", "GET", "/servicePrincipals/{sp}/ownedObjects", "", 200, "#directoryObjects", ""},
	{"serviceprincipal-list-memberof, filter", "*GET", "/servicePrincipals/{sp}/memberOf/microsoft.graph.group?$count=true&$orderby=displayName&$filter=startswith(displayName, 'A')", "", 200, "#groups", ""},
	{"serviceprincipal-getmemberobjects", "POST", "/servicePrincipals/{sp}/getMemberObjects", `{"securityEnabledOnly":true}`, 200, "#Collection(Edm.String)", ""},
	{"directory-deleteditems-restore", "POST", "/directory/deletedItems/{deleted}/restore", "", 200, "#directoryObjects/$entity", "@odata.type:string id:string displayName:string groupTypes:array mail:string mailEnabled:boolean mailNickname:string securityEnabled:boolean visibility:string"},
	{"directoryobject-get", "GET", "/directoryObjects/{user}", "", 200, "#directoryObjects/$entity", "id:string"},
	{"directoryobject-delete", "DELETE", "/directoryObjects/{user}", "", 403, "", ""},
	{"directoryobject-getmembergroups", "POST", "/directoryObjects/{user}/getMemberGroups", `{"securityEnabledOnly":true}`, 200, "#Collection(Edm.String)", ""},
	{"directoryobject-getmemberobjects", "POST", "/directoryObjects/{user}/getMemberObjects", `{"securityEnabledOnly":true}`, 200, "#Collection(Edm.String)", ""},
	{"organization-list", "GET", "/organization", "", 200, "#organization", "assignedPlans:array businessPhones:array city:string|null country:string|null countryLetterCode:string displayName:string"},
	{"domain-get", "GET", "/domains/contoso.com", "", 200, "#domains/$entity", "authenticationType:string availabilityStatus:string|null id:string isAdminManaged:boolean isDefault:boolean isInitial:boolean isRoot:boolean"},
}

// requestedAccessTokenVersion is a number in the example, whose application is for
// personal accounts too.
const applicationShape = "id:string deletedDateTime:null isFallbackPublicClient:null appId:string applicationTemplateId:null identifierUris:array createdDateTime:string " +
	"displayName:string isDeviceOnlyAuthSupported:null groupMembershipClaims:null optionalClaims:null addIns:array publisherDomain:string signInAudience:string tags:array " +
	"tokenEncryptionKeyId:null api:object appRoles:array publicClient:object info:object keyCredentials:array parentalControlSettings:object passwordCredentials:array requiredResourceAccess:array web:object"

func TestPairs(t *testing.T) {
	t.Parallel()
	for _, p := range pairs {
		t.Run(p.page, func(t *testing.T) {
			t.Parallel()
			c := start(t, graphsim.Options{})
			fill := c.stage()
			method, advanced := strings.CutPrefix(p.method, "*")
			headers := map[bool][]string{true: {eventual}}[advanced]
			var body any
			if p.body != "" {
				body = fill.Replace(p.body)
			}
			a := c.do(method, fill.Replace(p.path), body, headers...).want(p.status)
			if p.fragment != "" {
				a.has("@odata.context", "https://sim.test/v1.0/$metadata"+fill.Replace(p.fragment))
			}
			a.shaped(p.shape)
		})
	}
}

// shaped checks the kinds of the properties that a pair names.
func (a *reply) shaped(shape string) {
	a.Helper()
	if shape == "" {
		return
	}
	objects := []any{a.body}
	if list, ok := a.body["value"].([]any); ok {
		objects = list
	}
	if len(objects) == 0 {
		a.Errorf("%s: nothing to compare: %s", a.request, a.raw)
	}
	for _, o := range objects {
		for property := range strings.FieldsSeq(shape) {
			i := strings.LastIndexByte(property, ':')
			v, found := o.(fields)[property[:i]]
			if kind := kindOf(v); !found || !slices.Contains(strings.Split(property[i+1:], "|"), kind) {
				a.Errorf("%s: %s, found %t %s", a.request, property, found, kind)
			}
		}
	}
}

func kindOf(v any) string { return shapeOf(v)[""][0] }

// stage makes one object of each kind, linked to one another, and gives what
// stands for each in a pair.
func (c *client) stage() *strings.Replacer {
	c.Helper()
	user, other, group, unified := c.user("user"), c.user("other"), c.group("tier"), c.group("unified", office365)
	outer, deleted := c.group("outer"), c.group("deleted", office365)
	c.add(group, user)
	c.add(outer, group)
	sp := c.principal("robot")
	app := c.do("POST", "/applications", fields{"displayName": "app"}).want(201)
	extension := c.do("POST", "/applications/"+app.text("id")+"/extensionProperties",
		fields{"name": "x", "dataType": "String", "targetObjects": []string{"Application"}}).want(201)
	assignment := c.do("POST", "/users/"+user+"/appRoleAssignments",
		fields{"principalId": user, "resourceId": sp, "appRoleId": noRole}).want(201)
	c.do("POST", "/groups/"+group+"/owners/$ref", ref(user)).want(204)
	c.do("POST", "/applications/"+app.text("id")+"/owners/$ref", ref(user)).want(204)
	c.do("DELETE", "/groups/"+deleted, nil).want(204)
	return strings.NewReplacer("{user}", user, "{other}", other, "{group}", group, "{unified}", unified, "{sp}", sp, "{app}", app.text("id"),
		"{extension}", extension.text("id"), "{assignment}", assignment.text("id"), "{deleted}", deleted, "{unbacked}", app.text("appId"))
}
