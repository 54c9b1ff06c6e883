package mapping

import (
	"iter"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A ReadPlan translates Graph objects to SCIM resources for one projection. It
// is immutable and safe for concurrent use.
type ReadPlan struct {
	Select    []string // Graph properties, "id" among them always
	Expand    string   // the navigation to expand, "manager", or ""
	Relations []string // relations that Env.Relation must supply

	resource string
	endpoint string
	input    *input
	slots    int
	idSlot   int
	head     []byte // the core schema's URN as JSON
	core     []output
	meta     metaOutput
	extended []extension
}

// Env is what a resource needs besides the Graph object.
type Env struct {
	BaseURL string         // of SCIM, "https://host/scim/v2": for meta.location and $ref
	Offset  *time.Location // date-times are printed in it; nil: UTC, with Z
	// Relation yields the related Graph objects of the object that is being
	// written. It is never called for a relation that is not in Relations.
	Relation func(name string) iter.Seq2[jsontext.Value, error]
}

// An extension is the outputs of an extension schema.
type extension struct {
	urn  jsontext.Token
	json []byte // the URN as JSON
	out  []output
}

// Read compiles the plan for a projection. Compiling costs some ten
// microseconds: callers keep plans by projection.
func (t *Table) Read(want Want) *ReadPlan {
	p := &ReadPlan{resource: t.resource, endpoint: t.endpoint + "/", input: &input{slot: -1}}
	b := planner{table: t, plan: p, want: want}
	p.idSlot = b.slot(graphPath{property: "id", index: -1})
	p.head = quoted(t.urn)
	p.core = b.outputs(t.urn)
	p.meta = b.metaOutput()
	for _, x := range t.prefixes {
		if out := b.outputs(x.urn); len(out) > 0 {
			p.extended = append(p.extended, extension{jsontext.String(x.urn), quoted(x.urn), out})
		}
	}
	return p
}

func quoted(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, s)
	return b
}

// A planner compiles the rows that a projection wants.
type planner struct {
	table *Table
	plan  *ReadPlan
	want  Want
}

// outputs compiles the attributes of one schema. id stands first; meta is apart.
func (b *planner) outputs(urn string) []output {
	var out []output
	for _, a := range b.table.attributes {
		if a.urn != urn || (urn == b.table.urn && (a.name == "id" || a.name == "meta")) {
			continue
		}
		if o := b.attribute(a); o != nil {
			out = append(out, o)
		}
	}
	return out
}

func (b *planner) attribute(a *attribute) output {
	if a.row != nil {
		if a.row.Mutability == writeOnly || !b.want(a.urn, a.name, "") {
			return nil
		}
		return b.simple(a.row)
	}
	if rel := relations[a.relation()]; rel.many {
		return b.relation(a)
	}
	if !a.multi() {
		if fields := b.fields(a.elements[0], nil); len(fields.wanted) > 0 {
			return &objectOutput{jsontext.String(a.name), fields}
		}
		return nil
	}
	list := &listOutput{name: jsontext.String(a.name)}
	for _, e := range a.elements {
		if x := b.element(e); x != nil {
			list.elements = append(list.elements, x)
		}
	}
	if len(list.elements) == 0 {
		return nil
	}
	return list
}

func (b *planner) simple(r *Row) output {
	name := jsontext.String(r.Attr.Name)
	if r.MultiValued {
		return &scalarsOutput{name, b.slot(r.path), converter(r)}
	}
	return &valueOutput{name, b.emit(r, nil)}
}

// element compiles one value of a multi-valued attribute.
func (b *planner) element(e *element) elementOutput {
	if !e.every {
		if fields := b.fields(e, nil); len(fields.wanted) > 0 {
			return &oneElement{fields}
		}
		return nil
	}
	sub := &input{slot: -1}
	fields := b.fields(e, sub)
	if len(fields.wanted) == 0 {
		return nil
	}
	return &everyElement{slot: b.slot(graphPath{property: e.rows[0].path.property, every: true, index: -1}), object: sub, fields: fields}
}

