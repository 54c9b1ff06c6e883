package pace

import (
	"errors"
	"fmt"
	"time"

	"entrascim/internal/fault"
)

const (
	mostFailures = 10 // one after the other, before the breaker opens
	mostHangs    = 4  // likewise, of requests that nobody answered in time

	// hangTime is the least time without a first byte after which a request that its
	// caller gave up counts as hanging.
	hangTime = 4 * time.Second

	shortestOpen = time.Second // doubled each time the probe fails
	longestOpen  = time.Minute
)

// A BreakerState is what the circuit breaker of a directory does with requests.
type BreakerState int

// The states.
const (
	Closed   BreakerState = iota // sends them
	Open                         // refuses them, until it is time to try
	HalfOpen                     // refuses them, while one tries
)

// String names the state.
func (s BreakerState) String() string { return [...]string{"closed", "open", "half-open"}[s] }

// An outcome is what became of one attempt, for the breaker.
type outcome int

const (
	unclear  outcome = iota // the caller went away, or the failure says nothing of the directory
	answered                // whatever the answer was
	failed                  // 5xx, or no connection
	hung                    // no answer in time
)

// A breaker refuses requests to a directory that does not answer, so that they hold
// nothing while they fail. It is for one goroutine.
type breaker struct {
	state    BreakerState
	failures int
	hangs    int
	until    time.Time // when the next probe may go, while it is open
	open     time.Duration
	cause    error // the last failure
}

// refusal is the fault of a request that may not be sent now.
func (b *breaker) refusal(now time.Time) error {
	wait := shortestOpen
	switch {
	case b.state == Closed, b.state == Open && !now.Before(b.until):
		return nil
	case b.state == Open:
		wait = b.until.Sub(now)
	}
	f := fault.Wrap(&openError{b.cause}, fault.Unavailable, "The directory does not answer; requests to it are held back for a moment.")
	f.RetryAfter = wholeSeconds(wait)
	return f
}

// An openError is the cause of a fault that the circuit breaker made.
type openError struct{ last error }

func (e *openError) Error() string {
	return fmt.Sprintf("the circuit breaker is open, after %v", e.last)
}
func (e *openError) Unwrap() error { return e.last }

// admit tells whether the request that goes now is the probe.
func (b *breaker) admit() bool {
	if b.state != Open {
		return false
	}
	b.state = HalfOpen
	return true
}

// hear learns what became of an attempt, and tells whether the state changed. Cause is
// why there was no answer; nil: there was one.
func (b *breaker) hear(now time.Time, o outcome, probe bool, cause error) bool {
	before := b.state
	switch {
	case o == answered:
		*b = breaker{}
	case o == unclear:
		if probe { // nobody knows: the next one probes
			b.state, b.until = Open, now
		}
	case probe:
		b.trip(now, cause)
	case b.state == Closed:
		b.count(now, o, cause)
	}
	return b.state != before
}

func (b *breaker) count(now time.Time, o outcome, cause error) {
	if o == hung {
		b.hangs++
	} else {
		b.failures++
	}
	if b.failures >= mostFailures || b.hangs >= mostHangs {
		b.trip(now, cause)
	}
}

// trip opens the breaker, for longer than the last time.
func (b *breaker) trip(now time.Time, cause error) {
	b.open = min(max(2*b.open, shortestOpen), longestOpen)
	b.state, b.until, b.cause = Open, now.Add(b.open), errors.New("it answered with an error")
	if cause != nil { // its text only: what it holds is not to be kept
		b.cause = errors.New(fault.Clip(cause.Error()))
	}
}
