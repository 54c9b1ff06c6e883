package mapping

import (
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A ReadPlan translates Graph objects to SCIM resources for one projection. It
// is safe for concurrent use.
type ReadPlan struct {
	Select    []string // Graph properties, "id" among them always
	Expand    string   // the navigation to expand, "manager", or ""
	Relations []string // relations that Env.Relation must supply

	resource string
	input    *input
	slots    int
	streams  bool   // a relation of the core schema is written as it comes
	head     []byte // the core schema's URN as JSON
	id       member
	core     []member
	meta     member
	extended []member
}

// Env is what a resource needs besides the Graph object.
type Env struct {
	BaseURL string         // of SCIM, "https://host/scim/v2": for meta.location and $ref
	Offset  *time.Location // date-times are printed in it; nil: UTC, with Z
	// Relation yields the related Graph objects of the object that is being
	// written. It is never called for a relation that is not in Relations.
	Relation func(name string) iter.Seq2[jsontext.Value, error]
}

// Read compiles the plan for a projection. Compiling costs some ten
// microseconds: callers keep plans by projection.
func (t *Table) Read(want Want) *ReadPlan {
	p := &ReadPlan{resource: t.resource, input: &input{slot: -1}}
	b := planner{table: t, plan: p, want: want}
	id := b.slot(graphPath{property: "id", index: -1})
	p.head = quoted(t.urn)
	p.id = newMember("id", copied(id))
	p.core = b.members(t.urn)
	p.meta = newMember("meta", b.metaOutput(id))
	for _, x := range t.prefixes {
		if members := b.members(x.urn); len(members) > 0 {
			p.extended = append(p.extended, newMember(x.urn, &objectOutput{members: members}))
		}
	}
	for _, c := range []*condition{t.condition, t.barred} {
		if c != nil {
			b.ask(graphPath{property: c.property.Name, index: -1})
		}
	}
	if t.bare {
		p.Select = nil
	}
	for _, m := range p.core {
		if _, ok := m.out.(*relationOutput); ok {
			p.streams = true
		}
	}
	return p
}

// Wanted is the same for Wants that Read makes the same plan of.
func (t *Table) Wanted(want Want) string {
	key := make([]byte, 0, len(t.rows)/8+1)
	n := 0
	ask := func(a Attr) {
		if n%8 == 0 {
			key = append(key, 0)
		}
		if want(a.URN, a.Name, a.Sub) {
			key[n/8] |= 1 << (n % 8)
		}
		n++
	}
	ask(Attr{t.urn, metaName, metaLocation})
	ask(Attr{t.urn, metaName, metaType})
	for _, r := range t.rows {
		ask(r.Attr)
	}
	for _, a := range t.attributes { // the type that a selector names has no row of the file
		for _, e := range a.elements {
			for _, r := range e.constants {
				ask(r.Attr)
			}
		}
	}
	return string(key)
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

// members compiles the attributes of one schema; id and meta are apart.
func (b *planner) members(urn string) []member {
	var out []member
	for _, a := range b.table.attributes {
		if a.urn == urn && (urn != b.table.urn || (a.name != "id" && a.name != "meta")) {
			if o := b.attribute(a); o != nil {
				out = append(out, newMember(a.name, o))
			}
		}
	}
	return out
}

// attribute compiles an attribute; nil when nothing of it is wanted.
func (b *planner) attribute(a *attribute) output {
	switch {
	case a.row != nil:
		return b.simple(a.row)
	case relations[a.relation()].many && relations[a.relation()].carried == "":
		return b.relation(a)
	case !a.multi():
		if o := b.object(a.elements[0], nil); o != nil {
			return o
		}
		return nil
	}
	list := &listOutput{}
	for _, e := range a.elements {
		if o := b.element(e); o != nil {
			list.elements = append(list.elements, o)
		}
	}
	if len(list.elements) == 0 {
		return nil
	}
	return list
}

func (b *planner) simple(r *Row) output {
	switch {
	case !b.wants(r):
		return nil
	case r.Constant != nil:
		text := constantJSON(r.Constant)
		return emitter(func(_ *state, dst []byte) []byte { return append(dst, text...) })
	case r.MultiValued:
		return &scalarsOutput{b.slot(r.path), converter(r)}
	}
	return b.emit(r, nil)
}

// element compiles one element of a multi-valued attribute.
func (b *planner) element(e *element) output {
	if !e.every {
		if o := b.object(e, nil); o != nil {
			return o
		}
		return nil
	}
	sub := &input{slot: -1}
	o := b.object(e, sub)
	if o == nil {
		return nil
	}
	out := &everyElement{slot: b.slot(graphPath{property: e.rows[0].path.property, every: true, index: -1}), input: sub, object: o, decides: -1}
	if rel := relations[e.relation]; rel.carried != "" {
		out.decides, out.begins = b.slotIn(sub, graphPath{property: rel.decider, index: -1}), []byte(`"`+rel.begins)
	}
	return out
}

// relation compiles an attribute whose values Env.Relation supplies.
func (b *planner) relation(a *attribute) output {
	e := a.elements[0]
	sub := &input{slot: -1}
	o := b.object(e, sub)
	if o == nil {
		return nil
	}
	if !slices.Contains(b.plan.Relations, e.relation) {
		b.plan.Relations = append(b.plan.Relations, e.relation)
	}
	return &relationOutput{relation: e.relation, input: sub, object: o}
}

// object compiles the sub-attributes of an element that are wanted; nil when
// none is. sub is where the element's values come from: nil for the object
// itself. When constants are wanted, every mapped row is read, wanted or not,
// because the element is there when one of them has a value.
func (b *planner) object(e *element, sub *input) *objectOutput {
	o := &objectOutput{constants: b.constants(e)}
	if len(o.constants) == 0 && !slices.ContainsFunc(e.rows, b.wants) {
		return nil
	}
	for _, r := range e.rows {
		switch {
		case r.Mutability == writeOnly:
		case b.wants(r):
			o.members = append(o.members, newMember(r.Attr.Sub, b.emit(r, sub)))
		case len(o.constants) > 0:
			o.hidden = append(o.hidden, b.emit(r, sub))
		}
	}
	return o
}

// wants tells whether the row is read for the projection.
func (b *planner) wants(r *Row) bool {
	return r.Mutability != writeOnly && b.want(r.Attr.URN, r.Attr.Name, r.Attr.Sub)
}

// constants are the constant members of an element that are wanted, as JSON.
func (b *planner) constants(e *element) []byte {
	var out []byte
	for _, r := range e.constants {
		if !b.want(r.Attr.URN, r.Attr.Name, r.Attr.Sub) {
			continue
		}
		out = append(append(out, quoted(r.Attr.Sub)...), ':')
		out = append(append(out, constantJSON(r.Constant)...), ',')
	}
	return out
}

// constantJSON is a constant, a string or a boolean, as JSON.
func constantJSON(constant any) []byte {
	if text, ok := constant.(string); ok {
		return quoted(text)
	}
	return strconv.AppendBool(nil, constant == true)
}

// What is known of a resource without a row (RFC 7643 section 3.1).
const (
	metaName     = "meta"
	metaLocation = "location"
	metaType     = "resourceType"
)

// metaOutput compiles meta (RFC 7643 section 3.1).
func (b *planner) metaOutput(idSlot int) *metaOutput {
	urn := b.table.urn
	m := &metaOutput{location: b.want(urn, metaName, metaLocation), endpoint: b.table.endpoint + "/", idSlot: idSlot}
	if b.want(urn, metaName, metaType) {
		m.resourceType = quoted(b.table.resource)
	}
	if a := b.table.find(urn, metaName); a != nil {
		for _, r := range a.rows() {
			if b.wants(r) {
				m.times = append(m.times, newMember(r.Attr.Sub, b.emit(r, nil)))
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
