package entra_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// pages reads a list by cursor to its end, and tells what each page cost. With
// replicas every page is read by another process.
func (g *gateway) pages(query string, count int, replicas bool) (ids []string, totals []any, calls []int) {
	g.t.Helper()
	for cursor := ""; ; {
		if replicas {
			g.serve()
		}
		list := g.get(fmt.Sprintf("/Users?%s&count=%d&cursor=%s", query, count, url.QueryEscape(cursor)))
		some := idsOf(list)
		if len(some) > count {
			g.t.Errorf("a page of %d has %d", count, len(some))
		}
		ids, totals = append(ids, some...), append(totals, list["totalResults"])
		calls = append(calls, len(g.sim.Calls()))
		g.sim.Reset()
		if cursor, _ = list["nextCursor"].(string); cursor == "" {
			return ids, totals, calls
		}
		if len(calls) > 1000 {
			g.t.Fatal("the list does not end")
		}
	}
}

// By cursor each user comes once, whichever process serves the page, for one call a
// page of what Graph can page.
func TestCursorPaging(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.addUsers(530)
	for name, c := range map[string]struct {
		query string
		count int
		want  int // resources
		most  int // calls of a page, but for the first
	}{
		"all":                   {"attributes=userName", 100, 530, 1},
		"odd pages":             {"attributes=userName", 77, 530, 1},
		"pages of two":          {"attributes=userName", 265, 530, 1},
		"one page":              {"attributes=userName", 999, 530, 1},
		"sorted by Graph":       {"attributes=userName&sortBy=userName&sortOrder=descending", 100, 530, 1},
		"filtered by Graph":     {"attributes=userName&filter=" + url.QueryEscape(`userName sw "u"`), 100, 530, 1},
		"filtered here":         {"attributes=userName&filter=" + url.QueryEscape(`userName co "1"`), 50, 0, 1},
		"filtered here, few":    {"attributes=userName&filter=" + url.QueryEscape(`userName co "529"`), 50, 1, 1},
		"filtered here, pages":  {"attributes=userName&filter=" + url.QueryEscape(`userName co "5"`), 7, 0, 1},
		"sorted here":           {"attributes=userName&sortBy=phoneNumbers.type", 200, 530, 1},
		"none":                  {"attributes=userName&filter=" + url.QueryEscape(`userName eq "nobody@contoso.com"`), 10, 0, 1},
		"with groups and so on": {"", 200, 530, 1 + 2*200 + 20}, // the page, and 20 batches of 20
	} {
		t.Run(name, func(t *testing.T) {
			byIndex := idsOf(g.get("/Users?count=1000&" + c.query))
			if c.want > 0 && len(byIndex) != c.want {
				t.Fatalf("%d by index, want %d", len(byIndex), c.want)
			}
			for _, replicas := range []bool{false, true} {
				g.sim.Reset()
				ids, totals, calls := g.pages(c.query, c.count, replicas)
				if !slices.Equal(ids, byIndex) {
					t.Errorf("by cursor %d, by index %d, or in another order", len(ids), len(byIndex))
				}
				for i, total := range totals {
					if total != float64(len(byIndex)) {
						t.Errorf("page %d tells %v of %d", i, total, len(byIndex))
					}
				}
				if len(calls) > 1 && slices.Max(calls[1:]) > c.most {
					t.Errorf("calls %v", calls)
				}
			}
		})
	}
}

// The place before a page is told where it is known, and leads there.
func TestCursorBack(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.addUsers(95)
	var pages [][]string
	var last object
	for cursor := ""; ; {
		last = g.get("/Users?attributes=userName&count=20&cursor=" + url.QueryEscape(cursor))
		pages = append(pages, idsOf(last))
		if cursor, _ = last["nextCursor"].(string); cursor == "" {
			break
		}
	}
	for i := len(pages) - 2; i >= 0; i-- {
		cursor, _ := last["previousCursor"].(string)
		if cursor == "" {
			t.Fatalf("nothing before page %d", i+1)
		}
		last = g.get("/Users?attributes=userName&count=20&cursor=" + url.QueryEscape(cursor))
		if !slices.Equal(idsOf(last), pages[i]) {
			t.Errorf("page %d is another on the way back", i)
		}
	}
	if last["previousCursor"] != nil {
		t.Error("there is something before the first page")
	}
}

// What is too much for one request is read by cursor all the same, a bounded part at
// a time.
func TestCursorBeyondTheBound(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.MaxScan = 100 })
	g.addUsers(530)
	query := "attributes=userName&filter=" + url.QueryEscape(`userName co "29"`)
	if status, text := g.try("GET", "/Users?"+query, ""); status != 400 {
		t.Fatalf("by index: %d %s", status, text)
	}
	ids, totals, calls := g.pages(query, 3, true)
	slices.Sort(ids)
	want := 6 + 10 // 29, 129 to 529, and 290 to 299
	if len(slices.Compact(slices.Clone(ids))) != len(ids) || len(ids) != want || totals[0] != nil || slices.Max(calls) > 2 {
		t.Errorf("%d found, totals %v, calls %v", len(ids), totals, calls)
	}
}

// A cursor whose place Graph has forgotten says so.
func TestCursorExpires(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	g.addUsers(30)
	const sorted = "/Users?count=10&sortBy=userName&cursor="
	cursor, _ := g.get(sorted)["nextCursor"].(string)
	if status, text := g.try("GET", sorted+cursor, ""); status != 200 {
		t.Fatalf("at once: %d %s", status, text)
	}
	for range 70 { // the simulator keeps 64 sorted results
		g.get(sorted)
	}
	if status, text := g.try("GET", sorted+cursor, ""); status != 400 || !strings.Contains(text, `"expiredCursor"`) {
		t.Errorf("%d %s", status, text)
	}
}
