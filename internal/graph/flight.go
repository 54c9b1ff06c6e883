package graph

import (
	"bytes"
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/calls"
	"entrascim/internal/graph/pace"
)

// flights are the reads of one client that are under way: a read of the same (URL, body
// and headers) joins it and gets its answer, or its failure. One that begins after a
// write of this client has ended does not join what began before that, so that nobody
// misses what he wrote. A client is one tenant's, with one credential: nothing is shared
// between two.
type flights struct {
	mu      sync.Mutex
	changes int // writes that have ended
	under   map[flightKey]*flight
}

// A flightKey is what two reads must have in common, besides the client.
type flightKey struct {
	method, url, body string
	advanced          bool
	priority          pace.Priority // nobody waits for his turn behind those who matter less
}

// A flight is one read for any number of readers. It goes on while one of them waits.
type flight struct {
	flights *flights
	key     flightKey
	changes int // writes that had ended when it began
	cancel  context.CancelFunc
	log     calls.Log // of its requests
	budget  budget
	done    chan struct{} // closed when there is an answer

	// Set when done is closed.
	response *Response // its body aliases buf
	err      error
	panicked any

	// Of flights.mu.
	waiting  int       // readers who have not left
	holding  int       // who may use buf: readers, and the flight itself
	headed   bool      // the first reader has not left
	told     bool      // somebody has the requests in his account
	deadline time.Time // the latest of the readers'; zero: one has none
	buf      *bytes.Buffer
}

// A reader is one who waits for a flight.
type reader struct {
	*flight

	ctx     context.Context
	first   bool // began the flight
	started time.Time
}

// read asks for what changes nothing. The answer is valid until use returns, and not to
// be changed: others may read it.
func (c *Client) read(ctx context.Context, k call, b *budget, use func(*Response) error) error {
	if rehearsal := rehearsalOf(ctx); rehearsal != nil {
		if res, is := rehearsal.shown(k); is {
			return given(&res, use)
		}
	}
	r := c.board(ctx, k, b)
	defer c.release(r.flight)
	if err := r.wait(c, k); err != nil {
		return err
	}
	b.adopt(r.budget)
	if r.err != nil {
		return r.err
	}
	return use(r.response)
}

// given hands on an answer that nobody had to be asked for.
func given(res *Response, use func(*Response) error) error {
	if res.Status > 299 {
		return refuse(res, 0)
	}
	return use(res)
}

// readWhole is read with an answer of one's own.
func (c *Client) readWhole(ctx context.Context, k call) (*Response, error) {
	var own Response
	err := c.read(ctx, k, c.newBudget(), func(res *Response) error {
		own = *res
		own.Body = bytes.Clone(res.Body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &own, nil
}

// changed lets no read that begins from now on join one that is under way, unless the
// call changes nothing.
func (f *flights) changed(k call) {
	if k.reads {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
}

// board joins the flight of the call, or begins it.
func (c *Client) board(ctx context.Context, k call, b *budget) reader {
	key := flightKey{k.method.String(), k.text, string(k.body), k.advanced, k.load.Priority(ctx)}
	f := &c.flights
	f.mu.Lock()
	defer f.mu.Unlock()
	deadline, _ := ctx.Deadline()
	r := reader{ctx: ctx, started: c.options.Now()}
	if r.flight = f.under[key]; r.flight == nil || r.changes != f.changes {
		r.first = true
		r.flight = &flight{
			flights: f, key: key, changes: f.changes, budget: *b, done: make(chan struct{}),
			holding: 1, headed: true, deadline: deadline, buf: c.takeBuffer(),
		}
		if f.under == nil {
			f.under = map[flightKey]*flight{}
		}
		f.under[key] = r.flight
		go r.fly(r.begin(ctx), c, k)
	} else if deadline.IsZero() || !r.deadline.IsZero() && deadline.After(r.deadline) {
		r.deadline = deadline
	}
	r.waiting++
	r.holding++
	return r
}

// begin makes the context of a flight: that of the first reader, but that it ends when
// nobody waits any more.
func (f *flight) begin(ctx context.Context) context.Context {
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f.cancel = cancel
	return flightContext{calls.NewContext(free, &f.log), f}
}

func (f *flight) fly(ctx context.Context, c *Client, k call) {
	defer c.release(f)
	defer f.land(ctx)
	f.response, f.err = c.persist(ctx, k, f.buf, &f.budget)
}

// land lets the readers have the answer. Whoever comes now begins another flight.
func (f *flight) land(ctx context.Context) {
	if f.panicked = recover(); f.panicked != nil { // whoever recovers it sees the stack of a reader
		zerolog.Ctx(ctx).Error().Str("stack", string(debug.Stack())).Msg("panic")
	}
	f.flights.mu.Lock()
	defer f.flights.mu.Unlock()
	f.depart()
	f.cancel()
	close(f.done)
}

// depart lets nobody join any more.
func (f *flight) depart() {
	if f.flights.under[f.key] == f {
		delete(f.flights.under, f.key)
	}
}

// release gives the buffer back after the last who may use it.
func (c *Client) release(f *flight) {
	f.flights.mu.Lock()
	f.holding--
	last := f.holding == 0
	f.flights.mu.Unlock()
	if last {
		c.putBuffer(f.buf)
	}
}

// wait waits for the answer. Its error is that the reader could not wait so long.
func (r reader) wait(c *Client, k call) error {
	select {
	case <-r.done:
	case <-r.ctx.Done():
		if r.leave() {
			return unanswered(r.ctx, &lostError{r.ctx.Err()})
		}
	}
	r.account(c, k)
	if r.panicked != nil {
		panic(r.panicked)
	}
	return nil
}

// leave ends the waiting, unless there is an answer by now. After the last reader the
// flight is ended.
func (r reader) leave() bool {
	r.flights.mu.Lock()
	select {
	case <-r.done:
		r.flights.mu.Unlock()
		return false
	default:
	}
	r.waiting--
	last := r.waiting == 0
	if r.first {
		r.headed = false
	}
	if last {
		r.depart()
		r.cancel()
	}
	r.flights.mu.Unlock()
	if last {
		<-r.done
		r.own()
	}
	return true
}

// account tells the reader's request what it cost: the first has sent what was sent, or
// when that one has left, another. For the others it was shared.
func (r reader) account(c *Client, k call) {
	r.flights.mu.Lock()
	mine := r.first || !r.headed && !r.told
	r.told = r.told || mine
	r.flights.mu.Unlock()
	if mine {
		r.own()
		return
	}
	entry := calls.Call{Method: k.method.String(), Route: k.route, Took: c.options.Now().Sub(r.started), Shared: true}
	if made := r.log.Calls(); len(made) > 0 {
		entry.Status, entry.RequestID = made[len(made)-1].Status, made[len(made)-1].RequestID
	}
	calls.FromContext(r.ctx).Add(entry)
}

func (r reader) own() {
	for _, made := range r.log.Calls() {
		calls.FromContext(r.ctx).Add(made)
	}
}

// A flightContext ends when nobody waits for the flight; its deadline, which is for
// deciding whether to wait, is when the last reader's patience ends, and moves.
type flightContext struct {
	context.Context

	flight *flight
}

// Deadline is the latest of the readers'.
func (c flightContext) Deadline() (time.Time, bool) {
	c.flight.flights.mu.Lock()
	defer c.flight.flights.mu.Unlock()
	return c.flight.deadline, !c.flight.deadline.IsZero()
}

// undated hides the deadline of a context, which ends at it all the same. A context
// with a timeout takes an earlier deadline of its parent for its own, and that of a
// flight moves.
type undated struct{ context.Context }

// Deadline is none.
func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }
