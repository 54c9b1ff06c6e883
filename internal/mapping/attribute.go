package mapping

import (
	"slices"
	"strings"
)

// An attribute is a SCIM attribute with the rows that make it.
type attribute struct {
	urn, name string
	row       *Row       // of a simple attribute; nil for a complex one
	elements  []*element // of a complex attribute: one, or the values of a multi-valued one
}

// An element is a value of a complex attribute: the one value of a single-valued
// attribute, the value that a selector names, or each value of a Graph
// collection.
type element struct {
	attribute *attribute
	selector  selector
	every     bool   // one element for each value of a Graph collection
	relation  string // that supplies the values; "" for properties
	rows      []*Row // with a Graph path
	constants []*Row
}

func (a *attribute) multi() bool {
	if a.row != nil {
		return a.row.MultiValued
	}
	return a.elements[0].selector.kind != noSelector
}

// rows of the attribute, constants included.
func (a *attribute) rows() []*Row {
	if a.row != nil {
		return []*Row{a.row}
	}
	var out []*Row
	for _, e := range a.elements {
		out = append(append(out, e.constants...), e.rows...)
	}
	return out
}

// readOnly tells whether nothing of the attribute can be written.
func (a *attribute) readOnly() bool {
	return !slices.ContainsFunc(a.rows(), (*Row).Writable)
}

// relation that supplies the attribute, "" when properties do.
func (a *attribute) relation() string {
	if a.row != nil {
		return a.row.Relation
	}
	return a.elements[0].relation
}

// arrange sorts the rows into attributes and elements.
func (t *Table) arrange(c *complaints) {
	for _, r := range t.rows {
		a := t.find(r.Attr.URN, r.Attr.Name)
		switch {
		case r.broken:
		case a == nil && r.Attr.Sub == "":
			t.attributes = append(t.attributes, simple(r, c))
		case a == nil:
			a = &attribute{urn: r.Attr.URN, name: r.Attr.Name}
			t.attributes = append(t.attributes, a)
			a.add(r)
		case a.row != nil || r.Attr.Sub == "":
			c.add(r.at, "%s: the attribute %s is simple on one row and complex on another", r.SCIM, r.Attr.Name)
		case a.multi() != (r.selector.kind != noSelector):
			c.add(r.at, "%s: the attribute %s is multi-valued on one row and single-valued on another", r.SCIM, r.Attr.Name)
		default:
			a.add(r)
		}
	}
	for _, a := range t.attributes {
		for _, e := range a.elements {
			e.check(c)
		}
	}
}

func simple(r *Row, c *complaints) *attribute {
	if r.selector.kind == indexSelector || r.selector.kind == typeSelector {
		c.add(r.at, "%s: a value of a multi-valued attribute needs a sub-attribute, such as .value", r.SCIM)
	}
	if r.path.every != (r.selector.kind == everySelector) && r.Graph != "" && r.kind.read == nil {
		c.add(r.at, "%s: [] stands on both sides or on none", r.SCIM)
	}
	if many := r.Relation != "" && r.path.every; many || r.Relation == relationManager {
		c.add(r.at, "%s: the objects of relation %s need a complex attribute", r.SCIM, r.Relation)
	}
	return &attribute{urn: r.Attr.URN, name: r.Attr.Name, row: r}
}

func (a *attribute) add(r *Row) {
	i := slices.IndexFunc(a.elements, func(e *element) bool { return strings.EqualFold(e.selector.text, r.selector.text) })
	if i < 0 {
		i = len(a.elements)
		a.elements = append(a.elements, newElement(a, r))
	}
	e := a.elements[i]
	r.element = e
	if r.Graph == "" {
		e.constants = append(e.constants, r)
		return
	}
	e.every = e.every || r.path.every
	e.relation = r.Relation
	e.rows = append(e.rows, r)
}

// newElement begins an element; a type selector is a constant of its own.
func newElement(a *attribute, r *Row) *element {
	e := &element{attribute: a, selector: r.selector}
	if e.selector.kind == typeSelector {
		e.constants = append(e.constants, &Row{
			SCIM: a.name + "[" + r.selector.text + "].type", Attr: Attr{a.urn, a.name, "type"}, Type: "string",
			Mutability: readWrite, Returned: "default", Uniqueness: "none", Constant: r.selector.typ, at: r.at, element: e,
			Description: "What the value is for.",
		})
	}
	return e
}

func (e *element) check(c *complaints) {
	if len(e.rows) == 0 {
		at := e.constants[0]
		c.add(at.at, "%s is a constant of a value that no row gives", at.SCIM)
		return
	}
	first := e.rows[0]
	for _, r := range e.rows {
		switch {
		case r.Relation != first.Relation:
			c.add(r.at, "%s: a value comes from one relation, not from %q and %q", r.SCIM, first.Relation, r.Relation)
		case e.every && (!r.path.every || r.path.property != first.path.property):
			c.add(r.at, "%s: the values come from one Graph collection, %s[]", r.SCIM, first.path.property)
		case e.every && e.selector.kind == indexSelector, !e.every && e.selector.kind == everySelector:
			c.add(r.at, "%s: [] stands on both sides or on none", r.SCIM)
		case e.every && e.selector.kind == noSelector:
			c.add(r.at, "%s: the attribute of a Graph collection is multi-valued: write %s[]", r.SCIM, e.attribute.name)
		case e.every && e.relation == "" && r.Writable() && r.path.sub != "":
			c.add(r.at, "%s: values of a collection of objects are read only", r.SCIM)
		}
	}
}

// constant is the value of the element's constant sub-attribute.
func (e *element) constant(sub string) (any, bool) {
	for _, r := range e.constants {
		if strings.EqualFold(r.Attr.Sub, sub) {
			return r.Constant, true
		}
	}
	return nil, false
}

// row finds the element's row of a sub-attribute.
func (e *element) row(sub string) *Row {
	i := slices.IndexFunc(e.rows, func(r *Row) bool { return strings.EqualFold(r.Attr.Sub, sub) })
	if i < 0 {
		return nil
	}
	return e.rows[i]
}
