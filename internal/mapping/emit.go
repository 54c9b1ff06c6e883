package mapping

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// An emitter appends the JSON of a SCIM value made of what was read of an object,
// or nothing when there is none.
type emitter func(s *state, dst []byte) []byte

// emit compiles a row. sub is the tree of the related object for rows of
// repeated elements, nil for rows of the object itself.
func (b *planner) emit(r *Row, sub *input) output {
	slot := func(p graphPath) int {
		switch {
		case relations[r.Relation].beside:
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
	if convert := converter(r); convert != nil {
		return emitter(func(s *state, dst []byte) []byte { return convert.append(s, dst, s.value(own)) })
	}
	return copied(own)
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
	return func(s *state, dst []byte) []byte {
		for i, n := range slots {
			s.operands[i] = s.value(n)
		}
		return read(dst, s.operands[:], kindContext{s.env.BaseURL, references})
	}
}

func itemEmitter(slot, index int, convert convert) emitter {
	return func(s *state, dst []byte) []byte { return convert.append(s, dst, s.item(slot, index)) }
}

func fallbackEmitter(own, other int, convert convert) emitter {
	return func(s *state, dst []byte) []byte {
		raw := s.value(own)
		if raw == nil {
			raw = s.value(other)
		}
		return convert.append(s, dst, raw)
	}
}

// A convert appends the SCIM JSON of a Graph value's JSON; nil copies.
type convert func(s *state, dst, raw []byte) []byte

func (c convert) append(s *state, dst, raw []byte) []byte {
	if raw == nil || c == nil {
		return append(dst, raw...)
	}
	return c(s, dst, raw)
}

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
		return func(_ *state, dst, raw []byte) []byte {
			if v, ok := table[string(raw)]; ok {
				return append(dst, v...)
			}
			return append(dst, raw...)
		}
	}
	return nil
}

// dateTime prints a time in the offset that the operator chose; Graph's are in
// UTC with Z already.
func dateTime(s *state, dst, raw []byte) []byte {
	if s.env.Offset == nil && len(raw) > 1 && raw[len(raw)-2] == 'Z' {
		return append(dst, raw...)
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return append(dst, raw...)
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return append(dst, raw...)
	}
	zone := time.UTC
	if s.env.Offset != nil {
		zone = s.env.Offset
	}
	dst = at.In(zone).AppendFormat(append(dst, '"'), time.RFC3339Nano)
	return append(dst, '"')
}
