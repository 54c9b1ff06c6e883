package mapping

import (
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// A shortening is a suffix that the values of an attribute are shown without.
type shortening struct {
	attr   Attr
	suffix string
}

// Shortened is the table where the attribute is shown without the suffix, which
// begins with an @ as no other part of a value does: user names without the default
// domain. Filter and OrderBy are about the values that are shown then. Some values may
// be shown whole for another reason; one that is equal to a shown one does not matter.
func (t *Table) Shortened(a Attr, suffix string) *Table {
	short := *t
	short.short = shortening{a, suffix}
	return &short
}

// cuts tells whether values of the row are shown without a suffix.
func (t *Table) cuts(r *Row) bool { return t.short.suffix != "" && r.Attr == t.short.attr }

// cut compares what is shown. A value with an @ is shown whole: it cannot be one
// that was cut. One without is what was cut, or a part of it.
func (t *Table) cut(r *Row, c comparison) clause {
	value, _ := c.value.(string)
	full := c
	full.value = value + t.short.suffix
	whole := strings.Contains(value, "@")
	switch {
	case c.op == filter.PR, whole && c.op == filter.EQ, !whole && c.op == filter.SW:
		return t.compare(r, r.property, c)
	case value == "":
		return unknown()
	case c.op == filter.EQ:
		return t.compare(r, r.property, full)
	case c.negated:
		return unknown()
	case whole && (c.op == filter.SW || c.op == filter.EW): // it may go into what is cut
		return t.compare(r, r.property, c).loose()
	case c.op == filter.EW:
		return or(t.compare(r, r.property, c), t.compare(r, r.property, full)).loose()
	}
	return unknown()
}
