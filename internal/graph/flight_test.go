package graph

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/calls"
	"entrascim/internal/fault"
)

// A gate holds answers back until it is opened.
type gate struct {
	*server

	open chan struct{}
}

func newGate(t *testing.T, answers http.HandlerFunc) *gate {
	t.Helper()
	g := &gate{open: make(chan struct{})}
	g.server = newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "$batch") {
			select {
			case <-g.open:
			case <-r.Context().Done():
				return
			}
		}
		answers(w, r)
	})
	return g
}

// waiting is how many readers wait for the reads of a client, and how many there are.
func (c *Client) waitingFor() (readers, reads int) {
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	for _, f := range c.flights.under {
		readers += f.waiting
	}
	return readers, len(c.flights.under)
}

// until waits for what others do.
func until(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("it never was")
		}
	}
}

func (c *Client) untilWaiting(t *testing.T, readers int) {
	t.Helper()
	until(t, func() bool { n, _ := c.waitingFor(); return n == readers })
}

const page = `{"value":[{"id":"1"},{"id":"2"}],"@odata.nextLink":"https://elsewhere"}`

// ways to read, each with what it read, or what went wrong.
func reads(c *Client) map[string]func(context.Context) (string, error) {
	return map[string]func(context.Context) (string, error){
		"Do": func(ctx context.Context) (string, error) {
			res, err := c.Do(ctx, user("GET"))
			if err != nil {
				return "", err
			}
			text := string(res.Body)
			for i := range res.Body { // it is the caller's own
				res.Body[i] = 'x'
			}
			return text, nil
		},
		"Page": func(ctx context.Context) (string, error) {
			var all []string
			p, err := c.Page(ctx, Request{Path: "/users"}, "", func(d *jsontext.Decoder) error {
				v, err := d.ReadValue()
				all = append(all, string(v))
				return err
			})
			return strings.Join(append(all, p.NextLink), " "), err
		},
		"a batch": func(ctx context.Context) (string, error) {
			results, err := c.Batch(ctx, []Request{user("GET"), {Path: "/users"}}, Parallel)
			if err != nil || results[0].Err != nil {
				return "", errors.Join(err, results[0].Err)
			}
			return string(results[0].Body), nil
		},
		"getByIds": func(ctx context.Context) (string, error) {
			_, err := c.Do(ctx, Request{Method: "POST", Path: "/$batch", Body: []byte(`{}`), Reads: true})
			return "", err
		},
	}
}

// Reads of the same at the same time are one request, and each has the whole answer. It
// counts once, for who sent it; to the others it was shared.
func TestReadsShare(t *testing.T) {
	t.Parallel()
	const many = 50
	for name, want := range map[string]string{"Do": page, "Page": `{"id":"1"} {"id":"2"} https://elsewhere`, "a batch": `{"id":"1"}`, "getByIds": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, func(w http.ResponseWriter, r *http.Request) {
				body := page
				if r.Method == http.MethodPost {
					body = `{"responses":[{"id":"1","status":200,"body":{"id":"1"}},{"id":"2","status":200,"body":` + page + `}]}`
				}
				answer(w, http.StatusOK, body)
			})
			c := g.client(t)
			read := reads(c)[name]
			logs := make([]calls.Log, many)
			var group sync.WaitGroup
			for i := range many {
				group.Go(func() {
					if got, err := read(calls.NewContext(t.Context(), &logs[i])); err != nil || got != want {
						t.Errorf("%q, %v", got, err)
					}
				})
			}
			c.untilWaiting(t, many)
			close(g.open)
			group.Wait()
			own := 0
			for i := range logs {
				made := logs[i].Calls()
				if len(made) != 1 || made[0].Status != 200 || made[0].RequestID != "r-1" {
					t.Fatalf("account %+v", made)
				}
				if !made[0].Shared {
					own++
				}
			}
			if n := len(g.requests()); n != 1 || own != 1 {
				t.Errorf("%d requests, accounted %d times", n, own)
			}
			if readers, under := c.waitingFor(); readers+under > 0 {
				t.Errorf("%d readers wait for %d reads", readers, under)
			}
			if _, err := read(t.Context()); err != nil || len(g.requests()) != 2 { // nothing is kept
				t.Errorf("afterwards %d requests, %v", len(g.requests()), err)
			}
		})
	}
}

