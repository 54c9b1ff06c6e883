package entra

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// A listing is one list request under way.
type listing struct {
	*resource

	query    scim.Query
	plan     *mapping.ReadPlan
	out      *scim.ListWriter
	source   source
	residual filter.Expression
	sortHere bool  // Graph cannot sort as asked
	at       place // where the page begins
	deleted  bool  // it is of deleted resources

	pending []jsontext.Value // objects of the page that are not written yet
}

// List writes the resources that the query asks for. What Graph can filter, sort
// and page it is asked to; the rest is done here, on a bounded number of objects.
func (r *resource) List(ctx context.Context, q scim.Query, out *scim.ListWriter) error {
	ctx = graph.WithPriority(ctx, r.urgency(q.Filter))
	if q.Deleted {
		return r.listDeleted(ctx, q, out)
	}
	var err error
	if q.Filter, err = r.licensed(ctx, r.completed(q.Filter)); err != nil {
		return err
	}
	mq, err := r.table.Filter(q.Filter)
	if err != nil {
		return err
	}
	l := &listing{resource: r, query: q, plan: r.plan(q.Projection), out: out, residual: mq.Residual}
	if err := l.begin(); err != nil {
		return err
	}
	sources, err := r.sources(ctx, mq)
	if err != nil {
		return err
	}
	for _, l.source = range sources {
		if hidden, err := r.hidden(ctx, l.source); hidden || err != nil {
			out.Total(0)
			return err
		}
		err := r.unreadable(l.run(ctx))
		if !l.source.optional || !fault.Is(err, fault.NotFound) || out.Len() > 0 {
			return err
		}
	}
	out.Total(0)
	return nil
}

func (l *listing) run(ctx context.Context) error {
	l.sort()
	switch {
	case l.residual != nil, l.sortHere, l.table.Bare(), l.table.Barred() != "" && len(l.source.ids) > 1: // of many ids some are not shown
		return l.scan(ctx)
	case l.source.ids != nil:
		return l.few(ctx)
	case l.query.Count == 0:
		n, err := l.total(ctx)
		return l.told(reach{total: n}, err)
	}
	return l.page(ctx)
}

// sort asks Graph to sort, when it can.
func (l *listing) sort() {
	by := l.query.SortBy
	if by == nil || l.query.Count == 0 {
		return
	}
	a, given, possible := mapping.Attr{URN: by.URN, Name: by.Name, Sub: by.Sub}, l.query.Filter, true
	if l.deleted {
		given, possible = l.sortable(a)
	}
	text, advanced, ok := l.table.OrderBy(a, l.query.Descending, given)
	if !ok || !possible || l.source.ids != nil || l.source.optional || l.source.plain { // that links can be sorted is documented of some only
		l.sortHere = true
		return
	}
	l.source.orderBy = text
	// $filter together with $orderby is an advanced query (aad-advanced-queries).
	l.source.advanced = l.source.advanced || advanced || l.source.filter != ""
}

// page writes a page as it comes, or object by object with their relations.
func (l *listing) page(ctx context.Context) error {
	from, to := l.window()
	w := walk{from: from, to: to, top: pageSize(l.query.Count)}
	if len(l.relations(l.plan)) == 0 && !l.deleted {
		env := l.env(ctx, object{})
		w.each = func(text []byte) (int, error) { return l.put(text, env) }
	} else {
		w.each = l.hold
		w.flush = func(place) error {
			held := l.pending
			l.pending = nil
			return l.emitAll(ctx, held)
		}
	}
	return l.told(l.walk(ctx, w))
}

// put writes the object that text begins with, and gives where it ends.
func (l *listing) put(text []byte, env mapping.Env) (end int, err error) {
	err = l.out.Append(func(dst []byte) ([]byte, error) {
		start := len(dst)
		dst, end, err = l.plan.Append(dst, text, env)
		if err == nil && l.names.Short {
			dst = l.names.ShortenIn(dst, start)
		}
		return dst, entity.Broken(err)
	})
	return end, err
}

