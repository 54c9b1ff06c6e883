package app

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"entrascim/internal/entra/permission"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/tenant"
)

const (
	registeredApp    = "5f0c8a1e-9b7d-4c36-8e21-7d4b6a90c3f5"
	registeredSecret = "secret-of-the-registered-app"
)

// permissions are the names under a heading of deploy/entra/permissions.md.
func permissions(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/entra/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## "+heading+"\n")
	part, _, _ := strings.Cut(rest, "\n## ")
	var names []string
	for _, m := range regexp.MustCompile("(?m)^- `(.*)`$").FindAllStringSubmatch(part, -1) {
		names = append(names, m[1])
	}
	if len(names) == 0 {
		t.Fatalf("no permissions under %q", heading)
	}
	return names
}

// gatewayOf is a gateway before the directory, whose app registration has the permissions
// and directory roles, and nothing else.
func gatewayOf(t *testing.T, sim *graphsim.Simulator, granted []string, roles ...string) http.Handler {
	t.Helper()
	app := login.App{
		ID: registeredApp, DisplayName: "entrascim", TenantID: graphsim.DefaultTenant, Roles: granted,
		Secrets: []login.Secret{{Value: registeredSecret}},
	}
	if err := sim.Register(app, roles...); err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewTLSServer(sim)
	t.Cleanup(graph.Close)
	c := demoConfig(DemoOptions{}, graph.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: graph.Certificate().Raw}))
	c.Tenant.ClientID, c.Tenant.ClientSecret = registeredApp, registeredSecret
	handler, _, err := newHandler(zerolog.Nop().WithContext(t.Context()), c, "http://scim.test")
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// registered is a client of a gateway whose app registration has the permissions
// and directory roles, and nothing else.
func registered(t *testing.T, granted []string, roles ...string) func(method, path, body string) (int, map[string]any) {
	t.Helper()
	sim := graphsim.New(graphsim.Options{})
	seed(t, sim.Tenant(graphsim.DefaultTenant))
	handler := gatewayOf(t, sim, granted, roles...)
	return func(method, path, body string) (int, map[string]any) {
		if !strings.HasPrefix(path, "/readyz") {
			path = "/scim/v2" + path
		}
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+demoToken)
		if body != "" {
			r.Header.Set("Content-Type", "application/scim+json")
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		var answer map[string]any
		if w.Body.Len() > 0 {
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Errorf("%s %s: %v", method, path, err)
			}
		}
		return w.Code, answer
	}
}

const (
	seededUser  = "/Users/a0000000-0000-4000-8000-000000000001"
	seededGroup = "/Groups/b0000000-0000-4000-8000-000000000001"
)

