package vault

import (
	"context"
	"sync"
	"time"

	"entrascim/internal/fault"
)

const (
	checkTime = 10 * time.Second // what one check may take
	goodFor   = 30 * time.Second // how long a sink that was well is taken to be well
	badFor    = 2 * time.Second  // and one that was not, so that many creations do not all wait for it
	comeBack  = 30 * time.Second // when clients shall come back
)

// checked remembers the last check.
type checked struct {
	mu    sync.Mutex
	reset bool // it was for a reset
	until time.Time
	err   error
}

// Check proves that the sink would take the password now. Its error is a fault: nothing
// may have been done by then.
func (v *Vault) Check(ctx context.Context, p Password) error {
	if p.Recipient != "" && !v.local() {
		return fault.New(fault.InvalidValue, "%s: no password of this tenant is encrypted to a client.", RecipientHeader)
	}
	if !v.Delivers() {
		return nil
	}
	err := v.Well(ctx, p)
	if err == nil || fault.Is(err, fault.InvalidValue) { // the client's own key is wrong
		return err
	}
	f := fault.Wrap(err, fault.Unavailable, "Nothing was done: the sink of generated passwords would not take one now. %s %s.", v.o.Sink.Name(), err)
	f.RetryAfter = comeBack
	return f
}

// Well is Check with the sink's own error. What a moment ago was found is not asked for
// again.
func (v *Vault) Well(ctx context.Context, p Password) error {
	p.Tenant = v.o.Tenant
	if v.local() { // each client may have a key of its own
		return v.o.Sink.Check(ctx, p)
	}
	c := &v.checked
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reset == p.Reset && v.o.Now().Before(c.until) {
		return c.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime) // others wait for it, too
	defer cancel()
	c.err, c.reset = v.o.Sink.Check(ctx, p), p.Reset
	c.until = v.o.Now().Add(goodFor)
	if c.err != nil {
		c.until = v.o.Now().Add(badFor)
	}
	return c.err
}

// local tells whether the sink is asked nothing over a network.
func (v *Vault) local() bool {
	_, is := v.o.Sink.(*Envelope)
	return is
}

// failed notes that the sink did not take a password.
func (c *checked) failed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Time{}
}
