package extension

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
)

// Mapped knows whether the directory has the directory extensions that the
// tables map. Without one of them nearly every request fails, and only whoever
// prepared the mapping can help it.
type Mapped struct {
	graph    *graph.Client
	requests []graph.Request // one for each table that maps extensions
	is       atomic.Bool     // it was seen, and then stays so
}

// NewMapped looks for the extensions of the tables, and asks nothing of Graph yet.
func NewMapped(c *graph.Client, tables []*mapping.Table) *Mapped {
	x := &Mapped{graph: c}
	for _, t := range tables {
		selected := []string{"id"}
		for _, row := range t.Rows() {
			if p := row.Property(); strings.HasPrefix(p, "extension_") && !slices.Contains(selected, p) {
				selected = append(selected, p)
			}
		}
		if len(selected) > 1 {
			x.requests = append(x.requests, graph.Request{Path: "/" + t.Collection(), Query: graph.Query{Select: selected, Top: 1}})
		}
	}
	return x
}

// Check is an error when the directory lacks an extension. What the gateway may
// not read is none: it is not served either.
func (x *Mapped) Check(ctx context.Context) error {
	if len(x.requests) == 0 || x.is.Load() {
		return nil
	}
	results, err := x.graph.Batch(ctx, x.requests, graph.Parallel)
	if err != nil {
		return err
	}
	seen := true
	for _, result := range results {
		if fault.Is(result.Err, fault.Unavailable) {
			return result.Err
		}
		seen = seen && result.Err == nil
	}
	x.is.Store(seen)
	return nil
}
