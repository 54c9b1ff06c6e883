package entra

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// A walk reads a part of a collection, page by page.
type walk struct {
	from, to   int // positions that are wanted, from 0
	top        int
	properties []string               // beside those of the plan
	expand     string                 // beside that of the plan
	each       graph.Element          // takes a wanted element
	uncounted  bool                   // how long the list is does not matter
	flush      func(page place) error // after each page of Graph's, which begins there; nil: nothing
}

// request asks for the first page. An unfiltered list tells its length with it;
// counting makes a query an advanced one, which cannot expand, and reads an index
// that lags: a filtered list is mostly one page, whose end tells the length.
func (l *listing) request(w walk) graph.Request {
	s := l.source
	if l.table.Bare() {
		return graph.Request{Path: s.path}
	}
	properties := l.allowed(union(l.plan.Select, w.properties))
	expand := l.plan.Expand
	if expand == "" {
		expand = w.expand
	}
	advanced := s.advanced
	switch {
	case s.advanced:
		expand = ""
	case expand == "" && s.filter == "" && !slices.Contains(properties, signInProperty): // of which it is not said
		advanced = true
	}
	return graph.Request{Path: s.path, Params: s.params, Query: graph.Query{
		Select: properties, Expand: expand, Filter: s.filter, OrderBy: s.orderBy,
		Top: pageTop(w.top, properties, advanced), Count: advanced, Advanced: advanced,
	}}
}

// key identifies a list among those whose positions are remembered.
func key(r graph.Request) string {
	q := r.Query
	parts := []string{
		r.Path, strings.Join(q.Select, ","), q.Expand, q.Filter, q.OrderBy,
		strconv.Itoa(q.Top), strconv.FormatBool(q.Advanced),
	}
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		parts = append(parts, name, r.Params[name])
	}
	return strings.Join(parts, "\x00")
}

// totalKey identifies what is counted, however it is read.
func (l *listing) totalKey() string {
	s := l.source
	return key(graph.Request{Path: s.path, Params: s.params, Query: graph.Query{Filter: s.filter}})
}

// shared identifies the list whatever the size of its pages.
func shared(r graph.Request) string {
	r.Query.Top = 0
	return key(r)
}

// A stand is where a walk has come to.
type stand struct {
	request    graph.Request
	position   int
	link       string
	remembered bool  // the link is from an earlier request
	begun      place // where the page read last begins
	counted    int   // what Graph said the length is; -1: nothing
}

// start is the nearest place that is known, of a walk with pages of the same size
// if there is one. Where that is far, the walk begins anew with larger pages.
func (l *listing) start(w walk) stand {
	s := stand{request: l.request(w), counted: -1}
	if l.query.ByCursor {
		s.position, s.link = l.at.Start, l.at.Link
		return s
	}
	s.position, s.link = l.positions.Nearest(key(s.request), w.from)
	if position, link := l.positions.Nearest(shared(s.request), w.from); position > s.position+w.top {
		s.position, s.link = position, link
	}
	if steps := (w.from - s.position) / w.top; s.link == "" && w.from > 0 || steps > w.to/graph.MaxPage+1 {
		w.top = min(w.to, graph.MaxPage)
		s = stand{request: l.request(w), counted: -1}
		s.position, s.link = l.positions.Nearest(key(s.request), w.from)
	}
	s.remembered = s.link != ""
	return s
}

// mark remembers where a link leads.
func (l *listing) mark(s stand, link string) {
	l.positions.Add(key(s.request), s.position, link)
	l.positions.Add(shared(s.request), s.position, link)
}

