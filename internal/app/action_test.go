package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Actions are the tenant's: by the token and below the tenant's path they reach its
// directory, through its mapping and its policy, and nobody else's.
func TestActionsOfTenants(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	w.file("globex.yaml", w.tenant(otherTenant, otherApp, "s", "globex-token-of-iga")+
		"mapping: {overlays: ["+w.path("title.overlay")+"]}\npolicy: {revokeSessionsOnDisable: true}\n")
	if w.registry.reload(w.logged()); strings.Contains(w.log.String(), "not read again") {
		t.Fatal(w.log.String())
	}
	ids := map[string]string{"acme": w.made("acme", "ada"), "globex": w.made("globex", "ada")}
	for client, other := range map[string]string{"acme": "globex", "globex": "acme"} {
		below := "/tenants/" + client + "/scim/v2"
		for _, c := range []struct {
			path, body string
			status     int
		}{
			{"/scim/v2/Users/" + ids[client] + "/.actions/enable_user", "", http.StatusNoContent},
			{below + "/Users/" + ids[client] + "/.actions/update_profile", `{"department":"Engines"}`, http.StatusNoContent},
			{below + "/Users/.actions/check_upn", `{"proposed_upn":"ada@contoso.com"}`, http.StatusOK},
			{below + "/Users/" + ids[other] + "/.actions/disable_user", "", http.StatusNotFound},
			{below + "/Users/" + ids[other] + "/.actions/revoke_sessions", "", http.StatusNotFound},
			{"/tenants/" + other + "/scim/v2/Users/" + ids[other] + "/.actions/disable_user", "", http.StatusNotFound},
		} {
			if status, body := w.ask(client, "POST", c.path, c.body); status != c.status {
				t.Errorf("%s: POST %s: %d %v", client, c.path, status, body)
			}
		}
		titled := map[string]int{"acme": http.StatusNoContent, "globex": http.StatusBadRequest}[client]
		if status, body := w.ask(client, "POST", "/scim/v2/Users/"+ids[client]+"/.actions/update_profile", `{"jobTitle":"Countess"}`); status != titled {
			t.Errorf("%s: the title: %d %v", client, status, body)
		}
		w.sim.Reset()
		if status, body := w.ask(client, "POST", "/scim/v2/Users/"+ids[client]+"/.actions/disable_user", ""); status != http.StatusNoContent {
			t.Errorf("%s: %d %v", client, status, body)
		}
		if revoked := strings.Contains(fmt.Sprint(w.sim.Calls()), "revokeSignInSessions"); revoked != (client == "globex") {
			t.Errorf("%s: sessions revoked %v", client, revoked)
		}
	}
}

// What the document says of actions is so: every parameter is one, and every example
// is taken.
func TestOpenAPIHasTheParameters(t *testing.T) {
	t.Parallel()
	scim := registered(t, append(permissions(t, "Read-only set"), permissions(t, "Read-write set")...))
	examples := 0
	for path, item := range object(t, document(t), "paths") {
		path, found := strings.CutPrefix(path, "/scim/v2")
		if !found || !strings.Contains(path, "/.actions/") {
			continue
		}
		path = strings.Replace(path, "/Users/{id}", seededUser, 1)
		media := object(t, object(t, object(t, object(t, item.(map[string]any), "post"), "requestBody"), "content"), "application/scim+json")
		for name := range object(t, object(t, media, "schema"), "properties") {
			if _, out := scim(http.MethodPost, path, `{"`+name+`":[[]]}`); strings.Contains(fmt.Sprint(out["detail"]), "not a parameter") {
				t.Errorf("%s: %s is not taken", path, name)
			}
		}
		all, _ := media["examples"].(map[string]any)
		for name, example := range all {
			body, err := json.Marshal(example.(map[string]any)["value"])
			if err != nil {
				t.Fatal(err)
			}
			examples++
			if status, out := scim(http.MethodPost, path, string(body)); status == http.StatusBadRequest {
				t.Errorf("%s: the example %s: %d %v", path, name, status, out)
			}
		}
	}
	if examples < 8 {
		t.Errorf("only %d examples", examples)
	}
}
