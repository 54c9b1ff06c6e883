package mapping

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entrascim/internal/edm"
)

// The words of RFC 7643 section 7 that a row may use.
var (
	scimTypes    = []string{"string", "boolean", "decimal", "integer", "dateTime", "reference", "binary"}
	mutabilities = []string{readWrite, readOnly, immutable, writeOnly}
	returneds    = []string{"default", "always", "request", "never"}
	uniqueness   = []string{"none", "server", "global"}
)

// csdlTypes says which SCIM types a CSDL type can have; the first is the default.
var csdlTypes = map[string][]string{
	"Edm.String":         {"string", "reference", "binary"},
	"Edm.Guid":           {"string"},
	"Edm.Boolean":        {"boolean"},
	"Edm.DateTimeOffset": {"dateTime"},
	"Edm.Date":           {"string"},
	"Edm.Int32":          {"integer"},
	"Edm.Int64":          {"integer"},
	"Edm.Double":         {"decimal"},
	"Edm.Binary":         {"binary"},
}

// characteristics completes and checks what the row says of its attribute.
func (r *Row) characteristics(c *complaints) {
	r.checkType(c)
	r.Mutability = cmp.Or(r.Mutability, r.defaultMutability())
	r.Returned = cmp.Or(r.Returned, defaultReturned(r.Mutability))
	r.Uniqueness = cmp.Or(r.Uniqueness, "none")
	r.MultiValued = r.selector.kind == everySelector && r.Attr.Sub == "" || r.inner()
	r.CaseExact = r.CaseExact || r.Type == "reference" || r.Type == "binary" // RFC 7643 sections 2.3.6 and 2.3.7
	r.from = inverse(r.Values)
	for _, word := range []struct {
		key, value string
		words      []string
	}{
		{"mutability", r.Mutability, mutabilities},
		{"returned", r.Returned, returneds},
		{"uniqueness", r.Uniqueness, uniqueness},
	} {
		if !slices.Contains(word.words, word.value) {
			c.add(r.at, "%s: unknown %s %q; there are %s", r.SCIM, word.key, word.value, strings.Join(word.words, ", "))
		}
	}
	if r.Mutability == writeOnly && r.Returned != "never" {
		c.add(r.at, "%s: writeOnly is never returned", r.SCIM)
	}
	r.checkWritable(c)
	r.checkValues(c)
}

// inner tells whether the row is a list inside each value of a list.
func (r *Row) inner() bool { return r.path.every && r.path.sub != "" && r.property.Collection }

func defaultReturned(mutability string) string {
	if mutability == writeOnly {
		return "never"
	}
	return "default"
}

func (r *Row) defaultMutability() string {
	switch {
	case r.kind.readOnly, r.property.Access == edm.ReadOnly, r.Constant != nil && r.Attr.Sub == "":
		return readOnly
	case r.property.Access == edm.CreateOnly:
		return immutable
	}
	return readWrite
}

func (r *Row) checkType(c *complaints) {
	if r.Type != "" && !slices.Contains(scimTypes, r.Type) {
		c.add(r.at, "%s: unknown type %q; there are %s", r.SCIM, r.Type, strings.Join(scimTypes, ", "))
		return
	}
	allowed := csdlTypes[r.property.Type]
	switch {
	case r.kind.typ != "":
		allowed = []string{r.kind.typ}
	case r.Graph == "" && constantType(r.Constant) == "":
		c.add(r.at, "%s: a constant is a string or a boolean", r.SCIM)
		return
	case r.Graph == "":
		allowed = []string{constantType(r.Constant)}
	case len(allowed) == 0:
		r.Type = cmp.Or(r.Type, "string")
		return // the path was complained about
	}
	if r.Type == "" {
		r.Type = allowed[0]
	}
	if !slices.Contains(allowed, r.Type) {
		c.add(r.at, "%s: type %s does not fit %s", r.SCIM, r.Type, r.origin())
	}
}

