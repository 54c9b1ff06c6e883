package odata

import (
	"slices"

	"entrascim/internal/edm"
)

// mixed are the entity types whose objects meet in a mixed collection.
var mixed = []string{"user", "group", "servicePrincipal", "application", "directoryRole"}

// find looks a property up. In a mixed collection a property is known when one
// type has it, and granted what every type that has it grants.
func (r *reader) find(entity, name string) (edm.Property, bool) {
	if entity != Mixed {
		return r.lookup(entity, name)
	}
	var out edm.Property
	found := false
	for _, entity := range mixed {
		p, ok := r.lookup(entity, name)
		switch {
		case ok && found:
			out = meet(out, p)
		case ok:
			out, found = p, true
		}
	}
	return out, found
}

func (r *reader) lookup(entity, name string) (edm.Property, bool) {
	if p, ok := r.Model.Property(entity, name); ok {
		return p, true
	}
	if r.Extension == nil {
		return edm.Property{}, false
	}
	p, ok := r.Extension(name)
	return p, ok && p.Entity == entity
}

// meet keeps what both grant.
func meet(a, b edm.Property) edm.Property {
	both := func(x, y []edm.Op) []edm.Op {
		return slices.DeleteFunc(slices.Clone(x), func(op edm.Op) bool { return !slices.Contains(y, op) })
	}
	a.Filter, a.FilterAdv = both(a.Filter, b.Filter), both(a.FilterAdv, b.FilterAdv)
	a.Search = a.Search && b.Search
	switch {
	case a.OrderBy == edm.Unsupported || b.OrderBy == edm.Unsupported:
		a.OrderBy = edm.Unsupported
	case b.OrderBy == edm.Advanced:
		a.OrderBy = edm.Advanced
	}
	return a
}

// ExtensionProperty describes a directory extension for Options.Extension:
// dataType is one of Binary, Boolean, DateTime, Integer, LargeInteger, String.
// Source: https://learn.microsoft.com/graph/aad-advanced-queries.
func ExtensionProperty(entity, name, dataType string) edm.Property {
	types := map[string]string{"DateTime": "Edm.DateTimeOffset", "Integer": "Edm.Int32", "LargeInteger": "Edm.Int64"}
	typ, ok := types[dataType]
	if !ok {
		typ = "Edm." + dataType
	}
	return edm.Property{
		Entity: entity, Name: name, Type: typ, Nullable: true, MaxLength: 256,
		Returned: edm.Select, Access: edm.ReadWrite,
		Filter:    []edm.Op{"eq"},
		FilterAdv: []edm.Op{"eq", "startsWith", "eq null", "ne", "not"},
	}
}
