package app

import (
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
