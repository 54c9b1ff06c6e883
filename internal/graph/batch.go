package graph

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"entrascim/internal/fault"
	"entrascim/internal/graph/pace"
)

// maxBatchBytes bounds the bodies in one $batch, below the 4 MB that Graph takes in
// one request.
const maxBatchBytes = 3 << 20

// Batch sends any number of requests in as few HTTP requests as can be, and gives
// their results in the order of the requests.
//
// Parallel requests go out in up to Options.Parallel batches at once. Sequential ones
// wait for one another; after the first that is refused for good the others are not
// done, and their results say so with status 424.
//
// A request that Graph throttles inside a batch is sent again, after its own
// Retry-After, in a batch of those like it. What happened to a request is in its
// Result alone: the error of Batch itself means that nothing was sent, because a
// request could not be built.
func (c *Client) Batch(ctx context.Context, requests []Request, order Order) ([]Result, error) {
	b := c.newBatch(order, len(requests))
	for i, r := range requests {
		k, err := build("", r)
		if err != nil {
			return nil, err
		}
		if len(k.body) > maxBatchBytes {
			return nil, fault.New(fault.TooLarge, "A change is too large for the directory.")
		}
		b.calls[i] = k
	}
	if rehearsal := rehearsalOf(ctx); rehearsal != nil {
		b.rehearse(ctx, rehearsal, requests)
	} else if o := c.operation(ctx); o == nil || !o.join(ctx, b) {
		b.send(ctx)
	}
	return b.results, nil
}

// A batch is one run of Batch. Its chunks touch disjoint elements of results.
type batch struct {
	client  *Client
	order   Order
	calls   []call
	results []Result
	doubt   []bool // an attempt may have been done, though it failed
}

func (c *Client) newBatch(order Order, n int) *batch {
	return &batch{client: c, order: order, calls: make([]call, n), results: make([]Result, n), doubt: make([]bool, n)}
}

// chunks cuts the requests into what one $batch can hold.
func (b *batch) chunks() [][]int {
	var all [][]int
	var chunk []int
	size := 0
	for i, k := range b.calls {
		if len(chunk) == MaxBatch || len(chunk) > 0 && size+len(k.body) > maxBatchBytes {
			all, chunk, size = append(all, chunk), nil, 0
		}
		chunk = append(chunk, i)
		size += len(k.body)
	}
	if len(chunk) > 0 {
		all = append(all, chunk)
	}
	return all
}

// send sends all of it, by itself.
func (b *batch) send(ctx context.Context) {
	if b.order == Sequential {
		b.inOrder(ctx)
	} else {
		b.atOnce(ctx)
	}
}

func (b *batch) atOnce(ctx context.Context) {
	var group errgroup.Group
	group.SetLimit(b.client.options.Parallel)
	for _, chunk := range b.chunks() {
		group.Go(func() error {
			b.run(ctx, chunk)
			return nil
		})
	}
	_ = group.Wait() // the functions return none: every failure is in the results
}

func (b *batch) inOrder(ctx context.Context) {
	failed := false
	for _, chunk := range b.chunks() {
		if failed {
			b.skip(chunk)
			continue
		}
		b.run(ctx, chunk)
		failed = b.results[chunk[len(chunk)-1]].Err != nil
	}
}

// skip gives requests the result that Graph gives to those whose predecessor failed.
func (b *batch) skip(chunk []int) {
	for _, i := range chunk {
		b.settle(i, Response{Status: http.StatusFailedDependency})
	}
}

// run sends the requests of a chunk until each is answered for good.
func (b *batch) run(ctx context.Context, pending []int) {
	budget := b.client.newBudget()
	for len(pending) > 0 {
		if err := b.once(ctx, pending, budget); err != nil {
			b.fail(pending, err)
			if b.order == Sequential {
				return // what follows a request that may not have been done cannot be sent again
			}
		}
		sent := len(pending)
		var worst error
		if pending, worst = b.unfinished(pending); worst == nil {
			return
		}
		if len(pending) < sent {
			budget.Renew() // it goes on, if slowly
		}
		if err := budget.Wait(ctx, worst); err != nil {
			b.giveUp(pending, err)
			return
		}
	}
}

