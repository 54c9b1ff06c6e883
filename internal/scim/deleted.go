package scim

import (
	"slices"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// RFC 7643 knows no resources that are deleted and can be restored. Here a filter asks
// for them by meta.deleted, which they alone have: without it a list has none of them.

// deletion is the name of meta.deleted.
func (c *catalog) deletion() AttrPath { return AttrPath{URN: c.core.urn, Name: "meta", Sub: "deleted"} }

// partDeleted takes what the bound filter says of meta.deleted out of it, since it says
// where to look.
func (c *catalog) partDeleted(q *Query) (truth, error) {
	d := deletedPart{path: c.deletion()}
	rest := d.part(q.Filter)
	if slices.Contains(Attributes(rest), d.path) {
		return undecided, fault.New(fault.InvalidFilter, "meta.deleted can only be joined to the rest of a filter by and.")
	}
	q.Filter, q.Deleted = rest, d.deleted
	switch {
	case d.deleted && (d.live || !c.typ.Deleted):
		return isFalse, nil
	case rest == nil:
		return isTrue, nil
	}
	return undecided, nil
}

// A deletedPart is what a filter says of meta.deleted.
type deletedPart struct {
	path          AttrPath
	deleted, live bool // asked for
}

// part gives the filter without that; nil when nothing is left.
func (d *deletedPart) part(e filter.Expression) filter.Expression {
	if l, ok := e.(*filter.LogicalExpression); ok && l.Operator == filter.AND {
		left, right := d.part(l.Left), d.part(l.Right)
		switch {
		case left == nil:
			return right
		case right == nil:
			return left
		}
		return &filter.LogicalExpression{Left: left, Right: right, Operator: filter.AND}
	}
	switch deleted, is := d.says(e); {
	case !is:
		return e
	case deleted:
		d.deleted = true
	default:
		d.live = true
	}
	return nil
}

// says tells whether an expression is about meta.deleted alone, and which resources it
// selects. One that is not deleted counts as false, though it has no value.
func (d *deletedPart) says(e filter.Expression) (deleted, is bool) {
	switch e := e.(type) {
	case *filter.NotExpression:
		deleted, is = d.says(e.Expression)
		return !deleted, is
	case *filter.AttributeExpression:
		if pathOf(e.AttributePath) != d.path {
			return false, false
		}
		want, _ := e.CompareValue.(bool)
		return e.Operator == filter.PR || want == (e.Operator == filter.EQ), true
	}
	return false, false
}
