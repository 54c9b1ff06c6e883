package graph

import "errors"

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
