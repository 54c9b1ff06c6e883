package mapping

import (
	"cmp"
	"slices"
	"strings"

	"entrascim/internal/edm"
)

// Compile checks a table, lays the overlays on it in their order and compiles
// the result. The error names every mistake at once, each as "file:line: text".
func Compile(m *edm.Model, base Source, overlays ...Source) (*Table, error) {
	c := &complaints{}
	d := decode(base, c)
	for _, row := range d.rows {
		if row.Remove {
			c.add(row.at, "remove belongs into an overlay")
		}
	}
	for _, o := range overlays {
		d.overlay(decode(o, c), c)
	}
	t := compile(m, d, c)
	if err := c.err(); err != nil {
		return nil, err
	}
	t.defineSchemas()
	return t, nil
}

func compile(m *edm.Model, d *document, c *complaints) *Table {
	t := &Table{
		model: m, resource: d.Resource, description: d.Description, endpoint: d.Endpoint, urn: d.Schema,
		collection: d.Graph.Collection, entity: d.Graph.Entity, whole: d.Graph.Whole, describe: d.Describe,
		optional: d.Optional, mutability: d.Mutability,
	}
	t.checkHead(d, c)
	t.checkCollection(d, c)
	for _, name := range d.prefixOrder {
		t.prefixes = append(t.prefixes, prefix{
			name: name, urn: d.Prefixes[name], title: d.Extensions[name].Name, description: d.Extensions[name].Description,
			keep: d.Extensions[name].Keep,
		})
	}
	t.checkPrefixes(d, c)
	t.checkDictionary(d, c)
	for _, src := range d.rows {
		if r := t.compileRow(src, c); r != nil {
			t.rows = append(t.rows, r)
		}
	}
	t.checkRows(d.at, c)
	t.arrange(c)
	return t
}

func (t *Table) checkHead(d *document, c *complaints) {
	for _, need := range []struct{ key, value string }{
		{"resource", t.resource},
		{"endpoint", t.endpoint},
		{"schema", t.urn},
		{"graph.collection", t.collection},
		{"graph.entity", t.entity},
	} {
		if need.value == "" {
			c.add(d.at, "%s is missing", need.key)
		}
	}
	if t.endpoint != "" && !strings.HasPrefix(t.endpoint, "/") {
		c.add(d.at, "endpoint %q does not begin with a slash", t.endpoint)
	}
	if t.urn != "" && !strings.HasPrefix(strings.ToLower(t.urn), "urn:") {
		c.add(d.at, "schema %q is not a URN", t.urn)
	}
	if t.entity != "" && !t.model.Has(t.entity) {
		c.add(d.at, "Graph has no entity type %q", t.entity)
	}
	for _, name := range t.whole {
		if p, ok := t.model.Property(t.entity, name); !ok || strings.HasPrefix(p.Type, "Edm.") {
			c.add(d.at, "graph.whole: %s has no complex property %q", t.entity, name)
		}
	}
}

func (t *Table) checkPrefixes(d *document, c *complaints) {
	urns := map[string]string{strings.ToLower(t.urn): "the core schema"}
	for _, p := range t.prefixes {
		lower := strings.ToLower(p.urn)
		if !strings.HasPrefix(lower, "urn:") {
			c.add(d.at, "prefix %s: %q is not a URN", p.name, p.urn)
		}
		if other, taken := urns[lower]; taken {
			c.add(d.at, "prefix %s has the URN of %s", p.name, other)
		}
		urns[lower] = p.name
	}
	for name := range d.Extensions {
		if !slices.Contains(d.prefixOrder, name) {
			c.add(d.at, "extensions: unknown prefix %q", name)
		}
	}
}

// prefixURN finds the URN of a prefix.
func (t *Table) prefixURN(name string) (string, bool) {
	i := slices.IndexFunc(t.prefixes, func(p prefix) bool { return p.name == name })
	if i < 0 {
		return "", false
	}
	return t.prefixes[i].urn, true
}

// compileRow checks one row by itself; nil when its SCIM path is unusable.
func (t *Table) compileRow(src rowSource, c *complaints) *Row {
	if src.SCIM == "" {
		return nil
	}
	path, err := parseSCIM(src.SCIM, func(s string) bool { _, ok := t.prefixURN(s); return ok })
	if err != nil {
		c.add(src.at, "%s", err)
		return nil
	}
	r := &Row{
		SCIM: src.SCIM, Attr: Attr{t.urn, path.name, path.sub}, selector: path.selector, Graph: src.Graph, Relation: src.Relation,
		Type: src.Type, Mutability: cmp.Or(src.Mutability, t.mutability), Returned: src.Returned, Uniqueness: src.Uniqueness, Required: src.Required,
		CaseExact: src.CaseExact, Canonical: src.Canonical, References: src.References, Description: src.Description,
		Default: src.Default, Constant: src.Constant, Derive: src.Derive, Values: src.Values, Fallback: src.Fallback, Keep: src.Keep,
		Alias: src.Alias, Permission: src.Permission, Ignore: src.Ignore, at: src.at,
	}
	if path.prefix != "" {
		r.Attr.URN, _ = t.prefixURN(path.prefix)
	}
	r.name = t.clientName(r, path.prefix)
	before := len(c.all)
	t.checkExternalID(r, c)
	if t.bind(r, src, c); len(c.all) == before {
		r.characteristics(c)
		t.checkUse(r, c)
	}
	r.broken = len(c.all) > before
	return r
}

