package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/fault"
)

type wireItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

type wireAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
}

// batches answers each item by its URL, in reverse order, as dependsOn demands, and
// keeps what was asked.
type batches struct {
	answer func(item wireItem) wireAnswer

	mu   sync.Mutex
	seen [][]wireItem
}

func (b *batches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Requests []wireItem }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.URL.Path != "/v1.0/$batch" || len(body.Requests) > MaxBatch {
		answer(w, http.StatusBadRequest, refusal("BadRequest", fmt.Sprint("bad batch ", err)))
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, body.Requests)
	failed := map[string]bool{}
	var responses []wireAnswer
	for _, item := range body.Requests {
		a := wireAnswer{Status: http.StatusFailedDependency}
		if !slices.ContainsFunc(item.DependsOn, func(id string) bool { return failed[id] }) {
			a = b.answer(item)
		}
		a.ID = item.ID
		failed[a.ID] = a.Status >= 400
		responses = append([]wireAnswer{a}, responses...)
	}
	text, _ := json.Marshal(map[string]any{"responses": responses})
	answer(w, http.StatusOK, string(text))
}

func numbered(n int, method string) []Request {
	all := make([]Request, n)
	for i := range all {
		all[i] = Request{Method: method, Path: "/users/{id}", Params: map[string]string{"id": fmt.Sprint(i)}}
		if method == http.MethodPatch {
			all[i].Body = fmt.Appendf(nil, `{"displayName":"%d"}`, i)
		}
	}
	return all
}

func echoURL(item wireItem) wireAnswer {
	return wireAnswer{Status: 200, Headers: map[string]string{"request-id": "i" + item.ID}, Body: map[string]string{"url": item.URL}}
}

func sizes(seen [][]wireItem) []int {
	var n []int
	for _, chunk := range seen {
		n = append(n, len(chunk))
	}
	slices.Sort(n)
	return n
}

func TestBatchKeepsOrder(t *testing.T) {
	t.Parallel()
	for _, order := range []Order{Parallel, Sequential} {
		b := &batches{answer: echoURL}
		s := newServer(t, b.ServeHTTP)
		results, err := s.client(t).Batch(t.Context(), numbered(45, "GET"), order)
		if err != nil || len(results) != 45 {
			t.Fatalf("%d results, %v", len(results), err)
		}
		for i, r := range results {
			if want := fmt.Sprintf(`{"url":"/users/%d"}`, i); r.Err != nil || string(r.Body) != want || r.RequestID != fmt.Sprint("i", i%20+1) {
				t.Errorf("result %d: %s, %v, request-id %q", i, r.Body, r.Err, r.RequestID)
			}
		}
		if got := sizes(b.seen); !slices.Equal(got, []int{5, 20, 20}) {
			t.Errorf("batches of %v", got)
		}
	}
}

func TestBatchWire(t *testing.T) {
	t.Parallel()
	b := &batches{answer: echoURL}
	s := newServer(t, b.ServeHTTP)
	requests := []Request{
		{Method: "PATCH", Path: "/users/{id}", Params: map[string]string{"id": "a/b?c"}, Body: []byte(`{"x": 1}`)},
		{Path: "/groups/{id}/members", Params: map[string]string{"id": "1"}, Query: Query{Select: []string{"id"}, Top: 999, Count: true, Advanced: true}},
	}
	if _, err := s.client(t).Batch(t.Context(), requests, Sequential); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(b.seen[0])
	want := `[{"id":"1","method":"PATCH","url":"/users/a%2Fb%3Fc","headers":{"Content-Type":"application/json"},"body":{"x":1},"dependsOn":null},` +
		`{"id":"2","method":"GET","url":"/groups/1/members?$select=id\u0026$top=999\u0026$count=true","headers":{"ConsistencyLevel":"eventual"},"body":null,"dependsOn":["1"]}]`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// Throttled items are sent again after their own Retry-After, and only they.
func TestBatchThrottledItems(t *testing.T) {
	t.Parallel()
	tried := map[string]int{}
	b := &batches{answer: func(item wireItem) wireAnswer {
		tried[item.URL]++
		if tried[item.URL] == 1 && (item.URL == "/users/3" || item.URL == "/users/7") {
			return wireAnswer{Status: 429, Headers: map[string]string{"Retry-After": item.URL[len("/users/"):]}, Body: json.RawMessage(refusal("TooManyRequests", "x"))}
		}
		return echoURL(item)
	}}
	s := newServer(t, b.ServeHTTP)
	results, err := s.client(t).Batch(t.Context(), numbered(10, "PATCH"), Parallel)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("result %d: %v", i, r.Err)
		}
	}
	if got := s.waits(); !slices.Equal(got, []time.Duration{7 * time.Second}) || !slices.Equal(sizes(b.seen), []int{2, 10}) {
		t.Errorf("waited %v, batches of %v", got, sizes(b.seen))
	}
}

