package pace

import (
	"context"
	"errors"
	"math/rand/v2"
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

// Patience is what one call may cost in attempts and waiting, for its turn and before
// it is sent again. It is for one goroutine.
type Patience struct {
	pacer   *Pacer
	retries int // that were given
	left    int // of them
	tried   int
	wait    time.Duration // that may be waited still
}

// Patience is that of a call that may be sent again so many times, and wait so long in
// all.
func (p *Pacer) Patience(retries int, wait time.Duration) Patience {
	return Patience{pacer: p, retries: retries, left: retries, wait: wait}
}

// Renew gives the attempts back after progress; the waiting is not renewed.
func (b *Patience) Renew() { b.left, b.tried = b.retries, 0 }

// Adopt takes what was used by somebody who went on with a copy, or with one like it.
func (b *Patience) Adopt(used Patience) {
	b.left, b.tried, b.wait = min(b.left, used.left), max(b.tried, used.tried), min(b.wait, used.wait)
}

// Turn waits until the request may be sent. Its error is a fault; then nothing was sent.
func (b *Patience) Turn(ctx context.Context, k Load) (Turn, error) {
	t, err := b.pacer.take(ctx, k, b.wait)
	b.wait -= min(t.waited, b.wait)
	return t, err
}

// Wait sleeps before the next attempt. When there is none left, or Graph's
// Retry-After does not fit into the caller's deadline, it returns failure at once,
// telling when to come back.
func (b *Patience) Wait(ctx context.Context, failure error) error {
	f := fault.From(failure)
	delay := f.RetryAfter
	if delay == 0 {
		delay = jittered(backoff(b.tried))
	}
	if b.left == 0 || delay > b.wait || !fits(ctx, delay) {
		return ComeBack(f, wholeSeconds(backoff(b.tried)))
	}
	b.left--
	b.tried++
	b.wait -= delay
	if err := b.pacer.sleep(ctx, delay); err != nil {
		return fault.Wrap(errors.Join(err, failure), fault.Timeout, "The directory did not answer in time.")
	}
	return nil
}

// ComeBack is the final fault of a call that could have been sent again: where the
// client may repeat it, it learns when, though Graph did not say.
func ComeBack(f *fault.Error, after time.Duration) error {
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

// RetryAfter reads the header in either of its forms (RFC 9110 section 10.2.3); 0
// when there is none.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), longestRetryAfter)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), longestRetryAfter*time.Second)
	}
	return 0
}
