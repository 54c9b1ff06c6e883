package graph

import (
	"errors"

	"entrascim/internal/fault"
)

// A doubtError is the cause of a fault after which nobody knows whether the change
// was made.
type doubtError struct{ err error }

func (e *doubtError) Error() string { return e.err.Error() }
func (e *doubtError) Unwrap() error { return e.err }

// InDoubt tells whether the change that failed with err may have been made all the
// same: the answer to it was lost, and doing it twice would do harm.
func InDoubt(err error) bool {
	var doubt *doubtError
	return errors.As(err, &doubt)
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
