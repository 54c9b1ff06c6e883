package pace

import (
	"bytes"
	"context"
)

// A Priority orders requests that wait for their turn, and tells Graph which of them to
// throttle first (x-ms-throttle-priority).
type Priority int

// The priorities. By default a write and the read of one object are High, any other
// read Normal.
const (
	Low    Priority = iota // background: health, reports
	Normal                 // lists
	High                   // somebody waits: an object by its id, a write
	priorities
)

// String is the priority as Graph names it.
func (p Priority) String() string { return [priorities]string{"Low", "Normal", "High"}[p] }

// allowed is the percentage of a budget that requests of a priority may fill: there is
// always some left for those that matter more.
func (p Priority) allowed() int { return [priorities]int{60, 90, 100}[p] }

type priorityKey struct{}

// WithPriority gives a context whose requests have the priority, or a lower one when
// ctx has it already: what is done for background work is background work.
func WithPriority(ctx context.Context, p Priority) context.Context {
	if given, ok := ctx.Value(priorityKey{}).(Priority); ok && given <= p {
		return ctx
	}
	return context.WithValue(ctx, priorityKey{}, p)
}

// within is the priority in the context: the context's, when it has one.
func (p Priority) within(ctx context.Context) Priority {
	if given, ok := ctx.Value(priorityKey{}).(Priority); ok {
		return given
	}
	return p
}

// priorityOf is that of a request in a context without one, by its route as appendRoute
// makes it.
func priorityOf(route []byte, reads bool) Priority {
	if !reads || bytes.HasSuffix(route, []byte("/{}")) {
		return High
	}
	return Normal
}
