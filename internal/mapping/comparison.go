package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/edm"
)

// A comparison is an operator of SCIM with its value, or the negation of it.
type comparison struct {
	op      filter.CompareOperator
	value   any
	negated bool
}

// maxLiteral bounds a literal in a $filter, in bytes.
const maxLiteral = 1000

// scalar translates a comparison of a row that has at most one value.
func (t *Table) scalar(r *Row, c comparison) clause {
	if c.op == filter.NE { // a missing value is not equal to anything
		c.op, c.negated = filter.EQ, !c.negated
	}
	switch {
	case r.Constant != nil:
		holds, known := c.holds(r.Constant)
		if !known {
			return unknown()
		}
		return truth(holds != c.negated)
	case r.Mutability == writeOnly || r.Relation != "":
		return unknown()
	case r.kind.filter != nil:
		return t.kindClauses(r, c)
	case r.kind.read != nil:
		return unknown()
	case c.op == filter.PR && t.certain(r):
		return truth(!c.negated)
	case r.path.index >= 0: // the collection may hold more values than the one that is shown
		if c.negated {
			return unknown()
		}
		return t.member(r, c).loose()
	case r.Fallback != "":
		return t.withFallback(r, c)
	case t.cuts(r):
		return t.cut(r, c)
	}
	return t.compare(r, r.property, c)
}

// certain tells whether every object has the property.
func (t *Table) certain(r *Row) bool {
	always := func(p edm.Property) bool {
		return p.Name == "id" || (p.Type == "Edm.Boolean" && !p.Nullable && !isDirectoryExtension(r.path)) ||
			slices.ContainsFunc(t.rows, func(w *Row) bool { return w.Required && w.path.name() == p.Name })
	}
	if r.Fallback != "" {
		other, _ := t.model.Property(t.entity, r.Fallback)
		return always(other)
	}
	return always(r.property)
}

// withFallback compares a row that shows another property when its own has no
// value. Either may be what is shown, so the clause is loose.
func (t *Table) withFallback(r *Row, c comparison) clause {
	if c.negated {
		return unknown()
	}
	other, _ := t.model.Property(t.entity, r.Fallback)
	return or(t.compare(r, r.property, c), t.compare(r, other, c)).loose()
}

// compare translates a comparison of a property that is no collection.
func (t *Table) compare(r *Row, p edm.Property, c comparison) clause {
	if c.op == filter.PR {
		return presence(p, c.negated)
	}
	switch p.Type {
	case "Edm.Boolean":
		return boolean(p, c)
	case "Edm.DateTimeOffset":
		return instant(p, c)
	case "Edm.Int32", "Edm.Int64":
		return integer(p, c)
	case "Edm.String":
		return t.text(r, p, c)
	}
	return unknown()
}

func presence(p edm.Property, negated bool) clause {
	if negated {
		return ask(p.Name+" eq null", p, "eq null")
	}
	return ask(p.Name+" ne null", p, "ne null")
}

// boolean: what is never null is not true when it is false.
func boolean(p edm.Property, c comparison) clause {
	v, ok := c.value.(bool)
	switch {
	case !ok || c.op != filter.EQ:
		return unknown()
	case c.negated && p.Nullable:
		return ask(fmt.Sprintf("%s ne %t", p.Name, v), p, "ne")
	case c.negated:
		v = !v
	}
	return ask(fmt.Sprintf("%s eq %t", p.Name, v), p, "eq")
}

func integer(p edm.Property, c comparison) clause {
	n, ok := c.value.(int)
	switch {
	case !ok || c.op != filter.EQ:
		return unknown()
	case c.negated:
		return ask(p.Name+" ne "+strconv.Itoa(n), p, "ne")
	}
	return ask(p.Name+" eq "+strconv.Itoa(n), p, "eq")
}

// instant: Graph grants date-times ge and le; gt and lt select one instant too
// much.
func instant(p edm.Property, c comparison) clause {
	text, _ := c.value.(string)
	at, err := parseTime(text)
	if err != nil || c.negated {
		return unknown()
	}
	ge, le := ask(p.Name+" ge "+at, p, "ge"), ask(p.Name+" le "+at, p, "le")
	switch c.op {
	case filter.GE:
		return ge
	case filter.GT:
		return ge.loose()
	case filter.LE:
		return le
	case filter.LT:
		return le.loose()
	case filter.EQ:
		return and(ge, le)
	default:
		return unknown()
	}
}

