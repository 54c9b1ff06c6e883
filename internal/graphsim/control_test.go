package graphsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// control sends a request to the control listener.
func (c *client) control(method, path, body string) *reply {
	c.Helper()
	w := httptest.NewRecorder()
	c.sim.Control().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	a := &reply{client: c, request: method + " " + path, status: w.Code, header: w.Header(), raw: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && strings.HasPrefix(a.raw, "{") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			c.Fatalf("%s: %v in %s", a.request, err, w.Body)
		}
	}
	return a
}

const seeded = `{
  "users": [
    {"id": "10000000-0000-4000-8000-000000000001", "displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada",
     "accountEnabled": true, "manager": {"id": "10000000-0000-4000-8000-000000000002"}, "jobTitle": null, "passwordProfile": {"password": "Not-Kept-17"}},
    {"@odata.type": "#microsoft.graph.user", "id": "10000000-0000-4000-8000-000000000002", "displayName": "Bob", "userPrincipalName": "bob@contoso.com",
     "mailNickname": "bob", "accountEnabled": true, "manager": null, "onPremisesSyncEnabled": true, "businessPhones": ["+1"]}
  ],
  "groups": [
    {"displayName": "All", "mailNickname": "all", "securityEnabled": true, "mailEnabled": false,
     "members": [{"id": "10000000-0000-4000-8000-000000000001"}],
     "owners@odata.bind": ["https://graph.microsoft.com/v1.0/users/10000000-0000-4000-8000-000000000002"]}
  ],
  "registrations": [{"appId": "20000000-0000-4000-8000-000000000001", "displayName": "Reader", "secret": "reader", "roles": ["User.Read.All"]}]
}`

func TestControlSeed(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	added := c.control("POST", "/sim/seed", seeded).want(200)
	group := added.body["groups"].([]any)[0].(string)
	const ada, bob = "10000000-0000-4000-8000-000000000001", "10000000-0000-4000-8000-000000000002"
	c.do("GET", "/users/"+ada, nil).want(200).has("displayName", "Ada").has("jobTitle", nil)
	c.do("GET", "/users/"+bob+"?$select=onPremisesSyncEnabled", nil).want(200).has("onPremisesSyncEnabled", true)
	c.do("GET", "/users/"+ada+"/manager", nil).want(200).has("id", bob)
	c.do("GET", "/users/"+bob+"/manager", nil).want(404)
	for path, want := range map[string]string{"/members": ada, "/owners": bob} {
		if got := c.do("GET", "/groups/"+group+path, nil).want(200); !strings.Contains(got.raw, want) {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
	if got := c.do("GET", "/users/"+ada+"?$select=passwordProfile", nil).raw; strings.Contains(got, "Not-Kept") {
		t.Error(got)
	}
	reader := *c
	reader.token = c.login(graphsim.DefaultTenant, "20000000-0000-4000-8000-000000000001", "reader")
	reader.do("GET", "/users", nil).want(200)
	reader.do("DELETE", "/users/"+ada, nil).want(403)
}

func TestControlSeedsAnotherTenant(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	const other = "40000000-0000-4000-8000-000000000001"
	c.control("POST", "/sim/seed?tenant="+other, seeded).want(200)
	c.do("GET", "/users/10000000-0000-4000-8000-000000000001", nil).want(404)
	there := *c
	there.token = c.login(other, "20000000-0000-4000-8000-000000000001", "reader")
	there.do("GET", "/users/10000000-0000-4000-8000-000000000001", nil).want(200)
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ path, body, want string }{
		"seed, no JSON":          {"/sim/seed", `{`, "EOF"},
		"seed, unknown set":      {"/sim/seed", `{"user":[]}`, "user"},
		"seed, unknown property": {"/sim/seed", `{"users":[{"nick":"x"}]}`, "users[0]: "},
		"seed, taken":            {"/sim/seed", `{"users":[{"userPrincipalName":"a@contoso.com"},{"userPrincipalName":"A@contoso.com"}]}`, "users[1]: "},
		"seed, unknown member":   {"/sim/seed", `{"groups":[{"displayName":"g","members":[{"id":"x"}]}]}`, "groups[0]: members: "},
		"seed, odd member":       {"/sim/seed", `{"groups":[{"displayName":"g","members":[7]}]}`, "groups[0]: members: "},
		"seed, odd tenant":       {"/sim/seed?tenant=x", `{}`, "GUID"},
		"seed, odd app":          {"/sim/seed", `{"registrations":[{"appId":"x"}]}`, "registrations[0]: "},
		"fault, nothing":         {"/sim/faults", `{"method":"GET"}`, "fault 1: "},
		"fault, misspelt":        {"/sim/faults", `{"state":500}`, "state"},
		"fault, second of list":  {"/sim/faults", `[{"status":500},{"status":200}]`, "fault 2: "},
		"clock, back":            {"/sim/clock", `{"advance":"-1h"}`, "positive"},
		"clock, nothing":         {"/sim/clock", `{}`, "positive"},
		"clock, no duration":     {"/sim/clock", `{"advance":"soon"}`, "soon"},
		"settings, negative":     {"/sim/settings", `{"latency":"-1s"}`, "negative"},
		"settings, unknown":      {"/sim/settings", `{"lag":"1s"}`, "lag"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, graphsim.Options{}).control("POST", test.path, test.body).want(400)
			if message, _ := a.body["error"].(string); !strings.Contains(message, test.want) {
				t.Errorf("got %s", a.raw)
			}
		})
	}
}

