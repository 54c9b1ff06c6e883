package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"entrascim/internal/graph/pace"
)

// An advice says what to do after a failed attempt.
type advice int

const (
	stop        advice = iota
	again              // send it again
	againAfresh        // on a new connection
)

// advise decides by the failure. What Graph says it did not do (429, 503, a
// concurrent change) is sent again in any case; where nobody knows (a lost answer, a
// gateway's time-out) only when doing it twice does no harm.
func advise(err error, repeatable bool) advice {
	var refusal *Refusal
	var signIn *signInError
	var lost *lostError
	switch {
	case errors.Is(err, context.Canceled):
		return stop
	case errors.As(err, &refusal):
		return refusal.advice(repeatable)
	case errors.As(err, &signIn):
		if signIn.passing() {
			return again
		}
	case errors.As(err, &lost):
		if neverTrusted(err) {
			return stop
		}
		if repeatable || neverSent(err) {
			return againAfresh
		}
	}
	return stop
}

func (r *Refusal) advice(repeatable bool) advice {
	switch r.Status {
	case http.StatusTooManyRequests:
		return again
	case http.StatusServiceUnavailable:
		return againAfresh
	case http.StatusConflict:
		if r.Code == codeConcurrency {
			return again
		}
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		if repeatable {
			return againAfresh
		}
	}
	return stop
}

// tokenRefused tells whether Graph did not take the access token.
func tokenRefused(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Status == http.StatusUnauthorized
}

// neverSent tells whether the connection failed before it was one.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// neverTrusted tells whether the server's certificate is not accepted, which no
// retry changes.
func neverTrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate)
}

// A budget is what one call may cost before it fails. It is for one goroutine.
type budget struct {
	pace.Patience

	doubt bool // an attempt may have been done, though it failed
}

func (c *Client) newBudget() *budget {
	return &budget{Patience: c.pacer.Patience(c.options.Retries, c.options.Patience)}
}

// adopt takes what was used by somebody who went on with a copy of the budget, or of
// one like it.
func (b *budget) adopt(used budget) {
	b.Adopt(used.Patience)
	b.doubt = b.doubt || used.doubt
}
