package server

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/google/uuid"

	"entrascim/internal/auth"
	"entrascim/internal/calls"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
)

const requestIDHeader = "X-Request-Id"

// maxRequestID bounds the request id that a client or proxy may give.
const maxRequestID = 64

// ticket is what is known of a request while it is answered.
type ticket struct {
	id      string
	caller  auth.Client // its Tenant is nil until it is known
	mounted string      // where SCIM is for the caller, when not at Root
	calls   calls.Log
	outcome scim.Outcome
	crowded bool // see Options.Crowded
}

type ticketKey struct{}

func ticketOf(r *http.Request) *ticket {
	t, ok := r.Context().Value(ticketKey{}).(*ticket)
	if !ok {
		return &ticket{}
	}
	return t
}

// Caller is the client that sent the request, as it was authenticated on its way
// to SCIM.
func Caller(r *http.Request) auth.Client { return ticketOf(r).caller }

// requestID gives the request an id that its answer, its log line and, when
// something failed, its sender share. One that came with the request is kept
// when it is harmless in a log.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &ticket{id: r.Header.Get(requestIDHeader)}
		if !sane(t.id) {
			t.id = uuid.NewString()
		}
		w.Header().Set(requestIDHeader, t.id)
		ctx := context.WithValue(r.Context(), ticketKey{}, t)
		ctx = calls.NewContext(scim.NewContext(ctx, &t.outcome), &t.calls)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func sane(id string) bool {
	for i := range len(id) {
		c := id[i]
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alphanumeric && c != '-' && c != '_' && c != '.' && c != ':' {
			return false
		}
	}
	return id != "" && len(id) <= maxRequestID
}

// harden sets the headers that keep an answer from being stored, guessed at or
// shown in a page.
func harden(next http.Handler) http.Handler {
	always := http.Header{ // its values are shared by all answers, and changed by none
		"Cache-Control":           {"no-store"},
		"X-Content-Type-Options":  {"nosniff"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
		"Referrer-Policy":         {"no-referrer"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), always)
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

func limitURL(most int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.RequestURI) > most {
				scim.WriteError(w, r, fault.New(fault.TooLarge, "The URL is longer than %d bytes.", most))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// limitTime ends what the request asked for when the time is over.
func limitTime(most time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), most)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// closeCrowded closes a connection that there is no place for after its answer.
func closeCrowded(crowded func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if crowded != nil && crowded(r) {
				ticketOf(r).crowded = true
				w.Header().Set("Connection", "close")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// limitRequests refuses a request when so many are being answered already, or so many
// connections open.
func limitRequests(most int) func(http.Handler) http.Handler {
	slots := make(chan struct{}, most)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ticketOf(r).crowded {
				busy(w, r, "The gateway has as many connections open as it can.")
				return
			}
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				next.ServeHTTP(w, r)
			default:
				busy(w, r, "The gateway is answering as many requests as it can.")
			}
		})
	}
}

func busy(w http.ResponseWriter, r *http.Request, detail string) {
	f := fault.New(fault.Unavailable, "%s", detail)
	f.RetryAfter = time.Second
	scim.WriteError(w, r, f)
}
