package mapping

import "entrascim/internal/edm"

// OrderBy translates a sort to $orderby. ok is false when Graph cannot sort by
// the attribute. advanced tells that the sort needs an advanced query; together
// with a $filter every sort does.
func (t *Table) OrderBy(a Attr, descending bool) (orderBy string, advanced, ok bool) {
	r := t.sortRow(a)
	if r == nil || r.Relation != "" || r.kind.read != nil || r.Fallback != "" || len(r.Values) > 0 ||
		r.property.Collection || r.property.OrderBy == edm.Unsupported {
		return "", false, false
	}
	orderBy = r.path.name()
	if descending {
		orderBy += " desc"
	}
	return orderBy, r.property.OrderBy == edm.Advanced, true
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
