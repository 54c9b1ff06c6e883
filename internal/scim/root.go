package scim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
)

// root serves queries over the resources of all types (RFC 7644 section 3.4.2.1).
// The types come one after the other: a page may end with the last of one and the
// first of the next.
type root struct{ *server }

func (s root) list(w http.ResponseWriter, r *http.Request) {
	values, err := parameters(r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	s.found(w, r, values)
}

func (s root) search(w http.ResponseWriter, r *http.Request) {
	values, err := s.searched(w, r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	s.found(w, r, values)
}

// A chapter is the part of a query that one type answers.
type chapter struct {
	typ   *ResourceType
	query Query
	none  bool // known without asking
}

// A rootPlace is where a page of a query over all types begins.
type rootPlace struct {
	Type  int    `json:"t"`           // in the order of the types
	Place []byte `json:"p,omitempty"` // in the list of that type
	Total int    `json:"n"`           // of all types; -1: not known
}

func (s root) found(w http.ResponseWriter, r *http.Request, values url.Values) {
	types := s.reached(r)
	if len(types) == 0 {
		WriteError(w, r, fault.New(fault.Forbidden, "This client may reach resources of no type."))
		return
	}
	bound := s.binding(r, "/"+typeNames(types), values)
	chapters, err := s.chapters(types, values)
	at, cursor := rootPlace{}, values.Get("cursor")
	if err == nil && cursor != "" {
		at, err = s.opened(cursor, bound, len(types))
	}
	if err != nil {
		WriteError(w, r, err)
		return
	}
	a := &reply{w: w, status: http.StatusOK}
	out := newListWriter(a, chapters[0].query, func(place []byte) string { return s.cursors.seal(place, bound) })
	out.several = true
	switch {
	case chapters[0].query.Count > 0 && slices.ContainsFunc(chapters, func(c chapter) bool { return c.query.SortBy != nil }):
		err = sorted(r.Context(), chapters, at, out)
	case chapters[0].query.ByCursor:
		err = byCursor(r.Context(), chapters, at, cursor == "", out)
	default:
		err = byIndex(r.Context(), chapters, out)
	}
	if err == nil {
		err = out.close()
	}
	a.finish(r, misplaced(err))
}

// typeNames are the names of the types: a cursor counts in them.
func typeNames(types []*ResourceType) string {
	names := make([]string, len(types))
	for i, rt := range types {
		names[i] = rt.Name
	}
	return strings.Join(names, " ")
}

// opened is where a page of a query over n types begins.
func (s root) opened(cursor, bound string, n int) (rootPlace, error) {
	text, err := s.cursors.open(cursor, bound)
	if err != nil {
		return rootPlace{}, err
	}
	var at rootPlace
	if err := json.Unmarshal(text, &at); err != nil || at.Type < 0 || at.Type >= n {
		return rootPlace{}, notOurs()
	}
	return at, nil
}

// chapters are the query as each type understands it: what a type does not have has
// no value in it.
func (s root) chapters(types []*ResourceType, values url.Values) ([]chapter, error) {
	o := s.options
	o.Strict = false // one type's attribute is unknown to the other
	chapters := make([]chapter, 0, len(types))
	for _, typ := range types {
		q, t, err := typ.index.query(values, o)
		if err != nil {
			return nil, err
		}
		chapters = append(chapters, chapter{typ: typ, query: q, none: t == isFalse})
	}
	return chapters, nil
}

// read asks the type, and gives how many resources of it match on all pages; -1
// when that is not known.
func (c chapter) read(ctx context.Context, out *ListWriter) (int, error) {
	out.before, out.total, out.next = out.items, -1, nil
	if c.none {
		return 0, nil
	}
	err := c.list(ctx, c.query, out)
	return out.total, err
}

// list asks the type. One that the server can do without, and may not read, has nothing.
func (c chapter) list(ctx context.Context, q Query, out *ListWriter) error {
	err := c.typ.Reader.List(ctx, q, out)
	if c.typ.Optional && out.items == out.before && fault.Is(err, fault.Forbidden) {
		out.Total(0)
		return nil
	}
	return err
}

// byIndex finds the page by counting through the types.
func byIndex(ctx context.Context, chapters []chapter, out *ListWriter) error {
	total := 0
	start, count := chapters[0].query.StartIndex, chapters[0].query.Count
	for _, c := range chapters {
		c.query.StartIndex = max(start-total, 1)
		c.query.Count = count - out.items
		n, err := c.read(ctx, out)
		if err != nil {
			return err
		}
		total += n
	}
	out.total = total
	return nil
}

// byCursor goes on in the type that the page begins in. How many there are of all
// types is found out for the first page and carried along.
func byCursor(ctx context.Context, chapters []chapter, at rootPlace, first bool, out *ListWriter) error {
	count := chapters[0].query.Count
	var next *rootPlace
	for i := at.Type; i < len(chapters) && (first || next == nil); i++ {
		c := chapters[i]
		if i == at.Type {
			c.query.Place = at.Place
		}
		if c.query.Count = count - out.items; next != nil {
			c.query.Count = 0
		}
		n, err := c.read(ctx, out)
		if err != nil {
			return err
		}
		if first {
			at.Total = sum(at.Total, n)
		}
		if next == nil {
			next = c.after(i, out, count, len(chapters))
		}
	}
	// What a type says is before its page would lead into another type's list.
	out.total, out.next, out.previous = at.Total, nil, nil
	if next == nil || count == 0 {
		return nil
	}
	next.Total = at.Total
	text, err := json.Marshal(next)
	if err == nil {
		out.Next(text)
	}
	return err
}

// sum adds totals, which are -1 when they are not known.
func sum(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// after is where the next page begins when the type, the i-th of n, filled this
// one; nil when the page has room for more.
func (c chapter) after(i int, out *ListWriter, count, n int) *rootPlace {
	switch {
	case out.next != nil:
		return &rootPlace{Type: i, Place: *out.next}
	case out.items >= count && i+1 < n:
		return &rootPlace{Type: i + 1}
	}
	return nil
}
