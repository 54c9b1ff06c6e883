package mapping

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
)

// An input is a node of the tree of Graph properties that a plan reads.
type input struct {
	name     []byte // as JSON with the colon
	slot     int    // where the value is kept; -1: nowhere
	list     bool
	children map[string]*input
	first    guess // the child that an object began with
	next     guess // the sibling that came after this one
}

// A guess is where a property was found in an earlier object. Graph writes the
// properties of all objects in the same order, so that it mostly is right.
type guess = atomic.Pointer[input]

func (in *input) child(name string) *input {
	if in.children == nil {
		in.children = map[string]*input{}
	}
	c := in.children[name]
	if c == nil {
		c = &input{name: append(quoted(name), ':'), slot: -1}
		in.children[name] = c
	}
	return c
}

// A span is a piece of a state's buffer, or of its items.
type span struct{ from, to int }

// A state holds what was read of one object, as pieces of its JSON, and what is
// made of it.
type state struct {
	env      Env
	slots    [][]byte // values; nil: absent
	lists    []span   // by slot: the part of items
	items    [][]byte // of lists
	out      []byte   // what is being made
	extended []byte   // the extensions, members with commas
	has      []span   // by extension: its part of extended
	operands [3][]byte
	err      error // the first
}

// fail remembers the first error.
func (s *state) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

var states = sync.Pool{New: func() any { return new(state) }}

// maxKept bounds the memory that a pooled state keeps, in bytes.
const maxKept = 1 << 20

func (p *ReadPlan) newState(env Env) *state {
	s, _ := states.Get().(*state) // the pool holds nothing else
	s.env, s.err = env, nil
	if cap(s.slots) < p.slots {
		s.slots, s.lists = make([][]byte, p.slots), make([]span, p.slots)
	}
	s.slots, s.lists = s.slots[:p.slots], s.lists[:p.slots]
	return s
}

// free forgets the object, whose JSON belongs to others.
func (s *state) free() {
	s.env = Env{}
	clear(s.slots)
	clear(s.lists)
	clear(s.items)
	clear(s.operands[:])
	s.items, s.has = s.items[:0], s.has[:0]
	if cap(s.out)+cap(s.extended) < maxKept {
		states.Put(s)
	}
}

// value is the JSON in a slot, nil when the property is absent, null, "" or [].
func (s *state) value(slot int) []byte { return s.slots[slot] }

// item is the JSON of one value of a list.
func (s *state) item(slot, index int) []byte {
	list := s.lists[slot]
	if index >= list.to-list.from {
		return nil
	}
	return s.items[list.from+index]
}

// read takes the value that begins at a place as the object that in describes, and
// gives the place where it ends.
func (s *state) read(text []byte, at int, in *input) int {
	if at >= len(text) || text[at] != '{' {
		return s.take(text, at, in.children[elementItself])
	}
	if at = skipSpace(text, at+1); at < len(text) && text[at] == '}' {
		return at + 1
	}
	guessed := &in.first
	for more := true; more; {
		var child *input
		if child, at = in.find(text, at, guessed); at == malformed {
			return malformed
		}
		if at = s.take(text, at, child); at == malformed {
			return malformed
		}
		if child != nil {
			guessed = &child.next
		}
		if at, more = skipComma(text, at, '}'); at == malformed {
			return malformed
		}
	}
	return at
}

// take takes the value that begins at a place for a property, nil for one that the
// plan does not know, and gives the place where it ends.
func (s *state) take(text []byte, at int, child *input) int {
	if child != nil && child.slot < 0 {
		return s.read(text, at, child)
	}
	end := valueEnd(text, at, 0)
	if child != nil && end != malformed {
		s.keep(text[at:end], child)
	}
	return end
}

// find looks up the property whose name begins at a place, the guessed one first,
// and gives the place where its value begins.
func (in *input) find(text []byte, at int, guessed *guess) (*input, int) {
	if c := guessed.Load(); c != nil && bytes.HasPrefix(text[at:], c.name) {
		return c, skipSpace(text, at+len(c.name))
	}
	end := stringEnd(text, at)
	if end == malformed {
		return nil, malformed
	}
	name := text[at+1 : end-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		name, _ = jsontext.AppendUnquote(nil, text[at:end])
	}
	c := in.children[string(name)]
	if c != nil {
		guessed.Store(c)
	}
	return c, skipColon(text, end)
}

// keep stores a value in its slot.
func (s *state) keep(raw []byte, in *input) {
	switch {
	case void(raw):
	case in.list && raw[0] == '[':
		s.keepList(raw, in)
	default:
		s.slots[in.slot] = raw
	}
}

// void tells whether JSON says that there is no value: Graph writes null and [],
// and "" never is a value of SCIM either.
func void(raw []byte) bool {
	switch raw[0] {
	case 'n':
		return true
	case '"':
		return len(raw) == len(`""`)
	case '[', '{':
		return skipSpace(raw, 1) == len(raw)-1
	}
	return false
}

// keepList stores the values of a collection, and the collection as a whole for
// the kinds that look at it.
func (s *state) keepList(raw []byte, in *input) {
	first := len(s.items)
	for value := range elements(raw) {
		if !void(value) {
			s.items = append(s.items, value)
		}
	}
	s.lists[in.slot] = span{first, len(s.items)}
	if len(s.items) > first {
		s.slots[in.slot] = raw
	}
}

// element reads one value of a list from its JSON, into the same slots each time.
func (s *state) element(raw []byte, in *input) error {
	for _, c := range in.children {
		s.slots[c.slot] = nil
	}
	return whole(raw, s.read(raw, skipSpace(raw, 0), in))
}

// whole says what is wrong with a text of which a value was read up to the end: it is
// no JSON, or there is more.
func whole(text []byte, end int) error {
	if end != malformed && skipSpace(text, end) == len(text) {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadValue(); errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	return &jsontext.SyntacticError{ByteOffset: int64(max(end, 0)), Err: errors.New("more than one value")}
}