// In a sequence the items that wait for a throttled one are sent again with it.
func TestBatchThrottledSequence(t *testing.T) {
	t.Parallel()
	throttled := true
	var done []string
	b := &batches{answer: func(item wireItem) wireAnswer {
		if item.URL == "/users/3" && throttled {
			throttled = false
			return wireAnswer{Status: 503}
		}
		done = append(done, item.URL)
		return echoURL(item)
	}}
	s := newServer(t, b.ServeHTTP)
	results, err := s.client(t).Batch(t.Context(), numbered(25, "PATCH"), Sequential)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("result %d: %v", i, r.Err)
		}
		if done[i] != fmt.Sprint("/users/", i) {
			t.Fatalf("done %q", done)
		}
	}
	if got := sizes(b.seen); !slices.Equal(got, []int{5, 17, 20}) {
		t.Errorf("batches of %v", got)
	}
}

// A sequence that goes on, one throttled item at a time, is not given up for the
// number of its attempts.
func TestBatchSlowSequence(t *testing.T) {
	t.Parallel()
	tried := map[string]int{}
	b := &batches{answer: func(item wireItem) wireAnswer {
		if tried[item.URL]++; tried[item.URL] == 1 {
			return wireAnswer{Status: 429, Headers: map[string]string{"Retry-After": "1"}}
		}
		return echoURL(item)
	}}
	s := newServer(t, b.ServeHTTP)
	results, err := s.client(t).Batch(t.Context(), numbered(20, "PATCH"), Sequential)
	if err != nil || len(s.waits()) != 20 {
		t.Fatalf("%d waits, %v", len(s.waits()), err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("result %d: %v", i, r.Err)
		}
	}
}

// A refusal for good ends a sequence; the rest is not done and says so.
func TestBatchSequenceStops(t *testing.T) {
	t.Parallel()
	b := &batches{answer: func(item wireItem) wireAnswer {
		if item.URL == "/users/3" {
			return wireAnswer{Status: 404, Body: json.RawMessage(refusal("Request_ResourceNotFound", "x"))}
		}
		return echoURL(item)
	}}
	s := newServer(t, b.ServeHTTP)
	results, err := s.client(t).Batch(t.Context(), numbered(30, "PATCH"), Sequential)
	if err != nil || len(b.seen) != 1 {
		t.Fatalf("%d batches, %v", len(b.seen), err)
	}
	for i, r := range results {
		switch {
		case i < 3 && r.Err != nil, i == 3 && !fault.Is(r.Err, fault.NotFound),
			i > 3 && (r.Status != http.StatusFailedDependency || !fault.Is(r.Err, fault.Conflict)):
			t.Errorf("result %d: status %d, %v", i, r.Status, r.Err)
		}
	}
	if id := fault.From(results[3].Err).RequestID; id != "inner-1" {
		t.Errorf("request-id %q", id)
	}
}

