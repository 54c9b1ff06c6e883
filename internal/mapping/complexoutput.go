package mapping

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// emitter is an output too.
func (e emitter) append(s *state, dst []byte) []byte { return e(s, dst) }

// scalarsOutput is a simple attribute with many values.
type scalarsOutput struct {
	slot    int
	convert convert
}

func (o *scalarsOutput) append(s *state, dst []byte) []byte {
	if s.item(o.slot, 0) == nil {
		return dst
	}
	dst = append(dst, '[')
	for i := 0; ; i++ {
		raw := s.item(o.slot, i)
		if raw == nil {
			return closed(dst, ']')
		}
		dst = append(o.convert.append(s, dst, raw), ',')
	}
}

// An objectOutput is a complex value, or the whole of an extension. Constants
// are part of it, but do not make it be there.
type objectOutput struct {
	members   []member
	hidden    []output // not wanted, but they make the value be there
	constants []byte   // members as JSON, each with a comma
}

func (o *objectOutput) append(s *state, dst []byte) []byte {
	before := len(dst)
	dst = append(dst, '{')
	for i := range o.members {
		dst = o.members[i].append(s, dst)
	}
	if len(dst) == before+1 && !o.hides(s, dst) {
		return dst[:before]
	}
	if dst = append(dst, o.constants...); len(dst) == before+1 {
		return dst[:before]
	}
	return closed(dst, '}')
}

// hides tells whether a value is there although nothing of it is wanted.
func (o *objectOutput) hides(s *state, dst []byte) bool {
	for _, out := range o.hidden {
		if len(out.append(s, dst)) > len(dst) {
			return true
		}
	}
	return false
}

// listOutput is a complex multi-valued attribute: the outputs of its elements.
type listOutput struct{ elements []output }

func (o *listOutput) append(s *state, dst []byte) []byte {
	before := len(dst)
	dst = append(dst, '[')
	for _, e := range o.elements {
		at := len(dst)
		if dst = e.append(s, dst); len(dst) > at && dst[len(dst)-1] != ',' {
			dst = append(dst, ',')
		}
	}
	if len(dst) == before+1 {
		return dst[:before]
	}
	return closed(dst, ']')
}

// everyElement gives a value for each value of a Graph collection, each with a
// comma.
type everyElement struct {
	slot   int
	input  *input // of one value
	object *objectOutput

	decides int    // the slot that tells whether a value counts; -1: all do
	begins  []byte // the JSON that it begins with when it does
}

func (o *everyElement) append(s *state, dst []byte) []byte {
	for i := 0; ; i++ {
		raw := s.item(o.slot, i)
		if raw == nil {
			return dst
		}
		s.fail(s.element(raw, o.input)) // it was read before
		if o.decides < 0 || bytes.HasPrefix(s.value(o.decides), o.begins) {
			dst = o.object.appendElement(s, dst)
		}
	}
}

// appendElement appends the object and a comma.
func (o *objectOutput) appendElement(s *state, dst []byte) []byte {
	before := len(dst)
	if dst = o.append(s, dst); len(dst) > before {
		dst = append(dst, ',')
	}
	return dst
}

// relationOutput is an attribute whose values Env.Relation supplies.
type relationOutput struct {
	relation string
	input    *input // of one value
	object   *objectOutput
}

// append makes the whole list: for extensions, whose relations are short (Entra
// allows 1,500 app role assignments).
func (o *relationOutput) append(s *state, dst []byte) []byte {
	before := len(dst)
	dst = append(dst, '[')
	for raw, err := range s.env.Relation(o.relation) {
		if err != nil {
			s.fail(fmt.Errorf("reading %s: %w", o.relation, err))
			return dst[:before]
		}
		if dst = o.appendElement(s, dst, raw); s.err != nil {
			return dst[:before]
		}
	}
	if len(dst) == before+1 {
		return dst[:before]
	}
	return closed(dst, ']')
}

// appendElement appends the value of one related object, and a comma.
func (o *relationOutput) appendElement(s *state, dst, raw []byte) []byte {
	if err := s.element(raw, o.input); err != nil {
		s.fail(fmt.Errorf("a related object: %w", err))
		return dst
	}
	return o.object.appendElement(s, dst)
}

// stream writes the values as they come; nothing of them is kept.
func (o *relationOutput) stream(s *state, enc *jsontext.Encoder, name []byte) {
	open := false
	for raw, err := range s.env.Relation(o.relation) {
		if err != nil {
			s.fail(fmt.Errorf("reading %s: %w", o.relation, err))
			return
		}
		s.out = o.appendElement(s, s.out[:0], raw)
		if len(s.out) > 0 && !open {
			s.fail(enc.WriteValue(name))
			s.fail(enc.WriteToken(jsontext.BeginArray))
			open = true
		}
		if len(s.out) > 0 && s.err == nil {
			s.fail(enc.WriteValue(s.out[:len(s.out)-1]))
		}
		if s.err != nil {
			return
		}
	}
	if open {
		s.fail(enc.WriteToken(jsontext.EndArray))
	}
}
