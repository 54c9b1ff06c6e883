package mapping

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"entrascim/internal/fault"
)

// A Write is what a SCIM resource asks of Graph.
type Write struct {
	// Body is the JSON of the Graph object: only the properties to set. A nil
	// value is null, which clears.
	Body map[string]any
	// Relations holds what is written by requests of its own, by the relation's name.
	Relations map[string]RelationWrite
}

// A RelationWrite is the SCIM value of a relation's attribute before and after,
// nil when absent: the manager's map, the members' list. For the invitation it
// is the map of its Graph fields.
type RelationWrite struct{ Before, After any }

// Empty tells whether there is nothing to write.
func (w Write) Empty() bool { return len(w.Body) == 0 && len(w.Relations) == 0 }

// Create translates a new resource. Values that it lacks are derived or take
// their default; what is required and still missing, too long or of a wrong
// type is a fault that names the SCIM attribute. What a client may not write is
// ignored (RFC 7644 section 3.3). A password is the caller's to make: it is not
// required here.
func (t *Table) Create(doc Document) (Write, error) {
	doc = t.complete(t.held(nil, doc))
	d := t.draft(doc, nil)
	for _, s := range d.settings {
		if err := judge(s.value); err != nil {
			return Write{}, err
		}
	}
	b, err := d.body(nil)
	if err != nil {
		return Write{}, err
	}
	if err := t.checkRequired(b); err != nil {
		return Write{}, err
	}
	w := Write{Body: b.values, Relations: map[string]RelationWrite{}}
	for name, v := range w.Body {
		if list, ok := v.([]any); ok && len(list) == 0 && !t.kindSets(name) {
			delete(w.Body, name)
		}
	}
	for name, after := range d.relations {
		w.Relations[name] = RelationWrite{After: after}
	}
	return w, nil
}

// kindSets tells whether a kind writes the property, and so wants it as it is.
func (t *Table) kindSets(property string) bool {
	return slices.ContainsFunc(t.rows, func(r *Row) bool { return r.kind.write != nil && r.path.property == property })
}

// complete adds derived values and defaults, on a copy. Only attributes of the
// first level are derived or have defaults (Compile sees to it).
func (t *Table) complete(doc Document) Document {
	doc = maps.Clone(doc)
	if doc == nil {
		doc = Document{}
	}
	for _, r := range t.rows {
		if (r.Default == nil && r.Derive == "") || !isAbsent(t.find(r.Attr.URN, r.Attr.Name).in(t, doc)) {
			continue
		}
		value := r.Default
		if r.Derive != "" {
			if s := derivations[r.Derive](t, doc); s != "" {
				value = s
			}
		}
		if value != nil {
			t.put(doc, r.Attr, value)
		}
	}
	return doc
}

func (t *Table) put(doc Document, a Attr, v any) {
	if a.URN == t.urn {
		doc[a.Name] = v
		return
	}
	extension, _ := doc[a.URN].(map[string]any)
	extension = maps.Clone(extension)
	if extension == nil {
		extension = map[string]any{}
	}
	extension[a.Name] = v
	doc[a.URN] = extension
}

func isAbsent(v any) bool {
	list, ok := v.([]any)
	return v == nil || v == "" || (ok && len(list) == 0)
}

// checkRequired names the first attribute that must be there and is not.
func (t *Table) checkRequired(b body) error {
	for _, r := range t.rows {
		if r.Required && b.rows[r.path.name()] == nil {
			return invalid("%s is required.", r.Name())
		}
	}
	return nil
}

// Update is the smallest write that turns before into after. Both documents
// hold the attributes concerned (see ForWrite). A difference in an attribute
// that is readOnly, or immutable and set, and the removal of one that Entra
// cannot clear are faults.
//
// Unsure names Graph properties, all of them concerned, of which before may be
// stale: they are written even when they seem to be as they should be.
func (t *Table) Update(before, after Document, unsure ...string) (Write, error) {
	if err := t.checkReadOnly(before, after); err != nil {
		return Write{}, err
	}
	return t.change(before, t.held(before, after), diff{unsure: unsure})
}

// Replace is Update for a PUT (RFC 7644 section 3.5.1): readOnly attributes are
// ignored, and an attribute that after omits keeps its value when Entra cannot
// clear it. A required attribute that is omitted is a fault. Rows and whole
// extensions that the table says to keep are left as they are when the client,
// which may not know of them, omits them.
func (t *Table) Replace(before, after Document, unsure ...string) (Write, error) {
	return t.change(before, t.kept(before, t.held(before, after)), diff{replace: true, unsure: unsure})
}

