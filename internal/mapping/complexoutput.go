package mapping

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A field is a sub-attribute.
type field struct {
	name jsontext.Token
	emit emitter
}

// fields are the sub-attributes of a complex value. Constants come last; they do
// not make a value be there.
type fields struct {
	wanted []field
	mapped int       // how many of wanted are not constants
	hidden []emitter // not wanted, but they make the value be there
}

func (f *fields) present(s *state) bool {
	for _, x := range f.wanted[:f.mapped] {
		if x.emit(s) != nil {
			return true
		}
	}
	for _, emit := range f.hidden {
		if emit(s) != nil {
			return true
		}
	}
	return false
}

func (f *fields) write(s *state, w *writer) {
	w.token(jsontext.BeginObject)
	for _, x := range f.wanted {
		w.pair(x.name, x.emit(s))
	}
	w.token(jsontext.EndObject)
}

// objectOutput is a complex single-valued attribute.
type objectOutput struct {
	name jsontext.Token
	fields
}

func (o *objectOutput) present(s *state) bool {
	for _, x := range o.wanted {
		if x.emit(s) != nil {
			return true
		}
	}
	return false
}

func (o *objectOutput) write(s *state, enc *jsontext.Encoder) error {
	if !o.present(s) {
		return nil
	}
	w := writer{enc: enc}
	w.token(o.name)
	o.fields.write(s, &w)
	return w.err
}

// An elementOutput writes the values that one element of the table gives.
type elementOutput interface {
	present(s *state) bool
	write(s *state, w *writer)
}

// listOutput is a complex multi-valued attribute.
type listOutput struct {
	name     jsontext.Token
	elements []elementOutput
}

func (o *listOutput) present(s *state) bool {
	for _, e := range o.elements {
		if e.present(s) {
			return true
		}
	}
	return false
}

func (o *listOutput) write(s *state, enc *jsontext.Encoder) error {
	if !o.present(s) {
		return nil
	}
	w := writer{enc: enc}
	w.token(o.name)
	w.token(jsontext.BeginArray)
	for _, e := range o.elements {
		if e.present(s) {
			e.write(s, &w)
		}
	}
	w.token(jsontext.EndArray)
	return w.err
}

// oneElement is the one value that a selector names.
type oneElement struct{ fields }

// everyElement gives a value for each value of a Graph collection.
type everyElement struct {
	slot   int
	object *input
	fields fields
}

func (o *everyElement) present(s *state) bool { return s.item(o.slot, 0) != nil }

func (o *everyElement) write(s *state, w *writer) {
	for i := 0; w.err == nil; i++ {
		raw := s.item(o.slot, i)
		if raw == nil {
			return
		}
		mark := s.mark()
		if w.err = s.object(raw, o.object); w.err == nil && o.fields.present(s) {
			o.fields.write(s, w)
		}
		s.forget(mark)
	}
}

// relationOutput is an attribute whose values Env.Relation supplies, as they
// come: nothing of it is kept, unless it must be read early.
type relationOutput struct {
	name     jsontext.Token
	relation string
	object   *input
	fields   fields
	early    bool // read before anything is written
}

// hold reads the related objects into the state's buffer.
func (o *relationOutput) hold(s *state) error {
	h := held{output: o, span: span{len(s.items), len(s.items)}}
	for raw, err := range s.env.Relation(o.relation) {
		if err != nil {
			return err
		}
		s.items = append(s.items, s.append(raw))
	}
	h.to = len(s.items)
	s.held = append(s.held, h)
	return nil
}

// objects are the related objects.
func (o *relationOutput) objects(s *state, yield func([]byte) error) error {
	if !o.early {
		for raw, err := range s.env.Relation(o.relation) {
			if err == nil {
				err = yield(raw)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", strings.ToLower(o.relation), err)
			}
		}
		return nil
	}
	for _, h := range s.held {
		if h.output != o {
			continue
		}
		for _, at := range s.items[h.from:h.to] {
			if err := yield(s.buf[at.from:at.to]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *relationOutput) present(s *state) bool {
	for _, h := range s.held {
		if h.output == o {
			return h.to > h.from
		}
	}
	return !o.early
}

func (o *relationOutput) write(s *state, enc *jsontext.Encoder) error {
	w := writer{enc: enc}
	open := false
	err := o.objects(s, func(raw []byte) error {
		mark := s.mark()
		if err := s.object(raw, o.object); err != nil {
			return err
		}
		if o.fields.present(s) {
			if !open {
				w.token(o.name)
				w.token(jsontext.BeginArray)
				open = true
			}
			o.fields.write(s, &w)
		}
		s.forget(mark)
		return w.err
	})
	if err != nil {
		return err
	}
	if open {
		w.token(jsontext.EndArray)
	}
	return w.err
}
