package rfcpatch

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A Refusal is the scimType that an operation is refused with (RFC 7644 table 9).
type Refusal string

// Error is the scimType.
func (r Refusal) Error() string { return string(r) }

// The refusals that follow from operation and document.
const (
	NoTarget     Refusal = "noTarget"
	Mutability   Refusal = "mutability"
	InvalidValue Refusal = "invalidValue"
)

// Apply gives the document after the operations, or the refusal of the first that
// cannot be done. The document given stays as it is.
func Apply(doc Object, ops []Operation) (Object, error) {
	doc, _ = cloned(doc).(Object)
	for _, o := range ops {
		home := doc
		if o.Attr.URN != "" {
			home, _ = doc[o.Attr.URN].(Object)
			if home == nil {
				home = Object{}
			}
		}
		after, err := o.after(home[o.Attr.Name])
		if err != nil {
			return nil, err
		}
		if o.Attr.Required && unassigned(after) {
			return nil, Mutability // section 3.5.2.2: a required attribute
		}
		set(home, o.Attr.Name, after)
		if o.Attr.URN != "" {
			set(doc, o.Attr.URN, home)
		}
	}
	return doc, nil
}

// set gives an object a member; one without a value goes.
func set(in Object, name string, v any) {
	if unassigned(v) {
		delete(in, name)
	} else {
		in[name] = v
	}
}

// unassigned is what RFC 7643 section 2.5 says has no value.
func unassigned(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case Object:
		return len(v) == 0
	}
	return false
}

// after is the value of the attribute after the operation.
func (o Operation) after(before any) (any, error) {
	switch {
	case o.Attr.Multi:
		list, _ := before.([]any)
		return o.several(list)
	case len(o.Attr.Subs) == 0 || o.Op == Remove && o.Sub == "":
		return o.given(), nil
	case o.Sub != "":
		return merged(before, Object{o.Sub: o.given()}), nil
	case o.given() == nil:
		return nil, nil
	}
	// Sections 3.5.2.1 and 3.5.2.3: the sub-attributes that the value has.
	value, _ := o.Value.(Object)
	return merged(before, value), nil
}

// given is the new value; nil for remove.
func (o Operation) given() any {
	if o.Op == Remove {
		return nil
	}
	return cloned(o.Value)
}

// merged is a complex value with other sub-attributes in it.
func merged(before any, change Object) Object {
	out := Object{}
	if m, ok := before.(Object); ok {
		out = maps.Clone(m)
	}
	for name, v := range change {
		set(out, name, cloned(v))
	}
	return out
}

// several is the list of values after the operation.
func (o Operation) several(list []any) (any, error) {
	switch {
	case !o.Filter.none() || o.Sub != "":
		return o.selected(list)
	case o.Op == Remove:
		return nil, nil
	}
	given, _ := cloned(listed(o.Value)).([]any)
	if err := onePrimary(given, all(given)); err != nil { // RFC 7643 section 2.4: once, in what is sent
		return nil, err
	}
	if o.Op == Add {
		return o.added(list, given)
	}
	return given, nil
}

// selected does the operation on the values that the filter selects.
func (o Operation) selected(list []any) (any, error) {
	var chosen []int
	for i, v := range list {
		if m, ok := v.(Object); ok && o.Attr.holds(o.Filter, m) {
			chosen = append(chosen, i)
		}
	}
	if len(chosen) == 0 && o.Op != Remove {
		return o.untargeted(list)
	}
	for _, i := range chosen {
		before, _ := list[i].(Object)
		value, _ := o.Value.(Object)
		switch {
		case o.Op == Remove && o.Sub == "":
			list[i] = nil
		case o.Sub != "":
			list[i] = merged(before, Object{o.Sub: o.given()})
		case o.Op == Add:
			list[i] = merged(before, value)
		default: // section 3.5.2.3: all of the value is replaced
			list[i] = merged(nil, value)
		}
	}
	if err := onePrimary(list, chosen); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, unassigned), nil
}

