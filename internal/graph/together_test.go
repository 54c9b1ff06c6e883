package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/calls"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// A wire counts what goes to Graph, and knows what is under way.
type wire struct {
	http.RoundTripper
	asked, under, most atomic.Int32
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, "/v1.0/") {
		return w.RoundTripper.RoundTrip(r)
	}
	w.asked.Add(1)
	n := w.under.Add(1)
	defer w.under.Add(-1)
	for m := w.most.Load(); n > m && !w.most.CompareAndSwap(m, n); m = w.most.Load() {
	}
	return w.RoundTripper.RoundTrip(r)
}

// gathered is a client whose requests wait for one another until all have come.
func gathered(tb testing.TB, change ...func(*graph.Options)) (*graphsim.Simulator, *graph.Client, *wire) {
	tb.Helper()
	sim, o := simulate(tb)
	w := &wire{RoundTripper: o.Transport}
	o.Transport, o.Credential.Secret, o.Linger = w, graphsim.DefaultSecret, time.Hour
	for _, f := range change {
		f(&o)
	}
	return sim, connect(tb, o), w
}

func accounted(ctx context.Context) (context.Context, *calls.Log) {
	l := new(calls.Log)
	return calls.NewContext(ctx, l), l
}

// sent compares what went to Graph with what was expected and with the account.
func (w *wire) sent(t *testing.T, l *calls.Log, want int) {
	t.Helper()
	if n := int(w.asked.Load()); n != want || len(l.Calls()) != want {
		t.Errorf("%d requests to Graph, %d in the account, want %d: %+v", n, len(l.Calls()), want, l.Calls())
	}
}

func idOf(res *graph.Response) string {
	var o struct{ ID string }
	_ = json.Unmarshal(res.Body, &o)
	return o.ID
}

func nameOf(res *graph.Response) string {
	var o struct{ DisplayName string }
	_ = json.Unmarshal(res.Body, &o)
	return o.DisplayName
}

func getUser(id string) graph.Request {
	return graph.Request{Path: "/users/{id}", Params: map[string]string{"id": id}, Query: graph.Query{Select: []string{"id", "displayName"}}}
}

// As many users as you like cost a twentieth of the requests; each operation gets the
// answer to its own request, and one that is refused is alone.
func TestTogether(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{0: 0, 1: 1, 2: 1, 20: 1, 21: 2, 100: 5} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			_, c, w := gathered(t)
			ctx, l := accounted(t.Context())
			done := make([]atomic.Int32, n)
			c.Together(ctx, n, func(ctx context.Context, i int) {
				done[i].Add(1)
				name := fmt.Sprintf("user%03d", i)
				res, err := c.Do(ctx, newUser(name))
				if err != nil || res.Status != http.StatusCreated || nameOf(res) != name {
					t.Errorf("%d: %+v, %v", i, res, err)
				}
			})
			for i := range done {
				if done[i].Load() != 1 {
					t.Errorf("%d was done %d times", i, done[i].Load())
				}
			}
			w.sent(t, l, want)
		})
	}
}

func TestTogetherRefusesAlone(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	ctx, l := accounted(t.Context())
	if _, err := c.Do(ctx, newUser("user007")); err != nil {
		t.Fatal(err)
	}
	c.Together(ctx, 100, func(ctx context.Context, i int) {
		res, err := c.Do(ctx, newUser(fmt.Sprintf("user%03d", i)))
		refusal := graph.RefusalOf(err)
		switch {
		case i != 7 && err != nil:
			t.Errorf("%d: %v", i, err)
		case i == 7 && (res != nil || !fault.Is(err, fault.Uniqueness) || refusal == nil || refusal.Property != "userPrincipalName" || fault.From(err).RequestID == ""):
			t.Errorf("the duplicate: %v, %v", res, err)
		}
	})
	w.sent(t, l, 6)
}

// What one operation asks after another waits for what the others ask then.
func TestTogetherInRounds(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	ctx, l := accounted(t.Context())
	c.Together(ctx, 20, func(ctx context.Context, i int) {
		name := fmt.Sprintf("user%03d", i)
		made, err := c.Do(ctx, newUser(name))
		if err != nil {
			t.Error(err)
			return
		}
		if read, err := c.Do(ctx, getUser(idOf(made))); err != nil || nameOf(read) != name {
			t.Errorf("%d: %+v, %v", i, read, err)
		}
	})
	w.sent(t, l, 2)
}

