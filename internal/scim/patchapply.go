package scim

import (
	"reflect"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// application is a Patch being applied.
type application struct {
	creates bool // see Dialect.creates
	work    int  // values looked at so far
}

// apply does one operation on the document.
func (p *application) apply(doc Document, op Operation) error {
	home, key := doc, op.attr.path.URN
	extension := op.outside
	if extension {
		home, _ = doc[key].(map[string]any)
		if home == nil {
			home = map[string]any{}
		}
	}
	err := p.change(home, op)
	if extension {
		put(doc, key, home)
	}
	return err
}

// put sets a member, or deletes it when the value is none.
func put(home map[string]any, name string, v any) {
	if assigned(v) {
		home[name] = v
	} else {
		delete(home, name)
	}
}

func (p *application) change(home map[string]any, op Operation) error {
	name := op.attr.path.Name
	var after any
	var err error
	switch {
	case op.attr.multi:
		var list []any
		list, err = p.values(spread(home[name]), op)
		after = list
	case op.sub != nil:
		after, err = op.inside(home[name])
	default:
		after, err = op.whole(home[name])
	}
	if err != nil {
		return err
	}
	// RFC 7644 section 3.5.2.2: a required attribute must not become unassigned.
	if op.attr.required && !assigned(after) {
		return fault.New(fault.Mutability, "%s is required and can not be removed.", op.attr.path)
	}
	put(home, name, after)
	return nil
}

// whole is the attribute after an operation on all of it.
func (op Operation) whole(before any) (any, error) {
	switch {
	case op.Op == opRemove:
		return nil, fixed(op.attr, before, nil)
	case op.Value == nil:
		return before, nil
	case op.attr.kind == typeComplex:
		// RFC 7644 section 3.5.2.3: the sub-attributes given are replaced or
		// added, the others stay.
		value, _ := op.Value.(map[string]any)
		return merge(op.attr, before, value)
	}
	return op.Value, fixed(op.attr, before, op.Value)
}

// inside is the complex attribute after an operation on its sub-attribute.
func (op Operation) inside(before any) (any, error) {
	value := op.Value
	if op.Op != opRemove && value == nil {
		return before, nil
	}
	return merge(op.attr, before, map[string]any{op.sub.path.Sub: value})
}

// merge gives a complex value new sub-attributes; nil ones are removed.
func merge(a *attribute, before any, change map[string]any) (any, error) {
	out := map[string]any{}
	if m, ok := before.(map[string]any); ok {
		out = m
	}
	for name, v := range change {
		s := a.sub(name)
		if err := fixed(s, out[name], v); err != nil {
			return nil, err
		}
		if s.required && v == nil && out[name] != nil {
			return nil, fault.New(fault.Mutability, "%s is required and can not be removed.", s.path)
		}
		put(out, name, v)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// fixed refuses to change an immutable value (RFC 7643 section 2.2).
func fixed(a *attribute, before, after any) error {
	if a.mutability == immutable && assigned(before) && !reflect.DeepEqual(before, after) {
		return fault.New(fault.Mutability, "%s can not be changed once it is set.", a.path)
	}
	return nil
}

// implied is the value that a filter describes when it only says what
// sub-attributes equal: that of type eq "work" and primary eq true.
func implied(e filter.Expression) (map[string]any, bool) {
	switch e := e.(type) {
	case nil:
		return map[string]any{}, true
	case *filter.AttributeExpression:
		name := e.AttributePath.AttributeName
		return map[string]any{name: e.CompareValue}, e.Operator == filter.EQ && name != ""
	case *filter.LogicalExpression:
		left, lok := implied(e.Left)
		right, rok := implied(e.Right)
		if e.Operator != filter.AND || !lok || !rok {
			return nil, false
		}
		for name, v := range right {
			if known, twice := left[name]; twice && known != v {
				return nil, false
			}
			left[name] = v
		}
		return left, true
	}
	return nil, false
}
