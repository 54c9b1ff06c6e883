package mapping

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"entrascim/internal/edm"
	"entrascim/internal/fault"
)

// A diff compares two Graph bodies.
type diff struct {
	table   *Table
	was, is body
	after   Document
	replace bool     // PUT: what cannot be cleared stays
	unsure  []string // properties that are written though they seem unchanged
	body    map[string]any
}

func (d *diff) run() error {
	if err := d.required(); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(d.is.values)) {
		if err := d.property(name, d.was.values[name], d.is.values[name]); err != nil {
			return err
		}
	}
	gone := laid(d.was.values, nil)
	for _, name := range d.unsure {
		gone[name] = d.was.values[name]
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		if _, still := d.is.values[name]; !still {
			if err := d.property(name, gone[name], nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// same tells whether a property needs no write.
func (d *diff) same(name string, was, is any) bool {
	return !slices.Contains(d.unsure, name) && (reflect.DeepEqual(was, is) || (isAbsent(was) && isAbsent(is)))
}

// property compares one property of the object; is is nil when it is gone.
func (d *diff) property(name string, was, is any) error {
	if d.same(name, was, is) {
		return nil
	}
	wasInner, wasComplex := was.(map[string]any)
	isInner, isComplex := is.(map[string]any)
	if wasComplex || isComplex {
		return d.complex(name, wasInner, isInner)
	}
	v, keep, err := d.value(name, is)
	if err == nil && !keep {
		d.body[name] = v
	}
	return err
}

// complex compares the parts of a complex property. One that is only written
// whole is sent with every part, unchanged ones too, because Graph nulls what
// is omitted.
func (d *diff) complex(name string, was, is map[string]any) error {
	out := map[string]any{}
	for _, sub := range slices.Sorted(maps.Keys(laid(was, is))) {
		if !slices.Contains(d.unsure, name) && reflect.DeepEqual(was[sub], is[sub]) {
			continue
		}
		v, keep, err := d.value(name+"/"+sub, is[sub])
		if err != nil {
			return err
		}
		if !keep {
			out[sub] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	if slices.Contains(d.table.whole, name) {
		out = d.table.wholeOf(name, laid(is, out))
	}
	d.body[name] = out
	return nil
}

// wholeOf completes a complex property with null for the parts that have no value.
func (t *Table) wholeOf(name string, parts map[string]any) map[string]any {
	for sub, v := range parts {
		if u, ok := v.(unfit); ok { // unchanged: Entra holds it already
			parts[sub] = u.value
		}
	}
	for _, r := range t.rows {
		if _, there := parts[r.path.sub]; r.Writable() && r.path.property == name && !there {
			parts[r.path.sub] = nil
		}
	}
	return parts
}

// value decides how a changed value is written; keep: not at all.
func (d *diff) value(name string, is any) (v any, keep bool, err error) {
	r := d.is.rows[name]
	if r == nil {
		r = d.was.rows[name]
	}
	if r == nil { // unsure, and in neither document
		r = d.table.writer(name)
	}
	switch {
	case r == nil:
		return nil, true, nil
	case r.Mutability == immutable && (r.property.Access == edm.CreateOnly || r.kind.write != nil || d.was.rows[name] != nil):
		if d.replace && is == nil {
			return nil, true, nil
		}
		return nil, false, fault.New(fault.Mutability, "%s is immutable: it is set when the resource is created.", r.Name())
	case is != nil:
		return is, false, judge(is)
	case r.property.Collection:
		return []any{}, false, nil
	case r.property.Nullable:
		return nil, false, nil
	case d.replace || r.Mutability == writeOnly || d.was.rows[name] == nil:
		return nil, true, nil
	}
	if r.Derive != "" { // as for a new resource without it
		if s := derivations[r.Derive](d.table, d.after); s != "" {
			return s, false, nil
		}
	}
	return nil, false, fault.New(fault.Mutability, "%s cannot be removed: Entra cannot clear %s.", r.Name(), strings.ReplaceAll(name, "/", "."))
}

// writer is the row that writes a simple Graph property; nil: none does.
func (t *Table) writer(name string) *Row {
	i := slices.IndexFunc(t.rows, func(r *Row) bool { return r.Writable() && r.path.name() == name })
	if i < 0 {
		return nil
	}
	return t.rows[i]
}

// required: a required attribute cannot be removed, and a PUT must have it. An
// attribute that neither document holds is not concerned in an Update.
func (d *diff) required() error {
	for _, r := range d.table.rows {
		name := r.path.name()
		if r.Required && !r.surely() && d.is.rows[name] == nil && (d.replace || d.was.rows[name] != nil) {
			return invalid("%s is required.", r.Name())
		}
	}
	return nil
}
