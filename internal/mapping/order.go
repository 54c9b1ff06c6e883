package mapping

import (
	"slices"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/edm"
)

// OrderBy translates a sort of what a filter selects (nil: of everything) to
// $orderby. ok is false when Graph cannot sort by the attribute, or would sort
// otherwise than RFC 7644 section 3.4.2.3 has it. advanced tells that the sort needs
// an advanced query; together with a $filter every sort does.
//
// Graph does not say where it puts objects without a value, so it is asked only
// where all have one. How it orders texts it does not say either; the RFC asks no
// more than that case makes no difference, which in Graph it does not: names are
// sorted in the directory's own order. Instants have one order only.
func (t *Table) OrderBy(a Attr, descending bool, given filter.Expression) (orderBy string, advanced, ok bool) {
	r := t.sortRow(a)
	if t.bare || r == nil || r.Constant != nil || r.Relation != "" || r.kind.read != nil || r.Fallback != "" || len(r.Values) > 0 || r.CaseExact || t.cuts(r) ||
		r.property.Collection || r.property.OrderBy == edm.Unsupported || !t.certain(r) && !t.demands(given, r) {
		return "", false, false
	}
	orderBy = r.path.name()
	if descending {
		orderBy += " desc"
	}
	return orderBy, r.property.OrderBy == edm.Advanced, true
}

// demands tells whether a filter selects only resources that have a value of the row.
func (t *Table) demands(given filter.Expression, r *Row) bool {
	return slices.ContainsFunc(conjuncts(given), func(part filter.Expression) bool {
		c, ok := part.(*filter.AttributeExpression)
		if !ok || c.Operator == filter.NE || c.CompareValue == nil && c.Operator != filter.PR {
			return false
		}
		p := c.AttributePath
		return t.sortRow(Attr{p.URI(), p.AttributeName, p.SubAttributeName()}) == r
	})
}

// sortRow finds the row that a sort looks at: of a multi-valued attribute the
// value, when there is at most one.
func (t *Table) sortRow(a Attr) *Row {
	found := t.find(a.URN, a.Name)
	switch {
	case found == nil:
		return nil
	case found.row != nil:
		return found.row
	case len(found.elements) != 1 || found.elements[0].every:
		return nil
	case a.Sub == "":
		return found.elements[0].row("value")
	}
	return found.elements[0].row(a.Sub)
}
