package entra_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/scim"
	"entrascim/internal/vault"
)

// A drawer is a sink in memory.
type drawer struct {
	g *gateway

	mu     sync.Mutex
	down   error // of checks
	jammed error // of deliveries
	checks int
	asked  func() // nil: nothing more is done when the sink is asked
	kept   []vault.Password
}

func (*drawer) Name() string { return "The drawer" }

func (d *drawer) Check(context.Context, vault.Password) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.checks++; d.g.sim.Stats().Writes > 0 {
		d.g.t.Error("something was written before the sink was asked")
	}
	if d.asked != nil {
		d.asked()
	}
	return d.down
}

func (d *drawer) Deliver(_ context.Context, p vault.Password) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.jammed == nil {
		d.kept = append(d.kept, p)
	}
	return "", d.jammed
}

func (d *drawer) set(down, jammed error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down, d.jammed = down, jammed
}

func (d *drawer) all() []vault.Password {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.kept)
}

// withDrawer is a gateway whose tenant has a drawer. The clock of the vault stands: it
// waits for a moment only as long as the test does not let it go on.
func withDrawer(t *testing.T, later chan struct{}) (*gateway, *drawer, *vault.Vault) {
	t.Helper()
	d := &drawer{}
	nap := func(ctx context.Context, gap time.Duration) error {
		if gap < 5*time.Second {
			return ctx.Err()
		}
		select {
		case <-later:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	out := vault.NewOutbox()
	v := vault.New(vault.Options{Sink: d, Tenant: "acme", Outbox: out, Now: func() time.Time { return time.Unix(0, 0) }, Sleep: nap})
	d.g = start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Vault = v })
	d.g.heard.record = true
	t.Cleanup(func() { out.Close(t.Context()) })
	return d.g, d, v
}

// passwords are those that Graph was sent since the last time.
func (g *gateway) passwords() []string {
	g.heard.mu.Lock()
	defer g.heard.mu.Unlock()
	var all []string
	for _, m := range regexp.MustCompile(`"password":"([^"]*)"`).FindAllStringSubmatch(strings.Join(g.heard.sent, "\n"), -1) {
		all = append(all, m[1])
	}
	g.heard.sent = nil
	return all
}

// post sends a request with a header and gives the whole answer.
func (g *gateway) post(path string, body any, header ...string) (*http.Response, string) {
	g.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodPost, g.url+path, strings.NewReader(string(text)))
	r.RequestURI = ""
	r.Header.Set("Content-Type", "application/scim+json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return response, string(answer)
}

// The password of a user whose client sends none goes to the sink, which was asked
// first, and nowhere else; that of a client does not.
func TestGeneratedPassword(t *testing.T) {
	t.Parallel()
	g, d, _ := withDrawer(t, nil)
	response, answer := g.post("/Users", newUser("ada@contoso.com"))
	g.wantAsked("created", 1, 1)
	sent, kept := g.passwords(), d.all()
	if response.StatusCode != http.StatusCreated || len(sent) != 1 || len(kept) != 1 || d.checks != 1 {
		t.Fatalf("%d, sent %d, kept %d, checked %d", response.StatusCode, len(sent), len(kept), d.checks)
	}
	p := kept[0]
	if string(p.Text) != sent[0] || p.UserName != "ada@contoso.com" || p.Tenant != "acme" || p.Reset || !strings.HasSuffix(response.Header.Get("Location"), p.UserID) {
		t.Errorf("kept %+v at %s", p, response.Header.Get("Location"))
	}
	if strings.Contains(answer, sent[0]) || strings.Contains(strings.ToLower(answer), "password\"") {
		t.Error("the answer has the password")
	}
	user := newUser("bob@contoso.com")
	user["password"] = "Correct-Horse-9"
	g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	if len(d.all()) != 1 || d.checks != 1 {
		t.Error("a password of the client went to the sink")
	}
}

// Without a sink a user is made with a password that nobody knows, as ever.
func TestGeneratedPasswordOfNobody(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.heard.record = true
	g.do(http.MethodPost, "/Users", newUser("ada@contoso.com"), http.StatusCreated)
	if sent := g.passwords(); len(sent) != 1 || len(sent[0]) != vault.DefaultLength {
		t.Errorf("%d passwords", len(sent))
	}
	if _, answer := g.post("/Users", newUser("bob@contoso.com"), vault.RecipientHeader, "{}"); !strings.Contains(answer, `"400"`) {
		t.Errorf("a key that nothing is encrypted to: %s", answer)
	}
}

