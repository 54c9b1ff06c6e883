package graphsim_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

const otherTenant = "77777777-aaaa-4bbb-8ccc-dddddddddddd"

// application registers an application with some permissions and gives a client
// that calls as it.
func (c *client) application(id, tenant string, roles ...string) *client {
	c.Helper()
	err := c.sim.Register(login.App{ID: id, TenantID: tenant, Roles: roles, Secrets: []login.Secret{{Value: "s"}}})
	if err != nil {
		c.Fatal(err)
	}
	d := *c
	d.token = d.login(tenant, id, "s")
	return &d
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user, group, assignable := c.user("adele"), c.group("g"), c.group("a", fields{"isAssignableToRole": true})
	member := c.user("member")
	c.add(assignable, member)
	for name, p := range map[string]struct {
		roles        []string
		method, path string
		body         any
		status       int
	}{
		"none":                       {nil, "GET", "/users", nil, 403},
		"read users":                 {[]string{"User.Read.All"}, "GET", "/users", nil, 200},
		"read, not write":            {[]string{"User.Read.All"}, "PATCH", "/users/" + user, fields{"city": "x"}, 403},
		"users, not groups":          {[]string{"User.ReadWrite.All"}, "GET", "/groups", nil, 403},
		"basic profile":              {[]string{"User.ReadBasic.All"}, "GET", "/users/" + user, nil, 200},
		"beyond the basic profile":   {[]string{"User.ReadBasic.All"}, "GET", "/users/" + user + "?$select=id,department", nil, 403},
		"sign-in activity":           {[]string{"User.Read.All"}, "GET", "/users?$select=id,signInActivity", nil, 403},
		"enable, scenario":           {[]string{"User.EnableDisableAccount.All", "User.Read.All"}, "PATCH", "/users/" + user, fields{"accountEnabled": false}, 204},
		"scenario covers no more":    {[]string{"User.EnableDisableAccount.All", "User.Read.All"}, "PATCH", "/users/" + user, fields{"city": "x"}, 403},
		"leave date needs its own":   {[]string{"User.ReadWrite.All"}, "PATCH", "/users/" + user, fields{"employeeLeaveDateTime": "2026-01-01T00:00:00Z"}, 403},
		"password without a role":    {[]string{"User.ReadWrite.All"}, "PATCH", "/users/" + user, fields{"passwordProfile": fields{"password": "xWwvJ]6NMw+bWH-d"}}, 403},
		"privileged user":            {[]string{"User.ReadWrite.All"}, "PATCH", "/users/" + member, fields{"accountEnabled": false}, 403},
		"privileged user, plain":     {[]string{"User.ReadWrite.All"}, "PATCH", "/users/" + member, fields{"city": "Oslo"}, 204},
		"delete a privileged user":   {[]string{"User.ReadWrite.All"}, "DELETE", "/users/" + member, nil, 403},
		"members, not the group":     {[]string{"GroupMember.ReadWrite.All"}, "PATCH", "/groups/" + group, fields{"description": "x"}, 403},
		"members of role-assignable": {[]string{"Group.ReadWrite.All"}, "POST", "/groups/" + assignable + "/members/$ref", ref(user), 403},
		"invite":                     {[]string{"User.Read.All"}, "POST", "/invitations", fields{}, 403},
		"applications":               {[]string{"User.Read.All"}, "GET", "/applications", nil, 403},
		"assign":                     {[]string{"Directory.Read.All"}, "POST", "/users/" + user + "/appRoleAssignments", fields{}, 403},
		"read assignments":           {[]string{"Directory.Read.All"}, "GET", "/users/" + user + "/appRoleAssignments", nil, 200},
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t, graphsim.Options{})
			d.sim = c.sim
			id := "bbbbbbbb-0000-4000-8000-" + hex12(name)
			a := d.application(id, graphsim.DefaultTenant, p.roles...).do(p.method, p.path, p.body).want(p.status)
			if p.status == 403 {
				a.refused(403, "Authorization_RequestDenied", denied)
			}
		})
	}
}

