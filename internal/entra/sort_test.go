package entra_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// By every attribute of users and groups, in both directions: the list is in the
// order of RFC 7644 section 3.4.2.3, and its pages are the whole list, each resource
// once.
func TestSortLaw(t *testing.T) {
	t.Parallel()
	for name, l := range laws(t) {
		for _, a := range l.facets {
			if l.short != "" && a.name != "userName" {
				continue // the same as without short names
			}
			if _, sortable := a.value(l.facets); !sortable {
				if status, body, _ := l.ask(t, url.Values{"sortBy": {a.String()}}); status != http.StatusBadRequest || body["scimType"] != "invalidPath" {
					t.Errorf("%s by %s: %d %v", name, a, status, body)
				}
				continue
			}
			for _, order := range []string{"ascending", "descending"} {
				l.sorted(t, name, a, order)
			}
		}
	}
}

func (l law) sorted(t *testing.T, name string, a facet, order string) {
	t.Helper()
	query := url.Values{"sortBy": {a.String()}, "sortOrder": {order}, "attributes": {"id"}, "count": {"1000"}}
	status, list, body := l.ask(t, query)
	if status != http.StatusOK || list["totalResults"] != float64(len(l.docs)) {
		t.Fatalf("%s by %s: %d %s", name, a, status, body)
	}
	whole := idsOf(list)
	keys := make([]any, len(whole))
	for i, id := range whole {
		at := slices.IndexFunc(l.docs, func(d object) bool { return d["id"] == id })
		if at < 0 || slices.Index(whole, id) != i {
			t.Fatalf("%s by %s: %s is there twice, or nobody", name, a, id)
		}
		keys[i] = l.key(a, l.docs[at])
		if i > 0 && (order == "ascending" && a.before(keys[i], keys[i-1]) || order == "descending" && a.before(keys[i-1], keys[i])) {
			t.Errorf("%s by %s, %s: %v comes before %v", name, a, order, keys[i-1], keys[i])
		}
	}
	if order == "ascending" {
		return // pages are cut from one direction as from the other
	}
	var paged []string
	for first := 1; first <= len(whole); first += 20 {
		query.Set("startIndex", fmt.Sprint(first))
		query.Set("count", "20")
		_, list, _ := l.ask(t, query)
		paged = append(paged, idsOf(list)...)
	}
	if !slices.Equal(paged, whole) {
		t.Errorf("%s by %s, %s: the pages are not the list", name, a, order)
	}
}

// key is what a document is sorted by: of many values the primary one or the first.
func (l law) key(a facet, doc object) any {
	of, _ := a.value(l.facets)
	whole := of
	whole.sub = ""
	values := whole.of(doc)
	if len(values) == 0 {
		return nil
	}
	v := values[0]
	if i := slices.IndexFunc(values, func(v any) bool { return at(v, "primary") == true }); i >= 0 {
		v = values[i]
	}
	if of.sub != "" {
		v = at(v, of.sub)
	}
	return v
}

// before tells whether one key comes before another in ascending order.
func (a facet) before(x, y any) bool {
	switch {
	case x == nil:
		return false
	case y == nil:
		return true
	case a.kind == "boolean":
		return x == false && y == true
	}
	s, t := x.(string), y.(string)
	if a.kind == "dateTime" {
		p, _ := time.Parse(time.RFC3339Nano, s)
		q, _ := time.Parse(time.RFC3339Nano, t)
		return p.Before(q)
	}
	return strings.Compare(a.lower(s), a.lower(t)) < 0
}

// Graph sorts what it sorts as SCIM has it: a page is one call then.
func TestSortCalls(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.MaxScan = 60 })
	users := g.addUsers(150)
	inner := g.addGroup("Some", users[:50]...)
	recent := url.QueryEscape(`meta.created ge "2000-01-01T00:00:00Z"`)
	for query, calls := range map[string]int{
		"sortBy=userName": 1, "sortBy=displayName&sortOrder=descending": 1, "sortBy=name.formatted": 1,
		"sortBy=meta.created&filter=" + recent:      1,
		"sortBy=userName&filter=active%20eq%20true": 1, "sortBy=userName&count=0": 1, "sortBy=title&count=0": 1, "sortBy=shoe": 1, "sortBy=meta.resourceType": 1,
		"sortBy=title&filter=" + url.QueryEscape(fmt.Sprintf("groups.value eq %q", inner)): 1,
	} {
		g.asked()
		g.get("/Users?attributes=userName&" + query)
		g.wantAsked(query, calls, 0)
	}
	for _, query := range []string{"sortBy=title", "sortBy=meta.created", "sortBy=id"} { // beyond what may be looked at
		if refused := g.do(http.MethodGet, "/Users?"+query, nil, http.StatusBadRequest); refused["scimType"] != "tooMany" {
			t.Errorf("%s: %v", query, refused)
		}
	}
}
