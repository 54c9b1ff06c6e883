package vault_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
	"entrascim/internal/vault"
)

// What waits since before the tenant's settings were changed is not delivered after what
// has replaced it, whichever vault that was set with; in a rehearsal nothing is forgotten.
func TestOutboxOutlivesSettings(t *testing.T) {
	t.Parallel()
	d, c := &drawer{down: errDown}, newClock()
	out := vault.NewOutbox()
	before := vault.New(vault.Options{Sink: d, Outbox: out, Now: c.now, Sleep: c.sleep})
	done := make(chan error)
	go func() { done <- second(before.Deliver(t.Context(), ada)) }()
	for range 4 {
		c.pass()
	}
	<-done
	after := vault.New(vault.Options{Sink: d, Outbox: out, Now: c.now, Sleep: c.sleep})
	if after.Rehearsal().Forget(ada.UserID); after.Waiting() != 1 {
		t.Fatalf("%d wait", after.Waiting())
	}
	d.set(nil)
	reset := ada
	reset.Reset, reset.Text = true, "the-Second1"
	if _, err := after.Deliver(t.Context(), reset); err != nil || before.Waiting() != 0 {
		t.Fatal(err, before.Waiting())
	}
	c.pass()
	if got := d.all(); len(got) != 1 || got[0].Text != "the-Second1" {
		t.Errorf("%d passwords", len(got))
	}
}

// While a password of a user is being delivered no other is begun.
func TestOnePasswordAtATime(t *testing.T) {
	t.Parallel()
	d, c := &drawer{down: errDown}, newClock()
	v := vault.New(vault.Options{Sink: d, Now: c.now, Sleep: c.sleep})
	done := make(chan error)
	go func() { done <- second(v.Deliver(t.Context(), ada)) }()
	slept := <-c.asked
	if _, err := v.Begin(strings.ToUpper(ada.UserID)); !fault.Is(err, fault.Unavailable) || fault.From(err).RetryAfter == 0 {
		t.Error(err)
	}
	if end, err := v.Begin("another"); err != nil {
		t.Error(err)
	} else {
		end()
	}
	d.set(nil)
	c.wake(slept)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if end, err := v.Begin(ada.UserID); err != nil {
		t.Error(err)
	} else {
		end()
	}
}

// A password that the user's client has replaced by one of its own while it was being
// delivered is not delivered any more, neither then nor later.
func TestReplacedUnderWay(t *testing.T) {
	t.Parallel()
	d, c := &drawer{down: errDown}, newClock()
	v := vault.New(vault.Options{Sink: d, Now: c.now, Sleep: c.sleep})
	done := make(chan error)
	go func() { done <- second(v.Deliver(t.Context(), ada)) }()
	slept := <-c.asked
	v.Forget(strings.ToUpper(ada.UserID))
	d.set(nil)
	c.wake(slept)
	var lost *vault.Undelivered
	if err := <-done; !errors.As(err, &lost) || lost.Waiting || !strings.Contains(err.Error(), "another one meanwhile") || strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	if len(d.all()) != 0 || !v.Idle() {
		t.Errorf("delivered %d", len(d.all()))
	}
}

// What is under way when the gateway stops may be lost with it: the log says so.
func TestStoppedUnderWay(t *testing.T) {
	t.Parallel()
	d, c, out := &drawer{down: errDown}, newClock(), vault.NewOutbox()
	v := vault.New(vault.Options{Sink: d, Outbox: out, Now: c.now, Sleep: c.sleep})
	done := make(chan error)
	go func() { done <- second(v.Deliver(t.Context(), ada)) }()
	slept := <-c.asked
	var log bytes.Buffer
	out.Close(zerolog.New(&log).WithContext(t.Context()))
	if text := log.String(); strings.Count(text, strings.ToLower(ada.UserID)) != 1 || !strings.Contains(text, "not delivered yet") {
		t.Error(text)
	}
	d.set(nil)
	c.wake(slept)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A password is set and delivered though its client hangs up, but where the client is who
// gets it.
func TestLasting(t *testing.T) {
	t.Parallel()
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	envelope, err := vault.NewEnvelope(nil)
	if err != nil {
		t.Fatal(err)
	}
	for sink, lasts := range map[vault.Sink]bool{&drawer{}: true, envelope: false, nil: false} {
		ctx, cancel := vault.New(vault.Options{Sink: sink}).Lasting(gone)
		if _, bounded := ctx.Deadline(); (ctx.Err() == nil) != lasts || lasts && !bounded {
			t.Errorf("%v: %v", sink, ctx.Err())
		}
		if cancel(); ctx.Err() == nil {
			t.Errorf("%v: goes on for good", sink)
		}
	}
}
