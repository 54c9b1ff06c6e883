package entra

import (
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/scim"
)

const attrUserName = "userName"

// completed is the filter with the names that users are compared with for equality
// written as they are shown: with the tenant's default domain, or, where names are
// short, without. Either way a user is found by the name with the domain and by that
// without. The other operators see what is shown, as RFC 7644 has it.
func (r *resource) completed(e filter.Expression) filter.Expression {
	if r.options.DefaultDomain == "" || r.table.Entity() != entityUser {
		return e
	}
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Left: r.completed(e.Left), Right: r.completed(e.Right), Operator: e.Operator}
	case *filter.NotExpression:
		return &filter.NotExpression{Expression: r.completed(e.Expression)}
	case *filter.AttributeExpression: // a value path is about complex attributes, which userName is not
		name, ok := e.CompareValue.(string)
		if !ok || !r.isUserName(e.AttributePath) || (e.Operator != filter.EQ && e.Operator != filter.NE) {
			return e
		}
		c := *e
		c.CompareValue = r.names.Shown(name)
		return &c
	}
	return e
}

func (r *resource) isUserName(p filter.AttributePath) bool {
	return p.AttributeName == attrUserName && strings.EqualFold(p.URI(), r.table.URN())
}

// shown writes the document's userName as it is shown.
func (r *resource) shown(doc scim.Document) {
	if name, ok := doc[attrUserName].(string); ok && r.names.Short {
		doc[attrUserName] = r.names.Shortened(name)
	}
}

// complete gives the document's userName its domain.
func (r *resource) complete(doc scim.Document) {
	if name, ok := doc[attrUserName].(string); ok {
		doc[attrUserName] = r.names.Full(name)
	}
}
