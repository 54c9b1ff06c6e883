package scim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
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

// unquoted is a literal that only a boolean attribute may be compared with.
type unquoted string

func (p *parser) quoted() (string, error) {
	end := 1
	for end < len(p.rest) && p.rest[end] != '"' {
		if p.rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.rest) {
		return "", errors.New("a string is not closed")
	}
	text, err := jsontext.AppendUnquote(nil, p.rest[:end+1])
	if err != nil {
		return "", errors.New("a string is not valid JSON")
	}
	p.rest = p.rest[end+1:]
	return string(text), nil
}

// number reads a JSON number: an int where it is one, else a float64.
func number(word string) (any, bool) {
	if v := jsontext.Value(word); !v.IsValid() || v.Kind() != '0' {
		return nil, false
	}
	if i, err := strconv.Atoi(word); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(word, 64)
	return f, err == nil
}

// attributePath splits [URI ":"] ATTRNAME ["." ATTRNAME].
func attributePath(word string) (filter.AttributePath, error) {
	uri, name := "", word
	if i := strings.LastIndexByte(word, ':'); i >= 0 {
		uri, name = word[:i], word[i+1:]
	}
	attr, sub, dotted := strings.Cut(name, ".")
	if !validName(attr) || dotted && !validName(sub) || uri == "" && name != word {
		return filter.AttributePath{}, fmt.Errorf("%q is not an attribute name", word)
	}
	path := filter.AttributePath{AttributeName: attr}
	if uri != "" {
		path.URIPrefix = &uri
	}
	if dotted {
		path.SubAttribute = &sub
	}
	return path, nil
}

// validName tells whether a name is an ATTRNAME (RFC 7643 section 2.1), or $ref.
func validName(name string) bool {
	if strings.EqualFold(name, "$ref") {
		return true
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '-' && c != '_' && c != '$' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != ""
}
