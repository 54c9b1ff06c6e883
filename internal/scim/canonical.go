package scim

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// canonical is the text that a version is the digest of: the same for representations
// that say the same of the projection's attributes, in whatever order the directory
// lists the values. Links are left out, which depend on how the gateway is reached.
func (r *representation) canonical(p Projection) []byte {
	slices.SortStableFunc(r.values, func(a, b valueAt) int {
		return cmp.Or(cmp.Compare(a.section, b.section), bytes.Compare(a.name, b.name))
	})
	text := make([]byte, 0, 2*len(r.body))
	for _, v := range r.values {
		if string(v.name) == "schemas" || v.raw.Kind() == 'n' || !p.includes(v.attr) {
			continue
		}
		text = append(append(append(text, r.index.sections[v.section].urn...), ':'), v.name...)
		text = append(text, 0)
		text = r.appendLines(text, v, p)
		text = append(text, 0, '\n')
	}
	return text
}

// appendLines appends the values of an attribute in their order, each but the first
// after a NUL.
func (r *representation) appendLines(text []byte, v valueAt, p Projection) []byte {
	values, many := r.spread(v.raw)
	if !many {
		plain := r.appendPlain(text, v, v.raw, p)
		if string(plain[len(text):]) == "{}" { // no value at all
			return text
		}
		return plain
	}
	lines := make([][]byte, 0, len(values))
	for _, raw := range values {
		if v.attr.kind == typeComplex && raw.Kind() != '{' {
			continue
		}
		lines = append(lines, r.appendPlain(nil, v, raw, p))
	}
	slices.SortFunc(lines, bytes.Compare)
	return append(text, bytes.Join(lines, []byte{0})...)
}

// spread gives the values of an attribute; many tells whether they were a list.
func (r *representation) spread(raw jsontext.Value) (values []jsontext.Value, many bool) {
	if raw.Kind() != '[' {
		return []jsontext.Value{raw}, false
	}
	_ = r.reader.elements(raw, func(element jsontext.Value) { values = append(values, element) }) // it was read before
	return values, true
}

// appendPlain appends what the projection shows of a value, without links and version,
// as JSON whose members are sorted.
func (r *representation) appendPlain(text []byte, v valueAt, raw jsontext.Value, p Projection) []byte {
	if raw.Kind() != '{' {
		return appendScalar(text, raw)
	}
	type member struct {
		name []byte
		raw  jsontext.Value
	}
	var room [8]member
	members := room[:0]
	_ = r.reader.members(raw, func(name []byte, _ int, raw jsontext.Value) { // it was read before
		if s := v.attr.subNamed(name); s != nil && p.includesSub(v.attr, s) && !volatile(v.name, name) {
			members = append(members, member{name, raw})
		}
	})
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	text = append(text, '{')
	for i, m := range members {
		if i > 0 {
			text = append(text, ',')
		}
		text, _ = jsontext.AppendQuote(text, m.name)
		text = appendScalar(append(text, ':'), m.raw)
	}
	return append(text, '}')
}

// volatile tells whether a sub-attribute says nothing about the resource itself.
func volatile(attribute, sub []byte) bool {
	switch string(sub) {
	case "$ref":
		return true
	case "location", "version":
		return string(attribute) == "meta"
	}
	return false
}

// appendScalar appends a value in the one form that JSON has for it.
func appendScalar(text []byte, raw jsontext.Value) []byte {
	kind := raw.Kind()
	if kind == 't' || kind == 'f' || kind == 'n' || kind == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return append(text, raw...)
	}
	var v any
	_ = json.Unmarshal(raw, &v)                           // it was read before
	plain, _ := json.Marshal(v, json.Deterministic(true)) // decoded JSON always marshals
	return append(text, plain...)
}

// shown are the attributes that have a value, and of values with parts the parts.
func (r *representation) shown() attributeSet {
	shown := r.index.newSet()
	for _, v := range r.values {
		values, _ := r.spread(v.raw)
		for _, raw := range values {
			if !assignedText(raw) {
				continue
			}
			shown.add(v.attr)
			if raw.Kind() != '{' {
				continue
			}
			_ = r.reader.members(raw, func(name []byte, _ int, raw jsontext.Value) { // it was read before
				if s := v.attr.subNamed(name); s != nil && assignedText(raw) {
					shown.add(s)
				}
			})
		}
	}
	return shown
}

// assignedText is assigned for a value that is not decoded.
func assignedText(raw jsontext.Value) bool {
	kind := raw.Kind()
	if kind == '[' || kind == '{' {
		return len(bytes.TrimSpace(raw[1:len(raw)-1])) > 0
	}
	return kind != 'n'
}
