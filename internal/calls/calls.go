// Package calls keeps the account of what one client request asked of Graph, so
// that the request log can tell it and a failed request can be traced at
// Microsoft by its request-ids.
package calls

import (
	"context"
	"sync"
	"time"
)

// A Call is one HTTP round trip to Graph, or the answer to one that another request
// made at the same time.
type Call struct {
	Method    string
	Route     string // the URL template, so that no id gets into a log or a metric
	Status    int    // 0: no answer came
	RequestID string
	Took      time.Duration
	Shared    bool // with the request that made it, in whose account it counts
}

// A Log collects the calls of one request; safe for concurrent use.
type Log struct {
	mu    sync.Mutex
	calls []Call
}

// Add appends a call. A nil Log drops it.
func (l *Log) Add(c Call) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, c)
}

// Calls is a copy of what was added so far.
func (l *Log) Calls() []Call {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Call(nil), l.calls...)
}

type key struct{}

// NewContext gives a context whose requests are accounted in l.
func NewContext(ctx context.Context, l *Log) context.Context {
	return context.WithValue(ctx, key{}, l)
}

// FromContext finds the account; nil when there is none.
func FromContext(ctx context.Context) *Log {
	l, _ := ctx.Value(key{}).(*Log)
	return l
}