// text: Graph compares strings regardless of case, which is what SCIM asks of
// an attribute that is not caseExact. For one that is, Graph selects too much.
func (t *Table) text(r *Row, p edm.Property, c comparison) clause {
	literal, ok := r.literal(c)
	if !ok || (r.CaseExact && c.negated) {
		return unknown()
	}
	var out clause
	switch {
	case c.op == filter.EQ && c.negated:
		out = ask(p.Name+" ne "+literal, p, "ne")
	case c.op == filter.EQ:
		out = ask(p.Name+" eq "+literal, p, "eq")
	case c.op == filter.SW && c.negated && t.certain(r):
		out = ask("not startsWith("+p.Name+","+literal+")", p, "not startsWith")
	case c.op == filter.SW && c.negated: // what has no value does not start with anything, either
		out = or(ask("not startsWith("+p.Name+","+literal+")", p, "not startsWith"), presence(p, true))
	case c.op == filter.SW:
		out = ask("startsWith("+p.Name+","+literal+")", p, "startsWith")
	case c.op == filter.EW && !c.negated:
		out = ask("endsWith("+p.Name+","+literal+")", p, "endsWith")
	default:
		return unknown()
	}
	if r.CaseExact {
		return out.loose()
	}
	return out
}

// literal writes the value as an OData string: in quotes, with quotes doubled.
// ok is false for what must not be asked: no text, "", which nothing equals and
// everything starts with, control characters, and absurd lengths.
func (r *Row) literal(c comparison) (string, bool) {
	s, ok := c.value.(string)
	if !ok || s == "" || len(s) > maxLiteral || !utf8.ValidString(s) || strings.ContainsFunc(s, control) {
		return "", false
	}
	if len(r.Values) > 0 {
		if c.op != filter.EQ {
			return "", false
		}
		for scim, graph := range r.Values {
			if strings.EqualFold(scim, s) {
				s = graph
				break
			}
		}
	}
	return quote(s), true
}

func control(c rune) bool { return c < ' ' || c == 0x7f }

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// member translates a comparison of a row that shows the values of a Graph
// collection: some value satisfies it, or, negated, none does.
func (t *Table) member(r *Row, c comparison) clause {
	collection, variable := r.path.property, "x"
	if r.path.sub != "" {
		variable = "x/" + r.path.sub
	}
	if asked := relations[r.Relation].asked[r.path.sub]; asked != "" {
		collection, _, _ = strings.Cut(asked, "/")
	} else if r.Relation != "" {
		return unknown()
	}
	switch {
	case c.op != filter.PR:
	case r.path.sub == "":
		return t.filled(collection, c.negated)
	case c.negated: // there may be values without this part
		return unknown()
	default:
		return t.filled(collection, false).loose()
	}
	literal, ok := r.literal(c)
	if !ok || (r.CaseExact && c.negated) || r.kind.read != nil {
		return unknown()
	}
	if r.property.Type == "Edm.Guid" {
		if literal = strings.Trim(literal, "'"); c.op != filter.EQ {
			return unknown() // Graph does not take it for a text
		} else if !guid.MatchString(literal) {
			return truth(c.negated)
		}
	}
	return r.some(collection, variable, literal, c)
}

// some asks whether some value of a collection satisfies a comparison, or none does.
func (r *Row) some(collection, variable, literal string, c comparison) clause {
	out := unknown()
	switch some := collection + "/any(x:"; {
	case c.op == filter.EQ && c.negated:
		out = ask("not "+some+variable+" eq "+literal+")", r.property, "eq", "not(any())")
	case c.op == filter.EQ:
		out = ask(some+variable+" eq "+literal+")", r.property, "eq")
	case c.op == filter.SW && c.negated:
		out = ask("not "+some+"startsWith("+variable+","+literal+"))", r.property, "not startsWith", "not(any())")
	case c.op == filter.SW:
		out = ask(some+"startsWith("+variable+","+literal+"))", r.property, "startsWith")
	case c.op == filter.EW && !c.negated:
		out = ask(some+"endsWith("+variable+","+literal+"))", r.property, "endsWith")
	}
	if r.CaseExact {
		return out.loose()
	}
	return out
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// filled asks whether a collection has values.
func (t *Table) filled(collection string, negated bool) clause {
	count, ok := t.model.Property(t.entity, collection+"/$count")
	switch {
	case !ok:
		return unknown()
	case negated:
		return ask(collection+"/$count eq 0", count, "eq 0")
	}
	return ask(collection+"/$count ne 0", count, "ne 0")
}

// kindClauses asks for a value that a kind makes of several properties.
func (t *Table) kindClauses(r *Row, c comparison) clause {
	text, _ := c.value.(string)
	parts, ok := r.kind.filter(text)
	if !ok || c.op != filter.EQ {
		return unknown()
	}
	clauses := make([]clause, 0, len(parts))
	for _, part := range parts {
		p, _ := t.model.Property(t.entity, part.property)
		clauses = append(clauses, part.clause(p, c.negated))
	}
	return join(!c.negated, clauses)
}

func (k kindClause) clause(p edm.Property, negated bool) clause {
	if k.op == "eq" {
		return boolean(p, comparison{filter.EQ, k.value == "true", negated})
	}
	lambda := k.property + "/any(x:x eq " + k.value + ")"
	if (k.op == "any") != negated {
		return ask(lambda, p, "eq")
	}
	return ask("not "+lambda, p, "eq", "not(any())")
}
