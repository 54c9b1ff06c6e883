package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"entrascim/internal/fault"
)

// Back-off when Graph gives no Retry-After: doubled for each attempt, and halved at
// random so that clients do not come back together.
const (
	firstWait   = 500 * time.Millisecond
	longestWait = 30 * time.Second
)

// An advice says what to do after a failed attempt.
type advice int

const (
	stop        advice = iota
	again              // send it again
	againAfresh        // on a new connection
)

// advise decides by the failure. What Graph says it did not do (429, 503, a
// concurrent change) is sent again in any case; where nobody knows (a lost answer, a
// gateway's time-out) only when doing it twice does no harm.
func advise(err error, repeatable bool) advice {
	var refusal *Refusal
	var signIn *signInError
	var lost *lostError
	switch {
	case errors.Is(err, context.Canceled):
		return stop
	case errors.As(err, &refusal):
		return refusal.advice(repeatable)
	case errors.As(err, &signIn):
		if signIn.passing() {
			return again
		}
	case errors.As(err, &lost):
		if neverTrusted(err) {
			return stop
		}
		if repeatable || neverSent(err) {
			return againAfresh
		}
	}
	return stop
}

func (r *Refusal) advice(repeatable bool) advice {
	switch r.Status {
	case http.StatusTooManyRequests:
		return again
	case http.StatusServiceUnavailable:
		return againAfresh
	case http.StatusConflict:
		if r.Code == codeConcurrency {
			return again
		}
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		if repeatable {
			return againAfresh
		}
	}
	return stop
}

// tokenRefused tells whether Graph did not take the access token.
func tokenRefused(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Status == http.StatusUnauthorized
}

// neverSent tells whether the connection failed before it was one.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// neverTrusted tells whether the server's certificate is not accepted, which no
// retry changes.
func neverTrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate)
}

// A budget is what the retries of one call may cost. It is for one goroutine.
type budget struct {
	client   *Client
	attempts int
	patience time.Duration
	tried    int
	doubt    bool // an attempt may have been done, though it failed
}

func (c *Client) newBudget() *budget {
	return &budget{client: c, attempts: c.options.Retries, patience: c.options.Patience}
}

// renew gives the attempts back after progress; the patience is not renewed.
func (b *budget) renew() { b.attempts, b.tried = b.client.options.Retries, 0 }

// adopt takes what was used by somebody who went on with a copy of the budget, or of
// one like it.
func (b *budget) adopt(used budget) {
	b.attempts, b.tried = min(b.attempts, used.attempts), max(b.tried, used.tried)
	b.patience, b.doubt = min(b.patience, used.patience), b.doubt || used.doubt
}

// wait sleeps before the next attempt. When there is none left, or Graph's
// Retry-After does not fit into the caller's deadline, it returns failure at once,
// telling when to come back.
func (b *budget) wait(ctx context.Context, failure error) error {
	f := fault.From(failure)
	delay := f.RetryAfter
	if delay == 0 {
		delay = jittered(backoff(b.tried))
	}
	if b.attempts == 0 || delay > b.patience || !fits(ctx, delay) {
		return comeBack(f, wholeSeconds(backoff(b.tried)))
	}
	b.attempts--
	b.tried++
	b.patience -= delay
	if err := b.client.options.Sleep(ctx, delay); err != nil {
		return fault.Wrap(errors.Join(err, failure), fault.Timeout, "The directory did not answer in time.")
	}
	return nil
}

// turn waits until the call may be sent.
func (b *budget) turn(ctx context.Context, k call) (turn, error) {
	t, err := b.client.pacer.take(ctx, k, b.patience)
	b.patience -= min(t.waited, b.patience)
	return t, err
}

// comeBack is the final fault of a call that could have been retried: where the
// client may repeat it, it learns when, though Graph did not say.
func comeBack(f *fault.Error, after time.Duration) error {
	final := *f
	if final.RetryAfter == 0 && (f.Kind == fault.Throttled || f.Kind == fault.Unavailable) {
		final.RetryAfter = after
	}
	return &final
}

func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

func fits(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || d < time.Until(deadline)
}

// backoff is the longest wait after so many attempts.
func backoff(tried int) time.Duration { return min(firstWait<<min(tried, 10), longestWait) }

// jittered takes up to half of a wait away.
func jittered(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // jitter
}

// longestRetryAfter bounds what is believed of a Retry-After, in seconds.
const longestRetryAfter = 24 * 60 * 60

// retryAfter reads the header in either of its forms (RFC 9110 section 10.2.3); 0
// when there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), longestRetryAfter)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), longestRetryAfter*time.Second)
	}
	return 0
}
