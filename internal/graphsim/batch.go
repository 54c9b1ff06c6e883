package graphsim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxBatch is how many requests a batch holds.
const maxBatch = 20

// A batchItem is one request of a $batch.
type batchItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      jsontext.Value    `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// A batchAnswer is one response of a $batch.
type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    jsontext.Value    `json:"body,omitempty"`
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
	failed := map[string]bool{}
	answers := make([]batchAnswer, 0, len(items))
	for _, item := range items {
		var a *answer
		if slices.ContainsFunc(item.DependsOn, func(id string) bool { return failed[strings.ToLower(id)] }) {
			a = &answer{status: http.StatusFailedDependency}
		} else {
			a = s.item(c, item)
		}
		failed[strings.ToLower(item.ID)] = a.status >= http.StatusBadRequest
		answers = append(answers, batchAnswer{ID: item.ID, Status: a.status, Headers: flat(a.header), Body: bodyOf(a)})
	}
	body, err := json.Marshal(map[string]any{"responses": answers}, json.Deterministic(true))
	return &answer{status: http.StatusOK, body: body}, err
}

// batchItems reads the body of a batch. What is wrong with one item's id or
// dependencies is wrong with the batch.
func (c *call) batchItems() ([]batchItem, error) {
	if _, _, err := c.object(); err != nil {
		return nil, err
	}
	var body struct {
		Requests []batchItem `json:"requests"`
	}
	if err := json.Unmarshal(c.body, &body); err != nil || body.Requests == nil {
		return nil, unreadable("Invalid batch payload format.")
	}
	if n := len(body.Requests); n > maxBatch {
		return nil, unreadable("The number of batch request steps exceeds the maximum value of %s.", strconv.Itoa(maxBatch))
	}
	seen := map[string]bool{}
	for _, item := range body.Requests {
		id := strings.ToLower(item.ID)
		if id == "" || seen[id] {
			return nil, unreadable("The batch request step id '%s' is missing or not unique.", literal(jsontext.Value(item.ID)))
		}
		for _, other := range item.DependsOn {
			if !seen[strings.ToLower(other)] {
				return nil, unreadable("The batch request step '%s' depends on a step that is not before it.", literal(jsontext.Value(item.ID)))
			}
		}
		seen[id] = true
	}
	return body.Requests, nil
}

// item serves one request of a batch.
func (s *Simulator) item(outer *call, item batchItem) *answer {
	path, query, _ := strings.Cut(strings.TrimPrefix(item.URL, "/"), "?")
	c := &call{
		sim: s, ctx: outer.ctx, dir: outer.dir, who: outer.who, method: strings.ToUpper(item.Method),
		path: "/" + path, query: query, header: http.Header{}, base: outer.base, outer: outer, item: item.URL,
	}
	for name, value := range item.Headers {
		c.header.Set(name, value)
	}
	if item.Body != nil && item.Body.Kind() != 'n' {
		c.body = item.Body
	}
	if strings.Contains(item.URL, "://") || strings.EqualFold(path, "$batch") {
		return c.finish(nil, unreadable("Invalid batch step URL '%s'.", literal(jsontext.Value(item.URL))))
	}
	return c.finish(s.handle(c))
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
