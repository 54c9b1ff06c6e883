package action_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"entrascim/internal/tenant"
)

const (
	ada        = "a0000000-0000-4000-8000-000000000001"
	bob        = "a0000000-0000-4000-8000-000000000002"
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	entraUser  = "urn:ietf:params:scim:schemas:extension:entra:2.0:User"
	entraGroup = "urn:ietf:params:scim:schemas:extension:entra:2.0:Group"
)

const people = `{"add": [
  {"user": {"id": "` + ada + `", "accountEnabled": true, "displayName": "Ada Lovelace", "mailNickname": "ada", "userPrincipalName": "ada@contoso.com", "jobTitle": "Analyst", "department": "Engines", "businessPhones": ["+1 1"], "otherMails": ["ada@example.com"]}},
  {"user": {"id": "` + bob + `", "accountEnabled": false, "displayName": "Bob Babbage", "mailNickname": "bob", "userPrincipalName": "bob@contoso.com", "employeeId": "E2"}}
], "manager": {"` + ada + `": "` + bob + `"}}`

// peopled is a world with two people, with a change of its own.
func peopled(t *testing.T, change func(*world)) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.seed([]byte(people)); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(w)
		w.open()
	}
	w.want(200, http.MethodGet, "/Users?count=0", "") // signs in
	w.calls()
	return w
}

func ops(operations string) string {
	return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [` + operations + `]}`
}

// What SCIM can say is the same however it is said: Graph is asked the same, and the
// user or group is the same after.
func TestTwins(t *testing.T) {
	t.Parallel()
	revoking := func(w *world) { w.policy = tenant.Policy{RevokeSessions: true} }
	warning := func(w *world) { w.policy = tenant.Policy{ManagerMissing: tenant.ManagerWarn} }
	for name, c := range map[string]struct {
		action, params, operations string // of a user
		user                       string // default ada
		setting                    func(*world)
	}{
		"enable":           {action: "enable_user", user: bob, operations: `{"op":"replace","path":"active","value":true}`},
		"enable enabled":   {action: "enable_user", operations: `{"op":"replace","path":"active","value":true}`},
		"disable":          {action: "disable_user", operations: `{"op":"replace","path":"active","value":false}`},
		"disable, revoked": {action: "disable_user", operations: `{"op":"replace","path":"active","value":false}`, setting: revoking},
		"disable disabled": {action: "disable_user", user: bob, operations: `{"op":"replace","path":"active","value":false}`, setting: revoking},
		"manager":          {action: "set_manager", user: bob, params: `{"manager_identifier":"ada@contoso.com"}`, operations: `{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"ada@contoso.com"}}`},
		"manager by id":    {action: "set_manager", user: bob, params: `{"manager_identifier":"` + ada + `"}`, operations: `{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"` + ada + `"}}`},
		"manager by no.":   {action: "set_manager", user: ada, params: `{"manager_identifier":"E2"}`, operations: `{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"E2"}}`},
		"no manager":       {action: "set_manager", operations: `{"op":"remove","path":"` + enterprise + `:manager"}`},
		"nobody":           {action: "set_manager", params: `{"manager_identifier":"x@contoso.com"}`, operations: `{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"x@contoso.com"}}`},
		"nobody, warned":   {action: "set_manager", params: `{"manager_identifier":"x@contoso.com"}`, operations: `{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"x@contoso.com"}}`, setting: warning},
		"a profile": {
			action:     "update_profile",
			params:     `{"mail":"a@contoso.com","displayName":"Ada King","jobTitle":"Countess","employeeId":"E1","department":null,"companyName":"Contoso","country":"GB","extensionAttribute7":"seven"}`,
			operations: `{"op":"replace","value":{"displayName":"Ada King","title":"Countess","` + enterprise + `":{"employeeNumber":"E1","organization":"Contoso","department":null},"` + entraUser + `":{"extensionAttribute7":"seven"},"emails":[{"type":"work","value":"a@contoso.com"},{"type":"other","value":"ada@example.com"}],"addresses":[{"type":"work","country":"GB"}]}}`,
		},
		"a user": {
			action:     "update_user",
			params:     `{"user_profile":{"businessPhones":["+1 2"],"mobilePhone":"+1 3","otherMails":["a@example.com","b@example.com"],"surname":"King","usageLocation":"GB","employeeOrgData":{"division":"D"},"accountEnabled":false}}`,
			operations: `{"op":"replace","path":"active","value":false},{"op":"replace","path":"name.familyName","value":"King"},{"op":"replace","path":"phoneNumbers","value":[{"type":"work","value":"+1 2"},{"type":"mobile","value":"+1 3"}]},{"op":"remove","path":"emails[type eq \"other\"]"},{"op":"add","path":"emails","value":[{"type":"other","value":"a@example.com"},{"type":"other","value":"b@example.com"}]},{"op":"replace","value":{"` + enterprise + `":{"division":"D"},"` + entraUser + `":{"usageLocation":"GB"}}}`,
			setting:    revoking,
		},
		"a user, cleared": {
			action:     "update_user",
			params:     `{"user_profile":{"businessPhones":[],"otherMails":[],"jobTitle":null}}`,
			operations: `{"op":"remove","path":"phoneNumbers[type eq \"work\"].value"},{"op":"remove","path":"emails[type eq \"other\"]"},{"op":"remove","path":"title"}`,
		},
		"a user, in SCIM": {
			action:     "update_user",
			params:     `{"user_profile":{"name":{"familyName":"King"},"title":"Countess","` + enterprise + `":{"division":"D"}}}`,
			operations: `{"op":"replace","value":{"name":{"familyName":"King"},"title":"Countess","` + enterprise + `":{"division":"D"}}}`,
		},
		"too long": {action: "update_profile", params: `{"employeeId":"12345678901234567"}`, operations: `{"op":"replace","path":"` + enterprise + `:employeeNumber","value":"12345678901234567"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := "/Users/" + ada
			if c.user != "" {
				user = "/Users/" + c.user
			}
			compareTwins(t, c.setting, [3]string{http.MethodPost, user + "/.actions/" + c.action, c.params}, [3]string{http.MethodPatch, user, ops(c.operations)}, user)
		})
	}
}

