package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

const (
	adaBody = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada","title":"Countess","password":"pass-1815",
		"name":{"givenName":"Ada","familyName":"Lovelace"},"emails":[{"type":"Work","value":"ada@example.com","primary":"True"},{"type":"home","value":"a@example.org"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Engines","manager":{"value":"m1"}}}`
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// call sends a request as it is written: the path is not cleaned or escaped.
func call(t *testing.T, base, method, path, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &a.body); err != nil {
			t.Fatalf("%s %s: the answer is not JSON: %v\n%s", method, path, err, text)
		}
	}
	return a
}

// withAda is a server that has the user user-1.
func withAda(t *testing.T, o Options) string {
	t.Helper()
	base := serve(t, world(o))
	if a := call(t, base, "POST", "/Users", adaBody); a.status != http.StatusCreated {
		t.Fatalf("POST: %d %s", a.status, a.text)
	}
	return base
}

func TestCreate(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	a := call(t, base, "POST", "/Users", adaBody)
	const location = "https://scim.example/scim/v2/Users/user-1"
	if a.status != http.StatusCreated || a.header.Get("Location") != location || a.header.Get("Content-Location") != location {
		t.Errorf("got %d, Location %q, Content-Location %q", a.status, a.header.Get("Location"), a.header.Get("Content-Location"))
	}
	if got := a.header.Get("Content-Type"); got != "application/scim+json" {
		t.Errorf("Content-Type %q", got)
	}
	if strings.Contains(a.text, "pass-1815") {
		t.Error("the password is echoed")
	}
	email := a.body["emails"].([]any)[0].(map[string]any)
	if email["type"] != "work" || email["primary"] != true {
		t.Errorf("emails[0] is %v, want the canonical type and a boolean", email)
	}
	if got := fmt.Sprint(a.body["schemas"]); got != "[urn:ietf:params:scim:schemas:core:2.0:User "+enterprise+"]" {
		t.Errorf("schemas %s", got)
	}
}

// TestRefusals: every request that can not be served gets its status, its
// scimType and a SCIM error body.
func TestRefusals(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{MaxBody: 2000})
	big := `{"userName":"` + strings.Repeat("x", 3000) + `"}`
	user := func(fields string) string { return `{"userName":"x",` + fields + `}` }
	patch := func(op string) string { return `{"Operations":[` + op + `]}` }
	for name, c := range map[string]struct {
		request, body string
		status        int
		scimType      string
		detail        string // part of it
	}{
		"unknown route":            {"GET /Nothing", "", 404, "", ""},
		"root":                     {"GET /", "", 404, "", ""},
		"below an id":              {"GET /Users/user-1/emails", "", 404, "", ""},
		"no such user":             {"GET /Users/nobody", "", 404, "", ""},
		"id with a slash":          {"GET /Users/..%2FGroups%2Fuser-1", "", 404, "", "../Groups/user-1"},
		"id with a query":          {"GET /Users/1%3F$expand=manager", "", 404, "", "1?$expand=manager"},
		"id encoded twice":         {"GET /Users/a%252Fb", "", 404, "", "a%2Fb"},
		"long id":                  {"GET /Users/" + strings.Repeat("x", 300), "", 404, "", ""},
		"control in id":            {"GET /Users/a%00b", "", 404, "", ""},
		"dots":                     {"GET /Users/../Groups", "", 404, "", ""},
		"delete collection":        {"DELETE /Users", "", 405, "", ""},
		"post to one":              {"POST /Users/user-1", `{}`, 405, "", ""},
		"write to read-only type":  {"POST /Badges", `{}`, 405, "", ""},
		"delete of read-only":      {"DELETE /Badges/user-1", "", 405, "", ""},
		"write to Schemas":         {"POST /Schemas", `{}`, 405, "", ""},
		"bulk":                     {"POST /Bulk", `{}`, 501, "", ""},
		"me":                       {"GET /Me", "", 501, "", ""},
		"search":                   {"POST /.search", `{}`, 501, "", ""},
		"search users":             {"POST /Users/.search", `{}`, 501, "", ""},
		"filtered schemas":         {"GET /Schemas?filter=id+eq+%22x%22", "", 403, "", ""},
		"filtered types":           {"GET /ResourceTypes?filter=id+pr", "", 403, "", ""},
		"no such schema":           {"GET /Schemas/urn:x", "", 404, "", ""},
		"too large":                {"POST /Users", big, 413, "", "2000"},
		"empty body":               {"POST /Users", " ", 400, "invalidSyntax", "empty"},
		"broken JSON":              {"POST /Users", `{"userName":`, 400, "invalidSyntax", ""},
		"two objects":              {"POST /Users", `{"userName":"a"}{}`, 400, "invalidSyntax", ""},
		"not an object":            {"POST /Users", `[]`, 400, "invalidSyntax", ""},
		"same name twice":          {"POST /Users", `{"userName":"a","userName":"b"}`, 400, "invalidSyntax", "twice"},
		"same name in other case":  {"POST /Users", `{"userName":"a","USERNAME":"b"}`, 400, "invalidSyntax", "twice"},
		"deep":                     {"POST /Users", user(`"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200)), 400, "invalidSyntax", "deep"},
		"huge number":              {"POST /Users", user(`"x":1e999`), 400, "invalidSyntax", "range"},
		"not UTF-8":                {"POST /Users", "{\"userName\":\"\xff\"}", 400, "invalidSyntax", ""},
		"wrong schemas":            {"POST /Users", user(`"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]`), 400, "invalidSyntax", "schemas"},
		"schemas no list":          {"POST /Users", user(`"schemas":7`), 400, "invalidSyntax", "schemas"},
		"required":                 {"POST /Users", `{"displayName":"x"}`, 400, "invalidValue", "userName"},
		"required is empty":        {"POST /Users", `{"userName":""}`, 400, "invalidValue", "userName"},
		"boolean":                  {"POST /Users", user(`"active":"maybe"`), 400, "invalidValue", "active"},
		"string":                   {"POST /Users", user(`"title":5`), 400, "invalidValue", "title"},
		"sub-attribute":            {"POST /Users", user(`"name":{"givenName":true}`), 400, "invalidValue", "name.givenName"},
		"complex":                  {"POST /Users", user(`"name":"Ada"`), 400, "invalidValue", "name"},
		"value of a list":          {"POST /Users", user(`"emails":["a@example.com"]`), 400, "invalidValue", "emails"},
		"null in a list":           {"POST /Users", user(`"emails":[null]`), 400, "invalidValue", "emails"},
		"two primaries":            {"POST /Users", user(`"emails":[{"value":"a","primary":true},{"value":"b","primary":"TRUE"}]`), 400, "invalidValue", "primary"},
		"several values":           {"POST /Users", user(`"title":["a","b"]`), 400, "invalidValue", "title"},
		"extension no object":      {"POST /Users", user(`"` + enterprise + `":"x"`), 400, "invalidSyntax", enterprise},
		"taken":                    {"POST /Users", `{"userName":"ADA"}`, 409, "uniqueness", "userName"},
		"both projections":         {"GET /Users?attributes=id&excludedAttributes=name", "", 400, "invalidValue", ""},
		"startIndex":               {"GET /Users?startIndex=one", "", 400, "invalidValue", "startIndex"},
		"count":                    {"GET /Users?count=1.5", "", 400, "invalidValue", "count"},
		"cursor":                   {"GET /Users?cursor=abc", "", 400, "invalidCursor", ""},
		"query string":             {"GET /Users?filter=%zz", "", 400, "invalidSyntax", ""},
		"empty filter":             {"GET /Users?filter=", "", 400, "invalidFilter", ""},
		"filter attribute":         {"GET /Users?filter=shoeSize+eq+5", "", 400, "invalidFilter", "shoeSize"},
		"filter sub-attribute":     {"GET /Users?filter=name.shoe+pr", "", 400, "invalidFilter", "name.shoe"},
		"filter in value path":     {"GET /Users?filter=emails[shoe+pr]", "", 400, "invalidFilter", "shoe"},
		"filter on boolean":        {"GET /Users?filter=active+gt+true", "", 400, "invalidFilter", "active"},
		"filter with wrong type":   {"GET /Users?filter=userName+eq+5", "", 400, "invalidFilter", "userName"},
		"filter with date":         {"GET /Users?filter=meta.created+gt+%22yesterday%22", "", 400, "invalidFilter", "meta.created"},
		"filter on password":       {"GET /Users?filter=password+eq+%22x%22", "", 400, "invalidFilter", "password"},
		"filter too long":          {"GET /Users?filter=userName+eq+%22" + strings.Repeat("x", 20000) + "%22", "", 400, "invalidFilter", "longer"},
		"filter too deep":          {"GET /Users?filter=" + strings.Repeat("(", 5000) + "id+pr" + strings.Repeat(")", 5000), "", 400, "invalidFilter", "deep"},
		"patch without operations": {"PATCH /Users/user-1", `{}`, 400, "invalidSyntax", "Operations"},
		"patch with other schemas": {"PATCH /Users/user-1", `{"schemas":["urn:x"],"Operations":[{"op":"remove","path":"title"}]}`, 400, "invalidSyntax", ""},
		"patch op":                 {"PATCH /Users/user-1", patch(`{"op":"move","path":"title","value":"x"}`), 400, "invalidSyntax", "op"},
		"patch path":               {"PATCH /Users/user-1", patch(`{"op":"add","path":"emails[type eq","value":"x"}`), 400, "invalidPath", ""},
		"patch path in the middle": {"PATCH /Users/user-1", patch(`{"op":"add","path":"emails.value[type eq \"work\"]","value":"x"}`), 400, "invalidPath", ""},
		"patch filter on simple":   {"PATCH /Users/user-1", patch(`{"op":"add","path":"title[type eq \"work\"]","value":"x"}`), 400, "invalidPath", ""},
		"patch read-only":          {"PATCH /Users/user-1", patch(`{"op":"replace","path":"meta.created","value":"x"}`), 400, "mutability", "meta.created"},
		"patch required away":      {"PATCH /Users/user-1", patch(`{"op":"replace","path":"userName","value":null}`), 400, "mutability", "userName"},
		"patch no target":          {"PATCH /Users/user-1", patch(`{"op":"replace","path":"emails[type eq \"other\"].value","value":"x"}`), 400, "noTarget", "emails"},
		"patch of nobody":          {"PATCH /Users/nobody", patch(`{"op":"remove","path":"title"}`), 404, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(c.request, " ")
			a := call(t, base, method, path, c.body)
			scimType, _ := a.body["scimType"].(string)
			detail, _ := a.body["detail"].(string)
			if a.status != c.status || scimType != c.scimType || !strings.Contains(detail, c.detail) || detail == "" {
				t.Errorf("got %d %s", a.status, a.text)
			}
			if a.body["status"] != fmt.Sprint(c.status) || fmt.Sprint(a.body["schemas"]) != "["+errorSchema+"]" {
				t.Errorf("not a SCIM error: %s", a.text)
			}
			if got := a.header.Get("Content-Type"); got != "application/scim+json" {
				t.Errorf("Content-Type %q", got)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	for request, want := range map[string]string{
		"DELETE /Users":               "GET, HEAD, POST",
		"POST /Users/x":               "GET, HEAD, PUT, PATCH, DELETE",
		"POST /Badges":                "GET, HEAD",
		"PUT /Badges/x":               "GET, HEAD",
		"PUT /ServiceProviderConfig":  "GET, HEAD",
		"GET /Bulk":                   "POST",
		"PROPFIND /ResourceTypes/foo": "GET, HEAD",
	} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(request, " ")
			a := call(t, base, method, path, "")
			if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != want {
				t.Errorf("got %d, Allow %q, want %q", a.status, a.header.Get("Allow"), want)
			}
		})
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	for contentType, want := range map[string]int{
		"application/scim+json":               201,
		"application/json":                    201,
		"Application/JSON; charset=\"UTF-8\"": 201,
		"application/scim+json;charset=utf8":  201,
		"":                                    201,
		"text/plain":                          415,
		"application/xml":                     415,
		"application/json; charset=latin1":    415,
		"application/json; charset":           415,
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			a := call(t, base, "POST", "/Users", `{"userName":"u`+contentType[:min(3, len(contentType))]+fmt.Sprint(len(contentType))+`"}`, "Content-Type", contentType)
			if a.status != want {
				t.Errorf("got %d %s, want %d", a.status, a.text, want)
			}
		})
	}
}

func TestEndpointNames(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{})
	for _, path := range []string{"/users", "/USERS/", "/Users/", "/users/user-1", "/schemas", "/serviceproviderconfig", "/resourcetypes/user", "/Users/user%2D1"} {
		if a := call(t, base, "GET", path, ""); a.status != http.StatusOK {
			t.Errorf("GET %s: %d", path, a.status)
		}
	}
	if a := call(t, base, "HEAD", "/Users/user-1", ""); a.status != http.StatusOK || a.text != "" {
		t.Errorf("HEAD: %d %q", a.status, a.text)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{Strict: true}))
	for name, c := range map[string]struct{ method, path, body, named string }{
		"attribute":     {"POST", "/Users", `{"userName":"a","shoeSize":5}`, "shoeSize"},
		"sub-attribute": {"POST", "/Users", `{"userName":"a","name":{"shoe":5}}`, "name.shoe"},
		"schema":        {"POST", "/Users", `{"userName":"a","schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:x"]}`, "urn:x"},
		"pathless":      {"PATCH", "/Users/x", `{"Operations":[{"op":"add","value":{"shoeSize":5}}]}`, "shoeSize"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := call(t, base, c.method, c.path, c.body)
			detail, _ := a.body["detail"].(string)
			if a.status != 400 || a.body["scimType"] != "invalidSyntax" || !strings.Contains(detail, c.named) {
				t.Errorf("got %d %s", a.status, a.text)
			}
		})
	}
}

