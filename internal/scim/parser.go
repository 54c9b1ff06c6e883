package scim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// maxNesting bounds the parentheses and brackets of a filter.
const maxNesting = 40

// parser reads the grammar of RFC 7644 section 3.4.2.2 and figure 1 into the
// expressions of the filter-parser package. That package's own parser refuses
// groups inside a value path and \u escapes, both of which the RFC allows, and
// nests without bound.
//
// Beyond the grammar it takes any white space for a space, and the form
// emails[type eq "work"].value eq "x", as the value path
// emails[type eq "work" and value eq "x"].
type parser struct {
	rest  string
	depth int
}

// parseFilter reads a whole filter.
func parseFilter(text string) (filter.Expression, error) {
	p := &parser{rest: text}
	e, err := p.or(false)
	if err != nil {
		return nil, err
	}
	return e, p.end()
}

// parsePath reads the path of a PATCH operation (RFC 7644 figure 7).
func parsePath(text string) (name string, value filter.Expression, sub string, err error) {
	p := &parser{rest: text}
	name = p.word()
	if p.take('[') {
		if value, err = p.brackets(); err != nil {
			return "", nil, "", err
		}
		if p.take('.') {
			if sub = p.word(); !validName(sub) {
				return "", nil, "", errors.New("an attribute name is expected after the value filter")
			}
		}
	}
	return name, value, sub, p.end()
}

func (p *parser) end() error {
	p.spaces()
	if p.rest != "" {
		return fmt.Errorf("unexpected %s", p.near())
	}
	return nil
}

const white = " \t\r\n"

func (p *parser) spaces() { p.rest = strings.TrimLeft(p.rest, white) }

// spaced takes the white space that must be next.
func (p *parser) spaced() bool {
	before := len(p.rest)
	p.spaces()
	return len(p.rest) < before
}

func (p *parser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// word takes everything up to a space, a parenthesis or a bracket.
func (p *parser) word() string {
	n := strings.IndexAny(p.rest, white+"()[]\"")
	if n < 0 {
		n = len(p.rest)
	}
	w := p.rest[:n]
	p.rest = p.rest[n:]
	return w
}

// keyword takes the word when it is next, in any case.
func (p *parser) keyword(word string) bool {
	p.spaces()
	probe := *p
	if !strings.EqualFold(probe.word(), word) {
		return false
	}
	p.rest = probe.rest
	return true
}

// near is the place of a mistake, for the client.
func (p *parser) near() string {
	if p.rest == "" {
		return "end of the filter"
	}
	const most = 20
	text := []rune(p.rest)
	if len(text) > most {
		return strconv.Quote(string(text[:most]) + "...")
	}
	return strconv.Quote(p.rest)
}

// or reads FILTER: "and" binds tighter than "or". Inside a value path (inner)
// there is no value path.
func (p *parser) or(inner bool) (filter.Expression, error) {
	return p.chain(filter.OR, func() (filter.Expression, error) {
		return p.chain(filter.AND, func() (filter.Expression, error) { return p.term(inner) })
	})
}

func (p *parser) chain(op filter.LogicalOperator, operand func() (filter.Expression, error)) (filter.Expression, error) {
	left, err := operand()
	for err == nil && p.keyword(string(op)) {
		var right filter.Expression
		if right, err = operand(); err == nil {
			left = &filter.LogicalExpression{Left: left, Right: right, Operator: op}
		}
	}
	return left, err
}

func (p *parser) term(inner bool) (filter.Expression, error) {
	p.spaces()
	if p.take('(') {
		return p.group(inner)
	}
	word := p.word()
	if strings.EqualFold(word, "not") {
		probe := *p
		probe.spaces()
		if probe.take('(') {
			p.rest = probe.rest
			e, err := p.group(inner)
			return &filter.NotExpression{Expression: e}, err
		}
	}
	path, err := attributePath(word)
	if err != nil {
		return nil, err
	}
	if !inner && p.take('[') {
		return p.valuePath(path)
	}
	return p.comparison(path)
}

func (p *parser) group(inner bool) (filter.Expression, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errors.New("it nests too deep")
	}
	defer func() { p.depth-- }()
	e, err := p.or(inner)
	if err != nil {
		return nil, err
	}
	if p.spaces(); !p.take(')') {
		return nil, fmt.Errorf("a closing parenthesis is expected at %s", p.near())
	}
	return e, nil
}

func (p *parser) brackets() (filter.Expression, error) {
	e, err := p.or(true)
	if err != nil {
		return nil, err
	}
	if p.spaces(); !p.take(']') {
		return nil, fmt.Errorf("a closing bracket is expected at %s", p.near())
	}
	return e, nil
}

func (p *parser) valuePath(path filter.AttributePath) (filter.Expression, error) {
	e, err := p.brackets()
	if err != nil {
		return nil, err
	}
	if p.take('.') {
		name := p.word()
		if !validName(name) {
			return nil, fmt.Errorf("%q is not an attribute name", name)
		}
		compare, err := p.comparison(filter.AttributePath{AttributeName: name})
		if err != nil {
			return nil, err
		}
		e = &filter.LogicalExpression{Left: e, Right: compare, Operator: filter.AND}
	}
	return &filter.ValuePath{AttributePath: path, ValueFilter: e}, nil
}

func (p *parser) comparison(path filter.AttributePath) (filter.Expression, error) {
	if !p.spaced() {
		return nil, fmt.Errorf("an operator is expected after %q", path.AttributeName)
	}
	word := p.word()
	op := filter.CompareOperator(strings.ToLower(word))
	e := &filter.AttributeExpression{AttributePath: path, Operator: op}
	switch op {
	case filter.PR:
		return e, nil
	case filter.EQ, filter.NE, filter.CO, filter.SW, filter.EW, filter.GT, filter.GE, filter.LT, filter.LE:
	default:
		return nil, fmt.Errorf("%q is not an operator", word)
	}
	// An example of RFC 7644 section 3.5.2.2 is printed as: value eq"2819c223".
	if !p.spaced() && !strings.HasPrefix(p.rest, `"`) {
		return nil, fmt.Errorf("a value is expected after %q", word)
	}
	var err error
	e.CompareValue, err = p.value()
	return e, err
}

// value reads compValue. Literals are those of JSON; true and false are taken
// in any case as strings are, for clients that print them with a capital.
func (p *parser) value() (any, error) {
	if strings.HasPrefix(p.rest, `"`) {
		return p.quoted()
	}
	at := p.near()
	word := p.word()
	switch word {
	case "null":
		return nil, nil
	case "true", "false":
		return word == "true", nil
	case "True", "False", "TRUE", "FALSE":
		return unquoted(word), nil
	}
	if n, ok := number(word); ok {
		return n, nil
	}
	return nil, fmt.Errorf("%s is not a value: strings stand in double quotes", at)
}
