package entra

import (
	"regexp"
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
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
		c.CompareValue = r.shownName(name)
		return &c
	}
	return e
}

func (r *resource) isUserName(p filter.AttributePath) bool {
	return p.AttributeName == attrUserName && strings.EqualFold(p.URI(), r.table.URN())
}

// shownName is a user name as users are shown.
func (r *resource) shownName(name string) string {
	name = r.fullName(name)
	if r.shortens() {
		return r.shortName(name)
	}
	return name
}

// shown writes the document's userName as it is shown.
func (r *resource) shown(doc scim.Document) {
	if name, ok := doc[attrUserName].(string); ok && r.shortens() {
		doc[attrUserName] = r.shortName(name)
	}
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

// CheckName refuses what cannot be a userPrincipalName.
func CheckName(name string) error { return checkName(name) }

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
