package vault_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/graph"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/vault"
)

const (
	homeTenant  = "3b8f2c4e-6d1a-4f57-9c02-7e5a1d94b6c3"
	otherTenant = "3b8f2c4e-6d1a-4f57-9c02-7e5a1d94b6c4"
	appID       = "0c7d4a52-8e39-4b16-a5f0-2d9b6e13c874"
	appSecret   = "secret-of-the-app"
	vaultHost   = "contoso.vault.azure.net"
)

// A keyVault is the part of Azure Key Vault's REST API that the sink uses
// (https://learn.microsoft.com/rest/api/keyvault/secrets), with the login service: it
// tells whom to ask for a token by a challenge, takes tokens of its directory for its
// resource alone, and knows no member of a body but those of the documentation.
type keyVault struct {
	t     *testing.T
	login *login.Service

	mu       sync.Mutex
	resource string // that the challenge names
	tenant   string // and the directory
	status   int    // answered instead; 0: none
	code     string
	may      []string // secrets/set
	issued   map[string]bool
	secrets  map[string][]setSecret
	updates  int
}

type setSecret struct {
	Value       string            `json:"value"`
	ContentType string            `json:"contentType"`
	Tags        map[string]string `json:"tags"`
	Attributes  *struct {
		Enabled *bool  `json:"enabled"`
		Exp     *int64 `json:"exp"`
		Nbf     *int64 `json:"nbf"`
	} `json:"attributes"`
}

func newKeyVault(t *testing.T) *keyVault {
	t.Helper()
	k := &keyVault{
		t: t, resource: "https://vault.azure.net", tenant: homeTenant, may: []string{"set"}, issued: map[string]bool{}, secrets: map[string][]setSecret{},
		login: login.New(login.Options{Now: time.Now, Resources: []string{"https://vault.azure.net"}}),
	}
	for _, id := range []string{homeTenant, otherTenant} {
		k.login.AddTenant(id)
	}
	k.login.Register(login.App{ID: appID, TenantID: homeTenant, Secrets: []login.Secret{{Value: appSecret}}})
	return k
}

