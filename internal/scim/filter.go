package scim

import (
	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// maxFilter bounds a filter, in bytes.
const maxFilter = 16 << 10

// truth is a filter that has been decided without looking at a resource.
type truth int

const (
	undecided truth = iota
	isTrue
	isFalse
)

func decided(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// binder gives the names and values of a parsed filter their meaning in a
// resource type. What the type does not serve, and what nobody knows, has no value
// in any resource: RFC 7644 section 3.4.2.1 has a filter treat it so. Comparisons
// with it are decided at once.
type binder struct {
	index  *catalog
	strict bool
	within *attribute // the attribute whose value path is being bound; nil outside
}

// bindFilter parses and validates a filter. The filter that comes back is nil
// when it has been decided.
func (c *catalog) bindFilter(text string, strict bool) (filter.Expression, truth, error) {
	if len(text) > maxFilter {
		return nil, undecided, fault.New(fault.InvalidFilter, "The filter is longer than %d bytes.", maxFilter)
	}
	e, err := parseFilter(text)
	if err != nil {
		return nil, undecided, fault.New(fault.InvalidFilter, "The filter is not valid: %v.", err)
	}
	return binder{index: c, strict: strict}.bind(e)
}

func (b binder) bind(e filter.Expression) (filter.Expression, truth, error) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return b.logical(e)
	case *filter.NotExpression:
		inner, t, err := b.bind(e.Expression)
		switch {
		case err != nil || t == undecided:
			return &filter.NotExpression{Expression: inner}, t, err
		}
		return nil, decided(t == isFalse), nil
	case *filter.ValuePath:
		return b.valuePath(e)
	case *filter.AttributeExpression:
		return b.comparison(e)
	}
	return nil, undecided, fault.New(fault.InvalidFilter, "The filter is not valid.")
}

func (b binder) logical(e *filter.LogicalExpression) (filter.Expression, truth, error) {
	left, lt, err := b.bind(e.Left)
	if err != nil {
		return nil, undecided, err
	}
	right, rt, err := b.bind(e.Right)
	if err != nil {
		return nil, undecided, err
	}
	decisive := decided(e.Operator == filter.OR) // this side alone decides
	switch {
	case lt == decisive || rt == decisive:
		return nil, decisive, nil
	case lt == undecided && rt == undecided:
		return &filter.LogicalExpression{Left: left, Right: right, Operator: e.Operator}, undecided, nil
	case lt == undecided:
		return left, undecided, nil
	}
	return right, rt, nil
}

// name resolves an attribute name of the filter.
func (b binder) name(p filter.AttributePath) (named, error) {
	if b.within != nil {
		return b.inner(p)
	}
	n, ok := b.index.resolve(p.String())
	switch {
	case ok && n.attr != nil:
		return n, nil
	case b.strict:
		return named{}, fault.New(fault.InvalidFilter, "%s has no attribute %s.", b.index.typ.Name, p)
	}
	return unknown(p), nil
}

// inner resolves a sub-attribute of the attribute whose value path is being bound.
func (b binder) inner(p filter.AttributePath) (named, error) {
	n := named{section: &section{}, attr: b.within, sub: b.within.sub(p.AttributeName)}
	if n.sub == nil || p.URIPrefix != nil || p.SubAttribute != nil {
		if !b.within.open {
			return named{}, fault.New(fault.InvalidFilter, "%s has no sub-attribute %s.", b.within.path, p)
		}
		n.sub = unknown(p).attr
	}
	return n, nil
}

// unknown is a well-formed name that stands for nothing here.
func unknown(p filter.AttributePath) named {
	return named{section: &section{absent: true}, attr: &attribute{path: AttrPath{Name: p.String()}, absent: true}}
}

// check refuses names that no filter may look at.
func (b binder) check(n named) error {
	switch {
	case n.target().returned == never || n.attr.returned == never:
		return fault.New(fault.InvalidFilter, "%s is never returned and can not be filtered by.", n.path())
	case b.strict && n.absent():
		return fault.New(fault.InvalidFilter, "%s does not serve the attribute %s.", b.index.typ.Name, n.path())
	}
	return nil
}