// When the sink is down nothing is made, and Graph is asked for nothing.
func TestSinkIsDown(t *testing.T) {
	t.Parallel()
	g, d, _ := withDrawer(t, nil)
	d.set(errors.New("is down"), nil)
	response, answer := g.post("/Users", newUser("ada@contoso.com"))
	g.wantAsked("sink down", 0, 0)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" || !strings.Contains(answer, "Nothing was done") || !strings.Contains(answer, "The drawer is down") {
		t.Errorf("%d %v %s", response.StatusCode, response.Header, answer)
	}
	bulk := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []object{
		{"method": "POST", "path": "/Users", "bulkId": "1", "data": newUser("ada@contoso.com")},
	}}
	if got := g.do(http.MethodPost, "/Bulk", bulk, http.StatusOK); at(got, "Operations", "0", "status") != "503" {
		t.Errorf("in a bulk request: %v", got)
	}
	g.wantAsked("sink down, in bulk", 0, 0)
}

// A delivery that fails after the creation: the rest is done all the same, the answer
// says what is and what is not, and the password is delivered when the sink is back.
func TestSinkFailsAfterCreation(t *testing.T) {
	t.Parallel()
	later := make(chan struct{})
	g, d, v := withDrawer(t, later)
	boss := g.add("user", graphsim.Values{"displayName": "Boss", "userPrincipalName": "boss@contoso.com", "mailNickname": "boss"})
	d.set(nil, errors.New("is jammed"))
	user := newUser("ada@contoso.com")
	user[enterprise] = object{"manager": object{"value": boss}}
	response, answer := g.post("/Users", user)
	sent := g.passwords()
	id := g.found("/Users", `userName eq "ada@contoso.com"`)[0]
	if response.StatusCode != http.StatusBadGateway || !strings.Contains(answer, "The user was created with id "+id) || !strings.Contains(answer, "goes on trying") || strings.Contains(answer, sent[0]) {
		t.Errorf("%d %s", response.StatusCode, answer)
	}
	if got := g.get("/Users/" + id); at(got, enterprise, "manager", "value") != boss {
		t.Errorf("the manager was not set: %v", got)
	}
	if v.Waiting() != 1 {
		t.Fatalf("%d wait", v.Waiting())
	}
	d.set(nil, nil)
	later <- struct{}{}
	for !v.Idle() {
		time.Sleep(time.Millisecond)
	}
	if kept := d.all(); len(kept) != 1 || string(kept[0].Text) != sent[0] || kept[0].UserID != id {
		t.Errorf("kept %+v", kept)
	}
}

// What waits is not delivered when the client has set another password meanwhile.
func TestClientSetsAnother(t *testing.T) {
	t.Parallel()
	g, d, v := withDrawer(t, nil)
	d.set(nil, errors.New("is jammed"))
	g.post("/Users", newUser("ada@contoso.com"))
	id := g.found("/Users", `userName eq "ada@contoso.com"`)[0]
	g.patched("/Users/"+id, object{"op": "replace", "path": "title", "value": "x"})
	if v.Waiting() != 1 {
		t.Errorf("%d wait after another attribute was changed", v.Waiting())
	}
	g.patched("/Users/"+id, object{"op": "replace", "path": "password", "value": "Correct-Horse-9"})
	if !v.Idle() {
		t.Error("a password waits that is not the user's any more")
	}
}