// A failure is shared, and what was retried before it.
func TestFailuresAreShared(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		graph    http.HandlerFunc
		kind     fault.Kind
		requests int
	}{
		"404": {status(404, refusal("Request_ResourceNotFound", "x")), fault.NotFound, 1},
		"503": {status(503, ``), fault.Unavailable, 5},
	} {
		for _, kind := range []string{"Do", "Page", "a batch"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				g := newGate(t, test.graph)
				c := g.client(t)
				var group sync.WaitGroup
				for range 10 {
					group.Go(func() {
						if _, err := reads(c)[kind](t.Context()); !fault.Is(err, test.kind) {
							t.Errorf("error %v", err)
						}
					})
				}
				c.untilWaiting(t, 10)
				close(g.open)
				group.Wait()
				if n := len(g.requests()); n != test.requests {
					t.Errorf("%d requests, want %d", n, test.requests)
				}
			})
		}
	}
}

// What is not the same is not shared: between clients, which are tenants and credentials,
// nor between URLs, headers and priorities.
func TestOthersDoNotShare(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(w http.ResponseWriter, r *http.Request) { answer(w, 200, `"`+r.Header.Get("Authorization")+`"`) })
	a, b := g.client(t), g.client(t, func(o *Options) { o.Credential.ClientID = "another" })
	advanced, chosen := user("GET"), user("GET")
	advanced.Query.Advanced, chosen.Query.Select = true, []string{"id"}
	var group sync.WaitGroup
	var told sync.Map
	ask := func(ctx context.Context, c *Client, r Request) {
		group.Go(func() {
			res, err := c.Do(ctx, r)
			if err != nil {
				t.Error(err)
				return
			}
			told.Store(c, string(res.Body))
		})
	}
	for _, c := range []*Client{a, b} {
		for _, r := range []Request{user("GET"), advanced, chosen} {
			ask(t.Context(), c, r)
		}
		ask(WithPriority(t.Context(), Low), c, user("GET"))
	}
	for _, c := range []*Client{a, b} {
		until(t, func() bool { readers, under := c.waitingFor(); return readers == 4 && under == 4 })
	}
	close(g.open)
	group.Wait()
	x, _ := told.Load(a)
	y, _ := told.Load(b)
	if n := len(g.requests()); n != 8 || x == y {
		t.Errorf("%d requests, with %v and %v", n, x, y)
	}
}

// A read that begins after a write does not get the answer to one that began before it.
func TestReadAfterWrite(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*Client, context.Context) error{
		"PATCH": func(c *Client, ctx context.Context) error { _, err := c.Do(ctx, user("PATCH")); return err },
		"refused": func(c *Client, ctx context.Context) error {
			if _, err := c.Do(ctx, user("DELETE")); err == nil {
				return errors.New("it was not refused")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodDelete {
					answer(w, 403, `{}`)
					return
				}
				answer(w, 200, `{}`)
			})
			c := g.client(t)
			var group sync.WaitGroup
			read := func() {
				if _, err := c.Do(t.Context(), user("GET")); err != nil {
					t.Error(err)
				}
			}
			group.Go(read)
			c.untilWaiting(t, 1)
			if err := write(c, t.Context()); err != nil {
				t.Fatal(err)
			}
			group.Go(read)
			group.Go(read)
			until(t, func() bool { n, _ := c.waitingFor(); return n == 2 }) // of the new one, the old is not joined any more
			close(g.open)
			group.Wait()
			if n := len(g.requests()); n != 3 {
				t.Errorf("%d requests, want 2 reads and a write: %v", n, g.requests())
			}
		})
	}
}

// So it is when the write was in a batch, alone or with those of others.
func TestReadAfterBatch(t *testing.T) {
	t.Parallel()
	rename := user("PATCH")
	rename.Body = []byte(`{"displayName":"x"}`)
	writes := []Request{rename, {Path: "/users"}}
	for name, write := range map[string]func(*Client, context.Context) error{
		"Batch": func(c *Client, ctx context.Context) error {
			_, err := c.Batch(ctx, writes, Sequential)
			return err
		},
		"Together": func(c *Client, ctx context.Context) error {
			errs := make([]error, 2)
			c.Together(ctx, len(errs), func(ctx context.Context, i int) { _, errs[i] = c.Do(ctx, writes[i]) })
			return errors.Join(errs...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := make(chan struct{})
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					answer(w, 200, `{"responses":[{"id":"1","status":204},{"id":"2","status":200,"body":`+page+`}]}`)
					return
				}
				<-open
				answer(w, 200, `{}`)
			})
			c := s.client(t, func(o *Options) { o.Linger = time.Hour })
			var group sync.WaitGroup
			read := func() {
				if _, err := c.Do(t.Context(), user("GET")); err != nil {
					t.Error(err)
				}
			}
			group.Go(read)
			c.untilWaiting(t, 1)
			if err := write(c, t.Context()); err != nil {
				t.Error(err)
			}
			group.Go(read)
			until(t, func() bool { return len(s.requests()) == 3 }) // it did not join the one before
			close(open)
			group.Wait()
		})
	}
}

