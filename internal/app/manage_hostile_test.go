package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrascim/internal/tenant/store"
)

// adminRoutes are those that change something, and a body that each would take.
func adminRoutes(m *managed) map[string]string {
	return map[string]string{
		"POST /tenants":                              strings.NewReplacer("initech", "hooli", storedTenant, anotherTenant).Replace(m.initech()),
		"PATCH /tenants/initech":                     `{"settings":{"policy":{"maxScan":7}}}`,
		"DELETE /tenants/initech":                    "",
		"POST /tenants/initech/suspend":              "",
		"POST /tenants/initech/resume":               "",
		"POST /tenants/initech/switch":               `{"mode":"multi"}`,
		"POST /tenants/initech/invitations":          `{}`,
		"POST /tenants/initech/clients":              `{"name":"other"}`,
		"DELETE /tenants/initech/clients/iga":        "",
		"POST /tenants/initech/clients/iga/rotate":   `{}`,
		"POST /store/reseal":                         "",
		"PUT /tenants/initech":                       `{}`,
		"POST /tenants/initech/clients/iga":          `{}`,
		"DELETE /tenants":                            "",
		"POST /events":                               `{}`,
		"PATCH /tenants/initech/clients/iga":         `{}`,
		"GET /tenants/initech/suspend":               "",
		"TRACE /tenants/initech":                     "",
		"DELETE /events":                             "",
		"POST /tenants/initech/clients/iga/rotate/x": `{}`,
	}
}

func hostileBodies() []string {
	return []string{
		"{", "}", "[]", "null", "true", `"name"`, "1e999", "\x00", "\xff\xfe{\x00}\x00", "\ufeff{}", "{}{}", `{"name":"x"}garbage`, `{"name":"\xff"}`,
		`{"name":"\u0000"}`, `{"name":"\ud800"}`, `{"name":{}}`, `{"name":["initech"]}`, `{"name":null,"name":"x"}`, `{"mode":7}`, `{"mode":"MULTI "}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"settings":`, 20_000), `{"name":"` + strings.Repeat("x", 100_000) + `"}`,
		`{"settings":[]}`, `{"settings":{"tenant":[]}}`, `{"settings":{"tenant":{"offset":"+99:00"}}}`, `{"settings":{"policy":{"maxScan":-1}}}`,
		`{"settings":{"policy":{"maxScan":99999999999999999999}}}`, `{"settings":{"mapping":{"overlays":["/etc/passwd"]}}}`,
		`{"settings":{"tenant":{"certificateFile":"/etc/shadow"}}}`, `{"settings":{"\n":{"x: y":1}}}`, `{"settings":{"policy":{"maxScan":"1 #"}},"x":1}`,
		`{"overlays":{}}`, `{"overlays":[{}]}`, `{"overlays":[{"name":"../../x","text":"resource: User\nendpoint: /x\n"}]}`,
		`{"overlays":[{"name":"x","text":"` + strings.Repeat("a: &a [*a]\\n", 50) + `"}]}`, `{"overlays":[7]}`,
		`{"credential":[]}`, `{"credential":{"clientSecret":7}}`, `{"credential":{"certificatePkcs12":"%%%"}}`, `{"credential":{"federatedTokenFile":"/etc/passwd"}}`,
		`{"credential":{"clientId":"` + storedApp + `","certificate":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}}`,
		`{"life":"-1h","overlap":"-1h"}`, `{"life":"1000000h","overlap":"1000000h"}`, `{"life":7,"overlap":7}`, `{"life":"x","overlap":"x"}`,
		`{"expires":"yesterday"}`, `{"expires":"2001-01-01T00:00:00Z","name":"late"}`, `{"kind":"none","name":"other"}`, `{"kind":"jwt","name":"other","issuer":"file:///etc/passwd","audience":"x"}`,
		`{"name":"other","networks":["10.0.0.0/99"]}`, `{"name":"other","role":"admin"}`, `{"name":"other","resourceTypes":["Everything"]}`, `{"name":"other","me":"../x"}`,
		`{"name":"other","dialect":"klingon"}`, `{"name":"an other"}`, `{"name":"other","claims":{"a":1}}`, `{"name":"other","__proto__":{}}`,
	}
}

func hostileNames() []string {
	return []string{
		"..", "%2e%2e", "%2e%2e%2f%2e%2e", "a%2Fb", "%00", "%ff", "%0d%0aX-Header:%20x", "initech%20", "initech%00", "*", "%7Btenant%7D", "-", ".",
		"'%3B%20DROP%20TABLE%20tenants%3B--", "%25", "%F0%9F%92%A5", strings.Repeat("a", 5000), "initech%09", "1%27%20OR%20%271%27=%271", "null",
	}
}