// once sends one $batch and settles the results in it.
func (b *batch) once(ctx context.Context, pending []int, budget *budget) error {
	k, err := build(b.client.base.String(), Request{Method: http.MethodPost, Path: "/$batch"})
	if err != nil {
		return err
	}
	k.repeatable, k.reads = b.repeatable(pending), b.reads(pending)
	k.load = b.load(k, pending)
	if k.body, err = b.encode(pending); err != nil {
		return fault.Wrap(err, fault.InvalidValue, "A change is not valid JSON.")
	}
	if k.reads {
		return b.client.read(ctx, k, budget, func(res *Response) error { return b.decode(pending, res) })
	}
	defer b.client.flights.changed(k)
	res, err := b.client.persist(ctx, k, new(bytes.Buffer), budget)
	for _, i := range pending {
		b.doubt[i] = b.doubt[i] || budget.doubt
	}
	if err != nil {
		return err
	}
	return b.decode(pending, res)
}

// repeatable tells whether all of the requests are.
func (b *batch) repeatable(pending []int) bool {
	return !slices.ContainsFunc(pending, func(i int) bool { return !b.calls[i].repeatable })
}

// reads tells whether all of the requests do nothing else.
func (b *batch) reads(pending []int) bool {
	return !slices.ContainsFunc(pending, func(i int) bool { return !b.calls[i].reads })
}

// load is that of k, which sends the requests.
func (b *batch) load(k call, pending []int) pace.Load {
	return pace.Batch(k.route, k.reads, func(yield func(pace.Load) bool) {
		for _, i := range pending {
			if !yield(b.calls[i].load) {
				return
			}
		}
	})
}

// settle sets the result of request i from Graph's answer to it.
func (b *batch) settle(i int, res Response) {
	b.results[i] = Result{Response: res}
	if res.Status >= 200 && res.Status <= 299 {
		return
	}
	err := refuse(&res, pace.RetryAfter(res.Header, b.client.options.Now()))
	if b.doubt[i] && b.order == Parallel && b.calls[i].alreadyDone(err) {
		b.results[i] = Result{Response: Response{Status: http.StatusNoContent, RequestID: res.RequestID}}
		return
	}
	b.doubt[i] = b.doubt[i] || uncertain(err)
	b.results[i].Err = unknown(b.calls[i], err)
}

// fail gives requests an error instead of an answer. Of a sequence nobody knows how
// far it got.
func (b *batch) fail(pending []int, err error) {
	all := b.repeatable(pending)
	for _, i := range pending {
		k := b.calls[i]
		if b.order == Sequential {
			k.repeatable = all
		}
		b.results[i] = Result{Err: unknown(k, err)}
	}
}

// giveUp is for requests that would be sent again if there was time: each keeps what
// Graph said to it, and learns when to come back.
func (b *batch) giveUp(pending []int, last error) {
	after := fault.From(last).RetryAfter
	for _, i := range pending {
		b.results[i].Err = pace.ComeBack(fault.From(b.results[i].Err), after)
	}
}

// unfinished picks the requests to send again: those that Graph will do another
// time, and those that it did not do because they wait for one of them. Worst is the
// failure with the longest Retry-After, nil when there are none.
func (b *batch) unfinished(sent []int) (pending []int, worst error) {
	blocked := false // by an earlier one that is sent again
	for _, i := range sent {
		err := b.results[i].Err
		switch {
		case err == nil:
			continue
		case b.results[i].Status == http.StatusFailedDependency:
			if !blocked {
				continue
			}
		case advise(err, b.calls[i].repeatable) == stop:
			continue
		case worst == nil || retryAfterOf(err) > retryAfterOf(worst):
			worst = err
		}
		blocked = b.order == Sequential
		pending = append(pending, i)
	}
	return pending, worst
}

func retryAfterOf(err error) time.Duration {
	var f *fault.Error
	if !errors.As(err, &f) {
		return 0
	}
	return f.RetryAfter
}
