// Package fault is the error vocabulary of the gateway: what can go wrong, said
// in a SCIM client's terms. Every package that fails towards a client returns a
// *Error; the table here alone knows which HTTP status and scimType a kind has
// (RFC 7644 section 3.12, RFC 9865 section 2.2).
package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Kind says what went wrong. Programs act on the kind, never on a text.
type Kind int

// The kinds. The zero Kind is Internal, so that an error nobody classified tells
// the client nothing.
const (
	Internal Kind = iota
	InvalidFilter
	TooMany
	Uniqueness
	Mutability
	InvalidSyntax
	InvalidPath
	NoTarget
	InvalidValue
	InvalidVersion
	Sensitive
	InvalidCursor
	ExpiredCursor
	InvalidCount
	Unauthenticated
	Forbidden
	NotFound
	MethodNotAllowed
	NotAcceptable
	UnsupportedMediaType
	Conflict
	PreconditionFailed
	TooLarge
	Throttled
	NotImplemented
	BadGateway
	Unavailable
	Timeout
	kindCount
)

func table() [kindCount]struct {
	status   int
	scimType string
} {
	return [kindCount]struct {
		status   int
		scimType string
	}{
		Internal:             {http.StatusInternalServerError, ""},
		InvalidFilter:        {http.StatusBadRequest, "invalidFilter"},
		TooMany:              {http.StatusBadRequest, "tooMany"},
		Uniqueness:           {http.StatusConflict, "uniqueness"},
		Mutability:           {http.StatusBadRequest, "mutability"},
		InvalidSyntax:        {http.StatusBadRequest, "invalidSyntax"},
		InvalidPath:          {http.StatusBadRequest, "invalidPath"},
		NoTarget:             {http.StatusBadRequest, "noTarget"},
		InvalidValue:         {http.StatusBadRequest, "invalidValue"},
		InvalidVersion:       {http.StatusBadRequest, "invalidVers"},
		Sensitive:            {http.StatusForbidden, "sensitive"},
		InvalidCursor:        {http.StatusBadRequest, "invalidCursor"},
		ExpiredCursor:        {http.StatusBadRequest, "expiredCursor"},
		InvalidCount:         {http.StatusBadRequest, "invalidCount"},
		Unauthenticated:      {http.StatusUnauthorized, ""},
		Forbidden:            {http.StatusForbidden, ""},
		NotFound:             {http.StatusNotFound, ""},
		MethodNotAllowed:     {http.StatusMethodNotAllowed, ""},
		NotAcceptable:        {http.StatusNotAcceptable, ""},
		UnsupportedMediaType: {http.StatusUnsupportedMediaType, ""},
		Conflict:             {http.StatusConflict, ""},
		PreconditionFailed:   {http.StatusPreconditionFailed, ""},
		TooLarge:             {http.StatusRequestEntityTooLarge, ""},
		Throttled:            {http.StatusTooManyRequests, ""},
		NotImplemented:       {http.StatusNotImplemented, ""},
		BadGateway:           {http.StatusBadGateway, ""},
		Unavailable:          {http.StatusServiceUnavailable, ""},
		Timeout:              {http.StatusGatewayTimeout, ""},
	}
}

// Error is a failure that a client is told about.
type Error struct {
	Kind       Kind
	Detail     string        // written for the client; names SCIM attributes, never a secret
	RequestID  string        // Graph's request-id, when Graph refused
	RetryAfter time.Duration // for Throttled and Unavailable; 0: not known
	Err        error         // written for the log; never leaves the process
}

// New makes an Error whose detail is the formatted text.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error that keeps cause for the log.
func Wrap(cause error, kind Kind, format string, args ...any) *Error {
	e := New(kind, format, args...)
	e.Err = cause
	return e
}

// Error is the text for the log: the detail and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Detail
	}
	return e.Detail + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Status is the HTTP status of the kind.
func (e *Error) Status() int { return table()[e.kind()].status }

// SCIMType is the scimType of the kind, "" where RFC 7644 table 9 has none.
func (e *Error) SCIMType() string { return table()[e.kind()].scimType }

func (e *Error) kind() Kind {
	if e.Kind < 0 || e.Kind >= kindCount {
		return Internal
	}
	return e.Kind
}

// Public is the detail for the client, ending with Graph's request-id when there
// is one. An Internal error says nothing about itself.
func (e *Error) Public() string {
	detail := e.Detail
	if e.kind() == Internal {
		detail = "The gateway failed to answer this request."
	}
	if e.RequestID != "" {
		detail += " (Graph request-id " + e.RequestID + ")"
	}
	return detail
}

// From classifies any error: a *Error anywhere in its chain is taken as it is, a
// context's end becomes Timeout, everything else is Internal.
func From(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Wrap(err, Timeout, "The directory did not answer in time.")
	}
	return &Error{Err: err}
}

// Is tells whether err is a fault of the kind.
func Is(err error, kind Kind) bool {
	e, is := errors.AsType[*Error](err)
	return is && e.kind() == kind
}

// Clip makes foreign text fit for a log line: bounded, without control characters.
func Clip(s string) string {
	const longest = 500
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}
