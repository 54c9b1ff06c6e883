package mapping

import (
	"reflect"
	"strings"
)

// A setting is a Graph value that a row's SCIM value asks for.
type setting struct {
	row   *Row
	path  graphPath
	value any // never nil
}

// A draft is what a document asks of Graph, before it is compared with anything.
type draft struct {
	table     *Table
	held      Document // what a PATCH found; nil: nothing gives way to what is new
	settings  []setting
	relations map[string]any
}

// An unfit value is one that Graph would refuse. It is judged only when it is
// to be written: a value that a resource already has may stay.
type unfit struct {
	value any
	err   error
}

// judge finds the first unfit value.
func judge(v any) error {
	switch v := v.(type) {
	case unfit:
		return v.err
	case []any:
		for _, one := range v {
			if err := judge(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// draft translates the writable part of a document. Held is the document that it
// was made of by a PATCH.
func (t *Table) draft(doc, held Document) *draft {
	d := &draft{table: t, held: held, relations: map[string]any{}}
	for _, a := range t.attributes {
		v := a.in(t, doc)
		if v == nil || a.readOnly() {
			continue
		}
		switch {
		case a.row != nil:
			d.simple(a.row, v)
		case a.relation() != "" && !relations[a.relation()].beside:
			d.relate(a.relation(), v)
		case !a.multi():
			if m, ok := v.(map[string]any); ok {
				d.fields(a.elements[0], m)
			}
		default:
			d.elements(a, v)
		}
	}
	return d
}

func (d *draft) elements(a *attribute, v any) {
	placed := a.place(valuesOf(v), valuesOf(a.in(d.table, d.held)))
	for _, e := range a.elements {
		for _, value := range placed[e] {
			d.fields(e, value)
		}
		if e.every && len(placed[e]) == 0 && e.writable() {
			d.empty(e.rows[0])
		}
	}
}

// empty notes a collection that the document shows to have no values.
func (d *draft) empty(r *Row) {
	d.settings = append(d.settings, setting{row: r, path: r.path, value: []any{}})
}

func (d *draft) fields(e *element, m map[string]any) {
	for _, r := range e.rows {
		if v, ok := m[r.Attr.Sub]; ok && r.Writable() {
			d.set(r, v)
		}
	}
}

func (d *draft) simple(r *Row, v any) {
	if !r.Writable() {
		return
	}
	list, many := v.([]any)
	if !r.MultiValued || !many {
		d.set(r, v)
		return
	}
	if len(list) == 0 {
		d.empty(r)
	}
	for _, one := range list {
		d.set(r, one)
	}
}

// set converts one value. Entra stores no empty strings: "" is no value, as null
// is (RFC 7643 section 2.5).
func (d *draft) set(r *Row, v any) {
	if v == nil || v == "" {
		return
	}
	if r.Relation == relationInvitation {
		d.invitation(r, v)
		return
	}
	if r.kind.write != nil {
		d.kind(r, v)
		return
	}
	g, err := r.toGraph(v)
	if err != nil {
		g = unfit{v, err}
	}
	d.settings = append(d.settings, setting{row: r, path: r.path, value: g})
}

// relate notes the value of a relation's attribute; an object that names nothing
// is no value.
func (d *draft) relate(name string, v any) {
	if m, ok := v.(map[string]any); ok && !hasText(m["value"]) {
		return
	}
	d.relations[name] = v
}

// invitation collects the fields of an invitation under their Graph names.
func (d *draft) invitation(r *Row, v any) {
	fields, _ := d.relations[relationInvitation].(map[string]any)
	if fields == nil {
		fields = map[string]any{}
		d.relations[relationInvitation] = fields
	}
	fields[r.path.property] = v
}

func (d *draft) kind(r *Row, v any) {
	text, _ := v.(string)
	properties, ok := r.kind.write(text)
	if !ok {
		properties = map[string]any{r.path.property: unfit{v, r.badValue()}}
	}
	for name, value := range properties {
		d.settings = append(d.settings, setting{row: r, path: graphPath{property: name, index: -1}, value: value})
	}
}

// A body is the JSON of a Graph object with the row that set each value.
type body struct {
	values map[string]any
	rows   map[string]*Row // by edm name: "city", "employeeOrgData/division"
}

// body builds the Graph object. Rows that share a property must agree.
func (d *draft) body(before *body) (body, error) {
	b := body{values: map[string]any{}, rows: map[string]*Row{}}
	for _, s := range d.settings {
		if err := b.put(s, before); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (b *body) put(s setting, before *body) error {
	name := s.path.name()
	switch {
	case s.path.sub != "" && !s.path.every && s.path.index < 0:
		inner, _ := b.values[s.path.property].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			b.values[s.path.property] = inner
		}
		inner[s.path.sub] = s.value
	case s.path.every || s.path.index >= 0:
		b.values[s.path.property] = joined(b.values[s.path.property], s)
	default:
		if err := b.agree(name, s, before); err != nil {
			return err
		}
	}
	if b.rows[name] == nil {
		b.rows[name] = s.row
	}
	return nil
}

// joined adds a value to a collection.
func joined(old any, s setting) any {
	list, _ := old.([]any)
	if list == nil {
		list = []any{}
	}
	if none, ok := s.value.([]any); ok && len(none) == 0 {
		return list
	}
	return append(list, s.value)
}

// agree sets a property that several rows may set. When they differ, the one
// that changed wins; when that does not decide, the request contradicts itself.
func (b *body) agree(name string, s setting, before *body) error {
	old, taken := b.values[name]
	var was any
	if before != nil {
		was = before.values[name]
	}
	switch {
	case !taken || reflect.DeepEqual(old, was):
		b.values[name] = s.value
		if taken && !reflect.DeepEqual(old, s.value) {
			b.rows[name] = s.row
		}
	case reflect.DeepEqual(old, s.value) || (was != nil && reflect.DeepEqual(s.value, was)):
	case sameText(old, s.value):
	default:
		return invalid("%s and %s are one property in Entra (%s): they must not differ.", b.rows[name].Name(), s.row.Name(), strings.ReplaceAll(name, "/", "."))
	}
	return nil
}
