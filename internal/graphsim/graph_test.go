package graphsim_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// A client asks a simulator without a network in between.
type client struct {
	*testing.T
	sim   *graphsim.Simulator
	token string
}

// start gives a client of a new simulator that may do everything.
func start(t *testing.T, o graphsim.Options) *client {
	t.Helper()
	sim := graphsim.New(o)
	c := &client{T: t, sim: sim}
	c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
	return c
}

// login gives an access token of an application.
func (c *client) login(tenant, id, secret string) string {
	c.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret},
		"scope": {"https://graph.microsoft.com/.default"},
	}
	r := httptest.NewRequest(http.MethodPost, "https://sim.test/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Token == "" {
		c.Fatalf("no token: %d %s", w.Code, w.Body)
	}
	return body.Token
}

// A reply is what the simulator answered.
type reply struct {
	*client
	request string
	status  int
	header  http.Header
	raw     string
	body    map[string]any
}

// do sends a request; the path is below /v1.0, or absolute for a next link.
// Headers are given as "Name: value".
func (c *client) do(method, path string, body any, headers ...string) *reply {
	c.Helper()
	target := "https://sim.test/v1.0" + path
	if strings.HasPrefix(path, "https://") {
		target = path
	}
	r := httptest.NewRequest(method, strings.ReplaceAll(target, " ", "%20"), reader(body))
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	a := &reply{client: c, request: method + " " + path, status: w.Code, header: w.Header(), raw: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			c.Fatalf("%s: %v in %s", a.request, err, w.Body)
		}
	}
	return a
}

func reader(body any) io.Reader {
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(b)
	case io.Reader:
		return b
	}
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return strings.NewReader(string(b))
}

// eventual makes a query an advanced one, with $count=true.
const eventual = "ConsistencyLevel: eventual"

// want checks the status.
func (a *reply) want(status int) *reply {
	a.Helper()
	if a.status != status {
		a.Fatalf("%s: status %d, want %d: %s", a.request, a.status, status, a.raw)
	}
	return a
}

// refused checks an error answer whole.
func (a *reply) refused(status int, code, message string) *reply {
	a.Helper()
	e, _ := a.body["error"].(map[string]any)
	if a.status != status || e["code"] != code || e["message"] != message {
		a.Fatalf("%s:\n got %d %v %v\nwant %d %s %s", a.request, a.status, e["code"], e["message"], status, code, message)
	}
	inner, _ := e["innerError"].(map[string]any)
	if inner["request-id"] != a.header.Get("request-id") || inner["date"] == nil || inner["client-request-id"] == nil {
		a.Errorf("%s: innerError %v", a.request, inner)
	}
	return a
}

// at gives the value at a path such as "value/0/id".
func (a *reply) at(path string) any {
	a.Helper()
	var v any = a.body
	for part := range strings.SplitSeq(path, "/") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			i := int(part[0] - '0')
			if i >= len(x) {
				a.Fatalf("%s: %s has %d elements", a.request, path, len(x))
			}
			v = x[i]
		default:
			a.Fatalf("%s: nothing at %s in %s", a.request, path, a.raw)
		}
	}
	return v
}

func (a *reply) text(path string) string {
	a.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.Fatalf("%s: %s is %v", a.request, path, a.at(path))
	}
	return s
}

// has checks one value.
func (a *reply) has(path string, want any) *reply {
	a.Helper()
	if got := a.at(path); got != want {
		a.Errorf("%s: %s is %v, want %v", a.request, path, got, want)
	}
	return a
}

// list gives one property of every element of a page.
func (a *reply) list(property string) []string {
	a.Helper()
	values, _ := a.body["value"].([]any)
	out := make([]string, 0, len(values))
	for _, v := range values {
		s, _ := v.(map[string]any)[property].(string)
		out = append(out, s)
	}
	return out
}

type fields = map[string]any

// newUser is the body that creates a user.
func newUser(nickname string) fields {
	return fields{
		"accountEnabled": true, "displayName": "User " + nickname, "mailNickname": nickname,
		"userPrincipalName": nickname + "@contoso.com", "passwordProfile": fields{"password": "xWwvJ]6NMw+bWH-d"},
	}
}

// user creates a user and gives the id.
func (c *client) user(nickname string) string {
	c.Helper()
	return c.do("POST", "/users", newUser(nickname)).want(201).text("id")
}

// newGroup is the body that creates a security group.
func newGroup(nickname string) fields {
	return fields{"displayName": "Group " + nickname, "mailEnabled": false, "mailNickname": nickname, "securityEnabled": true}
}

// group creates a group and gives the id; more is laid over the body.
func (c *client) group(nickname string, more ...fields) string {
	c.Helper()
	body := newGroup(nickname)
	for _, m := range more {
		maps.Copy(body, m)
	}
	return c.do("POST", "/groups", body).want(201).text("id")
}

// office365 makes a group a Microsoft 365 group.
var office365 = fields{"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false}

// ref is the body that names an object.
func ref(id string) fields {
	return fields{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + id}
}

// add makes an object a member of a group.
func (c *client) add(group, member string) {
	c.Helper()
	c.do("POST", "/groups/"+group+"/members/$ref", ref(member)).want(204)
}