// checkUse refuses what no code would carry out.
func (t *Table) checkUse(r *Row, c *complaints) {
	inner := r.Attr.Sub != "" || r.MultiValued
	switch {
	case inner && (r.Default != nil || r.Derive != "" || r.Keep || r.Ignore):
		c.add(r.at, "%s: only a simple attribute with one value has a default, is derived, is kept or ignores values", r.SCIM)
	case r.Ignore && len(r.Canonical) == 0:
		c.add(r.at, "%s: values can only be ignored beside canonicalValues", r.SCIM)
	case r.Constant != nil && r.Attr.Sub == "" && (r.MultiValued || r.Mutability != readOnly):
		c.add(r.at, "%s: a constant is one value and readOnly", r.SCIM)
	case r.Constant != nil && (r.kind.read != nil || r.Fallback != "" || r.Alias != "" || len(r.Values) > 0):
		c.add(r.at, "%s is constant: it has no kind, fallback, alias or values", r.SCIM)
	case r.kind.read != nil && (r.MultiValued || r.path.index >= 0 || r.Fallback != ""):
		c.add(r.at, "%s: kind %s is for one value", r.SCIM, r.kind.name)
	case r.Required && r.Relation != "":
		c.add(r.at, "%s: a relation is never required", r.SCIM)
	case r.Permission != "" && (r.Graph == "" || r.Relation != "" || r.Required || r.Fallback != ""):
		c.add(r.at, "%s: only a plain property that a resource can be without has a permission of its own", r.SCIM)
	case r.Fallback != "" && (inner && r.MultiValued || r.path.every || r.path.index >= 0 || r.path.sub != "" || r.Relation != ""):
		c.add(r.at, "%s: only a plain property has a fallback", r.SCIM)
	}
	for _, name := range r.kind.siblings {
		if _, ok := t.model.Property(t.entity, name); !ok && name != odataType {
			c.add(r.at, "%s: kind %s needs the property %q, which Graph's %s has not", r.SCIM, r.kind.name, name, t.entity)
		}
	}
}

func (r *Row) origin() string {
	switch {
	case r.kind.typ != "":
		return "kind " + r.kind.name
	case r.Graph == "":
		return fmt.Sprintf("the constant %v", r.Constant)
	}
	return r.Graph + ", which is " + r.property.Type
}

func constantType(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	}
	return ""
}

func (r *Row) checkWritable(c *complaints) {
	reads := r.Mutability == readOnly
	switch {
	case !reads && r.Graph != "" && (r.property.Access == edm.ReadOnly || r.kind.readOnly):
		c.add(r.at, "%s: Graph does not let %s be written: the row must be readOnly", r.SCIM, r.Graph)
	case r.Required && (reads || r.Graph == ""):
		c.add(r.at, "%s is required and cannot be written", r.SCIM)
	case reads && (r.Default != nil || r.Derive != ""):
		c.add(r.at, "%s is readOnly: it takes no default and is not derived", r.SCIM)
	case r.Alias != "" && reads:
		c.add(r.at, "%s is readOnly: it needs no alias", r.SCIM)
	}
	if r.property.Returned == edm.Never {
		c.add(r.at, "Graph never returns %s", r.Graph)
	}
	if r.property.Returned == edm.Single {
		c.add(r.at, "Graph returns %s for single objects only: lists would lack it", r.Graph)
	}
}

func (r *Row) checkValues(c *complaints) {
	if r.Default != nil && r.Type != "" && constantType(r.Default) != r.Type {
		c.add(r.at, "%s: the default is not of type %s", r.SCIM, r.Type)
	}
	if _, ok := derivations[r.Derive]; r.Derive != "" && (!ok || r.Type != "string") {
		c.add(r.at, "%s: unknown derivation %q of a string; there are %s", r.SCIM, r.Derive, strings.Join(names(derivations), ", "))
	}
	if len(r.Values) > 0 && (r.Type != "string" || r.kind.read != nil) {
		c.add(r.at, "%s: only a plain string has a value map", r.SCIM)
	}
	if len(r.from) < len(r.Values) {
		c.add(r.at, "%s: two values of the map are one value in Graph", r.SCIM)
	}
	for _, name := range r.References {
		if name == "" {
			c.add(r.at, "%s: an empty reference type", r.SCIM)
		}
	}
	if r.Type == "reference" && len(r.References) == 0 {
		c.add(r.at, "%s: a reference says its referenceTypes", r.SCIM)
	}
	if d, ok := r.Default.(string); ok && len(r.Canonical) > 0 && !slices.Contains(r.Canonical, d) {
		c.add(r.at, "%s: the default is not a canonical value", r.SCIM)
	}
}

func inverse(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[v] = k
	}
	return out
}

// names lists the keys of a table of words for a complaint.
func names[V any](m map[string]V) []string {
	keys := slices.Sorted(maps.Keys(m))
	return slices.DeleteFunc(keys, func(s string) bool { return s == "" })
}

// checkRows holds the rows against each other.
func (t *Table) checkRows(at place, c *complaints) {
	seen := map[string]*Row{}
	writers := map[string]*Row{}
	for _, r := range t.rows {
		key := strings.ToLower(fmt.Sprintf("%s:%s[%s].%s", r.Attr.URN, r.Attr.Name, r.selector.text, r.Attr.Sub))
		if first, ok := seen[key]; ok {
			c.add(r.at, "%s is already mapped on line %d of %s", r.SCIM, first.at.line, first.at.file)
			r.broken = true
		} else {
			seen[key] = r
		}
		if !r.broken {
			t.checkWriters(r, writers, c)
		}
		t.checkMeta(r, c)
	}
	t.checkAliases(c)
	if id := t.row("id"); id == nil || id.Graph != "id" {
		c.add(at, "the table needs the row {scim: id, graph: id}")
	}
}

func (t *Table) checkWriters(r *Row, writers map[string]*Row, c *complaints) {
	if !r.Writable() || r.Alias != "" {
		return
	}
	path := r.target()
	if first, ok := writers[path]; ok {
		c.add(r.at, "%s and %s (line %d of %s) both write %s: make one readOnly or an alias of the other",
			r.SCIM, first.SCIM, first.at.line, first.at.file, r.Graph)
		return
	}
	writers[path] = r
}

// target identifies what the row writes.
func (r *Row) target() string {
	return fmt.Sprintf("%s %s[%d]", r.Relation, r.path.name(), r.path.index)
}

func (t *Table) checkAliases(c *complaints) {
	for _, r := range t.rows {
		if r.Alias == "" {
			continue
		}
		if other := t.row(r.Alias); other == nil || other == r || !other.Writable() || other.Alias != "" || other.target() != r.target() {
			c.add(r.at, "%s: alias %q is not another row that writes %s", r.SCIM, r.Alias, r.Graph)
		}
	}
}

// mappedMeta is what rows can map of meta.
var mappedMeta = []string{"created", "lastModified", "deleted"}

// checkMeta: meta is written by the gateway, but for what Graph knows.
func (t *Table) checkMeta(r *Row, c *complaints) {
	if r.Attr.URN != t.urn {
		return
	}
	switch name := strings.ToLower(r.Attr.Name); {
	case name == "schemas", name == "id" && (r.Graph != "id" || r.Attr.Sub != ""):
		c.add(r.at, "%s is a common attribute that no row can map", r.SCIM)
	case name == "meta" && (r.selector.kind != noSelector || r.Mutability != readOnly || !slices.Contains(mappedMeta, r.Attr.Sub)):
		c.add(r.at, "of meta only %s can be mapped, readOnly", strings.Join(mappedMeta, ", "))
	}
}

// row finds a row by its path as written.
func (t *Table) row(path string) *Row {
	i := slices.IndexFunc(t.rows, func(r *Row) bool { return strings.EqualFold(r.SCIM, path) })
	if i < 0 {
		return nil
	}
	return t.rows[i]
}