// relation compiles an attribute whose values Env.Relation supplies.
func (b *planner) relation(a *attribute) output {
	e := a.elements[0]
	sub := &input{slot: -1}
	fields := b.fields(e, sub)
	if len(fields.wanted) == 0 {
		return nil
	}
	if !slices.Contains(b.plan.Relations, e.relation) {
		b.plan.Relations = append(b.plan.Relations, e.relation)
	}
	return &relationOutput{
		name: jsontext.String(a.name), relation: e.relation, object: sub, fields: fields, early: a.urn != b.table.urn,
	}
}

// fields compiles the sub-attributes of an element that are wanted. sub is where
// the element's values come from: nil for the object itself. Every mapped row is
// read, wanted or not: the element is there when one of them has a value.
func (b *planner) fields(e *element, sub *input) fields {
	var f fields
	constants := b.constants(e)
	if len(constants) == 0 && !slices.ContainsFunc(e.rows, b.wants) {
		return f
	}
	for _, r := range e.rows {
		switch {
		case r.Mutability == writeOnly:
		case b.wants(r):
			f.wanted = append(f.wanted, field{jsontext.String(r.Attr.Sub), b.emit(r, sub)})
		default:
			f.hidden = append(f.hidden, b.emit(r, sub))
		}
	}
	f.mapped = len(f.wanted)
	f.wanted = append(f.wanted, constants...)
	return f
}

// wants tells whether the row is read for the projection.
func (b *planner) wants(r *Row) bool {
	return r.Mutability != writeOnly && b.want(r.Attr.URN, r.Attr.Name, r.Attr.Sub)
}

func (b *planner) constants(e *element) []field {
	var out []field
	for _, r := range e.constants {
		if !b.want(r.Attr.URN, r.Attr.Name, r.Attr.Sub) {
			continue
		}
		raw := []byte("false")
		switch v := r.Constant.(type) {
		case string:
			raw = quoted(v)
		case bool:
			if v {
				raw = []byte("true")
			}
		}
		out = append(out, field{jsontext.String(r.Attr.Sub), func(*state) []byte { return raw }})
	}
	return out
}

// metaOutput compiles meta (RFC 7643 section 3.1).
func (b *planner) metaOutput() metaOutput {
	urn := b.table.urn
	m := metaOutput{
		resourceType: b.want(urn, "meta", "resourceType"),
		location:     b.want(urn, "meta", "location"),
		quotedType:   quoted(b.table.resource),
	}
	if a := b.table.find(urn, "meta"); a != nil {
		for _, r := range a.rows() {
			if b.want(urn, "meta", r.Attr.Sub) {
				m.times = append(m.times, field{jsontext.String(r.Attr.Sub), b.emit(r, nil)})
			}
		}
	}
	return m
}

// slot finds or makes the place where the value of a path is kept while the
// object is read, and has Graph asked for it.
func (b *planner) slot(p graphPath) int {
	b.ask(p)
	return b.slotIn(b.plan.input, p)
}

// ask adds the property to what Graph is asked for.
func (b *planner) ask(p graphPath) {
	switch {
	case p.property == relationManager && b.table.entity == "user":
		b.plan.Expand = relationManager
	case p.property == odataType || slices.Contains(b.plan.Select, p.property):
	default:
		b.plan.Select = append(b.plan.Select, p.property)
	}
}

// slotIn makes the slot in a tree of inputs.
func (b *planner) slotIn(in *input, p graphPath) int {
	child := in.child(p.property)
	if p.sub != "" && !p.every && p.index < 0 {
		child = child.child(p.sub)
	}
	if child.slot < 0 {
		child.slot = b.plan.slots
		b.plan.slots++
	}
	if p.every || p.index >= 0 {
		child.list = true
	}
	return child.slot
}
