package entra_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// A making is something that a client makes, and how it is found to be there once.
type making struct {
	endpoint, query string
	doc             object
	filter          string
	post            string // the request to Graph whose answer is lost
	cost            int    // requests to Graph, when it was done
}

func makings(boss string) map[string]making {
	managed := newUser("grace@contoso.com")
	managed[enterprise] = object{"manager": object{"value": boss}, "department": "Navy"}
	managed["emails"] = []object{{"type": "other", "value": "b@x.example"}, {"type": "other", "value": "a@x.example"}}
	guest := object{
		"userType": "Guest", "displayName": "Gail", "emails": []object{{"value": "gail@partner.example"}},
		"redirectUrl": "https://apps.example", "title": "Auditor",
	}
	unified := object{"displayName": "O'Team", entraGroup: object{"groupType": "microsoft365", "mailNickname": "oteam"}, "members": members(boss)}
	const grace, team = `userName eq "grace@contoso.com"`, `displayName eq "O'Team"`
	return map[string]making{
		"user":               {"/Users", "", newUser("grace@contoso.com"), grace, "/$batch", 2},
		"user, undated":      {"/Users", "?excludedAttributes=meta", newUser("grace@contoso.com"), grace, "/users", 2},
		"user, with manager": {"/Users", "", managed, grace, "/$batch", 4},
		"guest":              {"/Users", "", guest, `emails.value eq "gail@partner.example"`, "/invitations", 6},
		"group":              {"/Groups", "", object{"displayName": "O'Team", "members": members(boss)}, team, "/groups", 3},
		"Microsoft 365":      {"/Groups", "", unified, team, "/groups", 3},
	}
}

// ways in which the answer to a request is lost.
var ways = map[string]trouble.Fault{
	"dropped": {Drop: true}, "504": {Status: 504}, "502": {Status: 502}, "500": {Status: 500},
}

// The answer to a create is lost: what was made is found by its name, once, and the
// client gets the answer that it would have got.
func TestLostAnswerToACreate(t *testing.T) {
	t.Parallel()
	for kind := range makings("") {
		for way, f := range ways {
			for _, lag := range []time.Duration{0, 1500 * time.Millisecond} {
				t.Run(fmt.Sprint(kind, " ", way, " ", lag), func(t *testing.T) {
					t.Parallel()
					g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: lag, List: lag}}, "", nil)
					m := makings(g.addUsers(1)[0])[kind]
					g.rest()
					f := f // its own
					f.Method, f.Path, f.AfterWrite = http.MethodPost, m.post, true
					if err := g.sim.Fail(f); err != nil {
						t.Fatal(err)
					}
					made := g.do(http.MethodPost, m.endpoint+m.query, m.doc, http.StatusCreated)
					if requests, _ := g.asked(); lag == 0 && requests != m.cost {
						t.Errorf("%d requests to Graph, want %d", requests, m.cost)
					}
					g.madeOnce(m, made)
				})
			}
		}
	}
}

// rest lets what was done be shown, and signs in again.
func (g *gateway) rest() {
	g.t.Helper()
	g.sim.Advance(time.Hour)
	g.get("/Users?count=0")
	g.asked()
}

// madeOnce checks that there is one, as it was answered.
func (g *gateway) madeOnce(m making, made object) {
	g.t.Helper()
	g.sim.Advance(time.Hour)
	id, _ := made["id"].(string)
	if got := g.found(m.endpoint, m.filter); !same(got, []string{id}) {
		g.t.Errorf("there are %v, made %q", got, id)
	}
	read := g.get(m.endpoint + "/" + id + m.query)
	for name, value := range made {
		if !slices.Contains([]string{"redemptionUrl", "redirectUrl", "meta", "schemas"}, name) && fmt.Sprint(value) != fmt.Sprint(read[name]) {
			g.t.Errorf("%s: answered %v, read %v", name, value, read[name])
		}
	}
	if created := at(made, "meta", "created"); created != nil && created != at(read, "meta", "created") {
		g.t.Errorf("made at %v, read %v", created, at(read, "meta", "created"))
	}
	if m.doc["redirectUrl"] != nil && (made["redirectUrl"] != m.doc["redirectUrl"] || made["redemptionUrl"] == nil) {
		g.t.Errorf("the invitation: %v", made)
	}
}

// The request is lost before it was done: what Graph has once is sent again, and what
// it may have twice is not, for it may only not be shown yet.
func TestLostCreate(t *testing.T) {
	t.Parallel()
	for kind := range makings("") {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", nil)
			m := makings(g.addUsers(1)[0])[kind]
			if err := g.sim.Fail(trouble.Fault{Method: http.MethodPost, Path: m.post, Status: 504}); err != nil {
				t.Fatal(err)
			}
			if kind != "group" {
				g.madeOnce(m, g.do(http.MethodPost, m.endpoint+m.query, m.doc, http.StatusCreated))
				return
			}
			refused := g.do(http.MethodPost, m.endpoint, m.doc, http.StatusGatewayTimeout)
			if got := g.found(m.endpoint, m.filter); len(got) != 0 || !strings.Contains(refused["detail"].(string), "not known") {
				t.Errorf("made %v, answered %v", got, refused)
			}
		})
	}
}

