package mapping

import (
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// valuePath translates "emails[type eq "work" and value sw "a"]": some value of
// the attribute satisfies the filter. Each element is asked by itself, with its
// constants (its type) put in.
func (t *Table) valuePath(e *filter.ValuePath, negated bool) clause {
	a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
	if a == nil || a.row != nil {
		return unknown()
	}
	return t.anyElement(a, negated, func(x *element) clause {
		inner, known := x.reduce(e.ValueFilter)
		switch {
		case x.elsewhere():
			return unknown()
		case known != nil && *known:
			return t.present(x, negated)
		case known != nil:
			return truth(negated)
		case x.every:
			return t.someMember(x, inner, negated)
		}
		return t.oneValue(x, inner, negated)
	})
}

// oneValue translates a filter on an element that is one value.
func (t *Table) oneValue(x *element, e filter.Expression, negated bool) clause {
	holds := t.translate(e, negated, func(c *filter.AttributeExpression, negated bool) clause {
		r := x.row(c.AttributePath.AttributeName)
		if r == nil || c.CompareValue == nil && c.Operator != filter.PR {
			return unknown()
		}
		return t.scalar(r, comparison{c.Operator, c.CompareValue, negated})
	})
	switch {
	case x.impliedBy(e):
		return holds
	case negated:
		return or(t.present(x, true), holds)
	}
	return and(t.present(x, false), holds)
}

// impliedBy tells whether the element must have a value for the filter to hold.
func (e *element) impliedBy(f filter.Expression) bool {
	switch f := f.(type) {
	case *filter.LogicalExpression:
		if f.Operator == filter.AND {
			return e.impliedBy(f.Left) || e.impliedBy(f.Right)
		}
		return e.impliedBy(f.Left) && e.impliedBy(f.Right)
	case *filter.AttributeExpression:
		return f.Operator != filter.NE
	}
	return false
}

// someMember translates a filter on the values of a Graph collection. Graph's
// any() holds one comparison here; a conjunction is asked loosely.
func (t *Table) someMember(x *element, e filter.Expression, negated bool) clause {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		r := x.row(e.AttributePath.AttributeName)
		if r == nil || e.Operator == filter.NE || e.CompareValue == nil && e.Operator != filter.PR {
			return unknown()
		}
		return t.member(r, comparison{e.Operator, e.CompareValue, negated})
	case *filter.LogicalExpression:
		l, r := t.someMember(x, e.Left, negated), t.someMember(x, e.Right, negated)
		if e.Operator == filter.OR {
			return join(negated, []clause{l, r})
		}
		if negated {
			return unknown()
		}
		return and(l, r).loose()
	}
	return unknown()
}

// reduce puts the element's constants into a filter. known is the outcome when
// they decide it; else the filter that is left is given.
func (e *element) reduce(f filter.Expression) (left filter.Expression, known *bool) {
	switch f := f.(type) {
	case *filter.LogicalExpression:
		return e.reduceLogical(f)
	case *filter.NotExpression:
		inner, known := e.reduce(f.Expression)
		if known != nil {
			return nil, new(!*known)
		}
		return &filter.NotExpression{Expression: inner}, nil
	case *filter.AttributeExpression:
		return e.reduceComparison(f)
	}
	return f, nil
}

func (e *element) reduceComparison(f *filter.AttributeExpression) (left filter.Expression, known *bool) {
	sub := f.AttributePath.AttributeName
	if constant, ok := e.constant(sub); ok {
		if holds, sure := (comparison{op: f.Operator, value: f.CompareValue}).holds(constant); sure {
			return nil, new(holds)
		}
	} else if e.row(sub) == nil { // a sub-attribute that this value never has
		return nil, new(f.Operator == filter.NE)
	}
	return f, nil
}

func (e *element) reduceLogical(f *filter.LogicalExpression) (left filter.Expression, known *bool) {
	left, l := e.reduce(f.Left)
	right, r := e.reduce(f.Right)
	decides := f.Operator == filter.OR // true decides an or, false an and
	switch {
	case l != nil && *l == decides, r != nil && *r == decides:
		return nil, new(decides)
	case l != nil && r != nil:
		return nil, new(!decides)
	case l != nil:
		return right, nil
	case r != nil:
		return left, nil
	}
	return &filter.LogicalExpression{Left: left, Right: right, Operator: f.Operator}, nil
}

// holds evaluates a comparison with a constant; known is false when that takes
// more than equality.
func (c comparison) holds(constant any) (holds, known bool) {
	switch c.op {
	case filter.PR:
		return true, true
	case filter.EQ, filter.NE:
		if c.value == nil {
			return false, false
		}
		return sameText(constant, c.value) == (c.op == filter.EQ), true
	case filter.SW:
		text, ok := c.value.(string)
		full, also := constant.(string)
		return ok && also && len(full) >= len(text) && strings.EqualFold(full[:len(text)], text), ok && also
	default:
		return false, false
	}
}