// walk reads the part and tells where that ended.
func (l *listing) walk(ctx context.Context, w walk) (reach, error) {
	s := l.start(w)
	if s.position == 0 && w.from >= graph.MaxPage { // a place far away: is there so much?
		if n, err := l.length(ctx, -1); err != nil || n <= w.from {
			return reach{total: n}, err
		}
	}
	for {
		page, err := l.step(ctx, w, &s)
		if err != nil {
			return reach{}, err
		}
		if w.flush != nil {
			if err := w.flush(s.begun); err != nil {
				return reach{}, err
			}
		}
		switch page.NextLink {
		case "":
			l.positions.SetTotal(l.totalKey(), s.position)
			return reach{total: s.position, next: s.behind(w, "")}, nil
		case s.link:
			return reach{}, fault.Wrap(errors.New("a next link repeats"), fault.BadGateway, "The directory's answer is broken.")
		}
		l.mark(s, page.NextLink)
		s.link, s.remembered = page.NextLink, false
		if s.position < w.to {
			continue
		}
		r := reach{total: -1, next: s.behind(w, page.NextLink)}
		if !w.uncounted {
			r.total, err = l.known(ctx, s.counted)
		}
		return r, err
	}
}

// behind is the place behind the part, at the end of the page read last or within
// it; nil when there is nothing.
func (s stand) behind(w walk, link string) *place {
	switch {
	case s.position > w.to:
		p := s.begun
		p.Skip = w.to - p.Start
		return &p
	case link != "":
		return &place{Link: link, Start: s.position}
	}
	return nil
}

// step reads one page. A link that no longer works is forgotten, and the list
// read from its beginning.
func (l *listing) step(ctx context.Context, w walk, s *stand) (graph.Page, error) {
	n := s.position
	s.begun = place{Link: s.link, Start: s.position}
	page, err := l.graph.PageText(ctx, s.request, s.link, func(text []byte) (int, error) {
		n++
		if n <= w.from || n > w.to {
			return 0, nil
		}
		return w.each(text)
	})
	if s.link == "" && l.refused(ctx, err, s.request.Query.Select) {
		s.request.Query.Select = l.allowed(s.request.Query.Select)
		return l.step(ctx, w, s)
	}
	if err != nil && s.remembered && expired(err) {
		l.positions.Drop(key(s.request))
		l.positions.Drop(shared(s.request))
		s.position, s.link, s.remembered = 0, "", false
		return l.step(ctx, w, s)
	}
	if r := graph.RefusalOf(err); r != nil && r.Status != 404 && s.link != "" && s.link == l.at.Link && expired(err) {
		return page, fault.Wrap(err, fault.ExpiredCursor, "The directory no longer knows the place that the cursor names; begin again without one.")
	}
	s.position = n
	if page.Count >= 0 && err == nil {
		s.counted = page.Count
	}
	return page, err
}

// expired tells whether Graph refused a link. It refuses before it sends any
// element, so that nothing has been written yet.
func expired(err error) bool {
	r := graph.RefusalOf(err)
	return r != nil && (r.Status == 400 || r.Status == 404 || r.Status == 410)
}

// length is the length of a list whose end was not reached.
func (l *listing) length(ctx context.Context, counted int) (int, error) {
	if counted >= 0 {
		l.positions.SetTotal(l.totalKey(), counted)
		return counted, nil
	}
	if n, known := l.positions.Total(l.totalKey()); known {
		return n, nil
	}
	return l.total(ctx)
}

// counted is how many there are of what Graph does not count: they are read.
func (l *listing) counted(ctx context.Context) (int, error) {
	n, s := 0, l.source
	r := graph.Request{Path: s.path, Params: s.params, Query: graph.Query{Select: []string{"id"}, Filter: s.filter, Top: maxSignInPage}}
	err := l.graph.All(ctx, r, func(jsontext.Value) error {
		n++
		return l.bounded(n)
	})
	if err == nil {
		l.positions.SetTotal(l.totalKey(), n)
	}
	return n, err
}

// total asks Graph how many there are.
func (l *listing) total(ctx context.Context) (int, error) {
	s := l.source
	if s.plain {
		return l.counted(ctx)
	}
	response, err := l.graph.Do(ctx, graph.Request{
		Path: s.path + "/$count", Params: s.params, Query: graph.Query{Filter: s.filter, Advanced: true},
	})
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(bytes.TrimPrefix(response.Body, []byte("\ufeff")))))
	if err != nil || n < 0 {
		return 0, fault.Wrap(errors.New("a count that is no number"), fault.BadGateway, "The directory's answer is broken.")
	}
	l.positions.SetTotal(l.totalKey(), n)
	return n, nil
}
