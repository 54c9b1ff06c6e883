package scim

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A representation is the JSON of a resource with the places of its attributes. It is
// read without being decoded: most of what it says is only compared.
type representation struct {
	body   []byte
	index  *catalog
	values []valueAt
	meta   int // where the first member of meta stands in the body; -1: there is no meta
	reader *valueReader
}

// A valueAt is the value of an attribute.
type valueAt struct {
	section int // of the catalog
	name    []byte
	attr    *attribute
	raw     jsontext.Value
}

// represent finds the attributes that the catalog knows. The body must not change
// while the representation is used.
func (c *catalog) represent(body []byte) (*representation, error) {
	r := &representation{body: body, index: c, meta: -1, values: make([]valueAt, 0, len(c.core.order)), reader: newValueReader()}
	var extended []valueAt
	err := r.reader.members(body, func(name []byte, at int, raw jsontext.Value) {
		if a := c.core.named(name); a != nil {
			r.values = append(r.values, valueAt{0, name, a, raw})
			if a.path.Name == "meta" && raw.Kind() == '{' {
				r.meta = at + 1
			}
		} else if i := c.extension(name); i > 0 && raw.Kind() == '{' {
			extended = append(extended, valueAt{section: i, raw: raw})
		}
	})
	for i := 0; i < len(extended) && err == nil; i++ {
		s := extended[i].section
		err = r.reader.members(extended[i].raw, func(name []byte, _ int, raw jsontext.Value) {
			if a := c.sections[s].named(name); a != nil {
				r.values = append(r.values, valueAt{s, name, a, raw})
			}
		})
	}
	return r, err
}

// named is find for a name that is a part of a text.
func (s *section) named(name []byte) *attribute {
	if a := s.byName[string(name)]; a != nil {
		return a
	}
	return s.find(string(name))
}

// extension finds the section of an extension by its URN; 0 when there is none.
func (c *catalog) extension(urn []byte) int {
	for i, s := range c.sections {
		if i > 0 && bytes.EqualFold(urn, []byte(s.urn)) {
			return i
		}
	}
	return 0
}

// inMeta is a string member of meta; "" when there is none.
func (r *representation) inMeta(name string) string {
	var text []byte
	for _, v := range r.values {
		if v.section != 0 || v.attr.path.Name != "meta" || v.raw.Kind() != '{' {
			continue
		}
		_ = r.reader.members(v.raw, func(n []byte, _ int, raw jsontext.Value) { // it was read before
			if string(n) == name && raw.Kind() == '"' {
				text, _ = jsontext.AppendUnquote(nil, raw)
			}
		})
	}
	return string(text)
}

// withMeta is the body with one more member in meta, when there is meta.
func (r *representation) withMeta(name, value string) []byte {
	if r.meta < 0 {
		return r.body
	}
	member, _ := jsontext.AppendQuote(nil, name)
	member, _ = jsontext.AppendQuote(append(member, ':'), value)
	if r.body[r.meta] != '}' {
		member = append(member, ',')
	}
	return slices.Insert(r.body, r.meta, member...)
}

// A valueReader goes through the members and elements of JSON values, one value at a
// time: what it gives is a part of the text.
type valueReader struct {
	text    bytes.Buffer
	decoder *jsontext.Decoder
}

func newValueReader() *valueReader {
	r := &valueReader{}
	r.decoder = jsontext.NewDecoder(&r.text, jsontext.AllowDuplicateNames(true))
	return r
}

// open reads the bracket that a value begins with.
func (r *valueReader) open(text []byte) error {
	r.text = *bytes.NewBuffer(text)
	r.decoder.Reset(&r.text, jsontext.AllowDuplicateNames(true))
	_, err := r.decoder.ReadToken()
	return err
}

// next reads a value that stands in the text.
func (r *valueReader) next(text []byte) (at int, raw jsontext.Value, err error) {
	raw, err = r.decoder.ReadValue()
	end := int(r.decoder.InputOffset())
	if err != nil {
		return 0, nil, err
	}
	return end - len(raw), text[end-len(raw) : end], nil
}

// members gives the members of an object, and where their values stand in it.
func (r *valueReader) members(object []byte, each func(name []byte, at int, raw jsontext.Value)) error {
	if err := r.open(object); err != nil {
		return err
	}
	for r.decoder.PeekKind() == '"' {
		_, quoted, err := r.next(object)
		if err != nil {
			return err
		}
		name := []byte(quoted[1 : len(quoted)-1])
		if bytes.IndexByte(name, '\\') >= 0 {
			name, _ = jsontext.AppendUnquote(nil, quoted)
		}
		at, raw, err := r.next(object)
		if err != nil {
			return err
		}
		each(name, at, raw)
	}
	_, err := r.decoder.ReadToken()
	return err
}

// elements gives the elements of an array.
func (r *valueReader) elements(array []byte, each func(raw jsontext.Value)) error {
	if err := r.open(array); err != nil {
		return err
	}
	for r.decoder.PeekKind() != ']' {
		_, raw, err := r.next(array)
		if err != nil {
			return err
		}
		each(raw)
	}
	return nil
}
