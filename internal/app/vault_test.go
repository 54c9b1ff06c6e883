package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/graphsim"
)

// A mailbox is the webhook of one tenant.
type mailbox struct {
	server *httptest.Server

	mu     sync.Mutex
	status int // answered; 0: 204
	users  []string
	got    []string // passwords
	uri    string   // where they came to
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{}
	m.server = httptest.NewTLSServer(m)
	t.Cleanup(m.server.Close)
	return m
}

func (m *mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	var body struct {
		Type string `json:"type"`
		Data struct {
			Tenant, ID, Password string
		} `json:"data"`
	}
	_ = json.Unmarshal(text, &body, json.MatchCaseInsensitiveNames(true))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status != 0 {
		w.WriteHeader(m.status)
		_, _ = w.Write(text)
		return
	}
	if body.Type != "ping" {
		m.users = append(m.users, body.Data.Tenant+" "+body.Data.ID)
		m.got, m.uri = append(m.got, body.Data.Password), r.RequestURI
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m *mailbox) set(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = status
}

const mailKey = "a-key-of-the-mailbox-of-"

// Each tenant's passwords go to its own sink, at the same time and whether a file or the
// store describes it; none goes into an answer or the log.
func TestPasswordsGoToTheirTenant(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	boxes := map[string]*mailbox{"acme": newMailbox(t), "globex": newMailbox(t), "initech": newMailbox(t)}
	for name, tenant := range map[string]string{
		"acme":   m.tenant(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret, "acme-token-of-iga"),
		"globex": m.tenant(otherTenant, otherApp, "s", "globex-token-of-iga"),
	} {
		m.file(name+".yaml", tenant+fmt.Sprintf("passwords: {sink: webhook, url: %q, secret: %s}\n", boxes[name].server.URL, mailKey+name))
	}
	if m.registry.reload(m.logged()); strings.Contains(m.log.String(), "not read again") {
		t.Fatal(m.log.String())
	}
	stored := strings.Replace(m.initech(), `"tenant":{`, fmt.Sprintf(`"passwords":{"sink":"webhook","url":%q},"tenant":{`, boxes["initech"].server.URL), 1)
	shown := m.good(201, "POST", "/tenants", strings.Replace(stored, `{"name"`, fmt.Sprintf(`{"passwordsSecret":%q,"name"`, mailKey+"initech"), 1))
	if text := fmt.Sprint(shown); strings.Contains(text, mailKey) {
		t.Errorf("shown: %s", text)
	}
	tokens := map[string]string{
		"acme": "acme-token-of-iga", "globex": "globex-token-of-iga",
		"initech": m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)["secret"].(string),
	}
	var mu sync.Mutex
	want, answers := map[string][]string{}, ""
	var all sync.WaitGroup
	for name, token := range tokens {
		for i := range 5 {
			all.Go(func() {
				status, made := m.scim(token, "POST", "/scim/v2/Users", fmt.Sprintf(`{"userName":"u%d@contoso.com","displayName":"U"}`, i))
				if status != http.StatusCreated {
					t.Errorf("%s: %d %v", name, status, made)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				want[name] = append(want[name], name+" "+made["id"].(string))
				answers += fmt.Sprint(made)
			})
		}
	}
	all.Wait()
	for name, box := range boxes {
		slices.Sort(box.users)
		slices.Sort(want[name])
		if !slices.Equal(box.users, want[name]) || len(box.users) != 5 {
			t.Errorf("%s got those of %v, want %v", name, box.users, want[name])
		}
		for _, password := range append(box.got, mailKey) {
			if strings.Contains(m.log.String(), password) || strings.Contains(answers, password) {
				t.Errorf("a secret of %s is in the log or an answer", name)
			}
		}
	}
}

// One tenant's sink that is down is nobody else's concern, and the log of a delivery that
// failed has no password, though the webhook repeats it.
func TestSinkOfOneIsDown(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	box := newMailbox(t)
	w.file("acme.yaml", w.tenant(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret, "acme-token-of-iga")+
		fmt.Sprintf("passwords: {sink: webhook, url: %q, secret: %s}\n", box.server.URL, mailKey+"acme"))
	if w.registry.reload(w.logged()); strings.Contains(w.log.String(), "not read again") {
		t.Fatal(w.log.String())
	}
	box.set(http.StatusForbidden)
	status, body := w.ask("acme", "POST", "/scim/v2/Users", `{"userName":"ada@contoso.com","displayName":"A"}`)
	if status != http.StatusServiceUnavailable || !strings.Contains(fmt.Sprint(body), "The webhook at 127.0.0.1") {
		t.Errorf("%d %v", status, body)
	}
	w.made("globex", "grace")
	if _, list := w.ask("acme", "GET", "/scim/v2/Users", ""); list["totalResults"] != 0.0 {
		t.Errorf("made: %v", list)
	}
	if text := w.log.String(); strings.Contains(text, mailKey) {
		t.Error(text)
	}
}

// The query of a webhook's URL is sent, and nowhere else: not in the views of the admin
// API, its errors, the audit log, the log or the doctor's report. In the store it is sealed,
// and not among the settings.
func TestWebhookQueryIsASecret(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	const query = "?code=s3cr3t-of-the-query"
	acme, initech := newMailbox(t), newMailbox(t)
	m.file("acme.yaml", m.tenant(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret, "acme-token-of-iga")+
		fmt.Sprintf("passwords: {sink: webhook, url: %q, secret: %s}\n", acme.server.URL+"/in"+query, mailKey+"acme"))
	if m.registry.reload(m.logged()); strings.Contains(m.log.String(), "not read again") {
		t.Fatal(m.log.String())
	}
	var told strings.Builder
	with := func(settings, beside string) string {
		return strings.Replace(strings.Replace(m.initech(), `"tenant":{`, `"passwords":`+settings+`,"tenant":{`, 1), `{"name"`, `{`+beside+`"name"`, 1)
	}
	key, at := fmt.Sprintf(`"passwordsSecret":%q,`, mailKey+"initech"), fmt.Sprintf(`"passwordsUrl":%q,`, initech.server.URL+"/in"+query)
	for name, c := range map[string]struct{ body, want string }{
		"among the settings": {with(fmt.Sprintf(`{"sink":"webhook","url":%q}`, initech.server.URL+query), key), "passwords.url: has a query, which is a secret: leave it out here, and give the whole URL as passwordsUrl"},
		"both":               {with(fmt.Sprintf(`{"sink":"webhook","url":%q}`, initech.server.URL), key+at), "passwordsUrl: is given beside passwords.url"},
		"another sink":       {with(`{"sink":"vault"}`, key+at), "passwordsUrl: must have no query"},
		"no URL":             {with(`{"sink":"webhook"}`, key+`"passwordsUrl":"s3cr3t-of-the-query",`), "passwordsUrl: must be an https URL"},
	} {
		answer, _ := m.manage("POST", "/tenants", c.body)
		told.WriteString(answer.Body.String())
		if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %s", name, answer.Code, answer.Body, c.want)
		}
	}
	fmt.Fprint(&told, m.good(201, "POST", "/tenants", with(`{"sink":"webhook"}`, key+at)))
	token := m.good(201, "POST", "/tenants/initech/clients", `{"name":"iga"}`)["secret"].(string)
	for token, box := range map[string]*mailbox{"acme-token-of-iga": acme, token: initech} {
		status, made := m.scim(token, "POST", "/scim/v2/Users", `{"userName":"ada@contoso.com","displayName":"A"}`)
		if fmt.Fprint(&told, made); status != http.StatusCreated || len(box.users) != 1 || box.uri != "/in"+query {
			t.Errorf("%d %v: told at %q of %v", status, made, box.uri, box.users)
		}
		box.set(http.StatusForbidden)
		_, refused := m.scim(token, "POST", "/scim/v2/Users", `{"userName":"bob@contoso.com","displayName":"B"}`)
		fmt.Fprint(&told, refused)
	}
	for _, path := range []string{"/tenants", "/tenants/initech", "/events"} {
		answer, _ := m.manage("GET", path, "")
		told.WriteString(answer.Body.String())
	}
	c := m.registry.config
	c.Tenants = filepath.Dir(m.path("acme.yaml"))
	report, _, err := Doctor(m.logged(), c, "acme", m.sim.Now)
	if err != nil || !strings.Contains(report, "The webhook at 127.0.0.1") {
		t.Errorf("%v\n%s", err, report)
	}
	for what, text := range map[string]string{"an answer": told.String(), "the log": m.log.String(), "the report": report} {
		if strings.Contains(text, "s3cr3t") {
			t.Errorf("the query is in %s: %s", what, text)
		}
	}
}

