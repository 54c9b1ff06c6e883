package mapping

import (
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// A Query is what of a SCIM filter Graph can be asked. Residual is what the
// caller must still evaluate on each candidate; the answer is exact without one.
//
// When IDs or Relation is set the candidates come from there: Filter is asked of a
// relation's objects, and with IDs it is "".
type Query struct {
	Filter   string            // OData $filter; "" for none
	Advanced bool              // the $filter needs $count=true and ConsistencyLevel: eventual
	Plain    bool              // the $filter cannot stand in such a query, and so the result not be counted or sorted
	IDs      []string          // only the resources of these ids can match; nil for any
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
	Type  string // the resource type that Value has to name, in any case; "" for any
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
	if t.bare {
		return Query{Residual: e}, nil
	}
	parts := conjuncts(e)
	q, source := t.direct(parts)
	total := t.base(q)
	for i, part := range parts {
		c := unknown()
		switch {
		case i == source && t.wholly(part):
			continue
		case i != source && q.asks():
			c = t.conjunct(total, part, q.Relation != nil)
		}
		if !c.exact {
			q.Residual = conjunction(q.Residual, part)
		}
		total = and(total, c)
	}
	switch total.verdict {
	case never:
		return Query{None: true, Residual: e}, nil
	case asked:
		q.Filter, q.Advanced, q.Plain = total.text, !total.levels.plain, !total.levels.advanced
	case always:
	}
	return q, nil
}

// asks tells whether a $filter can be asked beside where the candidates come from:
// a collection, the objects of a link (in an advanced query), but no list of ids.
func (q Query) asks() bool {
	return q.IDs == nil && (q.Relation == nil || q.Relation.Name != relationApplications && q.Relation.Name != relationRoles && q.Relation.Name != relationEligible)
}

// conjunct translates a part of a conjunction as far as it can be asked together
// with the parts before it.
func (t *Table) conjunct(total clause, part filter.Expression, linked bool) clause {
	c := t.translate(part, false, t.comparison)
	if c.verdict != asked {
		return c
	}
	if linked {
		c.levels.plain = false
	}
	if c.levels.none() || total.verdict == asked && (total.levels.with(c.levels).none() || total.alone != c.alone || total.terms+c.terms > maxTerms) {
		return unknown()
	}
	return c
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

// direct looks for a condition that names the resources, or one that a relation
// answers, and gives its index; -1 when there is none.
//
// An id comes first, with one exception: of a group and a member the groups of the
// member are asked for, because a group may have very many members.
func (t *Table) direct(parts []filter.Expression) (q Query, source int) {
	relation, source := (*RelationFilter)(nil), -1
	for i, part := range parts {
		if r := t.relationOf(part); r != nil {
			relation, source = r, i
			break
		}
	}
	if relation != nil && relation.Name == relationMembers {
		return Query{Relation: relation}, source
	}
	for i, part := range parts {
		if ids := t.identities(part); ids != nil {
			return Query{IDs: ids}, i
		}
	}
	return Query{Relation: relation}, source
}

// identities are the ids that a condition names: id eq "1" or id eq "2".
func (t *Table) identities(e filter.Expression) []string {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		left, right := t.identities(e.Left), t.identities(e.Right)
		if e.Operator == filter.OR && left != nil && right != nil {
			return append(left, right...)
		}
	case *filter.AttributeExpression:
		a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
		if id, text := e.CompareValue.(string); text && id != "" && e.Operator == filter.EQ && a != nil && a.urn == t.urn && a.name == "id" {
			return []string{id}
		}
	}
	return nil
}

// relationOf finds "members.value eq x", "members[value eq x]" and "members[value
// eq x and type eq User]".
func (t *Table) relationOf(e filter.Expression) *RelationFilter {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
		return a.relationFilter(e.AttributePath.SubAttributeName(), e)
	case *filter.ValuePath:
		a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
		parts := a.selection(e)
		for _, part := range parts {
			if c, ok := part.(*filter.AttributeExpression); ok {
				if r := a.relationFilter(c.AttributePath.AttributeName, c); r != nil {
					r.Type, _ = a.memberType(parts)
					return r
				}
			}
		}
	}
	return nil
}

