// Package vault takes the passwords that the gateway generates to where their tenant
// wants them, so that whoever is meant to have one gets it and nobody else sees it.
package vault

import (
	"context"
	"time"
)

// A Password is one that the gateway generated, and whose it is.
type Password struct {
	Tenant    string // its name
	UserID    string // "" before there is the user
	UserName  string
	Reset     bool   // the user was there before, and may have a password in the sink
	Text      Text   // "" before there is any
	Recipient string // JWK that the client named for it; "" none

	again bool // it may have been delivered before
}

// A Text is never printed: not by fmt, not in a log, not as JSON. string(t) is the
// password.
type Text string

const hidden = "<password>"

// String hides it.
func (Text) String() string { return hidden }

// GoString hides it from %#v.
func (Text) GoString() string { return hidden }

// MarshalText hides it from encoders.
func (Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// A Sink is where passwords go. What its errors say is for clients and logs: nothing of
// what was sent or answered. Those that trying again does not help are of type *refusal.
type Sink interface {
	// Name is what the sink is called towards people.
	Name() string
	// Check proves that the sink would take the password now, whose id and text are not
	// known yet; it leaves nothing of the user there.
	Check(ctx context.Context, p Password) error
	// Deliver gives the password to the sink; the same password may be given again. Of
	// a sink that keeps nothing it returns what the client is answered with.
	Deliver(ctx context.Context, p Password) (answer string, err error)
}

// Options of a Vault. Zero durations and functions take their defaults.
type Options struct {
	Sink   Sink   // nil: generated passwords are told nobody
	Tenant string // its name
	Policy Policy
	Outbox *Outbox // of the tenant, whatever its settings were; nil: the Vault's own

	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error // default: a timer
}

// A Vault is that of one tenant. It is safe for concurrent use.
type Vault struct {
	o       Options
	checked checked
}

// New makes a Vault. It asks nothing of the sink.
func New(o Options) *Vault {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Outbox == nil {
		o.Outbox = NewOutbox()
	}
	return &Vault{o: o}
}

// Delivers tells whether generated passwords go anywhere.
func (v *Vault) Delivers() bool { return v.o.Sink != nil }

// Answers tells whether passwords go back to the client, encrypted.
func (v *Vault) Answers() bool { return v.local() }

// Name is what the sink is called; "" when there is none.
func (v *Vault) Name() string {
	if v.o.Sink == nil {
		return ""
	}
	return v.o.Sink.Name()
}

// Generate makes a password that has no part of the names.
func (v *Vault) Generate(names ...string) (Text, error) { return v.o.Policy.generate(names...) }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