// hex12 is a number from a name, for ids.
func hex12(name string) string {
	sum := uint64(14695981039346656037)
	for _, b := range []byte(name) {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	const digits = "0123456789abcdef"
	out := make([]byte, 12)
	for i := range out {
		out[i] = digits[sum>>(4*i)&15]
	}
	return string(out)
}

func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user := c.user("adele")
	d := c.application("cccccccc-0000-4000-8000-000000000001", otherTenant, "User.ReadWrite.All", "Directory.Read.All")
	d.do("GET", "/users/"+user, nil).want(404)
	d.do("GET", "/users/adele@contoso.com", nil).want(404)
	made := d.do("POST", "/users", newUser("adele")).want(201).text("id")
	if made == user {
		t.Error("two tenants gave one id")
	}
	d.do("POST", "/directoryObjects/getByIds", fields{"ids": []string{user}}).want(200)
	if got := d.do("POST", "/directoryObjects/getByIds", fields{"ids": []string{user}}).list("id"); len(got) != 0 {
		t.Errorf("the other tenant's object: %v", got)
	}
	c.crowd(3)
	link := c.do("GET", "/users?$top=1", nil).text("@odata.nextLink")
	d.do("GET", link, nil).refused(400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
}

func TestWithoutToken(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.token = ""
	c.do("GET", "/users", nil).refused(401, "InvalidAuthenticationToken", "Access token is empty.")
	c.do("GET", "/users", nil, "client-request-id: 5b7b8b7e-0000-4000-8000-000000000000").
		has("error/innerError/client-request-id", "5b7b8b7e-0000-4000-8000-000000000000")
}

func TestCompressedBody(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(`{"city":"Oslo"}`))
	z.Close()
	user := c.user("adele")
	c.do("PATCH", "/users/"+user, &b, "Content-Encoding: gzip").want(204)
	c.do("GET", "/users/"+user+"?$select=city", nil).want(200).has("city", "Oslo")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	h := c.do("GET", "/users?$top=5", nil).want(200).header
	for name, want := range map[string]string{
		"OData-Version": "4.0", "Cache-Control": "no-cache", "x-ms-resource-unit": "1",
		"Content-Type": "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if h.Get("request-id") == "" || h.Get("request-id") != h.Get("client-request-id") {
		t.Errorf("request-id %q, client-request-id %q", h.Get("request-id"), h.Get("client-request-id"))
	}
}

// A heldBody is a request body that is read only when the test says so.
type heldBody struct {
	io.Reader
	reached, goOn chan struct{}
}

func (b *heldBody) Read(p []byte) (int, error) {
	select {
	case <-b.reached:
	default:
		close(b.reached)
		<-b.goOn
	}
	return b.Reader.Read(p)
}

func TestParallelWritesOnOneObjectConflict(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user, other := c.user("adele"), c.user("bruno")
	body := &heldBody{Reader: bytes.NewReader([]byte(`{"city":"Oslo"}`)), reached: make(chan struct{}), goOn: make(chan struct{})}
	r := httptest.NewRequest("PATCH", "https://sim.test/v1.0/users/"+user, body)
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		c.sim.ServeHTTP(w, r)
		done <- w.Code
	}()
	<-body.reached
	c.do("PATCH", "/users/adele@contoso.com", fields{"city": "Bergen"}).refused(409, "Directory_ConcurrencyViolation",
		"Error due to concurrent requests being made to the tenant. Please wait briefly and retry.")
	c.do("PATCH", "/users/"+other, fields{"city": "Bergen"}).want(204)
	c.do("GET", "/users/"+user, nil).want(200)
	close(body.goOn)
	if status := <-done; status != 204 {
		t.Errorf("the first write: %d, want 204", status)
	}
	c.do("PATCH", "/users/"+user, fields{"city": "Bergen"}).want(204)
}

func TestLag(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{Lag: graphsim.Lag{Read: time.Second, List: time.Minute}})
	c.sim.Advance(5 * time.Minute)
	old, group := c.user("old"), c.group("g")
	c.sim.Advance(5 * time.Minute)
	user := c.user("adele")
	c.do("GET", "/users/"+user, nil).want(404)
	c.do("PATCH", "/users/"+user, fields{"city": "Oslo"}).want(404)
	c.do("POST", "/groups/"+group+"/members/$ref", ref(user)).
		refused(400, badRequest, "The source resource object or one of the objects being referenced don't exist.")
	c.do("PATCH", "/users/"+old, fields{"city": "Oslo"}).want(204)
	c.do("GET", "/users/"+old+"?$select=city", nil).want(200).has("city", nil)
	c.do("POST", "/users", newUser("adele")).refused(400, badRequest, exists("userPrincipalName"))
	c.sim.Advance(2 * time.Second)
	c.do("GET", "/users/"+user, nil).want(200)
	c.do("GET", "/users/"+old+"?$select=city", nil).want(200).has("city", "Oslo")
	c.add(group, user)
	if got := c.do("GET", "/users?$filter=userPrincipalName eq 'adele@contoso.com'", nil).list("id"); len(got) != 0 {
		t.Errorf("a filter sees a new user at once: %v", got)
	}
	if got := c.do("GET", "/groups/"+group+"/members", nil).list("id"); len(got) != 0 {
		t.Errorf("a list sees a new member at once: %v", got)
	}
	c.do("DELETE", "/users/"+old, nil).want(204)
	c.do("GET", "/users/"+old, nil).want(200)
	c.sim.Advance(2 * time.Minute)
	c.do("GET", "/users/"+old, nil).want(404)
	c.do("GET", "/groups/"+group+"/members", nil).want(200).has("value/0/id", user)
	c.do("GET", "/users?$filter=userPrincipalName eq 'adele@contoso.com'", nil).want(200).has("value/0/id", user)
}

