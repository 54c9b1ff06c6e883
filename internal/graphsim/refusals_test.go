package graphsim_test

import (
	"maps"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

const gone = "11111111-2222-4333-8444-555555555555"

func lacks(id string) string {
	return "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present."
}

const (
	badRequest = "Request_BadRequest"
	denied     = "Insufficient privileges to complete the operation."
	synced     = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
	exchange   = "Cannot Update a mail-enabled security groups and or distribution list."
	complexity = "The specified password does not comply with password complexity requirements. Please provide a different password."
	badJSON    = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
	cannotMail = "The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set."
)

func invalid(property, resource string) string {
	return "Invalid value specified for property '" + property + "' of resource '" + resource + "'."
}

func exists(property string) string {
	return "Another object with the same value for property " + property + " already exists."
}

// createRefusals are changes of one thing of a good body.
var createRefusals = map[string]struct {
	with    fields // nil value: the property is left out
	message string
	code    string // default Request_BadRequest
	status  int    // default 400
}{
	"no displayName":         {fields{"displayName": nil}, "A value is required for property 'displayName' of resource 'User'.", "", 0},
	"no accountEnabled":      {fields{"accountEnabled": nil}, "A value is required for property 'accountEnabled' of resource 'User'.", "", 0},
	"no mailNickname":        {fields{"mailNickname": nil}, "A value is required for property 'mailNickname' of resource 'User'.", "", 0},
	"no password":            {fields{"passwordProfile": fields{}}, "A value is required for property 'password' of resource 'User'.", "", 0},
	"no profile":             {fields{"passwordProfile": nil}, "A value is required for property 'passwordProfile' of resource 'User'.", "", 0},
	"weak password":          {fields{"passwordProfile": fields{"password": "aaaaaaaaaaaa"}}, complexity, "", 0},
	"short password":         {fields{"passwordProfile": fields{"password": "aA1!aA1"}}, complexity, "", 0},
	"taken name":             {fields{"userPrincipalName": "TAKEN@contoso.com"}, exists("userPrincipalName"), "", 0},
	"unverified domain":      {fields{"userPrincipalName": "x@not-verified.example"}, "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.", "", 0},
	"no domain":              {fields{"userPrincipalName": "x"}, "Property userPrincipalName is invalid.", "", 0},
	"dot before the at":      {fields{"userPrincipalName": "x.@contoso.com"}, "Property userPrincipalName is invalid.", "", 0},
	"accent":                 {fields{"userPrincipalName": "zoë@contoso.com"}, "Property userPrincipalName is invalid.", "", 0},
	"federated without link": {fields{"userPrincipalName": "x@federated.example.com"}, "A value is required for property 'onPremisesImmutableId' of resource 'User'.", "", 0},
	"nickname with a space":  {fields{"mailNickname": "a b"}, invalid("mailNickname", "User"), "", 0},
	"long employeeId":        {fields{"employeeId": strings.Repeat("1", 17)}, invalid("employeeId", "User"), "", 0},
	"long displayName":       {fields{"displayName": strings.Repeat("é", 257)}, invalid("displayName", "User"), "", 0},
	"empty string":           {fields{"department": ""}, invalid("department", "User"), "", 0},
	"two phones":             {fields{"businessPhones": []string{"1", "2"}}, invalid("businessPhones", "User"), "", 0},
	"unknown country":        {fields{"usageLocation": "XX"}, invalid("usageLocation", "User"), "", 0},
	"guest":                  {fields{"userType": "Guest"}, invalid("userType", "User"), "", 0},
	"bad mail":               {fields{"mail": "not mail"}, invalid("mail", "User"), "", 0},
	"bad otherMails":         {fields{"otherMails": []string{"a@b.c", "ä@b.c"}}, invalid("otherMails", "User"), "", 0},
	"dollar in immutable id": {fields{"onPremisesImmutableId": "a$b"}, invalid("onPremisesImmutableId", "User"), "", 0},
	"unknown policy":         {fields{"passwordPolicies": "Never"}, invalid("passwordPolicies", "User"), "", 0},
	"null for a collection":  {fields{"otherMails": jsonNull}, invalid("otherMails", "User"), "", 0},
	"read-only":              {fields{"createdDateTime": "2020-01-01T00:00:00Z"}, "Property 'createdDateTime' is read-only and cannot be set.", "", 0},
	"unknown property":       {fields{"favouriteColour": "blue"}, "Property 'favouriteColour' does not exist as a declared property or extension property.", "", 0},
	"unregistered extension": {fields{"extension_x_y": "blue"}, "Property 'extension_x_y' does not exist as a declared property or extension property.", "", 0},
	"string for a boolean":   {fields{"accountEnabled": "true"}, "Cannot convert the literal 'true' to the expected type 'Edm.Boolean'.", "BadRequest", 0},
	"string for a list":      {fields{"businessPhones": "+1"}, "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader. A 'StartArray' node was expected.", "BadRequest", 0},
	"list for an object":     {fields{"employeeOrgData": []string{}}, "An unexpected 'StartArray' node was found when reading from the JSON reader. A 'StartObject' node was expected.", "BadRequest", 0},
	"date without time":      {fields{"employeeHireDate": "2020-01-01"}, "Cannot convert the literal '2020-01-01' to the expected type 'Edm.DateTimeOffset'.", "BadRequest", 0},
	"unknown inner property": {fields{"employeeOrgData": fields{"team": "x"}}, "Property 'team' does not exist as a declared property or extension property.", "", 0},
	"SharePoint property":    {fields{"aboutMe": "me"}, denied, "Authorization_RequestDenied", 403},
}

// TestCreateUserRefusals changes one thing of a good body.
func TestCreateUserRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.user("taken")
	for name, p := range createRefusals {
		t.Run(name, func(t *testing.T) {
			body := newUser("fresh")
			for k, v := range p.with {
				switch v {
				case nil:
					delete(body, k)
				case jsonNull:
					body[k] = nil
				default:
					body[k] = v
				}
			}
			code, status := p.code, p.status
			if code == "" {
				code = badRequest
			}
			if status == 0 {
				status = 400
			}
			d := *c
			d.T = t
			d.do("POST", "/users", body).refused(status, code, p.message)
		})
	}
	c.do("GET", "/users/$count", nil, eventual).want(200)
	if got := c.do("GET", "/users/$count", nil, eventual).raw; got != "1" {
		t.Errorf("%s users after refusals, want 1", got)
	}
}

