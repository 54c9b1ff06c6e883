package graphsim

import (
	"entrascim/internal/edm"
	"entrascim/internal/graphsim/odata"
	"entrascim/internal/graphsim/trouble"
)

// maxExpanded is how many objects $expand shows of a collection, without telling
// that there are more.
const maxExpanded = 20

// An encoder writes objects as a query wants them. What it needs to know of a
// kind it works out once.
type encoder struct {
	view   view
	sel    []string // nil: the default properties
	expand []odata.Expand
	typed  bool                            // each object tells its @odata.type
	reads  func(k *kind, name string) bool // what the caller may see; nil: everything
	secret bool                            // hidden memberships stay hidden
	plans  map[*kind][]field

	hostile trouble.Hostility
}

// encoder writes what a query asks for.
func (c *call) encoder(v view, q *odata.Query) *encoder {
	return &encoder{
		view: v, sel: q.Select, expand: q.Expand, reads: c.reads, hostile: c.sim.hostile, secret: !c.may(readHidden),
	}
}

// A field is one property in the order of writing.
type field struct {
	name  string
	key   string // `"displayName":`
	empty string
	slot  int // -1: a directory extension

	hidden bool // the caller may not see it: shown as if it had no value
}

func (e *encoder) plan(k *kind) []field {
	if plan, ok := e.plans[k]; ok {
		return plan
	}
	var plan []field
	if e.sel == nil {
		for slot, p := range k.props {
			if p.Returned == edm.Default {
				plan = append(plan, field{name: p.Name, key: p.key, empty: p.empty, slot: slot})
			}
		}
	}
	for _, name := range e.sel {
		plan = appendField(plan, k, name)
	}
	for i := range plan {
		plan[i].hidden = e.reads != nil && !e.reads(k, plan[i].name)
	}
	if e.plans == nil {
		e.plans = map[*kind][]field{}
	}
	e.plans[k] = plan
	return plan
}

// appendField adds a selected property; a kind that does not have it shows
// nothing, which happens in mixed collections.
func appendField(plan []field, k *kind, name string) []field {
	slot := k.slot(name)
	switch {
	case slot >= 0:
		p := k.props[slot]
		return append(plan, field{name: p.Name, key: p.key, empty: p.empty, slot: slot})
	case isExtension(name):
		return append(plan, field{name: name, key: quote(name) + ":", empty: "null", slot: -1})
	}
	return plan
}

// object appends one object in the state that the view shows.
func (e *encoder) object(b []byte, o *object, s *state) []byte {
	b = append(append(b, '{'), e.hostile.Extra(o.id)...)
	if e.typed {
		b = append(b, `"@odata.type":"#microsoft.graph.`...)
		b = append(append(b, o.kind.name...), `",`...)
	}
	b = e.fields(b, o, s)
	return closeObject(b)
}

// fields appends the properties and expansions, each with a comma behind it.
func (e *encoder) fields(b []byte, o *object, s *state) []byte {
	for _, f := range e.plan(o.kind) {
		var text string
		switch {
		case f.hidden:
		case f.slot >= 0:
			text = s.values[f.slot]
		default:
			text = s.extra[f.name]
		}
		if text == "" {
			if f.slot < 0 || e.hostile.Omits(o.id, f.name) {
				continue // an extension without a value is left out
			}
			text = f.empty
		}
		b = append(b, f.key...)
		b = append(append(b, text...), ',')
	}
	for _, x := range e.expand {
		b = e.expansion(b, o, x)
	}
	return b
}

// closeObject replaces the last comma.
func closeObject(b []byte) []byte {
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}

// expansion appends what a navigation property leads to.
func (e *encoder) expansion(b []byte, o *object, x odata.Expand) []byte {
	nav, ok := navigations[o.kind.name][x.Property]
	if !ok {
		return b
	}
	inner := &encoder{view: e.view, sel: x.Select, typed: nav.mixed, reads: e.reads, hostile: e.hostile}
	if x.Levels > 1 {
		inner.expand = []odata.Expand{{Property: x.Property, Levels: x.Levels - 1, Select: x.Select}}
	}
	list := nav.follow(o, e.view)
	if e.secret && nav.relation == members && hides(o) {
		list = nil
	}
	if nav.single {
		if len(list) == 0 {
			return b
		}
		b = append(append(b, quote(x.Property)...), ':')
		return append(inner.object(b, list[0], list[0].live(e.view)), ',')
	}
	b = append(append(b, quote(x.Property)...), ":["...)
	for i, other := range list[:min(len(list), maxExpanded)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = inner.object(b, other, other.live(e.view))
	}
	return append(b, "],"...)
}