func (k *keyVault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == "login.example" {
		k.signIn(w, r)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(token, claims) // issued tells whether it is ours
	path := regexp.MustCompile(`^/secrets/([0-9a-zA-Z-]{1,127})(?:/([0-9a-f]+))?$`).FindStringSubmatch(r.URL.Path)
	switch {
	case r.Host != vaultHost:
		k.t.Errorf("asked at %s", r.Host)
	case err != nil || !k.issued[token] || claims["aud"] != "https://vault.azure.net" || claims["tid"] != homeTenant:
		if r.ContentLength > 0 && token == "" {
			k.t.Error("a body was sent before the challenge")
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization="https://login.example/%s", resource="%s"`, k.tenant, k.resource))
		k.fail(w, http.StatusUnauthorized, "Unauthorized")
	case k.status != 0:
		k.fail(w, k.status, k.code)
	case path == nil || r.URL.Query().Get("api-version") == "":
		k.fail(w, http.StatusBadRequest, "BadParameter")
	case !slices.Contains(k.may, "set"):
		k.fail(w, http.StatusForbidden, "Forbidden")
	case r.Method == http.MethodPut && path[2] == "":
		k.set(w, r, path[1])
	case r.Method == http.MethodPatch && path[2] != "":
		k.update(w, path[1], path[2])
	default:
		k.fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

// signIn is the login service, whose tokens are remembered.
func (k *keyVault) signIn(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	k.login.ServeHTTP(answer, r)
	var issued struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal(answer.Body.Bytes(), &issued) == nil && issued.Token != "" {
		k.mu.Lock()
		k.issued[issued.Token] = true
		k.mu.Unlock()
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// fail repeats what was sent, as a careless service might.
func (k *keyVault) fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%q,"message":"of %s"}}`, code, ada.Text)
}

func (k *keyVault) set(w http.ResponseWriter, r *http.Request, name string) {
	var s setSecret
	if err := json.UnmarshalRead(r.Body, &s, json.RejectUnknownMembers(true)); err != nil || s.Value == "" {
		k.t.Errorf("the body of %s: %v", name, err)
		k.fail(w, http.StatusBadRequest, "BadParameter")
		return
	}
	k.secrets[name] = append(k.secrets[name], s)
	k.shown(w, name, len(k.secrets[name]))
}

func (k *keyVault) update(w http.ResponseWriter, name, version string) {
	var n int
	if _, err := fmt.Sscanf(version, "%x", &n); err != nil || n < 1 || n > len(k.secrets[name]) {
		k.fail(w, http.StatusNotFound, "SecretNotFound")
		return
	}
	k.updates++
	k.shown(w, name, n)
}

func (k *keyVault) shown(w http.ResponseWriter, name string, version int) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"https://%s/secrets/%s/%032x","attributes":{"enabled":true}}`, vaultHost, name, version)
}

func (k *keyVault) sink(life time.Duration, secret string) *vault.KeyVault {
	k.t.Helper()
	rt := serve(k.t, k, vaultHost, "login.example", "vault.evil.example")
	credential, err := graph.Credential{TenantID: homeTenant, ClientID: appID, Secret: secret, Authority: "https://login.example"}.TokenCredential(rt, "")
	if err != nil {
		k.t.Fatal(err)
	}
	sink, err := vault.NewKeyVault("https://"+vaultHost+"/", credential, life, rt, time.Now)
	if err != nil {
		k.t.Fatal(err)
	}
	return sink
}

func TestKeyVault(t *testing.T) {
	t.Parallel()
	k := newKeyVault(t)
	sink := k.sink(24*time.Hour, appSecret)
	for range 3 {
		if err := sink.Check(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.secrets) != 1 || len(k.secrets["entrascim-probe"]) != 1 || k.updates != 2 {
		t.Errorf("checks: %v, %d updates", k.secrets, k.updates)
	}
	for range 2 {
		if answer, err := sink.Deliver(t.Context(), ada); answer != "" || err != nil {
			t.Fatal(answer, err)
		}
	}
	got := k.secrets["entrascim-"+ada.UserID]
	if len(got) != 2 || got[0].Value != string(ada.Text) || got[0].ContentType == "" || got[0].Tags["userPrincipalName"] != ada.UserName || got[0].Tags["tenant"] != "acme" {
		t.Fatalf("%+v", k.secrets)
	}
	if left := time.Until(time.Unix(*got[0].Attributes.Exp, 0)); left < 23*time.Hour || left > 24*time.Hour {
		t.Errorf("expires in %s", left)
	}
	if _, err := k.sink(0, appSecret).Deliver(t.Context(), ada); err != nil || k.secrets["entrascim-"+ada.UserID][2].Attributes.Exp != nil {
		t.Errorf("without a life: %v", err)
	}
	k.mu.Lock()
	delete(k.secrets, "entrascim-probe") // somebody tidied up
	k.mu.Unlock()
	if err := sink.Check(t.Context(), ada); err != nil || len(k.secrets["entrascim-probe"]) != 1 {
		t.Errorf("the probe anew: %v", err)
	}
}

// What the vault, or one that pretends to be it, answers leads to a clear error without
// anything of the answer, and no token leaves for a resource that is not the vault's.
func TestKeyVaultRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*keyVault)
		secret string
		want   string
	}{
		"no permission":     {func(k *keyVault) { k.may = nil }, appSecret, "Key Vault Secrets Officer"},
		"deleted":           {func(k *keyVault) { k.status, k.code = 409, "Conflict" }, appSecret, "recover or purge"},
		"throttled":         {func(k *keyVault) { k.status, k.code = 429, "Throttled" }, appSecret, "429"},
		"down":              {func(k *keyVault) { k.status, k.code = 503, "ServiceUnavailable" }, appSecret, "503"},
		"firewall":          {func(k *keyVault) { k.status, k.code = 403, "ForbiddenByFirewall" }, appSecret, "firewall"},
		"redirect":          {func(k *keyVault) { k.status, k.code = 307, "" }, appSecret, "redirects"},
		"wrong secret":      {nil, "another-secret", "cannot be signed in to"},
		"another directory": {func(k *keyVault) { k.tenant = otherTenant }, appSecret, "cannot be signed in to"},
		"another resource":  {func(k *keyVault) { k.resource = "https://graph.microsoft.com" }, appSecret, "cannot be signed in to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeyVault(t)
			if c.change != nil {
				c.change(k)
			}
			sink := k.sink(0, c.secret)
			for _, err := range []error{sink.Check(t.Context(), ada), second(sink.Deliver(t.Context(), ada))} {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
				wantQuiet(t, err)
			}
			if len(k.secrets) != 0 || strings.Contains(name, "another") && len(k.issued) != 0 {
				t.Errorf("%d tokens, secrets %v", len(k.issued), k.secrets)
			}
		})
	}
}
