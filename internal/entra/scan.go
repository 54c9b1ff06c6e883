package entra

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// A hit is an object that matches, with what it is sorted by.
type hit struct {
	raw jsontext.Value
	by  any // nil: nothing
}

// A scan looks at every candidate itself, for what Graph cannot evaluate.
type scan struct {
	*listing

	matcher *scim.Matcher
	look    *mapping.ReadPlan // of what the filter and the sort look at
	matched int
	seen    int
	hits    []hit

	from, to int // which matches are wanted, as positions from 0
}

func (l *listing) scan(ctx context.Context) error {
	paths := []scim.AttrPath{}
	if l.residual != nil {
		paths = scim.Attributes(l.residual)
	}
	if l.sortHere {
		paths = append(paths, *l.query.SortBy)
	}
	s := &scan{listing: l, matcher: scim.NewMatcher(&l.typ, l.residual), look: l.table.Read(touching(paths))}
	if l.query.ByCursor && !l.sortHere && l.source.ids == nil {
		s.to = l.query.Count
		return s.onward(ctx)
	}
	s.from, s.to = l.window()
	if err := s.read(ctx); err != nil {
		return err
	}
	r := reach{total: s.matched}
	if s.to < s.matched {
		r.next = &place{Start: s.to}
	}
	l.out.Total(s.matched)
	if err := l.emitAll(ctx, s.page()); err != nil {
		return err
	}
	return l.told(r, nil)
}

// read goes through the candidates.
func (s *scan) read(ctx context.Context) error {
	if s.source.ids != nil {
		if err := s.bounded(len(s.source.ids)); err != nil {
			return err
		}
		expand := cmp.Or(s.plan.Expand, s.look.Expand)
		raws, err := s.byID(ctx, s.source.ids, union(s.plan.Select, s.look.Select), expand)
		if err != nil {
			return err
		}
		return s.take(ctx, raws)
	}
	l := s.whole() // from its beginning, whatever part is asked for
	_, err := l.walk(ctx, s.candidates(0, s.options.Policy.MaxScan+1, func(place) error { return s.take(ctx, s.held()) }))
	return err
}

// whole is the list to be read from its beginning.
func (s *scan) whole() *listing {
	l := *s.listing
	l.query.ByCursor, l.at = false, place{Total: -1}
	return &l
}

// candidates is a walk over those from a position on.
func (s *scan) candidates(from, to int, flush func(page place) error) walk {
	return walk{
		from: from, to: to, top: graph.MaxPage, properties: s.look.Select, expand: s.look.Expand, each: s.hold, flush: flush,
	}
}

// held are the candidates of the page that was read, which are taken.
func (s *scan) held() []jsontext.Value {
	held := s.pending
	s.pending = nil
	return held
}

// take looks at some candidates.
func (s *scan) take(ctx context.Context, raws []jsontext.Value) error {
	s.seen += len(raws)
	if err := s.bounded(s.seen); err != nil {
		return err
	}
	return s.sift(ctx, raws)
}

// sift keeps the candidates that match.
func (s *scan) sift(ctx context.Context, raws []jsontext.Value) error {
	for objects, err := range s.withRelations(ctx, raws, s.look) {
		if err != nil {
			return err
		}
		for _, o := range objects {
			doc, err := s.document(ctx, o, s.look)
			if err != nil {
				return err
			}
			if s.matcher.Match(doc) {
				s.keep(o.raw, doc)
			}
		}
	}
	return nil
}

// keep remembers a match: only those of the page, unless all must be sorted.
func (s *scan) keep(raw jsontext.Value, doc scim.Document) {
	if s.sortHere {
		s.hits = append(s.hits, hit{raw, sortValue(doc, *s.query.SortBy, s.typ.Schema.ID)})
	} else if s.matched >= s.from && s.matched < s.to {
		s.hits = append(s.hits, hit{raw: raw})
	}
	s.matched++
}

// page is the part of the matches that is asked for.
func (s *scan) page() []jsontext.Value {
	hits := s.hits
	if s.sortHere {
		slices.SortStableFunc(hits, func(a, b hit) int {
			if s.query.Descending {
				a, b = b, a
			}
			return order(a.by, b.by)
		})
		hits = hits[min(s.from, len(hits)):min(s.to, len(hits))]
	}
	raws := make([]jsontext.Value, len(hits))
	for i, h := range hits {
		raws[i] = h.raw
	}
	return raws
}

// sortValue is what a resource is sorted by; of many values the primary, or else
// the first (RFC 7644 section 3.4.2.3).
func sortValue(doc scim.Document, by scim.AttrPath, core string) any {
	if by.URN != core {
		doc, _ = doc[by.URN].(map[string]any)
	}
	v := doc[by.Name]
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
		for _, element := range list {
			if m, ok := element.(map[string]any); ok && m["primary"] == true {
				v = m
				break
			}
		}
	}
	if m, ok := v.(map[string]any); ok {
		v = m[by.Sub]
	}
	return v
}

// order compares two values, case-insensitively. Resources without a value are
// last in ascending order (RFC 7644 section 3.4.2.3).
func order(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	switch x := a.(type) {
	case string:
		y, _ := b.(string)
		return cmp.Or(cmp.Compare(strings.ToLower(x), strings.ToLower(y)), cmp.Compare(x, y))
	case float64:
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	case bool:
		y, _ := b.(bool)
		if x == y {
			return 0
		}
		if y {
			return -1
		}
		return 1
	}
	return 0
}
