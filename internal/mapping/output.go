package mapping

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// An output writes one attribute, or nothing when the object has no value of it.
type output interface {
	present(s *state) bool
	write(s *state, enc *jsontext.Encoder) error
}

// Resource reads one Graph object from dec and writes it to enc as a SCIM
// resource, in one pass. Properties that are absent, null, "" or [] give no
// attribute; schemas lists the extensions that have values.
func (p *ReadPlan) Resource(dec *jsontext.Decoder, enc *jsontext.Encoder, env Env) error {
	s := p.newState(env)
	defer s.free()
	if kind := dec.PeekKind(); kind != '{' {
		if _, err := dec.ReadToken(); err != nil {
			return fmt.Errorf("reading a %s from Graph: %w", p.resource, err)
		}
		return fmt.Errorf("reading a %s from Graph: a JSON object was expected, not %v", p.resource, kind)
	}
	if err := s.read(dec, p.input); err != nil {
		return fmt.Errorf("reading a %s from Graph: %w", p.resource, err)
	}
	if err := p.hold(s); err != nil {
		return err
	}
	if err := p.write(s, enc); err != nil {
		return fmt.Errorf("writing a %s: %w", p.resource, err)
	}
	return nil
}

// hold reads the relations of extensions before anything is written, because
// schemas, which comes first, says whether an extension has values.
func (p *ReadPlan) hold(s *state) error {
	for _, x := range p.extended {
		for _, o := range x.out {
			if r, ok := o.(*relationOutput); ok {
				if err := r.hold(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *ReadPlan) write(s *state, enc *jsontext.Encoder) error {
	w := writer{enc: enc}
	w.token(jsontext.BeginObject)
	p.writeSchemas(s, &w)
	w.pair(tokenID, s.value(p.idSlot))
	for _, o := range p.core {
		w.output(s, o)
	}
	p.meta.write(s, p, &w)
	for _, x := range p.extended {
		if !anyPresent(s, x.out) {
			continue
		}
		w.token(x.urn)
		w.token(jsontext.BeginObject)
		for _, o := range x.out {
			w.output(s, o)
		}
		w.token(jsontext.EndObject)
	}
	w.token(jsontext.EndObject)
	return w.err
}

var (
	tokenID           = jsontext.String("id")
	tokenSchemas      = jsontext.String("schemas")
	tokenMeta         = jsontext.String("meta")
	tokenResourceType = jsontext.String("resourceType")
	tokenLocation     = jsontext.String("location")
)

func (p *ReadPlan) writeSchemas(s *state, w *writer) {
	w.token(tokenSchemas)
	w.token(jsontext.BeginArray)
	w.value(p.head)
	for _, x := range p.extended {
		if anyPresent(s, x.out) {
			w.value(x.json)
		}
	}
	w.token(jsontext.EndArray)
}

func anyPresent(s *state, outs []output) bool {
	for _, o := range outs {
		if o.present(s) {
			return true
		}
	}
	return false
}

// A writer remembers the first error, so that writing reads as what is written.
type writer struct {
	enc *jsontext.Encoder
	err error
}

func (w *writer) token(t jsontext.Token) {
	if w.err == nil {
		w.err = w.enc.WriteToken(t)
	}
}

func (w *writer) value(raw []byte) {
	if w.err == nil {
		w.err = w.enc.WriteValue(raw)
	}
}

// pair writes a member; nothing when there is no value.
func (w *writer) pair(name jsontext.Token, raw []byte) {
	if raw != nil {
		w.token(name)
		w.value(raw)
	}
}

func (w *writer) output(s *state, o output) {
	if w.err == nil {
		w.err = o.write(s, w.enc)
	}
}

// metaOutput writes meta (RFC 7643 section 3.1).
type metaOutput struct {
	resourceType, location bool
	quotedType             []byte
	times                  []field
}

func (m *metaOutput) write(s *state, p *ReadPlan, w *writer) {
	var location []byte
	if id := s.value(p.idSlot); m.location && id != nil {
		from := len(s.scratch)
		s.scratch = appendURL(s.scratch, s.env.BaseURL, p.endpoint, id)
		location = s.scratch[from:]
	}
	if !m.resourceType && location == nil && !m.timed(s) {
		return
	}
	w.token(tokenMeta)
	w.token(jsontext.BeginObject)
	if m.resourceType {
		w.pair(tokenResourceType, m.quotedType)
	}
	for _, f := range m.times {
		w.pair(f.name, f.emit(s))
	}
	w.pair(tokenLocation, location)
	w.token(jsontext.EndObject)
}

func (m *metaOutput) timed(s *state) bool {
	for _, f := range m.times {
		if f.emit(s) != nil {
			return true
		}
	}
	return false
}

// valueOutput is a simple attribute.
type valueOutput struct {
	name jsontext.Token
	emit emitter
}

func (o *valueOutput) present(s *state) bool { return o.emit(s) != nil }

func (o *valueOutput) write(s *state, enc *jsontext.Encoder) error {
	w := writer{enc: enc}
	w.pair(o.name, o.emit(s))
	return w.err
}

// scalarsOutput is a simple attribute with many values.
type scalarsOutput struct {
	name    jsontext.Token
	slot    int
	convert convert
}

func (o *scalarsOutput) present(s *state) bool { return s.item(o.slot, 0) != nil }

func (o *scalarsOutput) write(s *state, enc *jsontext.Encoder) error {
	if !o.present(s) {
		return nil
	}
	w := writer{enc: enc}
	w.token(o.name)
	w.token(jsontext.BeginArray)
	for i := 0; ; i++ {
		raw := s.item(o.slot, i)
		if raw == nil {
			break
		}
		if o.convert != nil {
			raw = o.convert(s, raw)
		}
		w.value(raw)
	}
	w.token(jsontext.EndArray)
	return w.err
}
