package mapping

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// An output appends the JSON of an attribute's value to dst, or nothing when the
// object has no value of it.
type output interface {
	append(s *state, dst []byte) []byte
}

// A copied output is a slot whose value is taken as it is.
type copied int

func (c copied) append(s *state, dst []byte) []byte { return append(dst, s.value(int(c))...) }

// A member is an attribute or sub-attribute with its name.
type member struct {
	name []byte // as JSON with the colon
	out  output
	slot int // of a copied output, of which most members are; -1: out is another
}

func newMember(name string, out output) member {
	m := member{append(quoted(name), ':'), out, -1}
	if c, ok := out.(copied); ok {
		m.slot = int(c)
	}
	return m
}

// append appends the member and a comma, or nothing when there is no value.
func (m *member) append(s *state, dst []byte) []byte {
	if m.slot >= 0 {
		raw := s.value(m.slot)
		if raw == nil {
			return dst
		}
		return append(append(append(dst, m.name...), raw...), ',')
	}
	before := len(dst)
	dst = append(dst, m.name...)
	at := len(dst)
	if dst = m.out.append(s, dst); len(dst) == at {
		return dst[:before]
	}
	return append(dst, ',')
}

// closed ends an object or array: the last comma becomes the bracket.
func closed(dst []byte, bracket byte) []byte {
	if dst[len(dst)-1] == ',' {
		dst[len(dst)-1] = bracket
		return dst
	}
	return append(dst, bracket)
}

// Resource reads one Graph object and writes it to enc as a SCIM resource, in one
// pass. Properties that are absent, null, "" or [] give no
// attribute; schemas lists the extensions that have values. A resource is
// written when it is complete; only members, which may be many, are written
// as they come.
func (p *ReadPlan) Resource(object []byte, enc *jsontext.Encoder, env Env) error {
	s := p.newState(env)
	defer s.free()
	end, err := p.read(s, object)
	if err == nil {
		err = p.problem(whole(object, end))
	}
	if s.fail(err); s.err == nil {
		p.write(s, enc)
	}
	return s.err
}

// Append is Resource for the object that text begins with and a resource that is
// appended to dst, always as a whole. It is well-formed JSON, and need not be checked
// again. It also gives where in text the object ends. With an error dst is what it was.
func (p *ReadPlan) Append(dst, text []byte, env Env) (out []byte, end int, err error) {
	s := p.newState(env)
	defer s.free()
	out = dst
	end, err = p.read(s, text)
	if s.fail(err); s.err == nil {
		out = p.append(s, dst)
	}
	if s.err != nil {
		return dst, 0, s.err
	}
	return out, end, nil
}

// read reads the object that text begins with, makes the extensions of it, and gives
// where it ends.
func (p *ReadPlan) read(s *state, text []byte) (end int, err error) {
	at := skipSpace(text, 0)
	if kind := jsontext.Value(text[at:]).Kind(); kind != '{' && kind != jsontext.KindInvalid {
		return 0, fmt.Errorf("reading a %s from Graph: a JSON object was expected, not %v", p.resource, kind)
	}
	if len(p.Relations) > 0 && s.env.Relation == nil {
		return 0, fmt.Errorf("writing a %s: nobody supplies %s", p.resource, strings.Join(p.Relations, ", "))
	}
	if end = s.read(text, at, p.input); end == malformed {
		return 0, p.problem(whole(text, end))
	}
	s.extended = p.appendExtensions(s, s.extended[:0])
	return end, nil
}

// problem tells what was read when an error was found.
func (p *ReadPlan) problem(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading a %s from Graph: %w", p.resource, err)
}

// appendExtensions makes the extensions before anything else, because schemas,
// which comes first, says which of them have values.
func (p *ReadPlan) appendExtensions(s *state, dst []byte) []byte {
	for i := range p.extended {
		before := len(dst)
		dst = p.extended[i].append(s, dst)
		s.has = append(s.has, span{before, len(dst)})
	}
	return dst
}

func (p *ReadPlan) write(s *state, enc *jsontext.Encoder) {
	if p.streams {
		p.stream(s, enc)
		return
	}
	if s.out = p.append(s, s.out[:0]); s.err == nil {
		s.fail(enc.WriteValue(s.out))
	}
}

func (p *ReadPlan) append(s *state, dst []byte) []byte {
	dst = append(dst, `{"schemas":`...)
	dst = append(p.appendSchemas(s, dst), ',')
	dst = p.id.append(s, dst)
	for i := range p.core {
		dst = p.core[i].append(s, dst)
	}
	dst = p.meta.append(s, dst)
	dst = append(dst, s.extended...)
	return closed(dst, '}')
}

// stream writes a resource attribute by attribute.
func (p *ReadPlan) stream(s *state, enc *jsontext.Encoder) {
	s.fail(enc.WriteToken(jsontext.BeginObject))
	s.fail(enc.WriteToken(jsontext.String("schemas")))
	s.fail(enc.WriteValue(p.appendSchemas(s, s.out[:0])))
	p.id.stream(s, enc)
	for i := range p.core {
		p.core[i].stream(s, enc)
	}
	p.meta.stream(s, enc)
	for i, at := range s.has {
		if name := p.extended[i].name; at.from < at.to && s.err == nil {
			s.fail(enc.WriteValue(name[:len(name)-1]))
			s.fail(enc.WriteValue(s.extended[at.from+len(name) : at.to-1]))
		}
	}
	s.fail(enc.WriteToken(jsontext.EndObject))
}

// stream writes the member; a relation's values as they come.
func (m *member) stream(s *state, enc *jsontext.Encoder) {
	if r, ok := m.out.(*relationOutput); ok && s.err == nil {
		r.stream(s, enc, m.name[:len(m.name)-1])
		return
	}
	s.out = m.out.append(s, s.out[:0])
	if len(s.out) > 0 && s.err == nil {
		s.fail(enc.WriteValue(m.name[:len(m.name)-1]))
		s.fail(enc.WriteValue(s.out))
	}
}

func (p *ReadPlan) appendSchemas(s *state, dst []byte) []byte {
	dst = append(append(dst, '['), p.head...)
	for i, at := range s.has {
		if name := p.extended[i].name; at.from < at.to {
			dst = append(append(dst, ','), name[:len(name)-1]...)
		}
	}
	return append(dst, ']')
}

// metaOutput writes meta (RFC 7643 section 3.1).
type metaOutput struct {
	resourceType []byte // as JSON; nil: not wanted
	location     bool
	endpoint     string
	idSlot       int
	times        []member
}

func (m *metaOutput) append(s *state, dst []byte) []byte {
	before := len(dst)
	dst = append(dst, '{')
	if m.resourceType != nil {
		dst = append(append(append(dst, `"resourceType":`...), m.resourceType...), ',')
	}
	for i := range m.times {
		dst = m.times[i].append(s, dst)
	}
	if id := s.value(m.idSlot); m.location && id != nil {
		dst = append(appendURL(append(dst, `"location":`...), s.env.BaseURL, m.endpoint, id), ',')
	}
	if len(dst) == before+1 {
		return dst[:before]
	}
	return closed(dst, '}')
}
