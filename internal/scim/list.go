package scim

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

const listSchema = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

// ListWriter writes a ListResponse (RFC 7644 section 3.4.2) as its resources
// come. A small head of it is held back, so that an early error still gets its
// own status; a later one breaks the connection off.
type ListWriter struct {
	enc        *jsontext.Encoder
	startIndex int
	items      int
	total      int // -1: not told yet
	open       bool
	totalSent  bool
	err        error
}

func newListWriter(enc *jsontext.Encoder, startIndex int) *ListWriter {
	return &ListWriter{enc: enc, startIndex: startIndex, total: -1}
}

// Total tells how many resources match, on all pages. It must be called once
// before List returns.
func (w *ListWriter) Total(n int) { w.total = n }

// Resource adds one resource, which write writes to enc as one JSON object.
func (w *ListWriter) Resource(write func(enc *jsontext.Encoder) error) error {
	w.begin()
	if w.err != nil {
		return w.err
	}
	w.items++
	w.err = write(w.enc)
	return w.err
}

// Len is how many resources have been added.
func (w *ListWriter) Len() int { return w.items }

func (w *ListWriter) begin() {
	if w.open {
		return
	}
	w.open = true
	w.token(jsontext.BeginObject)
	w.token(jsontext.String("schemas"))
	w.token(jsontext.BeginArray)
	w.token(jsontext.String(listSchema))
	w.token(jsontext.EndArray)
	w.totals()
	w.number("startIndex", w.startIndex)
	w.token(jsontext.String("Resources"))
	w.token(jsontext.BeginArray)
}

func (w *ListWriter) totals() {
	if w.total >= 0 && !w.totalSent {
		w.totalSent = true
		w.number("totalResults", w.total)
	}
}

func (w *ListWriter) close() error {
	if w.err == nil && w.total < 0 {
		return errors.New("scim: a list ended without its total")
	}
	w.begin()
	w.token(jsontext.EndArray)
	w.totals()
	w.number("itemsPerPage", w.items)
	w.token(jsontext.EndObject)
	return w.err
}

func (w *ListWriter) number(name string, n int) {
	w.token(jsontext.String(name))
	w.token(jsontext.Int(int64(n)))
}

func (w *ListWriter) token(t jsontext.Token) {
	if w.err == nil {
		w.err = w.enc.WriteToken(t)
	}
}