// The first reader leaves: the others get the answer, and one of them the account.
func TestFirstReaderLeaves(t *testing.T) {
	t.Parallel()
	g := newGate(t, status(200, `{}`))
	c := g.client(t)
	leaving, leave := context.WithCancel(t.Context())
	logs := make([]calls.Log, 3)
	var others, first sync.WaitGroup
	first.Go(func() {
		if _, err := c.Do(calls.NewContext(leaving, &logs[0]), user("GET")); !fault.Is(err, fault.Timeout) || !errors.Is(err, context.Canceled) {
			t.Errorf("who left heard %v", err)
		}
	})
	c.untilWaiting(t, 1)
	for i := 1; i < 3; i++ {
		others.Go(func() {
			if _, err := c.Do(calls.NewContext(t.Context(), &logs[i]), user("GET")); err != nil {
				t.Error(err)
			}
		})
	}
	c.untilWaiting(t, 3)
	leave()
	first.Wait()
	close(g.open)
	others.Wait()
	own := 0
	for _, call := range append(logs[1].Calls(), logs[2].Calls()...) {
		if !call.Shared {
			own++
		}
	}
	if len(g.requests()) != 1 || own != 1 || len(logs[0].Calls()) != 0 {
		t.Errorf("%d requests, accounted %d times, and %v", len(g.requests()), own, logs[0].Calls())
	}
}

// When the last reader leaves the request is ended, and accounted; whoever comes after
// that begins another.
func TestLastReaderLeaves(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	s := newServer(t, sequence(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(ended)
	}, status(200, `{}`)))
	c := s.client(t)
	ctx, leave := context.WithCancel(t.Context())
	logs := make([]calls.Log, 3)
	var group sync.WaitGroup
	for i := range logs {
		group.Go(func() {
			if _, err := c.Do(calls.NewContext(ctx, &logs[i]), user("GET")); !fault.Is(err, fault.Timeout) {
				t.Errorf("error %v", err)
			}
		})
	}
	c.untilWaiting(t, 3)
	until(t, func() bool { return len(s.requests()) == 1 })
	leave()
	group.Wait()
	<-ended
	n := 0
	for i := range logs {
		n += len(logs[i].Calls())
	}
	if _, err := c.Do(t.Context(), user("GET")); err != nil || n != 1 {
		t.Errorf("accounted %d times; afterwards %v", n, err)
	}
}

// The deadline of a read is the latest of its readers', and a Retry-After within it is
// waited for.
func TestDeadlineOfReaders(t *testing.T) {
	t.Parallel()
	throttled := status(http.StatusTooManyRequests, ``, "Retry-After", "10")
	g := newGate(t, sequence(throttled, status(200, `{}`)))
	c := g.client(t)
	var group sync.WaitGroup
	for i, patience := range []time.Duration{5 * time.Second, time.Minute, 6 * time.Second} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		group.Go(func() {
			if _, err := c.Do(ctx, user("GET")); err != nil {
				t.Error(err)
			}
		})
		c.untilWaiting(t, i+1)
	}
	close(g.open)
	group.Wait()
	if len(g.waits()) != 1 || len(g.requests()) != 2 {
		t.Errorf("waited %v for %d requests", g.waits(), len(g.requests()))
	}
}

type trap struct{ sprung chan struct{} }

func (r trap) RoundTrip(*http.Request) (*http.Response, error) {
	<-r.sprung
	panic("trap")
}

// A panic is every reader's, in a goroutine of its own, where it can be recovered.
func TestReadPanics(t *testing.T) {
	t.Parallel()
	c := newServer(t, status(204, ``)).client(t)
	sprung := make(chan struct{})
	if _, err := c.Do(t.Context(), user("PATCH")); err != nil { // signs in
		t.Fatal(err)
	}
	c.kept.Transport = trap{sprung}
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			defer func() {
				if v := recover(); v != "trap" {
					t.Errorf("recovered %v", v)
				}
			}()
			_, _ = c.Do(t.Context(), user("GET"))
		})
	}
	c.untilWaiting(t, 2)
	close(sprung)
	group.Wait()
	if readers, under := c.waitingFor(); readers+under > 0 {
		t.Errorf("%d readers wait for %d reads", readers, under)
	}
}
