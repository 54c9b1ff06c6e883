package mapping

import (
	"slices"
	"strings"

	"entrascim/internal/edm"
	"entrascim/internal/fault"
)

// Dictionary is the complex attribute in which clients give Graph properties by their
// names in Graph, those that the tenant's overlays give rows; false when there is none.
func (t *Table) Dictionary() (Attr, bool) {
	if t.dictionary == nil {
		return Attr{}, false
	}
	return *t.dictionary, true
}

// checkDictionary reads graph.dictionary.
func (t *Table) checkDictionary(d *document, c *complaints) {
	if d.Graph.Dictionary == "" {
		return
	}
	path, err := parseSCIM(d.Graph.Dictionary, func(s string) bool { _, ok := t.prefixURN(s); return ok })
	if err != nil || path.prefix == "" || path.sub != "" || path.selector.kind != noSelector {
		c.add(d.at, "graph.dictionary: %q is not an attribute of an extension", d.Graph.Dictionary)
		return
	}
	urn, _ := t.prefixURN(path.prefix)
	t.dictionary = &Attr{URN: urn, Name: path.name}
}

// NoEntry says why the dictionary has no entry of a name: the property is that of
// another attribute, Graph does not let it be written or has none of the name, or the
// tenant has not listed it.
func (t *Table) NoEntry(name string) error {
	entry := t.entryName(name)
	for _, r := range t.rows {
		if !strings.EqualFold(r.path.property, name) || r.Relation != "" {
			continue
		}
		if r.Writable() {
			return invalid("%s: %s is the attribute %s here; set that.", entry, r.path.property, r.Name())
		}
	}
	p, known := t.propertyNamed(name)
	switch {
	case known && p.Access != edm.ReadWrite:
		return fault.New(fault.Mutability, "%s: Entra does not let %s be written.", entry, p.Name)
	case known, strings.HasPrefix(name, "extension_"):
		return invalid("%s: the mapping of this tenant does not list the property; an overlay can.", entry)
	}
	return invalid("%s: Entra's %s has no such property.", entry, t.entity)
}

// Fixed tells whether the entity has a property of the name, in any case, that Graph does
// not let be written.
func (t *Table) Fixed(name string) bool {
	p, known := t.propertyNamed(name)
	return known && p.Access != edm.ReadWrite
}

// propertyNamed finds a property of the entity in any case, as clients may write it.
func (t *Table) propertyNamed(name string) (edm.Property, bool) {
	all := t.model.Properties(t.entity)
	i := slices.IndexFunc(all, func(p edm.Property) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return edm.Property{}, false
	}
	return all[i], true
}

// longestEntry bounds what an error repeats of a client's name, in characters.
const longestEntry = 80

func (t *Table) entryName(name string) string {
	if runes := []rune(name); len(runes) > longestEntry {
		name = string(runes[:longestEntry]) + "…"
	}
	a := *t.dictionary
	return a.URN + ":" + a.Name + "." + strings.ToValidUTF8(name, "?")
}
