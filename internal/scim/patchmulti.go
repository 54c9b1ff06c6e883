package scim

import (
	"maps"
	"strings"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
)

// values are the values of a multi-valued attribute after the operation.
func (p *application) values(list []any, op Operation) ([]any, error) {
	p.work += (len(list) + len(spread(op.Value)) + 1) * op.weight
	if p.work > maxWork {
		return nil, fault.New(fault.TooLarge, "The operations look at more than %d values.", maxWork)
	}
	if op.attr.mutability == immutable && op.Op != opAdd && len(list) > 0 {
		return nil, fault.New(fault.Mutability, "%s can not be changed once it is set.", op.attr.path)
	}
	if op.Filter != nil || op.sub != nil {
		return p.selected(list, op)
	}
	given, _ := op.Value.([]any)
	switch {
	case op.Op == opAdd:
		return union(op.attr, list, given)
	case op.Op == opReplace:
		return spread(clone(op.Value)), nil
	case op.Value == nil:
		return nil, nil
	}
	return without(op.attr, list, given), nil
}

// selected does the operation on the values that the filter selects.
func (p *application) selected(list []any, op Operation) ([]any, error) {
	match := newMatcher(nil, nil).match
	if op.Filter != nil {
		match = compile(op.Filter, op.attr.reach)
	}
	var chosen []int
	for i, v := range list {
		if match(v) {
			chosen = append(chosen, i)
		}
	}
	switch {
	case op.Op == opRemove:
		return remove(list, chosen, op)
	case op.Value == nil:
		return list, nil
	case len(chosen) == 0:
		return p.created(list, op)
	}
	for _, i := range chosen {
		v, err := op.changed(list[i])
		if err != nil {
			return nil, err
		}
		list[i] = v
	}
	return list, onePrimary(op.attr, list, chosen)
}

// changed is a selected value after the operation.
func (op Operation) changed(before any) (any, error) {
	if op.sub != nil {
		return merge(op.attr, before, map[string]any{op.sub.path.Sub: op.Value})
	}
	value, _ := op.Value.(map[string]any)
	if op.Op == opReplace { // RFC 7644 section 3.5.2.3: the value is replaced
		return clone(value), nil
	}
	return merge(op.attr, before, value)
}

// created adds the value that the filter describes, when nothing is selected.
// A replace then has no target (RFC 7644 section 3.5.2.3), unless the client's
// dialect means an add.
func (p *application) created(list []any, op Operation) ([]any, error) {
	value, ok := implied(op.Filter)
	if !ok || op.Op == opReplace && op.Filter != nil && !p.creates {
		return nil, fault.New(fault.NoTarget, "No value of %s satisfies the filter of the path.", op.attr.path)
	}
	if op.sub != nil {
		value[op.sub.path.Sub] = clone(op.Value)
	} else if given, ok := op.Value.(map[string]any); ok {
		maps.Copy(value, given)
	}
	return union(op.attr, list, []any{value})
}

