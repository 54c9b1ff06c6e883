package action_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// actions are the paths of all actions.
func actions() []string {
	one := "/Users/" + ada + "/.actions/"
	return []string{
		one + "enable_user", one + "disable_user", one + "update_user", one + "update_profile", one + "set_manager", one + "revoke_sessions",
		checkUPN, "/Groups/.actions/create_group",
	}
}

// An odd body is the client's mistake, and is never answered with a failure of the
// gateway's.
func TestOddBodies(t *testing.T) {
	t.Parallel()
	w := peopled(t, nil)
	chance := rand.New(rand.NewPCG(1, 2))
	bodies := []string{"null", "[]", `"x"`, "7", "{", `{"a":`, `{"a":1,"A":2}`, "\x00", "{}}", strings.Repeat(`{"user_profile":`, 100)}
	for range 200 {
		text, err := json.Marshal(oddObject(chance))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(text))
	}
	refused := 0
	for _, path := range actions() {
		for _, body := range bodies {
			a := w.ask(http.MethodPost, path, body)
			out := parsed(t, a.Body.Bytes())
			switch {
			case a.Code >= 500, a.Code >= 400 && out["detail"] == nil:
				t.Errorf("%s %.300s: %d %s", path, body, a.Code, a.Body)
			case a.Code >= 400:
				refused++
			}
			if a.Code == http.StatusBadRequest && out["scimType"] == nil {
				t.Errorf("%s %.300s: no scimType: %s", path, body, a.Body)
			}
		}
	}
	if refused < len(bodies) {
		t.Errorf("only %d were refused", refused)
	}
}

// oddObject has parameters of actions among its names, and anything as values.
func oddObject(chance *rand.Rand) map[string]any {
	names := []string{
		"user_id", "user_profile", "manager_identifier", "proposed_upn", "displayName", "group_type", "mailNickname", "isAssignableToRole", "owner",
		"userMembers", "revoke_sessions", "mail", "jobTitle", "department", "extensionAttribute3", "emails", "name", "accountEnabled", "onPremisesExtensionAttributes",
		"businessPhones", "otherMails", "passwordProfile", "schemas", "meta", "id", "members", `emails[type eq "work"].value`, "emails[", "a.b.c", "", "$ref", "urn:ietf:params:scim:schemas:core:2.0:User",
	}
	o := map[string]any{}
	for range chance.IntN(4) {
		o[names[chance.IntN(len(names))]] = oddValue(chance, 3)
	}
	return o
}

func oddValue(chance *rand.Rand, depth int) any {
	texts := []string{"", " ", "x", ada, "ada@contoso.com", "a@b@c", "@", "security", "microsoft_365", "{}", `{"jobTitle":"x"}`, `{"emails":[[]]}`, "true", "\u0000", "ä'\"\\", strings.Repeat("y", 2000)}
	switch n := chance.IntN(9); {
	case n < 4 || depth == 0:
		return texts[chance.IntN(len(texts))]
	case n == 4:
		return chance.NormFloat64() * 1e9
	case n == 5:
		return chance.IntN(2) == 0
	case n == 6:
		return nil
	case n == 7:
		return []any{oddValue(chance, depth-1), oddValue(chance, depth-1)}
	}
	return oddObject(chance)
}

