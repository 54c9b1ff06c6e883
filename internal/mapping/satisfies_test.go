package mapping_test

import (
	"slices"
	"strings"
	"time"

	filter "github.com/scim2/filter-parser/v2"
)

// satisfies evaluates a filter over a SCIM resource, as plainly as RFC 7644
// section 3.4.2.2 says it, to hold the translation against.
func satisfies(doc map[string]any, e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return satisfies(doc, e.Left) && satisfies(doc, e.Right)
		}
		return satisfies(doc, e.Left) || satisfies(doc, e.Right)
	case *filter.NotExpression:
		return !satisfies(doc, e.Expression)
	case *filter.ValuePath:
		values := reach(doc, e.AttributePath)
		return slices.ContainsFunc(values, func(v any) bool {
			m, _ := v.(map[string]any)
			return satisfies(m, e.ValueFilter)
		})
	case *filter.AttributeExpression:
		values := reach(doc, e.AttributePath)
		if len(values) == 0 {
			return e.Operator == filter.NE
		}
		return slices.ContainsFunc(values, func(v any) bool { return compares(v, e) })
	}
	return false
}

// reach gives the values of a path.
func reach(doc map[string]any, path filter.AttributePath) []any {
	if path.URIPrefix != nil && strings.Contains(strings.ToLower(path.URI()), "extension") {
		doc, _ = member(doc, path.URI()).(map[string]any)
	}
	values := spread(member(doc, path.AttributeName))
	sub := path.SubAttributeName()
	if sub == "" {
		return values
	}
	var out []any
	for _, v := range values {
		m, _ := v.(map[string]any)
		out = append(out, spread(member(m, sub))...)
	}
	return out
}

func member(m map[string]any, name string) any {
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

func spread(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

var exact = []string{"onpremisesimmutableid", "onpremisessecurityidentifier", "securityidentifier", "password"}

func compares(v any, e *filter.AttributeExpression) bool {
	if m, ok := v.(map[string]any); ok && e.Operator != filter.PR {
		v = m["value"]
	}
	if e.Operator == filter.PR {
		return true
	}
	switch want := e.CompareValue.(type) {
	case bool:
		return (v == want) == (e.Operator == filter.EQ)
	case string:
		got, _ := v.(string)
		if at, err := time.Parse(time.RFC3339Nano, got); err == nil {
			wanted, _ := time.Parse(time.RFC3339Nano, want)
			return ordered(at.Compare(wanted), e.Operator)
		}
		if !slices.Contains(exact, strings.ToLower(e.AttributePath.AttributeName)) {
			got, want = strings.ToLower(got), strings.ToLower(want)
		}
		switch e.Operator {
		case filter.CO:
			return strings.Contains(got, want)
		case filter.SW:
			return strings.HasPrefix(got, want)
		case filter.EW:
			return strings.HasSuffix(got, want)
		default:
			return ordered(strings.Compare(got, want), e.Operator)
		}
	}
	return false
}

func ordered(order int, op filter.CompareOperator) bool {
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
