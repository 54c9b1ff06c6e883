package vault

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"entrascim/internal/fault"
)

// Begin is for who sets another password of a user: until end, nobody else begins, so
// that of two the one that was set last is delivered last. While another is being set or
// delivered it is a fault: nothing was done.
func (v *Vault) Begin(userID string) (end func(), err error) {
	w, id := v.o.Outbox, strings.ToLower(userID)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, is := w.hand[id]; is {
		f := fault.New(fault.Unavailable, "Nothing was done: another password of this user is being set and delivered.")
		f.RetryAfter = comeBack
		return nil, f
	}
	w.hand[id] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.hand, id)
	}, nil
}

// replaced notes that what is being delivered is not the user's password any more.
func (w *Outbox) replaced(userID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id := strings.ToLower(userID); w.hand[id] {
		w.hand[id] = false
	}
}

// stale tells whether a password that is being delivered was replaced.
func (w *Outbox) stale(userID string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	wanted, is := w.hand[strings.ToLower(userID)]
	return is && !wanted
}

// inHand are the ids of the users whose password is being set or delivered, in order.
func (w *Outbox) inHand() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.hand))
}

// Lasting is a context for setting a generated password and delivering it: it goes on
// when the client hangs up, as nobody would have a password that is set by then, and ends
// when the request has to. A sink that answers the client needs the client.
func (v *Vault) Lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	if !v.Delivers() || v.local() {
		return ctx, func() {}
	}
	until, bounded := ctx.Deadline()
	if !bounded {
		until = time.Now().Add(tryMore)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), until)
}
