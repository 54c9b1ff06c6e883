package odata

import (
	"slices"
	"strings"
)

// maxDepth bounds the nesting of parentheses and not.
const maxDepth = 32

// A parser reads a $filter by recursive descent: or binds weakest, then and, then
// not. Function names and "not" are read in any case, as the examples of the API
// reference write them; the other keywords are lower case.
type parser struct {
	lexer
	ahead    token
	variable string // of the lambda being read
	depth    int
}

// parseFilter reads a whole $filter.
func parseFilter(source string) (expr, *Error) {
	p := &parser{lexer: lexer{source: source}}
	p.advance()
	e, err := p.disjunction()
	if err == nil && p.ahead.kind != end {
		err = p.fail()
	}
	return e, err
}

func (p *parser) advance() token {
	t := p.ahead
	p.ahead = p.next()
	return t
}

func (p *parser) fail() *Error { return syntaxError(p.source, p.ahead.pos) }

func (p *parser) isMark(text string) bool { return p.ahead.kind == mark && p.ahead.text == text }

func (p *parser) isWord(text string) bool { return p.ahead.kind == word && p.ahead.text == text }

func (p *parser) expect(text string) *Error {
	if !p.isMark(text) {
		return p.fail()
	}
	p.advance()
	return nil
}

func (p *parser) disjunction() (expr, *Error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail()
	}
	defer func() { p.depth-- }()
	terms, err := p.chain("or", p.conjunction)
	if err != nil || len(terms) == 1 {
		return first(terms), err
	}
	return or(terms), nil
}

func (p *parser) conjunction() (expr, *Error) {
	terms, err := p.chain("and", p.negation)
	if err != nil || len(terms) == 1 {
		return first(terms), err
	}
	return and(terms), nil
}

func first(terms []expr) expr {
	if len(terms) == 0 {
		return nil
	}
	return terms[0]
}

// chain reads terms joined by a keyword.
func (p *parser) chain(keyword string, term func() (expr, *Error)) ([]expr, *Error) {
	var terms []expr
	for {
		e, err := term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, e)
		if !p.isWord(keyword) {
			return terms, nil
		}
		p.advance()
	}
}

func (p *parser) negation() (expr, *Error) {
	if p.ahead.kind != word || !strings.EqualFold(p.ahead.text, "not") {
		return p.primary()
	}
	p.advance()
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail()
	}
	defer func() { p.depth-- }()
	e, err := p.negation()
	if err != nil {
		return nil, err
	}
	return not{e}, nil
}

func (p *parser) primary() (expr, *Error) {
	if !p.isMark("(") {
		return p.condition()
	}
	p.advance()
	e, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	return e, p.expect(")")
}

var functions = []string{"startsWith", "endsWith", "contains"}

// condition reads a function call, a lambda or a comparison.
func (p *parser) condition() (expr, *Error) {
	start := p.ahead
	if start.kind != word || !nameShape.MatchString(start.text) {
		return nil, p.fail()
	}
	p.advance()
	if p.isMark("(") {
		i := slices.IndexFunc(functions, func(f string) bool { return strings.EqualFold(f, start.text) })
		if i < 0 {
			return nil, refuse(CodeBadRequest, "Invalid filter clause: An unknown function with name '%s' was found.", start.text)
		}
		return p.call(functions[i])
	}
	path, last, err := p.path(start)
	switch {
	case err != nil:
		return nil, err
	case strings.EqualFold(last, "any") || strings.EqualFold(last, "all"):
		return p.lambda(path, last)
	}
	return p.comparison(path, start.pos)
}

// path reads the rest of a path. When it ends in a call ("otherMails/any(") the
// called name is not part of it.
func (p *parser) path(start token) (path, called string, err *Error) {
	parts := []string{start.text}
	for p.isMark("/") {
		p.advance()
		t := p.ahead
		if t.kind != word || !nameShape.MatchString(t.text) {
			return "", "", p.fail()
		}
		p.advance()
		if p.isMark("(") {
			return strings.Join(parts, "/"), t.text, nil
		}
		parts = append(parts, t.text)
	}
	return strings.Join(parts, "/"), "", nil
}

// call reads the arguments of a function: a path and a string.
func (p *parser) call(function string) (expr, *Error) {
	p.advance() // (
	start := p.ahead
	if start.kind != word || !nameShape.MatchString(start.text) {
		return nil, p.fail()
	}
	p.advance()
	path, called, err := p.path(start)
	if err != nil || called != "" {
		return nil, p.fail()
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	if p.ahead.kind != quoted {
		return nil, p.fail()
	}
	value := literal{kind: text, text: p.advance().text}
	return &clause{path: p.relative(path), op: function, values: []literal{value}}, p.expect(")")
}

// relative cuts the lambda's variable off a path. A path that does not begin with
// it is marked by a leading slash, so that no property is found for it.
func (p *parser) relative(path string) string {
	if p.variable == "" {
		return path
	}
	name, rest, _ := strings.Cut(path, "/")
	if name != p.variable {
		return "/" + path
	}
	return rest
}

// lambda reads the body of any(). all() is granted to no property.
func (p *parser) lambda(path, called string) (expr, *Error) {
	if !strings.EqualFold(called, "any") {
		return nil, refuse(CodeUnsupportedQuery, "The lambda operator 'all' is not supported.")
	}
	p.advance() // (
	if p.variable != "" || p.ahead.kind != word || !nameShape.MatchString(p.ahead.text) {
		return nil, p.fail()
	}
	p.variable = p.advance().text
	defer func() { p.variable = "" }()
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	body, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	return &lambda{path: path, body: body}, p.expect(")")
}
