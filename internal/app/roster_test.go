package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

const (
	otherTenant = "77777777-aaaa-4bbb-8ccc-dddddddddddd"
	otherApp    = "cccccccc-0000-4000-8000-000000000001"
)

// A world of tenants is a gateway that reads them from a folder, before one simulator.
type tenants struct {
	t      *testing.T
	sim    *graphsim.Simulator
	graph  *httptest.Server
	folder string
	log    journal
	hold   func(tenant string, w http.ResponseWriter) bool // takes a request to Graph for the directory; nil: none

	handler  http.Handler
	registry *registry

	authority []byte // PEM, of the simulator's certificate
	mu        sync.Mutex
	tokens    []string // paths of the token endpoint that were asked
}

// A journal is a log that is written and read at the same time.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// newTenants has the tenants acme and globex, with the clients acme-token-of-iga and
// globex-token-of-iga.
func newTenants(t *testing.T, change ...func(*config.Config)) *tenants {
	t.Helper()
	w := &tenants{t: t, sim: graphsim.New(graphsim.Options{}), folder: t.TempDir()}
	roles, _ := w.sim.Login().Granted(graphsim.DefaultTenant, graphsim.DefaultClient)
	if err := w.sim.Register(login.App{ID: otherApp, TenantID: otherTenant, Roles: roles, Secrets: []login.Secret{{Value: "s"}}}); err != nil {
		t.Fatal(err)
	}
	w.graph = httptest.NewUnstartedServer(http.HandlerFunc(w.simulator))
	w.graph.EnableHTTP2 = true // as Graph has it: tenants share connections
	w.graph.StartTLS()
	t.Cleanup(w.graph.Close)
	w.authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.graph.Certificate().Raw})
	w.file("ca.pem", string(w.authority))
	w.file("acme.yaml", w.tenant(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret, "acme-token-of-iga"))
	w.file("globex.yaml", w.tenant(otherTenant, otherApp, "s", "globex-token-of-iga")+"mapping: {overlays: ["+w.path("title.overlay")+"]}\n")
	w.file("title.overlay", "resource: User\nattributes:\n  - { scim: title, remove: true }\n")
	c := config.Default()
	c.Tenants, c.PublicURL = w.folder, "https://scim.example"
	for _, f := range change {
		f(&c)
	}
	var err error
	if w.handler, w.registry, err = newHandler(w.logged(), c, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.registry.close)
	return w
}

// simulator answers as Graph and the login service.
func (w *tenants) simulator(answer http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		w.mu.Lock()
		w.tokens = append(w.tokens, r.URL.Path)
		w.mu.Unlock()
	}
	if hold := w.holding(); hold != nil && hold(directoryOf(r), answer) {
		return
	}
	w.sim.ServeHTTP(answer, r)
}

// holding is what takes requests from the simulator.
func (w *tenants) holding() func(string, http.ResponseWriter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hold
}

// held has requests to Graph taken from the simulator.
func (w *tenants) held(by func(directory string, answer http.ResponseWriter) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = by
}

// directoryOf is the directory that a request's access token is for; "" without one.
func directoryOf(r *http.Request) string {
	parts := strings.Split(r.Header.Get("Authorization"), ".")
	if len(parts) != 3 {
		return ""
	}
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		TID string `json:"tid"`
	}
	_ = json.Unmarshal(text, &claims)
	return claims.TID
}

// logged is a context whose log the tests read.
func (w *tenants) logged() context.Context {
	return zerolog.New(&w.log).WithContext(w.t.Context())
}

func (w *tenants) path(name string) string { return filepath.Join(w.folder, name) }

func (w *tenants) file(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tenants) tenant(id, app, secret, token string) string {
	return fmt.Sprintf(`token: %s
tenant:
  id: %s
  clientID: %s
  clientSecret: %s
  graphURL: %s/v1.0
  authority: %[5]s
  caFile: %[6]s
`, token, id, app, secret, w.graph.URL, w.path("ca.pem"))
}

// ask sends a request of a tenant's client.
func (w *tenants) ask(client, method, path, body string) (int, map[string]any) {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+client+"-token-of-iga")
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	var out map[string]any
	if answer.Body.Len() > 0 {
		if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil {
			w.t.Fatalf("%s %s: %v: %s", method, path, err, answer.Body)
		}
	}
	return answer.Code, out
}