// jsonNull stands for null in a table whose nil means absent.
var jsonNull = new(int)

func TestUpdateUserRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.user("other")
	id := c.user("one")
	d := c.sim.Tenant(graphsim.DefaultTenant)
	hybrid, err := d.Add("user", graphsim.Values{
		"displayName": "Hybrid", "userPrincipalName": "hybrid@contoso.com", "mailNickname": "hybrid",
		"accountEnabled": true, "onPremisesSyncEnabled": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]struct {
		id            string
		body          any
		status        int
		code, message string
	}{
		"unknown":                 {gone, fields{"city": "x"}, 404, "Request_ResourceNotFound", lacks(gone)},
		"unknown name":            {"nobody@contoso.com", fields{"city": "x"}, 404, "Request_ResourceNotFound", lacks("nobody@contoso.com")},
		"a path in an id":         {"..%2Fgroups%2F1", fields{"city": "x"}, 404, "Request_ResourceNotFound", lacks("../groups/1")},
		"null displayName":        {id, fields{"displayName": nil}, 400, badRequest, invalid("displayName", "User")},
		"null mail":               {id, fields{"mail": nil}, 400, badRequest, invalid("mail", "User")},
		"taken name":              {id, fields{"userPrincipalName": "other@contoso.com"}, 400, badRequest, exists("userPrincipalName")},
		"employeeHireDate":        {id, fields{"employeeHireDate": "2020-01-01T00:00:00Z"}, 403, "Authorization_RequestDenied", denied},
		"null aboutMe":            {id, fields{"aboutMe": nil}, 403, "Authorization_RequestDenied", denied},
		"synced property":         {hybrid, fields{"department": "x"}, 400, badRequest, synced},
		"synced attribute":        {hybrid, fields{"onPremisesExtensionAttributes": fields{"extensionAttribute2": "x"}}, 400, badRequest, synced},
		"identities without name": {id, fields{"identities": []fields{}}, 400, badRequest, invalid("identities", "User")},
		"broken JSON":             {id, `{"city":`, 400, "BadRequest", badJSON},
		"twice":                   {id, `{"city":"a","city":"b"}`, 400, "BadRequest", badJSON},
		"no object":               {id, `["city"]`, 400, "BadRequest", badJSON},
		"nothing":                 {id, ``, 400, "BadRequest", "Empty Payload. JSON content expected."},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			d.do("PATCH", "/users/"+p.id, p.body).refused(p.status, p.code, p.message)
		})
	}
	c.do("PATCH", "/users/"+id, fields{"city": "Oslo", "userPrincipalName": "x@nowhere.example"}).want(400)
	c.do("GET", "/users/"+id+"?$select=city", nil).want(200).has("city", nil)
	c.do("PATCH", "/users/"+hybrid, fields{"passwordProfile": fields{"password": "xWwvJ]6NMw+bWH-d"}}).want(204)
	c.do("PUT", "/users/"+hybrid+"/manager/$ref", ref(id)).refused(400, badRequest, synced)
}

func TestGroupRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.group("library", office365)
	user := c.user("one")
	for name, p := range map[string]struct {
		with          fields
		status        int
		code, message string
	}{
		"no displayName":         {fields{"displayName": nil}, 400, badRequest, "A value is required for property 'displayName' of resource 'Group'."},
		"no mailEnabled":         {fields{"mailEnabled": nil}, 400, badRequest, "A value is required for property 'mailEnabled' of resource 'Group'."},
		"distribution list":      {fields{"mailEnabled": true, "securityEnabled": false}, 400, badRequest, cannotMail},
		"mail-enabled security":  {fields{"mailEnabled": true}, 400, badRequest, cannotMail},
		"neither mail nor safe":  {fields{"securityEnabled": false}, 400, badRequest, cannotMail},
		"taken nickname":         {merged(office365, fields{"mailNickname": "Library"}), 400, badRequest, exists("mailNickname")},
		"nickname with an at":    {fields{"mailNickname": "a@b"}, 400, badRequest, invalid("mailNickname", "Group")},
		"long description":       {fields{"description": strings.Repeat("d", 1025)}, 400, badRequest, invalid("description", "Group")},
		"hidden security group":  {fields{"visibility": "HiddenMembership"}, 400, badRequest, invalid("visibility", "Group")},
		"unknown visibility":     {fields{"visibility": "Secret"}, 400, badRequest, invalid("visibility", "Group")},
		"unknown type":           {fields{"groupTypes": []string{"Static"}}, 400, badRequest, invalid("groupTypes", "Group")},
		"dynamic without rule":   {fields{"groupTypes": []string{"DynamicMembership"}}, 400, badRequest, "A value is required for property 'membershipRule' of resource 'Group'."},
		"dynamic with members":   {merged(dynamic, fields{"members@odata.bind": []string{"https://graph.microsoft.com/v1.0/users/" + user}}), 403, "Authorization_RequestDenied", denied},
		"unknown member":         {fields{"members@odata.bind": []string{"https://graph.microsoft.com/v1.0/users/" + gone}}, 404, "Request_ResourceNotFound", lacks(gone)},
		"the same member twice":  {fields{"members@odata.bind": []string{"https://graph.microsoft.com/v1.0/users/" + user, "https://graph.microsoft.com/v1.0/users/" + user}}, 400, badRequest, "Request contains a property with duplicate values."},
		"mail is read-only":      {fields{"mail": "a@contoso.com"}, 400, badRequest, "Property 'mail' is read-only and cannot be set."},
		"public role-assignable": {fields{"isAssignableToRole": true, "visibility": "Public"}, 400, badRequest, invalid("isAssignableToRole", "Group")},
	} {
		t.Run(name, func(t *testing.T) {
			body := newGroup("fresh")
			for k, v := range p.with {
				if body[k] = v; v == nil {
					delete(body, k)
				}
			}
			d := *c
			d.T = t
			d.do("POST", "/groups", body).refused(p.status, p.code, p.message)
		})
	}
	if got := c.do("GET", "/groups/$count", nil, eventual).raw; got != "1" {
		t.Errorf("%s groups after refusals, want 1", got)
	}
}

