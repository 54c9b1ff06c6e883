package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

const (
	adminToken    = "token-of-the-administrator"
	storeSecret   = "secret-that-seals-the-store"
	storedTenant  = "88888888-aaaa-4bbb-8ccc-000000000001"
	storedApp     = "88888888-aaaa-4bbb-8ccc-000000000002"
	storedSecret  = "secret-of-the-stored-tenant"
	anotherTenant = "88888888-aaaa-4bbb-8ccc-000000000003"
)

// A managed world has a store and the admin API beside the tenants of files.
type managed struct {
	*tenants

	api http.Handler
}

func newManaged(t *testing.T) *managed {
	t.Helper()
	file := filepath.Join(t.TempDir(), "store.db")
	m := &managed{}
	m.tenants = newTenants(t, func(c *config.Config) {
		c.Store = config.Store{DSN: config.Secret(file), Key: storeSecret}
		c.Admin = config.Admin{Token: adminToken}
		c.PublicURL = "https://scim.example"
	})
	roles, _ := m.sim.Login().Granted(graphsim.DefaultTenant, graphsim.DefaultClient)
	if err := m.sim.Register(login.App{ID: storedApp, TenantID: storedTenant, Roles: roles, Secrets: []login.Secret{{Value: storedSecret}}}); err != nil {
		t.Fatal(err)
	}
	// The certificate authority of the simulator is the process' to trust.
	m.registry.config.Operator = config.Operator{
		Name: "Contoso Identity", ClientID: operatorApp, ClientSecret: operatorSecret, Cloud: "global",
		GraphURL: m.graph.URL + "/v1.0", Authority: m.graph.URL, CA: config.File{Path: "ca.pem", Content: m.authority},
	}
	m.api = newAdminFace(m.logged(), m.registry.config, m.registry)
	return m
}

// manage sends a request of the administrator.
func (m *managed) manage(method, path, body string, header ...string) (*httptest.ResponseRecorder, map[string]any) {
	m.t.Helper()
	r := httptest.NewRequest(method, "/admin/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	m.api.ServeHTTP(answer, r)
	var out map[string]any
	if answer.Body.Len() > 0 {
		if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil {
			m.t.Fatalf("%s %s: %v: %s", method, path, err, answer.Body)
		}
	}
	return answer, out
}

// good is manage for what must be answered with the status.
func (m *managed) good(status int, method, path, body string) map[string]any {
	m.t.Helper()
	answer, out := m.manage(method, path, body)
	if answer.Code != status {
		m.t.Fatalf("%s %s: %d %s, want %d", method, path, answer.Code, answer.Body, status)
	}
	return out
}

// settings are those of a tenant of mode single.
func (m *managed) settings() string {
	return fmt.Sprintf(`{"tenant":{"graphURL":"%[1]s/v1.0","authority":"%[1]s"}}`, m.graph.URL)
}

// initech is a tenant of the store, as it is added.
func (m *managed) initech() string {
	return fmt.Sprintf(`{"name":"initech","directoryId":%q,"settings":%s,"credential":{"clientId":%q,"clientSecret":%q}}`, storedTenant, m.settings(), storedApp, storedSecret)
}

// get asks for users with a bearer token.
func (m *managed) get(token, query string) (int, map[string]any) {
	m.t.Helper()
	return m.scim(token, "GET", "/scim/v2/Users"+query, "")
}

func (m *managed) scim(token, method, path, body string) (int, map[string]any) {
	m.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	answer := httptest.NewRecorder()
	m.handler.ServeHTTP(answer, r)
	var out map[string]any
	if answer.Body.Len() > 0 {
		if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil {
			m.t.Fatalf("%s %s: %v: %s", method, path, err, answer.Body)
		}
	}
	return answer.Code, out
}

// The life of a tenant of the store and of its client: each change is in force when it
// is answered.
func TestManagedTenant(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	made := m.good(201, "POST", "/tenants", m.initech())
	if made["state"] != "active" || made["mode"] != "single" || made["credential"].(map[string]any)["kind"] != "clientSecret" {
		t.Errorf("made %v", made)
	}
	client := m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)
	token := client["secret"].(string)
	served := func(token string, want int) {
		t.Helper()
		if status, body := m.get(token, ""); status != want {
			t.Errorf("a request: %d %v, want %d", status, body, want)
		}
	}
	served(token, 200)
	if shown := fmt.Sprint(m.good(200, "GET", "/tenants/initech/clients/iga", ""), m.good(200, "GET", "/tenants/initech/clients", ""), m.good(200, "GET", "/tenants/initech", "")); strings.Contains(shown, token) || strings.Contains(shown, storedSecret) {
		t.Errorf("a secret is shown again: %s", shown)
	}

	m.good(200, "POST", "/tenants/initech/suspend", "")
	served(token, 403)
	m.good(200, "POST", "/tenants/initech/resume", "")
	served(token, 200)

	second := m.good(200, "POST", "/tenants/initech/clients/iga/rotate", `{"overlap":"1h"}`)["secret"].(string)
	served(token, 200)
	served(second, 200)
	third := m.good(200, "POST", "/tenants/initech/clients/iga/rotate", `{}`)["secret"].(string)
	served(token, 401)
	served(second, 401)
	served(third, 200)
	m.good(204, "DELETE", "/tenants/initech/clients/iga", "")
	served(third, 401)

	again := m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)["secret"].(string)
	served(again, 200)
	m.good(204, "DELETE", "/tenants/initech", "")
	served(again, 401)
	m.good(404, "GET", "/tenants/initech", "")
	m.good(201, "POST", "/tenants", m.initech()) // its name and directory are free
	served(again, 401)

	var actions []string
	for _, e := range m.good(200, "GET", "/events", "")["items"].([]any) {
		event := e.(map[string]any)
		actions = append(actions, fmt.Sprint(event["action"]))
		if event["actor"] != "admin:192.0.2.1" || event["tenant"] != "initech" || event["time"] == nil || event["sequence"] == nil {
			t.Errorf("event %v", event)
		}
	}
	want := "tenant.add client.add tenant.suspend tenant.resume client.rotate client.rotate client.revoke client.add tenant.remove tenant.add"
	if got := strings.Join(actions, " "); got != want {
		t.Errorf("the audit log has %s, want %s", got, want)
	}
	for _, secret := range []string{token, second, third, again, storedSecret, adminToken} {
		if strings.Contains(m.log.String(), secret) || strings.Contains(fmt.Sprint(m.good(200, "GET", "/events", "")), secret) {
			t.Error("a secret is in the log")
		}
	}
}