func (w *tenants) made(client, name string) string {
	w.t.Helper()
	status, user := w.ask(client, "POST", "/scim/v2/Users", fmt.Sprintf(`{"userName":"%s@contoso.com","displayName":%q,"title":"T"}`, name, name))
	if status != http.StatusCreated {
		w.t.Fatalf("POST: %d %v", status, user)
	}
	return user["id"].(string)
}

// The client decides which tenant is meant; below the path of another, or of none,
// there is nothing, and the same nothing.
func TestTenantPaths(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	w.made("acme", "ada")
	for path, want := range map[string]int{
		"/scim/v2/Users": 200, "/tenants/acme/scim/v2/Users": 200, "/tenants/acme/scim/v2": 200,
		"/tenants/globex/scim/v2/Users": 404, "/tenants/nobody/scim/v2/Users": 404, "/tenants/ACME/scim/v2/Users": 404,
		"/tenants/acme/scim/v2/Nothing": 404, "/tenants/acme": 404,
	} {
		status, body := w.ask("acme", "GET", path, "")
		if status != want {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	_, other := w.ask("acme", "GET", "/tenants/globex/scim/v2/Users", "")
	_, none := w.ask("acme", "GET", "/tenants/nobody/scim/v2/Users", "")
	if fmt.Sprint(other) != fmt.Sprint(none) {
		t.Errorf("another tenant: %v, none: %v", other, none)
	}
	if status, _ := w.ask("nobody", "GET", "/tenants/acme/scim/v2/Users", ""); status != http.StatusUnauthorized {
		t.Errorf("an unknown client: %d", status)
	}
	_, list := w.ask("acme", "GET", "/tenants/acme/scim/v2/Users", "")
	location := list["Resources"].([]any)[0].(map[string]any)["meta"].(map[string]any)["location"].(string)
	if !strings.HasPrefix(location, "https://scim.example/tenants/acme/scim/v2/Users/") {
		t.Errorf("location %s", location)
	}
}

// Two tenants under load at the same time: ids, cursors, versions, schemas and log
// lines of one are nothing to the other.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	var both sync.WaitGroup
	ids := map[string][]string{}
	var mu sync.Mutex
	for _, client := range []string{"acme", "globex"} {
		for i := range 12 {
			both.Go(func() {
				id := w.made(client, fmt.Sprintf("user%d", i))
				mu.Lock()
				defer mu.Unlock()
				ids[client] = append(ids[client], id)
			})
		}
	}
	both.Wait()
	for client, other := range map[string]string{"acme": "globex", "globex": "acme"} {
		_, first := w.ask(client, "GET", "/scim/v2/Users?count=5&cursor=", "")
		cursor, _ := first["nextCursor"].(string)
		if first["totalResults"] != 12.0 || cursor == "" {
			t.Fatalf("%s: %v", client, first)
		}
		status, refused := w.ask(other, "GET", "/scim/v2/Users?count=5&cursor="+url.QueryEscape(cursor), "")
		if status != http.StatusBadRequest || refused["scimType"] != "invalidCursor" {
			t.Errorf("the cursor of %s at %s: %d %v", client, other, status, refused)
		}
		for _, id := range ids[client] {
			if status, _ := w.ask(other, "GET", "/scim/v2/Users/"+id, ""); status != http.StatusNotFound {
				t.Errorf("the user of %s at %s: %d", client, other, status)
			}
			if status, _ := w.ask(other, "DELETE", "/scim/v2/Users/"+id, ""); status != http.StatusNotFound {
				t.Errorf("the user of %s deleted at %s: %d", client, other, status)
			}
		}
	}
	_, acme := w.ask("acme", "GET", "/scim/v2/Users/"+ids["acme"][0], "")
	_, globex := w.ask("globex", "GET", "/scim/v2/Users/"+ids["globex"][0], "")
	if acme["title"] != "T" || globex["title"] != nil {
		t.Errorf("titles %v and %v: globex maps none", acme["title"], globex["title"])
	}
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, `"tenant":"acme"`) && strings.Contains(line, "globex") {
			t.Errorf("a log line of two tenants: %s", line)
		}
	}
}

