// Package trouble is what makes a simulated Graph as troublesome as the real
// one: throttling, latency, faults that a test queues, and a hostile mode in
// which they happen by themselves. It also counts what was asked. All of it is
// off unless Options or a later call turn it on, except the counting.
package trouble

import (
	"context"
	"sync"
	"time"
)

// Options decide how a Trouble begins. The zero value is calm: it counts, and
// does nothing else.
type Options struct {
	Now      func() time.Time // what throttling runs by. Nil: time.Now
	Latency  time.Duration    // added to every HTTP request
	Throttle bool             // keep to Limits
	Limits   Limits           // zero fields: what Microsoft documents
	Hostile  bool             // trouble by chance
	Seed     uint64           // chance follows from it
}

// A Trouble is the trouble of one simulator. It is safe for concurrent use.
type Trouble struct {
	now    func() time.Time
	limits Limits
	seed   uint64
	count  counter
	chance *chance // nil: calm

	mu       sync.Mutex
	latency  time.Duration
	throttle bool
	faults   []Fault
	rates    *rates // nil: none
	buckets  map[bucketKey]*bucket
}

// New makes the trouble that the options describe.
func New(o Options) *Trouble {
	if o.Now == nil {
		o.Now = time.Now
	}
	t := &Trouble{
		now: o.Now, limits: o.Limits.withDefaults(), seed: o.Seed, count: newCounter(),
		latency: o.Latency, throttle: o.Throttle, buckets: map[bucketKey]*bucket{},
	}
	if o.Hostile {
		t.chance = newChance(o.Seed)
	}
	return t
}

// SetLatency changes what is added to every HTTP request.
func (t *Trouble) SetLatency(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latency = d
}

// SetThrottle turns throttling on or off.
func (t *Trouble) SetThrottle(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.throttle = on
}

func (t *Trouble) delay(ctx context.Context) error {
	t.mu.Lock()
	d := t.latency
	t.mu.Unlock()
	return pause(ctx, d)
}

// pause waits for d, or less if the client goes away.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
