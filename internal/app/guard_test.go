package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/config"
	"entrascim/internal/pgtest"
)

// bounded makes the tenants of files, of whom each may delete five users in an hour, and
// whose clock stands.
func bounded(t *testing.T, dsn string) *tenants {
	t.Helper()
	w := newTenants(t, func(c *config.Config) {
		for _, name := range []string{"acme", "globex"} {
			path := filepath.Join(c.Tenants, name+".yaml")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(text, "policy: {thresholds: {deletes: 5}}\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if dsn != "" {
			c.Store = config.Store{DSN: config.Secret(dsn), Key: storeSecret}
		}
	})
	w.registry.now = noon
	return w
}

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// replica is another process at the same store, files and directories.
func (w *tenants) replica() http.Handler {
	w.t.Helper()
	handler, r, err := newHandler(w.logged(), w.registry.config, "")
	if err != nil {
		w.t.Fatal(err)
	}
	r.now = noon
	w.t.Cleanup(r.close)
	return handler
}

// deletes has the tenant's client delete the user through the handler.
func deletes(h http.Handler, client, id string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodDelete, "/scim/v2/Users/"+id, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+client+"-token-of-iga")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// Replicas of one store share a tenant's threshold, however many requests there are at
// once, and tenants share none.
func TestThresholdOfReplicas(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "store.db") },
		"postgres": func(t *testing.T) string { t.Helper(); return pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bounded(t, dsn(t))
			replicas := []http.Handler{w.handler, w.replica()}
			ids := map[string][]string{}
			for i := range 12 {
				for _, client := range []string{"acme", "globex"} {
					ids[client] = append(ids[client], w.made(client, fmt.Sprint("u", i)))
				}
			}
			deleted, refused := map[string]*atomic.Int64{"acme": {}, "globex": {}}, new(atomic.Int64)
			var all sync.WaitGroup
			for client, some := range ids {
				for i, id := range some {
					all.Go(func() {
						switch answer := deletes(replicas[i%2], client, id); {
						case answer.Code == http.StatusNoContent:
							deleted[client].Add(1)
						case answer.Code == http.StatusForbidden && strings.Contains(answer.Body.String(), "policy.thresholds.deletes is 5"):
							refused.Add(1)
						default:
							t.Errorf("%d %s", answer.Code, answer.Body)
						}
					})
				}
			}
			all.Wait()
			if deleted["acme"].Load() != 5 || deleted["globex"].Load() != 5 || refused.Load() != 14 {
				t.Errorf("acme %d, globex %d, refused %d", deleted["acme"].Load(), deleted["globex"].Load(), refused.Load())
			}
			for client := range ids {
				if _, list := w.ask(client, "GET", "/scim/v2/Users?count=0", ""); list["totalResults"] != 7.0 {
					t.Errorf("%s has %v users left", client, list["totalResults"])
				}
			}
		})
	}
}

