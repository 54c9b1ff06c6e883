package trouble

import (
	"compress/gzip"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Hostility is what hostile mode asks of the code that answers requests. The zero
// value asks nothing.
type Hostility struct {
	// PageSize is how many objects a page holds at most, whatever $top says; 0:
	// no such limit.
	PageSize int
	// Elsewhere: next links lead to another path than the collection's.
	Elsewhere bool
	// ReadLag and ListLag are for how long a write stays invisible to reads by id
	// and to lists.
	ReadLag, ListLag time.Duration

	seed uint64
}

// Hostility gives the settings: the zero value unless hostile mode is on.
func (t *Trouble) Hostility() Hostility {
	if t.chance == nil {
		return Hostility{}
	}
	rng := rand.New(rand.NewPCG(t.seed, 1)) //nolint:gosec // chance that repeats by seed
	return Hostility{
		PageSize: 2 + rng.IntN(4), Elsewhere: true, seed: t.seed | 1,
		ReadLag: time.Duration(rng.IntN(200)) * time.Millisecond,
		ListLag: time.Duration(200+rng.IntN(800)) * time.Millisecond,
	}
}

// Omits tells whether an object leaves out a property whose value is null, where
// a calm Graph writes the null.
func (h Hostility) Omits(id, property string) bool {
	return h.seed != 0 && h.draw(id+"\x00"+property)%3 == 0
}

// Extra gives JSON members that nobody asked for, each followed by a comma, to be
// put first into an object: annotations and properties of no schema.
func (h Hostility) Extra(id string) string {
	if h.seed == 0 {
		return ""
	}
	return extras[h.draw(id)%uint64(len(extras))]
}

var extras = []string{
	"",
	`"@odata.etag":"W/\"1\"",`,
	`"@microsoft.graph.tips":"Use $select to choose only the properties your app needs.",`,
	`"notInAnySchema":{"id":"decoy","displayName":["a",{"value":[null]}]},`,
	`"displayName@vendor.note":"an annotation of a property","@vendor.list":[1,2.5,true,{}],`,
}

// draw gives a number that follows from the seed and the text (FNV-1a).
func (h Hostility) draw(text string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := uint64(offset) ^ h.seed*prime
	for i := range len(text) {
		sum = (sum ^ uint64(text[i])) * prime
	}
	return sum ^ sum>>32
}

// chance decides what goes wrong by itself. A request that was refused is spared
// the next times it is made, so that a client that repeats it gets on.
type chance struct {
	mu     sync.Mutex
	rng    *rand.Rand
	spared map[string]int
}

// How often something goes wrong, in a thousand requests, and how often a request
// is spared after that.
const (
	throttledIn1000   = 30
	unavailableIn1000 = 20
	droppedIn1000     = 10
	gzippedIn1000     = 500
	sparedTimes       = 5
	maxSpared         = 10_000
)

func newChance(seed uint64) *chance {
	return &chance{rng: rand.New(rand.NewPCG(seed, 0)), spared: map[string]int{}} //nolint:gosec // see above
}

// request draws the fault of an HTTP request. Connections are dropped for GET
// only: a client cannot tell whether a write that was dropped was done.
func (c *chance) request(method, path string) (Fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.rng.IntN(1000)
	switch {
	case c.spare(method + path):
		return Fault{}, false
	case n < throttledIn1000:
		return c.hit(method+path, Fault{Status: http.StatusTooManyRequests, RetryAfter: 1})
	case n < throttledIn1000+unavailableIn1000:
		return c.hit(method+path, Fault{Status: http.StatusServiceUnavailable, RetryAfter: n % 2})
	case n < throttledIn1000+unavailableIn1000+droppedIn1000 && method == http.MethodGet:
		return c.hit(method+path, Fault{Drop: true})
	}
	return Fault{}, false
}

// item draws the fault of an item of a batch.
func (c *chance) item(method, path string) (Fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.rng.IntN(1000)
	if c.spare(method+path) || n >= throttledIn1000 {
		return Fault{}, false
	}
	return c.hit(method+path, Fault{Status: http.StatusTooManyRequests, RetryAfter: 1})
}

func (c *chance) hit(key string, f Fault) (Fault, bool) {
	if len(c.spared) >= maxSpared {
		clear(c.spared)
	}
	c.spared[key] = sparedTimes
	return f, true
}

// spare tells whether the request was refused lately.
func (c *chance) spare(key string) bool {
	left := c.spared[key]
	if left == 0 {
		return false
	}
	if c.spared[key]--; left == 1 {
		delete(c.spared, key)
	}
	return true
}

// compress serves a request and sends the answer as gzip now and then, to clients
// that accept it.
func (c *chance) compress(w http.ResponseWriter, r *http.Request, next http.Handler) {
	c.mu.Lock()
	plain := c.rng.IntN(1000) >= gzippedIn1000
	c.mu.Unlock()
	if plain || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		next.ServeHTTP(w, r)
		return
	}
	kept := &answer{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(kept, r)
	if kept.body.Len() == 0 {
		kept.sendHead(w)
		return
	}
	kept.header.Del("Content-Length")
	kept.header.Set("Content-Encoding", "gzip")
	kept.sendHead(w)
	z := gzip.NewWriter(w)
	_, _ = z.Write(kept.body.Bytes())
	_ = z.Close()
}
