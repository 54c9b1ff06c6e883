package mapping

import (
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// A Query is what of a SCIM filter Graph can be asked. Residual is what the
// caller must still evaluate on each candidate; the answer is exact without one.
//
// When ID or Relation is set the candidates come from there, and Residual has
// every other condition; Filter is "" then.
type Query struct {
	Filter   string            // OData $filter; "" for none
	Advanced bool              // the $filter needs $count=true and ConsistencyLevel: eventual
	ID       string            // only the resource of this id can match; "" for any
	Relation *RelationFilter   // only resources with this relation can match; nil for any
	None     bool              // nothing can match
	Residual filter.Expression // nil: none
}

// A RelationFilter is an equality that a relation answers: the groups of a
// member, the reports of a manager, the users of an application.
type RelationFilter struct {
	Name  string // of the relation: "members"
	Sub   string // SCIM sub-attribute that is compared: "value"
	Value string
}

// maxDepth bounds the nesting of a filter.
const maxDepth = 50

// Filter translates a filter that is valid for the table's schemas; nil asks for
// everything. Its only error is a fault.InvalidFilter for a filter that is
// nested too deeply.
func (t *Table) Filter(e filter.Expression) (Query, error) {
	if depth(e) > maxDepth {
		return Query{}, fault.New(fault.InvalidFilter, "The filter is nested too deeply.")
	}
	var q Query
	total := everything()
	parts := conjuncts(e)
	if i := t.direct(parts, &q); i >= 0 {
		for j, part := range parts {
			if j != i || !t.wholly(part) {
				q.Residual = conjunction(q.Residual, part)
			}
		}
		return q, nil
	}
	for _, part := range parts {
		c := t.translate(part, false, t.comparison)
		if c.verdict == asked && total.verdict == asked && total.levels.with(c.levels).none() {
			c = unknown()
		}
		if !c.exact || (c.verdict == asked && total.terms+c.terms > maxTerms) {
			q.Residual = conjunction(q.Residual, part)
		}
		total = and(total, c)
	}
	switch total.verdict {
	case never:
		return Query{None: true, Residual: e}, nil
	case asked:
		q.Filter, q.Advanced = total.text, !total.levels.plain
	case always:
	}
	return q, nil
}

// depth of nesting, counted to a little above the bound.
func depth(e filter.Expression) int {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND { // a long conjunction is flat
			return max(depth(e.Left), depth(e.Right))
		}
		return 1 + max(depth(e.Left), depth(e.Right))
	case *filter.NotExpression:
		return 1 + depth(e.Expression)
	case *filter.ValuePath:
		return 1 + depth(e.ValueFilter)
	}
	return 1
}

// conjuncts are the parts that must all hold.
func conjuncts(e filter.Expression) []filter.Expression {
	if l, ok := e.(*filter.LogicalExpression); ok && l.Operator == filter.AND {
		return append(conjuncts(l.Left), conjuncts(l.Right)...)
	}
	if e == nil {
		return nil
	}
	return []filter.Expression{e}
}

func conjunction(a, b filter.Expression) filter.Expression {
	if a == nil {
		return b
	}
	return &filter.LogicalExpression{Left: a, Right: b, Operator: filter.AND}
}

// direct looks for a condition that names the resource, or else one that a
// relation answers, and gives its index; -1 when there is none.
func (t *Table) direct(parts []filter.Expression, q *Query) int {
	for i, part := range parts {
		if id, ok := t.identity(part); ok {
			q.ID = id
			return i
		}
	}
	for i, part := range parts {
		if r := t.relationOf(part); r != nil {
			q.Relation = r
			return i
		}
	}
	return -1
}

func (t *Table) identity(e filter.Expression) (string, bool) {
	c, ok := e.(*filter.AttributeExpression)
	if !ok || c.Operator != filter.EQ {
		return "", false
	}
	a := t.find(c.AttributePath.URI(), c.AttributePath.AttributeName)
	id, text := c.CompareValue.(string)
	return id, text && id != "" && a != nil && a.urn == t.urn && a.name == "id"
}

