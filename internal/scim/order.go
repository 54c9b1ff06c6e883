package scim

import (
	"cmp"
	"time"
)

// An Order is the order of resources by one attribute (RFC 7644 section 3.4.2.3):
// texts regardless of case unless the attribute is caseExact, date-times by the
// instant. It is of a query's SortBy, or another attribute that the type serves.
type Order struct {
	by        *attribute
	extension bool
}

// NewOrder makes the ascending order by an attribute.
func NewOrder(rt *ResourceType, by AttrPath) Order {
	c := rt.catalog()
	return Order{c.at(by), c.section(by.URN) != c.core}
}

// Attributes are those that Key looks at.
func (o Order) Attributes() []AttrPath {
	own := o.by.path
	if own.Sub == "" {
		return []AttrPath{own}
	}
	return []AttrPath{own, {own.URN, own.Name, "primary"}}
}

// Key is what a document is sorted by, nil when it has no value. Of many values it
// is the primary one, or else the first.
func (o Order) Key(doc Document) any {
	if o.extension {
		doc, _ = doc[o.by.path.URN].(map[string]any)
	}
	values := spread(doc[o.by.path.Name])
	if len(values) == 0 {
		return nil
	}
	v := values[0]
	for _, other := range values {
		if m, _ := other.(map[string]any); m["primary"] == true {
			v = m
			break
		}
	}
	if o.by.path.Sub != "" {
		m, _ := v.(map[string]any)
		v = m[o.by.path.Sub]
	}
	return o.key(v)
}

// key gives a value the form that Compare takes: string, bool, float64, time.Time.
func (o Order) key(v any) any {
	switch v := v.(type) {
	case string:
		if at, ok := instant(v); ok && o.by.kind == typeDateTime {
			return at
		}
		if o.by.caseExact {
			return v
		}
		return folded(v)
	case bool, float64:
		return v
	}
	return nil
}

// Compare compares two keys. What has no value comes after everything.
func (o Order) Compare(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(bit(x), bit(y))
		}
	}
	return cmp.Compare(rank(a), rank(b))
}

// bit makes false come before true.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rank orders keys of different types, which only a broken value can bring about.
func rank(key any) int {
	switch key.(type) {
	case nil:
		return 2
	case time.Time:
		return 0
	}
	return 1
}
