package scim

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
)

// acting is a server with actions of one user and of the type. With X-Caller: read the
// caller may only read.
func acting(t *testing.T) string {
	t.Helper()
	user := *userType()
	user.Actions = []Action{
		{Name: "greet", Do: func(ctx context.Context, c *ActionCall) error {
			if c.ID != "user-1" {
				return fault.New(fault.NotFound, "nobody")
			}
			Warn(ctx, "a \"word\" of wärning")
			return json.MarshalEncode(c.Out, map[string]any{"word": c.Params["word"]})
		}},
		{Name: "rest", Do: func(context.Context, *ActionCall) error { return nil }},
		{Name: "look", OfType: true, Reads: true, Do: func(_ context.Context, c *ActionCall) error {
			if len(c.Params) != 0 || c.ID != "" {
				t.Errorf("params %v of %q", c.Params, c.ID)
			}
			return json.MarshalEncode(c.Out, map[string]any{"free": true})
		}},
		{Name: "make", OfType: true, Do: func(_ context.Context, c *ActionCall) error {
			c.Created = "user-2"
			return json.MarshalEncode(c.Out, map[string]any{})
		}},
		{Name: "miss", OfType: true, Do: func(context.Context, *ActionCall) error { return fault.New(fault.NotFound, "nothing") }},
	}
	user.index = nil
	m := &memory{rt: &user}
	user.Reader, user.Writer = m, m
	return serve(t, NewHandler([]ResourceType{user}, Options{Caller: func(r *http.Request) Caller {
		return Caller{ReadOnly: r.Header.Get("X-Caller") == "read"}
	}}))
}

func TestActions(t *testing.T) {
	t.Parallel()
	base := acting(t)
	for _, c := range []struct {
		path, body, caller string
		status             int
		text, location     string
	}{
		{path: "/Users/user-1/.actions/greet", body: `{"word":"hello"}`, status: 200, text: `{"word":"hello"}`},
		{path: "/users/user-1/.actions/greet/", body: `{"word":"hello"}`, status: 200, text: `{"word":"hello"}`},
		{path: "/Users/user-9/.actions/greet", body: `{"word":"hello"}`, status: 404},
		{path: "/Users/user-1/.actions/greet", body: `["hello"]`, status: 400},
		{path: "/Users/user-1/.actions/greet?attributes=x&excludedAttributes=y", body: `{"word":"hello"}`, status: 400},
		{path: "/Users/user-1/.actions/rest", status: 204},
		{path: "/Users/user-1/.actions/unknown", status: 404},
		{path: "/Users/.actions/rest", status: 404},
		{path: "/Users/.actions/look", status: 200, text: `{"free":true}`},
		{path: "/Users/.actions/look", body: "{}", caller: "read", status: 200, text: `{"free":true}`},
		{path: "/Users/user-1/.actions/rest", caller: "read", status: 403},
		{path: "/Users/look", caller: "read", status: 403},
		{path: "/Users/.actions/make", status: 201, text: "{}", location: "/Users/user-2"},
		{path: "/Users/.actions/miss", status: 502},
	} {
		a := call(t, base, http.MethodPost, c.path, c.body, "X-Caller", c.caller)
		if a.status != c.status || c.status < 300 && a.text != c.text && a.text != c.text+"\n" {
			t.Errorf("%s: %d %q", c.path, a.status, a.text)
		}
		if got := a.header.Get("Location"); c.location != "" && got != c.location {
			t.Errorf("%s: at %q", c.path, got)
		}
	}
	if a := call(t, base, http.MethodGet, "/Users/user-1/.actions/rest", ""); a.status != 405 || a.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d, %q", a.status, a.header.Get("Allow"))
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	a := call(t, acting(t), http.MethodPost, "/Users/user-1/.actions/greet", `{"word":"hello"}`)
	if got := a.header.Get("Warning"); got != `299 entrascim "a \"word\" of w?rning"` {
		t.Errorf("Warning: %s", got)
	}
}