// Tenants of the store and of files have different names, and directories unless both
// say that they share one.
func TestManagedBesideFiles(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	like := strings.NewReplacer("initech", "ACME").Replace(m.initech())
	if answer, out := m.manage("POST", "/tenants", like); answer.Code != 409 || out["scimType"] != "uniqueness" {
		t.Errorf("the name of a file's tenant: %d %v", answer.Code, out)
	}
	same := strings.NewReplacer(storedTenant, otherTenant).Replace(m.initech())
	if answer, out := m.manage("POST", "/tenants", same); answer.Code != 409 || !strings.Contains(fmt.Sprint(out["detail"]), "globex") {
		t.Errorf("the directory of a file's tenant: %d %v", answer.Code, out)
	}
	m.good(201, "POST", "/tenants", m.initech())
	twice := strings.NewReplacer("initech", "initech2").Replace(m.initech())
	m.good(409, "POST", "/tenants", twice)
	m.good(409, "POST", "/tenants", strings.Replace(twice, `"tenant":{`, `"tenant":{"sharesDirectory":true,`, 1))
	m.good(200, "PATCH", "/tenants/initech", `{"settings":{"tenant":{"sharesDirectory":true}}}`)
	m.good(201, "POST", "/tenants", strings.Replace(twice, `"tenant":{`, `"tenant":{"sharesDirectory":true,`, 1))
	if status, body := m.ask("acme", "GET", "/scim/v2/Users", ""); status != 200 {
		t.Errorf("a tenant of a file: %d %v", status, body)
	}
	// A file that takes the name of a tenant of the store is served instead of it.
	m.file("initech.yaml", m.tenant(anotherTenant, storedApp, "s", "initech-token-of-iga"))
	m.registry.reload(m.logged())
	if status, _ := m.ask("initech", "GET", "/scim/v2/Users", ""); status == 401 {
		t.Error("the file's tenant is not known")
	}
	if log := m.log.String(); !strings.Contains(log, `"tenant":"initech","error":"There is a tenant of this name already.","message":"the tenant is not served"`) {
		t.Errorf("the log does not tell: %s", log)
	}
}