// The directory shows a new object so late that it is sent again, and refused: it is
// the first that was done.
func TestLostAnswerToACreateShownLate(t *testing.T) {
	t.Parallel()
	for kind := range makings("") {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 6 * time.Second, List: 6 * time.Second}}, "", nil)
			m := makings(g.addUsers(1)[0])[kind]
			g.rest()
			if err := g.sim.Fail(trouble.Fault{Method: http.MethodPost, Path: m.post, Drop: true, AfterWrite: true}); err != nil {
				t.Fatal(err)
			}
			if kind != "group" {
				g.madeOnce(m, g.do(http.MethodPost, m.endpoint+m.query, m.doc, http.StatusCreated))
				return
			}
			g.do(http.MethodPost, m.endpoint, m.doc, http.StatusGatewayTimeout)
			g.sim.Advance(time.Hour)
			if got := g.found(m.endpoint, m.filter); len(got) != 1 {
				t.Errorf("made %v", got)
			}
		})
	}
}

// Both answers are lost, and it is there once all the same; or nothing can be known.
func TestLostTwice(t *testing.T) {
	t.Parallel()
	post := trouble.Fault{Method: http.MethodPost, Path: "/$batch", Drop: true}
	done := trouble.Fault{Method: http.MethodPost, Path: "/$batch", Drop: true, AfterWrite: true}
	blind := trouble.Fault{Method: http.MethodGet, Path: "/users/*", Status: 403, Times: 2}
	for name, c := range map[string]struct {
		faults       []trouble.Fault
		status, made int
	}{
		"not done, then done": {[]trouble.Fault{post, done}, 201, 1},
		"not done, twice":     {[]trouble.Fault{post, post}, 504, 0},
		"done, and unseen":    {[]trouble.Fault{done, blind}, 504, 1},
		"refused at last":     {[]trouble.Fault{post, {Method: http.MethodPost, Path: "/users", Status: 400}}, 400, 0},
		"throttled at last":   {[]trouble.Fault{post, {Method: http.MethodPost, Path: "/users", Status: 429, RetryAfter: 900}}, 429, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", nil)
			if err := g.sim.Fail(c.faults...); err != nil {
				t.Fatal(err)
			}
			answer := g.do(http.MethodPost, "/Users", newUser("grace@contoso.com"), c.status)
			if c.status == 504 && !strings.Contains(answer["detail"].(string), "not known whether") {
				t.Errorf("answer %v", answer)
			}
			if got := g.found("/Users", `userName eq "grace@contoso.com"`); len(got) != c.made {
				t.Errorf("made %v", got)
			}
		})
	}
}

// Whoever has the name and was not made by this creation is not told as made by it.
func TestLostAnswerAboutAnother(t *testing.T) {
	t.Parallel()
	grace := graphsim.Values{
		"displayName": "New grace@contoso.com", "userPrincipalName": "grace@contoso.com", "mailNickname": "grace", "accountEnabled": true, "userType": "Member",
	}
	for name, there := range map[string]func(g *gateway){
		"of old": func(g *gateway) {
			g.add("user", grace)
			g.sim.Advance(10 * time.Second)
		},
		"of another's making": func(g *gateway) {
			other := maps.Clone(grace)
			other["displayName"] = "Grace"
			g.add("user", other)
		},
		"of this gateway's making": func(g *gateway) {
			g.do(http.MethodPost, "/Users", newUser("grace@contoso.com"), http.StatusCreated)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", nil)
			there(g)
			if err := g.sim.Fail(trouble.Fault{Method: http.MethodPost, Path: "/$batch", Status: 504}); err != nil {
				t.Fatal(err)
			}
			refused := g.do(http.MethodPost, "/Users", newUser("grace@contoso.com"), http.StatusConflict)
			if refused["scimType"] != "uniqueness" || !strings.HasPrefix(refused["detail"].(string), "userName: ") {
				t.Errorf("answer %v", refused)
			}
		})
	}
}

// Two groups of one name that are made at the same time: each client gets its own, or
// learns that it is not known.
func TestLostGroupAmongOthers(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	team := object{"displayName": "Team"}
	first := g.do(http.MethodPost, "/Groups", team, http.StatusCreated)["id"].(string)
	lost := trouble.Fault{Method: http.MethodPost, Path: "/groups", Drop: true, AfterWrite: true}
	if err := g.sim.Fail(lost); err != nil {
		t.Fatal(err)
	}
	second := g.do(http.MethodPost, "/Groups", team, http.StatusCreated)["id"].(string)
	if got := g.found("/Groups", `displayName eq "Team"`); first == second || !same(got, []string{first, second}) {
		t.Errorf("made %s and %s, there are %v", first, second, got)
	}
	g.serve() // another replica knows of neither
	if err := g.sim.Fail(lost); err != nil {
		t.Fatal(err)
	}
	g.do(http.MethodPost, "/Groups", team, http.StatusGatewayTimeout)
}

// A $batch of creates in bulk is lost: each is found, in one more.
func TestLostInBulk(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault    trouble.Fault
		requests int
	}{
		"done":          {trouble.Fault{Drop: true, AfterWrite: true}, 2},
		"not done":      {trouble.Fault{Drop: true}, 6}, // and looked for 4 times
		"one item lost": {trouble.Fault{Status: 504, Path: "/users"}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", nil)
			if c.fault.Method = http.MethodPost; c.fault.Path == "" {
				c.fault.Path = "/$batch"
			}
			if err := g.sim.Fail(c.fault); err != nil {
				t.Fatal(err)
			}
			ids := g.bulk("201", func(i int) (string, string, any) {
				return "POST", "/Users", newUser(fmt.Sprintf("u%02d@contoso.com", i))
			})
			if requests, _ := g.asked(); requests != c.requests {
				t.Errorf("%d requests to Graph, want %d", requests, c.requests)
			}
			if got := g.found("/Users", `displayName sw "New"`); !same(got, ids) || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 20 {
				t.Errorf("there are %d, made %d", len(got), len(ids))
			}
		})
	}
}
