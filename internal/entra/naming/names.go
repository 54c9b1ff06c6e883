// Package naming is the names of users: with the tenant's default domain and without, and
// which of them Entra takes.
package naming

import (
	"regexp"
	"strings"

	"entrascim/internal/fault"
)

// Names are those of the users of a tenant.
type Names struct {
	Domain string // completes a name without one; "": none does
	Short  bool   // names in it are shown without it
}

// Shown is a user name as users are shown.
func (n Names) Shown(name string) string { return n.Shortened(n.Full(name)) }

// Full is a user name with its domain.
func (n Names) Full(name string) string {
	if name == "" || n.Domain == "" || strings.Contains(name, "@") {
		return name
	}
	return name + "@" + n.Domain
}

// Shortened is a user name without the domain, where names are short.
func (n Names) Shortened(name string) string {
	if !n.Short {
		return name
	}
	return n.shortened(name)
}

// upn is what Entra takes as a userPrincipalName: no accents, 64 characters
// before the @, 48 after it, and no dot right before it. Source:
// https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy.
var upn = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]{0,63}[A-Za-z0-9'_!#^~-]@[A-Za-z0-9.-]{1,48}$`)

// Check refuses a userPrincipalName that Entra would refuse.
func Check(name string) error {
	switch {
	case upn.MatchString(name):
		return nil
	case !strings.Contains(name, "@"):
		return fault.New(fault.InvalidValue, "userName must have a domain, as in name@example.com.")
	}
	return fault.New(fault.InvalidValue,
		"userName must be name@domain: at most 64 of A-Z a-z 0-9 ' . - _ ! # ^ ~ before the @, no dot right before it, and at most 48 characters after it.")
}
