package graphsim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entrascim/internal/graphsim/odata"
)

// Page sizes of directory objects. Source: https://learn.microsoft.com/graph/paging.
const (
	defaultPage = 100
	maxPage     = 999
)

// A collection is what a list request is about, before its query.
type collection struct {
	objects  []*object // in creation order
	kind     *kind     // nil: several
	context  string    // fragment of @odata.context, without the selected properties
	relation bool      // reached over a link: queries must be advanced ones
	status   status    // live, or deleted for deletedItems
	typed    bool      // objects tell their type
	all      bool      // the whole set of the kind: indexes may answer
	cast     bool      // the path ends in a type
	whole    bool      // there are no pages
	most     int       // objects of a page, and of the largest one; 0: as of directory objects
	dated    string    // the property by which the newest come first; "" the oldest do
}

func (l collection) entity() string {
	if l.kind == nil {
		return "directoryObject"
	}
	return l.kind.name
}

// list answers a list request.
func (c *call) list(l collection) (*answer, error) {
	q, err := c.options(l.entity(), odata.Options{Relationship: l.relation, Cast: l.cast, MaxTop: l.most})
	if err != nil {
		return nil, err
	}
	if err := c.checkSelect(l.kind, q); err != nil {
		return nil, err
	}
	v := c.dir.listing()
	found := &result{call: c, collection: l, query: q, view: v}
	page, err := found.page()
	if err != nil {
		return nil, err
	}
	e := c.encoder(v, q)
	e.typed = l.typed
	return &answer{status: http.StatusOK, body: found.body(e, page)}, nil
}

// count answers a $count segment.
func (c *call) count(l collection) (*answer, error) {
	if !c.advanced() {
		return nil, refuse("$count is not currently supported.")
	}
	q, err := c.options(l.entity(), odata.Options{Relationship: l.relation, Cast: l.cast, CountSegment: true})
	if err != nil {
		return nil, err
	}
	r := &result{call: c, collection: l, query: q, view: c.dir.listing()}
	return &answer{status: http.StatusOK, plain: true, body: strconv.AppendInt(nil, int64(r.total()), 10)}, nil
}

// A result is a query being evaluated over a collection.
type result struct {
	collection
	call  *call
	query *odata.Query
	view  view
	next  *position // of the next page; nil on the last one
}

// page finds the objects of the page that the request asks for.
func (r *result) page() ([]*object, error) {
	var from position
	if r.query.SkipToken != "" {
		var err error
		if from, err = r.call.dir.cursors.position(r.call.path, r.query.SkipToken); err != nil {
			return nil, err
		}
	}
	if r.query.Ordered() || r.dated != "" || from.snapshot != 0 {
		return r.sorted(from)
	}
	size := r.size()
	page := make([]*object, 0, size)
	for o := range r.matching(after(r.candidates(), from.seq)) {
		if len(page) == size {
			r.next = &position{seq: page[size-1].seq}
			break
		}
		page = append(page, o)
	}
	return page, nil
}

func (r *result) size() int {
	if r.whole {
		return max(len(r.objects), 1)
	}
	size := cmp.Or(r.most, defaultPage)
	if r.query.Top > 0 {
		size = r.query.Top
	}
	if r.query.SignIns {
		size = min(size, odata.MaxSignIns)
	}
	if most := r.call.sim.hostile.PageSize; most > 0 {
		size = min(size, most)
	}
	return size
}

// sorted pages over a result that is sorted once and kept.
func (r *result) sorted(from position) ([]*object, error) {
	all, err := r.sort(from)
	if err != nil {
		return nil, err
	}
	start := min(int(from.offset), len(all))
	end := min(start+r.size(), len(all))
	if end < len(all) {
		if from.snapshot == 0 {
			from.snapshot = r.call.dir.cursors.keep(all)
		}
		r.next = &position{snapshot: from.snapshot, offset: uint32(end)} //nolint:gosec // at most as many as there are objects
	}
	return slices.DeleteFunc(slices.Clone(all[start:end]), func(o *object) bool { return r.state(o) == nil }), nil
}

func (r *result) sort(from position) ([]*object, error) {
	if from.snapshot != 0 {
		return r.call.dir.cursors.result(from.snapshot)
	}
	all := slices.Collect(r.matching(r.candidates()))
	if !r.query.Ordered() {
		slices.SortStableFunc(all, func(x, y *object) int { return strings.Compare(y.text(r.dated), x.text(r.dated)) })
		return all, nil
	}
	var a, b reader
	getA, getB := a.get, b.get
	slices.SortStableFunc(all, func(x, y *object) int {
		a.at(x, r.state(x))
		b.at(y, r.state(y))
		switch {
		case r.query.Less(getA, getB):
			return -1
		case r.query.Less(getB, getA):
			return 1
		}
		return 0
	})
	return all, nil
}

// state is what the view shows of an object; nil when it is not in the part of
// the directory that the collection shows.
func (r *result) state(o *object) *state {
	if s := o.in(r.view); s != nil && s.status == r.status {
		return s
	}
	return nil
}

// matching goes over the objects that the query's conditions keep.
func (r *result) matching(list []*object) func(func(*object) bool) {
	filtered := r.query.Filtered()
	var current reader
	get := current.get
	return func(yield func(*object) bool) {
		for _, o := range list {
			s := r.state(o)
			if s == nil || r.kind != nil && o.kind != r.kind {
				continue
			}
			if filtered {
				if current.at(o, s); !r.query.Match(get) {
					continue
				}
			}
			if !yield(o) {
				return
			}
		}
	}
}

// candidates is the collection, or the part of it that an index names. Indexes
// know only the newest state, so lagging reads do without.
func (r *result) candidates() []*object {
	if !r.all || r.view.lagged || r.status != live {
		return r.objects
	}
	for _, ix := range r.call.dir.indexes[r.kind] {
		if text, ok := r.query.Equal(ix.name); ok {
			return ix.byText[strings.ToLower(text)]
		}
	}
	return r.objects
}

func (r *result) total() int {
	n := 0
	for range r.matching(r.candidates()) {
		n++
	}
	return n
}

// body is the JSON of a page.
func (r *result) body(e *encoder, page []*object) []byte {
	b := make([]byte, 0, 512+len(page)*r.room())
	b = append(b, `{"@odata.context":`...)
	b = append(b, quote(r.call.metadata(contextOf(r.context, r.query)))...)
	if r.query.Count && r.call.advanced() && r.query.SkipToken == "" {
		b = strconv.AppendInt(append(b, `,"@odata.count":`...), int64(r.total()), 10)
	}
	if r.next != nil {
		b = append(append(b, `,"@odata.nextLink":`...), quote(r.call.nextLink(*r.next))...)
	}
	b = append(b, `,"value":[`...)
	for i, o := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.object(b, o, r.state(o))
	}
	return append(b, "]}"...)
}

// room estimates the bytes of one object.
func (r *result) room() int {
	if n := len(r.query.Select); n > 0 {
		return 32 * (n + 1)
	}
	return 512
}

// contextOf names the selected properties behind the fragment.
func contextOf(fragment string, q *odata.Query) string {
	var names []string
	names = append(names, q.Select...)
	for _, x := range q.Expand {
		if q.Select != nil {
			names = append(names, x.Property+"()")
		}
	}
	if len(names) == 0 {
		return fragment
	}
	return fragment + "(" + strings.Join(names, ",") + ")"
}
