package graphsim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A batchAnswer is one response of a $batch.
type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    jsontext.Value    `json:"body,omitempty"`
}

// A batch is one $batch under way. Items are served one after another, but those
// that no dependsOn puts in order count as served at the same time.
type batch struct {
	call    *call
	failed  map[string]bool
	before  map[string][]string // the items that an item waits for, directly or not
	writers map[string][]string // the items that wrote an object, by its id
}

// batch answers POST /$batch. Each item stands for itself: it needs its own
// permission, is charged by itself and fails by itself.
func (s *Simulator) batch(c *call) (*answer, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	items, err := c.batchItems()
	if err != nil {
		return nil, err
	}
	b := &batch{call: c, failed: map[string]bool{}, before: map[string][]string{}, writers: map[string][]string{}}
	answers := make([]batchAnswer, 0, len(items))
	for _, item := range items {
		a := b.serve(item)
		answers = append(answers, batchAnswer{ID: item.ID, Status: a.status, Headers: flat(a.header), Body: bodyOf(a)})
	}
	body, err := json.Marshal(map[string]any{"responses": answers}, json.Deterministic(true))
	return &answer{status: http.StatusOK, body: body}, err
}

// serve answers one item, unless one that it waits for failed.
func (b *batch) serve(item batchItem) *answer {
	key := item.key()
	blocked := false
	for _, other := range item.DependsOn {
		other = strings.ToLower(other)
		blocked = blocked || b.failed[other]
		b.before[key] = append(append(b.before[key], other), b.before[other]...)
	}
	a := &answer{status: http.StatusFailedDependency}
	if !blocked {
		a = b.item(item)
	}
	b.failed[key] = a.status >= http.StatusBadRequest
	return a
}

// item serves one request of a batch.
func (b *batch) item(item batchItem) *answer {
	outer := b.call
	path, query, _ := strings.Cut(strings.TrimPrefix(item.URL, "/"), "?")
	c := &call{
		sim: outer.sim, ctx: outer.ctx, dir: outer.dir, who: outer.who, method: strings.ToUpper(item.Method),
		path: "/" + path, query: query, header: http.Header{}, base: outer.base, batched: b, step: item.key(), item: item.URL,
	}
	for name, value := range item.Headers {
		c.header.Set(name, value)
	}
	if item.hasBody() {
		c.body = item.Body
	}
	if strings.Contains(item.URL, "://") || strings.EqualFold(path, "$batch") {
		return c.finish(nil, unreadable("Invalid batch step URL '%s'.", literal(jsontext.Value(item.URL))))
	}
	return c.finish(c.sim.handle(c))
}

// writes notes that an item writes an object. It fails when another item does so
// that the item does not wait for: they run at the same time.
func (b *batch) writes(step, object string) bool {
	for _, other := range b.writers[object] {
		if !slices.Contains(b.before[step], other) {
			return false
		}
	}
	b.writers[object] = append(b.writers[object], step)
	return true
}

// flat writes headers as an item of a batch shows them: the ids of a request are
// told in the body of an error only.
func flat(h http.Header) map[string]string {
	m := make(map[string]string, len(h))
	for name := range h {
		if !strings.HasSuffix(name, "equest-Id") {
			m[wireName(name)] = h.Get(name)
		}
	}
	return m
}

// wireName is a header name as Graph spells it.
func wireName(name string) string {
	switch {
	case name == "Odata-Version":
		return "OData-Version"
	case strings.HasPrefix(name, "X-Ms-"):
		return strings.ToLower(name)
	}
	return name
}

// bodyOf is a body as an item of a batch shows it: what is not JSON is base64.
func bodyOf(a *answer) jsontext.Value {
	if a.plain {
		return jsontext.Value(quote(base64.StdEncoding.EncodeToString(a.body)))
	}
	return a.body
}
