package scim

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

const (
	mediaType   = "application/scim+json"
	errorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"

	// unknownRetry is what a client that must wait is told when nobody knows
	// how long.
	unknownRetry = 5 * time.Second
)

// Outcome takes what the request log tells of a request besides its status. It
// is safe for concurrent use.
type Outcome struct {
	mu     sync.Mutex
	err    error
	dryRun bool
}

type outcomeKey struct{}

// NewContext gives a context whose requests report to o.
func NewContext(ctx context.Context, o *Outcome) context.Context {
	return context.WithValue(ctx, outcomeKey{}, o)
}

// Err is the error that the client was answered with, or that broke the answer
// off; nil when there was none.
func (o *Outcome) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// DryRun tells whether the request was answered without doing it.
func (o *Outcome) DryRun() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dryRun
}

// noteDryRun notes that the request is answered so.
func noteDryRun(ctx context.Context) {
	if o, ok := ctx.Value(outcomeKey{}).(*Outcome); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.dryRun = true
	}
}

// Fail notes the error that the client was answered with.
func (o *Outcome) Fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

func note(ctx context.Context, err error) {
	if o, ok := ctx.Value(outcomeKey{}).(*Outcome); ok {
		o.Fail(err)
	}
}

// WriteError answers with the error (RFC 7644 section 3.12) and notes it for the
// request log. It is the one function that writes an error response.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	note(r.Context(), err)
	f := fault.From(err)
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Del("Content-Length")
	if wait := retryAfter(f); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	w.WriteHeader(f.Status())
	// A client that is gone can not be told that it is.
	_, _ = w.Write(errorBody(f)) //nolint:gosec // JSON, with every text quoted
}

func retryAfter(f *fault.Error) time.Duration {
	wait := f.Kind == fault.Throttled || f.Kind == fault.Unavailable
	if f.RetryAfter <= 0 && wait {
		return unknownRetry
	}
	return f.RetryAfter
}

// errorBody is the error message; status is a string (RFC 7644 section 3.12).
func errorBody(f *fault.Error) []byte {
	text := func(b []byte, s string) []byte {
		b, _ = jsontext.AppendQuote(b, s) // what is not UTF-8 is replaced
		return b
	}
	b := append([]byte(nil), `{"schemas":["`+errorSchema+`"],"status":"`...)
	b = append(strconv.AppendInt(b, int64(f.Status()), 10), '"')
	if t := f.SCIMType(); t != "" {
		b = text(append(b, `,"scimType":`...), t)
	}
	if detail := f.Public(); detail != "" {
		b = text(append(b, `,"detail":`...), detail)
	}
	return append(b, "}\n"...)
}
