package odata

import (
	"slices"
	"strings"
)

var comparisons = []string{"eq", "ne", "gt", "ge", "lt", "le"}

// comparison reads what follows a path: an operator with a constant, or "in" with
// a list of them.
func (p *parser) comparison(path string, pos int) (expr, *Error) {
	op := p.ahead
	if op.kind != word || (op.text != "in" && !slices.Contains(comparisons, op.text)) {
		return nil, p.fail()
	}
	p.advance()
	if op.text == "in" {
		values, err := p.list()
		return &clause{path: p.relative(path), op: op.text, values: values}, err
	}
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	if base, ok := strings.CutSuffix(path, "/$count"); ok {
		if value.kind != integer || p.variable != "" {
			return nil, syntaxError(p.source, pos)
		}
		return &counted{path: base, op: op.text, value: value.n}, nil
	}
	return &clause{path: p.relative(path), op: op.text, values: []literal{value}}, nil
}

func (p *parser) value() (literal, *Error) {
	l, ok := constant(p.ahead)
	if !ok {
		return literal{}, p.fail()
	}
	p.advance()
	return l, nil
}

func (p *parser) list() ([]literal, *Error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var values []literal
	for {
		l, err := p.value()
		if err != nil {
			return nil, err
		}
		values = append(values, l)
		if !p.isMark(",") {
			return values, p.expect(")")
		}
		p.advance()
	}
}
