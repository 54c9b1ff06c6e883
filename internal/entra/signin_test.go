package entra_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

const (
	signIns  = entraUser + ":signInActivity"
	lastSeen = "2026-01-01T00:00:00Z"
)

func signedIn(name, at string) graphsim.Values {
	return graphsim.Values{
		"displayName": name, "userPrincipalName": name + "@contoso.com", "mailNickname": name, "accountEnabled": true,
		"signInActivity": object{"lastSignInDateTime": at, "lastNonInteractiveSignInDateTime": at, "lastSuccessfulSignInDateTime": at},
	}
}

// Sign-ins are told to those who ask for them, of users of whom there are some, on pages
// that Graph cuts as it does.
func TestSignIns(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "sign-in-activity", nil)
	g.addUsers(250)
	ada := g.add("user", signedIn("ada", lastSeen))
	bob := g.add("user", signedIn("bob", "2025-01-01T00:00:00Z"))
	g.sim.Reset()
	if got := g.get("/Users/" + ada); at(got, entraUser, "signInActivity") != nil {
		t.Errorf("without being asked: %v", got)
	}
	g.sim.Reset()
	got := g.get("/Users/" + ada + "?attributes=" + signIns)
	g.wantAsked("one user", 1, 0)
	for _, name := range []string{"lastSignInDateTime", "lastNonInteractiveSignInDateTime", "lastSuccessfulSignInDateTime"} {
		if at(got, entraUser, "signInActivity", name) != lastSeen {
			t.Errorf("%s: %v", name, got)
		}
	}
	g.sim.Advance(time.Minute)
	g.sim.Reset()
	all := g.get("/Users?count=999&attributes=userName," + signIns)
	if ids := idsOf(all); len(ids) != 252 || all["totalResults"] != 252.0 {
		t.Errorf("%d of %v", len(ids), all["totalResults"])
	}
	if requests, _ := g.asked(); requests != 3 { // the simulator cuts pages at 120
		t.Errorf("252 users: %d requests", requests)
	}
	g.get("/Users?count=999&attributes=userName," + signIns)
	for _, call := range g.sim.Calls() {
		if strings.Contains(call, "signInActivity") && strings.Contains(call, "top=999") {
			t.Errorf("a page that is too large: %s", call)
		}
	}
	g.sim.Advance(time.Minute)
	g.asked()
	g.get("/Users?count=999&attributes=userName," + signIns + "&filter=" + url.QueryEscape(`userName ew "@contoso.com"`)) // an advanced query
	if calls := strings.Join(g.sim.Calls(), "\n"); !strings.Contains(calls, "endsWith") || !strings.Contains(calls, "top=120&") || strings.Contains(calls, "top=500") {
		t.Errorf("advanced: %s", calls)
	}
	before := signIns + `.lastSignInDateTime lt "2025-06-01T00:00:00Z"`
	for filter, want := range map[string][]string{
		before: {bob}, signIns + `.lastSignInDateTime eq "` + lastSeen + `"`: {ada},
		before + ` and userName eq "bob@contoso.com"`: {bob}, before + ` and userName eq "ada@contoso.com"`: nil,
		`userName eq "ada@contoso.com" or ` + before: {ada, bob}, signIns + `.lastSignInDateTime pr`: {ada, bob},
	} {
		g.sim.Advance(time.Minute) // Graph allows ten such requests a minute
		if got := g.found("/Users", filter); !same(got, want) {
			t.Errorf("%s: %v", filter, got)
		}
	}
	late := url.QueryEscape(signIns + `.lastSignInDateTime ge "2025-01-01T00:00:00Z"`)
	if got := g.get("/Users?count=0&filter=" + late); got["totalResults"] != 2.0 {
		t.Errorf("counted: %v", got)
	}
	if got := g.get("/Users?count=1&startIndex=2&sortBy=userName&attributes=userName&filter=" + late); got["totalResults"] != 2.0 || at(got, "Resources", "0", "userName") != "bob@contoso.com" {
		t.Errorf("sorted: %v", got)
	}
	refused := g.patch("/Users/"+ada, http.StatusBadRequest, object{"op": "replace", "path": signIns + ".lastSignInDateTime", "value": lastSeen})
	if refused["scimType"] != "mutability" {
		t.Errorf("written: %v", refused)
	}
	made := g.do(http.MethodPost, "/Users?attributes=userName,"+signIns, newUser("new@contoso.com"), http.StatusCreated)
	if made["userName"] != "new@contoso.com" {
		t.Errorf("made: %v", made)
	}
}

