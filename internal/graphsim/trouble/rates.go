package trouble

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
)

// Rates say how many of a thousand requests go wrong by chance, whatever was asked and
// however often. Items of a batch do so too, each for itself. The zero value is none.
type Rates struct {
	Throttled int    `json:"throttled"` // answered 429, mostly with Retry-After
	Failing   int    `json:"failing"`   // answered 500 to 504, or dropped: before it was performed or after
	Seed      uint64 `json:"seed"`      // chance follows from it
}

// rates draws by Rates.
type rates struct {
	Rates

	mu  sync.Mutex
	rng *rand.Rand
}

// SetRates changes how much goes wrong by chance from now on.
func (t *Trouble) SetRates(r Rates) error {
	if r.Throttled < 0 || r.Failing < 0 || r.Throttled+r.Failing > 1000 {
		return errors.New("rates are of a thousand")
	}
	drawn := &rates{Rates: r, rng: rand.New(rand.NewPCG(r.Seed, 2))} //nolint:gosec // chance that repeats by seed
	if r.Throttled+r.Failing == 0 {
		drawn = nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rates = drawn
	return nil
}

func (t *Trouble) drawn() *rates {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rates
}

// failures are the ways in which a request fails, each as likely as the others.
func failures() []Fault {
	return []Fault{
		{Status: http.StatusServiceUnavailable, RetryAfter: 1},
		{Status: http.StatusServiceUnavailable},
		{Status: http.StatusInternalServerError},
		{Status: http.StatusBadGateway},
		{Status: http.StatusGatewayTimeout},
		{Status: http.StatusInternalServerError, AfterWrite: true},
		{Status: http.StatusGatewayTimeout, AfterWrite: true},
		{Drop: true},
		{Drop: true, AfterWrite: true},
	}
}

// itemFailures are those of an item of a batch, whose answer cannot be lost alone.
const itemFailures = 5

// request draws the fault of an HTTP request.
func (r *rates) request() (Fault, bool) { return r.draw(failures()) }

// item draws the fault of an item of a batch.
func (r *rates) item() (Fault, bool) { return r.draw(failures()[:itemFailures]) }

func (r *rates) draw(failures []Fault) (Fault, bool) {
	if r == nil {
		return Fault{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n, which := r.rng.IntN(1000), r.rng.IntN(len(failures))
	switch {
	case n < r.Throttled:
		return Fault{Status: http.StatusTooManyRequests, RetryAfter: min(which, 1)}, true
	case n < r.Throttled+r.Failing:
		return failures[which], true
	}
	return Fault{}, false
}