// Operations of any length keep the batches full: a new one takes the place of one
// that ended.
func TestTogetherFillsUp(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	ctx, l := accounted(t.Context())
	ids := make([]string, 3)
	for i := range ids {
		res, err := c.Do(t.Context(), newUser(fmt.Sprint("user", i)))
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = idOf(res)
	}
	w.asked.Store(0)
	c.Together(ctx, 60, func(ctx context.Context, i int) { // 0, 1 or 2 requests: 60 in all
		for range i % 3 {
			if _, err := c.Do(ctx, getUser(ids[i%3])); err != nil {
				t.Error(err)
			}
		}
	})
	// 20 workers; how the operations fall to them decides about the last batch.
	if n := len(l.Calls()); n < 3 || n > 5 || int(w.asked.Load()) != n {
		t.Errorf("%d requests: %+v", n, l.Calls())
	}
}

// Batches of independent requests join; pages go by themselves.
func TestTogetherJoinsBatches(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	ctx, l := accounted(t.Context())
	requests := func(i int) []graph.Request {
		return []graph.Request{newUser(fmt.Sprint("a", i)), newUser(fmt.Sprint("b", i)), getUser("nobody@contoso.com")}
	}
	check := func(results []graph.Result, err error) {
		if err != nil || len(results) != 3 || results[0].Status != 201 || results[1].Status != 201 ||
			results[2].Status != 404 || !fault.Is(results[2].Err, fault.NotFound) {
			t.Errorf("%+v, %v", results, err)
		}
	}
	c.Together(ctx, 5, func(ctx context.Context, i int) {
		check(c.Batch(ctx, requests(i), graph.Parallel))
	})
	w.sent(t, l, 1)
	c.Together(ctx, 1, func(ctx context.Context, _ int) { // alone it is a batch still, with what Graph said to each
		results, err := c.Batch(ctx, []graph.Request{getUser("nobody@contoso.com")}, graph.Parallel)
		if err != nil || results[0].Status != 404 {
			t.Errorf("%+v, %v", results, err)
		}
		if results, err = c.Batch(ctx, nil, graph.Parallel); err != nil || len(results) != 0 {
			t.Errorf("%+v, %v", results, err)
		}
	})
	w.sent(t, l, 2)
	c.Together(ctx, 2, func(ctx context.Context, i int) {
		check(c.Batch(ctx, requests(10+i), graph.Sequential)) // longer than there are operations
		// No two pages are the same, which would be one request.
		page := graph.Request{Path: "/users", Query: graph.Query{Top: graph.MaxPage - i}}
		if err := c.All(ctx, page, func(jsontext.Value) error { return nil }); err != nil {
			t.Error(err)
		}
	})
	w.sent(t, l, 6)
}

// Sequences share their steps, and each ends with its own failure.
func TestTogetherInSequence(t *testing.T) {
	t.Parallel()
	sim, c, w := gathered(t)
	if err := sim.Fail(trouble.Fault{Method: "POST", Path: "/users", Status: 429, RetryAfter: 3, Times: 2}); err != nil {
		t.Fatal(err)
	}
	ctx, l := accounted(t.Context())
	c.Together(ctx, 20, func(ctx context.Context, i int) {
		upn := fmt.Sprintf("user%d@contoso.com", i)
		steps := []graph.Request{newUser(fmt.Sprint("user", i)), getUser(upn), getUser("nobody@contoso.com"), getUser(upn)}
		if i%2 == 0 {
			steps = steps[:2]
		}
		results, err := c.Batch(ctx, steps, graph.Sequential)
		if err != nil || len(results) != len(steps) || nameOf(&results[1].Response) != fmt.Sprint("user", i) {
			t.Errorf("%d: %+v, %v", i, results, err)
			return
		}
		if len(steps) > 2 && (results[2].Status != 404 || results[3].Status != http.StatusFailedDependency || results[3].Err == nil) {
			t.Errorf("%d: %+v", i, results)
		}
	})
	w.sent(t, l, 4)
}

