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
		case x.relation != "":
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
func (x *element) impliedBy(e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return x.impliedBy(e.Left) || x.impliedBy(e.Right)
		}
		return x.impliedBy(e.Left) && x.impliedBy(e.Right)
	case *filter.AttributeExpression:
		return e.Operator != filter.NE
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
func (x *element) reduce(e filter.Expression) (left filter.Expression, known *bool) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return x.reduceLogical(e)
	case *filter.NotExpression:
		inner, known := x.reduce(e.Expression)
		if known != nil {
			return nil, outcome(!*known)
		}
		return &filter.NotExpression{Expression: inner}, nil
	case *filter.AttributeExpression:
		sub := e.AttributePath.AttributeName
		if constant, ok := x.constant(sub); ok {
			if holds, sure := (comparison{op: e.Operator, value: e.CompareValue}).holds(constant); sure {
				return nil, outcome(holds)
			}
		} else if x.row(sub) == nil {
			return nil, outcome(e.Operator == filter.NE)
		}
	}
	return e, nil
}

func (x *element) reduceLogical(e *filter.LogicalExpression) (filter.Expression, *bool) {
	left, l := x.reduce(e.Left)
	right, r := x.reduce(e.Right)
	decides := e.Operator == filter.OR // true decides an or, false an and
	switch {
	case l != nil && *l == decides, r != nil && *r == decides:
		return nil, outcome(decides)
	case l != nil && r != nil:
		return nil, outcome(!decides)
	case l != nil:
		return right, nil
	case r != nil:
		return left, nil
	}
	return &filter.LogicalExpression{Left: left, Right: right, Operator: e.Operator}, nil
}

func outcome(b bool) *bool { return &b }

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
	}
	return false, false
}