func TestControlCountsCalls(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.do("GET", "/users?$select=id", nil, "client-request-id: 7e2d8c1a-0000-4000-8000-000000000001").want(200)
	c.do("POST", "/$batch", `{"requests":[
		{"id":"1","method":"GET","url":"/groups?$top=5"},
		{"id":"2","method":"PATCH","url":"users/10000000-0000-4000-8000-00000000000f","headers":{"Content-Type":"application/json"},"body":{"jobTitle":"x"}},
		{"id":"3","method":"GET","url":"/planner/tasks"}]}`).want(200)
	calls := c.control("GET", "/sim/calls", "").want(200)
	want := "GET /v1.0/users?$select=id 7e2d8c1a-0000-4000-8000-000000000001\n" +
		"POST /v1.0/$batch\n  GET /groups?$top=5\n  PATCH users/10000000-0000-4000-8000-00000000000f\n  GET /planner/tasks\n"
	if calls.raw != want {
		t.Errorf("calls:\n%swant:\n%s", calls.raw, want)
	}
	stats := c.control("GET", "/sim/stats", "").want(200)
	if got, want := stats.raw, `{"requests":2,"operations":4,"resourceUnits":4,"writes":1,"throttled":0,`+
		`"routes":{"GET (unknown)":1,"GET groups":1,"GET users":1,"PATCH users/{id}":1}}`; got != want {
		t.Errorf("stats %s\nwant  %s", got, want)
	}
	c.control("POST", "/sim/reset", "").want(204)
	if got := c.control("GET", "/sim/calls", "").raw; got != "" {
		t.Errorf("after reset: %s", got)
	}
	if s := c.sim.Stats(); s.Requests+s.Operations+s.ResourceUnits+s.Writes != 0 {
		t.Errorf("after reset: %+v", s)
	}
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.control("POST", "/sim/faults", `{"method":"GET","path":"/users","status":429,"retryAfter":10}`).want(204)
	c.control("POST", "/sim/faults", `[{"path":"/groups","status":503,"code":"serviceNotAvailable","message":"Later."}]`).want(204)
	got := c.do("GET", "/users", nil).refused(429, "TooManyRequests", "Please retry again later.")
	if got.header.Get("Retry-After") != "10" {
		t.Errorf("headers %v", got.header)
	}
	inner, _ := got.body["error"].(map[string]any)["innerError"].(map[string]any)
	if inner["code"] != "429" || inner["status"] != "429" || inner["message"] != "Please retry after" || inner["request-id"] != got.header.Get("request-id") {
		t.Errorf("innerError %v", inner)
	}
	c.do("GET", "/users", nil).want(200)
	if left := c.control("GET", "/sim/faults", "").raw; !strings.Contains(left, `"path":"/groups"`) || strings.Contains(left, "/users") {
		t.Errorf("left: %s", left)
	}
	c.control("DELETE", "/sim/faults", "").want(204)
	c.do("GET", "/groups", nil).want(200)
	if s := c.sim.Stats(); s.Throttled != 1 || s.Requests != 3 {
		t.Errorf("counted %+v", s)
	}
}

func TestLostAnswerOfAWrite(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.control("POST", "/sim/seed", seeded).want(200)
	c.control("POST", "/sim/faults", `{"method":"PATCH","status":504,"afterWrite":true}`).want(204)
	const ada = "/users/10000000-0000-4000-8000-000000000001"
	c.do("PATCH", ada, fields{"jobTitle": "Countess"}).want(504)
	c.do("GET", ada, nil).want(200).has("jobTitle", "Countess")
}

