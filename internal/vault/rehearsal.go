package vault

import "context"

// Rehearsal is the vault for a request that changes nothing: it asks its sink nothing and
// tells it nothing, and is else as the vault is.
func (v *Vault) Rehearsal() *Vault {
	o := v.o
	o.Outbox = nil // it forgets nothing that waits
	if v.Delivers() && !v.local() {
		o.Sink = mute{o.Sink}
	}
	return New(o)
}

// mute stands for a sink.
type mute struct{ Sink }

// Check implements Sink.
func (mute) Check(context.Context, Password) error { return nil }

// Deliver implements Sink.
func (mute) Deliver(context.Context, Password) (string, error) { return "", nil }
