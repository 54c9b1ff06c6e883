package entra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/tenant"
)

// A ledger takes down the changes that Graph makes, each request of a $batch by
// itself.
type ledger struct {
	http.Handler

	mu      sync.Mutex
	changes []string
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	l.Handler.ServeHTTP(answer, r)
	if path, found := strings.CutPrefix(r.URL.RequestURI(), "/v1.0"); found {
		l.note(r.Method, path, body, answer.Code, answer.Body.Bytes())
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// note takes down what Graph did.
func (l *ledger) note(method, path string, body []byte, status int, answer []byte) {
	if path == "/$batch" {
		var batch struct {
			Requests []struct {
				ID, Method, URL string
				Body            json.RawMessage
			}
			Responses []struct {
				ID     string
				Status int
			}
		}
		if err := errors.Join(json.Unmarshal(body, &batch), json.Unmarshal(answer, &batch)); err != nil {
			panic(err)
		}
		statuses := map[string]int{}
		for _, one := range batch.Responses {
			statuses[one.ID] = one.Status
		}
		for _, one := range batch.Requests {
			l.note(one.Method, one.URL, one.Body, statuses[one.ID], nil)
		}
		return
	}
	if status > 299 || method == http.MethodGet || strings.HasPrefix(path, "/directoryObjects/getByIds") {
		return
	}
	var v any
	if len(body) > 0 {
		if err := json.Unmarshal(body, &v); err != nil {
			panic(err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, changeLine(method, path, v))
}

func (l *ledger) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.changes
	l.changes = nil
	return all
}

var password = regexp.MustCompile(`"password":"[^"]*"`)

func changeLine(method, path string, body any) string {
	if body == nil {
		return method + " " + path
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return method + " " + path + " " + password.ReplaceAllString(string(text), `"password":"***"`)
}

// A rehearser is a gateway whose writes are rehearsed before they are done.
type rehearser struct {
	*gateway
	ledger *ledger
}

func startRehearser(t *testing.T, policy tenant.Policy) *rehearser {
	t.Helper()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy = policy })
	r := &rehearser{gateway: g, ledger: &ledger{Handler: g.sim}}
	g.heard.Handler = r.ledger
	return r
}

// rehearse asks for a dry run of what is not to be refused.
func (g *gateway) rehearse(method, path, body string) (status int, answer object, header http.Header) {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	request.Header.Set("X-Dry-Run", "true")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response.StatusCode, answer, response.Header
}

// traceless is a detail without Graph's request-id.
func traceless(detail any) string {
	text, _ := detail.(string)
	text, _, _ = strings.Cut(text, " (Graph request-id")
	return text
}

var guid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// anonymous are changes without the ids of what was made by the request, in the order
// of the alphabet: what is done at the same time has none.
func anonymous(changes []string, ids func(string) bool) []string {
	all := make([]string, len(changes))
	for i, line := range changes {
		all[i] = guid.ReplaceAllStringFunc(line, func(id string) string {
			if ids(id) {
				return "MADE"
			}
			return id
		})
	}
	slices.Sort(all)
	return all
}

// law holds the dry run of a request against the request itself, and gives the answer
// to that.
func (r *rehearser) law(method, path string, body any) object {
	r.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		text = string(raw)
	}
	what := fmt.Sprintf("%s %s %.300s", method, path, text)
	writes := r.sim.Stats().Writes
	status, would, header := r.rehearse(method, path, text)
	if now := r.sim.Stats().Writes; now != writes || len(r.ledger.take()) != 0 || header.Get("X-Dry-Run") != "true" || header.Get("Location") != "" {
		r.t.Fatalf("%s: the dry run wrote %d times, header %v", what, now-writes, header)
	}
	realStatus, answer := r.try(method, path, text)
	changes := r.ledger.take()
	var doc object
	_ = json.Unmarshal([]byte(answer), &doc)
	if realStatus >= 400 {
		if status != realStatus || traceless(would["detail"]) != traceless(doc["detail"]) {
			r.t.Errorf("%s: %d %v, and then %d %s", what, status, would, realStatus, answer)
		}
		return doc
	}
	if status != http.StatusOK || would["status"] != fmt.Sprint(realStatus) || at(would, "schemas", "0") != "urn:ietf:params:scim:api:messages:entra:2.0:DryRun" {
		r.t.Errorf("%s: %d %v, and then %d %s", what, status, would, realStatus, answer)
	}
	var told []string
	for _, call := range would["calls"].([]any) {
		told = append(told, changeLine(at(call, "method").(string), at(call, "path").(string), at(call, "body")))
	}
	got := anonymous(told, func(id string) bool { return strings.HasPrefix(id, "00000000-0000-4000-8000-") })
	want := anonymous(changes, func(id string) bool { return !strings.Contains(strings.Join(told, " "), id) })
	if !slices.Equal(got, want) {
		r.t.Errorf("%s:\ntold:\n%s\ndone:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return doc
}

func (r *rehearser) patches(path string, operations ...object) {
	r.t.Helper()
	r.law(http.MethodPatch, path, object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": operations})
}

// furnished seeds users, a group of three, and licenses.
func (r *rehearser) furnished() (users []string, group string) {
	r.t.Helper()
	users = r.addUsers(60)
	for _, id := range users[:3] {
		r.patched("/Users/"+id, object{"op": "add", "value": object{entraUser: object{"usageLocation": "NL"}, enterprise: object{"employeeNumber": "e" + id[:8]}}})
	}
	group = r.addGroup("Engines", users[:3]...)
	r.add("subscribedSku", graphsim.Values{"skuId": skuE3, "skuPartNumber": "ENTERPRISEPACK", "prepaidUnits": object{"enabled": 5}})
	r.add("subscribedSku", graphsim.Values{"skuId": skuP2, "skuPartNumber": "AAD_PREMIUM_P2", "prepaidUnits": object{"enabled": 50}})
	r.ledger.take()
	return users, group
}

// What a dry run tells is what the request then does, and nothing of it is done.
func TestDryRunIsTheLaw(t *testing.T) {
	t.Parallel()
	r := startRehearser(t, tenant.Policy{})
	users, group := r.furnished()
	ada, bob := "/Users/"+users[0], "/Users/"+users[1]
	manager := enterprise + ":manager"
	op := func(op, path string, value any) object { return object{"op": op, "path": path, "value": value} }

	r.law("POST", "/Users", newUser("plain@contoso.com"))
	r.law("POST", "/Users", newUser("plain@contoso.com")) // it has the name now
	full := newUser("full@contoso.com")
	full["password"], full["entitlements"], full["roles"] = "Secret-1234567", []object{{"value": skuP2}}, []object{{"value": globalReader}}
	full[entraUser], full[enterprise] = object{"usageLocation": "NL"}, object{"manager": object{"value": users[1]}}
	r.law("POST", "/Users", full)
	for i, by := range []string{"user00001@contoso.com", "e" + users[2][:8], "nobody@contoso.com"} {
		user := newUser(fmt.Sprintf("by%d@contoso.com", i))
		user[enterprise] = object{"manager": object{"value": by}}
		r.law("POST", "/Users", user)
	}
	guest := object{"userType": "Guest", "redirectUrl": "https://x.example", "displayName": "G", "emails": []object{{"value": "g@other.example"}}, "title": "Guest", enterprise: object{"manager": object{"value": users[1]}}}
	r.law("POST", "/Users", guest)
	r.law("POST", "/Users", object{"userName": "bad name@contoso.com", "displayName": "x"})

	r.patches(ada, op("replace", "title", "Countess"), op("replace", "active", false))
	r.patches(ada, op("replace", "active", true), op("replace", "password", "Secret-7654321"))
	r.patches(ada, op("add", manager, object{"value": users[1]}), op("add", "entitlements", []object{{"value": skuE3}, {"value": skuP2}}))
	r.patches(ada, object{"op": "remove", "path": manager}, takes(skuE3), op("add", "roles", []object{{"value": globalReader}}))
	r.patches(ada, object{"op": "remove", "path": "roles"})
	r.patches(ada, op("replace", "title", "Countess")) // which it is
	r.patches("/Users/11111111-2222-4333-8444-555555555555", op("replace", "title", "x"))
	r.law("PUT", bob, object{"userName": "bob@contoso.com", "displayName": "Bob", "active": false})
	r.law("DELETE", bob, nil)
	r.law("DELETE", bob, nil) // which is gone

	r.law("POST", "/Groups", object{"displayName": "Empty"})
	large := r.law("POST", "/Groups", object{"displayName": "Large", "members": members(users[2:47]...)})
	grown := "/Groups/" + large["id"].(string)
	r.patches(grown, op("add", "members", members(users[47:]...)), op("replace", "displayName", "Larger"))
	r.patches(grown, op("remove", "members", members(users[2:30]...)))
	r.patches(grown, op("replace", "members", members(users[30:35]...)))
	r.patches(grown, object{"op": "remove", "path": `members[value eq "` + users[31] + `"]`})
	r.law("PUT", "/Groups/"+group, object{"displayName": "Engines", "members": members(users[0])})
	r.law("POST", "/Groups", object{"displayName": "x", "members": members("11111111-2222-4333-8444-555555555555")})
	r.law("DELETE", grown, nil)
	r.law("DELETE", grown, nil)
}

// Who is restored, by an action or as a new user of the name, is told of as well, and
// what is given and taken beside.
func TestDryRunOfTheRest(t *testing.T) {
	t.Parallel()
	r := startRehearser(t, tenant.Policy{DeletedUser: tenant.DeletedRestore})
	users, group := r.furnished()
	for _, id := range users[:3] {
		r.law("DELETE", "/Users/"+id, nil)
	}
	r.law("POST", "/Users/"+users[0]+"/.actions/restore", object{})
	r.law("POST", "/Users/"+users[0]+"/.actions/restore", object{})
	r.law("POST", "/Users/"+users[1]+"/.actions/delete_permanently", object{})
	r.law("POST", "/Users/"+users[1]+"/.actions/delete_permanently", object{})
	r.law("POST", "/Users", object{"userName": "user00002@contoso.com", "displayName": "Back", "title": "Countess"})

	r.add("servicePrincipal", graphsim.Values{
		"displayName": "Mill", "appId": "aaaaaaaa-1111-4222-8333-444444444444", "servicePrincipalType": "Application", "accountEnabled": true,
		"appRoles": []object{{"id": "bbbbbbbb-1111-4222-8333-444444444444", "value": "Miller", "displayName": "Miller", "isEnabled": true, "allowedMemberTypes": []string{"User"}}},
	})
	given := []object{{"value": "aaaaaaaa-1111-4222-8333-444444444444", "appRole": "Miller"}}
	for _, path := range []string{"/Users/" + users[7], "/Groups/" + group} {
		urn := enterprise
		if strings.HasPrefix(path, "/Groups") {
			urn = entraGroup
		}
		r.patches(path, object{"op": "add", "path": urn + ":applications", "value": given})
		if shown := r.get(path + "?attributes=" + urn + ":applications"); at(shown, urn, "applications", "0", "appRole") == nil {
			t.Errorf("not given: %v", shown)
		}
		r.patches(path, object{"op": "remove", "path": urn + ":applications"})
	}
	r.patches("/Users/"+users[7], object{"op": "add", "path": entraUser + ":eligibleRoles", "value": []object{{"value": globalReader}}})
	r.patches("/Groups/"+group, object{"op": "add", "path": entraGroup + ":owners", "value": members(users[8])})
}

// The operations of a bulk request are told in their order, with what refers to what
// would be made; nothing is said to be anywhere.
func TestDryRunOfBulk(t *testing.T) {
	t.Parallel()
	r := startRehearser(t, tenant.Policy{})
	users, group := r.furnished()
	body := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []object{
		{"method": "POST", "path": "/Users", "bulkId": "u", "data": newUser("bulk@contoso.com")},
		{"method": "POST", "path": "/Groups", "bulkId": "g", "data": object{"displayName": "Bulk", "members": members("bulkId:u", users[5])}},
		{"method": "PATCH", "path": "/Groups/" + group, "data": object{"Operations": []object{{"op": "add", "path": "members", "value": members("bulkId:u")}}}},
		{"method": "PATCH", "path": "/Users/bulkId:u", "data": object{"Operations": []object{{"op": "replace", "path": "title", "value": "x"}}}},
		{"method": "DELETE", "path": "/Users/" + users[9]},
		{"method": "DELETE", "path": "/Users/11111111-2222-4333-8444-555555555555"},
	}}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	_, would, _ := r.rehearse("POST", "/Bulk", string(text))
	var statuses []any
	for _, one := range would["Operations"].([]any) {
		statuses = append(statuses, at(one, "status"))
		if at(one, "method") == "POST" && at(one, "location") != nil {
			t.Errorf("told where it is: %v", one)
		}
	}
	if fmt.Sprint(statuses) != "[201 201 204 204 204 404]" {
		t.Errorf("statuses %v", statuses)
	}
	r.law("POST", "/Bulk", body)
}

// Whatever is done at random, the law holds.
func TestDryRunAtRandom(t *testing.T) {
	t.Parallel()
	r := startRehearser(t, tenant.Policy{})
	users, group := r.furnished()
	random := rand.New(rand.NewPCG(7, 7))
	some := func() []object {
		list := make([]string, random.IntN(30))
		for i := range list {
			list[i] = users[random.IntN(len(users))]
		}
		return members(list...)
	}
	for i := range 60 {
		user := "/Users/" + users[random.IntN(len(users))]
		switch random.IntN(7) {
		case 0:
			r.patches(user, object{"op": "replace", "path": "active", "value": random.IntN(2) == 0})
		case 1:
			r.patches(user, object{"op": "add", "value": object{"title": fmt.Sprint(random.IntN(3)), "nickName": fmt.Sprint("n", random.IntN(3))}})
		case 2:
			r.patches(user, object{"op": "replace", "path": enterprise + ":manager", "value": object{"value": users[random.IntN(len(users))]}})
		case 3:
			r.law("POST", "/Users", newUser(fmt.Sprintf("r%d@contoso.com", i/2)))
		case 4:
			r.law("POST", "/Groups", object{"displayName": fmt.Sprint("g", i), "members": some()})
		default:
			r.patches("/Groups/"+group, object{"op": []string{"add", "remove", "replace"}[random.IntN(3)], "path": "members", "value": some()})
		}
	}
}

// A tenant's or a client's dry run cannot be turned off, reads are what they are, and
// the header has one value.
func TestDryRunCannotBeTurnedOff(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.DryRun = true })
	id := g.addUsers(1)[0]
	if answer := g.do("DELETE", "/Users/"+id, nil, 200); answer["status"] != "204" || len(answer["calls"].([]any)) != 1 {
		t.Errorf("answer %v", answer)
	}
	if g.get("/Users/" + id)["id"] != id || g.do("POST", "/Users/.search", object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}, 200)["totalResults"] != 1.0 {
		t.Error("a read is not one")
	}
	for _, value := range []string{"false", "", "TRUE", "1"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, g.url+"/Users/"+id, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Dry-Run", value)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != 400 || !strings.Contains(string(text), "invalidValue") {
			t.Errorf("X-Dry-Run: %q: %d %s", value, response.StatusCode, text)
		}
	}
	if n := g.sim.Stats().Writes; n != 0 {
		t.Errorf("%d writes", n)
	}
}

