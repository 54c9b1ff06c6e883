package scim

import (
	"encoding/base64"
	"math"
	"strings"

	"entrascim/internal/fault"
)

// checker checks what a client writes against the schema and gives it the
// schema's form: names in the schema's case, booleans that were strings,
// canonical values in their own case. What may not be written (read-only) and
// what is not known is left out, unless strict.
type checker struct{ strict bool }

// value checks the value of an attribute. nil says that it is unassigned: null,
// "" and an empty object are (RFC 7643 section 2.5); an empty list stays one.
func (c checker) value(a *attribute, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if a.refuse != nil {
		var err error
		if v, err = a.entries(v); err != nil || v == nil {
			return nil, err
		}
	}
	list, isList := v.([]any)
	if a.multi {
		if !isList {
			list = []any{v}
		}
		return c.list(a, list)
	}
	if isList { // Entra sends a manager as a list of one
		switch len(list) {
		case 0:
			return nil, nil
		case 1:
			v = list[0]
		default:
			return nil, fault.New(fault.InvalidValue, "%s has one value, not %d.", a.path, len(list))
		}
	}
	return c.single(a, v)
}

func (c checker) list(a *attribute, list []any) (any, error) {
	out := make([]any, 0, len(list))
	primaries := 0
	for _, element := range list {
		if element == nil {
			return nil, fault.New(fault.InvalidValue, "A value of %s is null.", a.path)
		}
		v, err := c.single(a, element)
		if err != nil {
			return nil, err
		}
		if a.kind == typeComplex {
			m, _ := v.(map[string]any)
			if err := require(a, m); err != nil {
				return nil, err
			}
			if m["primary"] == true {
				primaries++
			}
		}
		if assigned(v) {
			out = append(out, v)
		}
	}
	// RFC 7643 section 2.4: primary is true at most once.
	if primaries > 1 {
		return nil, fault.New(fault.InvalidValue, "%s has more than one primary value.", a.path)
	}
	return out, nil
}

// require checks a value of a multi-valued attribute for what it must have. A
// reference must say what it points at.
func require(a *attribute, m map[string]any) error {
	if a.reference() && !assigned(m["value"]) {
		return fault.New(fault.InvalidValue, "%s is required in every value of %s.", a.sub("value").path, a.path)
	}
	for _, s := range a.subs {
		if s.required && !s.absent && s.mutability != readOnly && !assigned(m[s.path.Sub]) {
			return fault.New(fault.InvalidValue, "%s is required.", s.path)
		}
	}
	return nil
}

func (c checker) single(a *attribute, v any) (any, error) {
	if a.kind == typeComplex {
		return c.complex(a, v)
	}
	out, ok := simple(a.kind, v)
	if !ok {
		return nil, fault.New(fault.InvalidValue, "%s must be %s.", a.path, form(a.kind))
	}
	if s, isString := out.(string); isString {
		if s == "" {
			return nil, nil
		}
		if a.kind == typeDateTime {
			return a.placed(s), nil
		}
		return a.canonicalCase(s), nil
	}
	return out, nil
}

// complex checks the value of a complex attribute. A reference may be given as
// the plain id.
func (c checker) complex(a *attribute, v any) (any, error) {
	if id, ok := v.(string); ok && a.reference() {
		v = map[string]any{"value": id}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.InvalidValue, "%s must be %s.", a.path, form(typeComplex))
	}
	out := make(map[string]any, len(m))
	for name, inner := range m {
		s := a.sub(name)
		if s == nil || s.absent {
			if err := c.unknown(a.path.String() + "." + name); err != nil {
				return nil, err
			}
			continue
		}
		value, err := c.value(s, inner)
		if err != nil {
			return nil, err
		}
		if s.mutability != readOnly && assigned(value) {
			out[s.path.Sub] = value
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// unknown is what comes of an attribute that is not in the schemas: RFC 7644
// section 3.3 lets it be ignored.
func (c checker) unknown(name string) error {
	if c.strict {
		return fault.New(fault.InvalidSyntax, "The attribute %s is not in the schemas of this resource.", name)
	}
	return nil
}

func (a *attribute) canonicalCase(s string) string {
	if a.caseExact {
		return s
	}
	for _, known := range a.canonical {
		if strings.EqualFold(known, s) {
			return known
		}
	}
	return s
}

// simple gives a value the data type (RFC 7643 section 2.3); false when it has
// another.
func simple(kind string, v any) (any, bool) {
	switch kind {
	case typeBoolean:
		if s, ok := v.(string); ok && s == "" {
			return s, true
		}
		return boolean(v)
	case typeInteger:
		n, ok := v.(float64)
		return n, ok && n == math.Trunc(n)
	case typeDecimal:
		n, ok := v.(float64)
		return n, ok
	}
	s, ok := v.(string)
	switch {
	case !ok || s == "":
	case kind == typeDateTime:
		_, ok = instant(s)
	case kind == typeBinary:
		ok = base64Text(s)
	}
	return s, ok
}

// base64Text tells whether a string is base64 (RFC 7643 section 2.3.6), in lines
// if it must be.
func base64Text(s string) bool {
	_, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	return err == nil
}

// form says what a value of the data type looks like.
func form(kind string) string {
	switch kind {
	case typeBoolean:
		return "true or false"
	case typeInteger:
		return "a whole number"
	case typeDecimal:
		return "a number"
	case typeDateTime:
		return "a date and time, as in 2008-01-23T04:56:22Z"
	case typeBinary:
		return "a string of base64"
	case typeComplex:
		return "an object"
	}
	return "a string"
}

// clone is a deep copy of decoded JSON.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[name] = clone(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = clone(inner)
		}
		return out
	}
	return v
}
