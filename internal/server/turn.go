package server

import (
	"net/http"
	"runtime"
	"time"
)

const (
	// longPart is how large a part of an answer is, in bytes, that only a long one has.
	longPart = 8 << 10
	// turnsOfProcessor is how many have a turn for each processor: while one is written
	// to its client another is made.
	turnsOfProcessor = 2
	// longestTurn is how long a turn lasts: some times what a page of 999 users takes.
	longestTurn = 50 * time.Millisecond
)

// takeTurns lets only as many long answers be made at once as keep the processors busy;
// the others wait. Whatever can run is given 10 ms before the next one by Go's
// scheduler: with a hundred lists at once a request for health, which takes a few such
// rounds, takes a second. So a long answer lets others go first after each part, too;
// that alone would have a hundred of them half made, and all their memory taken.
//
// A turn ends by itself, so that nobody has one for long whose client is slow or who
// waits for the directory; the rest of the answer goes on without.
func takeTurns(next http.Handler) http.Handler {
	places := make(chan struct{}, turnsOfProcessor*runtime.GOMAXPROCS(0))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &turn{ResponseWriter: w, places: places, gone: r.Context().Done()}
		defer t.end()
		next.ServeHTTP(t, r)
	})
}

// A turn is taken by an answer when it proves long.
type turn struct {
	http.ResponseWriter

	places chan struct{}
	gone   <-chan struct{}
	over   *time.Timer // gives the place back; nil: there was no turn yet
}

// Write writes a part of the answer.
func (t *turn) Write(part []byte) (int, error) {
	switch {
	case len(part) < longPart:
	case t.over == nil:
		t.take()
	default:
		runtime.Gosched()
	}
	return t.ResponseWriter.Write(part)
}

func (t *turn) take() {
	select {
	case t.places <- struct{}{}:
		t.over = time.AfterFunc(longestTurn, func() { <-t.places })
	case <-t.gone: // so there is nothing to be made
	}
}

func (t *turn) end() {
	if t.over != nil && t.over.Stop() {
		<-t.places
	}
}

// Unwrap is for http.ResponseController.
func (t *turn) Unwrap() http.ResponseWriter { return t.ResponseWriter }