// When nobody knows whether the user was made the error says what is lost with that, and
// when that is found out the password is delivered all the same.
func TestCreationInDoubt(t *testing.T) {
	t.Parallel()
	g, d, _ := withDrawer(t, nil)
	fail := func(f trouble.Fault) {
		t.Helper()
		if err := g.sim.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	fail(trouble.Fault{Method: http.MethodPost, Path: "/$batch", Drop: true, AfterWrite: true})
	response, _ := g.post("/Users", newUser("ada@contoso.com"))
	if response.StatusCode != http.StatusCreated || len(d.all()) != 1 || !strings.HasSuffix(response.Header.Get("Location"), d.all()[0].UserID) {
		t.Errorf("found: %d, kept %v", response.StatusCode, d.all())
	}
	fail(trouble.Fault{Path: "/users/*", Status: http.StatusInternalServerError, Times: 100})
	fail(trouble.Fault{Method: http.MethodPost, Path: "/$batch", Drop: true, AfterWrite: true, Times: 100})
	response, answer := g.post("/Users", newUser("bob@contoso.com"))
	if response.StatusCode < 500 || !strings.Contains(answer, "If the user was created, the password was not delivered") || len(d.all()) != 1 {
		t.Errorf("in doubt: %d %s", response.StatusCode, answer)
	}
}

// A client that hangs up before Graph has answered does not take the password with it: it
// is set by then, and is delivered.
func TestClientHangsUp(t *testing.T) {
	t.Parallel()
	g, d, _ := withDrawer(t, nil)
	handler := scim.NewHandler(g.directory.ResourceTypes(), scim.Options{BaseURL: func(*http.Request) string { return base }, Caller: func(*http.Request) scim.Caller { return scim.Caller{} }})
	send := func(path, body string) {
		ctx, hangUp := context.WithCancel(t.Context())
		d.asked = hangUp
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/scim+json")
		handler.ServeHTTP(httptest.NewRecorder(), r)
		g.sim.Reset() // the drawer is not to be asked after a write
	}
	send("/Users", `{"userName":"ada@contoso.com","displayName":"Ada"}`)
	made := g.found("/Users", `userName eq "ada@contoso.com"`)
	if kept := d.all(); len(made) != 1 || len(kept) != 1 || kept[0].UserID != made[0] {
		t.Fatalf("made %v, kept %v", made, kept)
	}
	g.sim.Reset()
	send("/Users/"+made[0]+"/.actions/reset_password", "{}")
	if kept := d.all(); len(kept) != 2 || !kept[1].Reset || kept[1].UserID != made[0] {
		t.Errorf("kept %v", kept)
	}
}

// A user who is refused after the sink was asked leaves nothing in it.
func TestRefusedUserHasNoPassword(t *testing.T) {
	t.Parallel()
	g, d, v := withDrawer(t, nil)
	g.do(http.MethodPost, "/Users", newUser("ada@nowhere.example"), http.StatusBadRequest)
	g.addUsers(1)
	g.do(http.MethodPost, "/Users", newUser("user00000@contoso.com"), http.StatusConflict)
	if len(d.all()) != 0 || !v.Idle() {
		t.Errorf("kept %v", d.all())
	}
}

// A reset takes two calls of Graph, one of them a write, and its password goes to the
// sink alone.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	g, d, _ := withDrawer(t, nil)
	id := g.addUsers(1)[0]
	path := "/Users/" + id + "/.actions/reset_password"
	g.asked()
	response, answer := g.post(path, object{"forceChangePasswordNextSignIn": false, "user_id": id})
	g.wantAsked("reset", 2, 1)
	sent, kept := g.passwords(), d.all()
	if response.StatusCode != http.StatusNoContent || answer != "" || len(sent) != 1 || len(kept) != 1 || string(kept[0].Text) != sent[0] || !kept[0].Reset || kept[0].UserID != id {
		t.Fatalf("%d %s, sent %d, kept %v", response.StatusCode, answer, len(sent), kept)
	}
	if got := g.get("/Users/" + id + "?attributes=" + entraUser + ":forceChangePasswordNextSignIn"); at(got, entraUser, "forceChangePasswordNextSignIn") != false {
		t.Errorf("forced to change: %v", got)
	}
	g.do(http.MethodPost, path, nil, http.StatusNoContent)
	if got := g.get("/Users/" + id + "?attributes=" + entraUser + ":forceChangePasswordNextSignIn"); at(got, entraUser, "forceChangePasswordNextSignIn") != true {
		t.Errorf("not forced to change: %v", got)
	}
}

// A reset that cannot be done, or whose password could not be delivered, sets none.
func TestResetPasswordRefused(t *testing.T) {
	t.Parallel()
	g, d, v := withDrawer(t, nil)
	id := g.addUsers(1)[0]
	path := "/Users/" + id + "/.actions/reset_password"
	for _, c := range []struct {
		path string
		body any
		want int
	}{
		{path, object{"password": "x"}, 400},
		{path, object{"user_id": "another"}, 400},
		{path, object{"forceChangePasswordNextSignIn": "yes"}, 400},
		{"/Users/f0000000-0000-4000-8000-000000000009/.actions/reset_password", nil, 404},
		{"/Users/nobody/.actions/reset_password", nil, 404},
	} {
		g.do(http.MethodPost, c.path, c.body, c.want)
	}
	d.set(errors.New("is down"), nil)
	if got := g.do(http.MethodPost, path, nil, http.StatusServiceUnavailable); !strings.Contains(got["detail"].(string), "Nothing was done") {
		t.Errorf("down: %v", got)
	}
	if _, writes := g.asked(); writes != 0 || len(d.all()) != 0 {
		t.Errorf("%d writes, kept %v", writes, d.all())
	}
	if !v.Idle() {
		t.Error("something waits")
	}
}

