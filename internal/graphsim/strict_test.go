package graphsim_test

import (
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

const (
	parsingFailed = "Parsing OData Select and Expand failed: Could not find a property named "
	noReference   = "Invalid URL format specified in @odata.bind/@odata.id."
	inviteGuest   = `{"invitedUserEmailAddress":"a@partner.example","inviteRedirectUrl":"https://app.example",`
)

// kindnesses are requests that a careless simulator would serve, and how they are
// refused.
var kindnesses = map[string]struct {
	method, path, body string
	header             string
	status             int
	code, message      string // message: how it begins
}{
	"reference to another host":     {"POST", "/groups/{unified}/members/$ref", `{"@odata.id":"https://graph.example/v1.0/users/{user}"}`, "", 400, badRequest, noReference},
	"reference to beta":             {"POST", "/groups/{unified}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/beta/users/{user}"}`, "", 400, badRequest, noReference},
	"reference without a host":      {"POST", "/groups/{unified}/members/$ref", `{"@odata.id":"/users/{user}"}`, "", 400, badRequest, noReference},
	"reference with a glued path":   {"POST", "/groups/{unified}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0users/{user}"}`, "", 400, badRequest, noReference},
	"reference by the wrong set":    {"POST", "/groups/{unified}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/groups/{user}"}`, "", 404, "Request_ResourceNotFound", "Resource '"},
	"reference with more":           {"POST", "/groups/{unified}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/{user}","id":"{user}"}`, "", 400, "BadRequest", "The request body must"},
	"bind to another host":          {"PATCH", "/groups/{unified}", `{"members@odata.bind":["https://graph.example/v1.0/users/{user}"]}`, "", 400, badRequest, noReference},
	"member without $ref":           {"DELETE", "/groups/{group}/members/{user}", "", "", 400, "BadRequest", "Resource not found for the segment '"},
	"manager by POST":               {"POST", "/users/{user}/manager/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/{other}"}`, "", 405, badRequest, "Specified HTTP method"},
	"owner of an application twice": {"POST", "/applications/{app}/owners/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}`, "", 400, badRequest, "One or more added object references already exist"},
	"group as owner":                {"POST", "/servicePrincipals/{sp}/owners/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{group}"}`, "", 400, badRequest, "An invalid operation was included"},
	"no such owner":                 {"DELETE", "/applications/{app}/owners/{other}/$ref", "", "", 404, "Request_ResourceNotFound", "Resource '"},
	"text":                          {"PATCH", "/users/{user}", `{"city":"x"}`, "Content-Type: text/plain", 400, "BadRequest", badJSON},
	"nearly JSON":                   {"PATCH", "/users/{user}", `{"city":"x"}`, "Content-Type: application/jsonx", 400, "BadRequest", badJSON},
	"no media type":                 {"PATCH", "/users/{user}", `{"city":"x"}`, "Content-Type: ", 400, "BadRequest", badJSON},
	"a name twice":                  {"PATCH", "/users/{user}", `{"city":"x","city":"y"}`, "", 400, "BadRequest", badJSON},
	"another case":                  {"PATCH", "/users/{user}", `{"City":"x"}`, "", 400, badRequest, "Property 'City' does not exist"},
	"another type":                  {"PATCH", "/users/{user}", `{"@odata.type":"#microsoft.graph.group","city":"x"}`, "", 400, "BadRequest", "An entry with type '#microsoft.graph.group'"},
	"no password":                   {"PATCH", "/users/{user}", `{"passwordProfile":null}`, "", 400, badRequest, invalid("passwordProfile", "User")},
	"unknown consent":               {"PATCH", "/users/{user}", `{"consentProvidedForMinor":"maybe"}`, "", 400, badRequest, invalid("consentProvidedForMinor", "User")},
	"identities without the name":   {"PATCH", "/users/{user}", `{"identities":[{"signInType":"federated","issuer":"google.com","issuerAssignedId":"1"}]}`, "", 400, badRequest, invalid("identities", "User")},
	"local account, own issuer": {"POST", "/users", `{"displayName":"x","identities":[{"signInType":"userName","issuer":"elsewhere.example","issuerAssignedId":"x"}],
		"passwordProfile":{"password":"password-value"},"passwordPolicies":"DisablePasswordExpiration"}`, "", 400, badRequest, invalid("identities", "User")},
	"local account, expiry": {"POST", "/users", `{"displayName":"x","identities":[{"signInType":"userName","issuer":"contoso.com","issuerAssignedId":"x"}],
		"passwordProfile":{"password":"password-value"},"passwordPolicies":"None"}`, "", 400, badRequest, invalid("passwordPolicies", "User")},
	"local account, no password": {"POST", "/users", `{"displayName":"x","identities":[{"signInType":"userName","issuer":"contoso.com","issuerAssignedId":"x"}],
		"passwordPolicies":"DisablePasswordExpiration"}`, "", 400, badRequest, "A value is required for property 'passwordProfile'"},
	"social account, half":           {"POST", "/users", `{"displayName":"x","identities":[{"signInType":"federated","issuer":"google.com"}]}`, "", 400, badRequest, invalid("identities", "User")},
	"theme of a group":               {"PATCH", "/groups/{unified}", `{"theme":"Blue"}`, "", 403, "Authorization_RequestDenied", denied},
	"guest with properties":          {"POST", "/invitations", inviteGuest + `"invitedUser":{"department":"x"}}`, "", 400, badRequest, "Property 'invitedUser' is read-only"},
	"guest as a member":              {"POST", "/invitations", inviteGuest + `"invitedUserType":"Member"}`, "", 403, "Authorization_RequestDenied", denied},
	"no backing application":         {"POST", "/servicePrincipals", `{"appId":"` + gone + `"}`, "", 400, badRequest, "The appId '" + gone + "' of the service principal"},
	"groups of a user and its roles": {"POST", "/users/{user}/getMemberObjects", `{"securityEnabledOnly":false}`, "", 400, badRequest, "securityEnabledOnly"},
	"objects of no type":             {"POST", "/directoryObjects/getByIds", `{"ids":["{user}"],"types":["mailbox"]}`, "", 400, badRequest, "Invalid value"},
	"objects of an empty list":       {"POST", "/directoryObjects/getByIds", `{"ids":["{user}"],"types":[]}`, "", 400, badRequest, "Invalid value"},
	"a slash too many":               {"GET", "//users", "", "", 400, "BadRequest", "Resource not found for the segment ''."},
	"an empty id":                    {"GET", "/users//manager", "", "", 400, "BadRequest", "Resource not found for the segment ''."},
	"no group of the name":           {"GET", "/groups(uniqueName='x')", "", "", 404, "Request_ResourceNotFound", lacks("x")},
	"unknown key":                    {"GET", "/groups(mail='x')", "", "", 400, "BadRequest", "Bad Request - Error in query syntax."},
	"select of nothing known":        {"GET", "/users?$select=id,nope", "", "", 400, "BadRequest", parsingFailed + "'nope'"},
	"expand of nothing known":        {"GET", "/users?$expand=nope", "", "", 400, "BadRequest", parsingFailed + "'nope'"},
	"select of an extension":         {"GET", "/users?$select=extension_x_y", "", "", 400, "Request_UnsupportedQuery", "Property 'extension_x_y' does not exist"},
	"me":                             {"PATCH", "/me", `{"city":"x"}`, "", 400, "BadRequest", "/me request is only valid"},
}

// Where no source says that Graph takes something, the simulator does not.
func TestNothingIsTakenKindly(t *testing.T) {
	t.Parallel()
	for name, p := range kindnesses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, graphsim.Options{})
			fill := c.stage()
			var body any
			if p.body != "" {
				body = fill.Replace(p.body)
			}
			var headers []string
			if p.header != "" {
				headers = append(headers, p.header)
			}
			a := c.do(p.method, fill.Replace(p.path), body, headers...).want(p.status)
			if got := a.text("error/message"); a.text("error/code") != p.code || !strings.HasPrefix(got, p.message) {
				t.Errorf("%s: %s", a.request, a.raw)
			}
		})
	}
}

// What an update of a user leaves of complex values, and of the ways to sign in.
func TestComplexValues(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user := c.user("adele")
	c.do("PATCH", "/users/"+user, fields{"employeeOrgData": fields{"division": "x", "costCenter": "1"}}).want(204)
	c.do("PATCH", "/users/"+user, fields{"employeeOrgData": fields{"division": "y"}}).want(204)
	org := c.do("GET", "/users/"+user+"?$select=employeeOrgData", nil).want(200).has("employeeOrgData/division", "y")
	if cost, shown := org.at("employeeOrgData").(fields)["costCenter"]; cost != nil || !shown {
		t.Errorf("what was left out of employeeOrgData is to become null: %s", org.raw)
	}
	id := c.do("POST", "/users", fields{"displayName": "x", "identities": []fields{
		{"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "1"},
	}}).want(201).text("id")
	c.do("POST", "/users", fields{"displayName": "y", "identities": []fields{
		{"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "1"},
	}}).refused(400, badRequest, exists("identities"))
	c.do("PATCH", "/users/"+id, fields{"userPrincipalName": "named@contoso.com"}).want(204)
	c.do("GET", "/users/"+id+"?$select=identities,accountEnabled", nil).want(200).has("accountEnabled", true).
		has("identities/0/issuer", "google.com").has("identities/1/issuerAssignedId", "named@contoso.com")
	app := c.do("POST", "/applications", fields{"displayName": "a", "web": fields{"redirectUris": []string{"https://a.example"}}}).want(201).
		has("web/redirectUris/0", "https://a.example").has("web/implicitGrantSettings/enableIdTokenIssuance", false).text("id")
	c.do("PATCH", "/applications/"+app, fields{"web": fields{"homePageUrl": "https://b.example"}}).want(204)
	c.do("GET", "/applications/"+app, nil).want(200).has("web/homePageUrl", "https://b.example").has("web/redirectUris/0", "https://a.example")
}
