package vault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// A refusal is an error that somebody has to do something about: trying again at once
// does not help. Its text says what.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refused(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// hopeless tells whether trying again at once does not help.
func hopeless(err error) bool {
	_, is := errors.AsType[*refusal](err)
	_, taken := errors.AsType[*takenError](err)
	return is || taken
}

// plainly says what kept a request from being answered without the URL, which may be
// a secret, and without anything that the other side sent.
func plainly(err error) error {
	if outer, is := errors.AsType[*url.Error](err); is {
		err = outer.Err
	}
	var host *net.DNSError
	switch timeout := (interface{ Timeout() bool })(nil); {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("did not answer in time")
	case errors.As(err, &host):
		return errors.New("has a name that is not found")
	case isTLS(err):
		return errors.New("has a certificate that is not trusted")
	}
	return errors.New("cannot be reached")
}

// status says what an answer's status means to whoever runs the gateway; nil of a good
// one.
func status(code int, forbidden string) error {
	switch {
	case code/100 == 2:
		return nil
	case code == http.StatusTooManyRequests, code/100 == 5, code == http.StatusRequestTimeout:
		return fmt.Errorf("answered %d %s", code, http.StatusText(code))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return refused("refuses the gateway (%d): %s", code, forbidden)
	case code/100 == 3:
		return refused("redirects (%d), which is not followed: its URL must be the last one", code)
	}
	return refused("refused the request (%d %s)", code, http.StatusText(code))
}
