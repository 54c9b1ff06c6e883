package vault_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/vault"
)

// A bao is the part of the HTTP API of OpenBao and HashiCorp Vault that the sink uses,
// as strict as they are: https://openbao.org/api-docs/secret/kv/kv-v2, …/auth/approle,
// …/system/capabilities-self. No server of either could be had for these tests.
type bao struct {
	mu       sync.Mutex
	tokens   map[string][]string // by token, what it may do below secret/data/entrascim/
	sealed   bool
	lost     int // answers to writes that are lost, though the write is done
	version1 bool
	required bool // cas_required
	secrets  map[string][]map[string]string
	logins   int
	asked    []string
}

const (
	baoToken = "s.token-of-the-tests"
	roleID   = "role-of-the-gateway"
	secretID = "secret-id-of-the-gateway"
)

func newBao() *bao {
	return &bao{tokens: map[string][]string{baoToken: {"create", "update"}}, secrets: map[string][]map[string]string{}}
}

func (b *bao) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, r.Method+" "+r.URL.Path)
	var body map[string]any
	text, _ := io.ReadAll(r.Body)
	path, ours := strings.CutPrefix(r.URL.Path, "/v1/")
	may, known := b.tokens[r.Header.Get("X-Vault-Token")]
	switch {
	case !ours, r.URL.RawQuery != "":
		answer(w, http.StatusNotFound, nil)
	case r.Header.Get("X-Vault-Request") != "true":
		answer(w, http.StatusPreconditionFailed, nil, "missing X-Vault-Request header")
	case r.Header.Get("X-Vault-Namespace") != "team":
		answer(w, http.StatusNotFound, nil, "no handler for route")
	case b.sealed:
		answer(w, http.StatusServiceUnavailable, nil, "Vault is sealed")
	case r.Method != http.MethodPost || json.Unmarshal(text, &body) != nil:
		answer(w, http.StatusBadRequest, nil, "failed to parse JSON input: "+string(text))
	case path == "auth/approle/login":
		b.login(w, body)
	case !known:
		answer(w, http.StatusForbidden, nil, "permission denied")
	case path == "sys/capabilities-self":
		paths, _ := body["paths"].([]any)
		name := fmt.Sprint(paths[0])
		has := []string{"deny"}
		if strings.HasPrefix(name, "secret/data/entrascim/") && len(may) > 0 {
			has = may
		}
		answer(w, http.StatusOK, map[string]any{"capabilities": has, name: has})
	case strings.HasPrefix(path, "secret/data/entrascim/"):
		b.write(w, strings.TrimPrefix(path, "secret/data/"), body, may)
	default:
		answer(w, http.StatusForbidden, nil, "permission denied")
	}
}

func (b *bao) login(w http.ResponseWriter, body map[string]any) {
	if body["role_id"] != roleID || body["secret_id"] != secretID || len(body) != 2 {
		answer(w, http.StatusBadRequest, nil, "invalid role or secret ID")
		return
	}
	b.logins++
	token := fmt.Sprintf("s.login-%d", b.logins)
	b.tokens[token] = []string{"create", "update"}
	answer(w, http.StatusOK, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": 3600, "renewable": true}})
}

func (b *bao) write(w http.ResponseWriter, path string, body map[string]any, may []string) {
	options, _ := body["options"].(map[string]any)
	data, _ := body["data"].(map[string]any)
	cas, checked := options["cas"].(float64)
	need := "create"
	if len(b.secrets[path]) > 0 {
		need = "update"
	}
	switch {
	case b.version1:
		w.WriteHeader(http.StatusNoContent)
		return
	case !slices.Contains(may, need):
		answer(w, http.StatusForbidden, nil, "1 error occurred:\n\t* permission denied\n\n")
		return
	case data == nil:
		answer(w, http.StatusBadRequest, nil, "no data provided")
		return
	case !checked && b.required:
		answer(w, http.StatusBadRequest, nil, "check-and-set parameter required for this call")
		return
	case checked && int(cas) != len(b.secrets[path]):
		answer(w, http.StatusBadRequest, nil, "check-and-set parameter did not match the current version")
		return
	}
	kept := map[string]string{}
	for name, v := range data {
		kept[name] = fmt.Sprint(v)
	}
	b.secrets[path] = append(b.secrets[path], kept)
	if b.lost > 0 {
		b.lost--
		panic(http.ErrAbortHandler)
	}
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{"version": len(b.secrets[path])}})
}