// untargeted is for an operation whose path selects nothing. A replace with a filter
// has no target then (section 3.5.2.3); anything else adds the value that the path
// describes.
func (o Operation) untargeted(list []any) (any, error) {
	if o.Op == Replace && !o.Filter.none() || o.Filter.Any && len(o.Filter.Terms) > 1 {
		return nil, NoTarget
	}
	value := Object{}
	for _, t := range o.Filter.Terms {
		if known, twice := value[t.Sub]; t.Op != "eq" || twice && known != t.Value {
			return nil, NoTarget
		}
		value[t.Sub] = t.Value
	}
	if o.Sub != "" {
		value = merged(value, Object{o.Sub: o.given()})
	} else if given, ok := o.Value.(Object); ok {
		value = merged(value, given)
	}
	return o.added(list, []any{value})
}

// added puts values into a list. Section 3.5.2.1: one that is there already is not
// added again; what the new one says besides is added to it.
func (o Operation) added(list, values []any) (any, error) {
	var primary []int // what is sent as primary; what was primary gives way
	for _, v := range values {
		i := o.Attr.place(list, v)
		m, isObject := v.(Object)
		switch {
		case i < 0:
			i = len(list)
			list = append(list, cloned(v))
		case isObject && !o.Attr.Refers:
			list[i] = merged(list[i], m)
		}
		if m["primary"] == true {
			primary = append(primary, i)
		}
	}
	return list, onePrimary(list, primary)
}

// place is where a list has the value, -1 for nowhere: the same or, of one that does
// not say its type, the first of that value. A client may have replaced the list by one
// with two of the same: it is the last.
func (a *Attribute) place(list []any, v any) int {
	for i, is := range slices.Backward(list) {
		if a.same(is, v) {
			return i
		}
	}
	if m, ok := v.(Object); ok && m["value"] != nil && m["type"] == nil {
		for i, is := range list {
			if n, ok := is.(Object); ok && n["value"] != nil && a.sub("value").text(n["value"]) == a.sub("value").text(m["value"]) {
				return i
			}
		}
	}
	return -1
}

// same tells whether two values are one: RFC 7643 section 2.4 has no two of the same
// value and type. Those without a value are the same when all is.
func (a *Attribute) same(x, y any) bool {
	m, _ := x.(Object)
	n, _ := y.(Object)
	if m["value"] == nil || n["value"] == nil {
		return a.text(x) == a.text(y)
	}
	value := a.sub("value")
	return value.text(m["value"]) == value.text(n["value"]) && (a.Refers || lower(m["type"]) == lower(n["type"]))
}

// text is a value as JSON, without case where that does not matter.
func (a *Attribute) text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	if a.Exact {
		return string(b)
	}
	return strings.ToLower(string(b))
}

func lower(v any) string {
	s, _ := v.(string)
	return strings.ToLower(s)
}

// holds tells whether a value satisfies the filter (section 3.4.2.2).
func (a *Attribute) holds(f Filter, value Object) bool {
	of := func(t Term) bool {
		v, s := value[t.Sub], a.sub(t.Sub)
		switch t.Op {
		case "pr":
			return v != nil
		case "eq":
			return v != nil && s.text(v) == s.text(t.Value)
		case "ne":
			return v == nil || s.text(v) != s.text(t.Value)
		case "sw":
			return v != nil && strings.HasPrefix(s.text(v), strings.TrimSuffix(s.text(t.Value), `"`))
		}
		panic("no operator " + t.Op)
	}
	if f.Any {
		return slices.ContainsFunc(f.Terms, of)
	}
	return !slices.ContainsFunc(f.Terms, func(t Term) bool { return !of(t) })
}

// onePrimary: of the changed values one may be primary, and then no other is (section
// 3.5.2).
func onePrimary(list []any, changed []int) error {
	primary := func(i int) bool { m, _ := list[i].(Object); return m["primary"] == true }
	chosen := -1
	for _, i := range changed {
		if primary(i) {
			if chosen >= 0 && chosen != i {
				return InvalidValue
			}
			chosen = i
		}
	}
	for i := range list {
		if chosen >= 0 && i != chosen && primary(i) {
			list[i] = merged(list[i], Object{"primary": false})
		}
	}
	return nil
}

func all(list []any) []int {
	var every []int
	for i := range list {
		every = append(every, i)
	}
	return every
}

func listed(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func cloned(v any) any {
	switch v := v.(type) {
	case Object:
		out := Object{}
		for name, inner := range v {
			out[name] = cloned(inner)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, inner := range v {
			out = append(out, cloned(inner))
		}
		return out
	}
	return v
}
