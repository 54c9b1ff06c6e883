package entra

import (
	"regexp"
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
	"entrascim/internal/scim"
)

const attrUserName = "userName"

// completed is the filter with the tenant's default domain added to the user
// names in it that have none.
func (r *resource) completed(e filter.Expression) filter.Expression {
	if r.options.DefaultDomain == "" || r.table.Entity() != entityUser {
		return e
	}
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Left: r.completed(e.Left), Right: r.completed(e.Right), Operator: e.Operator}
	case *filter.NotExpression:
		return &filter.NotExpression{Expression: r.completed(e.Expression)}
	case *filter.AttributeExpression:
		name, ok := e.CompareValue.(string)
		if !ok || e.AttributePath.AttributeName != attrUserName || (e.Operator != filter.EQ && e.Operator != filter.NE) {
			return e
		}
		c := *e
		c.CompareValue = r.fullName(name)
		return &c
	}
	return e
}

// fullName is a user name with its domain.
func (r *resource) fullName(name string) string {
	if name == "" || r.options.DefaultDomain == "" || strings.Contains(name, "@") {
		return name
	}
	return name + "@" + r.options.DefaultDomain
}

// complete gives the document's userName its domain.
func (r *resource) complete(doc scim.Document) {
	if name, ok := doc[attrUserName].(string); ok {
		doc[attrUserName] = r.fullName(name)
	}
}

// upn is what Entra takes as a userPrincipalName: no accents, 64 characters
// before the @, 48 after it, and no dot right before it. Source:
// https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy.
var upn = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]{0,63}[A-Za-z0-9'_!#^~-]@[A-Za-z0-9.-]{1,48}$`)

// checkName refuses a userPrincipalName that Entra would refuse.
func checkName(name string) error {
	switch {
	case upn.MatchString(name):
		return nil
	case !strings.Contains(name, "@"):
		return fault.New(fault.InvalidValue, "userName must have a domain, as in name@example.com.")
	}
	return fault.New(fault.InvalidValue,
		"userName must be name@domain: at most 64 of A-Z a-z 0-9 ' . - _ ! # ^ ~ before the @, no dot right before it, and at most 48 characters after it.")
}
