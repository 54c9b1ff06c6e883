package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/hlog"

	"entrascim/internal/calls"
	"entrascim/internal/fault"
)

const (
	// maxTold bounds how many of Graph's request-ids a log line has.
	maxTold = 20
	// maxCause bounds the text of a cause in a log line, in bytes.
	maxCause = 4 << 10
)

// record gives the request a logger and writes one line about it when it has
// been answered. A line names the route, never the path: ids, filters and bodies
// are personal data.
func record(log zerolog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		next = hlog.AccessHandler(line)(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			l := log.With().Str("request_id", ticketOf(r).id).Logger()
			next.ServeHTTP(w, r.WithContext(l.WithContext(r.Context())))
		})
	}
}

func line(r *http.Request, status, size int, took time.Duration) {
	t := ticketOf(r)
	err := t.outcome.Err()
	e := hlog.FromRequest(r).WithLevel(level(r, status, err))
	e.Str("method", method(r)).Str("route", route(r)).Int("status", status).
		Dur("duration_ms", took).Int("bytes", size)
	if t.caller.Tenant != nil {
		e.Str("tenant", t.caller.Tenant.Name).Str("client", t.caller.Name)
	}
	if t.outcome.DryRun() {
		e.Bool("dryRun", true)
	}
	tellCalls(e, t.calls.Calls())
	if err != nil {
		tellFault(e, fault.From(err))
	}
	e.Msg("request")
}

// route is the pattern that the request matched; "" when it matched none.
func route(r *http.Request) string {
	return strings.TrimSuffix(chi.RouteContext(r.Context()).RoutePattern(), "/*")
}

// method is the request's when it is one that HTTP defines: it is a client's
// text otherwise.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return unknownMethod
}

const unknownMethod = "other"

func level(r *http.Request, status int, err error) zerolog.Level {
	switch {
	case errors.Is(err, context.Canceled):
		return zerolog.InfoLevel // the client went away
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented, err != nil && status < http.StatusBadRequest:
		return zerolog.ErrorLevel
	case strings.HasSuffix(route(r), "z") && err == nil:
		return zerolog.DebugLevel // a probe, every few seconds
	}
	return zerolog.InfoLevel
}

// tellCalls tells what the request cost, and how to find that at Microsoft.
func tellCalls(e *zerolog.Event, made []calls.Call) {
	var took time.Duration
	var ids []string
	shared := 0
	for _, c := range made {
		took += c.Took
		if c.Shared {
			shared++
		}
		if c.RequestID != "" && len(ids) < maxTold {
			ids = append(ids, c.RequestID)
		}
	}
	e.Int("graph_calls", len(made)-shared)
	if shared > 0 {
		e.Int("graph_calls_shared", shared)
	}
	if len(made) > 0 {
		e.Dur("graph_ms", took).Strs("graph_request_ids", ids)
	}
}

// tellFault tells the kind of the fault and its internal cause. The detail was
// written for the client and may repeat what the client sent: it stays out.
func tellFault(e *zerolog.Event, f *fault.Error) {
	kind := f.SCIMType()
	if kind == "" {
		kind = http.StatusText(f.Status())
	}
	e.Str("fault", kind)
	if f.RequestID != "" {
		e.Str("fault_request_id", f.RequestID)
	}
	if f.Err != nil {
		cause := f.Err.Error()
		e.Str("cause", cause[:min(len(cause), maxCause)])
	}
}
