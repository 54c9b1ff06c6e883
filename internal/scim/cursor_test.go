package scim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// withMany is a server with n users, whose callers say who they are.
func withMany(t *testing.T, n int, o Options) string {
	t.Helper()
	o.Caller = func(r *http.Request) Caller { return Caller{Scope: r.Header.Get("X-Caller")} }
	base := serve(t, world(o))
	for i := range n {
		if a := call(t, base, "POST", "/Users", fmt.Sprintf(`{"userName":"user%d"}`, i)); a.status != http.StatusCreated {
			t.Fatalf("POST: %d %s", a.status, a.text)
		}
	}
	return base
}

func cursorOf(a answer, name string) string {
	s, _ := a.body[name].(string)
	return s
}

func userNames(a answer) []string {
	var found []string
	list, _ := a.body["Resources"].([]any)
	for _, v := range list {
		name, _ := v.(map[string]any)["userName"].(string)
		found = append(found, name)
	}
	return found
}

// Pages found by cursor hold each resource once, forwards and backwards.
func TestCursorPages(t *testing.T) {
	t.Parallel()
	base := withMany(t, 7, Options{})
	var all []string
	var pages []answer
	for path := "/Users?cursor=&count=3"; path != ""; {
		a := call(t, base, "GET", path, "")
		if a.status != http.StatusOK || a.body["totalResults"] != 7.0 || a.body["startIndex"] != nil {
			t.Fatalf("%s: %d %s", path, a.status, a.text)
		}
		all, pages = append(all, userNames(a)...), append(pages, a)
		if path = ""; cursorOf(a, "nextCursor") != "" {
			path = "/Users?count=3&cursor=" + url.QueryEscape(cursorOf(a, "nextCursor"))
		}
	}
	if len(pages) != 3 || len(all) != 7 || all[0] != "user0" || all[6] != "user6" {
		t.Errorf("%d pages with %v", len(pages), all)
	}
	if cursorOf(pages[0], "previousCursor") != "" {
		t.Error("the first page has a page before it")
	}
	back := call(t, base, "GET", "/Users?count=3&cursor="+cursorOf(pages[2], "previousCursor"), "")
	if !slices.Equal(userNames(back), userNames(pages[1])) {
		t.Errorf("the page before the last is %v", userNames(back))
	}
	if a := call(t, base, "GET", "/Users?cursor=&count=0", ""); a.body["totalResults"] != 7.0 || cursorOf(a, "nextCursor") != "" {
		t.Errorf("count=0: %s", a.text)
	}
}

// A cursor is good for the caller and the query that it was given to, whatever the
// count, for its time, and on every replica that has the key.
func TestCursorIsBound(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o := Options{CursorSecrets: [][]byte{[]byte("one"), []byte("two")}, Now: func() time.Time { return clock }}
	base := withMany(t, 5, o)
	const query = "/Users?count=2&filter=userName+sw+%22user%22&attributes=userName"
	cursor := cursorOf(call(t, base, "GET", query+"&cursor=", "", "X-Caller", "a"), "nextCursor")
	if cursor == "" {
		t.Fatal("no cursor")
	}
	late, old := o, o
	late.Now = func() time.Time { return clock.Add(time.Hour + time.Second) }
	old.CursorSecrets = [][]byte{[]byte("three"), []byte("one")} // the key that sealed it was replaced
	bases := map[string]string{"": base, "late": withMany(t, 5, late), "new key": withMany(t, 5, old), "other key": withMany(t, 5, Options{})}
	flipped := strings.Map(func(c rune) rune {
		if c == 'A' {
			return 'B'
		}
		return c
	}, cursor[:30]) + cursor[30:] + "A"
	for name, c := range map[string]struct {
		on, caller, path, cursor string
		want                     string // scimType; "" good
	}{
		"as it was":          {"", "a", query, cursor, ""},
		"other count":        {"", "a", strings.Replace(query, "count=2", "count=1", 1), cursor, ""},
		"other client":       {"", "b", query, cursor, "invalidCursor"},
		"other filter":       {"", "a", strings.Replace(query, "user%22", "use%22", 1), cursor, "invalidCursor"},
		"other attributes":   {"", "a", query + ",title", cursor, "invalidCursor"},
		"other type":         {"", "a", strings.Replace(query, "/Users", "/Groups", 1), cursor, "invalidCursor"},
		"other order":        {"", "a", query + "&sortOrder=descending", cursor, "invalidCursor"},
		"all types":          {"", "a", strings.Replace(query, "/Users", "/", 1), cursor, "invalidCursor"},
		"too late":           {"late", "a", query, cursor, "expiredCursor"},
		"replica, new key":   {"new key", "a", query, cursor, ""},
		"replica, other key": {"other key", "a", query, cursor, "invalidCursor"},
		"tampered":           {"", "a", query, flipped, "invalidCursor"},
		"cut":                {"", "a", query, cursor[:8], "invalidCursor"},
		"no base64":          {"", "a", query, "%25%25", "invalidCursor"},
		"long":               {"", "a", query, strings.Repeat("A", maxCursor+4), "invalidCursor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := call(t, bases[c.on], "GET", c.path+"&cursor="+c.cursor, "", "X-Caller", c.caller)
			if got, _ := a.body["scimType"].(string); got != c.want || (a.status == http.StatusOK) != (c.want == "") {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	if strings.Contains(cursor, "user") {
		t.Error("the cursor is not sealed")
	}
}
