package mapping

import (
	"strings"

	"entrascim/internal/edm"
)

// A clause is what Graph can be asked of a part of a SCIM filter. Graph never
// selects less than the filter: an inexact clause selects too much, and what it
// selects must be evaluated again.
type clause struct {
	verdict verdict
	text    string // OData, when asked
	exact   bool
	levels  levels
	either  bool // the text is an "or": it needs parentheses in a conjunction
	terms   int  // alternatives in the text
	alone   bool // Graph evaluates the text beside no other property
}

type verdict int

const (
	always verdict = iota // selects everything; inexact: nothing can be asked
	never                 // selects nothing
	asked
)

// levels are the queries that a clause can stand in. What Graph evaluates by
// default and not in advanced queries has plain alone.
type levels struct{ plain, advanced bool }

func (l levels) with(o levels) levels { return levels{l.plain && o.plain, l.advanced && o.advanced} }

func (l levels) none() bool { return !l.plain && !l.advanced }

// unknown is the clause of what Graph cannot evaluate.
func unknown() clause { return clause{} }

func everything() clause { return clause{exact: true} }

func nothing() clause { return clause{verdict: never, exact: true} }

func truth(b bool) clause {
	if b {
		return everything()
	}
	return nothing()
}

// loose is the clause as a part of something that it does not decide.
func (c clause) loose() clause {
	c.exact = false
	return c
}

// ask is a comparison that Graph evaluates at the levels at which it grants
// all the operators; unknown when there are none.
func ask(text string, p edm.Property, ops ...edm.Op) clause {
	l := levels{true, true}
	for _, op := range ops {
		l = l.with(grants(p, op))
	}
	if l.none() {
		return unknown()
	}
	return clause{verdict: asked, text: text, exact: true, levels: l, terms: 1, alone: alone(p)}
}

// alone tells whether Graph filters by the property beside no other one. Source:
// https://learn.microsoft.com/graph/api/user-list, the examples of signInActivity.
func alone(p edm.Property) bool { return strings.HasPrefix(p.Name, "signInActivity/") }

// grants tells the levels at which Graph grants an operator.
func grants(p edm.Property, op edm.Op) levels {
	var l levels
	for _, have := range p.Filter {
		l.plain = l.plain || have == op
	}
	for _, have := range p.FilterAdv {
		l.advanced = l.advanced || have == op
	}
	return l
}

// maxTerms is how many alternatives a filter may have. Graph's limit is
// undocumented; fifteen is what clients report.
const maxTerms = 15

// and selects what both select.
func and(a, b clause) clause {
	exact := a.exact && b.exact
	switch {
	case a.verdict == never || b.verdict == never:
		return nothing()
	case a.verdict == always:
		b.exact = exact
		return b
	case b.verdict == always:
		a.exact = exact
		return a
	}
	l := a.levels.with(b.levels)
	if l.none() || a.alone != b.alone || a.terms+b.terms > maxTerms {
		return a.loose()
	}
	return clause{
		verdict: asked, text: a.conjunct() + " and " + b.conjunct(), exact: exact, levels: l, terms: a.terms + b.terms, alone: a.alone,
	}
}

// or selects what either selects.
func or(a, b clause) clause {
	switch {
	case a.verdict == never:
		return b
	case b.verdict == never:
		return a
	case a.verdict == always || b.verdict == always:
		sure := (a.verdict == always && a.exact) || (b.verdict == always && b.exact)
		return clause{exact: sure}
	case a.text == b.text:
		a.exact = a.exact && b.exact
		return a
	}
	l := a.levels.with(b.levels)
	if l.none() || a.alone != b.alone || a.terms+b.terms > maxTerms {
		return unknown()
	}
	return clause{
		verdict: asked, text: a.text + " or " + b.text, exact: a.exact && b.exact, levels: l, either: true,
		terms: a.terms + b.terms, alone: a.alone,
	}
}

func (c clause) conjunct() string {
	if c.either {
		return "(" + c.text + ")"
	}
	return c.text
}

// join joins clauses: any of them, or, negated, all of them.
func join(negated bool, clauses []clause) clause {
	out := truth(negated)
	for _, c := range clauses {
		if negated {
			out = and(out, c)
		} else {
			out = or(out, c)
		}
	}
	return out
}
