package app

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

// A tenant goes from its own app registration to the operator's and back: its id, its
// clients and their cursors stay, and each credential is the one in force.
func TestManagedSwitch(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	roles, _ := m.sim.Login().Granted(graphsim.DefaultTenant, graphsim.DefaultClient)
	operator := login.App{ID: operatorApp, TenantID: operatorTenant, MultiTenant: true, Roles: roles, Secrets: []login.Secret{{Value: operatorSecret}}}
	if err := m.sim.Register(operator); err != nil {
		t.Fatal(err)
	}
	before := m.good(201, "POST", "/tenants", m.initech())
	token := m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)["secret"].(string)
	for i := range 7 {
		if status, body := m.scim(token, "POST", "/scim/v2/Users", fmt.Sprintf(`{"userName":"u%d@contoso.com","displayName":"U"}`, i)); status != 201 {
			t.Fatal(status, body)
		}
	}
	cursor := ""
	next := func() {
		t.Helper()
		status, page := m.get(token, "?count=2&cursor="+url.QueryEscape(cursor))
		if status != 200 || len(page["Resources"].([]any)) != 2 {
			t.Fatalf("a page: %d %v", status, page)
		}
		cursor, _ = page["nextCursor"].(string)
	}
	next()
	multi := m.good(200, "POST", "/tenants/initech/switch", `{"mode":"multi"}`)
	if multi["id"] != before["id"] || multi["mode"] != "multi" || multi["state"] != "active" || multi["credential"] != nil {
		t.Errorf("switched: %v", multi)
	}
	if status, body := m.get(token, ""); status != 503 {
		t.Errorf("with the operator's application, which nobody consented to: %d %v", status, body)
	}
	m.sim.Login().Grant(storedTenant, operatorApp, roles)
	next()
	single := m.good(200, "POST", "/tenants/initech/switch", fmt.Sprintf(`{"mode":"single","credential":{"clientId":%q,"clientSecret":%q}}`, storedApp, storedSecret))
	if single["id"] != before["id"] || single["state"] != "active" {
		t.Errorf("switched back: %v", single)
	}
	m.sim.Login().Revoke(storedTenant, operatorApp)
	next()
	if answer, _ := m.manage("POST", "/tenants/initech/switch", `{"mode":"single"}`); answer.Code != 400 {
		t.Errorf("switched to no credential: %d", answer.Code)
	}
	next2, page := m.get(token, "?count=2&cursor="+url.QueryEscape(cursor))
	if next2 != 200 || len(page["Resources"].([]any)) != 1 || page["nextCursor"] != nil {
		t.Errorf("the last page: %d %v", next2, page)
	}
}

// A tenant that is not active is not served, and says why.
func TestManagedNotActive(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	made := m.good(201, "POST", "/tenants", `{"name":"initech","mode":"multi"}`)
	if made["state"] != "invited" || made["directoryId"] != nil {
		t.Errorf("made %v", made)
	}
	token := m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)["secret"].(string)
	if status, body := m.get(token, ""); status != 403 || !strings.Contains(fmt.Sprint(body), "not active yet") {
		t.Errorf("%d %v", status, body)
	}
	m.good(409, "POST", "/tenants/initech/suspend", "")
	m.good(409, "POST", "/tenants/initech/resume", "")
	invited := m.good(201, "POST", "/tenants/initech/invitations", `{"life":"1h"}`)
	link := fmt.Sprint(invited["url"])
	if !strings.HasPrefix(link, "https://scim.example/consent/") || invited["expires"] == nil {
		t.Errorf("invited: %v", invited)
	}
	if events := fmt.Sprint(m.good(200, "GET", "/events?newest=true&limit=1", "")); !strings.Contains(events, "tenant.invite") || strings.Contains(events, strings.TrimPrefix(link, "https://scim.example/consent/")) {
		t.Errorf("the audit log: %s", events)
	}
	if n := m.good(200, "POST", "/store/reseal", "")["resealed"]; n != 0.0 {
		t.Errorf("resealed %v of what the one key sealed", n)
	}
	// A tenant that waits for consent may be given a credential of its own instead.
	m.good(200, "PATCH", "/tenants/initech", fmt.Sprintf(`{"directoryId":%q}`, storedTenant))
	m.good(400, "PATCH", "/tenants/initech", fmt.Sprintf(`{"directoryId":%q}`, anotherTenant))
	single := m.good(200, "POST", "/tenants/initech/switch", fmt.Sprintf(`{"mode":"single","credential":{"clientId":%q,"clientSecret":%q}}`, storedApp, storedSecret))
	if single["state"] != "active" {
		t.Errorf("switched: %v", single)
	}
}

// A client of each kind is added with what it needs, and refused with what makes no
// sense; of two clients whose tokens could be the same the second is refused.
func TestManagedClients(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", m.initech())
	m.good(201, "POST", "/tenants", `{"name":"hooli","mode":"multi"}`)
	external := `{"name":%q,"kind":"jwt","issuer":"https://issuer.example","audience":"scim","claims":{"azp":%q}}`
	first := m.good(201, "POST", "/tenants/initech/clients", fmt.Sprintf(external, "first", "a"))
	if first["secret"] != nil || first["secrets"] != nil {
		t.Errorf("a client of kind jwt has a secret: %v", first)
	}
	m.good(201, "POST", "/tenants/hooli/clients", fmt.Sprintf(external, "second", "b"))
	m.good(409, "POST", "/tenants/hooli/clients", fmt.Sprintf(external, "third", "a"))
	m.good(409, "POST", "/tenants/hooli/clients", `{"name":"third","kind":"jwt","issuer":"https://issuer.example","audience":"scim"}`)
	m.good(409, "POST", "/tenants/initech/clients/first/rotate", `{}`)
	m.good(409, "POST", "/tenants/initech/clients", fmt.Sprintf(external, "FIRST", "c"))
	for body, want := range map[string]string{
		`{"name":"x","kind":"jwt"}`:                      "issuer: must be the https URL of the issuer; audience: is missing",
		`{"name":"x","issuer":"https://issuer.example"}`: "are for the kind jwt only",
		`{"name":"x","kind":"jwt","issuer":"https://i.example","audience":"a","claims":{"b":"c"},"expires":"2999-01-01T00:00:00Z"}`: "no secret that could expire",
		`{"name":"x","expires":"2001-01-01T00:00:00Z"}`: "expires: must be in the future",
		`{"name":"x","networks":["here"]}`:              "networks: must be",
	} {
		if answer, out := m.manage("POST", "/tenants/initech/clients", body); answer.Code != 400 || !strings.Contains(fmt.Sprint(out["detail"]), want) {
			t.Errorf("%s: %d %v", body, answer.Code, out)
		}
	}
	limited := m.good(201, "POST", "/tenants/initech/clients", `{"name":"limited","role":"read-only","resourceTypes":["Group"],"networks":["192.0.2.1","10.1.2.3/8"],"expires":"2999-01-01T00:00:00Z"}`)
	if fmt.Sprint(limited["networks"]) != "[192.0.2.1/32 10.0.0.0/8]" {
		t.Errorf("networks %v", limited["networks"])
	}
	token := limited["secret"].(string)
	for request, want := range map[string]int{"GET /scim/v2/Groups": 200, "GET /scim/v2/Users": 403, "POST /scim/v2/Groups": 403} {
		method, path, _ := strings.Cut(request, " ")
		if status, body := m.scim(token, method, path, `{"displayName":"G"}`); status != want {
			t.Errorf("%s: %d %v", request, status, body)
		}
	}
}
