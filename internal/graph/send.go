package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/rs/zerolog"

	"entrascim/internal/calls"
	"entrascim/internal/fault"
	"entrascim/internal/graph/pace"
)

// exchange sends a call until it is answered, refused for good, or out of budget.
// The response's body aliases buf.
func (c *Client) exchange(ctx context.Context, k call, buf *bytes.Buffer, b *budget) (*Response, error) {
	defer c.flights.changed(k)
	res, err := c.persist(ctx, k, buf, b)
	if err != nil {
		return nil, unknown(k, err)
	}
	return res, nil
}

// persist is exchange, but that its error leaves open whether the call was done.
func (c *Client) persist(ctx context.Context, k call, buf *bytes.Buffer, b *budget) (*Response, error) {
	client, renewed := c.kept, false
	for {
		used := c.tokens.credential()
		res, err := c.attempt(ctx, client, k, buf, b)
		if b.doubt && k.alreadyDone(err) {
			return &Response{Status: http.StatusNoContent}, nil
		}
		if err == nil {
			return res, nil
		}
		if tokenRefused(err) && !renewed {
			renewed = true
			if err := c.tokens.renew(used); err != nil {
				return nil, fault.Wrap(err, fault.Unavailable, "The gateway cannot sign in to the directory.")
			}
			continue
		}
		advice := advise(err, k.repeatable)
		b.doubt = b.doubt || uncertain(err)
		if advice == stop {
			return nil, err
		}
		if err := b.Wait(ctx, err); err != nil {
			return nil, err
		}
		if advice == againAfresh {
			client = c.fresh
		}
	}
}

// alreadyDone tells whether a failure means that an attempt before did the call.
func (k call) alreadyDone(err error) bool {
	return k.method == abs.DELETE && fault.Is(err, fault.NotFound)
}

// uncertain tells whether Graph may have done what was asked, though the attempt
// failed: it is what is sent again only when that does no harm.
func uncertain(err error) bool { return advise(err, true) != stop && advise(err, false) == stop }

// unknown makes the fault of a call that was not sent again for this say so.
func unknown(k call, err error) error {
	if k.repeatable || !uncertain(err) {
		return err
	}
	f := *fault.From(err)
	f.Detail += " It is not known whether the change was made."
	f.Err = &doubtError{err}
	if f.Kind == fault.Unavailable { // it would say that the client may simply repeat it
		f.Kind, f.RetryAfter = fault.Timeout, 0
	}
	return &f
}

// attempt sends a call once, when it is its turn.
func (c *Client) attempt(ctx context.Context, client *http.Client, k call, buf *bytes.Buffer, b *budget) (*Response, error) {
	if Rehearsing(ctx) && !k.reads {
		return nil, errRehearsed
	}
	t, err := b.Turn(ctx, k.load)
	if err != nil {
		return nil, err
	}
	res, clientID, err := c.inTurn(ctx, client, k, t, buf)
	entry := calls.Call{Method: k.method.String(), Route: k.route, Took: c.options.Now().Sub(t.At())}
	if res != nil {
		entry.Status, entry.RequestID = res.Status, res.RequestID
	}
	calls.FromContext(ctx).Add(entry)
	zerolog.Ctx(ctx).Debug().Str("method", entry.Method).Str("route", entry.Route).Int("status", entry.Status).
		Str("requestId", entry.RequestID).Str("clientRequestId", clientID).Dur("took", entry.Took).Err(err).Msg("graph")
	switch {
	case err != nil:
		return nil, unanswered(ctx, err)
	case res.Status < 200 || res.Status > 299:
		return nil, refuse(res, pace.RetryAfter(res.Header, c.options.Now()))
	}
	return res, nil
}

