package trouble

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
)

// maxCalls is how many HTTP requests the list of calls holds; older ones are
// forgotten.
const maxCalls = 10_000

// Stats counts what was asked of Graph since the start or the last Reset.
type Stats struct {
	Requests      int            `json:"requests"`   // HTTP requests; token requests are not among them
	Operations    int            `json:"operations"` // a batch is as many as it has items
	ResourceUnits int            `json:"resourceUnits"`
	Writes        int            `json:"writes"`
	Throttled     int            `json:"throttled"` // requests and batch items answered 429
	Routes        map[string]int `json:"routes"`    // operations by "GET users/{id}"
}

// counter keeps the account. Calls are a ring of the newest.
type counter struct {
	mu    *sync.Mutex
	stats Stats
	calls []*recorded
	total int // calls ever made since the reset
}

// recorded is one HTTP request with the items of its batch.
type recorded struct {
	line  string
	items []string
}

type recordedKey struct{}

func newCounter() counter {
	return counter{mu: &sync.Mutex{}, stats: Stats{Routes: map[string]int{}}}
}

// request notes an HTTP request and gives the context by which its operations
// find it.
func (c *counter) request(ctx context.Context, r *http.Request) context.Context {
	line := r.Method + " " + r.URL.RequestURI()
	if id := r.Header.Get("client-request-id"); id != "" {
		line += " " + printable(id)
	}
	call := &recorded{line: line}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Requests++
	if len(c.calls) < maxCalls {
		c.calls = append(c.calls, call)
	} else {
		c.calls[c.total%maxCalls] = call
	}
	c.total++
	return context.WithValue(ctx, recordedKey{}, call)
}

// operation notes one operation, alone or an item of a batch.
func (c *counter) operation(ctx context.Context, op Operation, units, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Operations++
	c.stats.ResourceUnits += units
	c.stats.Writes += writes
	c.stats.Routes[op.Method+" "+op.Pattern]++
	if call, ok := ctx.Value(recordedKey{}).(*recorded); ok && op.Item != "" {
		call.items = append(call.items, op.Method+" "+printable(op.Item))
	}
}

func (c *counter) throttled() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Throttled++
}

// Stats gives the counters.
func (t *Trouble) Stats() Stats {
	t.count.mu.Lock()
	defer t.count.mu.Unlock()
	s := t.count.stats
	s.Routes = maps.Clone(s.Routes)
	return s
}

// Calls lists the HTTP requests in the order in which they came: method, URL and
// client-request-id on one line each, followed by the items of a batch, which are
// indented. When there were more than fit, the first line says how many are
// missing.
func (t *Trouble) Calls() []string {
	c := &t.count
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	first := 0
	if c.total > maxCalls {
		first = c.total % maxCalls
		lines = append(lines, fmt.Sprintf("# %d earlier requests are not listed", c.total-maxCalls))
	}
	for i := range c.calls {
		call := c.calls[(first+i)%len(c.calls)]
		lines = append(lines, call.line)
		for _, item := range call.items {
			lines = append(lines, "  "+item)
		}
	}
	return lines
}

// Reset sets the counters to zero and forgets the calls. Faults, throttling and
// data stay as they are.
func (t *Trouble) Reset() {
	t.count.mu.Lock()
	defer t.count.mu.Unlock()
	t.count.stats = Stats{Routes: map[string]int{}}
	t.count.calls, t.count.total = nil, 0
}

// printable keeps what a client sent on one line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}