func answer(w http.ResponseWriter, status int, body map[string]any, errors ...string) {
	if body == nil {
		body = map[string]any{"errors": errors}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	text, _ := json.Marshal(body)
	_, _ = w.Write(text)
}

func kv(t *testing.T, b *bao, change func(*vault.KVOptions)) *vault.KV {
	t.Helper()
	o := vault.KVOptions{URL: "https://vault.example:8200/", Namespace: "team", Token: baoToken, Now: time.Now}
	if change != nil {
		change(&o)
	}
	k, err := vault.NewKV(o, serve(t, b, "vault.example"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func byRole(o *vault.KVOptions) { o.Token, o.RoleID, o.SecretID = "", roleID, secretID }

func TestKV(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*vault.KVOptions){"token": nil, "AppRole": byRole} {
		b := newBao()
		k := kv(t, b, change)
		if err := k.Check(t.Context(), ada); err != nil {
			t.Fatal(name, err)
		}
		if len(b.secrets) != 0 {
			t.Errorf("%s: a check wrote %v", name, b.secrets)
		}
		if _, err := k.Deliver(t.Context(), ada); err != nil {
			t.Fatal(name, err)
		}
		path := "entrascim/acme/" + ada.UserID
		if got := b.secrets[path]; len(got) != 1 || got[0]["password"] != string(ada.Text) || got[0]["userName"] != ada.UserName || got[0]["id"] != ada.UserID || got[0]["tenant"] != "acme" {
			t.Errorf("%s: %v", name, b.secrets)
		}
		if _, err := k.Deliver(t.Context(), ada); err == nil {
			t.Errorf("%s: another user's password was laid over", name)
		}
		again := ada
		again.Reset, again.Text = true, "another-Passw0rd"
		if _, err := k.Deliver(t.Context(), again); err != nil || len(b.secrets[path]) != 2 || b.secrets[path][1]["password"] != "another-Passw0rd" {
			t.Errorf("%s: reset: %v %v", name, err, b.secrets)
		}
	}
}

// A token of AppRole is asked for once, and again when it is known no more.
func TestKVSignsInAgain(t *testing.T) {
	t.Parallel()
	b := newBao()
	k := kv(t, b, byRole)
	for range 3 {
		if err := k.Check(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
	}
	b.mu.Lock()
	delete(b.tokens, "s.login-1")
	b.mu.Unlock()
	if err := k.Check(t.Context(), ada); err != nil || b.logins != 2 {
		t.Errorf("%v, %d logins", err, b.logins)
	}
}

// The answer to a write may be lost: what is written by then is the user's own.
func TestKVLostAnswer(t *testing.T) {
	t.Parallel()
	b := newBao()
	b.lost = 1
	v := vault.New(vault.Options{Sink: kv(t, b, nil), Tenant: "acme", Sleep: noSleep})
	if _, err := v.Deliver(t.Context(), ada); err != nil || !v.Idle() {
		t.Errorf("%v", err)
	}
	if got := b.secrets["entrascim/acme/"+ada.UserID]; len(got) != 1 {
		t.Errorf("written %v", got)
	}
}

// Names of users and tenants stay one segment of a path, whatever is in them.
func TestKVPath(t *testing.T) {
	t.Parallel()
	b := newBao()
	k := kv(t, b, func(o *vault.KVOptions) { o.Path = "/entrascim/{userName}/{tenant}-{id}/" })
	p := ada
	p.UserName, p.Tenant = "../../sys/x?y#z%2f@contoso.com", ".."
	if _, err := k.Deliver(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if want := "entrascim/.._.._sys_x?y#z%2f@contoso.com/_-" + ada.UserID; b.secrets[want] == nil {
		t.Errorf("%v", b.secrets)
	}
}

func TestKVRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*bao)
		set    func(*vault.KVOptions)
		check  string // what Check says; "": nothing
		write  string
	}{
		"sealed":         {func(b *bao) { b.sealed = true }, nil, "sealed", "sealed"},
		"another token":  {nil, func(o *vault.KVOptions) { o.Token = "s.other" }, "refuses the gateway (403)", "403"},
		"another secret": {nil, func(o *vault.KVOptions) { byRole(o); o.SecretID = "other" }, "does not know the role", "does not know the role"},
		"no create":      {func(b *bao) { b.tokens[baoToken] = []string{"read", "list"} }, nil, "not create", "403"},
		"nothing":        {func(b *bao) { b.tokens[baoToken] = nil }, nil, "not create", "403"},
		"namespace":      {nil, func(o *vault.KVOptions) { o.Namespace = "" }, "404", "404"},
		"elsewhere":      {nil, func(o *vault.KVOptions) { o.Path = "other/{id}" }, "not create", "403"},
		"version 1":      {func(b *bao) { b.version1 = true }, nil, "", "version 2"},
	} {
		b := newBao()
		if c.change != nil {
			c.change(b)
		}
		k := kv(t, b, c.set)
		err := k.Check(t.Context(), ada)
		if (err == nil) != (c.check == "") || err != nil && !strings.Contains(err.Error(), c.check) {
			t.Errorf("%s: check: %v", name, err)
		}
		err = second(k.Deliver(t.Context(), ada))
		if err == nil || !strings.Contains(err.Error(), c.write) {
			t.Errorf("%s: delivery: %v", name, err)
		}
		wantQuiet(t, err)
		if err != nil && (strings.Contains(err.Error(), baoToken) || strings.Contains(err.Error(), secretID)) {
			t.Errorf("%s tells a secret: %v", name, err)
		}
	}
	b := newBao()
	b.tokens[baoToken] = []string{"create"}
	reset := ada
	reset.Reset = true
	if err := kv(t, b, nil).Check(t.Context(), reset); err == nil || !strings.Contains(err.Error(), "not update") {
		t.Errorf("a reset without update: %v", err)
	}
	b = newBao()
	b.required = true
	if err := second(kv(t, b, nil).Deliver(t.Context(), reset)); err == nil || !strings.Contains(err.Error(), "cas_required") {
		t.Errorf("a reset of a store that wants versions: %v", err)
	}
}
