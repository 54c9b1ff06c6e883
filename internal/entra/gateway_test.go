package entra_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/scim"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	entraGroup = "urn:ietf:params:scim:schemas:extension:entra:2.0:Group"
)

// A gateway is the protocol over a simulated directory, spoken to over HTTP.
type gateway struct {
	t         testing.TB
	sim       *graphsim.Simulator
	dir       *graphsim.Directory
	directory *entra.Directory
	options   entra.Options
	url       string
	heard     *priorities
	caller    *atomic.Pointer[scim.Caller] // nil: one who may do all
}

// priorities are those of the requests to a simulator, which does not tell them itself;
// "" is Normal.
type priorities struct {
	http.Handler

	mu     sync.Mutex
	all    []string
	record bool     // also what is written
	sent   []string // bodies
}

func (p *priorities) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1.0/") {
		p.mu.Lock()
		p.all = append(p.all, r.Header.Get("x-ms-throttle-priority"))
		if p.record && r.Method != http.MethodGet {
			body, _ := io.ReadAll(r.Body)
			p.sent = append(p.sent, string(body))
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		p.mu.Unlock()
	}
	p.Handler.ServeHTTP(w, r)
}

// take gives those since the last time.
func (p *priorities) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.all
	p.all = nil
	return all
}

// start makes a gateway of its own for a test. Time passes only when somebody
// waits for it.
func start(tb testing.TB, sim graphsim.Options, profile string, change func(*entra.Options)) *gateway {
	tb.Helper()
	return startWith(tb, sim, tables(tb, profile), profile == externalID, change)
}

func tables(tb testing.TB, profile string) entra.Tables {
	tb.Helper()
	all := entra.Tables{compile(tb, "user.yaml", profile), compile(tb, "group.yaml", profile)}
	for _, name := range []string{"application", "entitlement", "managedidentity", "role", "serviceprincipal"} {
		all = append(all, compile(tb, name+".yaml", ""))
	}
	return all
}

// startWith is start with tables that were made before, since that takes time.
func startWith(tb testing.TB, sim graphsim.Options, tables entra.Tables, extended bool, change func(*entra.Options)) *gateway {
	tb.Helper()
	g := &gateway{t: tb, sim: graphsim.New(sim), caller: new(atomic.Pointer[scim.Caller])}
	g.dir, g.heard = g.sim.Tenant(graphsim.DefaultTenant), &priorities{Handler: g.sim}
	if extended {
		if err := extend(g.sim); err != nil {
			tb.Fatal(err)
		}
	}
	g.registerFurther(tables)
	server := httptest.NewTLSServer(g.heard)
	tb.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	wait := func(ctx context.Context, d time.Duration) error {
		g.sim.Advance(d)
		return ctx.Err()
	}
	client, err := graph.New(graph.Options{
		BaseURL: server.URL + "/v1.0",
		Credential: graph.Credential{
			TenantID: graphsim.DefaultTenant, ClientID: graphsim.DefaultClient, Secret: graphsim.DefaultSecret, Authority: server.URL,
		},
		Transport: graph.NewTransport(roots), Now: g.sim.Now, Sleep: wait, Linger: time.Hour,
	})
	if err != nil {
		tb.Fatal(err)
	}
	o := entra.Options{Graph: client, Now: g.sim.Now, Sleep: wait, Tables: tables}
	if change != nil {
		change(&o)
	}
	g.options = o
	g.serve()
	if err := g.directory.Ready(tb.Context()); err != nil { // signs in
		tb.Fatal(err)
	}
	g.sim.Reset()
	return g
}

// serve makes a replica: one that knows nothing of what another has done.
func (g *gateway) serve() {
	g.t.Helper()
	g.directory = entra.New(g.options)
	front := httptest.NewServer(scim.NewHandler(g.directory.ResourceTypes(), scim.Options{
		BaseURL: func(*http.Request) string { return base }, Sort: true, CursorSecrets: [][]byte{[]byte("of all replicas")}, Together: g.directory.Together,
		Rehearse: g.directory.Rehearse, DryRun: g.options.Policy.DryRun,
		Caller: func(*http.Request) scim.Caller {
			if c := g.caller.Load(); c != nil {
				return *c
			}
			return scim.Caller{}
		},
	}))
	g.t.Cleanup(front.Close)
	g.url = front.URL
}

