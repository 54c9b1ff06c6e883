package scim

import (
	"slices"
	"strings"
	"time"

	filter "github.com/scim2/filter-parser/v2"
)

// Matcher evaluates a filter on documents (RFC 7644 section 3.4.2.2).
//
// A multi-valued attribute matches when any of its values does. An attribute
// without a value is not equal to anything: it satisfies ne, and no other
// comparison.
type Matcher struct{ match predicate }

type predicate func(value any) bool

// NewMatcher makes a Matcher of a bound filter (Query.Filter, or a part of it).
// A nil filter matches everything.
func NewMatcher(rt *ResourceType, e filter.Expression) *Matcher {
	return newMatcher(rt.catalog(), e)
}

func newMatcher(c *catalog, e filter.Expression) *Matcher {
	if e == nil {
		return &Matcher{func(any) bool { return true }}
	}
	return &Matcher{compile(e, c.reach)}
}

// Match tells whether the document satisfies the filter.
func (m *Matcher) Match(doc Document) bool { return m.match(doc) }

// reach gives the way from what is being looked at, a document or one value of
// a complex attribute, to the values of a name.
type reach func(p filter.AttributePath) (*attribute, func(from any) []any)

func compile(e filter.Expression, r reach) predicate {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		left, right := compile(e.Left, r), compile(e.Right, r)
		if e.Operator == filter.AND {
			return func(v any) bool { return left(v) && right(v) }
		}
		return func(v any) bool { return left(v) || right(v) }
	case *filter.NotExpression:
		inner := compile(e.Expression, r)
		return func(v any) bool { return !inner(v) }
	case *filter.ValuePath:
		return compileValuePath(e, r)
	case *filter.AttributeExpression:
		return compileComparison(e, r)
	}
	return func(any) bool { return false }
}

func compileValuePath(e *filter.ValuePath, r reach) predicate {
	a, values := r(e.AttributePath)
	if a == nil {
		return func(any) bool { return false }
	}
	inner := compile(e.ValueFilter, a.reach)
	return func(from any) bool {
		return slices.ContainsFunc(values(from), inner)
	}
}

func compileComparison(e *filter.AttributeExpression, r reach) predicate {
	a, values := r(e.AttributePath)
	if a == nil {
		return func(any) bool { return false }
	}
	test := comparison(a, e.Operator, e.CompareValue)
	unassigned := e.Operator == filter.NE
	return func(from any) bool {
		found := values(from)
		if len(found) == 0 {
			return unassigned
		}
		return slices.ContainsFunc(found, test)
	}
}

// reach finds attributes in a document.
func (c *catalog) reach(p filter.AttributePath) (*attribute, func(any) []any) {
	path := pathOf(p)
	if path.URN == "" {
		path.URN = c.core.urn
	}
	a := c.at(path)
	if a == nil {
		return nil, nil
	}
	extension := c.section(path.URN) != c.core
	return a, func(from any) []any {
		doc, _ := from.(map[string]any)
		if extension {
			doc, _ = doc[a.path.URN].(map[string]any)
		}
		found := spread(doc[a.path.Name])
		if a.path.Sub == "" {
			return found
		}
		var subs []any
		for _, v := range found {
			if m, ok := v.(map[string]any); ok {
				subs = append(subs, spread(m[a.path.Sub])...)
			}
		}
		return subs
	}
}

// reach finds sub-attributes in one value of the attribute.
func (a *attribute) reach(p filter.AttributePath) (*attribute, func(any) []any) {
	s := a.sub(p.AttributeName)
	if s == nil {
		return nil, nil
	}
	return s, func(from any) []any {
		value, _ := from.(map[string]any)
		return spread(value[s.path.Sub])
	}
}

// spread gives the values of an attribute; none when it is unassigned (RFC 7643
// section 2.5).
func spread(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if !assigned(v) {
		return nil
	}
	return []any{v}
}

// assigned tells whether a value is one: null, [] and {} are not.
func assigned(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// comparison is the test of one value.
func comparison(a *attribute, op filter.CompareOperator, want any) predicate {
	if op == filter.PR {
		return func(v any) bool { return assigned(v) && v != "" }
	}
	switch want := want.(type) {
	case bool:
		return func(v any) bool { b, ok := boolean(v); return ok && (b == want) == (op == filter.EQ) }
	case int:
		return numeric(op, float64(want))
	case float64:
		return numeric(op, want)
	case string:
		if at, ok := instant(want); ok && a.kind == typeDateTime && !substring(op) {
			return temporal(op, at)
		}
		return textual(op, want, a.caseExact)
	}
	return func(any) bool { return false }
}

func numeric(op filter.CompareOperator, want float64) predicate {
	return func(v any) bool {
		switch n := v.(type) {
		case float64:
			return ordered(op, order(n, want))
		case int:
			return ordered(op, order(float64(n), want))
		}
		return false
	}
}

func order(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// temporal compares instants, whatever offset they are written with.
func temporal(op filter.CompareOperator, want time.Time) predicate {
	return func(v any) bool {
		s, _ := v.(string)
		at, ok := instant(s)
		return ok && ordered(op, at.Compare(want))
	}
}

func textual(op filter.CompareOperator, want string, exact bool) predicate {
	form := folded
	if exact {
		form = func(s string) string { return s }
	}
	want = form(want)
	return func(v any) bool {
		s, ok := v.(string)
		if !ok {
			return false
		}
		s = form(s)
		switch op {
		case filter.CO:
			return strings.Contains(s, want)
		case filter.SW:
			return strings.HasPrefix(s, want)
		case filter.EW:
			return strings.HasSuffix(s, want)
		default:
			return ordered(op, strings.Compare(s, want))
		}
	}
}

func ordered(op filter.CompareOperator, order int) bool {
	switch op {
	case filter.EQ:
		return order == 0
	case filter.NE:
		return order != 0
	case filter.GT:
		return order > 0
	case filter.GE:
		return order >= 0
	case filter.LT:
		return order < 0
	case filter.LE:
		return order <= 0
	default:
		return false
	}
}

// zoneless is how an xsd:dateTime without a time zone is laid out.
const zoneless = "2006-01-02T15:04:05.999999999"

// instant reads an xsd:dateTime (RFC 7643 section 2.3.5). One without a time
// zone is taken for UTC.
func instant(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, zoneless} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
