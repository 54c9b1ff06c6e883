package entra

import (
	"context"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// A place is where a page of a list begins, as a cursor carries it (RFC 9865): a
// page of Graph's and how many elements of it come before. It holds all that is
// needed to go on, in whatever process.
type place struct {
	Link  string `json:"l,omitempty"` // of the page of Graph's; "" the first
	Start int    `json:"s,omitempty"` // position of that page's first element in the list
	Skip  int    `json:"k,omitempty"`
	Total int    `json:"n"` // length of the list; -1: not known
}

func (p place) position() int { return p.Start + p.Skip }

// A reach is where reading a part of a list ended.
type reach struct {
	total int    // length of the list; -1: not known
	next  *place // what comes behind the part; nil: nothing
}

// begin finds the place that the query begins at.
func (l *listing) begin() error {
	l.at = place{Start: l.query.StartIndex - 1, Total: -1}
	if len(l.query.Place) == 0 {
		return nil
	}
	if err := json.Unmarshal(l.query.Place, &l.at); err != nil {
		return fault.Wrap(err, fault.InvalidCursor, "The cursor is not one of this server.")
	}
	return nil
}

// window is the part of the list that is asked for, as positions from 0.
func (l *listing) window() (from, to int) {
	from = l.at.position()
	return from, from + l.query.Count
}

// told tells the client how many resources match and, when it pages by cursor,
// where the pages around this one begin.
func (l *listing) told(r reach, err error) error {
	if err != nil {
		return err
	}
	if r.total >= 0 {
		l.out.Total(r.total)
	}
	if !l.query.ByCursor || l.query.Count == 0 {
		return nil
	}
	if r.next != nil {
		if err := tell(l.out.Next, *r.next, r.total); err != nil {
			return err
		}
	}
	if before := l.before(); before != nil {
		return tell(l.out.Previous, *before, r.total)
	}
	return nil
}

func tell(to func([]byte), p place, total int) error {
	p.Total = total
	text, err := json.Marshal(p)
	if err == nil {
		to(text)
	}
	return err
}

// before is where the page before this one begins, when that is known: at the
// beginning of the list, or at a page of Graph's that this process has read lately.
// What was filtered here has no such place: how many were passed over is not known.
func (l *listing) before() *place {
	from, _ := l.window()
	back := max(from-l.query.Count, 0)
	switch {
	case from == 0:
		return nil
	case l.sortHere || l.source.ids != nil || l.table.Bare() || back == 0 && l.residual == nil:
		return &place{Start: back}
	case l.residual != nil:
		return nil
	}
	position, link := l.positions.Nearest(key(l.request(walk{top: pageSize(l.query.Count)})), back)
	if link == "" || back-position >= graph.MaxPage {
		return nil
	}
	return &place{Link: link, Start: position, Skip: back - position}
}

// known is the length of the list of which a walk has not reached the end.
func (l *listing) known(ctx context.Context, counted int) (int, error) {
	if l.at.Total >= 0 {
		return l.at.Total, nil
	}
	return l.length(ctx, counted)
}
