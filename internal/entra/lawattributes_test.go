package entra_test

import (
	"slices"
	"strings"
)

// A facet is an attribute or sub-attribute as /Schemas describes it, which the laws
// of filters and sorts take values from.
type facet struct {
	urn, name, sub string
	kind           string
	exact          bool // caseExact
	complex        bool // the attribute, when sub is "", has sub-attributes
	extension      bool
	never          bool // is it returned
}

// String is the facet as a client writes it.
func (a facet) String() string {
	s := a.name
	if a.extension {
		s = a.urn + ":" + s
	}
	if a.sub != "" {
		s += "." + a.sub
	}
	return s
}

// facets reads what a resource type serves from its schemas: what can be read, with
// the attributes that RFC 7643 section 3.1 gives every resource.
func facets(schemas object, core string, extensions ...string) []facet {
	all := []facet{
		{urn: core, name: "id", kind: "string", exact: true},
		{urn: core, name: "schemas", kind: "reference"}, // RFC 7644 section 3.10: URNs are the same in any case
		{urn: core, name: "meta", sub: "created", kind: "dateTime"},
		{urn: core, name: "meta", sub: "location", kind: "reference", exact: true},
		{urn: core, name: "meta", sub: "resourceType", kind: "string", exact: true},
		{urn: core, name: "meta", sub: "lastModified", kind: "dateTime"},
	}
	for _, resource := range schemas["Resources"].([]any) {
		urn := at(resource, "id").(string)
		if urn != core && !slices.Contains(extensions, urn) {
			continue
		}
		for _, a := range at(resource, "attributes").([]any) {
			whole := facetOf(a, urn)
			whole.extension = urn != core
			if subs, _ := at(a, "subAttributes").([]any); len(subs) > 0 {
				whole.complex = true
				for _, s := range subs {
					part := facetOf(s, urn)
					part.name, part.sub, part.extension = whole.name, part.name, whole.extension
					all = append(all, part)
				}
			}
			all = append(all, whole)
		}
	}
	return slices.DeleteFunc(all, func(a facet) bool { return a.never })
}

func facetOf(a any, urn string) facet {
	exact, _ := at(a, "caseExact").(bool)
	return facet{urn: urn, name: at(a, "name").(string), kind: at(a, "type").(string), exact: exact, never: at(a, "returned") == "never"}
}

// of gives the values of the facet in a document.
func (a facet) of(doc object) []any {
	if a.extension {
		doc, _ = doc[a.urn].(object)
	}
	values := listed(doc[a.name])
	if a.sub == "" {
		return values
	}
	var subs []any
	for _, v := range values {
		m, _ := v.(object)
		subs = append(subs, listed(m[a.sub])...)
	}
	return subs
}

func listed(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// value is the facet that a comparison of a complex attribute is about.
func (a facet) value(all []facet) (facet, bool) {
	if !a.complex {
		return a, true
	}
	i := slices.IndexFunc(all, func(o facet) bool { return o.urn == a.urn && o.name == a.name && o.sub == "value" })
	if i < 0 {
		return a, false
	}
	return all[i], true
}

// lower is a text without its case.
func (a facet) lower(s string) string {
	if a.exact {
		return s
	}
	return strings.ToLower(strings.ToUpper(s))
}
