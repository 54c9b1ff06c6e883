package entra

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
)

// errFull ends a walk whose page is full.
var errFull = errors.New("the page is full")

// onward looks at the candidates from the cursor's place on, until the page is full.
// After as many candidates as the tenant lets one request look at, the page ends as
// it is, with the place to go on from: in pages found by cursor, a list of any
// length can be filtered. How many match in all is counted for the first page, when
// the bound lets it.
func (s *scan) onward(ctx context.Context) error {
	from := s.at.position()
	first := len(s.query.Place) == 0
	var next *place
	w := s.candidates(from, from+s.options.Policy.MaxScan, func(page place) error {
		raws := s.held()
		if err := s.sift(ctx, raws); err != nil {
			return err
		}
		if next == nil {
			next = s.afterPage(page, max(from-page.Start, 0), raws)
		}
		if next != nil && !first {
			return errFull
		}
		return nil
	})
	w.uncounted = true
	r, err := s.walk(ctx, w)
	switch {
	case errors.Is(err, errFull):
		r = reach{total: s.at.Total, next: next}
	case err != nil:
		return err
	case r.next != nil: // the bound
		r = reach{total: s.at.Total, next: cmp.Or(next, r.next)}
	default:
		r = reach{total: s.at.Total}
		if first {
			r.total = s.matched
		}
		if s.matched > s.query.Count {
			r.next = next
		}
	}
	if err := s.emitAll(ctx, s.page()); err != nil {
		return err
	}
	return s.told(r, nil)
}

// afterPage is the place behind the last match of a full page; nil while it is not
// full. Skipped elements of Graph's page come before the candidates.
func (s *scan) afterPage(page place, skipped int, raws []jsontext.Value) *place {
	if len(s.hits) < s.query.Count {
		return nil
	}
	page.Skip = skipped
	if len(s.hits) > 0 {
		last := entity.Text(s.hits[len(s.hits)-1].raw, "id")
		page.Skip += 1 + slices.IndexFunc(raws, func(v jsontext.Value) bool { return entity.Text(v, "id") == last })
	}
	return &page
}
