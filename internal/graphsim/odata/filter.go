package odata

import (
	"slices"
	"strconv"
	"strings"

	"entrascim/internal/edm"
)

// maxClauses is how many alternatives a filter may hold. No page states it; it is
// what the service is known to answer with.
const maxClauses = 15

func (r *reader) filtered(q *Query) *Error {
	source, ok := r.given["$filter"]
	if !ok {
		return nil
	}
	e, err := parseFilter(source)
	if err != nil {
		return err
	}
	if n := alternatives(e); n > maxClauses {
		return refuse(CodeUnsupportedQuery, "Too many child clauses specified in search filter expression containing 'OR' operators: %d. Max allowed: %d.", n, maxClauses)
	}
	g := &granter{reader: r, advanced: q.Advanced}
	if err := g.check(e, false); err != nil {
		return err
	}
	if r.Relationship && !q.Advanced {
		return refuse(CodeUnsupportedQuery, "The specified filter to the reference property query is currently not supported.")
	}
	q.filter, q.SignIns = e, q.SignIns || slices.ContainsFunc(g.paths, ofSignIns)
	return g.together()
}

// alternatives counts the largest set of conditions joined by or; each value of
// an in is one.
func alternatives(e expr) int {
	most := 0
	switch e := e.(type) {
	case and:
		for _, term := range e {
			most = max(most, alternatives(term))
		}
	case or:
		for _, term := range e {
			most += alternatives(term)
		}
	case not:
		most = alternatives(e.expr)
	case *lambda:
		most = alternatives(e.body)
	case *clause:
		most = len(e.values)
	case *counted:
		most = 1
	}
	return most
}

// A granter checks each condition of a filter against the capability table.
type granter struct {
	*reader
	advanced bool
	within   *lambda // whose body is being checked
	paths    []string
}

func (g *granter) check(e expr, negated bool) *Error {
	switch e := e.(type) {
	case and:
		return g.each(e, negated)
	case or:
		return g.each(e, negated)
	case not:
		return g.check(e.expr, true)
	case *lambda:
		g.within = e
		defer func() { g.within = nil }()
		return g.check(e.body, negated)
	case *counted:
		return g.counted(e, negated)
	case *clause:
		return g.clause(e, negated)
	}
	return nil
}

func (g *granter) each(terms []expr, negated bool) *Error {
	for _, term := range terms {
		if err := g.check(term, negated); err != nil {
			return err
		}
	}
	return nil
}

// property finds the property of a condition. A collection has to be asked with
// any(), a single value without.
func (g *granter) property(path string) (edm.Property, *Error) {
	full := path
	if g.within != nil {
		full = strings.TrimSuffix(g.within.path+"/"+path, "/")
	}
	p, ok := g.find(g.Entity, full)
	if !ok {
		return p, unknownProperty(strings.TrimPrefix(full, "/"), g.Entity)
	}
	if collection := g.collection(p, full); (g.within != nil) != collection {
		return p, unsupportedClause(full, g.Entity)
	}
	g.paths = append(g.paths, full)
	return p, nil
}

// collection tells whether a property holds many values, or is part of one that
// does. Inside a lambda the collection has to be what any() was called on.
func (g *granter) collection(p edm.Property, path string) bool {
	if g.within == nil {
		parent, _, nested := strings.Cut(path, "/")
		outer, _ := g.find(g.Entity, parent)
		return p.Collection || (nested && outer.Collection)
	}
	if path == g.within.path {
		return p.Collection
	}
	outer, ok := g.find(g.Entity, g.within.path)
	return ok && outer.Collection && !p.Collection
}

func (g *granter) clause(c *clause, negated bool) *Error {
	p, err := g.property(c.path)
	if err != nil {
		return err
	}
	for _, l := range c.values {
		if err := g.literal(c, p, l); err != nil {
			return err
		}
	}
	if g.issuerPair(c, negated) {
		return nil
	}
	for _, op := range g.operators(c, negated) {
		if err := g.grant(p, op); err != nil {
			return err
		}
	}
	return nil
}

// literal refuses a constant that the property cannot be compared with.
func (g *granter) literal(c *clause, p edm.Property, l literal) *Error {
	switch {
	case l.kind == null && c.op != "eq" && c.op != "ne":
		return unsupportedClause(p.Name, g.Entity)
	case l.kind == null:
		return nil
	case !l.suits(p.Type):
		return refuse(CodeBadRequest, "A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for operator kind '%s'.",
			p.Type, l.csdl(), operatorKind(c.op))
	case l.kind == date: // "createdDateTime ge 2021-11-01", refused in the advanced queries page
		return unsupportedClause(p.Name, g.Entity)
	}
	return nil
}

// operators are those that a condition needs, in the capability table's terms.
func (g *granter) operators(c *clause, negated bool) []edm.Op {
	op := edm.Op(c.op)
	if c.values[0].kind == null {
		op += " null"
	}
	switch {
	case !negated:
		return []edm.Op{op}
	case c.op == "startsWith" || c.op == "endsWith":
		return []edm.Op{op, "not " + op}
	case g.within != nil:
		return []edm.Op{op, "not(any())"}
	}
	return []edm.Op{op, "not"}
}

// grant refuses an operator that the table does not hold at the query's level.
// What it holds for plain queries only stops working in advanced ones.
func (g *granter) grant(p edm.Property, op edm.Op) *Error {
	level := p.Grants(op)
	switch {
	case level == edm.Unsupported:
		return unsupportedClause(p.Name, g.Entity)
	case level == edm.Advanced && !g.advanced:
		return needsAdvanced(op)
	case level == edm.Plain && g.advanced && !slices.Contains(p.FilterAdv, op):
		return unsupportedClause(p.Name, g.Entity)
	}
	return nil
}

// issuerPair grants identities/issuerAssignedId, which the table does not hold
// but the API reference does, together with identities/issuer.
func (g *granter) issuerPair(c *clause, negated bool) bool {
	if g.within == nil || g.within.path != "identities" || c.path != "issuerAssignedId" || c.op != "eq" || negated || g.advanced {
		return false
	}
	both, ok := g.within.body.(and)
	return ok && slices.ContainsFunc(both, func(e expr) bool {
		other, ok := e.(*clause)
		return ok && other.path == "issuer" && other.op == "eq"
	})
}

func (g *granter) counted(c *counted, negated bool) *Error {
	name := c.path + "/$count"
	p, ok := g.find(g.Entity, name)
	if !ok || negated {
		return unsupportedClause(name, g.Entity)
	}
	g.paths = append(g.paths, name)
	return g.grant(p, edm.Op(c.op+" "+strconv.FormatInt(c.value, 10)))
}

// together refuses signInActivity beside another property.
// Source: https://learn.microsoft.com/graph/api/resources/user.
func (g *granter) together() *Error {
	if slices.ContainsFunc(g.paths, ofSignIns) && slices.ContainsFunc(g.paths, func(p string) bool { return !ofSignIns(p) }) {
		return refuse(CodeUnsupportedQuery, "Filter on signInActivity cannot be combined with other filterable properties.")
	}
	return nil
}

func ofSignIns(path string) bool { return strings.HasPrefix(path, "signInActivity/") }

func operatorKind(op string) string {
	kinds := map[string]string{
		"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual",
		"lt": "LessThan", "le": "LessThanOrEqual", "in": "Equal",
	}
	if kind, ok := kinds[op]; ok {
		return kind
	}
	return op
}
