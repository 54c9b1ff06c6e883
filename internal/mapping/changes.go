package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Change is an operation of a PATCH (RFC 7644 section 3.5.2), as a client would send
// it.
type Change struct {
	Op, Path string
	Value    any // nil with "remove"
}

// Changes are the operations that set a property of Graph to a value as Graph has it:
// of what a client writes through the rows, the properties' names are another
// spelling. A nil value clears. It gives nil for a property that no row writes; a
// complex property has its parts, and the first of them that no row writes is unknown.
func (t *Table) Changes(property string, value any) (changes []Change, unknown string) {
	if r := t.setter(property); r != nil {
		return t.changes(r, value), ""
	}
	parts, ok := value.(map[string]any)
	if !ok || !t.hasParts(property) {
		return nil, ""
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		r := t.setter(property + "." + name)
		if r == nil {
			return nil, property + "." + name
		}
		changes = append(changes, t.changes(r, parts[name])...)
	}
	return changes, ""
}

// setter is the row that writes a property as a value of the object itself: "jobTitle",
// "employeeOrgData.division". What relations write are requests of their own.
func (t *Table) setter(property string) *Row {
	i := slices.IndexFunc(t.rows, func(r *Row) bool {
		return r.Relation == "" && r.Writable() && r.Alias == "" && r.kind.write == nil && strings.ReplaceAll(r.path.name(), "/", ".") == property
	})
	if i < 0 {
		return nil
	}
	return t.rows[i]
}

// hasParts tells whether rows write parts of the property.
func (t *Table) hasParts(property string) bool {
	return slices.ContainsFunc(t.rows, func(r *Row) bool {
		return r.Relation == "" && r.Writable() && r.path.property == property && r.path.sub != ""
	})
}

func (t *Table) changes(r *Row, value any) []Change {
	value = r.fromGraph(value)
	typ := t.typeOf(r)
	switch {
	case r.selector.kind == noSelector, r.selector.kind == everySelector && r.Attr.Sub == "":
		return []Change{set(r.name, value)}
	case r.path.every && typ != "":
		return ofType(r, typ, value)
	case typ != "":
		return []Change{set(fmt.Sprintf("%s[type eq %q].%s", attributePath(r), typ, r.Attr.Sub), value)}
	case value == nil:
		return []Change{set(attributePath(r), nil)}
	}
	return []Change{set(attributePath(r), []any{map[string]any{r.Attr.Sub: value}})}
}

func set(path string, value any) Change {
	if value == nil {
		return Change{Op: "remove", Path: path}
	}
	return Change{Op: "replace", Path: path, Value: value}
}

// ofType replaces the values of a type, of which there may be many.
func ofType(r *Row, typ string, value any) []Change {
	changes := []Change{{Op: "remove", Path: fmt.Sprintf("%s[type eq %q]", attributePath(r), typ)}}
	list, ok := value.([]any)
	if !ok && value != nil {
		list = []any{value}
	}
	if len(list) == 0 {
		return changes
	}
	var all []any
	for _, v := range list {
		all = append(all, map[string]any{"type": typ, r.Attr.Sub: v})
	}
	return append(changes, Change{Op: "add", Path: attributePath(r), Value: all})
}

// attributePath is the attribute that the row's value is a part of.
func attributePath(r *Row) string {
	if i := strings.IndexByte(r.name, '['); i >= 0 {
		return r.name[:i]
	}
	return strings.TrimSuffix(r.name, "."+r.Attr.Sub)
}

// typeOf is the type of the element that the row's value stands in; "" when it has
// none.
func (t *Table) typeOf(r *Row) string {
	if r.selector.kind == typeSelector {
		return r.selector.typ
	}
	for _, other := range t.rows {
		if typ, ok := other.Constant.(string); ok && other.Attr.Sub == "type" && other.Attr.Name == r.Attr.Name && other.Attr.URN == r.Attr.URN && other.selector == r.selector {
			return typ
		}
	}
	return ""
}

// fromGraph is a value of Graph's in SCIM's terms. A collection that SCIM has one value
// of is that value.
func (r *Row) fromGraph(value any) any {
	if list, ok := value.([]any); ok && r.path.index >= 0 {
		switch {
		case len(list) == 0:
			return nil
		case len(list) == 1 && r.path.index == 0:
			value = list[0]
		}
	}
	text, ok := value.(string)
	if known, mapped := r.from[text]; ok && mapped {
		return known
	}
	return value
}