func (b binder) valuePath(e *filter.ValuePath) (filter.Expression, truth, error) {
	n, err := b.name(e.AttributePath)
	if err != nil {
		return nil, undecided, err
	}
	if n.sub != nil || n.attr.kind != typeComplex && n.attr.kind != "" {
		return nil, undecided, fault.New(fault.InvalidFilter, "%s is not complex: it has no values to filter.", n.path())
	}
	if err := b.check(n); err != nil {
		return nil, undecided, err
	}
	within := *n.attr
	within.open = !b.strict
	inner, t, err := binder{b.index, b.strict, &within}.bind(e.ValueFilter)
	switch {
	case err != nil:
		return nil, undecided, err
	case n.absent() || t == isFalse:
		return nil, isFalse, nil
	case t == isTrue:
		return &filter.AttributeExpression{AttributePath: expressionPath(n), Operator: filter.PR}, undecided, nil
	}
	return &filter.ValuePath{AttributePath: expressionPath(n), ValueFilter: inner}, undecided, nil
}

func (b binder) comparison(e *filter.AttributeExpression) (filter.Expression, truth, error) {
	n, err := b.name(e.AttributePath)
	if err != nil {
		return nil, undecided, err
	}
	// RFC 7644 section 3.4.2.2: "emails co" compares the emails' values.
	if n.sub == nil && n.attr.kind == typeComplex && e.Operator != filter.PR && e.CompareValue != nil {
		n.sub = n.attr.sub("value")
	}
	if err := b.check(n); err != nil {
		return nil, undecided, err
	}
	value, err := operand(n, e.Operator, e.CompareValue)
	if err != nil {
		return nil, undecided, err
	}
	if n.absent() || n.target().kind == typeComplex && value != nil {
		return nil, decided(e.Operator == filter.NE && value != nil || e.Operator == filter.EQ && value == nil), nil
	}
	bound := &filter.AttributeExpression{AttributePath: b.bound(n), Operator: e.Operator, CompareValue: value}
	if constant, t := b.constant(n, bound); constant {
		return nil, t, nil
	} else if value == nil {
		return presence(bound), undecided, nil
	}
	return bound, undecided, nil
}

// constant decides comparisons with what all resources of the type have in
// common: meta.resourceType, and of schemas the core schema and those that no
// resource has.
func (b binder) constant(n named, e *filter.AttributeExpression) (bool, truth) {
	if b.within != nil || !b.index.tells(n.path()) {
		return false, undecided
	}
	if e.CompareValue == nil { // there always
		return true, decided(e.Operator != filter.EQ)
	}
	match := newMatcher(b.index, e).Match
	least := Document{"meta": map[string]any{"resourceType": b.index.typ.Name}, "schemas": []any{b.index.core.urn}}
	if match(least) { // more values do not unmake a match
		return true, isTrue
	}
	most := []any{b.index.core.urn}
	for _, s := range b.index.sections[1:] {
		if !s.absent {
			most = append(most, s.urn)
		}
	}
	least["schemas"] = most
	return !match(least), isFalse
}

// presence writes "eq null" and "ne null" as pr: an attribute without a value
// and one that is null are the same (RFC 7643 section 2.5).
func presence(e *filter.AttributeExpression) filter.Expression {
	present := &filter.AttributeExpression{AttributePath: e.AttributePath, Operator: filter.PR}
	if e.Operator == filter.EQ {
		return &filter.NotExpression{Expression: present}
	}
	return present
}

func (b binder) bound(n named) filter.AttributePath {
	if b.within != nil {
		return filter.AttributePath{AttributeName: n.sub.path.Sub}
	}
	return expressionPath(n)
}

func expressionPath(n named) filter.AttributePath {
	p := filter.AttributePath{URIPrefix: &n.section.urn, AttributeName: n.attr.path.Name}
	if n.sub != nil {
		p.SubAttribute = &n.sub.path.Sub
	}
	return p
}

// Attributes gives the attributes that a bound filter looks at; of one with a value
// path all, since a value counts even when it has nothing of what is compared.
func Attributes(e filter.Expression) []AttrPath {
	var found []AttrPath
	look(e, &found)
	return found
}

func look(e filter.Expression, found *[]AttrPath) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		look(e.Left, found)
		look(e.Right, found)
	case *filter.NotExpression:
		look(e.Expression, found)
	case *filter.ValuePath:
		*found = append(*found, pathOf(e.AttributePath))
	case *filter.AttributeExpression:
		*found = append(*found, pathOf(e.AttributePath))
	}
}

func pathOf(p filter.AttributePath) AttrPath {
	return AttrPath{URN: p.URI(), Name: p.AttributeName, Sub: p.SubAttributeName()}
}