// held is after without the values that Entra cannot hold and the table says to
// ignore: there the resource has what it had before.
func (t *Table) held(before, after Document) Document {
	after = maps.Clone(after)
	for _, r := range t.rows {
		if !r.Ignore {
			continue
		}
		a := t.find(r.Attr.URN, r.Attr.Name)
		if text, ok := a.in(t, after).(string); ok && text != "" && !slices.ContainsFunc(r.Canonical, func(c string) bool { return strings.EqualFold(c, text) }) {
			t.put(after, r.Attr, a.in(t, before))
		}
	}
	return after
}

// kept adds to after what a PUT leaves alone.
func (t *Table) kept(before, after Document) Document {
	after = maps.Clone(after)
	for _, p := range t.prefixes {
		if p.keep && after[p.urn] == nil && before[p.urn] != nil {
			after[p.urn] = before[p.urn]
		}
	}
	for _, r := range t.rows {
		if !r.Keep {
			continue
		}
		a := t.find(r.Attr.URN, r.Attr.Name)
		if was := a.in(t, before); isAbsent(a.in(t, after)) && was != nil {
			t.put(after, r.Attr, was)
		}
	}
	return after
}

func (t *Table) change(before, after Document, df diff) (Write, error) {
	held := before
	if df.replace {
		held = nil
	}
	old, fresh := t.draft(before, nil), t.draft(after, held)
	was, _ := old.body(nil) // what Entra holds cannot contradict itself
	is, err := fresh.body(&was)
	if err != nil {
		return Write{}, err
	}
	df.table, df.was, df.is, df.after, df.body = t, was, is, after, map[string]any{}
	if err := df.run(); err != nil {
		return Write{}, err
	}
	return Write{Body: df.body, Relations: relationChanges(old.relations, fresh.relations)}, nil
}

func relationChanges(old, fresh map[string]any) map[string]RelationWrite {
	out := map[string]RelationWrite{}
	for name, before := range old {
		if after := fresh[name]; !sameTarget(before, after) {
			out[name] = RelationWrite{before, after}
		}
	}
	for name, after := range fresh {
		if old[name] == nil && !isAbsent(after) {
			out[name] = RelationWrite{nil, after}
		}
	}
	return out
}

// sameTarget tells whether two values of a relation's attribute mean the same;
// of a single reference only the value counts.
func sameTarget(a, b any) bool {
	x, ok := a.(map[string]any)
	y, also := b.(map[string]any)
	if ok && also && hasText(x["value"]) {
		return sameText(x["value"], y["value"])
	}
	return reflect.DeepEqual(a, b)
}

// checkReadOnly refuses a changed value of an attribute that is readOnly as a
// whole. Read-only parts of a writable attribute (manager.displayName) are
// ignored, since a client that replaces the attribute sends what it read.
func (t *Table) checkReadOnly(before, after Document) error {
	for _, a := range t.attributes {
		if !a.readOnly() {
			continue
		}
		was, is := a.in(t, before), a.in(t, after)
		if is != nil && !reflect.DeepEqual(was, is) {
			return fault.New(fault.Mutability, "%s is readOnly.", t.nameOf(a))
		}
	}
	return nil
}

// nameOf is the attribute as a client writes it.
func (t *Table) nameOf(a *attribute) string {
	if a.urn == t.urn {
		return a.name
	}
	return a.urn + ":" + a.name
}

// ForWrite widens a projection to what Update must know to write the attributes
// in it: the parts of a Graph property that is only ever written whole, and what
// a value is derived of that Entra cannot be without.
func (t *Table) ForWrite(want Want) Want {
	extra := map[Attr]bool{}
	for _, r := range t.rows {
		if r.Graph == "" || !want(r.Attr.URN, r.Attr.Name, r.Attr.Sub) {
			continue
		}
		if r.Derive != "" && !r.property.Nullable {
			for _, source := range derivedOf {
				extra[Attr{t.urn, source[0], source[1]}] = true
			}
		}
		for _, other := range t.rows {
			if other.Graph != "" && other.path.property == r.path.property && t.together(r.path, other.path) {
				extra[other.Attr] = true
				extra[Attr{other.Attr.URN, other.Attr.Name, ""}] = true
			}
		}
	}
	return func(urn, name, sub string) bool { return extra[Attr{urn, name, sub}] || want(urn, name, sub) }
}

// together tells whether two paths of one property are written in one piece.
func (t *Table) together(a, b graphPath) bool {
	return a.index >= 0 || a.every || b.index >= 0 || slices.Contains(t.whole, a.property)
}