func TestObjectsOfTypesThatTheCallerMayNotReadShowTheirIDOnly(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user, group, hidden := c.user("adele"), c.group("g"), c.group("h", office365, fields{"visibility": "HiddenMembership"})
	c.add(group, user)
	c.add(hidden, user)
	users := c.application("eeeeeeee-0000-4000-8000-000000000001", graphsim.DefaultTenant, "User.Read.All")
	users.do("GET", "/users/"+user+"/memberOf", nil).want(200).has("value/0/id", group).has("value/0/displayName", nil)
	members := c.application("eeeeeeee-0000-4000-8000-000000000002", graphsim.DefaultTenant, "GroupMember.Read.All", "Group.Read.All")
	members.do("GET", "/groups/"+group+"/members?$select=id,displayName", nil).want(200).has("value/0/id", user).has("value/0/displayName", nil)
	members.do("GET", "/groups/"+hidden+"/members", nil).refused(403, "Authorization_RequestDenied", denied)
	if got := members.do("GET", "/groups/"+hidden+"?$expand=members", nil).want(200).at("members").([]any); len(got) != 0 {
		t.Errorf("hidden members are expanded: %v", got)
	}
	members.do("GET", "/users/"+user+"?$expand=manager", nil).want(403)
	basic := c.application("eeeeeeee-0000-4000-8000-000000000003", graphsim.DefaultTenant, "User.ReadBasic.All")
	c.do("PATCH", "/users/"+user, fields{"jobTitle": "Clerk"}).want(204)
	basic.do("GET", "/users/"+user, nil).want(200).has("displayName", "User adele").has("jobTitle", nil)
}

// In spite of everything a client that repeats what failed and follows the links
// reads everything once: from small pages with next links elsewhere, gzipped or
// not, after refusals and lost connections.
func TestHostileIsStillComplete(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		c := &client{T: t, sim: graphsim.New(graphsim.Options{Hostile: seed + 1})}
		c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
		want := c.crowd(23)
		for _, settled := range []bool{false, true} {
			if settled {
				c.sim.Advance(10 * time.Minute)
			}
			ids, pages := c.readAll("/users?$select=id,displayName")
			if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(distinct) != len(ids) {
				t.Errorf("seed %d: an object was listed twice: %v", seed, ids)
			}
			if settled && (!slices.Equal(ids, want) || pages < 5) {
				t.Errorf("seed %d: %d of %d users listed on %d pages", seed, len(ids), len(want), pages)
			}
		}
	}
}

// readAll follows the next links to the end.
func (c *client) readAll(path string) (ids []string, pages int) {
	c.Helper()
	for more := true; more; pages++ {
		if pages == 100 {
			c.Fatalf("%s has no end", path)
		}
		page := c.patient("GET", path)
		ids = append(ids, page.list("id")...)
		path, more = page.body["@odata.nextLink"].(string)
	}
	return ids, pages
}

// patient repeats a request until it is not refused for a passing reason.
func (c *client) patient(method, path string) *reply {
	c.Helper()
	for range 50 {
		if a := c.dropped(method, path); a != nil && a.status != 429 && a.status != 503 {
			return a.want(200)
		}
	}
	c.Fatalf("%s %s is refused for ever", method, path)
	return nil
}

// dropped sends a request and gives nil when the connection is lost.
func (c *client) dropped(method, path string) (a *reply) {
	defer func() {
		if recover() != nil {
			a = nil
		}
	}()
	return c.do(method, path, nil)
}