// What Graph refuses was not set, and is not delivered. Without a sink nobody would learn
// the password.
func TestResetPasswordNotSet(t *testing.T) {
	t.Parallel()
	g, d, _ := withDrawer(t, nil)
	id := g.addUsers(1)[0]
	if err := g.sim.Fail(trouble.Fault{Method: http.MethodPatch, Path: "/users/*", Status: http.StatusForbidden}); err != nil {
		t.Fatal(err)
	}
	g.do(http.MethodPost, "/Users/"+id+"/.actions/reset_password", nil, http.StatusForbidden)
	if len(d.all()) != 0 {
		t.Errorf("kept %v", d.all())
	}
	none := start(t, graphsim.Options{}, "", nil)
	id = none.addUsers(1)[0]
	if got := none.do(http.MethodPost, "/Users/"+id+"/.actions/reset_password", nil, http.StatusForbidden); !strings.Contains(got["detail"].(string), "no sink") {
		t.Errorf("without a sink: %v", got)
	}
	none.wantAsked("without a sink", 0, 0)
}

// A client that names its key is answered with the password, encrypted, once; nothing is
// made when it would not see it.
func TestEncryptedPassword(t *testing.T) {
	t.Parallel()
	envelope, err := vault.NewEnvelope(nil)
	if err != nil {
		t.Fatal(err)
	}
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Vault = vault.New(vault.Options{Sink: envelope}) })
	g.heard.record = true
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	named := jose.JSONWebKey{Key: key.Public()}
	public, err := named.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]string{"none": "", "no key": "{}", "not JSON": "x"} {
		response, answer := g.post("/Users", newUser("ada@contoso.com"), vault.RecipientHeader, header)
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(answer, "invalidValue") || !strings.Contains(answer, vault.RecipientHeader) {
			t.Errorf("%s: %d %s", name, response.StatusCode, answer)
		}
	}
	if response, answer := g.post("/Users?attributes=userName", newUser("ada@contoso.com"), vault.RecipientHeader, string(public)); response.StatusCode != http.StatusBadRequest || !strings.Contains(answer, "encryptedPassword") {
		t.Errorf("not shown: %d %s", response.StatusCode, answer)
	}
	bulk := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []object{
		{"method": "POST", "path": "/Users", "bulkId": "1", "data": newUser("ada@contoso.com")},
	}}
	if response, answer := g.post("/Bulk", bulk, vault.RecipientHeader, string(public)); response.StatusCode != http.StatusOK || !strings.Contains(answer, `"400"`) {
		t.Errorf("in bulk: %s", answer)
	}
	g.wantAsked("refused", 0, 0)
	response, answer := g.post("/Users", newUser("ada@contoso.com"), vault.RecipientHeader, string(public))
	if response.StatusCode != http.StatusCreated {
		t.Fatal(answer)
	}
	g.wantAsked("created", 1, 1)
	made := object{}
	if err := json.Unmarshal([]byte(answer), &made); err != nil {
		t.Fatal(err)
	}
	opened(t, g, key, at(made, entraUser, "encryptedPassword"))
	path := "/Users/" + made["id"].(string)
	if got := g.get(path); at(got, entraUser, "encryptedPassword") != nil {
		t.Errorf("read: %v", got)
	}
	response, answer = g.post(path+"/.actions/reset_password", object{}, vault.RecipientHeader, string(public))
	reset := object{}
	if err := json.Unmarshal([]byte(answer), &reset); err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(err, answer)
	}
	opened(t, g, key, reset["encryptedPassword"])
}

// opened wants what the key opens to be what Graph was sent last.
func opened(t *testing.T, g *gateway, key *rsa.PrivateKey, text any) {
	t.Helper()
	compact, _ := text.(string)
	sealed, err := jose.ParseEncrypted(compact, []jose.KeyAlgorithm{jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err, text)
	}
	got, err := sealed.Decrypt(key)
	if sent := g.passwords(); err != nil || len(sent) != 1 || string(got) != sent[0] {
		t.Errorf("opened %q, sent %q: %v", got, sent, err)
	}
}