// Whatever is sent to the admin API, it answers with a refusal that is none of its own
// failures, and changes nothing.
func TestManagedHostile(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", m.initech())
	m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)
	revision, events := m.state()
	sent := 0
	refused := func(method, path, body string, header ...string) {
		t.Helper()
		sent++
		if strings.ContainsAny(path, " \r\n") {
			t.Fatalf("%q is no path", path)
		}
		r := httptest.NewRequest(method, "/admin/v1"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+adminToken)
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer := httptest.NewRecorder()
		m.api.ServeHTTP(answer, r)
		if code := answer.Code; code < 400 || code >= 500 && code != http.StatusNotImplemented || !strings.Contains(answer.Body.String(), `"status":"`) {
			t.Errorf("%s %.100s %.100s %q: %d %.300s", method, path, body, header, code, answer.Body)
		}
		if strings.Contains(answer.Body.String(), "/etc/passwd") && strings.Contains(answer.Body.String(), "root:") {
			t.Errorf("a file is shown: %s", answer.Body)
		}
	}
	for route, good := range adminRoutes(m) {
		method, path, _ := strings.Cut(route, " ")
		for _, body := range hostileBodies() {
			refused(method, path, body)
		}
		for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer x", "Basic YWRtaW46YWRtaW4=", "bearer " + adminToken + "x", "Bearer " + adminToken + ", Bearer x"} {
			fresh := newAdminFace(m.logged(), m.registry.config, m.registry) // whoever guesses is soon refused unheard
			r := httptest.NewRequest(method, "/admin/v1"+path, strings.NewReader(good))
			r.Header.Set("Authorization", authorization)
			r.Header.Set("Content-Type", "application/json")
			answer := httptest.NewRecorder()
			fresh.ServeHTTP(answer, r)
			if sent++; answer.Code != 401 && answer.Code != 404 && answer.Code != 405 && answer.Code != 501 {
				t.Errorf("%s with %q: %d", route, authorization, answer.Code)
			}
		}
		for _, match := range []string{`"x"`, `""`, `"99999999999999999999"`, `W/"1"`, `"1","2"`, `"0"`, "1"} {
			if strings.Contains(route, "/tenants/initech") && !strings.HasSuffix(path, "/clients") && !strings.HasSuffix(path, "/invitations") {
				refused(method, path, good, "If-Match", match)
			}
		}
		for _, media := range []string{"text/plain", "application/xml", "application/json-patch+json", ";", "multipart/form-data; boundary=x", "application/scim+json"} {
			if good != "" {
				refused(method, path, good, "Content-Type", media)
			}
		}
	}
	for _, name := range hostileNames() {
		for route, good := range adminRoutes(m) {
			if method, path, _ := strings.Cut(route, " "); strings.Contains(path, "/initech") {
				refused(method, strings.Replace(path, "initech", name, 1), good)
			}
		}
		refused("DELETE", "/tenants/initech/clients/"+name, "")
		refused("GET", "/tenants/"+name+"/x", "")
		refused("POST", "/tenants/initech/clients/"+name+"/rotate", "{}")
	}
	for _, query := range []string{
		"after=-1", "after=x", "after=99999999999999999999", "limit=-1", "limit=1001", "limit=1e3", "newest=perhaps", "before=-7", "colour=red", "after=1&after=x", "%00=1", "limit=%00",
	} {
		refused("GET", "/events?"+query, "")
	}
	refused("POST", "/tenants", `{"name":"`+strings.Repeat("x", 9<<20)+`"}`)
	if r, e := m.state(); r != revision || e != events {
		t.Errorf("revision %d after %d, %d events after %d", r, revision, e, events)
	}
	if sent < 500 {
		t.Errorf("only %d requests", sent)
	}
	if strings.Contains(m.log.String(), adminToken) || strings.Contains(m.log.String(), storedSecret) || strings.Contains(m.log.String(), `"level":"error"`) {
		t.Error("the log has a secret, or a failure of the gateway's own")
	}
	t.Logf("%d requests", sent)
}

// state is how much was changed in the store.
func (m *managed) state() (revision int64, events int) {
	m.t.Helper()
	revision, err := m.registry.store.Revision(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	all, err := m.registry.store.Events(m.t.Context(), store.EventQuery{Limit: 1000})
	if err != nil {
		m.t.Fatal(err)
	}
	return revision, len(all)
}
