package app

import (
	"cmp"
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

// With policy.provisioning whoever is given an application is provisioned into it; without
// the permission the grant is done all the same, and health says what is lacking.
func TestProvisioning(t *testing.T) {
	t.Parallel()
	const user, appID = "a0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-0000000000bb"
	sets := slices.Concat(permissions(t, "Read-only set"), permissions(t, "Read-write set"), []string{"AppRoleAssignment.ReadWrite.All"})
	for name, p := range map[string]struct {
		policy      string
		permissions []string
		provisioned []string
		ready       string
	}{
		"wanted":     {"on-demand", append(slices.Clone(sets), "Synchronization.ReadWrite.All"), []string{user}, `{"status":"ready"}`},
		"not wanted": {"off", append(slices.Clone(sets), "Synchronization.ReadWrite.All"), nil, `{"status":"ready"}`},
		"forbidden":  {"on-demand", sets, nil, `{"status":"ready","lacking":["provisioning"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := graphsim.New(graphsim.Options{})
			d := sim.Tenant(graphsim.DefaultTenant)
			seed(t, d)
			sp, err := d.Add("servicePrincipal", graphsim.Values{"displayName": "Wiki", "appId": appID, "appRoles": []any{}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.AddJob(sp, graphsim.ProvisioningJob{}); err != nil {
				t.Fatal(err)
			}
			handler, r := provisioning(t, sim, p.policy, p.permissions)
			ask := func(method, path, body string) *httptest.ResponseRecorder {
				request := httptest.NewRequest(method, path, strings.NewReader(body))
				request.Header.Set("Authorization", "Bearer "+demoToken)
				request.Header.Set("Content-Type", "application/scim+json")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, request)
				return w
			}
			given := patch(`{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:applications","value":[{"value":"` + appID + `"}]}`)
			if w := ask(http.MethodPatch, "/scim/v2/Users/"+user, given); w.Code != http.StatusNoContent {
				t.Fatal(w.Code, w.Body)
			}
			r.crew.Stop(t.Context())
			if got := d.Provisioned(sp); !slices.Equal(got, p.provisioned) {
				t.Errorf("provisioned %q, want %q", got, p.provisioned)
			}
			if w := ask(http.MethodGet, "/readyz", ""); strings.TrimSpace(w.Body.String()) != p.ready {
				t.Errorf("ready: %d %s, want %s", w.Code, w.Body, p.ready)
			}
		})
	}
}

// What a suspended tenant's grants have left to be done is not done: nothing is asked of
// its directory.
func TestProvisioningOfSuspended(t *testing.T) {
	t.Parallel()
	for change, done := range map[string]bool{"": true, "tenant:\n  suspended: true\n": false} {
		w := newTenants(t)
		acme := w.tenant(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret, "acme-token-of-iga") + "policy: {provisioning: on-demand}\n"
		w.file("acme.yaml", acme)
		w.registry.reload(w.logged())
		changed := make(chan struct{})
		w.registry.sleep = func(ctx context.Context, _ time.Duration) error { <-changed; return ctx.Err() }
		d := w.sim.Tenant(graphsim.DefaultTenant)
		sp, err := d.Add("servicePrincipal", graphsim.Values{"displayName": "Wiki", "appId": "c0000000-0000-4000-8000-0000000000bb", "appRoles": []any{}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.AddJob(sp, graphsim.ProvisioningJob{}); err != nil {
			t.Fatal(err)
		}
		status, made := w.ask("acme", http.MethodPost, "/scim/v2/Users",
			`{"userName":"ada@contoso.com","displayName":"Ada","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"applications":[{"value":"c0000000-0000-4000-8000-0000000000bb"}]}}`)
		if status != http.StatusCreated {
			t.Fatal(status, made)
		}
		w.file("acme.yaml", strings.Replace(acme, "tenant:\n", cmp.Or(change, "tenant:\n"), 1))
		w.registry.reload(w.logged())
		close(changed)
		w.registry.crew.Stop(t.Context())
		if got := d.Provisioned(sp); (len(got) == 1) != done {
			t.Errorf("%q: provisioned %v", change, got)
		}
	}
}

// provisioning is a gateway whose app registration has the permissions.
func provisioning(t *testing.T, sim *graphsim.Simulator, policy string, granted []string) (http.Handler, *registry) {
	t.Helper()
	app := login.App{ID: registeredApp, DisplayName: "entrascim", TenantID: graphsim.DefaultTenant, Roles: granted, Secrets: []login.Secret{{Value: registeredSecret}}}
	if err := sim.Register(app); err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewTLSServer(sim)
	t.Cleanup(graph.Close)
	c := demoConfig(DemoOptions{}, graph.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: graph.Certificate().Raw}))
	c.Tenant.ClientID, c.Tenant.ClientSecret, c.Policy.Provisioning = registeredApp, registeredSecret, policy
	handler, r, err := newHandler(zerolog.Nop().WithContext(t.Context()), c, "http://scim.test")
	if err != nil {
		t.Fatal(err)
	}
	r.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return handler, r
}
