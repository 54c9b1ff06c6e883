package mapping

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// Schema is the core schema of the resource type (RFC 7643 section 7). The
// common attributes id, schemas and meta are not in it, as section 3.1 has it;
// externalId is, when the tenant maps it: section 3.1 lets a schema list common
// attributes, and how else would a client know that this one is served.
func (t *Table) Schema() schema.Schema { return t.core }

// Extensions are the schema extensions, in the order of the table's prefixes;
// one that no row uses is left out. The slice must not be changed.
func (t *Table) Extensions() []schema.Schema { return t.extensions }

// defineSchemas makes the schemas, once.
func (t *Table) defineSchemas() {
	t.core = t.schema(t.urn, t.resource, t.description)
	for _, p := range t.prefixes {
		if slices.ContainsFunc(t.attributes, func(a *attribute) bool { return a.urn == p.urn }) {
			t.extensions = append(t.extensions, t.schema(p.urn, cmp.Or(p.title, p.name), p.description))
		}
	}
}

func (t *Table) schema(urn, name, description string) schema.Schema {
	s := schema.Schema{ID: urn, Name: optional.NewString(name), Description: optional.NewString(description)}
	for _, a := range t.attributes {
		if a.urn != urn || (urn == t.urn && (a.name == "id" || a.name == "meta")) {
			continue
		}
		s.Attributes = append(s.Attributes, t.definition(a))
	}
	return s
}

// A definition is an attribute as RFC 7643 section 7 represents it. The schema
// package reads that representation; its constructors refuse $ref.
type definition struct {
	Name       string       `json:"name"`
	Type       string       `json:"type"`
	Multi      bool         `json:"multiValued"`
	Describe   string       `json:"description"`
	Required   bool         `json:"required"`
	CaseExact  bool         `json:"caseExact"`
	Mutability string       `json:"mutability"`
	Returned   string       `json:"returned"`
	Uniqueness string       `json:"uniqueness"`
	Canonical  []string     `json:"canonicalValues,omitempty"`
	References []string     `json:"referenceTypes,omitempty"`
	Sub        []definition `json:"subAttributes,omitempty"`
}

func (t *Table) definition(a *attribute) schema.CoreAttribute {
	d := t.define(a)
	raw, err := json.Marshal(map[string]any{"id": a.urn, "attributes": []definition{d}})
	var s schema.Schema
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil { // Compile checks every word of it
		panic(fmt.Errorf("mapping: the definition of %s: %w", a.name, err))
	}
	return s.Attributes[0]
}

func (t *Table) define(a *attribute) definition {
	if a.row != nil {
		return rowDefinition(a.row, a.name)
	}
	d := definition{
		Name: a.name, Type: "complex", Multi: a.multi(), Uniqueness: "none",
		Describe: t.describe[t.pathOf(a)],
	}
	for _, r := range a.rows() {
		d.Sub = addSub(d.Sub, subDefinition(r))
	}
	if a.multi() { // RFC 7643 section 2.4: a required sub-attribute would make every value of the attribute need it
		for i := range d.Sub {
			d.Sub[i].Required = false
		}
	}
	d.Required = !a.multi() && slices.ContainsFunc(d.Sub, func(s definition) bool { return s.Required })
	d.Mutability = a.mutability()
	shown := slices.DeleteFunc(slices.Clone(d.Sub), func(s definition) bool { return s.Returned == "never" })
	d.Returned = common(shown, func(s definition) string { return s.Returned }, "default")
	if d.Returned == "request" { // who asks for the attribute asks for all of it
		for i := range d.Sub {
			if d.Sub[i].Returned == "request" {
				d.Sub[i].Returned = "default"
			}
		}
	}
	return d
}

// pathOf is the attribute in the table's notation: its prefix and name.
func (t *Table) pathOf(a *attribute) string {
	for _, p := range t.prefixes {
		if p.urn == a.urn {
			return p.name + "." + a.name
		}
	}
	return a.name
}

// mutability of a complex attribute: what all its mapped rows agree upon.
func (a *attribute) mutability() string {
	var defs []definition
	for _, r := range a.rows() {
		if r.Graph != "" {
			defs = append(defs, definition{Mutability: r.Mutability})
		}
	}
	return common(defs, func(d definition) string { return d.Mutability }, readWrite)
}

// common is the value that all have, or else the other.
func common(defs []definition, of func(definition) string, other string) string {
	for _, d := range defs {
		if of(d) != of(defs[0]) {
			return other
		}
	}
	if len(defs) == 0 {
		return other
	}
	return of(defs[0])
}

func simpleDefinition(r *Row, name string) definition {
	return definition{
		Name: name, Type: r.Type, Multi: r.MultiValued, Describe: r.Description, Required: r.Required && !r.surely(),
		CaseExact: r.CaseExact, Mutability: r.Mutability, Returned: r.Returned,
		Uniqueness: r.Uniqueness, Canonical: r.Canonical, References: r.References,
	}
}

// subDefinition defines a sub-attribute.
func subDefinition(r *Row) definition { return rowDefinition(r, r.Attr.Sub) }

// rowDefinition is the definition of what a row gives; a constant is a canonical value.
func rowDefinition(r *Row, name string) definition {
	d := simpleDefinition(r, name)
	if text, ok := r.Constant.(string); ok {
		d.Canonical = []string{text}
	}
	return d
}

// addSub adds a sub-attribute, or joins it to the same one of another value.
func addSub(subs []definition, d definition) []definition {
	i := slices.IndexFunc(subs, func(s definition) bool { return strings.EqualFold(s.Name, d.Name) })
	if i < 0 {
		return append(subs, d)
	}
	s := &subs[i]
	s.Describe = cmp.Or(s.Describe, d.Describe)
	s.Required = s.Required && d.Required
	s.CaseExact = s.CaseExact && d.CaseExact
	if s.Mutability == readOnly {
		s.Mutability = d.Mutability
	}
	for _, v := range d.Canonical {
		if !slices.Contains(s.Canonical, v) {
			s.Canonical = append(slices.Clip(s.Canonical), v)
		}
	}
	return subs
}
