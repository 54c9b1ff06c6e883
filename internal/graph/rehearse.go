package graph

import (
	"context"
	"errors"
	"net/http"

	abs "github.com/microsoft/kiota-abstractions-go"
)

// errRehearsed is the failure of a request that would have changed something in spite
// of a rehearsal. There is no way to it.
var errRehearsed = errors.New("graph: a rehearsal sends nothing that changes the directory")

// rehearse is alone for a request that is not sent.
func (c *Client) rehearse(ctx context.Context, r *Rehearsal, k call, request Request) (*Response, error) {
	if err := c.there(ctx, k, request); err != nil {
		return nil, err
	}
	res := r.perform(k, c.base.String())
	return &res, nil
}

// there fails as Graph does when what is to be deleted, or signed out, is not there:
// such requests are sent without a look at it before.
func (c *Client) there(ctx context.Context, k call, request Request) error {
	path := request.Path
	switch {
	case k.method == abs.DELETE && k.wholeObject():
	case path == "/users/{id}/revokeSignInSessions":
		path = "/users/{id}"
	default:
		return nil
	}
	_, err := c.alone(ctx, Request{Path: path, Params: request.Params, Query: Query{Select: []string{"id"}}})
	return err
}

// rehearse is the batch in a rehearsal: its reads are sent, in batches of their own and
// before what is not sent.
func (b *batch) rehearse(ctx context.Context, r *Rehearsal, requests []Request) {
	b.readFirst(ctx, r)
	failed := false
	for i, k := range b.calls {
		if k.reads {
			if res, is := r.shown(k); is { // made by this batch, perhaps
				b.settle(i, res)
			}
		} else if failed {
			b.settle(i, Response{Status: http.StatusFailedDependency})
		} else if err := b.client.there(ctx, k, requests[i]); err != nil {
			b.results[i].Err = err
		} else {
			b.settle(i, r.perform(k, ""))
		}
		failed = failed || b.order == Sequential && b.results[i].Err != nil
	}
}

// readFirst sends the reads, but for those of what was not made.
func (b *batch) readFirst(ctx context.Context, r *Rehearsal) {
	var at []int
	reads := b.client.newBatch(b.order, 0)
	for i, k := range b.calls {
		if _, is := r.shown(k); k.reads && !is {
			at = append(at, i)
			reads.calls = append(reads.calls, k)
		}
	}
	reads.results, reads.doubt = make([]Result, len(at)), make([]bool, len(at))
	reads.send(ctx)
	for n, i := range at {
		b.results[i] = reads.results[n]
	}
}