// Without a store the process counts, and goes on when a tenant's file is read again:
// a threshold that was raised leaves what it was raised by.
func TestThresholdOutlivesReload(t *testing.T) {
	t.Parallel()
	w := bounded(t, "")
	remove := func(want int) {
		t.Helper()
		id := w.made("acme", fmt.Sprint("u", time.Now().UnixNano()))
		if answer := deletes(w.handler, "acme", id); answer.Code != want {
			t.Errorf("%d %s, want %d", answer.Code, answer.Body, want)
		}
	}
	for range 5 {
		remove(204)
	}
	remove(403)
	text, err := os.ReadFile(w.path("acme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.file("acme.yaml", strings.Replace(string(text), "deletes: 5", "deletes: 6", 1))
	w.registry.reload(w.logged())
	remove(204)
	remove(403)
}

// While the store cannot be asked nothing is taken away, and all else goes on.
func TestThresholdWithoutStore(t *testing.T) {
	t.Parallel()
	w := bounded(t, filepath.Join(t.TempDir(), "store.db"))
	id := w.made("acme", "ada")
	if err := w.registry.store.Close(); err != nil {
		t.Fatal(err)
	}
	writes := w.sim.Stats().Writes
	if answer := deletes(w.handler, "acme", id); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "policy.thresholds.deletes") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if w.sim.Stats().Writes != writes {
		t.Error("it was written all the same")
	}
	if status, body := w.ask("acme", "GET", "/scim/v2/Users/"+id, ""); status != 200 {
		t.Errorf("a read: %d %v", status, body)
	}
}

// A client of the store can be given dry runs alone, and a tenant's settings all of the
// policies; neither lets anything be written.
func TestDryRunOfClientAndTenant(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	m.good(201, "POST", "/tenants", m.initech())
	shy := m.good(201, "POST", "/tenants/initech/clients", `{"name":"shy","dryRun":true}`)
	bold := m.good(201, "POST", "/tenants/initech/clients", `{"name":"bold"}`)
	if shy["dryRun"] != true || bold["dryRun"] != nil || m.good(200, "GET", "/tenants/initech/clients/shy", "")["dryRun"] != true {
		t.Errorf("shown as %v, %v", shy, bold)
	}
	create := func(client map[string]any, name string, want int) map[string]any {
		t.Helper()
		status, body := m.scim(client["secret"].(string), "POST", "/scim/v2/Users", fmt.Sprintf(`{"userName":"%s@contoso.com","displayName":"X"}`, name))
		if status != want {
			t.Errorf("%s: %d %v", name, status, body)
		}
		return body
	}
	if body := create(shy, "shy", 200); body["status"] != "201" || len(body["calls"].([]any)) != 1 {
		t.Errorf("body %v", body)
	}
	create(bold, "bold", 201)
	m.good(200, "PATCH", "/tenants/initech", fmt.Sprintf(
		`{"settings":{"tenant":{"graphURL":"%[1]s/v1.0","authority":"%[1]s"},"policy":{"dryRun":true,"delete":"disable","leaver":["licenses","groups"],"thresholds":{"deletes":3,"disables":3,"memberRemovals":3,"licenseRemovals":3}}}}`, m.graph.URL))
	create(bold, "tame", 200)
	if _, list := m.get(bold["secret"].(string), "?count=0"); list["totalResults"] != 1.0 {
		t.Errorf("users %v", list)
	}
}

// Actions have dry runs too: each tells what it then does; one that only reads is done.
func TestDryRunOfActions(t *testing.T) {
	t.Parallel()
	w := newTenants(t)
	id := w.made("acme", "ada")
	try := func(path, body string, dry bool) (int, map[string]any) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/scim/v2"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer acme-token-of-iga")
		r.Header.Set("Content-Type", "application/scim+json")
		if dry {
			r.Header.Set("X-Dry-Run", "true")
		}
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		var out map[string]any
		if answer.Body.Len() > 0 && json.Unmarshal(answer.Body.Bytes(), &out) != nil || answer.Header().Get("Location") != "" && dry {
			t.Errorf("%s: %s", path, answer.Body)
		}
		return answer.Code, out
	}
	for path, body := range map[string]string{
		"/Users/" + id + "/.actions/revoke_sessions": "{}", "/Users/" + id + "/.actions/update_user": `{"job_title":"Countess"}`,
		"/Groups/.actions/create_group": `{"display_name":"Engines","members":["` + id + `"]}`, "/Users/nobody/.actions/revoke_sessions": "{}",
		"/Users/11111111-2222-4333-8444-555555555555/.actions/revoke_sessions": "{}",
		"/Users/" + id + "/.actions/set_manager":                               `{"manager_identifier":"nobody@contoso.com"}`,
	} {
		before := w.sim.Stats().Writes
		code, would := try(path, body, true)
		rehearsed := w.sim.Stats().Writes
		realCode, answer := try(path, body, false)
		calls, _ := would["calls"].([]any)
		if rehearsed != before || realCode < 400 && w.sim.Stats().Writes-rehearsed != len(calls) {
			t.Errorf("%s: %d writes in the dry run, which told %v, and then %d", path, rehearsed-before, calls, w.sim.Stats().Writes-rehearsed)
		}
		if realCode >= 400 && code != realCode || realCode < 400 && (code != 200 || would["status"] != fmt.Sprint(realCode)) {
			t.Errorf("%s: %d %v, and then %d %v", path, code, would, realCode, answer)
		}
	}
	if n := strings.Count(w.log.String(), `"dryRun":true`); n != 6 {
		t.Errorf("%d lines of the log tell of a dry run", n)
	}
	if code, answer := try("/Users/.actions/check_upn", `{"upn":"ada@contoso.com"}`, true); code != 200 || answer["calls"] != nil {
		t.Errorf("check_upn: %d %v", code, answer)
	}
}
