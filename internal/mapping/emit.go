package mapping

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// An emitter gives the JSON of a SCIM value from what was read of an object; nil
// when there is none. What it returns is valid until the next object.
type emitter func(*state) []byte

// emit compiles a row. sub is the tree of the related object for rows of
// repeated elements, nil for rows of the object itself.
func (b *planner) emit(r *Row, sub *input) emitter {
	slot := func(p graphPath) int {
		switch {
		case r.Relation == relationInvitation:
			return b.slotIn(b.plan.input, p) // supplied, never asked for
		case sub == nil:
			return b.slot(p)
		case p.sub == "":
			return b.slotIn(sub, graphPath{property: elementItself, index: -1})
		}
		return b.slotIn(sub, graphPath{property: p.sub, index: -1})
	}
	own := slot(r.path)
	switch {
	case r.kind.read != nil:
		return kindEmitter(r, own, slot)
	case r.path.index >= 0:
		return itemEmitter(own, r.path.index, converter(r))
	case r.Fallback != "":
		return fallbackEmitter(own, slot(graphPath{property: r.Fallback, index: -1}), converter(r))
	}
	convert := converter(r)
	if convert == nil {
		return func(s *state) []byte { return s.value(own) }
	}
	return func(s *state) []byte {
		if raw := s.value(own); raw != nil {
			return convert(s, raw)
		}
		return nil
	}
}

// elementItself names the value of an element that is no object.
const elementItself = "\x00"

func kindEmitter(r *Row, own int, slot func(graphPath) int) emitter {
	slots := []int{own}
	for _, name := range r.kind.siblings {
		p := graphPath{property: name, index: -1}
		if r.path.sub != "" {
			p = graphPath{property: r.path.property, index: -1, every: r.path.every, sub: name}
		}
		slots = append(slots, slot(p))
	}
	read, references := r.kind.read, r.References
	return func(s *state) []byte {
		for i, n := range slots {
			s.values[i] = s.value(n)
		}
		at := len(s.scratch)
		out := read(s.scratch, s.values[:], kindContext{s.env.BaseURL, references})
		if out == nil {
			return nil
		}
		s.scratch = out
		return out[at:]
	}
}

func itemEmitter(slot, index int, convert convert) emitter {
	return func(s *state) []byte {
		raw := s.item(slot, index)
		if raw == nil || convert == nil {
			return raw
		}
		return convert(s, raw)
	}
}

func fallbackEmitter(own, other int, convert convert) emitter {
	return func(s *state) []byte {
		raw := s.value(own)
		if raw == nil {
			raw = s.value(other)
		}
		if raw == nil || convert == nil {
			return raw
		}
		return convert(s, raw)
	}
}

// A convert makes SCIM JSON of a Graph value's JSON.
type convert func(*state, []byte) []byte

// converter is nil for rows whose values are copied.
func converter(r *Row) convert {
	switch {
	case r.Type == "dateTime":
		return dateTime
	case len(r.from) > 0:
		table := make(map[string][]byte, len(r.from))
		for graph, scim := range r.from {
			table[string(quoted(graph))] = quoted(scim)
		}
		return func(_ *state, raw []byte) []byte {
			if v, ok := table[string(raw)]; ok {
				return v
			}
			return raw
		}
	}
	return nil
}

// dateTime prints a time in the offset that the operator chose; Graph's are in
// UTC with Z already.
func dateTime(s *state, raw []byte) []byte {
	if s.env.Offset == nil && len(raw) > 1 && raw[len(raw)-2] == 'Z' {
		return raw
	}
	var buf [40]byte
	text, err := jsontext.AppendUnquote(buf[:0], raw)
	if err != nil {
		return raw
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return raw
	}
	zone := time.UTC
	if s.env.Offset != nil {
		zone = s.env.Offset
	}
	from := len(s.scratch)
	s.scratch = append(s.scratch, '"')
	s.scratch = at.In(zone).AppendFormat(s.scratch, time.RFC3339Nano)
	s.scratch = append(s.scratch, '"')
	return s.scratch[from:]
}