// A dry run is not remembered: what it would have done is not taken for done, and what
// was done before it is known to it.
func TestDryRunIsForgotten(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	id := g.addUsers(1)[0]
	disable := `{"Operations":[{"op":"replace","path":"active","value":false}]}`
	for range 2 {
		if _, answer, _ := g.rehearse("PATCH", "/Users/"+id, disable); len(answer["calls"].([]any)) != 1 {
			t.Errorf("answer %v", answer)
		}
	}
	g.patch("/Users/"+id, 204, object{"op": "replace", "path": "active", "value": false})
	if g.get("/Users/" + id)["active"] != false {
		t.Error("it was not done after all")
	}
	_, answer, _ := g.rehearse("POST", "/Users", `{"userName":"new@contoso.com","displayName":"New"}`)
	text, _ := json.Marshal(answer)
	if strings.Contains(string(text), "location") || !strings.Contains(string(text), `"password":"***"`) {
		t.Errorf("answer %s", text)
	}
	g.do("GET", "/Users/00000000-0000-4000-8000-000000000001", nil, 404)
}

// A dry run asks a sink nothing and tells it nothing, and nobody is told of a password.
func TestDryRunTellsNoSink(t *testing.T) {
	t.Parallel()
	g, d, _ := withDrawer(t, nil)
	ada := g.addUsers(1)[0]
	for path, body := range map[string]string{
		"/Users": `{"userName":"new@contoso.com","displayName":"New"}`, "/Users/" + ada + "/.actions/reset_password": "{}",
	} {
		status, answer, _ := g.rehearse("POST", path, body)
		text, _ := json.Marshal(answer)
		if calls, _ := answer["calls"].([]any); status != 200 || len(calls) != 1 || !strings.Contains(string(text), `"password":"***"`) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if d.checks != 0 || len(d.all()) != 0 || g.sim.Stats().Writes != 0 {
		t.Errorf("the sink was asked %d times and given %d passwords", d.checks, len(d.all()))
	}
}
