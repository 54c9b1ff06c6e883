package entra

import (
	"cmp"
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
)

// few writes resources that are known by id.
func (l *listing) few(ctx context.Context) error {
	ids := l.source.ids
	from, to := l.window()
	from, to = min(from, len(ids)), min(to, len(ids))
	if len(ids) == 1 {
		from, to = 0, 1 // whether it is there decides the total
	}
	raws, err := l.byID(ctx, ids[from:to], l.plan.Select, l.plan.Expand)
	if err != nil {
		return err
	}
	r := reach{total: len(ids) - (to - from - len(raws))} // one that is gone meanwhile does not match
	if to < len(ids) {
		r.next = &place{Start: to}
	}
	l.out.Total(r.total)
	if l.query.Count > 0 && l.at.position() < len(ids) {
		if err := l.emitAll(ctx, raws); err != nil {
			return err
		}
	}
	return l.told(r, nil)
}

// byID reads objects by id; those that are gone are left out.
func (l *listing) byID(ctx context.Context, ids, properties []string, expand string) ([]jsontext.Value, error) {
	if l.deleted {
		return l.deletedByID(ctx, ids, properties)
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return l.fresh.Elsewhere(l.table.Collection(), id) })
	if len(ids) == 0 {
		return nil, nil
	}
	requests := make([]graph.Request, len(ids))
	for i, id := range ids {
		requests[i] = l.objectRequest(id, &mapping.ReadPlan{Select: properties, Expand: expand}, nil)
	}
	if len(ids) == 1 {
		var raw jsontext.Value
		err := l.patient(ctx, func() error {
			response, err := l.graph.Do(ctx, requests[0])
			if err == nil {
				raw = response.Body
			}
			return err
		}, ids...)
		if l.refused(ctx, err, requests[0].Query.Select) {
			return l.byID(ctx, ids, properties, expand)
		}
		if fault.Is(err, fault.NotFound) || err == nil && !l.has(raw) {
			return nil, nil
		}
		return []jsontext.Value{raw}, err
	}
	var raws []jsontext.Value
	err := l.patient(ctx, func() error {
		results, err := l.graph.Batch(ctx, requests, graph.Parallel)
		if err != nil {
			return err
		}
		var late error
		raws, late, err = l.seen(ids, results)
		return cmp.Or(err, late)
	}, ids...)
	if l.refused(ctx, err, requests[0].Query.Select) {
		return l.byID(ctx, ids, properties, expand)
	}
	if unseen(err) {
		err = nil
	}
	return raws, err
}

// seen are the objects that were found; late is the refusal of one that may only not be
// shown yet.
func (l *listing) seen(ids []string, results []graph.Result) (raws []jsontext.Value, late, err error) {
	for i, result := range results {
		switch {
		case result.Err == nil && l.has(result.Body):
			raws = append(raws, result.Body)
		case result.Err == nil: // of another part of the collection
		case !fault.Is(result.Err, fault.NotFound):
			return nil, nil, result.Err
		case l.fresh.Any(ids[i : i+1]):
			late = result.Err
		}
	}
	return raws, late, nil
}