// Items that Graph throttles are sent again, alone and within their operation.
func TestTogetherThrottled(t *testing.T) {
	t.Parallel()
	sim, c, w := gathered(t)
	if err := sim.Fail(trouble.Fault{Method: "POST", Path: "/users", Status: 429, RetryAfter: 3, Times: 4}); err != nil {
		t.Fatal(err)
	}
	ctx, l := accounted(t.Context())
	c.Together(ctx, 20, func(ctx context.Context, i int) {
		if res, err := c.Do(ctx, newUser(fmt.Sprint("user", i))); err != nil || res.Status != http.StatusCreated {
			t.Errorf("%d: %+v, %v", i, res, err)
		}
	})
	w.sent(t, l, 2)
}

// A create whose answer is lost is told as one that nobody knows of, and a read in the
// same batch is sent again.
func TestTogetherLost(t *testing.T) {
	t.Parallel()
	sim, c, w := gathered(t)
	if err := sim.Fail(trouble.Fault{Method: "POST", Path: "/$batch", Drop: true, AfterWrite: true}); err != nil {
		t.Fatal(err)
	}
	ctx, l := accounted(t.Context())
	c.Together(ctx, 2, func(ctx context.Context, i int) {
		if i == 0 {
			if _, err := c.Do(ctx, newUser("once")); !fault.Is(err, fault.Timeout) || !strings.Contains(err.Error(), "It is not known") {
				t.Errorf("the create: %v", err)
			}
			return
		}
		if res, err := c.Do(ctx, getUser("once@contoso.com")); err != nil || nameOf(res) != "once" {
			t.Errorf("the read: %+v, %v", res, err)
		}
	})
	w.sent(t, l, 2)
}

// An operation that asks nothing, or returns at once, keeps nobody waiting for ever;
// one may even wait for another.
func TestTogetherSlow(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t, func(o *graph.Options) { o.Linger = time.Millisecond })
	ctx, l := accounted(t.Context())
	done := make(chan struct{})
	c.Together(ctx, 3, func(ctx context.Context, i int) {
		switch i {
		case 0:
			<-done
		case 1:
			defer close(done)
			if _, err := c.Do(ctx, newUser("user")); err != nil {
				t.Error(err)
			}
		}
	})
	w.sent(t, l, 1)
}

// Goroutines of an operation may ask, too, even those that it leaves behind.
func TestTogetherGoroutines(t *testing.T) {
	t.Parallel()
	_, c, _ := gathered(t)
	var left sync.WaitGroup
	begin := make(chan struct{})
	c.Together(t.Context(), 10, func(ctx context.Context, i int) {
		var own sync.WaitGroup
		for j := range 5 {
			ask := func() {
				if _, err := c.Do(ctx, newUser(fmt.Sprintf("user%d-%d", i, j))); err != nil {
					t.Error(err)
				}
			}
			if j < 3 {
				own.Go(ask)
			} else {
				left.Go(func() {
					if j == 4 {
						<-begin
					}
					ask()
				})
			}
		}
		own.Wait()
	})
	close(begin)
	left.Wait()
}

func TestTogetherCancelled(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	ctx, cancel := context.WithCancel(t.Context())
	var errs atomic.Int32
	c.Together(ctx, 50, func(ctx context.Context, i int) {
		if i == 0 { // the others wait for it
			cancel()
			return
		}
		if _, err := c.Do(ctx, newUser(fmt.Sprint("user", i))); fault.Is(err, fault.Timeout) && errors.Is(err, context.Canceled) {
			errs.Add(1)
		}
	})
	if errs.Load() != 49 || w.under.Load() != 0 {
		t.Errorf("%d of 49 operations learnt it, %d requests under way", errs.Load(), w.under.Load())
	}
}

// A caller who leaves, leaves alone.
func TestTogetherOwnContext(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	ctx, l := accounted(t.Context())
	left := make(chan struct{})
	c.Together(ctx, 3, func(ctx context.Context, i int) {
		own, cancel := context.WithCancel(ctx)
		defer cancel()
		switch i {
		case 0:
			go cancel()
			if _, err := c.Do(own, newUser("user0")); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			close(left)
		case 1:
			<-left
		}
		if _, err := c.Do(ctx, newUser(fmt.Sprint("user", i))); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	})
	w.sent(t, l, 1)
}