// Settings that no sink could be made of are refused when they are given.
func TestPasswordSettingsAreChecked(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	for settings, want := range map[string]string{
		`{"sink":"postcard"}`: "passwords.sink: must be none, keyvault, vault, jwe or webhook", `{"length":5}`: "passwords.length: must be 8 to 256",
		`{"sink":"webhook","url":"https://a.example"}`: "passwordsSecret: ", `{"sink":"vault","url":"http://a.example","path":"x"}`: "passwords.url: must be an https URL",
		`{"secret":"x"}`: "no such setting", `{"caFile":"/etc/passwd"}`: "no such setting", `{"classes":["lower"]}`: "passwords.classes: must be three or four",
	} {
		answer, _ := m.manage("POST", "/tenants", strings.Replace(m.initech(), `"tenant":{`, `"passwords":`+settings+`,"tenant":{`, 1))
		if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", settings, answer.Code, answer.Body, want)
		}
	}
}

// The doctor says whether the sink takes passwords.
func TestDoctorOfTheSink(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	box := newMailbox(t)
	for status, want := range map[int]string{
		0: `(?m)^passwords +generated ones are taken: The webhook at 127\.0\.0\.1:\d+$`, 503: `(?m)^passwords +NOT WELL: generated ones are not taken: The webhook at \S+ answered 503 `,
	} {
		box.set(status)
		w.file("acme.yaml", w.tenant(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret, "acme-token-of-iga")+
			fmt.Sprintf("passwords: {sink: webhook, url: %q, secretFile: %s}\n", box.server.URL, w.path("key")))
		w.file("key", mailKey+"acme\n")
		c := w.registry.config
		c.Tenants = filepath.Dir(w.path("acme.yaml"))
		report, sound, err := Doctor(w.logged(), c, "acme", w.sim.Now)
		if err != nil || sound != (status == 0) || !regexp.MustCompile(want).MatchString(report) {
			t.Errorf("%d: sound %t, %v\n%s", status, sound, err, report)
		}
	}
}