// Without the permission, and without the license, users are read without sign-ins, and
// it is said what is lacking. Once it is granted they are told again.
func TestSignInsThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	for name, deny := range map[string]func(g *gateway){
		"permission": func(g *gateway) {
			g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.Read.All", "GroupMember.Read.All", "Directory.Read.All", "Application.Read.All"})
			g.sim.Advance(2 * time.Hour) // a new token
		},
		"license": func(g *gateway) { g.dir.Downgrade() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "sign-in-activity", nil)
			u := append(g.addUsers(3), g.add("user", signedIn("ada", lastSeen)))
			deny(g)
			ada := u[3]
			g.sim.Reset()
			for i, path := range []string{
				"/Users?attributes=userName,groups," + signIns,
				"/Users/" + ada + "?attributes=userName," + signIns,
				"/Users/" + ada + "?attributes=userName,groups," + signIns,
				"/Users?attributes=userName," + signIns + "&filter=" + url.QueryEscape(fmt.Sprintf("id eq %q or id eq %q", u[0], ada)),
				"/Users?attributes=userName," + signIns + "&filter=" + url.QueryEscape(fmt.Sprintf("id eq %q", ada)),
			} {
				g.serve() // who knows nothing yet
				got := g.get(path)
				if text := fmt.Sprint(got); !strings.Contains(text, "ada@contoso.com") || strings.Contains(text, "signInActivity") {
					t.Errorf("%d: %v", i, got)
				}
				if lacking := g.directory.Lacking(); len(lacking) != 1 || lacking[0] != "signInActivity" {
					t.Errorf("%d: lacking %v", i, lacking)
				}
			}
			g.sim.Reset()
			g.get("/Users/" + ada + "?attributes=userName," + signIns)
			g.wantAsked("once it is known", 1, 0)
			if name != "permission" {
				return
			}
			g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.Read.All", "AuditLog.Read.All"})
			g.sim.Advance(2 * time.Hour)
			if got := g.get("/Users/" + ada + "?attributes=" + signIns); at(got, entraUser, "signInActivity") == nil || len(g.directory.Lacking()) != 0 {
				t.Errorf("granted again: %v", got)
			}
		})
	}
}

// A property that takes a permission of its own is written where it may not be read.
func TestLeaveDate(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "leave-date", nil)
	user, leave := g.addUsers(1)[0], entraUser+":employeeLeaveDateTime"
	g.patch("/Users/"+user, http.StatusNoContent, object{"op": "add", "path": leave, "value": "2026-12-31T23:00:00+01:00"})
	if got := g.get("/Users/" + user); at(got, entraUser, "employeeLeaveDateTime") != "2026-12-31T22:00:00Z" {
		t.Errorf("read: %v", got)
	}
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.ReadWrite.All", "GroupMember.Read.All", "Directory.Read.All", "Application.Read.All"})
	g.sim.Advance(2 * time.Hour)
	if got := g.get("/Users/" + user); at(got, entraUser, "employeeLeaveDateTime") != nil || got["userName"] == nil {
		t.Errorf("without the permission: %v", got)
	}
	g.do(http.MethodPatch, "/Users/"+user, object{"Operations": []object{{"op": "add", "path": leave, "value": lastSeen}}}, http.StatusForbidden)
}
