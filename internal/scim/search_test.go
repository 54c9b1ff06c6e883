package scim

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A search request answers as the list request with the same parameters does.
func TestSearchIsList(t *testing.T) {
	t.Parallel()
	base := withMany(t, 5, Options{})
	for query, body := range map[string]string{
		"":                                   `{}`,
		"?startIndex=2&count=2":              `{"schemas":["` + searchSchema + `"],"startIndex":2,"count":2}`,
		"?filter=userName+eq+%22user3%22":    `{"filter":"userName eq \"user3\""}`,
		"?attributes=userName,id":            `{"attributes":["userName","id"]}`,
		"?excludedAttributes=meta&count=1":   `{"excludedAttributes":["meta"],"Count":1}`,
		"?count=0":                           `{"count":0,"startIndex":null,"unknown":{}}`,
		"?attributes=userName&startIndex=-1": `{"attributes":"userName","startIndex":"-1"}`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/Users", ""} {
				listed := call(t, base, "GET", cmp.Or(path, "/")+query, "")
				searched := call(t, base, "POST", path+"/.search", body)
				if searched.status != http.StatusOK || fmt.Sprint(searched.body) != fmt.Sprint(listed.body) {
					t.Errorf("%q: %d %s\nwant %s", path, searched.status, searched.text, listed.text)
				}
			}
		})
	}
}

// A query at the root goes over all types: pages end within one and begin in the
// next, and what a type does not have has no value.
func TestRoot(t *testing.T) {
	t.Parallel()
	base := withMany(t, 3, Options{})
	for i := range 2 {
		call(t, base, "POST", "/Groups", fmt.Sprintf(`{"displayName":"group%d"}`, i))
	}
	ids := func(path string) (found []string, total any, next string) {
		a := call(t, base, "GET", path, "")
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, a.status, a.text)
		}
		list, _ := a.body["Resources"].([]any)
		for _, v := range list {
			found = append(found, v.(map[string]any)["id"].(string))
		}
		return found, a.body["totalResults"], cursorOf(a, "nextCursor")
	}
	all, total, _ := ids("/")
	want := []string{"user-1", "user-2", "user-3", "group-1", "group-2", "user-1", "user-2", "user-3"} // the third type shows the users again
	if !slices.Equal(all, want) || total != 8.0 {
		t.Errorf("all: %v of %v", all, total)
	}
	for size := 1; size <= 9; size++ {
		var byIndex, byCursor []string
		for at := 1; at <= len(want); at += size {
			some, total, _ := ids(fmt.Sprintf("/?startIndex=%d&count=%d", at, size))
			if byIndex = append(byIndex, some...); total != 8.0 || len(some) > size {
				t.Errorf("page of %d at %d: %v of %v", size, at, some, total)
			}
		}
		for cursor := ""; ; {
			some, total, next := ids(fmt.Sprintf("/?count=%d&cursor=%s", size, cursor))
			if byCursor = append(byCursor, some...); total != 8.0 || len(some) > size {
				t.Errorf("page of %d by cursor: %v of %v", size, some, total)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if !slices.Equal(byIndex, want) || !slices.Equal(byCursor, want) {
			t.Errorf("pages of %d: %v, by cursor %v", size, byIndex, byCursor)
		}
	}
	for filter, want := range map[string][]string{
		"displayName+eq+%22group1%22":            {"group-2"},
		"meta.resourceType+eq+%22Group%22":       {"group-1", "group-2"},
		"userName+eq+%22user1%22":                {"user-2"},
		"meta.resourceType+ne+%22Badge%22":       {"user-1", "user-2", "user-3", "group-1", "group-2"},
		"meta.resourceType+eq+%22nothing%22":     nil,
		"not+(meta.resourceType+eq+%22Badge%22)": {"user-1", "user-2", "user-3", "group-1", "group-2"},
	} {
		got, total, _ := ids("/?filter=" + filter)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v of %v, want %v", filter, got, total, want)
		}
	}
}

// Resources of several types are sorted by what any of them has; who lacks it comes
// last, and first when descending.
func TestRootSorted(t *testing.T) {
	t.Parallel()
	base := withMany(t, 0, Options{Sort: true})
	for _, name := range []string{"cyd", "Ada", "bob"} {
		call(t, base, "POST", "/Users", fmt.Sprintf(`{"userName":%q,"displayName":%q,"title":%q}`, name, name, name))
	}
	call(t, base, "POST", "/Groups", `{"displayName":"Alpha"}`)
	call(t, base, "POST", "/Groups", `{"displayName":"beta"}`)
	const notBadges = "&filter=meta.resourceType+ne+%22Badge%22"
	for query, want := range map[string]string{
		"sortBy=displayName":                      "Ada Alpha beta bob cyd",
		"sortBy=displayName&sortOrder=descending": "cyd bob beta Alpha Ada",
		"sortBy=userName":                         "Ada bob cyd Alpha beta",
		"sortBy=userName&sortOrder=descending":    "Alpha beta cyd bob Ada",
		"sortBy=nothing":                          "cyd Ada bob Alpha beta",
	} {
		for _, size := range []int{1, 2, 5, 10} {
			var all []string
			for cursor := ""; ; {
				a := call(t, base, "GET", fmt.Sprintf("/?%s%s&attributes=displayName&count=%d&cursor=%s", query, notBadges, size, cursor), "")
				list, _ := a.body["Resources"].([]any)
				for _, v := range list {
					if r := v.(map[string]any); r["userName"] != nil || r["title"] != nil {
						t.Errorf("not asked for: %v", r)
					}
					all = append(all, v.(map[string]any)["displayName"].(string))
				}
				if a.status != http.StatusOK || a.body["totalResults"] != 5.0 || len(list) > size {
					t.Fatalf("%s: %d %s", query, a.status, a.text)
				}
				if cursor = cursorOf(a, "nextCursor"); cursor == "" {
					break
				}
			}
			if got := strings.Join(all, " "); got != want {
				t.Errorf("%s by %d: %s, want %s", query, size, got, want)
			}
		}
		a := call(t, base, "GET", "/?"+query+notBadges+"&startIndex=2&count=2", "")
		list, _ := a.body["Resources"].([]any)
		if len(list) != 2 || list[0].(map[string]any)["displayName"] != strings.Fields(want)[1] {
			t.Errorf("%s by index: %s", query, a.text)
		}
	}
}