func TestTwinsOfGroups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ params, document string }{
		"security": {
			`{"displayName":"Engine builders","group_type":"security","description":"They build","isAssignableToRole":true,"userMembers":["` + ada + `"]}`,
			`{"displayName":"Engine builders","members":[{"value":"` + ada + `"}],"` + entraGroup + `":{"groupType":"security","description":"They build","isAssignableToRole":true}}`,
		},
		"Microsoft 365": {
			`{"displayName":"Engine builders","groupType":"Microsoft_365","mailNickname":"eb"}`,
			`{"displayName":"Engine builders","` + entraGroup + `":{"groupType":"microsoft365","mailNickname":"eb"}}`,
		},
		"nobody": {
			`{"displayName":"Engine builders","group_type":"security","members":["a0000000-0000-4000-8000-000000000009"]}`,
			`{"displayName":"Engine builders","members":[{"value":"a0000000-0000-4000-8000-000000000009"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareTwins(t, nil, [3]string{http.MethodPost, "/Groups/.actions/create_group", c.params}, [3]string{http.MethodPost, "/Groups", c.document}, "/Groups?filter=displayName%20eq%20%22Engine%20builders%22")
		})
	}
}

// compareTwins does one request in one world and the other in another.
func compareTwins(t *testing.T, setting func(*world), action, scim [3]string, then string) {
	t.Helper()
	one, other := peopled(t, setting), peopled(t, setting)
	a, b := one.ask(action[0], action[1], action[2]), other.ask(scim[0], scim[1], scim[2])
	if a.Code != b.Code || a.Header().Get("Warning") != b.Header().Get("Warning") || !reflect.DeepEqual(parsed(t, a.Body.Bytes()), parsed(t, b.Body.Bytes())) {
		t.Errorf("%d %s\n%s\nand by SCIM %d %s\n%s", a.Code, a.Header().Get("Warning"), a.Body, b.Code, b.Header().Get("Warning"), b.Body)
	}
	for _, name := range []string{"Etag", "Location", "Content-Location", "Content-Type"} {
		if a.Header().Get(name) != b.Header().Get(name) {
			t.Errorf("%s %q and by SCIM %q", name, a.Header().Get(name), b.Header().Get(name))
		}
	}
	if x, y := one.calls(), other.calls(); !reflect.DeepEqual(x, y) || len(x) == 0 {
		t.Errorf("Graph was asked\n%s\nand by SCIM\n%s", strings.Join(x, "\n"), strings.Join(y, "\n"))
	}
	x, y := one.want(200, http.MethodGet, then, ""), other.want(200, http.MethodGet, then, "")
	if !reflect.DeepEqual(x, y) {
		t.Errorf("it is\n%v\nand by SCIM\n%v", x, y)
	}
}

// parsed is the body of an answer, without the id of the request to Graph.
func parsed(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if len(body) == 0 {
		return out
	}
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if detail, ok := out["detail"].(string); ok {
		out["detail"], _, _ = strings.Cut(detail, " (Graph request-id")
	}
	return out
}
