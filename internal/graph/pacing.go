package graph

import (
	"context"

	"entrascim/internal/graph/pace"
)

// Pacing, Apps and the others are what a caller decides of the pacing of a client, and
// may know of it; see package pace.
type (
	Pacing       = pace.Pacing
	Apps         = pace.Apps
	State        = pace.State
	BreakerState = pace.BreakerState
	Priority     = pace.Priority
)

// The priorities of requests, and the states of the circuit breaker.
const (
	Low    = pace.Low
	Normal = pace.Normal
	High   = pace.High

	Closed   = pace.Closed
	Open     = pace.Open
	HalfOpen = pace.HalfOpen
)

// WithPriority is pace.WithPriority.
func WithPriority(ctx context.Context, p Priority) context.Context { return pace.WithPriority(ctx, p) }

// State tells what the pacing is doing.
func (c *Client) State() State { return c.pacer.State() }