// What is wrong with a tenant is said when it is added, and nothing is kept.
func TestManagedMistakes(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	in := func(from, to string) string { return strings.Replace(m.initech(), from, to, 1) }
	for name, test := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"no name":                {in(`"initech"`, `""`), 400, "name: must be letters"},
		"a bad name":             {in(`"initech"`, `"in/tech"`), 400, "name: must be letters"},
		"no directory":           {in(storedTenant, ""), 400, "directoryId: must be the directory's GUID"},
		"a bad directory":        {in(storedTenant, "contoso"), 400, "directoryId: must be the directory's GUID"},
		"no credential":          {in(storedSecret, ""), 400, "credential.clientSecret: is missing"},
		"two credentials":        {in(`"clientSecret"`, `"managedIdentity":true,"clientSecret"`), 400, "give one credential"},
		"a bad client id":        {in(storedApp, "app"), 400, "credential.clientId: must be the application's GUID"},
		"a bad certificate":      {in(`"clientSecret":"`+storedSecret+`"`, `"certificate":"x"`), 400, "certificate: must be PEM"},
		"a file of the machine":  {in(`"clientSecret":"`+storedSecret+`"`, `"federatedTokenFile":"/etc/passwd"`), 400, "credential.federatedTokenFile: must be the one of the process"},
		"a lent identity":        {in(`"clientSecret":"`+storedSecret+`"`, `"managedIdentity":true`), 400, "tenant.graphURL: cannot be given beside"},
		"a mode that is none":    {in(`"name"`, `"mode":"some","name"`), 400, "mode: must be single or multi"},
		"a setting that is none": {in(`"tenant":{`, `"tenant":{"colour":"red",`), 400, "tenant.colour: no such setting"},
		"a secret in settings":   {in(`"tenant":{`, `"tenant":{"clientSecret":"x",`), 400, "tenant.clientSecret: no such setting"},
		"a file in settings":     {in(`"tenant":{`, `"tenant":{"caFile":"/etc/passwd",`), 400, "tenant.caFile: no such setting"},
		"clients in settings":    {in(`{"tenant":`, `{"clients":[{"name":"x"}],"tenant":`), 400, "clients[0]: no such setting"},
		"settings of the process": {
			in(`{"tenant":`, `{"listen":":1","limits":{"body":5000},"tenant":`), 400,
			"listen: no such setting; settings:1: limits.body: no such setting",
		},
		"a bad value":            {in(`"tenant":{`, `"policy":{"maxScan":0},"tenant":{`), 400, "policy.maxScan: must be more than 0"},
		"settings that are text": {in(`"settings":{`, `"settings":"x","overlays":[],"x":{`), 400, "not known here: /x"},
		"a bad overlay":          {in(`"settings"`, `"overlays":[{"name":"o.yaml","text":"resource: User\nattributes: [{scim: nothing, remove: true}]"}],"settings"`), 400, "o.yaml:"},
		"another member":         {in(`"name"`, `"nam":"x","name"`), 400, "not known here: /nam"},
		"one member twice":       {in(`"name"`, `"name":"x","name"`), 400, "The body is not JSON"},
		"a value of a kind":      {in(`"initech"`, `7`), 400, "not possible there: /name"},
		"no JSON":                {m.initech() + "}", 400, "The body is not JSON"},
		"multi with a secret":    {in(`"name"`, `"mode":"multi","name"`), 400, "cannot be given to a tenant of mode multi"},
		"multi elsewhere":        {`{"name":"initech","mode":"multi","settings":{"tenant":{"graphURL":"https://evil.example/v1.0","authority":"https://evil.example"}}}`, 400, "tenant.authority: cannot be given to a tenant of mode multi"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, out := m.manage("POST", "/tenants", test.body)
			if answer.Code != test.status || !strings.Contains(fmt.Sprint(out["detail"]), test.want) || strings.Contains(answer.Body.String(), storedSecret) {
				t.Errorf("%d %s, want %d %s", answer.Code, answer.Body, test.status, test.want)
			}
		})
	}
	if kept := m.good(200, "GET", "/tenants", "")["items"].([]any); len(kept) != 0 {
		t.Errorf("kept %v", kept)
	}
}