// A panic is the caller's of Together, after those under way and instead of the others.
func TestTogetherPanics(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	ctx, l := accounted(t.Context())
	var begun atomic.Int32
	all := make(chan struct{})
	trap := errors.New("trap")
	func() {
		defer func() {
			if value := recover(); !errors.Is(value.(error), trap) {
				t.Errorf("recovered %v", value)
			}
		}()
		c.Together(ctx, 1000, func(ctx context.Context, i int) {
			if begun.Add(1) == 20 {
				close(all)
			}
			if i == 5 {
				<-all
				panic(trap)
			}
			if _, err := c.Do(ctx, newUser(fmt.Sprint("user", i))); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
		t.Error("Together returned")
	}()
	if begun.Load() != 20 {
		t.Errorf("%d operations were begun", begun.Load())
	}
	w.sent(t, l, 1)
}

// What no batch can carry goes by itself; what makes one too large goes in another.
func TestTogetherBodies(t *testing.T) {
	t.Parallel()
	sim, c, w := gathered(t)
	ctx, l := accounted(t.Context())
	d := sim.Tenant(graphsim.DefaultTenant)
	patch := func(i int, body string) graph.Request {
		name := fmt.Sprint("user", i)
		id, err := d.Add("user", graphsim.Values{"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@contoso.com"})
		if err != nil {
			t.Error(err)
		}
		return graph.Request{Method: http.MethodPatch, Path: "/users/{id}", Params: map[string]string{"id": id}, Body: []byte(body)}
	}
	c.Together(ctx, 4, func(ctx context.Context, i int) {
		body := `{"city":"` + strings.Repeat("x", 2<<20) + `"}`
		if i == 0 {
			body = `{"city":` // no JSON
		}
		if _, err := c.Do(ctx, patch(i, body)); graph.RefusalOf(err) == nil {
			t.Errorf("%d: %v", i, err)
		}
	})
	w.sent(t, l, 4)
	for _, call := range l.Calls() {
		if call.Status == http.StatusOK { // they did not fit into one batch
			t.Errorf("%+v", call)
		}
	}
}

// No more batches are under way than Options.Parallel allows.
func TestTogetherBatchesAtOnce(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t, func(o *graph.Options) { o.Parallel = 2 })
	c.Together(t.Context(), 1, func(ctx context.Context, _ int) {
		requests := make([]graph.Request, 200)
		for i := range requests { // no two batches are the same, which would be one request
			requests[i] = getUser(fmt.Sprintf("nobody%d@contoso.com", i))
		}
		if results, err := c.Batch(ctx, requests, graph.Parallel); err != nil || len(results) != 200 {
			t.Errorf("%d results, %v", len(results), err)
		}
	})
	if n, most := w.asked.Load(), w.most.Load(); n != 10 || most > 2 {
		t.Errorf("%d requests, %d at once", n, most)
	}
}

// Two clients do not share batches, nor do two runs of Together.
func TestTogetherKeepsApart(t *testing.T) {
	t.Parallel()
	_, c, w := gathered(t)
	_, other, otherWire := gathered(t)
	ctx, l := accounted(t.Context())
	c.Together(ctx, 2, func(ctx context.Context, i int) {
		if _, err := other.Do(ctx, newUser(fmt.Sprint("user", i))); err != nil {
			t.Error(err)
		}
		c.Together(ctx, 3, func(ctx context.Context, j int) {
			if _, err := c.Do(ctx, newUser(fmt.Sprintf("user%d-%d", i, j))); err != nil {
				t.Error(err)
			}
		})
	})
	if n := len(l.Calls()); n != 4 || w.asked.Load() != 2 || otherWire.asked.Load() != 2 {
		t.Errorf("%d requests: %+v", n, l.Calls())
	}
}

// How many requests 1,000 creates with a read each cost, in batches of 20.
func BenchmarkTogether(b *testing.B) {
	_, c, w := gathered(b)
	made, err := c.Do(b.Context(), newUser("user"))
	if err != nil {
		b.Fatal(err)
	}
	properties := strings.Fields("id city country department displayName givenName jobTitle mail mailNickname surname")
	w.asked.Store(0)
	for b.Loop() {
		c.Together(b.Context(), 1000, func(ctx context.Context, i int) {
			r := getUser(idOf(made))
			r.Query.Select = nil
			for bit, name := range properties { // no two are the same, which would be one request
				if (i+1)>>bit&1 == 1 {
					r.Query.Select = append(r.Query.Select, name)
				}
			}
			if _, err := c.Do(ctx, r); err != nil {
				b.Error(err)
			}
		})
	}
	b.ReportMetric(float64(w.asked.Load())/float64(b.N), "requests/op")
}