var dynamic = fields{"groupTypes": []string{"DynamicMembership"}, "membershipRule": `user.department -eq "Marketing"`, "membershipRuleProcessingState": "On"}

func merged(parts ...fields) fields {
	out := fields{}
	for _, p := range parts {
		maps.Copy(out, p)
	}
	return out
}

func TestRequestRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	group := c.group("g")
	for name, p := range map[string]struct {
		method, path  string
		body          any
		status        int
		code, message string
	}{
		"group id":            {"GET", "/groups/Not-A-Guid", nil, 400, badRequest, "Invalid object identifier 'Not-A-Guid'."},
		"group id with query": {"GET", "/groups/1%3F$expand=owners", nil, 400, badRequest, "Invalid object identifier '1?$expand=owners'."},
		"application id":      {"GET", "/applications/x", nil, 400, badRequest, "Invalid object identifier 'x'."},
		"unknown group":       {"GET", "/groups/" + gone, nil, 404, "Request_ResourceNotFound", lacks(gone)},
		"unknown key":         {"GET", "/applications(appId='" + gone + "')", nil, 404, "Request_ResourceNotFound", lacks(gone)},
		"user without at":     {"GET", "/users/x", nil, 404, "Request_ResourceNotFound", lacks("x")},
		"count segment":       {"GET", "/users/$count", nil, 400, badRequest, "$count is not currently supported."},
		"me":                  {"GET", "/me", nil, 400, "BadRequest", "/me request is only valid with delegated authentication flow."},
		"unknown set":         {"GET", "/unicorns", nil, 400, "BadRequest", "Resource not found for the segment 'unicorns'."},
		"unknown navigation":  {"GET", "/groups/" + group + "/unicorns", nil, 400, "BadRequest", "Resource not found for the segment 'unicorns'."},
		"method":              {"PUT", "/users", fields{}, 405, badRequest, "Specified HTTP method is not allowed for the request target."},
		"members without ref": {"DELETE", "/groups/" + group + "/members/" + gone, nil, 400, "BadRequest", "Resource not found for the segment '" + gone + "'."},
		"page token":          {"GET", "/users?$skiptoken=abc", nil, 400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request."},
		"uncast deletedItems": {"GET", "/directory/deletedItems", nil, 400, "BadRequest", "The OData cast segment is required: /directory/deletedItems/microsoft.graph.user."},
		"ids":                 {"POST", "/directoryObjects/getByIds", fields{"ids": []string{"not-a-guid"}}, 400, badRequest, "Invalid GUID specified."},
		"too many ids":        {"POST", "/directoryObjects/getByIds", fields{"ids": make([]string, 1001)}, 400, badRequest, "The number of ids in the request exceeds the maximum of 1000."},
		"too many checks":     {"POST", "/groups/" + group + "/checkMemberGroups", fields{"groupIds": make([]string, 21)}, 400, badRequest, "The number of groupIds in the request exceeds the maximum of 20."},
		"wrong parameter":     {"POST", "/groups/" + group + "/checkMemberGroups", fields{"ids": []string{}}, 400, "BadRequest", "The parameter 'ids' in the request payload is not a valid parameter for the operation."},
		"large body":          {"POST", "/users", strings.NewReader(`{"displayName":"` + strings.Repeat("x", 5<<20) + `"}`), 413, "BadRequest", "The request body is too large."},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			d.do(p.method, p.path, p.body).refused(p.status, p.code, p.message)
		})
	}
}