// remove takes away the chosen values, or their sub-attribute.
func remove(list []any, chosen []int, op Operation) ([]any, error) {
	gone := make(map[int]bool, len(chosen))
	for _, i := range chosen {
		if op.sub == nil {
			gone[i] = true
			continue
		}
		v, err := merge(op.attr, list[i], map[string]any{op.sub.path.Sub: nil})
		if err != nil {
			return nil, err
		}
		list[i], gone[i] = v, !assigned(v)
	}
	kept := make([]any, 0, len(list))
	for i, v := range list {
		if !gone[i] {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

// union adds values to a list. One that is there already is not added again
// (RFC 7644 section 3.5.2.1); it takes over what the new one says besides. A value
// without a type is there when it is there with any: Entra gives each its type, and a
// client that sends it again means the same.
func union(a *attribute, list, given []any) ([]any, error) {
	if len(a.keys) > 0 {
		return keyedUnion(a, list, given)
	}
	same, alike := make(map[string]int, len(list)+len(given)), make(map[string]int, len(list)+len(given))
	note := func(i int, v any) {
		same[a.identity(v)] = i
		if _, known := alike[a.untyped(v)]; !known {
			alike[a.untyped(v)] = i
		}
	}
	for i, v := range list {
		note(i, v)
	}
	var primary []int // those that are to be it; one that was gives way
	for _, v := range given {
		i, known := same[a.identity(v)]
		if !known && a.identity(v) == a.untyped(v) {
			i, known = alike[a.untyped(v)]
		}
		if !known {
			i = len(list)
			note(i, v)
			list = append(list, clone(v))
		} else if m, ok := v.(map[string]any); ok && !a.reference() {
			merged, err := merge(a, list[i], m)
			if err != nil {
				return nil, err
			}
			list[i] = merged
		}
		if m, ok := v.(map[string]any); ok && m["primary"] == true {
			primary = append(primary, i)
		}
	}
	return list, onePrimary(a, list, primary)
}

// identity is equal for values that are the same value: references by what they
// point at, others by type and value (RFC 7643 section 2.4), and those that have
// no value by everything.
func (a *attribute) identity(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return a.text(v)
	}
	if s := a.sub("value"); s != nil && assigned(m["value"]) {
		if a.reference() {
			return s.text(m["value"])
		}
		kind, _ := m["type"].(string)
		return s.text(m["value"]) + "\x00" + strings.ToLower(kind)
	}
	return a.text(v)
}

// untyped is the identity that a client asks for who says the value and no type: that
// of the value, whatever its type is.
func (a *attribute) untyped(v any) string {
	m, ok := v.(map[string]any)
	if s := a.sub("value"); ok && s != nil && assigned(m["value"]) && !a.reference() {
		return s.text(m["value"]) + "\x00"
	}
	return a.identity(v)
}

// text is the value as JSON, folded unless case matters.
func (a *attribute) text(v any) string {
	text, ok := v.(string)
	if !ok {
		b, _ := json.Marshal(v, json.Deterministic(true)) // decoded JSON always marshals
		text = string(b)                                  // strings and others never meet in one attribute
	}
	if a.caseExact {
		return text
	}
	return strings.ToLower(text)
}

// without removes the given values from a list. Those with a value go by that,
// and by the type where both have one; the others by all they say.
func without(a *attribute, list, given []any) []any {
	byValue := make(map[string][]map[string]any, len(given))
	var rest []any
	for _, g := range given {
		if m, ok := g.(map[string]any); ok && assigned(m["value"]) && a.sub("value") != nil {
			id := a.sub("value").text(m["value"])
			byValue[id] = append(byValue[id], m)
		} else {
			rest = append(rest, g)
		}
	}
	kept := make([]any, 0, len(list))
	for _, v := range list {
		if !a.among(v, byValue) && !a.says(v, rest) {
			kept = append(kept, v)
		}
	}
	return kept
}

func (a *attribute) among(v any, byValue map[string][]map[string]any) bool {
	m, ok := v.(map[string]any)
	s := a.sub("value")
	if !ok || s == nil {
		return false
	}
	for _, g := range byValue[s.text(m["value"])] {
		if len(a.keys) > 0 {
			if a.means(g, m) {
				return true
			}
			continue
		}
		kind, typed := g["type"].(string)
		own, has := m["type"].(string)
		if a.reference() || !typed || !has || strings.EqualFold(kind, own) {
			return true
		}
	}
	return false
}

// says tells whether the value is one of those given, or has all the
// sub-attributes of one.
func (a *attribute) says(v any, given []any) bool {
	for _, g := range given {
		want, isObject := g.(map[string]any)
		have, _ := v.(map[string]any)
		if !isObject {
			if a.text(v) == a.text(g) {
				return true
			}
			continue
		}
		all := true
		for name, w := range want {
			all = all && a.sub(name).text(have[name]) == a.sub(name).text(w)
		}
		if all {
			return true
		}
	}
	return false
}

// onePrimary makes the changed value that is primary the only one (RFC 7644
// section 3.5.2).
func onePrimary(a *attribute, list []any, changed []int) error {
	primary := -1
	for _, i := range changed {
		if m, ok := list[i].(map[string]any); ok && m["primary"] == true {
			if primary >= 0 && primary != i {
				return fault.New(fault.InvalidValue, "%s would have more than one primary value.", a.path)
			}
			primary = i
		}
	}
	if primary < 0 {
		return nil
	}
	for i, v := range list {
		if m, ok := v.(map[string]any); ok && i != primary && m["primary"] == true {
			m["primary"] = false
		}
	}
	return nil
}
