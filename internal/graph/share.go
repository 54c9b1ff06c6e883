package graph

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// do is Client.Do within an operation.
func (o *operation) do(ctx context.Context, r Request) (*Response, error) {
	k, err := build("", r)
	if err != nil {
		return nil, err
	}
	results, shared := o.share(ctx, []call{k}, &r)
	switch {
	case !shared:
		return o.client.alone(ctx, r)
	case results[0].Err != nil:
		return nil, results[0].Err
	}
	return &results[0].Response, nil
}

// join is Batch within an operation. It tells when the batch has to be sent by itself.
func (o *operation) join(ctx context.Context, b *batch) bool {
	if b.order == Sequential {
		return o.inTurn(ctx, b)
	}
	results, shared := o.share(ctx, b.calls, nil)
	if shared {
		b.results = results
	}
	return shared
}

// inTurn sends a sequence a step at a time, where that is likely to cost fewer requests
// than a $batch for each operation.
func (o *operation) inTurn(ctx context.Context, b *batch) bool {
	chunks := b.chunks()
	if len(chunks) != 1 || len(b.calls) >= o.atOnce() {
		return false
	}
	for i := range b.calls {
		results, shared := o.share(ctx, b.calls[i:i+1], nil)
		if !shared {
			b.run(ctx, chunks[0][i:])
			return true
		}
		b.results[i] = results[0]
		if b.results[i].Err != nil {
			b.skip(chunks[0][i+1:])
			return true
		}
	}
	return true
}

// atOnce is how many operations are under way.
func (g *gathering) atOnce() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running
}

// share sends calls together with those of other operations. It tells when that
// cannot be: they are not sent then.
func (o *operation) share(ctx context.Context, calls []call, request *Request) ([]Result, bool) {
	if slices.ContainsFunc(calls, func(k call) bool { return !k.batchable() }) {
		return nil, false
	}
	asks := make([]*ask, len(calls))
	for i, k := range calls {
		asks[i] = &ask{operation: o, ctx: ctx, request: request, call: k, done: make(chan struct{})}
	}
	if !o.add(asks) { //nolint:contextcheck // a batch of all has the context of all
		return nil, false
	}
	results := make([]Result, len(asks))
	for i, a := range asks {
		results[i] = a.wait()
	}
	return results, true
}

// batchable tells whether the call neither fills nor spoils a $batch.
func (k call) batchable() bool {
	return len(k.body) <= maxBatchBytes && (k.body == nil || jsontext.Value(k.body).IsValid())
}

// wait gives the result, or the fault of a caller who cannot wait for it: what was
// sent may be done.
func (a *ask) wait() Result {
	select {
	case <-a.done:
		return a.result
	case <-a.ctx.Done():
		err := unanswered(a.ctx, &lostError{a.ctx.Err()})
		if !a.withdraw() {
			err = unknown(a.call, err)
		}
		return Result{Err: err}
	}
}

// withdraw takes an ask back that was not sent.
func (a *ask) withdraw() bool {
	o := a.operation
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.Index(o.asked, a)
	if i < 0 {
		return false
	}
	o.asked = slices.Delete(o.asked, i, i+1)
	if !slices.ContainsFunc(o.asked, func(other *ask) bool { return other.operation == o }) {
		o.stopAsking()
	}
	return true
}
