package graph

import (
	"cmp"
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Together runs do for each of 0 to n-1, MaxBatch of them at the same time, and sends
// what they ask of Graph at the same time in as few $batch requests as can be.
//
// The context that do gets makes Client.Do and Client.Batch wait until every operation
// under way asks for something, or Options.Linger has passed; then all that was asked
// goes out at once, and each caller gets the answer to its own. What nobody joins is
// sent as it would be otherwise. So is what cannot share a $batch: pages, and bodies
// that are too large or no JSON. Sequences share batches a step at a time, but for
// those with no fewer steps than there are operations under way.
//
// Graph refuses writes to one object at the same time (409 Directory_ConcurrencyViolation),
// in one $batch as elsewhere: operations that write the same object do not belong together.
//
// Operations are begun even when ctx has ended, to find that it has. When one panics
// no other is begun, and Together panics with the same value after those under way.
func (c *Client) Together(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	workers := min(n, MaxBatch)
	g := &gathering{client: c, ctx: ctx, slots: make(chan struct{}, c.options.Parallel), left: n, running: workers}
	var under sync.WaitGroup
	for range workers {
		under.Go(func() { g.work(do) }) //nolint:contextcheck // a batch of all has the context of all
	}
	under.Wait()
	g.sends.Wait()
	if g.panicked != nil {
		panic(g.panicked)
	}
}

// A gathering is one run of Together.
type gathering struct {
	client *Client
	ctx    context.Context
	slots  chan struct{} // one for each batch that may be under way
	sends  sync.WaitGroup

	mu       sync.Mutex
	begun    int // operations
	left     int // operations to begin
	running  int // operations that have begun and not ended, or are about to begin
	waiting  int // those of them with something in asked
	asked    []*ask
	round    int // how often asked was sent
	panicked any
}

// An operation is one run of do. Its fields are the gathering's to lock.
type operation struct {
	*gathering

	index  int
	asking bool // has something in asked
	ended  bool
}

// An ask is one request that waits for others.
type ask struct {
	operation *operation
	ctx       context.Context // of who asks
	request   *Request        // nil: it stays a $batch when it is alone
	call      call
	result    Result
	done      chan struct{} // closed when there is a result
}

// operationKey finds the operation in a context: a context may have one of each client.
type operationKey struct{ client *Client }

// operation is that of the context; nil when there is none. A rehearsal shares nothing:
// most of what it asks is not sent.
func (c *Client) operation(ctx context.Context) *operation {
	if Rehearsing(ctx) {
		return nil
	}
	o, _ := ctx.Value(operationKey{c}).(*operation)
	return o
}

func (g *gathering) work(do func(context.Context, int)) {
	defer g.leave()
	for o := g.begin(); o != nil; o = g.begin() {
		o.run(do)
	}
}

// begin takes the next operation; nil when there is none left.
func (g *gathering) begin() *operation {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left == 0 {
		return nil
	}
	o := &operation{gathering: g, index: g.begun}
	g.begun, g.left = g.begun+1, g.left-1
	return o
}

func (o *operation) run(do func(context.Context, int)) {
	defer func() { o.end(recover()) }()
	do(context.WithValue(o.ctx, operationKey{o.client}, o), o.index)
}

// end lets nothing that the operation left running be waited for.
func (o *operation) end(panicked any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.stopAsking()
	if panicked != nil { // whoever recovers it sees the stack of Together
		zerolog.Ctx(o.ctx).Error().Int("operation", o.index).Str("stack", string(debug.Stack())).Msg("panic")
		o.left, o.panicked = 0, panicked
	}
}

// leave makes nobody wait for a worker that has no operation left.
func (g *gathering) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.sendIfComplete()
}

func (o *operation) stopAsking() {
	if o.asking {
		o.asking = false
		o.waiting--
	}
}

func (o *operation) add(asks []*ask) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended || len(asks) == 0 {
		return false
	}
	if len(o.asked) == 0 {
		round := o.round
		time.AfterFunc(o.client.options.Linger, func() { o.lapse(round) })
	}
	o.asked = append(o.asked, asks...)
	if !o.asking {
		o.asking = true
		o.waiting++
	}
	o.sendIfComplete()
	return true
}

// lapse sends what waited long enough for an operation that asks for nothing: it may
// be waiting for one of those that wait for it.
func (g *gathering) lapse(round int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.round == round {
		g.sendAll()
	}
}

func (g *gathering) sendIfComplete() {
	if g.waiting == g.running {
		g.sendAll()
	}
}

// sendAll sends what was asked, in the order of the operations.
func (g *gathering) sendAll() {
	asks := g.asked
	g.asked, g.round = nil, g.round+1
	slices.SortStableFunc(asks, func(a, b *ask) int { return cmp.Compare(a.operation.index, b.operation.index) })
	b := g.client.newBatch(Parallel, len(asks))
	for i, a := range asks {
		a.operation.stopAsking()
		b.calls[i] = a.call
	}
	for _, chunk := range b.chunks() {
		g.sends.Go(func() { g.send(b, chunk, asks) })
	}
}

// send sends a chunk of the asks and tells them the results.
func (g *gathering) send(b *batch, chunk []int, asks []*ask) {
	g.slots <- struct{}{}
	if first := asks[chunk[0]]; len(chunk) == 1 && first.request != nil {
		if response, err := g.client.alone(first.ctx, *first.request); err != nil {
			first.result.Err = err
		} else {
			first.result.Response = *response
		}
	} else {
		g.sendBatch(b, chunk, asks)
	}
	<-g.slots
	for _, i := range chunk {
		close(asks[i].done)
	}
}

// sendBatch sends a $batch, for as long as anybody waits for it.
func (g *gathering) sendBatch(b *batch, chunk []int, asks []*ask) {
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	var gone atomic.Int32
	for _, i := range chunk {
		stop := context.AfterFunc(asks[i].ctx, func() {
			if int(gone.Add(1)) == len(chunk) {
				cancel()
			}
		})
		defer stop()
	}
	b.run(ctx, chunk)
	for _, i := range chunk {
		asks[i].result = b.results[i]
	}
}