// relationOf finds "members.value eq x" and "members[value eq x]".
func (t *Table) relationOf(e filter.Expression) *RelationFilter {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
		return a.relationFilter(e.AttributePath.SubAttributeName(), e)
	case *filter.ValuePath:
		a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
		for _, part := range conjuncts(e.ValueFilter) {
			if c, ok := part.(*filter.AttributeExpression); ok {
				if r := a.relationFilter(c.AttributePath.AttributeName, c); r != nil {
					return r
				}
			}
		}
	}
	return nil
}

func (a *attribute) relationFilter(sub string, e *filter.AttributeExpression) *RelationFilter {
	if a == nil || a.row != nil || a.relation() == "" || a.relation() == relationInvitation {
		return nil
	}
	value, text := e.CompareValue.(string)
	if !text || value == "" || e.Operator != filter.EQ || (sub != "" && !strings.EqualFold(sub, "value")) {
		return nil
	}
	return &RelationFilter{Name: a.relation(), Sub: "value", Value: value}
}

// wholly tells whether the id or relation filter of a part says all of it.
func (t *Table) wholly(part filter.Expression) bool {
	path, ok := part.(*filter.ValuePath)
	return !ok || len(conjuncts(path.ValueFilter)) == 1
}

// A comparing translates one comparison, or its negation.
type comparing func(e *filter.AttributeExpression, negated bool) clause

// translate translates an expression, or its negation: negations are moved
// inward to the comparisons, because Graph grants them by operator.
func (t *Table) translate(e filter.Expression, negated bool, compare comparing) clause {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		l, r := t.translate(e.Left, negated, compare), t.translate(e.Right, negated, compare)
		if (e.Operator == filter.AND) != negated {
			return and(l, r)
		}
		return or(l, r)
	case *filter.NotExpression:
		return t.translate(e.Expression, !negated, compare)
	case *filter.AttributeExpression:
		return compare(e, negated)
	case *filter.ValuePath:
		return t.valuePath(e, negated)
	}
	return unknown()
}

// comparison translates a comparison of an attribute of the resource.
func (t *Table) comparison(e *filter.AttributeExpression, negated bool) clause {
	a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
	if a == nil {
		return unknown()
	}
	sub := e.AttributePath.SubAttributeName()
	c := comparison{e.Operator, e.CompareValue, negated}
	switch {
	case a.row != nil && a.row.MultiValued:
		return t.member(a.row, c)
	case a.row != nil:
		return t.scalar(a.row, c)
	case e.Operator == filter.NE && a.multi(), e.CompareValue == nil && e.Operator != filter.PR:
		return unknown()
	case sub == "" && e.Operator == filter.PR:
		return t.anyElement(a, negated, func(x *element) clause { return t.present(x, negated) })
	case sub == "":
		sub = "value"
	}
	return t.anyElement(a, negated, func(x *element) clause { return t.inElement(x, sub, c) })
}

func (t *Table) anyElement(a *attribute, negated bool, of func(*element) clause) clause {
	clauses := make([]clause, 0, len(a.elements))
	for _, e := range a.elements {
		clauses = append(clauses, of(e))
	}
	return join(negated, clauses)
}

// present tells, as a clause, whether an element has a value.
func (t *Table) present(e *element, negated bool) clause {
	if e.relation != "" {
		return unknown()
	}
	if e.every {
		return t.member(e.rows[0], comparison{op: filter.PR, negated: negated})
	}
	clauses := make([]clause, 0, len(e.rows))
	for _, r := range e.rows {
		if r.Mutability != writeOnly {
			clauses = append(clauses, t.scalar(r, comparison{op: filter.PR, negated: negated}))
		}
	}
	return join(negated, clauses)
}

// inElement compares a sub-attribute of an element.
func (t *Table) inElement(e *element, sub string, c comparison) clause {
	if constant, ok := e.constant(sub); ok {
		holds, known := c.holds(constant)
		switch {
		case !known:
			return unknown()
		case holds:
			return t.present(e, c.negated)
		}
		return truth(c.negated)
	}
	r := e.row(sub)
	switch {
	case e.relation != "" || (r == nil && e.attribute.name == "meta"): // the gateway itself knows location and resourceType
		return unknown()
	case r == nil:
		return truth(c.negated)
	case e.every:
		return t.member(r, c)
	}
	return t.scalar(r, c)
}
