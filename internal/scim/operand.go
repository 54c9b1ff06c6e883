package scim

import (
	"fmt"
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// operand checks the operator and the value against the attribute's type
// (RFC 7644 table 3) and gives the value the attribute's type. nil stands for
// null.
func operand(n named, op filter.CompareOperator, value any) (any, error) {
	a := n.target()
	if op == filter.PR {
		return nil, nil
	}
	if value == nil {
		if op != filter.EQ && op != filter.NE {
			return nil, fault.New(fault.InvalidFilter, "%s can not be compared with null by %s.", a.path, op)
		}
		return nil, nil
	}
	if a.kind == "" { // nobody knows the attribute: any literal of the grammar may be its value
		if _, odd := value.(unquoted); odd {
			return nil, fault.New(fault.InvalidFilter, "%s is not a value: true and false are written in lower case.", value)
		}
		return value, nil
	}
	if !operates(a.kind, op) {
		return nil, fault.New(fault.InvalidFilter, "The operator %s does not apply to %s, which is of type %s.", op, a.path, a.kind)
	}
	typed, ok := literal(a.kind, op, value)
	if !ok {
		return nil, fault.New(fault.InvalidFilter, "%s is of type %s: it can not be compared with %s.", a.path, a.kind, printed(value))
	}
	if s, text := typed.(string); text && a.kind == typeDateTime && !substring(op) {
		return a.placed(s), nil
	}
	return typed, nil
}

// operates tells whether the operator applies to the data type.
func operates(kind string, op filter.CompareOperator) bool {
	switch {
	case op == filter.EQ, op == filter.NE:
		return true
	case substring(op):
		return kind != typeBoolean && kind != typeInteger && kind != typeDecimal
	}
	return kind != typeBoolean && kind != typeBinary && kind != typeComplex
}

// substring tells whether the operator looks into the text of a value.
func substring(op filter.CompareOperator) bool {
	return op == filter.CO || op == filter.SW || op == filter.EW
}

// literal gives a literal the data type; false when it has another.
func literal(kind string, op filter.CompareOperator, value any) (any, bool) {
	switch kind {
	case typeBoolean:
		return boolean(value)
	case typeInteger, typeDecimal:
		switch value.(type) {
		case int, float64:
			return value, true
		}
		return nil, false
	}
	s, ok := value.(string)
	switch {
	case !ok:
		return nil, false
	case kind == typeDateTime && !substring(op):
		_, ok = instant(s)
	case kind == typeBinary && !substring(op):
		ok = base64Text(s)
	}
	return s, ok
}

// boolean takes true and false, quoted or not, in any case: clients send them so.
func boolean(value any) (b, ok bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case unquoted:
		return boolean(string(v))
	case string:
		return strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}
	return false, false
}

func printed(value any) string {
	if s, ok := value.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(value)
}