func TestBatchItemsThrottledForEver(t *testing.T) {
	t.Parallel()
	b := &batches{answer: func(wireItem) wireAnswer {
		return wireAnswer{Status: 429, Headers: map[string]string{"Retry-After": "3"}}
	}}
	s := newServer(t, b.ServeHTTP)
	results, err := s.client(t).Batch(t.Context(), numbered(2, "GET"), Parallel)
	if err != nil || len(b.seen) != 5 {
		t.Fatalf("%d batches, %v", len(b.seen), err)
	}
	for _, r := range results {
		if f := fault.From(r.Err); f.Kind != fault.Throttled || f.RetryAfter != 3*time.Second {
			t.Errorf("%v, Retry-After %v", r.Err, f.RetryAfter)
		}
	}
}

// A POST in a batch whose answer says nothing about whether it was done is not sent
// again, neither alone nor with its batch, and says so; what does no harm is sent
// again without it.
func TestBatchOfUnrepeatable(t *testing.T) {
	t.Parallel()
	requests := []Request{{Method: "POST", Path: "/groups", Body: []byte(`{}`)}, {Path: "/users"}}
	for name, test := range map[string]struct {
		order Order
		lost  bool
		asked int
	}{
		"lost batch":      {Parallel, true, 2},
		"lost sequence":   {Sequential, true, 1},
		"504 of the item": {Parallel, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &batches{answer: func(item wireItem) wireAnswer {
				if item.Method == "POST" {
					return wireAnswer{Status: 504}
				}
				return echoURL(item)
			}}
			graph := http.HandlerFunc(b.ServeHTTP)
			if test.lost {
				graph = sequence(drop, graph)
			}
			s := newServer(t, graph)
			results, err := s.client(t).Batch(t.Context(), requests, test.order)
			if err != nil || len(s.requests()) != test.asked {
				t.Fatalf("%v, asked %d times", err, len(s.requests()))
			}
			if test.asked == 2 && (len(b.seen) != 1 || len(b.seen[0]) != 1 || b.seen[0][0].Method != "GET") {
				t.Errorf("sent again: %+v", b.seen)
			}
			post, get := results[0].Err, results[1].Err
			if !fault.Is(post, fault.Timeout) || strings.Count(post.Error(), "It is not known") != 1 {
				t.Errorf("the POST: %v", post)
			}
			if (get == nil) != (test.order == Parallel) {
				t.Errorf("the GET: %v", get)
			}
		})
	}
}

// A deletion that is not found after its answer was lost was done, as it is outside
// a batch.
func TestBatchDeletesTwice(t *testing.T) {
	t.Parallel()
	gone := wireAnswer{Status: 404, Body: json.RawMessage(refusal("Request_ResourceNotFound", "x"))}
	notFound := &batches{answer: func(wireItem) wireAnswer { return gone }}
	tried := map[string]int{}
	timeout := &batches{answer: func(item wireItem) wireAnswer {
		if tried[item.URL]++; tried[item.URL] == 1 && item.URL == "/users/0" {
			return wireAnswer{Status: 504}
		}
		return gone
	}}
	for name, test := range map[string]struct {
		graph http.HandlerFunc
		done  int
	}{
		"not there":       {notFound.ServeHTTP, 0},
		"lost batch":      {sequence(drop, notFound.ServeHTTP), 2},
		"504 of the item": {timeout.ServeHTTP, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := newServer(t, test.graph).client(t).Batch(t.Context(), numbered(2, "DELETE"), Parallel)
			if err != nil {
				t.Fatal(err)
			}
			done := 0
			for i, r := range results {
				switch {
				case r.Err == nil && r.Status == http.StatusNoContent:
					done++
				case !fault.Is(r.Err, fault.NotFound):
					t.Errorf("result %d: %d, %v", i, r.Status, r.Err)
				}
			}
			if done != test.done {
				t.Errorf("%d were done, want %d", done, test.done)
			}
		})
	}
}

