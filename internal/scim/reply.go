package scim

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// head is how many bytes of an answer are held back, so that an error that
// comes early still gets its own status.
const head = 32 << 10

// reply writes the body of a successful answer. It holds the head of it back;
// what fits the head whole is sent with its length.
type reply struct {
	w        http.ResponseWriter
	status   int
	location string                                         // "" none
	most     int                                            // bytes that are held back; 0: head
	whole    bool                                           // hold everything back
	stamp    func(body []byte) (stamped []byte, tag string) // of what was held back whole; nil: none
	held     []byte
	started  bool
	gone     error // why the client could not be written to
}

// encoder writes what the Readers and Writers make.
func (a *reply) encoder() *jsontext.Encoder { return newEncoder(a) }

// newEncoder does not look for duplicate names, which would cost a fifth of the
// time: Readers and Writers make none.
func newEncoder(to io.Writer) *jsontext.Encoder {
	return jsontext.NewEncoder(to, jsontext.AllowDuplicateNames(true))
}

// Write takes a part of the body.
func (a *reply) Write(part []byte) (int, error) {
	if a.started {
		return a.send(part)
	}
	if a.held == nil && len(part) >= maxPart { // of a list, and there will be more
		a.held = make([]byte, 0, max(a.most, head)+2*maxPart)
	}
	a.held = append(a.held, part...)
	if a.whole || len(a.held) <= max(a.most, head) {
		return len(part), nil
	}
	return len(part), a.start()
}

func (a *reply) start() error {
	a.started = true
	a.header()
	a.w.WriteHeader(a.status)
	_, err := a.send(a.held)
	a.held = nil
	return err
}

// send writes to the client. When that fails the client is gone, which is a
// cancellation and no failure of the gateway's.
func (a *reply) send(part []byte) (int, error) {
	n, err := a.w.Write(part) //nolint:gosec // JSON, with every text quoted
	if err != nil {
		a.gone = fmt.Errorf("the client went away: %w: %w", context.Canceled, err)
	}
	return n, a.gone
}

func (a *reply) header() {
	h := a.w.Header()
	h.Set("Content-Type", mediaType)
	if a.location != "" {
		h.Set("Location", a.location)
		h.Set("Content-Location", a.location)
	}
}

// finish ends the answer. An error becomes the answer while nothing has been
// sent; after that the connection is broken off, so that the client can not take
// a part for the whole.
func (a *reply) finish(r *http.Request, err error) {
	switch {
	case err != nil && a.started:
		note(r.Context(), cmp.Or(a.gone, err))
		panic(http.ErrAbortHandler)
	case err != nil:
		WriteError(a.w, r, err)
	case !a.started:
		if a.stamp != nil && a.tagged(r) {
			return
		}
		a.w.Header().Set("Content-Length", strconv.Itoa(len(a.held)))
		if err := a.start(); err != nil {
			note(r.Context(), err)
		}
	}
}

// tagged gives the answer its entity-tag, and answers a client that has just that
// version already (RFC 9110 section 13.1.2).
func (a *reply) tagged(r *http.Request) (answered bool) {
	var tag string
	if a.held, tag = a.stamp(a.held); tag == "" {
		return false
	}
	a.w.Header().Set("ETag", tag)
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && matches(r.Header["If-None-Match"], tag) {
		notModified(a.w, tag, a.location)
		return true
	}
	return false
}

// notModified answers a client that has the version already (RFC 9110 section 15.4.5).
func notModified(w http.ResponseWriter, tag, location string) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Content-Location", location)
	w.WriteHeader(http.StatusNotModified)
}
