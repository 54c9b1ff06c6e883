package app

import (
	"fmt"
	"strings"
	"testing"

	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// A tenant that became invalid is not served, and keeps nobody else from it.
func TestManagedBroken(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", m.initech())
	token := m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)["secret"].(string)
	bad := tenant.Record{
		Name: "hooli", State: tenant.Active, Mode: tenant.Single, DirectoryID: anotherTenant, Settings: []byte("policy: {maxScan: many}"),
		Credential: tenant.Credential{ClientID: storedApp, Secret: "s"},
	}
	kept, err := m.registry.store.PutTenant(t.Context(), store.Change{Actor: "test", Action: "tenant.add"}, bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.registry.refresh(m.logged()); err != nil {
		t.Fatal(err)
	}
	broken := m.good(201, "POST", "/tenants/hooli/clients", `{"name":"iga"}`)["secret"].(string)
	if status, body := m.get(broken, ""); status != 503 || !strings.Contains(fmt.Sprint(body), "cannot serve this tenant") {
		t.Errorf("the broken one: %d %v", status, body)
	}
	if status, body := m.get(token, ""); status != 200 {
		t.Errorf("another: %d %v", status, body)
	}
	if shown := m.good(200, "GET", "/tenants/hooli", ""); !strings.Contains(fmt.Sprint(shown["problem"]), "settings:1: policy.maxScan: must be a whole number") {
		t.Errorf("shown %v", shown)
	}
	if n := strings.Count(m.log.String(), `"tenant":"hooli","error":"settings:1: policy.maxScan: must be a whole number","message":"the tenant is not served"`); n != 1 {
		t.Errorf("the log tells it %d times", n)
	}
	m.good(200, "PATCH", "/tenants/hooli", fmt.Sprintf(`{"settings":{"policy":{"maxScan":50},"tenant":{"graphURL":"%[1]s/v1.0","authority":"%[1]s"}}}`, m.graph.URL))
	if s := m.registry.current().seats[kept.ID]; s.broken != nil || s.tenant.Policy.MaxScan != 50 {
		t.Errorf("mended: %v", s.broken)
	}
}

// A change of one tenant leaves the others all that they remember.
func TestManagedSeats(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	id := m.good(201, "POST", "/tenants", m.initech())["id"].(string)
	before := m.registry.current().seats
	m.good(201, "POST", "/tenants", strings.NewReplacer("initech", "hooli", storedTenant, anotherTenant).Replace(m.initech()))
	m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)
	m.registry.reload(m.logged())
	after := m.registry.current().seats
	if len(before) != 3 || len(after) != 4 {
		t.Fatalf("%d and %d seats", len(before), len(after))
	}
	for key, s := range before {
		if after[key] != s {
			t.Errorf("%s has another seat", s.tenant.Name)
		}
	}
	m.good(200, "PATCH", "/tenants/initech", `{"settings":{"policy":{"maxScan":50}}}`)
	if s := m.registry.current().seats[id]; s == before[id] || s.tenant.Policy.MaxScan != 50 {
		t.Error("the change is not in force")
	}
}

// A tenant's policy takes the settings of deleted users and on-premises groups, and the log
// says which of them has no effect.
func TestManagedPolicyWithoutEffect(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", m.initech())
	const said = `"tenant":"initech","message":"policy.includeOnPremisesMembers has no effect`
	for i, c := range []struct {
		policy string
		warned int
	}{
		{`{"skipOnPremisesGroups":true,"includeOnPremisesMembers":true,"deletedUser":"restore"}`, 0}, {`{"skipOnPremisesGroups":null}`, 1},
	} {
		m.good(200, "PATCH", "/tenants/initech", `{"settings":{"policy":`+c.policy+`}}`)
		if n := strings.Count(m.log.String(), said); n != c.warned {
			t.Errorf("change %d: the log says it %d times, want %d", i, n, c.warned)
		}
	}
}

// Two who change a tenant at once learn of each other by its ETag.
func TestManagedVersions(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", m.initech())
	answer, _ := m.manage("GET", "/tenants/initech", "")
	etag := answer.Header().Get("ETag")
	changed, _ := m.manage("PATCH", "/tenants/initech", `{"settings":{"policy":{"weakPasswords":true}}}`, "If-Match", etag)
	if changed.Code != 200 || changed.Header().Get("ETag") == etag || etag == "" {
		t.Fatalf("%d, ETag %s after %s", changed.Code, changed.Header().Get("ETag"), etag)
	}
	for _, request := range [][3]string{
		{"PATCH", "/tenants/initech", `{"name":"x"}`},
		{"DELETE", "/tenants/initech", ""},
		{"POST", "/tenants/initech/suspend", ""},
		{"POST", "/tenants/initech/switch", `{"mode":"multi"}`},
	} {
		for _, match := range []string{etag, `"x"`, "W/" + etag, "7", `"-1"`} {
			if answer, _ := m.manage(request[0], request[1], request[2], "If-Match", match); answer.Code != 412 {
				t.Errorf("%s %s with If-Match %s: %d", request[0], request[1], match, answer.Code)
			}
		}
	}
	shown := m.good(200, "GET", "/tenants/initech", "")
	settings := shown["settings"].(map[string]any)
	if shown["state"] != "active" || settings["policy"].(map[string]any)["weakPasswords"] != true || settings["tenant"].(map[string]any)["authority"] != m.graph.URL {
		t.Errorf("shown %v", shown)
	}
	m.good(200, "PATCH", "/tenants/initech", `{"settings":{"policy":null}}`)
	if settings := m.good(200, "GET", "/tenants/initech", "")["settings"].(map[string]any); settings["policy"] != nil || settings["tenant"] == nil {
		t.Errorf("settings %v", settings)
	}
}