// pageSize makes Graph's pages equal parts of a SCIM page, so that their ends
// meet: 1,000 resources are two pages of 500.
func pageSize(count int) int {
	pages := (count + graph.MaxPage - 1) / graph.MaxPage
	return (count + pages - 1) / pages
}

// hold keeps an object until the page has been read.
func (l *listing) hold(text []byte) (end int, err error) {
	v, end, err := entity.Front(text)
	if err == nil && l.deleted {
		v, err = original(v)
	}
	if err == nil {
		l.pending = append(l.pending, v.Clone())
	}
	return end, err
}

// inFlight is how many requests for relations are made at once: four batches.
const inFlight = 4 * graph.MaxBatch

// emitAll writes objects with the relations that the plan wants.
func (l *listing) emitAll(ctx context.Context, raws []jsontext.Value) error {
	for objects, err := range l.withRelations(ctx, raws, l.plan) {
		if err != nil {
			return err
		}
		for _, o := range objects {
			if err := l.out.Resource(func(enc *jsontext.Encoder) error { return l.write(ctx, o, l.plan, enc) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// withRelations gives the objects with their relations, some at a time.
func (l *listing) withRelations(ctx context.Context, raws []jsontext.Value, plan *mapping.ReadPlan) func(func([]object, error) bool) {
	relations := withSchedules(l.relations(plan))
	size := max(inFlight/max(len(relations), 1), 1)
	return func(yield func([]object, error) bool) {
		for some := range slices.Chunk(raws, size) {
			objects, err := l.gather(ctx, some, plan)
			if !yield(objects, err) || err != nil {
				return
			}
		}
	}
}

// gather reads the relations of some objects. One whose relations the directory
// does not find is read again by itself: it is gone and left out, or it is new.
func (l *listing) gather(ctx context.Context, raws []jsontext.Value, plan *mapping.ReadPlan) ([]object, error) {
	relations, lenient := withSchedules(l.relations(plan)), !l.query.Projection.Explicit()
	objects := make([]object, len(raws))
	ids := make([]string, len(raws))
	for i, raw := range raws {
		objects[i].raw, ids[i] = raw, entity.Text(raw, "id")
	}
	if len(relations) == 0 {
		return objects, nil
	}
	results, err := l.graph.Batch(ctx, l.relationRequests(ids, relations), graph.Parallel)
	if err != nil {
		return nil, err
	}
	var seen []object
	var found []graph.Result
	late := map[int]bool{}
	for i := range objects {
		own := results[i*len(relations) : (i+1)*len(relations)]
		if late[i] = halfSeen(relations, own) != nil; !late[i] {
			seen, found = append(seen, objects[i]), append(found, own...)
		}
	}
	if err := l.relate(ctx, seen, relations, lenient, found); err != nil {
		return nil, err
	}
	return l.again(ctx, ids, late, seen, fetch{plan: plan, lenient: lenient})
}

// again puts the late objects among those that were seen.
func (l *listing) again(ctx context.Context, ids []string, late map[int]bool, seen []object, f fetch) ([]object, error) {
	all := make([]object, 0, len(ids))
	for i, id := range ids {
		if !late[i] {
			all, seen = append(all, seen[0]), seen[1:]
			continue
		}
		f.id = id
		o, err := l.fetch(ctx, f)
		switch {
		case fault.Is(err, fault.NotFound): // gone
		case err != nil:
			return nil, err
		default:
			all = append(all, o)
		}
	}
	return all, nil
}

// relations of a plan that need requests of their own: an advanced query cannot
// expand the manager.
func (l *listing) relations(plan *mapping.ReadPlan) []string {
	if plan.Expand != "" && l.source.advanced {
		return append(slices.Clone(plan.Relations), plan.Expand)
	}
	return plan.Relations
}
