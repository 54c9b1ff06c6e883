package scim

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
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
		"application/scim+json":                201,
		"application/json":                     201,
		"Application/JSON; charset=\"UTF-8\"":  201,
		"application/scim+json;charset=utf8":   201,
		"":                                     201,
		"text/plain":                           415,
		"application/xml":                      415,
		"application/json; charset=ISO-8859-1": 201,
		"application/json; charset=us-ascii":   201,
		"application/json; charset=latin1":     415,
		"application/json; charset":            415,
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			a := call(t, base, "POST", "/Users", fmt.Sprintf(`{"userName":%q}`, contentType+"-"), "Content-Type", contentType)
			if a.status != want {
				t.Errorf("got %d %s, want %d", a.status, a.text, want)
			}
		})
	}
}

// A body compressed by gzip is taken; another coding is refused as what it is, not
// as broken JSON.
func TestContentCoding(t *testing.T) {
	t.Parallel()
	body := `{"userName":"coded"}`
	large := `{"userName":"large","title":"` + strings.Repeat("x", 100_000) + `"}`
	for name, test := range map[string]struct {
		coding, body string
		want         int
	}{
		"identity":            {"identity", body, 201},
		"gzip":                {"gzip", gzipped(t, body), 201},
		"x-gzip":              {"X-Gzip", gzipped(t, body), 201},
		"gzip that is none":   {"gzip", body, 400},
		"half of gzip":        {"gzip", gzipped(t, body)[:20], 400},
		"gzip of no JSON":     {"gzip", gzipped(t, "userName"), 400},
		"large when unpacked": {"gzip", gzipped(t, large), 413},
		"large when packed":   {"gzip", strings.Repeat("x", 3000), 413},
		"deflate":             {"deflate", body, 415},
		"two codings":         {"gzip, gzip", gzipped(t, gzipped(t, body)), 415},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := serve(t, world(Options{MaxBody: 2000}))
			a := call(t, base, "POST", "/Users", test.body, "Content-Encoding", test.coding)
			if a.status != test.want || (test.want == 415) != (a.header.Get("Accept-Encoding") == "gzip, identity") {
				t.Errorf("got %d %s, Accept-Encoding %q, want %d", a.status, a.text, a.header.Get("Accept-Encoding"), test.want)
			}
			if test.want == 201 && a.body["userName"] != "coded" {
				t.Errorf("got %s", a.text)
			}
		})
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
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

// TestStrictFilters: a strict server refuses names that it does not know, instead of
// treating them as attributes without a value.
func TestStrictFilters(t *testing.T) {
	t.Parallel()
	strict, tolerant := serve(t, world(Options{Strict: true})), serve(t, world(Options{}))
	for _, filter := range []string{
		`shoeSize eq 5`, `name.shoe pr`, `emails[shoe pr]`, `shoes[size eq 5]`, `urn:example:Shoe:size pr`, `emails[urn:x:type eq "work"]`,
	} {
		path := "/Users?filter=" + url.QueryEscape(filter)
		if a := call(t, strict, "GET", path, ""); a.status != 400 || a.body["scimType"] != "invalidFilter" {
			t.Errorf("%s, strict: got %d %s", filter, a.status, a.text)
		}
		if a := call(t, tolerant, "GET", path, ""); a.status != 200 || a.body["totalResults"] != 0.0 {
			t.Errorf("%s: got %d %s", filter, a.status, a.text)
		}
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

// TestSupplied: what the Writer derives may be missing, and what else is
// required may not.
func TestSupplied(t *testing.T) {
	t.Parallel()
	users := &memory{rt: userType()}
	typ := userType().Indexed()
	typ.Reader, typ.Writer, typ.Supplied = users, users, []string{"userName"} // set after the index was made
	base := serve(t, NewHandler([]ResourceType{typ}, Options{}))
	if a := call(t, base, "POST", "/Users", `{"displayName":"Ada"}`); a.status != http.StatusCreated {
		t.Errorf("got %d %s", a.status, a.text)
	}
}

// JSON is UTF-8 whatever its charset says; what is not is read as the charset says.
func TestLatin1(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	const latin = "application/scim+json; charset=ISO-8859-1"
	for body, want := range map[string]string{
		"{\"userName\":\"a\",\"title\":\"J\xfcrgen\"}":   "J\u00fcrgen",
		"{\"userName\":\"b\",\"title\":\"J\u00fcrgen\"}": "J\u00fcrgen",
	} {
		if a := call(t, base, "POST", "/Users", body, "Content-Type", latin); a.body["title"] != want {
			t.Errorf("%q: %d %s", body, a.status, a.text)
		}
	}
	if a := call(t, base, "POST", "/Users", "{\"userName\":\"J\xfcrgen\"}", "Content-Type", "application/scim+json"); a.status != http.StatusBadRequest {
		t.Errorf("neither: %d %s", a.status, a.text)
	}
}
