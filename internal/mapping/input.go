package mapping

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// An input is a node of the tree of Graph properties that a plan reads.
type input struct {
	slot     int // where the value is kept; -1: nowhere
	list     bool
	children map[string]*input
}

func (in *input) child(name string) *input {
	if in.children == nil {
		in.children = map[string]*input{}
	}
	c := in.children[name]
	if c == nil {
		c = &input{slot: -1}
		in.children[name] = c
	}
	return c
}

// A span is a piece of a state's buffer, or of its items.
type span struct{ from, to int }

// A state holds what was read of one object: the JSON of each slot, one after
// the other in a buffer, and what is made of it.
type state struct {
	env      Env
	buf      []byte // what was read
	out      []byte // what is being made
	extended []byte // the extensions, members with commas
	has      []span // by extension: its part of extended
	spans    []span // by slot: the part of buf; from == to: absent
	items    []span // of lists: parts of buf
	lists    []span // by slot: the part of items
	values   [3][]byte
	reader   bytes.Reader
	decoder  *jsontext.Decoder // of related objects
	err      error             // the first
}

// fail remembers the first error.
func (s *state) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

var states = sync.Pool{New: func() any { return &state{decoder: jsontext.NewDecoder(bytes.NewReader(nil))} }}

// maxKept bounds the memory that a pooled state keeps.
const maxKept = 1 << 20

func (p *ReadPlan) newState(env Env) *state {
	s, _ := states.Get().(*state) // the pool holds nothing else
	s.env = env
	s.buf, s.items, s.has, s.err = s.buf[:0], s.items[:0], s.has[:0], nil
	if cap(s.spans) < p.slots {
		s.spans, s.lists = make([]span, p.slots), make([]span, p.slots)
	}
	s.spans, s.lists = s.spans[:p.slots], s.lists[:p.slots]
	clear(s.spans)
	clear(s.lists)
	return s
}

func (s *state) free() {
	s.env = Env{}
	s.reader.Reset(nil)
	if cap(s.buf)+cap(s.out)+cap(s.extended) < maxKept {
		states.Put(s)
	}
}

// value is the JSON in a slot, nil when the property is absent, null, "" or [].
func (s *state) value(slot int) []byte {
	at := s.spans[slot]
	if at.from == at.to {
		return nil
	}
	return s.buf[at.from:at.to]
}

// item is the JSON of one value of a list.
func (s *state) item(slot, index int) []byte {
	list := s.lists[slot]
	if index >= list.to-list.from {
		return nil
	}
	at := s.items[list.from+index]
	return s.buf[at.from:at.to]
}

// read takes the next value from dec as the object that in describes.
func (s *state) read(dec *jsontext.Decoder, in *input) error {
	if dec.PeekKind() != '{' {
		if self := in.children[elementItself]; self != nil {
			return s.keep(dec, self)
		}
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return err
		}
		child := in.find(name)
		switch {
		case child == nil:
			err = dec.SkipValue()
		case child.slot >= 0:
			err = s.keep(dec, child)
		default:
			err = s.read(dec, child)
		}
		if err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// find looks up a property by its name as JSON.
func (in *input) find(name []byte) *input {
	if len(name) < 2 {
		return nil
	}
	if bytes.IndexByte(name, '\\') >= 0 {
		plain, err := jsontext.AppendUnquote(nil, name)
		if err != nil {
			return nil
		}
		return in.children[string(plain)]
	}
	return in.children[string(name[1:len(name)-1])]
}

// keep stores a value in its slot.
func (s *state) keep(dec *jsontext.Decoder, in *input) error {
	if in.list && dec.PeekKind() == '[' {
		return s.keepList(dec, in)
	}
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if !void(raw) {
		s.spans[in.slot] = s.append(raw)
	}
	return nil
}

// void tells whether JSON says that there is no value: Graph writes null and [],
// and "" never is a value of SCIM either.
func void(raw []byte) bool {
	switch string(raw) {
	case "null", `""`, "[]", "{}":
		return true
	}
	return false
}

func (s *state) append(raw []byte) span {
	from := len(s.buf)
	s.buf = append(s.buf, raw...)
	return span{from, len(s.buf)}
}

// keepList stores the values of a collection, and the collection as a whole for
// the kinds that look at it.
func (s *state) keepList(dec *jsontext.Decoder, in *input) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	first := len(s.items)
	for dec.PeekKind() != ']' {
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if !void(raw) {
			s.items = append(s.items, s.append(raw))
		}
	}
	s.lists[in.slot] = span{first, len(s.items)}
	if len(s.items) > first {
		s.spans[in.slot] = span{s.items[first].from, len(s.buf)}
	}
	_, err := dec.ReadToken()
	return err
}

// object reads one related object from its JSON, into the same slots each time.
func (s *state) object(raw []byte, in *input) error {
	for _, c := range in.children {
		s.spans[c.slot] = span{}
	}
	s.reader.Reset(raw)
	s.decoder.Reset(&s.reader)
	if err := s.read(s.decoder, in); err != nil {
		return fmt.Errorf("a related object: %w", err)
	}
	return nil
}