func patch(operations string) string {
	return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [` + operations + `]}`
}

func reads() []string {
	return []string{
		"/readyz", "/Users", seededUser, "/Users?attributes=userName", "/Groups", seededGroup, "/Applications", "/ServicePrincipals", "/ManagedIdentities",
		"/Roles", "/Roles/62e90394-69f5-4237-9190-012177145e10", "/Entitlements", "/?count=5",
		"/Users?filter=meta.deleted%20eq%20true", "/Groups?filter=meta.deleted%20eq%20true",
		"/Users?filter=groups.value%20eq%20%22b0000000-0000-4000-8000-000000000001%22",
	}
}

// The sets that deploy/entra/register-app.sh grants are enough for what they are
// for, and the read-only set is read-only.
func TestReadOnlyPermissions(t *testing.T) {
	t.Parallel()
	scim := registered(t, permissions(t, "Read-only set"))
	for _, path := range reads() {
		if status, answer := scim(http.MethodGet, path, ""); status != http.StatusOK {
			t.Errorf("GET %s: %d %v", path, status, answer)
		}
	}
	if status, answer := scim(http.MethodPost, "/Users/.actions/check_upn", `{"proposed_upn": "grace@contoso.com"}`); status != http.StatusOK || answer["available"] != true {
		t.Errorf("check_upn: %d %v", status, answer)
	}
	for _, write := range [][3]string{
		{http.MethodPatch, seededUser, patch(`{"op": "replace", "path": "title", "value": "Countess"}`)},
		{http.MethodDelete, seededUser, ""},
		{http.MethodPost, "/Groups", `{"displayName": "New"}`},
		{http.MethodPost, seededUser + "/.actions/disable_user", ""},
		{http.MethodPost, seededUser + "/.actions/revoke_sessions", ""},
	} {
		if status, answer := scim(write[0], write[1], write[2]); status != http.StatusForbidden {
			t.Errorf("%s %s: %d %v", write[0], write[1], status, answer)
		}
	}
}

func TestReadWritePermissions(t *testing.T) {
	t.Parallel()
	scim := registered(t, append(permissions(t, "Read-only set"), permissions(t, "Read-write set")...), "User Administrator")
	for _, path := range reads() {
		if status, answer := scim(http.MethodGet, path, ""); status != http.StatusOK {
			t.Errorf("GET %s: %d %v", path, status, answer)
		}
	}
	for _, write := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, "/Users", `{"userName": "grace@contoso.com", "displayName": "Grace Hopper",
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "a0000000-0000-4000-8000-000000000001"}}}`, http.StatusCreated},
		{http.MethodPost, "/Users", `{"userType": "Guest", "emails": [{"value": "guest@example.org"}], "redirectUrl": "https://example.org"}`, http.StatusCreated},
		{http.MethodPatch, seededUser, patch(`{"op": "replace", "path": "active", "value": false}`), http.StatusNoContent},
		{http.MethodPost, seededUser + "/.actions/disable_user", `{"revoke_sessions": true}`, http.StatusNoContent},
		{http.MethodPost, "/Groups/.actions/create_group", `{"displayName": "Mill builders", "group_type": "security"}`, http.StatusCreated},
		{http.MethodPatch, seededUser, patch(`{"op": "replace", "path": "password", "value": "Analytical-1843"}`), http.StatusNoContent},
		{http.MethodPatch, seededUser, patch(`{"op": "add", "path": "phoneNumbers", "value": [{"type": "mobile", "value": "+44 1"}]}`), http.StatusNoContent},
		{http.MethodPatch, seededUser, patch(`{"op": "add", "path": "emails", "value": [{"type": "other", "value": "ada@example.org"}]}`), http.StatusNoContent},
		{http.MethodPatch, seededUser, patch(`{"op": "replace", "path": "userName", "value": "ada.king@contoso.com"}`), http.StatusNoContent},
		{http.MethodPost, "/Groups", `{"displayName": "New", "members": [{"value": "a0000000-0000-4000-8000-000000000001"}]}`, http.StatusCreated},
		{http.MethodPatch, seededGroup, patch(`{"op": "replace", "path": "displayName", "value": "Engine builders"}`), http.StatusNoContent},
		{http.MethodPatch, seededGroup, patch(`{"op": "remove", "path": "members[value eq \"a0000000-0000-4000-8000-000000000001\"]"}`), http.StatusNoContent},
		{http.MethodPatch, seededGroup, patch(`{"op": "add", "path": "members", "value": [{"value": "a0000000-0000-4000-8000-000000000001"}]}`), http.StatusNoContent},
		{http.MethodDelete, seededGroup, "", http.StatusNoContent},
		{http.MethodDelete, seededUser, "", http.StatusNoContent},
		{http.MethodPost, seededUser + "/.actions/restore", "", http.StatusOK},
		{http.MethodDelete, seededUser, "", http.StatusNoContent},
		{http.MethodPost, seededUser + "/.actions/delete_permanently", "", http.StatusNoContent},
	} {
		if status, answer := scim(write.method, write.path, write.body); status != write.status {
			t.Errorf("%s %s %s: %d %v", write.method, write.path, write.body, status, answer)
		}
	}
	// The least permission ends sessions.
	least := registered(t, []string{"User.RevokeSessions.All"})
	if status, answer := least(http.MethodPost, seededUser+"/.actions/revoke_sessions", ""); status != http.StatusNoContent {
		t.Errorf("revoke_sessions: %d %v", status, answer)
	}
	status, answer := scim(http.MethodPost, "/Users", `{"userName": "grace@elsewhere.example", "displayName": "Grace Hopper"}`)
	if detail, _ := answer["detail"].(string); status != http.StatusBadRequest || !strings.Contains(detail, "fabrikam.com") {
		t.Errorf("an unverified domain: %d %v", status, answer)
	}
}

// No set has a permission by which the gateway could make itself, or anybody, more than
// they are: each is an optional feature's, and what takes it is refused without.
func TestNoSetRaisesItself(t *testing.T) {
	t.Parallel()
	sets := append(permissions(t, "Read-only set"), permissions(t, "Read-write set")...)
	_, optional := permission.Optional(tenant.Policy{})
	for _, name := range []string{
		"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "RoleEligibilitySchedule.ReadWrite.Directory",
		"RoleAssignmentSchedule.ReadWrite.Directory", "Application.ReadWrite.OwnedBy", "Synchronization.ReadWrite.All",
	} {
		if slices.Contains(sets, name) || !slices.ContainsFunc(optional, func(f permission.Feature) bool { return slices.Contains(f.Needs, name) }) {
			t.Errorf("%s is in a set, or of no optional feature", name)
		}
	}
	const give = `{"op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:applications", "value": [{"value": "` + registeredApp + `"}]}`
	for _, write := range []struct{ path, body, names string }{
		{seededUser, patch(give), "applications: the gateway lacks the directory permission"},
		{seededUser, patch(`{"op": "add", "path": "roles", "value": [{"value": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"}]}`), "roles: the gateway lacks the directory permission"},
	} {
		status, answer := registered(t, sets, "User Administrator")(http.MethodPatch, write.path, write.body)
		if detail, _ := answer["detail"].(string); status != http.StatusForbidden || !strings.Contains(detail, write.names) {
			t.Errorf("%s: %d %v", write.body, status, answer)
		}
	}
	scim := registered(t, append(sets, "AppRoleAssignment.ReadWrite.All"))
	if status, answer := scim(http.MethodPatch, seededUser, patch(give)); status != http.StatusNoContent {
		t.Errorf("with the permission: %d %v", status, answer)
	}
}