// Reading the tenants again puts a new one into force, takes one away and leaves one
// that did not change with all that it remembers; a mistake changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	id := w.made("acme", "ada")
	before := w.registry.current()
	w.file("globex.yaml", "tenant: {id: nothing}\n")
	w.registry.reload(w.logged())
	if w.registry.current() != before || !strings.Contains(w.log.String(), "globex.yaml:1: tenant.id: must be the directory's GUID") {
		t.Fatalf("a mistake: %s", w.log.String())
	}
	if status, _ := w.ask("globex", "GET", "/scim/v2/Users", ""); status != http.StatusOK {
		t.Errorf("globex after a mistake: %d", status)
	}
	text := w.tenant(otherTenant, otherApp, "s", "initech-token-of-iga")
	w.file("initech.yaml", text)
	if err := os.Remove(w.path("globex.yaml")); err != nil {
		t.Fatal(err)
	}
	w.registry.reload(w.logged())
	for client, want := range map[string]int{"acme": 200, "globex": 401, "initech": 200} {
		if status, body := w.ask(client, "GET", "/scim/v2/Users", ""); status != want {
			t.Errorf("%s: %d %v", client, status, body)
		}
	}
	kept := 0
	for _, s := range w.registry.current().seats {
		if before.seats[s.tenant.ID] == s {
			kept++
		}
	}
	if status, _ := w.ask("acme", "GET", "/scim/v2/Users/"+id, ""); status != http.StatusOK || kept != 1 {
		t.Errorf("acme: %d, kept %d", status, kept)
	}
	w.file("initech.yaml", strings.Replace(text, "tenant:\n", "tenant:\n  suspended: true\n", 1))
	w.registry.reload(w.logged())
	calls := len(w.sim.Calls())
	if status, body := w.ask("initech", "GET", "/scim/v2/Users", ""); status != http.StatusForbidden || len(w.sim.Calls()) != calls {
		t.Errorf("suspended: %d %v", status, body)
	}
	if strings.Contains(w.log.String(), "-token-of-") {
		t.Error("a token is in the log")
	}
}

// A tenant that fills its places leaves the others theirs.
func TestTenantPlaces(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	for _, s := range w.registry.current().seats {
		if s.tenant.Name == "acme" {
			for range cap(s.places) {
				s.places <- struct{}{}
			}
		}
	}
	if status, _ := w.ask("acme", "GET", "/scim/v2/Users", ""); status != http.StatusServiceUnavailable {
		t.Errorf("acme: %d", status)
	}
	if status, _ := w.ask("globex", "GET", "/scim/v2/Users", ""); status != http.StatusOK {
		t.Errorf("globex: %d", status)
	}
}

// BenchmarkTenants is the start with so many tenants.
func BenchmarkTenants(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			folder := b.TempDir()
			for i := range n {
				text := fmt.Sprintf("token: token-of-the-tenant-%d\ntenant: {id: 00000000-0000-4000-8000-%012d, clientID: %s, clientSecret: s}\n", i, i, otherApp)
				if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("t%d.yaml", i)), []byte(text), 0o600); err != nil {
					b.Fatal(err)
				}
			}
			c := config.Default()
			c.Tenants = folder
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := newHandler(zerolog.Nop().WithContext(b.Context()), c, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Tenants that lay the same on the tables share them, and tables that nobody has any
// more are forgotten.
func TestTablesAreShared(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	for i := range 20 {
		w.file(fmt.Sprintf("t%d.yaml", i), w.tenant(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), otherApp, "s", fmt.Sprint("token-of-the-tenant-", i)))
	}
	for i := range 3 {
		w.file("title.overlay", fmt.Sprintf("resource: User\nattributes:\n  - { scim: title, description: v%d }\n", i))
		w.registry.reload(w.logged())
		if n := len(w.registry.current().seats); n != 22 || len(w.registry.tables.kept) != 2 {
			t.Fatalf("%d tenants have %d tables: %s", n, len(w.registry.tables.kept), w.log.String())
		}
	}
}