// clientName is the row's path for people who do not know the table.
func (t *Table) clientName(r *Row, prefix string) string {
	name := r.SCIM
	if r.selector.kind == indexSelector || r.selector.kind == everySelector {
		name = strings.Replace(name, "["+r.selector.text+"]", "", 1)
	}
	if prefix == "" {
		return name
	}
	return r.Attr.URN + ":" + strings.TrimPrefix(name, prefix+".")
}

// bind connects the row with what Graph has.
func (t *Table) bind(r *Row, src rowSource, c *complaints) {
	k, ok := kinds[src.Kind]
	if !ok {
		c.add(r.at, "unknown kind %q; there are %s", src.Kind, strings.Join(names(kinds), ", "))
	}
	r.kind = k
	if (r.Graph == "") == (r.Constant == nil) {
		c.add(r.at, "%s needs either a graph path or a constant", r.SCIM)
		return
	}
	if r.Graph == "" {
		r.Relation = ""
		return
	}
	path, err := parseGraph(r.Graph)
	if err != nil {
		c.add(r.at, "%s", err)
		return
	}
	r.path = path
	if r.Relation != "" {
		t.bindRelation(r, c)
		return
	}
	t.bindProperty(r, c)
}

func (t *Table) bindRelation(r *Row, c *complaints) {
	rel, ok := relations[r.Relation]
	if !ok {
		c.add(r.at, "unknown relation %q; there are %s", r.Relation, strings.Join(names(relations), ", "))
		return
	}
	if !rel.fits(r.path) {
		c.add(r.at, "%s is not a path of relation %s", r.Graph, r.Relation)
		return
	}
	p, ok := rel.field(t.model, rel.fieldName(r.path))
	if !ok {
		c.add(r.at, "relation %s has no property %q", r.Relation, rel.fieldName(r.path))
		return
	}
	r.property = p
	r.property.Access = "" // of the field; whether the relation can be written is another matter
	if !rel.writable && r.Mutability != readOnly {
		c.add(r.at, "relation %s cannot be written: %s must be readOnly", r.Relation, r.SCIM)
	}
}

func (t *Table) bindProperty(r *Row, c *complaints) {
	p, ok := t.model.Property(t.entity, r.path.name())
	if !ok && isDirectoryExtension(r.path) {
		p, ok = extensionProperty(r), true
	}
	if !ok {
		c.add(r.at, "Graph's %s has no property %q", t.entity, strings.ReplaceAll(r.path.name(), "/", "."))
		return
	}
	r.property = p
	t.checkShape(r, c)
	if r.Fallback != "" {
		f, ok := t.model.Property(t.entity, r.Fallback)
		if !ok {
			c.add(r.at, "fallback: Graph's %s has no property %q", t.entity, r.Fallback)
		} else if f.Type != p.Type || f.Collection {
			c.add(r.at, "fallback: %s is not of the type of %s", r.Fallback, r.Graph)
		}
	}
}

// checkShape holds brackets against what is a collection.
func (t *Table) checkShape(r *Row, c *complaints) {
	outer := r.property
	if r.path.sub != "" {
		outer, _ = t.model.Property(t.entity, r.path.property)
	}
	indexed := r.path.every || r.path.index >= 0
	switch {
	case r.kind.read != nil:
	case outer.Collection && !indexed:
		c.add(r.at, "%s is a collection: write %s[0] or %s[]", r.path.property, r.path.property, r.path.property)
	case !outer.Collection && indexed && !isDirectoryExtension(r.path):
		c.add(r.at, "%s is not a collection", r.path.property)
	case !strings.HasPrefix(r.property.Type, "Edm."):
		c.add(r.at, "%s is complex: name one of its properties", r.Graph)
	case r.path.sub != "" && r.property.Collection && !r.inner():
		c.add(r.at, "%s is a collection inside a value, which a row cannot map", r.Graph)
	}
}

// isDirectoryExtension tells a directory extension by its wire name:
// extension_{appId without dashes}_{name}. Its type is the row's.
func isDirectoryExtension(p graphPath) bool {
	rest, found := strings.CutPrefix(p.property, "extension_")
	app, name, ok := strings.Cut(rest, "_")
	return found && ok && name != "" && p.sub == "" && len(app) == 32 && strings.Trim(strings.ToLower(app), "0123456789abcdef") == ""
}

// extensionProperty is what Graph grants every directory extension: 256
// characters, eq to a plain query, startsWith and eq null to an advanced one
// (directory extension limits and the advanced-query page).
func extensionProperty(r *Row) edm.Property {
	p := edm.Property{
		Name: r.path.property, Type: "Edm.String", Nullable: true, Returned: edm.Select, Access: edm.ReadWrite,
		Collection: r.path.every || r.path.index >= 0,
		Filter:     []edm.Op{"eq"}, FilterAdv: []edm.Op{"eq", "eq null"},
	}
	switch r.Type {
	case "boolean":
		p.Type = "Edm.Boolean"
	case "integer":
		p.Type = "Edm.Int64"
	case "dateTime":
		p.Type = "Edm.DateTimeOffset"
	default:
		p.MaxLength = 256
		p.FilterAdv = append(p.FilterAdv, "startsWith")
	}
	return p
}
