package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
)

const entraUser = "urn:ietf:params:scim:schemas:extension:entra:2.0:User"

// licenseOf is the SKU that only this tenant has.
func licenseOf(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name)).String()
}

// Three tenants under load at the same time, of files and of the store, with schemas and
// licenses of their own, while the store and the files change: each gets all of its own, nothing of
// the others, and no request is lost to a change.
func TestTenantsUnderLoad(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", strings.Replace(m.initech(), `"tenant":{`, `"policy":{"unknownAttributes":"refuse"},"tenant":{"offset":"+02:00",`, 1))
	tokens := map[string]string{
		"acme": "acme-token-of-iga", "globex": "globex-token-of-iga",
		"initech": m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)["secret"].(string),
	}
	const users = 25
	for name, directory := range map[string]string{"acme": graphsim.DefaultTenant, "globex": otherTenant, "initech": storedTenant} {
		_, err := m.sim.Tenant(directory).Add("subscribedSku", graphsim.Values{
			"skuId": licenseOf(name), "skuPartNumber": strings.ToUpper(name), "prepaidUnits": map[string]any{"enabled": users},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, token := range tokens {
		for i := range users {
			if status, body := m.scim(token, "POST", "/scim/v2/Users", fmt.Sprintf(`{"userName":"u%d@contoso.com","displayName":"%s %d","title":"T",%q:{"usageLocation":"DE"},"entitlements":[{"value":%q}]}`, i, name, i, entraUser, licenseOf(name))); status != 201 {
				t.Fatal(name, status, body)
			}
		}
	}
	var all sync.WaitGroup
	for name, token := range tokens {
		for range 3 {
			all.Go(func() { m.owns(name, token, users) })
		}
	}
	all.Go(func() {
		for i := range 8 {
			name := fmt.Sprintf("other%d", i)
			m.good(201, "POST", "/tenants", fmt.Sprintf(`{"name":%q,"mode":"multi"}`, name))
			m.good(201, "POST", "/tenants/initech/clients", fmt.Sprintf(`{"name":%q}`, name))
			m.good(204, "DELETE", "/tenants/"+name, "")
			m.registry.reload(m.logged())
		}
	})
	all.Wait()
}

// owns asks for everything that the tenant has, in several ways.
func (m *managed) owns(name, token string, users int) {
	for round := range 3 {
		for query, want := range map[string]int{
			"?count=100": users, "?count=7&startIndex=8": 7, "?filter=" + url.QueryEscape(`userName eq "u3@contoso.com"`): 1,
			"?filter=" + url.QueryEscape(`displayName sw "`+name+`"`): min(users, 100), "?count=10&cursor=": 10,
			"?filter=" + url.QueryEscape(`displayName co "`+name+` 1"`): 11, "?sortBy=userName&count=5": 5,
		} {
			status, list := m.scim(token, "GET", "/scim/v2/Users"+query, "")
			found, _ := list["Resources"].([]any)
			if status != http.StatusOK || len(found) != want {
				m.t.Errorf("%s, round %d, %s: %d, %d of %d, %v", name, round, query, status, len(found), want, list["detail"])
			}
			for _, one := range found {
				user := one.(map[string]any)
				created := fmt.Sprint(user["meta"].(map[string]any)["created"])
				if licenses := fmt.Sprint(user["entitlements"]); strings.Count(licenses, "value:") != 1 || !strings.Contains(licenses, licenseOf(name)) {
					m.t.Errorf("%s is told of the licenses %v", name, licenses)
				}
				if !strings.HasPrefix(user["displayName"].(string), name+" ") || (user["title"] == nil) != (name == "globex") || strings.HasSuffix(created, "+02:00") != (name == "initech") {
					m.t.Errorf("%s is given %v", name, user)
				}
			}
		}
		status, schemas := m.scim(token, "GET", "/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "")
		text, _ := json.Marshal(schemas)
		if status != http.StatusOK || strings.Contains(string(text), `"name":"title"`) != (name != "globex") {
			m.t.Errorf("%s: the schema of users: %d", name, status)
		}
		status, licenses := m.scim(token, "GET", "/scim/v2/Entitlements", "")
		if text := fmt.Sprint(licenses["Resources"]); status != http.StatusOK || licenses["totalResults"] != 1.0 || !strings.Contains(text, strings.ToUpper(name)) {
			m.t.Errorf("%s: its licenses: %d %v", name, status, licenses)
		}
		status, _ = m.scim(token, "POST", "/scim/v2/Users", `{"userName":"x y","nothing":1}`)
		if status != http.StatusBadRequest {
			m.t.Errorf("%s: a bad user: %d", name, status)
		}
	}
}

// What one tenant was given is of no use with the other: ids, versions, cursors, tokens
// and locations.
func TestTenantsTryEachOther(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", m.initech())
	client := m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)
	tokens := map[string]string{"acme": "acme-token-of-iga", "initech": client["secret"].(string)}
	type own struct{ id, version, cursor string }
	has := map[string]own{}
	for name, token := range tokens {
		var o own
		for i := range 3 {
			_, user := m.scim(token, "POST", "/scim/v2/Users", fmt.Sprintf(`{"userName":"u%d@contoso.com","displayName":"U"}`, i))
			o.id, o.version = user["id"].(string), user["meta"].(map[string]any)["version"].(string)
		}
		_, page := m.scim(token, "GET", "/scim/v2/Users?count=2&cursor=", "")
		o.cursor = page["nextCursor"].(string)
		has[name] = o
	}
	for name, other := range map[string]string{"acme": "initech", "initech": "acme"} {
		token, its, own := tokens[name], has[other], has[name]
		for request, want := range map[string]int{
			"GET /scim/v2/Users/" + its.id: 404, "DELETE /scim/v2/Users/" + its.id: 404,
			"GET /scim/v2/Users?count=2&cursor=" + url.QueryEscape(its.cursor): 400,
			"GET /tenants/" + other + "/scim/v2/Users/" + its.id:               404, "DELETE /tenants/" + other + "/scim/v2/Users/" + its.id: 404,
			"GET /tenants/" + other + "/scim/v2/Users": 404, "POST /tenants/" + other + "/scim/v2/Users/.search": 404,
			"GET /scim/v2/Users?filter=" + url.QueryEscape(`id eq "`+its.id+`"`): 200,
		} {
			method, path, _ := strings.Cut(request, " ")
			status, body := m.scim(token, method, path, "")
			if status != want || status == 200 && body["totalResults"] != 0.0 {
				t.Errorf("%s: %s: %d %v, want %d", name, request, status, body, want)
			}
		}
		for method, want := range map[string]int{"GET": 200, "PUT": 412, "DELETE": 412} {
			r := httptest.NewRequest(method, "/scim/v2/Users/"+own.id, strings.NewReader(`{"userName":"u2@contoso.com","displayName":"V"}`))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/scim+json")
			r.Header.Set(map[bool]string{true: "If-None-Match", false: "If-Match"}[method == "GET"], its.version)
			answer := httptest.NewRecorder()
			if m.handler.ServeHTTP(answer, r); answer.Code != want {
				t.Errorf("%s: %s with the version of %s: %d, want %d", name, method, other, answer.Code, want)
			}
		}
		// A reference to the other's user is one to nobody.
		status, body := m.scim(token, "POST", "/scim/v2/Groups", `{"displayName":"G","members":[{"value":"`+its.id+`"}]}`)
		if status != http.StatusBadRequest {
			t.Errorf("%s: a group with the other's user: %d %v", name, status, body)
		}
	}
	// The same of an administrator's paths: a client is its tenant's alone.
	m.good(201, "POST", "/tenants", `{"name":"hooli","mode":"multi"}`)
	m.good(404, "GET", "/tenants/hooli/clients/iga", "")
	m.good(404, "DELETE", "/tenants/hooli/clients/iga", "")
	m.good(404, "POST", "/tenants/hooli/clients/iga/rotate", "{}")
	m.good(404, "DELETE", "/tenants/hooli/clients/"+client["id"].(string), "")
	for name, token := range tokens {
		if status, list := m.get(token, ""); status != 200 || list["totalResults"] != 3.0 {
			t.Errorf("%s has %d %v", name, status, list["totalResults"])
		}
		for other := range tokens {
			if answer, _ := m.manage("GET", "/tenants", "", "Authorization", "Bearer "+tokens[other]); answer.Code != 401 {
				t.Errorf("the token of %s manages: %d", name, answer.Code)
			}
		}
	}
}

// While the directory of one tenant hangs, with more requests than a connection to Graph
// takes at once, the other is answered; and so it is while the first is throttled.
func TestTenantHangs(t *testing.T) {
	t.Parallel()
	const hanging = 300 // Go's HTTP/2 server takes 250 on a connection
	w := newTenants(t, func(c *config.Config) {
		c.Limits.PerTenant, c.Limits.Requests = hanging, hanging+50
		c.Graph.Pacing.Off = true // it would let no so many reach Graph
	})
	w.made("acme", "ada")
	w.made("globex", "grace")
	release, arrived := make(chan struct{}), make(chan struct{}, 2*hanging)
	w.held(func(directory string, _ http.ResponseWriter) bool {
		if directory == graphsim.DefaultTenant {
			arrived <- struct{}{}
			<-release
		}
		return false
	})
	statuses := make(chan int, hanging)
	for i := range hanging {
		go func() {
			status, _ := w.ask("acme", "GET", fmt.Sprintf("/scim/v2/Users?filter=%s", url.QueryEscape(fmt.Sprintf(`userName eq "u%d@contoso.com"`, i))), "")
			statuses <- status
		}()
	}
	for range hanging {
		within(t, arrived)
	}
	for i := range 20 {
		if status, body := w.ask("globex", "GET", "/scim/v2/Users", ""); status != http.StatusOK {
			t.Errorf("globex, while acme hangs: %d %v", status, body)
		}
		w.made("globex", fmt.Sprintf("g%d", i))
	}
	if status, _ := w.ask("acme", "GET", "/scim/v2/Users", ""); status != http.StatusServiceUnavailable {
		t.Errorf("acme beyond its places: %d", status)
	}
	if len(statuses) > 0 {
		t.Errorf("%d requests of acme were answered before their directory did", len(statuses))
	}
	close(release)
	for range hanging {
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("acme, after all: %d", status)
		}
	}
	w.held(func(directory string, answer http.ResponseWriter) bool {
		if directory != graphsim.DefaultTenant {
			return false
		}
		answer.Header().Set("Retry-After", "3600")
		answer.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	for range 30 {
		if status, body := w.ask("acme", "GET", "/scim/v2/Users", ""); status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
			t.Errorf("acme, throttled: %d %v", status, body)
		}
		if status, body := w.ask("globex", "GET", "/scim/v2/Users", ""); status != http.StatusOK {
			t.Errorf("globex, while acme is throttled: %d %v", status, body)
		}
	}
}
