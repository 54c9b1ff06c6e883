package vault

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
)

const (
	tryTime  = 10 * time.Second // what one delivery may take
	tryMore  = 30 * time.Second // how long a client is kept waiting for all of them
	firstGap = 500 * time.Millisecond
	tries    = 5 // while the client waits
)

// Undelivered is the error of a password that is set and was not delivered.
type Undelivered struct {
	Sink    string
	Waiting bool // the gateway goes on trying
	Err     error
}

// Error says for the client what becomes of it.
func (u *Undelivered) Error() string {
	if errors.Is(u.Err, errReplaced) {
		return "The password was not delivered: " + u.Sink + " " + u.Err.Error() + "."
	}
	next := "The gateway goes on trying, until it is stopped or a day has passed; if the password does not arrive there, have it reset."
	if !u.Waiting {
		next = "It is lost: have it reset when the sink is well."
	}
	return "The password was not delivered: " + u.Sink + " " + u.Err.Error() + ". " + next
}

// Unwrap gives the cause.
func (u *Undelivered) Unwrap() error { return u.Err }

// Deliver gives the password to the sink and returns what the client is answered with,
// "" mostly. It tries for a while, whether or not the client is still there: the
// password is set already. Its error is an *Undelivered.
func (v *Vault) Deliver(ctx context.Context, p Password) (answer string, err error) {
	p.Tenant = v.o.Tenant
	if p.Reset {
		v.o.Outbox.forget(p.UserID)
	} else if end, err := v.Begin(p.UserID); err == nil { // a reset waits for it
		defer end()
	}
	answer, err = v.insist(ctx, p)
	if err == nil {
		return answer, nil
	}
	v.checked.failed()
	lost := &Undelivered{Sink: v.o.Sink.Name(), Err: err}
	if !v.local() && !errors.Is(err, errReplaced) {
		lost.Waiting = v.wait(ctx, p)
	}
	zerolog.Ctx(ctx).Error().Err(err).Str("user", p.UserID).Str("sink", lost.Sink).Bool("waiting", lost.Waiting).
		Msg("a generated password was not delivered")
	return "", lost
}

// insist tries within the time of the request.
func (v *Vault) insist(ctx context.Context, p Password) (answer string, err error) {
	until := time.Now().Add(tryMore)
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		until = d
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	for n := range tries {
		if answer, err = v.try(ctx, p); err == nil || hopeless(err) || n == tries-1 {
			break
		}
		p.again = true
		if v.o.Sleep(ctx, firstGap<<n) != nil {
			break
		}
		if v.o.Outbox.stale(p.UserID) {
			return "", errReplaced
		}
	}
	if err != nil && v.o.Outbox.stale(p.UserID) {
		err = errReplaced
	}
	return answer, err
}

var errReplaced = errors.New("was not told it: the user was given another one meanwhile")

func (v *Vault) try(ctx context.Context, p Password) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	return v.o.Sink.Deliver(ctx, p)
}
