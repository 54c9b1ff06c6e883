package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/tenant"
)

// The fields of account creation as the mission has them (part B), each with what Graph
// has of it then. additionalAttributes has tests of its own.
func TestAccountCreation(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	boss := g.add("user", graphsim.Values{"displayName": "Boss", "userPrincipalName": "boss@contoso.com", "mailNickname": "boss", "employeeId": "4711"})
	user := object{
		"displayName": "Ada Lovelace", "nickName": "alove", "userName": "ada@federated.example.com", "active": false, "title": "Analyst",
		"name":     object{"givenName": "Ada", "familyName": "Lovelace"},
		entraUser:  object{"onPremisesImmutableId": "YWRh"},
		enterprise: object{"employeeNumber": "1234567890123456", "department": "Engines", "manager": object{"value": "4711"}},
	}
	made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	read := g.get("/Users/" + made["id"].(string))
	for _, c := range []struct {
		field string
		want  any
		path  []string
	}{
		{"displayName", "Ada Lovelace", []string{"displayName"}},
		{"mailNickname", "alove", []string{"nickName"}},
		{"userPrincipalName", "ada@federated.example.com", []string{"userName"}},
		{"accountEnabled", false, []string{"active"}},
		{"onPremisesImmutableId", "YWRh", []string{entraUser, "onPremisesImmutableId"}},
		{"givenName", "Ada", []string{"name", "givenName"}},
		{"surname", "Lovelace", []string{"name", "familyName"}},
		{"employeeId", "1234567890123456", []string{enterprise, "employeeNumber"}},
		{"jobTitle", "Analyst", []string{"title"}},
		{"department", "Engines", []string{enterprise, "department"}},
		{"manager", boss, []string{enterprise, "manager", "value"}},
	} {
		if at(made, c.path...) != c.want || at(read, c.path...) != c.want {
			t.Errorf("%s: made %v, read %v", c.field, at(made, c.path...), at(read, c.path...))
		}
	}
}

// What may be left out is completed: an account is enabled, and has a mail alias.
func TestAccountCreationDefaults(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	made := g.do(http.MethodPost, "/Users", object{"userName": "ada@contoso.com", "displayName": "Ada"}, http.StatusCreated)
	read := g.get("/Users/" + made["id"].(string))
	for _, got := range []object{made, read} {
		if got["active"] != true || got["nickName"] != "ada" || got["displayName"] != "Ada" {
			t.Errorf("%v", got)
		}
	}
}

// What is required, and what Entra would refuse, is named; nothing is made.
func TestAccountCreationRefused(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	for name, c := range map[string]struct {
		user object
		says string
	}{
		"no userPrincipalName":              {object{"displayName": "Ada"}, "userName"},
		"a userPrincipalName of no form":    {object{"displayName": "Ada", "userName": "a b@contoso.com"}, "userName"},
		"a federated domain without anchor": {object{"displayName": "Ada", "userName": "ada@federated.example.com"}, "onPremisesImmutableId"},
		"employeeId of 17 characters":       {object{"displayName": "Ada", "userName": "ada@contoso.com", enterprise: object{"employeeNumber": "12345678901234567"}}, "employeeNumber"},
		"an alias of no form":               {object{"displayName": "Ada", "userName": "ada@contoso.com", "nickName": "a b"}, "nickName"},
	} {
		got := g.do(http.MethodPost, "/Users", c.user, http.StatusBadRequest)
		if got["scimType"] != "invalidValue" || !strings.Contains(got["detail"].(string), c.says) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := g.found("/Users", `displayName eq "Ada"`); len(got) != 0 {
		t.Errorf("made: %v", got)
	}
}

// A manager whom nobody is: by the tenant's policy the user is made and the answer has a
// Warning, whether the lookup is a request of its own or one with the creation; or the
// request is refused and nothing is made.
func TestManagerMissingWarns(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"guid": "f0000000-0000-4000-8000-000000000009", "upn": "nobody@contoso.com", "number": "0815"} {
		user := newUser(name + "@contoso.com")
		user[enterprise] = object{"manager": object{"value": value}}
		warn := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.ManagerMissing = tenant.ManagerWarn })
		response, answer := warn.post("/Users", user)
		said := response.Header.Values("Warning")
		if response.StatusCode != http.StatusCreated || len(said) != 1 || !strings.HasPrefix(said[0], `299 entrascim "`) || !strings.Contains(said[0], value) || strings.Contains(answer, "manager") {
			t.Errorf("%s: %d %q %s", name, response.StatusCode, said, answer)
		}
		user["userName"] = name + "2@contoso.com"
		bulk := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []object{
			{"method": "POST", "path": "/Users", "bulkId": "1", "data": user},
		}}
		response, answer = warn.post("/Bulk", bulk)
		if said := response.Header.Values("Warning"); !strings.Contains(answer, `"201"`) || len(said) != 1 || !strings.Contains(said[0], value) {
			t.Errorf("%s, in bulk: %q %s", name, said, answer)
		}
		refuse := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.ManagerMissing = tenant.ManagerRefuse })
		response, answer = refuse.post("/Users", user)
		if _, writes := refuse.asked(); response.StatusCode != http.StatusBadRequest || !strings.Contains(answer, "invalidValue") || response.Header.Get("Warning") != "" || len(refuse.found("/Users", "userName pr")) != 0 {
			t.Errorf("%s refused: %d %s, %d writes", name, response.StatusCode, answer, writes)
		}
	}
}