func TestPatchAnswers(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{})
	body := `{"Operations":[{"op":"Replace","path":"title","value":"Analyst"}]}`
	if a := call(t, base, "PATCH", "/Users/user-1", body); a.status != http.StatusNoContent || a.text != "" || a.header.Get("Content-Type") != "" {
		t.Errorf("got %d %q", a.status, a.text)
	}
	a := call(t, base, "PATCH", "/Users/user-1?attributes=title", body)
	if a.status != http.StatusOK || a.body["title"] != "Analyst" || a.body["userName"] != nil || a.body["id"] != "user-1" {
		t.Errorf("got %d %s", a.status, a.text)
	}
	if a := call(t, base, "DELETE", "/Users/user-1", ""); a.status != http.StatusNoContent {
		t.Errorf("DELETE: %d", a.status)
	}
}

// TestPatchIsAtomic: when the second operation fails, the first has not been.
func TestPatchIsAtomic(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{})
	a := call(t, base, "PATCH", "/Users/user-1", `{"Operations":[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"emails[type eq \"fax\"].value","value":"y"}]}`)
	if a.status != 400 || a.body["scimType"] != "noTarget" {
		t.Fatalf("got %d %s", a.status, a.text)
	}
	if a := call(t, base, "GET", "/Users/user-1", ""); a.body["title"] != "Countess" {
		t.Errorf("title is %v", a.body["title"])
	}
}

