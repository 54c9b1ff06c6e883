package server

import (
	"net/http"
	"time"
)

// limitStall gives up a connection whose client takes nothing of its answer for so
// long. Until then the request holds its place, and the directory is asked no more:
// a list is written as it is read. However steadily the client reads, the answer
// ends that long after the request's time is over.
func limitStall(most, request time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&patient{ResponseWriter: w, most: most, end: time.Now().Add(request + most)}, r)
		})
	}
}

// patient moves the deadline on before it writes.
type patient struct {
	http.ResponseWriter

	most  time.Duration
	end   time.Time
	moved time.Time
}

// Write sends a part of the body.
func (p *patient) Write(b []byte) (int, error) {
	p.move()
	return p.ResponseWriter.Write(b)
}

// Flush sends what is buffered.
func (p *patient) Flush() {
	p.move()
	_ = http.NewResponseController(p.ResponseWriter).Flush() // the next Write has the error
}

// Unwrap is for http.ResponseController.
func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// move sets the deadline anew when a good part of it is over. Where deadlines are not
// known the server's own holds.
func (p *patient) move() {
	now := time.Now()
	if now.Sub(p.moved) < p.most/8 {
		return
	}
	p.moved = now
	deadline := now.Add(p.most)
	if deadline.After(p.end) {
		deadline = p.end
	}
	_ = http.NewResponseController(p.ResponseWriter).SetWriteDeadline(deadline)
}