// selection is what a value path asks of a value of a relation, beside its
// constants.
func (a *attribute) selection(e *filter.ValuePath) []filter.Expression {
	if a == nil || a.row != nil || a.relation() == "" {
		return nil
	}
	left, known := a.elements[0].reduce(e.ValueFilter)
	if known != nil {
		return nil
	}
	return conjuncts(left)
}

// memberType is the type that a selection asks of a member, and whether that and
// which member it is are all that it asks.
func (a *attribute) memberType(parts []filter.Expression) (name string, all bool) {
	values := 0
	for _, part := range parts {
		c, _ := part.(*filter.AttributeExpression)
		switch {
		case c == nil:
		case a.relationFilter(c.AttributePath.AttributeName, c) != nil:
			values++
		case a.relation() == relationMembers && c.Operator == filter.EQ && strings.EqualFold(c.AttributePath.AttributeName, "type") && name == "":
			name, _ = c.CompareValue.(string)
		}
	}
	if name != "" {
		return name, values == 1 && len(parts) == 2
	}
	return "", values == 1 && len(parts) == 1
}

func (a *attribute) relationFilter(sub string, e *filter.AttributeExpression) *RelationFilter {
	if a == nil || a.row != nil || a.relation() == "" || relations[a.relation()].beside || relations[a.relation()].carried != "" {
		return nil
	}
	value, text := e.CompareValue.(string)
	if !text || value == "" || e.Operator != filter.EQ || (sub != "" && !strings.EqualFold(sub, "value")) {
		return nil
	}
	return &RelationFilter{Name: a.relation(), Sub: "value", Value: value}
}

// wholly tells whether the id or relation filter of a part says all of it. Of
// several ids some may name nothing, which only looking at them tells.
func (t *Table) wholly(part filter.Expression) bool {
	switch e := part.(type) {
	case *filter.ValuePath:
		a := t.find(e.AttributePath.URI(), e.AttributePath.AttributeName)
		_, all := a.memberType(a.selection(e))
		return all
	case *filter.LogicalExpression:
		return false
	}
	return true
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
		return t.filled(e.rows[0].path.property, negated)
	}
	clauses := make([]clause, 0, len(e.rows))
	for _, r := range e.rows {
		if r.Mutability != writeOnly {
			clauses = append(clauses, t.scalar(r, comparison{op: filter.PR, negated: negated}))
		}
	}
	return join(negated, clauses)
}

// known tells whether the gateway knows a sub-attribute that Graph does not: where
// the resource is and of which type. No resource has another one without a row, as
// meta.lastModified.
func (e *element) known(sub string) bool {
	return e.attribute.name == "meta" && (strings.EqualFold(sub, "location") || strings.EqualFold(sub, "resourceType"))
}

// elsewhere tells whether the values of an element are no part of the object.
func (e *element) elsewhere() bool { return e.relation != "" && relations[e.relation].carried == "" }

// inElement compares a sub-attribute of an element.
func (t *Table) inElement(e *element, sub string, c comparison) clause {
	if constant, ok := e.constant(sub); ok {
		holds, known := c.holds(constant)
		switch {
		case !known:
			return unknown()
		case c.op == filter.NE && holds: // of an element that is not there, too
			return truth(!c.negated)
		case c.op == filter.NE:
			return t.present(e, !c.negated)
		case holds:
			return t.present(e, c.negated)
		}
		return truth(c.negated)
	}
	r := e.row(sub)
	switch {
	case e.elsewhere() || r == nil && e.known(sub):
		return unknown()
	case r == nil: // no element has it: only ne holds
		return truth((c.op == filter.NE) != c.negated)
	case e.every:
		return t.member(r, c)
	}
	return t.scalar(r, c)
}
