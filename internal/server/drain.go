package server

import (
	"io"
	"net/http"
	"time"
)

const (
	// maxDrain bounds how much is read, in bytes, of a body that nobody wanted.
	maxDrain = 16 << 20
	// drainTime bounds how long that may take.
	drainTime = 10 * time.Second
)

// drain reads what was left of the request's body when it was answered. A client
// that sends all of a body before it looks for the answer would find a broken
// connection instead of learning that its body is too large. A client that waits
// to be told to send (Expect: 100-continue) is not told to.
func drain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &watched{ReadCloser: r.Body}
		sent := r.Body
		r.Body = body
		next.ServeHTTP(w, r)
		if body.ended || r.Header.Get("Expect") != "" && !body.touched {
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime)) // the server's own bounds it otherwise
		_, _ = io.CopyN(io.Discard, sent, maxDrain)                                  // the answer is what it is
	})
}

// watched is a body that knows how far it was read.
type watched struct {
	io.ReadCloser

	touched, ended bool
}

// Read reads the body.
func (b *watched) Read(p []byte) (int, error) {
	b.touched = true
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err != nil
	return n, err
}
