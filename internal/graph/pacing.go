package graph

import (
	"context"

	"entrascim/internal/graph/pace"
)

type (
	// Pacing says how much of Graph's limits is taken.
	Pacing = pace.Pacing
	// Apps are whom the limits are shared with.
	Apps = pace.Apps
	// A State is what the pacing of a client is doing.
	State = pace.State
	// A BreakerState is what the circuit breaker of a directory does with requests.
	BreakerState = pace.BreakerState
	// A Priority orders requests that wait for their turn.
	Priority = pace.Priority
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
