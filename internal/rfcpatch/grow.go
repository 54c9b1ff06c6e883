package rfcpatch

import (
	"encoding/json"
	"strings"
)

// A Grower makes operations of bytes: each chooses a production, and when they end
// the first is taken.
type Grower struct{ Bytes []byte }

// Pick is a number below n.
func (g *Grower) Pick(n int) int {
	if len(g.Bytes) == 0 || n <= 1 {
		return 0
	}
	b := int(g.Bytes[0])
	g.Bytes = g.Bytes[1:]
	return b % n
}

func one[T any](g *Grower, from ...T) T { return from[g.Pick(len(from))] }

// Operations are up to five on the attributes.
func (g *Grower) Operations(attrs []Attribute) []Operation {
	var ops []Operation
	for range 1 + g.Pick(5) {
		ops = append(ops, g.operation(&attrs[g.Pick(len(attrs))]))
	}
	return ops
}

func (g *Grower) operation(a *Attribute) Operation {
	o := Operation{Op: one(g, Replace, Add, Remove, Replace, Add), Attr: a}
	if a.Multi && len(a.Subs) > 0 && g.Pick(2) == 1 && (!a.Refers || o.Op == Remove) {
		o.Filter = g.filter(a)
	}
	if len(a.Subs) > 0 && !a.Refers && (!a.Multi || !o.Filter.none()) && g.Pick(2) == 1 {
		o.Sub = a.Subs[g.Pick(len(a.Subs))].Name
	}
	if o.Op == Remove {
		return o
	}
	o.Pathless = o.Filter.none() && g.Pick(4) == 3
	switch {
	case o.Sub != "":
		o.Value = g.plain(a.sub(o.Sub))
	case a.Multi && !o.Filter.none():
		o.Value = g.whole(a)
	case a.Multi:
		o.Value = g.list(a)
	default:
		o.Value = g.whole(a)
	}
	if o.Op == Replace && !o.Pathless && o.Filter.none() && !a.Multi && g.Pick(10) == 9 {
		o.Value = nil // RFC 7643 section 2.5: unassigned
	}
	return o
}

func (g *Grower) list(a *Attribute) any {
	list := []any{}
	for range one(g, 1, 2, 1, 3, 0) {
		list = append(list, g.whole(a))
	}
	return list
}

// whole is a value of the attribute.
func (g *Grower) whole(a *Attribute) any {
	if len(a.Subs) == 0 {
		return g.plain(a)
	}
	value := Object{a.Subs[0].Name: g.plain(&a.Subs[0])}
	for i := range a.Subs[1:] {
		if !a.Refers && g.Pick(2) == 1 {
			value[a.Subs[i+1].Name] = g.plain(&a.Subs[i+1])
		}
	}
	return value
}

func (g *Grower) plain(a *Attribute) any { return a.Pool[g.Pick(len(a.Pool))] }

func (g *Grower) filter(a *Attribute) Filter {
	f := Filter{Any: g.Pick(4) == 3}
	for range one(g, 1, 1, 2) {
		s := &a.Subs[g.Pick(len(a.Subs))]
		t := Term{Sub: s.Name, Op: one(g, "eq", "eq", "eq", "ne", "pr", "sw"), Value: g.plain(s)}
		if _, text := t.Value.(string); !text && t.Op == "sw" {
			t.Op = "eq"
		}
		if a.Refers {
			t.Op = "eq"
		}
		f.Terms = append(f.Terms, t)
	}
	return f
}

// Body is the operations as a PATCH request has them.
func Body(ops []Operation) Object {
	list := []any{}
	for _, o := range ops {
		list = append(list, o.message())
	}
	return Object{"schemas": []any{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": list}
}

func (o Operation) message() Object {
	m := Object{"op": o.Op}
	switch {
	case o.Pathless && o.Attr.URN != "":
		value := cloned(o.Value)
		if o.Sub != "" {
			value = Object{o.Sub: value}
		}
		m["value"] = Object{o.Attr.URN: Object{o.Attr.Name: value}}
		return m
	case o.Pathless:
		name := o.Attr.Name
		if o.Sub != "" {
			name += "." + o.Sub
		}
		m["value"] = Object{name: cloned(o.Value)}
		return m
	}
	m["path"] = o.path()
	if o.Op != Remove {
		m["value"] = cloned(o.Value)
	}
	return m
}

func (o Operation) path() string {
	path := o.Attr.String()
	if !o.Filter.none() {
		path += "[" + o.Filter.String() + "]"
	}
	if o.Sub != "" {
		path += "." + o.Sub
	}
	return path
}

// String is the filter as a path has it.
func (f Filter) String() string {
	var terms []string
	for _, t := range f.Terms {
		text := t.Sub + " " + t.Op
		if t.Op != "pr" {
			value, err := json.Marshal(t.Value)
			if err != nil {
				panic(err)
			}
			text += " " + string(value)
		}
		terms = append(terms, text)
	}
	if f.Any {
		return strings.Join(terms, " or ")
	}
	return strings.Join(terms, " and ")
}
