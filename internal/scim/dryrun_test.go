package scim

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// A stage is a writer that takes down what it is asked for.
type stage struct{ ids []string }

func (s *stage) Create(context.Context, Document, Projection, *jsontext.Encoder) (string, error) {
	s.ids = append(s.ids, "new")
	return "new", nil
}

func (s *stage) Replace(context.Context, string, Document, Projection, *jsontext.Encoder) error {
	return fault.New(fault.Conflict, "no")
}

func (s *stage) Patch(ctx context.Context, id string, _ Patch, _ Projection, _ bool, _ *jsontext.Encoder) error {
	Warn(ctx, "take care")
	s.ids = append(s.ids, id)
	return nil
}

func (s *stage) Delete(_ context.Context, id string) error {
	s.ids = append(s.ids, id)
	return nil
}

// staged is a server, mounted as the gateway mounts it, whose dry runs are given on the
// stage; what is really written fails.
func staged(t *testing.T, o Options) (string, *stage) {
	t.Helper()
	user, s := *userType(), &stage{}
	user.index = nil
	m := &memory{rt: &user}
	user.Reader, user.Writer = m, nil
	rehearsal := user
	rehearsal.Writer = s
	o.Rehearse = func(ctx context.Context) (context.Context, []ResourceType, func() []Call) {
		return ctx, []ResourceType{rehearsal}, func() []Call { return []Call{{Method: "DELETE", Path: "/x"}} }
	}
	user.Writer = refusing{}
	h := NewHandler([]ResourceType{user}, o)
	r := chi.NewRouter()
	r.HandleFunc("/scim/v2/*", func(w http.ResponseWriter, r *http.Request) {
		chi.RouteContext(r.Context()).RoutePath = "/" + chi.URLParam(r, "*")
		h.ServeHTTP(w, r)
	})
	return serve(t, r) + "/scim/v2", s
}

// refusing is a writer that must not be asked.
type refusing struct{ Writer }

const staging = `{"Operations":[{"op":"replace","path":"displayName","value":"x"}]}`

// A dry run reaches the resource that the path names, answers with the status that there
// would be, and hands on warnings and errors, but no place of anything.
func TestDryRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path, body string
		status             int
		text, id           string
	}{
		{"DELETE", "/Users/a%2Fb%25%20c", "", 200, `"status":"204","calls":[{"method":"DELETE","path":"/x"}]`, "a/b% c"},
		{"DELETE", "/users/user-1/", "", 200, `"status":"204"`, "user-1"},
		{"PATCH", "/Me", staging, 200, `"status":"204"`, "user-7"},
		{"POST", "/Users", `{"userName":"x"}`, 200, `"status":"201"`, "new"},
		{"PUT", "/Users/user-1", `{"userName":"x"}`, 409, `"detail":"no"`, ""},
		{"POST", "/Users", `[]`, 400, `invalidSyntax`, ""},
		{"DELETE", "/Users", "", 405, ``, ""},
		{"POST", "/Nothing", "{}", 404, ``, ""},
	} {
		base, s := staged(t, Options{
			Caller:  func(*http.Request) Caller { return Caller{Me: "/Users/user-7"} },
			BaseURL: func(*http.Request) string { return "https://x.example/scim/v2" },
		})
		a := call(t, base, c.method, c.path, c.body, "X-Dry-Run", "true")
		if a.status != c.status || !strings.Contains(a.text, c.text) || strings.Join(s.ids, " ") != c.id {
			t.Errorf("%s %s: %d %q, of %q", c.method, c.path, a.status, a.text, s.ids)
		}
		if a.header.Get("X-Dry-Run") != "true" || a.header.Get("Location") != "" || a.header.Get("ETag") != "" || a.header.Get("Content-Location") != "" {
			t.Errorf("%s %s: header %v", c.method, c.path, a.header)
		}
		if c.method == "PATCH" && a.header.Get("Warning") == "" {
			t.Errorf("%s: no warning", c.path)
		}
	}
}

// A client or a server of dry runs alone has them without a header; the header has one
// value; who may only read may have no dry run either.
func TestDryRunOfWhom(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{DryRun: true}, {Caller: func(*http.Request) Caller { return Caller{DryRun: true} }}} {
		base, s := staged(t, o)
		if a := call(t, base, "DELETE", "/Users/user-1", ""); a.status != 200 || a.header.Get("X-Dry-Run") != "true" || len(s.ids) != 1 {
			t.Errorf("%d %q", a.status, a.text)
		}
		for _, value := range []string{"false", "True", "true, true", " "} {
			if a := call(t, base, "DELETE", "/Users/user-1", "", "X-Dry-Run", value); a.status != 400 || !strings.Contains(a.text, "invalidValue") || len(s.ids) != 1 {
				t.Errorf("%q: %d %q", value, a.status, a.text)
			}
		}
		if a := call(t, base, "GET", "/Users", ""); a.status != 200 || a.header.Get("X-Dry-Run") != "" || !strings.Contains(a.text, "ListResponse") {
			t.Errorf("a read: %d %q", a.status, a.text)
		}
	}
	base, s := staged(t, Options{Caller: func(*http.Request) Caller { return Caller{ReadOnly: true} }})
	if a := call(t, base, "DELETE", "/Users/user-1", "", "X-Dry-Run", "true"); a.status != 403 || len(s.ids) != 0 {
		t.Errorf("who may only read: %d %q", a.status, a.text)
	}
	none := serve(t, NewHandler(nil, Options{}))
	if a := call(t, none, "DELETE", "/Users/user-1", "", "X-Dry-Run", "true"); a.status != 501 {
		t.Errorf("where there are none: %d %q", a.status, a.text)
	}
}