// A dry run neither asks the sink nor tells it anything, and shows no password.
func TestDryRunHasNoPassword(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	box := newMailbox(t)
	box.set(http.StatusTeapot) // which would fail a check
	w.file("acme.yaml", w.tenant(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret, "acme-token-of-iga")+
		fmt.Sprintf("passwords: {sink: webhook, url: %q, secret: %s, length: 77}\n", box.server.URL, mailKey+"acme"))
	id := w.made("acme", "ada")
	if w.registry.reload(w.logged()); strings.Contains(w.log.String(), "not read again") {
		t.Fatal(w.log.String())
	}
	for path, body := range map[string]string{
		"/scim/v2/Users": `{"userName":"bob@contoso.com","displayName":"B"}`, "/scim/v2/Users/" + id + "/.actions/reset_password": `{}`,
	} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer acme-token-of-iga")
		r.Header.Set("Content-Type", "application/scim+json")
		r.Header.Set("X-Dry-Run", "true")
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		text := answer.Body.String()
		if answer.Code != http.StatusOK || !strings.Contains(text, "passwordProfile") || regexp.MustCompile(`[^\s"]{77}`).MatchString(text) {
			t.Errorf("%s: %d %s", path, answer.Code, text)
		}
	}
	if strings.Contains(w.log.String(), "delivered") || len(box.users) != 0 {
		t.Errorf("told: %v, %s", box.users, w.log.String())
	}
}
