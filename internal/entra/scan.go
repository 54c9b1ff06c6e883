package entra

import (
	"cmp"
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// A hit is an object that matches, with what it is sorted by.
type hit struct {
	raw jsontext.Value
	by  any    // nil: nothing
	id  string // decides between equals, the same way on every page
}

// A scan looks at every candidate itself, for what Graph cannot evaluate.
type scan struct {
	*listing

	matcher *scim.Matcher
	order   scim.Order
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
	s := &scan{listing: l, matcher: scim.NewMatcher(&l.typ, l.residual)}
	if l.sortHere {
		s.order = scim.NewOrder(&l.typ, *l.query.SortBy)
		paths = append(paths, s.order.Attributes()...)
	}
	if s.look = l.planFor(l.looking(paths)); l.deleted {
		s.look = l.deletedPlan(l.looking(paths))
	}
	if l.query.ByCursor && !l.sortHere && l.source.ids == nil && !l.table.Bare() {
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

// looking wants the attributes given. Which schemas a resource has (RFC 7643 section
// 3) is told by the extensions that an ordinary answer shows.
func (l *listing) looking(paths []scim.AttrPath) mapping.Want {
	want := touching(paths)
	if !want(l.table.URN(), "schemas", "") {
		return want
	}
	shown := scim.DefaultProjection(&l.typ).Includes
	return either(want, func(urn, name, sub string) bool { return urn != l.table.URN() && shown(urn, name, sub) })
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
			if s.shown(doc); s.matcher.Match(doc) {
				s.keep(o.raw, doc)
			}
		}
	}
	return nil
}

// keep remembers a match: only those of the page, unless all must be sorted.
func (s *scan) keep(raw jsontext.Value, doc scim.Document) {
	if s.sortHere {
		s.hits = append(s.hits, hit{raw, s.order.Key(doc), entity.Text(raw, "id")})
	} else if s.matched >= s.from && s.matched < s.to {
		s.hits = append(s.hits, hit{raw: raw})
	}
	s.matched++
}

// page is the part of the matches that is asked for.
func (s *scan) page() []jsontext.Value {
	hits := s.hits
	if s.sortHere {
		slices.SortFunc(hits, func(a, b hit) int {
			order := s.order.Compare(a.by, b.by)
			if s.query.Descending {
				order = -order
			}
			return cmp.Or(order, cmp.Compare(a.id, b.id))
		})
		hits = hits[min(s.from, len(hits)):min(s.to, len(hits))]
	}
	raws := make([]jsontext.Value, len(hits))
	for i, h := range hits {
		raws[i] = h.raw
	}
	return raws
}
