package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Every answer with one resource has a version, and meta shows the same.
func TestVersions(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	created := call(t, base, "POST", "/Users", adaBody)
	got := call(t, base, "GET", "/Users/user-1", "")
	replaced := call(t, base, "PUT", "/Users/user-1", adaBody)
	patched := call(t, base, "PATCH", "/Users/user-1?attributes=title,meta", patchBody(`{"op":"replace","path":"title","value":"Dr"}`))
	for name, a := range map[string]answer{"POST": created, "GET": got, "PUT": replaced, "PATCH": patched} {
		tag := a.header.Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) || dig(a.body, "meta.version") != tag {
			t.Errorf("%s: %d, ETag %q, meta.version %v", name, a.status, tag, dig(a.body, "meta.version"))
		}
	}
	if a := call(t, base, "GET", "/Users/user-1?attributes=title", ""); a.header.Get("ETag") == "" || strings.Contains(a.text, "version") {
		t.Errorf("without meta: %v %s", a.header, a.text)
	}
	again := call(t, base, "GET", "/Users/user-1", "")
	if again.header.Get("ETag") == got.header.Get("ETag") {
		t.Error("another title has the same version")
	}
}

func patchBody(operation string) string {
	return `{"schemas":["` + patchSchema + `"],"Operations":[` + operation + `]}`
}

// A client that has the version already gets no body.
func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{})
	tag := call(t, base, "GET", "/Users/user-1", "").header.Get("ETag")
	for header, want := range map[string]int{
		tag: 304, `W/"x", ` + tag: 304, "*": 304, strings.TrimPrefix(tag, "W/"): 304, `W/"x"`: 200, "nonsense": 200, "": 200,
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := call(t, base, method, "/Users/user-1", "", "If-None-Match", header)
			if a.status != want || a.header.Get("ETag") != tag || want == 304 && a.text != "" || !strings.HasSuffix(a.header.Get("Content-Location"), "/Users/user-1") {
				t.Errorf("%s %s: %d %v %q", method, header, a.status, a.header, a.text)
			}
		}
	}
	// RFC 7644 section 3.14: who has all of it has a part.
	part := call(t, base, "GET", "/Users/user-1?attributes=title", "").header.Get("ETag")
	if a := call(t, base, "GET", "/Users/user-1?attributes=title", "", "If-None-Match", tag); a.status != 304 || a.header.Get("ETag") != tag || a.header.Get("Content-Location") == "" {
		t.Errorf("a part: %d %v", a.status, a.header)
	}
	if a := call(t, base, "GET", "/Users/user-1", "", "If-None-Match", part); a.status != 200 {
		t.Errorf("all, of whom has a part: %d", a.status)
	}
	if a := call(t, base, "GET", "/Users/nobody", "", "If-None-Match", part); a.status != 404 {
		t.Errorf("of nobody: %d", a.status)
	}
	call(t, base, "PATCH", "/Users/user-1", patchBody(`{"op":"replace","path":"nickName","value":"a"}`))
	if a := call(t, base, "GET", "/Users/user-1?attributes=title", "", "If-None-Match", tag); a.status != 200 {
		t.Errorf("a part, after a change elsewhere: %d", a.status)
	}
}

// A write with If-Match is done on the version that it names, and on no other.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	title := patchBody(`{"op":"replace","path":"title","value":"Dr"}`)
	other := patchBody(`{"op":"replace","path":"nickName","value":"ada"}`)
	for name, c := range map[string]struct {
		of      string // where the version is from
		between string // a PATCH that comes in between
		good    bool
	}{
		"GET":                            {"GET /Users/user-1", "", true},
		"GET, changed since":             {"GET /Users/user-1", title, false},
		"GET, other attribute changed":   {"GET /Users/user-1", other, false},
		"part":                           {"GET /Users/user-1?attributes=title", "", true},
		"part, changed since":            {"GET /Users/user-1?attributes=title", title, false},
		"part, another attribute":        {"GET /Users/user-1?attributes=title", other, true},
		"without name, another":          {"GET /Users/user-1?excludedAttributes=nickName", other, true},
		"POST":                           {"POST /Users", "", true},
		"POST, changed since":            {"POST /Users", title, false},
		"PUT":                            {"PUT /Users/user-1", "", true},
		"PUT, changed since":             {"PUT /Users/user-1", title, false},
		"any":                            {"*", title, true},
		"not one of ours":                {`W/"wrong-version"`, "", false},
		"no tag":                         {`nonsense`, "", false},
		"coverage of nothing":            {`W/"AAAAAAAAAAAAAAAA."`, "", false},
		"coverage beyond the attributes": {`W/"AAAAAAAAAAAAAAAA.` + strings.Repeat("_", 400) + `"`, "", false},
	} {
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				base := serve(t, world(Options{}))
				created := call(t, base, "POST", "/Users", adaBody)
				tag := c.of
				if verb, path, ok := strings.Cut(c.of, " "); ok {
					a := created
					if verb != "POST" {
						a = call(t, base, verb, path, map[string]string{"PUT": adaBody}[verb])
					}
					tag = a.header.Get("ETag")
				}
				if c.between != "" {
					call(t, base, "PATCH", "/Users/user-1", c.between)
				}
				before := fmt.Sprint(call(t, base, "GET", "/Users/user-1", "").body)
				a := call(t, base, method, "/Users/user-1", map[string]string{"PUT": adaBody, "PATCH": other}[method], "If-Match", `W/"first", `+tag)
				if good := a.status < 300; good != c.good || !good && a.status != http.StatusPreconditionFailed {
					t.Fatalf("tag %s: %d %s", tag, a.status, a.text)
				}
				if after := fmt.Sprint(call(t, base, "GET", "/Users/user-1", "").body); !c.good && after != before {
					t.Errorf("the refused write was done: %s", after)
				}
			})
		}
	}
	base := withAda(t, Options{})
	if a := call(t, base, "DELETE", "/Users/nobody", "", "If-Match", `W/"AAAAAAAAAAAAAAAA"`); a.status != http.StatusNotFound {
		t.Errorf("of nobody: %d", a.status)
	}
}

// What is too large to be held has no version, and no version matches it.
func TestLargeHasNoVersion(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	members := strings.Repeat(`{"value":"12345678901234567890123456789012345678"},`, maxVersioned/50)
	body := `{"displayName":"large","members":[` + members + `{"value":"last"}]}`
	call(t, base, "POST", "/Groups", body)
	a := call(t, base, "GET", "/Groups/group-1", "")
	if a.status != http.StatusOK || a.header.Get("ETag") != "" || len(a.text) < maxVersioned {
		t.Errorf("%d %v, %d bytes", a.status, a.header, len(a.text))
	}
	if a := call(t, base, "DELETE", "/Groups/group-1", "", "If-Match", `W/"AAAAAAAAAAAAAAAA"`); a.status != http.StatusPreconditionFailed {
		t.Errorf("%d %s", a.status, a.text)
	}
}
