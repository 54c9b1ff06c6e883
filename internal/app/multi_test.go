package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/server"
)

const (
	operatorTenant = "99999999-aaaa-4bbb-8ccc-000000000001"
	operatorApp    = "99999999-aaaa-4bbb-8ccc-000000000002"
	operatorSecret = "secret-of-the-operator"
)

// operated registers the operator's application, which both directories consented to,
// and makes both tenants ones of mode multi.
func (w *tenants) operated() {
	w.t.Helper()
	roles, _ := w.sim.Login().Granted(graphsim.DefaultTenant, graphsim.DefaultClient)
	app := login.App{ID: operatorApp, TenantID: operatorTenant, MultiTenant: true, Roles: roles, Secrets: []login.Secret{{Value: operatorSecret}}}
	if err := w.sim.Register(app); err != nil {
		w.t.Fatal(err)
	}
	w.registry.config.Operator = config.Operator{
		Name: "Contoso Identity", ClientID: operatorApp, ClientSecret: operatorSecret, Cloud: "global",
		GraphURL: w.graph.URL + "/v1.0", Authority: w.graph.URL, CA: config.File{Path: "ca.pem", Content: w.authority},
	}
	for name, id := range map[string]string{"acme": graphsim.DefaultTenant, "globex": otherTenant} {
		w.sim.Login().Grant(id, operatorApp, roles)
		w.file(name+".yaml", fmt.Sprintf("token: %s-token-of-iga\ntenant: {mode: multi, id: %s}\n", name, id))
	}
	if w.registry.reload(w.logged()); strings.Contains(w.log.String(), "not read again") {
		w.t.Fatal(w.log.String())
	}
}

// Tenants that consented to the operator's application are each served from their own
// directory; what one has is nothing to the other, nor is the operator's directory.
func TestMultiTenantsAreApart(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	w.operated()
	ids := map[string]string{"acme": w.made("acme", "ada"), "globex": w.made("globex", "grace")}
	for client, other := range map[string]string{"acme": "globex", "globex": "acme"} {
		status, list := w.ask(client, "GET", "/scim/v2/Users?attributes=userName", "")
		users, _ := list["Resources"].([]any)
		if status != http.StatusOK || len(users) != 1 || users[0].(map[string]any)["id"] != ids[client] {
			t.Errorf("users of %s: %d %v", client, status, list)
		}
		for _, method := range []string{"GET", "DELETE"} {
			if status, body := w.ask(client, method, "/scim/v2/Users/"+ids[other], ""); status != http.StatusNotFound {
				t.Errorf("%s of the user of %s at %s: %d %v", method, other, client, status, body)
			}
		}
	}
	var asked []string
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range w.tokens {
		asked = append(asked, strings.Split(path, "/")[1])
	}
	slices.Sort(asked)
	if got := slices.Compact(asked); !slices.Equal(got, []string{graphsim.DefaultTenant, otherTenant}) {
		t.Errorf("tokens for %v", got)
	}
}

// A directory that never consented is not reached with the operator's application.
func TestMultiWithoutConsent(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	w.operated()
	w.sim.Login().Revoke(otherTenant, operatorApp)
	if status, body := w.ask("globex", "GET", "/scim/v2/Users", ""); status != http.StatusServiceUnavailable {
		t.Errorf("globex: %d %v", status, body)
	}
	if status, body := w.ask("acme", "GET", "/scim/v2/Users", ""); status != http.StatusOK {
		t.Errorf("acme: %d %v", status, body)
	}
}

// The operator's certificate is warned about once, not for each tenant that is reached
// with it; one that cannot be read keeps the gateway from starting.
func TestOperatorsCertificate(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	w.operated()
	certificate, key := clientCertificate(t, time.Now().Add(10*24*time.Hour))
	c := w.registry.config
	c.Operator.ClientSecret, c.Operator.Certificate = "", config.File{Path: "operator.pem", Content: []byte(certificate + key)}
	if _, err := newRegistry(w.logged(), c, server.Origin{}); err != nil || strings.Count(w.log.String(), "it ends on") != 1 || !strings.Contains(w.log.String(), "the operator's app registration: it ends on") {
		t.Errorf("error %v, log %s", err, w.log.String())
	}
	c.Operator.Certificate.Content = []byte(certificate)
	if err := checkOperator(c); err == nil || !strings.Contains(err.Error(), "certificate: must be PEM") {
		t.Errorf("a certificate without a key: %v", err)
	}
}