// inTurn is roundTrip for a turn, which it ends.
func (c *Client) inTurn(ctx context.Context, client *http.Client, k call, t pace.Turn, buf *bytes.Buffer) (res *Response, clientID string, err error) {
	defer func() { c.pacer.End(ctx, t, answerOf(res, err)) }()
	bounded, cancel := context.WithTimeout(undated{ctx}, c.options.Timeout)
	defer cancel()
	return c.roundTrip(bounded, client, k, buf) //nolint:contextcheck // it is the caller's, see undated
}

// answerOf is what an attempt tells the pacer. Res is the answer, or its head when the
// rest was lost; without both it panicked.
func answerOf(res *Response, err error) pace.Answer {
	var signIn *signInError
	a := pace.Answer{Err: err}
	if res != nil {
		a.Status, a.Header = res.Status, res.Header
		if _, tooLarge := errors.AsType[*fault.Error](err); tooLarge {
			a.Err = nil
		}
	}
	a.Ours = errors.As(err, &signIn) && !signIn.passing() || neverTrusted(err)
	return a
}

// roundTrip is the HTTP exchange. It fails only when there was no whole answer;
// then the response, if there is one, has no body.
func (c *Client) roundTrip(ctx context.Context, client *http.Client, k call, buf *bytes.Buffer) (*Response, string, error) {
	req, err := c.native(ctx, k)
	if err != nil {
		return nil, "", err
	}
	answer, err := client.Do(req)
	if err != nil {
		return nil, "", newLostError(err)
	}
	defer answer.Body.Close()
	clientID := answer.Request.Header.Get("Client-Request-Id")
	res := &Response{Status: answer.StatusCode, Header: answer.Header, RequestID: answer.Header.Get("Request-Id")}
	buf.Reset()
	n, err := io.Copy(buf, io.LimitReader(answer.Body, c.options.MaxBody+1))
	switch {
	case err != nil:
		return res, clientID, &lostError{err}
	case n > c.options.MaxBody:
		return res, clientID, fault.New(fault.BadGateway, "The directory's answer is too large.")
	case n > 0:
		res.Body = jsontext.Value(buf.Bytes())
	}
	return res, clientID, nil
}

// native makes the HTTP request that carries the token.
func (c *Client) native(ctx context.Context, k call) (*http.Request, error) {
	info := abs.NewRequestInformation()
	info.Method = k.method
	info.SetUri(*k.url)
	info.Headers.TryAdd("Accept", "application/json")
	if k.body != nil {
		info.SetStreamContentAndContentType(k.body, "application/json")
	}
	if k.advanced {
		info.Headers.TryAdd("ConsistencyLevel", "eventual")
	}
	converted, err := c.adapter.ConvertToNativeRequest(ctx, info)
	if err != nil {
		return nil, err
	}
	req, ok := converted.(*http.Request)
	if !ok {
		return nil, fmt.Errorf("the request adapter made a %T", converted)
	}
	req.Header["User-Agent"] = c.userAgent
	k.load.Tell(ctx, req.Header)
	if k.body != nil { // the adapter leaves both out, and HTTP would chunk the body and could not resend it
		req.ContentLength = int64(len(k.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(k.body)), nil }
	}
	return req, nil
}

// A lostError is a connection that failed before the whole answer was there.
type lostError struct{ err error }

// newLostError leaves the URL out, which holds ids and what was searched for.
func newLostError(err error) *lostError {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return &lostError{err}
}

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// unanswered makes the fault of an attempt that got no whole answer.
func unanswered(ctx context.Context, err error) error {
	var signIn *signInError
	var f *fault.Error
	switch {
	case ctx.Err() != nil:
		return fault.Wrap(errors.Join(ctx.Err(), err), fault.Timeout, "The directory did not answer in time.")
	case errors.As(err, &f):
		return err
	case errors.As(err, &signIn):
		return fault.Wrap(err, fault.Unavailable, "The gateway cannot sign in to the directory.")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(err, fault.Timeout, "The directory did not answer in time.")
	}
	return fault.Wrap(err, fault.Unavailable, "The gateway cannot reach the directory.")
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
