package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
	"entrascim/internal/vault"
)

// A drawer is a sink in memory.
type drawer struct {
	mu     sync.Mutex
	down   error
	checks int
	tries  int
	kept   []vault.Password
}

func (*drawer) Name() string { return "The drawer" }

func (d *drawer) Check(context.Context, vault.Password) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checks++
	return d.down
}

func (d *drawer) Deliver(_ context.Context, p vault.Password) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tries++; d.down != nil {
		return "", d.down
	}
	d.kept = append(d.kept, p)
	return "", nil
}

func (d *drawer) set(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = err
}

func (d *drawer) all() []vault.Password {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]vault.Password(nil), d.kept...)
}

func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// A clock stands until the test moves it; who sleeps tells for how long and waits for
// the test.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	asked chan time.Duration
	wakes chan struct{}
}

func newClock() *clock {
	return &clock{at: time.Unix(0, 0), asked: make(chan time.Duration), wakes: make(chan struct{})}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	select {
	case c.asked <- d:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-c.wakes:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passIfAsked is pass, if anybody sleeps.
func (c *clock) passIfAsked() {
	select {
	case d := <-c.asked:
		c.wake(d)
	case <-time.After(time.Millisecond):
	}
}

// pass lets who sleeps wake up at his time, and gives how long he slept.
func (c *clock) pass() time.Duration {
	d := <-c.asked
	c.wake(d)
	return d
}

func (c *clock) wake(d time.Duration) {
	c.mu.Lock()
	c.at = c.at.Add(d)
	c.mu.Unlock()
	c.wakes <- struct{}{}
}

var errDown = errors.New("is down")

// A sink that was well a moment ago is not asked again; one that was not is, soon.
func TestCheckIsRemembered(t *testing.T) {
	t.Parallel()
	d, c := &drawer{}, newClock()
	v := vault.New(vault.Options{Sink: d, Tenant: "acme", Now: c.now})
	want := func(what string, checks int, kind bool) {
		t.Helper()
		err := v.Check(t.Context(), vault.Password{UserName: "ada"})
		if d.checks != checks || (err == nil) != kind {
			t.Errorf("%s: %d checks, %v", what, d.checks, err)
		}
		if f := fault.From(err); err != nil && (f.Kind != fault.Unavailable || f.RetryAfter == 0 || !strings.Contains(f.Public(), "Nothing was done: ") || !strings.Contains(f.Public(), "The drawer is down")) {
			t.Errorf("%s: %v", what, err)
		}
	}
	want("first", 1, true)
	want("again", 1, true)
	c.at = c.at.Add(time.Minute)
	d.set(errDown)
	want("later", 2, false)
	want("again", 2, false)
	d.set(nil)
	c.at = c.at.Add(3 * time.Second)
	want("soon", 3, true)
	if err := v.Check(t.Context(), vault.Password{Reset: true}); err != nil || d.checks != 4 {
		t.Errorf("a reset may need more: %d checks, %v", d.checks, err)
	}
	if err := v.Check(t.Context(), vault.Password{Recipient: "{}"}); !fault.Is(err, fault.InvalidValue) {
		t.Errorf("a key of a client: %v", err)
	}
	if err := vault.New(vault.Options{}).Check(t.Context(), vault.Password{}); err != nil {
		t.Errorf("without a sink: %v", err)
	}
}

// A sink that is away for a moment gets the password in the same request.
func TestDeliverTriesAgain(t *testing.T) {
	t.Parallel()
	d := &drawer{down: errDown}
	slept := time.Duration(0)
	v := vault.New(vault.Options{Sink: d, Tenant: "acme", Sleep: func(_ context.Context, gap time.Duration) error {
		if slept += gap; slept > time.Second {
			d.set(nil)
		}
		return nil
	}})
	gone, cancel := context.WithCancel(t.Context())
	cancel() // the client has hung up: the password is set all the same
	if _, err := v.Deliver(gone, ada); err != nil || len(d.all()) != 1 || d.all()[0].Text != ada.Text || !v.Idle() {
		t.Errorf("%v: %v after %s", err, d.all(), slept)
	}
}

// What a sink does not take waits, and is delivered as it is when the sink is back; the
// log tells no password.
func TestUndeliveredWaits(t *testing.T) {
	t.Parallel()
	d, c := &drawer{down: errDown}, newClock()
	v := vault.New(vault.Options{Sink: d, Tenant: "acme", Now: c.now, Sleep: c.sleep})
	var log bytes.Buffer
	ctx := zerolog.New(zerolog.SyncWriter(&log)).WithContext(t.Context())
	failed := make(chan error)
	go func() { failed <- second(v.Deliver(ctx, ada)) }()
	for range 4 {
		c.pass() // the client waits
	}
	var lost *vault.Undelivered
	if err := <-failed; !errors.As(err, &lost) || !lost.Waiting || strings.Contains(err.Error(), string(ada.Text)) || !strings.Contains(err.Error(), "goes on trying") {
		t.Fatal(err)
	}
	first, next := c.pass(), c.pass()
	if first != 5*time.Second || next != 10*time.Second || v.Waiting() != 1 {
		t.Errorf("waited %s and %s, %d left", first, next, v.Waiting())
	}
	d.set(nil)
	for !v.Idle() {
		c.passIfAsked()
	}
	if got := d.all(); len(got) != 1 || got[0].Text != ada.Text || got[0].UserID != ada.UserID || got[0].Tenant != "acme" {
		t.Errorf("%+v", got)
	}
	if text := log.String(); strings.Contains(text, string(ada.Text)) || !strings.Contains(text, "was not delivered") || !strings.Contains(text, "that waited was delivered") {
		t.Error(text)
	}
}

// One that cannot be delivered within a day is given up, and one that still waits when
// the gateway stops is lost: the log says so.
func TestUndeliveredIsGivenUp(t *testing.T) {
	t.Parallel()
	refused := vault.Password{UserID: "the-other"}
	for _, stop := range []bool{false, true} {
		d, c := &drawer{down: errDown}, newClock()
		out := vault.NewOutbox()
		v := vault.New(vault.Options{Sink: d, Outbox: out, Now: c.now, Sleep: c.sleep})
		var log bytes.Buffer
		ctx := zerolog.New(zerolog.SyncWriter(&log)).WithContext(t.Context())
		done := make(chan error)
		go func() { done <- second(v.Deliver(ctx, refused)) }()
		for range 4 {
			c.pass()
		}
		<-done
		want := "is given up"
		if stop {
			out.Close(ctx)
			want = "is lost"
		}
		for begun := c.now(); !v.Idle(); {
			if c.passIfAsked(); c.now().Sub(begun) > 25*time.Hour {
				t.Fatal("tries for more than a day")
			}
		}
		out.Close(ctx)
		if text := log.String(); strings.Count(text, want) != 1 || !strings.Contains(text, "the-other") {
			t.Errorf("stop %t: %s", stop, text)
		}
	}
}

// A password that a later one took the place of is not delivered after it.
func TestResetForgetsWhatWaits(t *testing.T) {
	t.Parallel()
	d, c := &drawer{down: errDown}, newClock()
	v := vault.New(vault.Options{Sink: d, Now: c.now, Sleep: c.sleep})
	done := make(chan error)
	go func() { done <- second(v.Deliver(t.Context(), ada)) }()
	for range 4 {
		c.pass()
	}
	<-done
	d.set(nil)
	reset := ada
	reset.Reset, reset.Text, reset.UserID = true, "the-Second1", strings.ToUpper(ada.UserID)
	if _, err := v.Deliver(t.Context(), reset); err != nil || v.Waiting() != 0 {
		t.Fatal(err, v.Waiting())
	}
	c.pass()
	if got := d.all(); len(got) != 1 || got[0].Text != "the-Second1" {
		t.Errorf("%d passwords", len(got))
	}
}

// What waits is bounded: one more is lost, and its error says so.
func TestWaitingIsBounded(t *testing.T) {
	t.Parallel()
	d := &drawer{down: errDown}
	block := func(ctx context.Context, d time.Duration) error {
		if d < 5*time.Second {
			return ctx.Err()
		}
		<-ctx.Done()
		return ctx.Err()
	}
	out := vault.NewOutbox()
	v := vault.New(vault.Options{Sink: d, Outbox: out, Sleep: block})
	for i := range 1001 {
		p := ada
		p.UserID = fmt.Sprint(i)
		var lost *vault.Undelivered
		if err := second(v.Deliver(t.Context(), p)); !errors.As(err, &lost) || lost.Waiting != (i < 1000) || strings.Contains(err.Error(), "It is lost") == lost.Waiting {
			t.Fatal(i, err)
		}
	}
	out.Close(t.Context())
	if !v.Idle() {
		t.Error("something waits after the end")
	}
}

// A rehearsal tells the sink nothing, and forgets nothing that waits.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	d := &drawer{down: errDown}
	v := vault.New(vault.Options{Sink: d, Policy: vault.Policy{Length: 99}})
	r := v.Rehearsal()
	text, err := r.Generate()
	if err != nil || len(text) != 99 || !r.Delivers() || r.Name() != v.Name() {
		t.Errorf("%d characters, %v", len(text), err)
	}
	if err := r.Check(t.Context(), ada); err != nil {
		t.Error(err)
	}
	if _, err := r.Deliver(t.Context(), ada); err != nil || d.checks+d.tries != 0 {
		t.Errorf("%d checks, %d tries, %v", d.checks, d.tries, err)
	}
	if err := r.Check(t.Context(), vault.Password{Recipient: "{}"}); !fault.Is(err, fault.InvalidValue) {
		t.Errorf("a key of a client: %v", err)
	}
}
