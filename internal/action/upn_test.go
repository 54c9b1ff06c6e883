package action_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/tenant"
)

const checkUPN = "/Users/.actions/check_upn"

func proposing(name string) string { return `{"proposed_upn":"` + name + `"}` }

// add makes users, of whom only the name counts.
func (w *world) add(names ...string) {
	w.t.Helper()
	for _, name := range names {
		local, _, _ := strings.Cut(name, "@")
		values := graphsim.Values{"accountEnabled": true, "displayName": local, "mailNickname": local, "userPrincipalName": name}
		if _, err := w.sim.Tenant(graphsim.DefaultTenant).Add("user", values); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) proposed(name string) any {
	w.t.Helper()
	return w.want(http.StatusOK, http.MethodPost, checkUPN, proposing(name))["proposed"]
}

// Of more names than a page holds all count, up to the tenant's bound.
func TestCheckUPNPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 1200 {
		w.add(strings.Replace(fmt.Sprintf("doe%d@contoso.com", i), "doe0@", "doe@", 1))
	}
	w.proposed("ada@contoso.com") // signs in, reads the domains
	w.calls()
	if got := w.proposed("doe@contoso.com"); got != "doe1200@contoso.com" {
		t.Errorf("proposed %v", got)
	}
	if calls := strings.Join(w.calls(), "\n"); strings.Count(calls, "/v1.0/") != 2 || strings.Count(calls, "$skiptoken") != 1 {
		t.Errorf("Graph was asked\n%s", calls)
	}
	if got := w.proposed("doe7@contoso.com"); got != "doe7100@contoso.com" {
		t.Errorf("proposed %v", got)
	}
	w.policy = tenant.Policy{MaxScan: 1000}
	w.open()
	if out := w.want(http.StatusBadRequest, http.MethodPost, checkUPN, proposing("doe@contoso.com")); out["scimType"] != "tooMany" {
		t.Errorf("too many: %v", out)
	}
	if got := w.proposed("doe11@contoso.com"); got != "doe11100@contoso.com" {
		t.Errorf("proposed %v", got)
	}
}

// A name counts whatever its case, in its domain only, and what cannot be longer does
// not become so.
func TestCheckUPNCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("x", 64)
	w.add("ADA@contoso.com", "bob@fabrikam.com", "bob1@contoso.com", "cat@contoso.com", "cat2@contoso.com", "catherine@contoso.com", long+"@contoso.com", long[1:]+"@contoso.com")
	for name, want := range map[string]string{
		"ada@contoso.com":           "ada1@contoso.com",
		"Bob@Contoso.com":           "Bob@Contoso.com",
		"bob@fabrikam.com":          "bob1@fabrikam.com",
		"cat@contoso.com":           "cat1@contoso.com",
		"cat2@contoso.com":          "cat21@contoso.com",
		long[1:] + "@contoso.com":   long[1:] + "1@contoso.com",
		"it's#1_a-b.c~@contoso.com": "it's#1_a-b.c~@contoso.com",
	} {
		if got := w.proposed(name); got != want {
			t.Errorf("%s: proposed %v, want %s", name, got, want)
		}
	}
	out := w.want(http.StatusBadRequest, http.MethodPost, checkUPN, proposing(long+"@contoso.com"))
	if out["scimType"] != "invalidValue" {
		t.Errorf("%v", out)
	}
}

// A name that was given a moment ago is taken though the directory does not show it.
func TestCheckUPNSeesWhatWasJustMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.proposed("ada@contoso.com") // reads the domains
	lag := trouble.Duration(30 * time.Second)
	if err := w.sim.Set(graphsim.Settings{ListLag: &lag, ReadLag: &lag}); err != nil {
		t.Fatal(err)
	}
	w.want(http.StatusCreated, http.MethodPost, "/Users", `{"userName":"eve@contoso.com","displayName":"Eve"}`)
	if got := w.proposed("eve@contoso.com"); got != "eve1@contoso.com" {
		t.Errorf("proposed %v", got)
	}
}

// What the gateway may not read it does without, and says so.
func TestCheckUPNWithoutPermissions(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]struct {
		warning string
		checked int
	}{
		"/groups":            {"to read groups", 2},
		"/v1.0/organization": {"the directory's verified domains", 3},
	} {
		w := newWorld(t)
		if err := w.sim.Fail(trouble.Fault{Method: http.MethodGet, Path: path, Status: http.StatusForbidden, Code: "Authorization_RequestDenied", Times: 100}); err != nil {
			t.Fatal(err)
		}
		recorder := w.ask(http.MethodPost, checkUPN, proposing("eve@contoso.com"))
		checked, _ := parsed(t, recorder.Body.Bytes())["checked"].([]any)
		if recorder.Code != http.StatusOK || !strings.Contains(recorder.Header().Get("Warning"), want.warning) || len(checked) != want.checked {
			t.Errorf("without %s: %d %s %s", path, recorder.Code, recorder.Header().Get("Warning"), recorder.Body)
		}
	}
	w := newWorld(t)
	if err := w.sim.Fail(trouble.Fault{Method: http.MethodGet, Path: "/users", Status: http.StatusForbidden, Code: "Authorization_RequestDenied", Times: 100}); err != nil {
		t.Fatal(err)
	}
	w.want(http.StatusForbidden, http.MethodPost, checkUPN, proposing("eve@contoso.com"))
}

// Who is found by the name and by the addresses is one, and counts once.
func TestCheckUPNCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy = tenant.Policy{MaxScan: 1}
	w.open()
	values := graphsim.Values{
		"accountEnabled": true, "displayName": "Doe", "mailNickname": "doe", "userPrincipalName": "doe@contoso.com",
		"proxyAddresses": []any{"SMTP:doe@contoso.com", "smtp:doe1@contoso.com"},
	}
	if _, err := w.sim.Tenant(graphsim.DefaultTenant).Add("user", values); err != nil {
		t.Fatal(err)
	}
	if got := w.proposed("doe@contoso.com"); got != "doe2@contoso.com" {
		t.Errorf("proposed %v", got)
	}
}
