package graph

import (
	"net/http"
	"slices"
	"testing"

	"entrascim/internal/fault"
)

// What reaches Graph for ids that try to be more than ids.
func TestEscape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ id, want string }{
		"plain":             {"3f2504e0-4f89-11d3-9a0c-0305e82c3301", "GET /v1.0/users/3f2504e0-4f89-11d3-9a0c-0305e82c3301"},
		"climbing":          {"../groups/1", "GET /v1.0/users/..%2Fgroups%2F1"},
		"climbing, escaped": {"..%2Fgroups%2F1", "GET /v1.0/users/..%252Fgroups%252F1"},
		"query":             {"1?$expand=manager", "GET /v1.0/users/1%3F%24expand%3Dmanager"},
		"slash":             {"a/b", "GET /v1.0/users/a%2Fb"},
		"backslash":         {`a\b`, "GET /v1.0/users/a%5Cb"},
		"fragment":          {"ada_x.com#EXT#@contoso.com", "GET /v1.0/users/ada_x.com%23EXT%23%40contoso.com"},
		"space, plus":       {"a b+c", "GET /v1.0/users/a%20b%2Bc"},
		"unicode":           {"zoë", "GET /v1.0/users/zo%C3%AB"},
		"template":          {"{+baseurl}", "GET /v1.0/users/%7B%2Bbaseurl%7D"},
		"key syntax":        {"x')/members", "GET /v1.0/users/x%27%29%2Fmembers"},
		"matrix, ampersand": {"a;b&c,d", "GET /v1.0/users/a%3Bb%26c%2Cd"},
		"nothing":           {"", ""},
		"dot":               {".", ""},
		"dots":              {"..", ""},
		"system segment":    {"$count", ""},
		"new line":          {"a\nb", ""},
		"NUL":               {"a\x00b", ""},
		"not UTF-8":         {"a\xffb", ""},
		"endless":           {string(make([]byte, maxSegment+1)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, status(http.StatusOK, `{}`))
			_, err := s.client(t).Do(t.Context(), Request{Path: "/users/{id}", Params: map[string]string{"id": test.id}})
			if test.want == "" {
				if !fault.Is(err, fault.NotFound) || len(s.requests()) > 0 {
					t.Fatalf("asked %q, error %v; want no request and not found", s.requests(), err)
				}
				return
			}
			if got := s.requests(); err != nil || !slices.Equal(got, []string{test.want}) {
				t.Fatalf("asked %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request Request
		want    string
	}{
		"all options": {
			Request{Path: "/users", Query: Query{
				Select: []string{"id", "displayName"}, Expand: "manager($select=id)", Filter: "displayName eq 'A&B #1 + ü'",
				Search: `"displayName:a"`, OrderBy: "displayName desc", Top: 999, Count: true,
			}},
			"/users?$select=id,displayName&$expand=manager%28%24select%3Did%29&$filter=displayName%20eq%20%27A%26B%20%231%20%2B%20%C3%BC%27&$search=%22displayName%3Aa%22&$orderby=displayName%20desc&$top=999&$count=true",
		},
		"select of a hostile name": {Request{Path: "/users", Query: Query{Select: []string{"id&$filter=x", "a"}}}, "/users?$select=id%26%24filter%3Dx,a"},
		"reference":                {Request{Path: "/groups/{g}/members/{m}/$ref", Params: map[string]string{"g": "1", "m": "2"}}, "/groups/1/members/2/$ref"},
		"alternate key":            {Request{Path: "/applications(appId='{id}')", Params: map[string]string{"id": "a'b/c"}}, "/applications(appId='a%27%27b%2Fc')"},
		"upn with a dollar":        {Request{Path: "/users('{id}')", Params: map[string]string{"id": "$x@y.com"}}, "/users('%24x%40y.com')"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := build("", test.request)
			if err != nil {
				t.Fatal(err)
			}
			if got := k.url.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{
		"variable without a value": {Path: "/users/{id}/manager", Params: map[string]string{"ID": "1"}},
		"method":                   {Path: "/users", Method: "TRACE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if k, err := build("", r); err == nil {
				t.Errorf("built %v", k.url)
			}
		})
	}
}