// A body that is an empty object is sent.
func TestBatchKeepsEmptyBody(t *testing.T) {
	t.Parallel()
	b := &batches{answer: echoURL}
	s := newServer(t, b.ServeHTTP)
	if _, err := s.client(t).Batch(t.Context(), []Request{{Method: "PATCH", Path: "/users/1", Body: []byte(`{}`)}}, Parallel); err != nil {
		t.Fatal(err)
	}
	if item := b.seen[0][0]; string(item.Body) != "{}" {
		t.Errorf("body %q", item.Body)
	}
}

func TestBatchAnswerIncomplete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		good int
	}{
		"missing":      {`{"responses":[{"id":"1","status":200,"body":{}}]}`, 1},
		"twice":        {`{"responses":[{"id":"1","status":200},{"id":"1","status":200}]}`, 0},
		"never asked":  {`{"responses":[{"id":"1","status":200},{"id":"9","status":200}]}`, 0},
		"no responses": {`{}`, 0},
		"no JSON":      {`{"responses":[{"id":"1","sta`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, status(200, test.body))
			results, err := s.client(t).Batch(t.Context(), numbered(2, "GET"), Parallel)
			if err != nil {
				t.Fatal(err)
			}
			good := 0
			for _, r := range results {
				if r.Err == nil {
					good++
				} else if !fault.Is(r.Err, fault.BadGateway) {
					t.Errorf("error %v", r.Err)
				}
			}
			if good != test.good {
				t.Errorf("%d good results, want %d", good, test.good)
			}
		})
	}
}

// Large bodies are spread over more batches; one that fits into none is refused
// before anything is sent.
func TestBatchBytes(t *testing.T) {
	t.Parallel()
	b := &batches{answer: echoURL}
	s := newServer(t, b.ServeHTTP)
	large := func(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }
	requests := numbered(5, "PATCH")
	for i := range requests {
		requests[i].Body = large(1 << 20)
	}
	if _, err := s.client(t).Batch(t.Context(), requests, Parallel); err != nil || !slices.Equal(sizes(b.seen), []int{2, 3}) {
		t.Errorf("batches of %v, %v", sizes(b.seen), err)
	}
	requests[4].Body = large(maxBatchBytes + 1)
	asked := len(s.requests())
	if _, err := s.client(t).Batch(t.Context(), requests, Parallel); !fault.Is(err, fault.TooLarge) || len(s.requests()) != asked {
		t.Errorf("error %v", err)
	}
}

func TestBatchHostileID(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{}`))
	requests := append(numbered(3, "DELETE"), Request{Method: "DELETE", Path: "/users/{id}", Params: map[string]string{"id": ".."}})
	if _, err := s.client(t).Batch(t.Context(), requests, Parallel); !fault.Is(err, fault.NotFound) || len(s.requests()) > 0 {
		t.Errorf("error %v, asked %q", err, s.requests())
	}
}

func TestBatchesAtOnce(t *testing.T) {
	t.Parallel()
	var under, most atomic.Int32
	var once sync.Once
	full := make(chan struct{})
	b := &batches{answer: echoURL}
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		n := under.Add(1)
		defer under.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == 3 {
			once.Do(func() { close(full) })
		}
		<-full // the first three meet here
		b.ServeHTTP(w, r)
	})
	c := s.client(t, func(o *Options) { o.Parallel = 3 })
	if _, err := c.Batch(t.Context(), numbered(200, "GET"), Parallel); err != nil || most.Load() != 3 {
		t.Errorf("%d batches at once, %v", most.Load(), err)
	}
}

func TestBatchOfNone(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{}`))
	results, err := s.client(t).Batch(t.Context(), nil, Sequential)
	if err != nil || len(results) != 0 || len(s.requests()) > 0 {
		t.Errorf("%v, %v, asked %q", results, err, s.requests())
	}
}