// What is refused for its parameters asks Graph nothing, or writes nothing.
func TestRefusedWritesNothing(t *testing.T) {
	t.Parallel()
	w := peopled(t, nil)
	w.sim.Reset()
	one := "/Users/" + ada + "/.actions/"
	for _, c := range []struct{ path, body, scimType, detail string }{
		{one + "disable_user", `{"reason":"left"}`, "invalidValue", "reason"},
		{one + "disable_user", `{"revoke_sessions":7}`, "invalidValue", "revoke_sessions"},
		{one + "enable_user", `{"user_id":"` + bob + `"}`, "invalidValue", "user_id"},
		{one + "update_user", `{"user_profile":"[]"}`, "invalidValue", "user_profile"},
		{one + "update_user", `{"user_profile":"` + strings.Repeat(" ", 70000) + `{}"}`, "invalidValue", "65536"},
		{one + "update_user", `{"user_profile":{"id":"x"}}`, "mutability", "user_profile: id is read-only"},
		{one + "update_user", `{"user_profile":{"groups":[]}}`, "mutability", "groups"},
		{one + "update_user", `{"user_profile":{"identities":[]}}`, "invalidValue", "identities"},
		{one + "update_user", `{"user_profile":{"jobTitle":"x","shoeSize":43}}`, "invalidValue", "shoeSize"},
		{one + "update_user", `{"user_profile":{"accountEnabled":"perhaps"}}`, "invalidValue", "active"},
		{one + "update_user", `{"user_profile":{"businessPhones":["1","2"]}}`, "invalidValue", "phoneNumbers"},
		{one + "update_user", `{"user_profile":{"` + strings.Repeat("x", 5000) + `":1}}`, "invalidValue", "xxx..."},
		{one + "update_profile", `{"jobTitle":"x","country":7}`, "invalidValue", "country"},
		{one + "update_profile", `{"department":"` + strings.Repeat("x", 65) + `"}`, "invalidValue", "department"},
		{one + "set_manager", `{"manager_identifier":"` + strings.Repeat("x", 2000) + `"}`, "invalidValue", "manager_identifier"},
		{one + "set_manager", `{"manager_identifier":"E9"}`, "invalidValue", "E9"},
		{one + "revoke_sessions", `{"now":true}`, "invalidValue", "now"},
		{checkUPN, `{"proposed_upn":"a@b@contoso.com"}`, "invalidValue", "proposed_upn"},
		{checkUPN, `{"proposed_upn":["a@contoso.com"]}`, "invalidValue", "proposed_upn"},
		{"/Groups/.actions/create_group", `{"displayName":"A","group_type":"mail"}`, "invalidValue", "group_type"},
		{"/Groups/.actions/create_group", `{"displayName":"A","group_type":"microsoft_365","isAssignableToRole":"true"}`, "invalidValue", "isAssignableToRole"},
		{"/Groups/.actions/create_group", `{"displayName":"A","group_type":"security","userMembers":[7]}`, "invalidValue", "userMembers"},
		{"/Groups/.actions/create_group", `{"displayName":"A","group_type":"security","owner":{}}`, "invalidValue", "owner"},
		{"/Groups/.actions/create_group", `{"displayName":"` + strings.Repeat("x", 257) + `","group_type":"security"}`, "invalidValue", "displayName"},
	} {
		a := w.ask(http.MethodPost, c.path, c.body)
		out := parsed(t, a.Body.Bytes())
		if detail, _ := out["detail"].(string); a.Code != http.StatusBadRequest || out["scimType"] != c.scimType || !strings.Contains(detail, c.detail) {
			t.Errorf("%s %.100s: %d %s", c.path, c.body, a.Code, a.Body)
		}
	}
	if s := w.sim.Stats(); s.Writes != 0 {
		t.Errorf("%d writes:\n%s", s.Writes, strings.Join(w.sim.Calls(), "\n"))
	}
}

// A client reaches the actions of the types that it may reach, and changes nothing when
// it may only read.
func TestLimitedClients(t *testing.T) {
	t.Parallel()
	w := peopled(t, nil)
	params := map[string]string{
		"update_user": `{"user_profile":{"title":"x"}}`, "update_profile": `{"jobTitle":"x"}`, "check_upn": proposing("x@contoso.com"),
		"create_group": `{"displayName":"A","group_type":"security"}`,
	}
	for name, c := range map[string]struct {
		caller scim.Caller
		may    func(path string) bool
	}{
		"all":       {scim.Caller{}, func(string) bool { return true }},
		"read-only": {scim.Caller{ReadOnly: true}, func(path string) bool { return path == checkUPN }},
		"groups":    {scim.Caller{ResourceTypes: []string{"Group"}}, func(path string) bool { return strings.HasPrefix(path, "/Groups/") }},
		"users":     {scim.Caller{ResourceTypes: []string{"User"}}, func(path string) bool { return strings.HasPrefix(path, "/Users/") }},
	} {
		w.caller = c.caller
		for _, path := range actions() {
			a := w.ask(http.MethodPost, path, params[path[strings.LastIndexByte(path, '/')+1:]])
			if may := a.Code < 300; may != c.may(path) || !may && a.Code != http.StatusForbidden {
				t.Errorf("%s: %s: %d %s", name, path, a.Code, a.Body)
			}
		}
	}
}

// A tenant's own names are taken, and what its mapping has not is refused.
func TestOverlaid(t *testing.T) {
	t.Parallel()
	overlay := mapping.Source{Name: "own.yaml", Text: []byte(`
resource: User
attributes:
  - { scim: entraUser.extensionAttribute1, remove: true }
  - { scim: entraUser.badge, graph: onPremisesExtensionAttributes.extensionAttribute1, description: The badge. }
  - { scim: userExtension.organization, remove: true }
  - { scim: userExtension.manager.value, remove: true }
  - { scim: userExtension.manager.$ref, remove: true }
  - { scim: userExtension.manager.displayName, remove: true }
`)}
	user, err := table("user.yaml", overlay)
	if err != nil {
		t.Fatal(err)
	}
	w := peopled(t, func(w *world) { w.tables = []*mapping.Table{user, w.tables[1]} })
	one := "/Users/" + ada
	w.want(http.StatusNoContent, http.MethodPost, one+"/.actions/update_profile", `{"extensionAttribute1":"B-7"}`)
	if got := w.want(http.StatusOK, http.MethodGet, one, "")[entraUser].(map[string]any)["badge"]; got != "B-7" {
		t.Errorf("badge %v", got)
	}
	w.want(http.StatusNoContent, http.MethodPost, one+"/.actions/update_user", `{"user_profile":{"badge":"B-8"}}`)
	w.want(http.StatusBadRequest, http.MethodPost, one+"/.actions/update_profile", `{"companyName":"Contoso"}`)
	w.want(http.StatusBadRequest, http.MethodPost, one+"/.actions/set_manager", `{"manager_identifier":"E2"}`)
}