func TestControlClock(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	before := c.sim.Now()
	c.control("POST", "/sim/clock", `{"advance":"59m"}`).want(200).has("now", before.Add(59*time.Minute).Format(time.RFC3339))
	c.do("GET", "/users", nil).want(200)
	c.control("POST", "/sim/clock", `{"advance":60}`).want(200)
	c.do("GET", "/users", nil).refused(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
	c.control("GET", "/sim/clock", "").want(200).has("now", before.Add(time.Hour).Format(time.RFC3339))
}

func TestControlLag(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.control("POST", "/sim/settings", `{"readLag":"2s","listLag":"10s"}`).want(204)
	id := c.do("POST", "/users", newUser("lagging")).want(201).body["id"].(string)
	c.do("GET", "/users/"+id, nil).want(404)
	c.sim.Advance(3 * time.Second)
	c.do("GET", "/users/"+id, nil).want(200)
	const filter = "/users?$filter=mailNickname eq 'lagging'"
	if got := c.do("GET", filter, nil).want(200); strings.Contains(got.raw, id) {
		t.Error("the list does not lag")
	}
	c.sim.Advance(8 * time.Second)
	if got := c.do("GET", filter, nil).want(200); !strings.Contains(got.raw, id) {
		t.Error("the list lags for ever")
	}
}

func TestThrottled(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{Throttle: true, Limits: trouble.Limits{Writes: trouble.Limit{Amount: 1, Window: 30 * time.Second}}})
	c.do("POST", "/users", newUser("first")).want(201)
	got := c.do("POST", "/users", newUser("second")).refused(429, "TooManyRequests", "Please retry again later.")
	for name, want := range map[string]string{
		"Retry-After": "30", "x-ms-resource-unit": "1", "x-ms-throttle-limit-percentage": "1.8",
		"x-ms-throttle-information": "WriteLimitExceeded",
		"x-ms-throttle-scope":       "Tenant_Application/Write/" + graphsim.DefaultClient + "/" + graphsim.DefaultTenant,
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	batch := c.do("POST", "/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users"},
		{"id":"2","method":"DELETE","url":"/users/10000000-0000-4000-8000-000000000001"}]}`).want(200)
	for _, item := range batch.body["responses"].([]any) {
		item := item.(map[string]any)
		headers := item["headers"].(map[string]any)
		if item["id"] == "1" && (item["status"] != 200.0 || headers["x-ms-resource-unit"] != "2") ||
			item["id"] == "2" && (item["status"] != 429.0 || headers["Retry-After"] != "30") {
			t.Errorf("item %v", item)
		}
	}
	c.control("POST", "/sim/settings", `{"throttle":false}`).want(204)
	c.do("POST", "/users", newUser("third")).want(201)
}

// Under every seed a client that repeats what was refused reads a collection
// whole, once each, over a network.
func TestHostileReadsAreWhole(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			t.Parallel()
			sim := graphsim.New(graphsim.Options{Hostile: seed + 1})
			want := map[string]bool{}
			for i := range 40 {
				id, err := sim.Tenant(graphsim.DefaultTenant).Add("user", graphsim.Values{"displayName": fmt.Sprint(i), "userPrincipalName": fmt.Sprintf("u%d@contoso.com", i)})
				if err != nil {
					t.Fatal(err)
				}
				want[id] = true
			}
			sim.Advance(time.Minute)
			server := httptest.NewServer(sim)
			t.Cleanup(server.Close)
			c := &client{T: t, sim: sim}
			c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
			pages := 0
			for next := server.URL + "/v1.0/users?$select=id,mail"; next != ""; pages++ {
				next = c.page(next, want)
			}
			if len(want) != 0 || pages < 8 {
				t.Errorf("%d users are missing after %d pages", len(want), pages)
			}
		})
	}
}

// page reads one page, however often that takes, takes its objects out of the set
// and gives the next link.
func (c *client) page(address string, want map[string]bool) string {
	c.Helper()
	for range 10 {
		req, err := http.NewRequestWithContext(c.Context(), http.MethodGet, address, nil)
		if err != nil {
			c.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		var body struct {
			Value []struct {
				ID string `json:"id"`
			} `json:"value"`
			Next string `json:"@odata.nextLink"`
		}
		err = json.NewDecoder(res.Body).Decode(&body)
		res.Body.Close()
		if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
			continue
		}
		if err != nil || res.StatusCode != 200 {
			c.Fatalf("%s: %d %v", address, res.StatusCode, err)
		}
		for _, user := range body.Value {
			if !want[user.ID] {
				c.Errorf("%s came twice or from nowhere", user.ID)
			}
			delete(want, user.ID)
		}
		return body.Next
	}
	c.Fatalf("%s is never answered", address)
	return ""
}