type object = map[string]any

// do sends a request and wants the status; "" is no body.
func (g *gateway) do(method, path string, body any, want int) object {
	g.t.Helper()
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			g.t.Fatal(err)
		}
	}
	status, text := g.try(method, path, string(sent))
	if status != want {
		g.t.Fatalf("%s %s: %d, want %d: %s", method, path, status, want, text)
	}
	out := object{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			g.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
	return out
}

// try sends a request as it is and gives what was answered.
func (g *gateway) try(method, path, body string) (status int, answer string) {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/scim+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (g *gateway) get(path string) object {
	g.t.Helper()
	return g.do(http.MethodGet, path, nil, http.StatusOK)
}

func (g *gateway) patch(path string, want int, operations ...object) object {
	g.t.Helper()
	return g.do(http.MethodPatch, path, object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": operations,
	}, want)
}

// patched is a PATCH that is done, whether or not it is answered with the resource.
func (g *gateway) patched(path string, operations ...object) {
	g.t.Helper()
	text, err := json.Marshal(object{"Operations": operations})
	if err != nil {
		g.t.Fatal(err)
	}
	if status, answer := g.try(http.MethodPatch, path, string(text)); status != http.StatusNoContent && status != http.StatusOK {
		g.t.Fatalf("PATCH %s: %d %s", path, status, answer)
	}
}

// found gives the ids that a filter finds, and checks the total.
func (g *gateway) found(endpoint, filter string) []string {
	g.t.Helper()
	list := g.get(endpoint + "?attributes=id&count=1000&filter=" + url.QueryEscape(filter))
	ids := idsOf(list)
	if int(list["totalResults"].(float64)) != len(ids) {
		g.t.Errorf("%s: totalResults %v, resources %d", filter, list["totalResults"], len(ids))
	}
	return ids
}

func idsOf(list object) []string {
	var ids []string
	for _, r := range list["Resources"].([]any) {
		ids = append(ids, r.(object)["id"].(string))
	}
	return ids
}

// asked counts what Graph was asked since the last time: HTTP requests and writes.
func (g *gateway) asked() (requests, writes int) {
	s := g.sim.Stats()
	g.sim.Reset()
	return s.Requests, s.Writes
}

func (g *gateway) wantAsked(what string, requests, writes int) {
	g.t.Helper()
	calls := g.sim.Calls()
	if r, w := g.asked(); r != requests || w != writes {
		g.t.Errorf("%s: %d requests to Graph with %d writes, want %d with %d:\n%s", what, r, w, requests, writes, strings.Join(calls, "\n"))
	}
}

func (g *gateway) add(entity string, v graphsim.Values) string {
	g.t.Helper()
	id, err := g.dir.Add(entity, v)
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

// addUsers seeds users named by number.
func (g *gateway) addUsers(n int) []string {
	g.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		name := fmt.Sprintf("user%05d", i)
		ids[i] = g.add("user", graphsim.Values{
			"displayName": "User " + name, "userPrincipalName": name + "@contoso.com", "mailNickname": name,
			"accountEnabled": true, "userType": "Member", "givenName": strconv.Itoa(i % 7),
		})
	}
	return ids
}

func (g *gateway) addGroup(name string, members ...string) string {
	g.t.Helper()
	id := g.add("group", graphsim.Values{
		"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true, "groupTypes": []string{},
	})
	if err := g.dir.AddMembers(id, members...); err != nil {
		g.t.Fatal(err)
	}
	return id
}

// at follows a path of names and indexes; nil when it leads nowhere.
func at(v any, path ...string) any {
	for _, name := range path {
		switch x := v.(type) {
		case object:
			v = x[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func members(ids ...string) []object {
	list := make([]object, len(ids))
	for i, id := range ids {
		list[i] = object{"value": id}
	}
	return list
}

func memberIDs(group object) []string {
	var ids []string
	list, _ := group["members"].([]any)
	for _, m := range list {
		ids = append(ids, m.(object)["value"].(string))
	}
	return ids
}

func same(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// decoded is JSON as a value.
func decoded(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
