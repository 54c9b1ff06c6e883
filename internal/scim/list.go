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
	startIndex int               // 0: a page found by its cursor, which has none
	items      int
	before     int // of the items, those of other types
	total      int // -1: not told yet
	totalSent  bool
	several    bool // of several types: the total is told at the end

	seal           func(place []byte) string // makes cursors
	next, previous *[]byte                   // where the pages around this one begin
	err            error
}

// newListWriter writes the answer to q.
func newListWriter(to io.Writer, q Query, seal func([]byte) string) *ListWriter {
	w := &ListWriter{to: to, startIndex: q.StartIndex, total: -1, seal: seal, part: make([]byte, 0, min(1+q.Count, 16)*maxPart/16+maxPart/8)}
	if q.ByCursor {
		w.startIndex = 0
	}
	w.enc = newEncoder((*partWriter)(w))
	return w
}

// Total tells how many resources match, on all pages. It must be called once
// before List returns, but for pages found by a cursor, whose list may be too long
// to be counted.
func (w *ListWriter) Total(n int) { w.total = n }

// Next tells where the next page begins: the Query.Place of a later request. It is
// called when the query is ByCursor and there is a next page.
func (w *ListWriter) Next(place []byte) { w.next = &place }

// Previous tells where the page before begins, when that is known.
func (w *ListWriter) Previous(place []byte) { w.previous = &place }

// Resource adds one resource, which write writes to enc as one JSON object.
func (w *ListWriter) Resource(write func(enc *jsontext.Encoder) error) error {
	if w.err != nil {
		return w.err
	}
	w.comma()
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
	w.comma()
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
func (w *ListWriter) Len() int { return w.items - w.before }

// comma writes what comes before a resource.
func (w *ListWriter) comma() {
	if w.items == 0 {
		w.begin()
	} else {
		w.part = append(w.part, ',')
	}
	w.items++
}

func (w *ListWriter) begin() {
	w.part = append(w.part, `{"schemas":["`+listSchema+`"],`...)
	if !w.several {
		w.totals()
	}
	if w.startIndex > 0 {
		w.number("startIndex", w.startIndex)
	}
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

// cursor appends a member with the cursor of a place, and a comma.
func (w *ListWriter) cursor(name string, place *[]byte) {
	if place != nil && w.startIndex == 0 {
		w.part = append(w.part, '"')
		w.part = append(append(append(append(w.part, name...), `":"`...), w.seal(*place)...), `",`...)
	}
}

func (w *ListWriter) close() error {
	if w.err == nil && w.total < 0 && w.startIndex > 0 {
		return errors.New("scim: a list ended without its total")
	}
	if w.items == 0 {
		w.begin()
	}
	w.part = append(w.part, "],"...)
	w.totals()
	w.number("itemsPerPage", w.items)
	w.cursor("nextCursor", w.next)
	w.cursor("previousCursor", w.previous)
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
