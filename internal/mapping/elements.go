package mapping

import (
	"reflect"
	"slices"
	"strings"
)

// valuesOf gives the values of a multi-valued complex attribute; a single value
// outside a list is taken for a list of one.
func valuesOf(v any) []map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}
	case []map[string]any:
		return v
	case []any:
		out := make([]map[string]any, 0, len(v))
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				out = append(out, m)
			}
		}
		return out
	}
	return nil
}

// in finds the attribute's value in a document.
func (a *attribute) in(t *Table, doc Document) any {
	if a.urn == t.urn {
		return doc[a.name]
	}
	extension, _ := doc[a.urn].(map[string]any)
	return extension[a.name]
}

// place says which of a document's values goes to which element. A value goes
// to the element whose constants (its type, above all) it has; one that says no
// type goes to the first element that is free, and then to the collection that
// takes any number. The primary value is served first. What finds no place takes
// that of a value which was held before, since a client that adds a value means
// it; else it is something that Entra cannot hold. One that says nothing to be written
// takes no place.
func (a *attribute) place(values, held []map[string]any) map[*element][]map[string]any {
	placed := map[*element][]map[string]any{}
	var left []map[string]any
	values = slices.DeleteFunc(slices.Clone(values), a.blank)
	slices.SortStableFunc(values, func(x, y map[string]any) int {
		return boolRank(y["primary"]) - boolRank(x["primary"])
	})
	for _, typed := range []bool{true, false} {
		for _, v := range values {
			if hasText(v["type"]) != typed {
				continue
			}
			if e := a.choose(v, placed); e != nil {
				placed[e] = append(placed[e], v)
			} else if !among(held, v) {
				left = append(left, v)
			}
		}
	}
	for _, v := range left {
		a.displace(v, placed, held)
	}
	return placed
}

// blank tells whether nothing of a value can be written.
func (a *attribute) blank(v map[string]any) bool {
	return !slices.ContainsFunc(a.elements, func(e *element) bool {
		return slices.ContainsFunc(e.rows, func(r *Row) bool { return r.Writable() && v[r.Attr.Sub] != nil && v[r.Attr.Sub] != "" })
	})
}

// displace gives a value the place of one that was held before.
func (a *attribute) displace(v map[string]any, placed map[*element][]map[string]any, held []map[string]any) {
	for _, e := range a.elements {
		if !e.every && e.takes(v) && e.writable() && among(held, placed[e][0]) {
			placed[e][0] = v
			return
		}
	}
}

func among(values []map[string]any, v map[string]any) bool {
	return slices.ContainsFunc(values, func(one map[string]any) bool { return reflect.DeepEqual(one, v) })
}

func boolRank(v any) int {
	if v == true {
		return 1
	}
	return 0
}

func hasText(v any) bool {
	s, _ := v.(string)
	return s != ""
}

// choose finds the element for a value.
func (a *attribute) choose(v map[string]any, placed map[*element][]map[string]any) *element {
	for _, e := range a.elements {
		full := !e.every && len(placed[e]) > 0
		if !full && e.takes(v) && e.writable() {
			return e
		}
	}
	return nil
}

// takes tells whether the value has the element's constants, as far as it says.
// primary does not decide: it is a preference of the client, not a place.
func (e *element) takes(v map[string]any) bool {
	for _, c := range e.constants {
		given, said := v[c.Attr.Sub]
		if !said || strings.EqualFold(c.Attr.Sub, "primary") || given == nil || given == "" {
			continue
		}
		if !sameText(given, c.Constant) {
			return false
		}
	}
	return true
}

func (e *element) writable() bool { return slices.ContainsFunc(e.rows, (*Row).Writable) }

func sameText(a, b any) bool {
	x, ok := a.(string)
	y, also := b.(string)
	if ok && also {
		return strings.EqualFold(x, y)
	}
	return a == b
}
