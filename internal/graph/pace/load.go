package pace

import (
	"context"
	"iter"
	"net/http"
)

// A Request is what of a request to Graph decides what Graph takes it for.
type Request struct {
	Path    string // URL template below the base: "/groups/{id}/members"
	Reads   bool   // changes nothing
	Select  []string
	Expands bool // $expand
	Top     int  // 0: Graph's default
}

// A Load is what Graph takes one request for, and how much the request matters.
type Load struct {
	cost     cost
	priority Priority // in a context that has none
	lane     lane
	batch    bool // its items tell what it cost
}

// A lane is requests of one route: what Graph throttles without saying whose limit it
// is may be the route's alone.
type lane struct {
	route string
	reads bool
}

// Of is the load of a request.
func Of(r Request) Load {
	var room [128]byte
	route := appendRoute(room[:0], r.Path)
	return Load{cost: costOf(r, route), priority: priorityOf(route, r.Reads), lane: lane{r.Path, r.Reads}}
}

// Batch is the load of a request that sends others: it costs what they cost, is as
// important as the most important of them, and is of their route when they have the
// same.
func Batch(route string, reads bool, items iter.Seq[Load]) Load {
	all, first := Load{batch: true}, true
	for one := range items {
		all.cost = all.cost.plus(one.cost)
		all.priority = max(all.priority, one.priority)
		if first {
			all.lane, first = one.lane, false
		} else if one.lane != all.lane {
			all.lane = lane{route, reads}
		}
	}
	return all
}

// Priority is that of the request in a context.
func (l Load) Priority(ctx context.Context) Priority { return l.priority.within(ctx) }

// Tell puts the priority in the header of the request; Graph takes one without for
// Normal.
func (l Load) Tell(ctx context.Context, h http.Header) {
	if p := l.Priority(ctx); p != Normal {
		h.Set(headerPriority, p.String())
	}
}
