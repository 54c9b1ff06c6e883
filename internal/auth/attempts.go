package auth

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxFailed is how many credentials that are none an address may send at once,
	// and failedEvery after how long it may send one more.
	maxFailed   = 20
	failedEvery = 3 * time.Second
	// maxAddresses and maxKnown bound what is remembered, in entries; see recent.
	maxAddresses = 20_000
	maxKnown     = 20_000
)

// attempts limits failed attempts for each address. What was good from the address
// before is not refused: whoever shares it goes on.
type attempts struct {
	now func() time.Time

	mu    sync.Mutex
	fails recent[netip.Prefix, bucket]
	known recent[origin, struct{}]
}

// A bucket has one drop for each failed attempt, and loses one every failedEvery.
type bucket struct {
	drops int
	since time.Time // when it lost the last one
}

// An origin is a credential and where it was good.
type origin struct {
	from netip.Prefix
	sum  [sumSize]byte
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, fails: newRecent[netip.Prefix, bucket](maxAddresses), known: newRecent[origin, struct{}](maxKnown)}
}

// place is what addresses are told apart by: an IPv6 subscriber has a /64.
func place(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero Prefix of no address
	return p
}

// refused is how long the credential of the address must wait; 0: it need not.
func (a *attempts) refused(from netip.Addr, sum [sumSize]byte) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, now := place(from), a.now()
	b, some := a.fails.get(p)
	if b = b.leaked(now); !some || b.drops < maxFailed {
		return 0
	}
	if _, good := a.known.get(origin{p, sum}); good {
		return 0
	}
	return b.since.Add(failedEvery).Sub(now)
}

// leaked is the bucket as it is now.
func (b bucket) leaked(now time.Time) bucket {
	lost := int(min(now.Sub(b.since)/failedEvery, maxFailed))
	if b.drops <= lost {
		return bucket{since: now}
	}
	return bucket{b.drops - lost, b.since.Add(time.Duration(lost) * failedEvery)}
}

// failed counts a failed attempt of the address.
func (a *attempts) failed(from netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := place(from)
	b, _ := a.fails.get(p)
	b = b.leaked(a.now())
	b.drops = min(b.drops+1, maxFailed)
	a.fails.put(p, b)
}

// succeeded remembers that the credential is good from the address.
func (a *attempts) succeeded(from netip.Addr, sum [sumSize]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known.put(origin{place(from), sum}, struct{}{})
}

// recent is a map of the n last keys or more, and never of more than twice as many.
type recent[K comparable, V any] struct {
	n          int
	young, old map[K]V
}

func newRecent[K comparable, V any](n int) recent[K, V] { return recent[K, V]{n: n, young: map[K]V{}} }

func (r *recent[K, V]) get(key K) (V, bool) {
	v, ok := r.young[key]
	if !ok {
		if v, ok = r.old[key]; ok {
			r.put(key, v)
		}
	}
	return v, ok
}

func (r *recent[K, V]) put(key K, v V) {
	if _, there := r.young[key]; !there && len(r.young) >= r.n {
		r.young, r.old = map[K]V{}, r.young
	}
	r.young[key] = v
}
