package scim

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

const listSchema = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

// maxPart is how many bytes of a list are gathered before they are written.
const maxPart = 16 << 10

// ListWriter writes a ListResponse (RFC 7644 section 3.4.2) as its resources
// come. A small head of it is held back, so that an early error still gets its
// own status; a later one breaks the connection off.
type ListWriter struct {
	to         io.Writer
	part       []byte
	enc        *jsontext.Encoder // into part
	startIndex int
	items      int
	total      int // -1: not told yet
	totalSent  bool
	err        error
}

func newListWriter(to io.Writer, startIndex int) *ListWriter {
	w := &ListWriter{to: to, startIndex: startIndex, total: -1}
	w.enc = newEncoder((*partWriter)(w))
	return w
}

// Total tells how many resources match, on all pages. It must be called once
// before List returns.
func (w *ListWriter) Total(n int) { w.total = n }

// Resource adds one resource, which write writes to enc as one JSON object.
func (w *ListWriter) Resource(write func(enc *jsontext.Encoder) error) error {
	if w.err != nil {
		return w.err
	}
	w.next()
	if err := write(w.enc); err != nil {
		w.err = err
	}
	w.part = bytes.TrimSuffix(w.part, []byte("\n")) // of the encoder
	return w.err
}

// Append adds one resource, which write appends to dst as one well-formed JSON
// object; that is not checked again. It is the way of long lists.
func (w *ListWriter) Append(write func(dst []byte) ([]byte, error)) error {
	if w.err != nil {
		return w.err
	}
	w.next()
	part, err := write(w.part)
	if err != nil {
		w.err = err
		return err
	}
	if w.part = part; len(part) >= maxPart {
		w.flush()
	}
	return w.err
}

// Len is how many resources have been added.
func (w *ListWriter) Len() int { return w.items }

// next writes what comes before a resource.
func (w *ListWriter) next() {
	if w.items == 0 {
		w.begin()
	} else {
		w.part = append(w.part, ',')
	}
	w.items++
}

func (w *ListWriter) begin() {
	w.part = append(w.part, `{"schemas":["`+listSchema+`"],`...)
	w.totals()
	w.number("startIndex", w.startIndex)
	w.part = append(w.part, `"Resources":[`...)
}

func (w *ListWriter) totals() {
	if w.total >= 0 && !w.totalSent {
		w.totalSent = true
		w.number("totalResults", w.total)
	}
}

// number appends a member and a comma.
func (w *ListWriter) number(name string, n int) {
	w.part = append(append(append(w.part, '"'), name...), `":`...)
	w.part = append(strconv.AppendInt(w.part, int64(n), 10), ',')
}

func (w *ListWriter) close() error {
	if w.err == nil && w.total < 0 {
		return errors.New("scim: a list ended without its total")
	}
	if w.items == 0 {
		w.begin()
	}
	w.part = append(w.part, "],"...)
	w.totals()
	w.number("itemsPerPage", w.items)
	w.part[len(w.part)-1] = '}' // instead of the comma
	w.part = append(w.part, '\n')
	w.flush()
	return w.err
}

func (w *ListWriter) flush() {
	if w.err == nil {
		_, w.err = w.to.Write(w.part)
	}
	w.part = w.part[:0]
}

// A partWriter takes what a ListWriter's encoder writes.
type partWriter ListWriter

// Write implements io.Writer. What was written last is kept, so that the end of
// it can be taken back.
func (p *partWriter) Write(text []byte) (int, error) {
	w := (*ListWriter)(p)
	if len(w.part)+len(text) > maxPart {
		w.flush()
	}
	w.part = append(w.part, text...)
	return len(text), w.err
}