// odd is a Reader and Writer that does what a test says.
type odd struct {
	get  func(enc *jsontext.Encoder) error
	list func(out *ListWriter) error
}

func (o odd) Get(_ context.Context, _ string, _ Projection, enc *jsontext.Encoder) error {
	return o.get(enc)
}
func (o odd) List(_ context.Context, _ Query, out *ListWriter) error { return o.list(out) }

func oddly(t *testing.T, o odd) (string, *Outcome) {
	t.Helper()
	rt := userType()
	rt.Reader = o
	h := NewHandler([]ResourceType{*rt}, Options{})
	outcome := &Outcome{}
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(NewContext(r.Context(), outcome)))
	})), outcome
}

func resources(n int) func(out *ListWriter) error {
	return func(out *ListWriter) error {
		for range n {
			if err := out.Resource(func(enc *jsontext.Encoder) error {
				return enc.WriteValue(jsontext.Value(`{"id":"` + strings.Repeat("x", 1000) + `"}`))
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestEarlyError: what goes wrong before much was written gets its own status.
func TestEarlyError(t *testing.T) {
	t.Parallel()
	throttled := fault.New(fault.Throttled, "The directory is throttling requests.")
	throttled.RetryAfter = 6100 * time.Millisecond
	base, outcome := oddly(t, odd{
		list: func(out *ListWriter) error { return errors.Join(resources(3)(out), throttled) },
		get:  func(*jsontext.Encoder) error { return errors.New("secret cause") },
	})
	a := call(t, base, "GET", "/Users", "")
	if a.status != 429 || a.header.Get("Retry-After") != "7" || strings.Contains(a.text, "Resources") {
		t.Errorf("got %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.text)
	}
	if !errors.Is(outcome.Err(), throttled) {
		t.Errorf("noted %v", outcome.Err())
	}
	a = call(t, base, "GET", "/Users/x", "")
	if a.status != 500 || strings.Contains(a.text, "secret") || a.header.Get("Location") != "" {
		t.Errorf("got %d %s", a.status, a.text)
	}
}

// TestLateError: an error behind the head breaks the connection off, so that no
// client takes a part for the whole.
func TestLateError(t *testing.T) {
	t.Parallel()
	failed := errors.New("page 2 failed")
	base, outcome := oddly(t, odd{list: func(out *ListWriter) error { return errors.Join(resources(100)(out), failed) }})
	resp, err := http.Get(base + "/Users")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil || resp.StatusCode != 200 || len(text) < head {
		t.Errorf("got %d, %d bytes, %v: want the connection broken off", resp.StatusCode, len(text), err)
	}
	if !errors.Is(outcome.Err(), failed) {
		t.Errorf("noted %v", outcome.Err())
	}
}

func TestLongList(t *testing.T) {
	t.Parallel()
	base, _ := oddly(t, odd{list: func(out *ListWriter) error {
		defer out.Total(5000)
		return resources(1000)(out)
	}})
	a := call(t, base, "GET", "/Users?startIndex=7", "")
	list, _ := a.body["Resources"].([]any)
	if len(list) != 1000 || a.body["totalResults"] != 5000.0 || a.body["itemsPerPage"] != 1000.0 || a.body["startIndex"] != 7.0 {
		t.Errorf("got %d resources, %v, %v, %v", len(list), a.body["totalResults"], a.body["itemsPerPage"], a.body["startIndex"])
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	base, outcome := oddly(t, odd{
		get:  func(*jsontext.Encoder) error { panic("secret state") },
		list: func(*ListWriter) error { return nil }, // no total: a bug, not an empty list
	})
	for _, path := range []string{"/Users/x", "/Users"} {
		a := call(t, base, "GET", path, "")
		if a.status != 500 || a.body["status"] != "500" || strings.Contains(a.text, "secret") {
			t.Errorf("GET %s: %d %s", path, a.status, a.text)
		}
		if outcome.Err() == nil {
			t.Errorf("GET %s: nothing noted", path)
		}
	}
}

func TestWriteErrorRetryAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind fault.Kind
		wait time.Duration
		want string
	}{
		"rounded up":     {fault.Throttled, 1001 * time.Millisecond, "2"},
		"whole":          {fault.Unavailable, 3 * time.Second, "3"},
		"not known":      {fault.Throttled, 0, "5"},
		"not applicable": {fault.NotFound, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fault.New(c.kind, "x")
			f.RetryAfter = c.wait
			w := httptest.NewRecorder()
			WriteError(w, httptest.NewRequest("GET", "/", nil), f)
			if got := w.Header().Get("Retry-After"); got != c.want || w.Code != f.Status() {
				t.Errorf("got %d, Retry-After %q, want %q", w.Code, got, c.want)
			}
		})
	}
}
