package app

import (
	"strings"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// claims are what a tenant has for itself: its name, and its directory unless it
// shares that.
type claims struct {
	names       map[string]bool
	directories map[string][]claim
}

type claim struct {
	tenant string
	shared bool
}

// claim takes the tenant's name and directory. Its error says what is taken already;
// then nothing was.
func (c *claims) claim(t *tenant.Tenant, shared bool) error {
	if c.names == nil {
		c.names, c.directories = map[string]bool{}, map[string][]claim{}
	}
	name, id := strings.ToLower(t.Name), strings.ToLower(t.DirectoryID)
	if c.names[name] {
		return fault.New(fault.Uniqueness, "There is a tenant of this name already.")
	}
	for _, other := range c.directories[id] {
		if id != "" && (!shared || !other.shared) {
			return fault.New(fault.Conflict, "directoryId: is the directory of tenant %s, too: say tenant.sharesDirectory in both if that is meant.", other.tenant)
		}
	}
	c.names[name] = true
	c.directories[id] = append(c.directories[id], claim{t.Name, shared})
	return nil
}
