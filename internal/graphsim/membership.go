package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/graphsim/odata"
)

// membershipRoutes are the questions about the memberships of the objects of a
// set: of groups alone, and of groups and directory roles.
func membershipRoutes(entity, set string) []route {
	path := set + "/{id}/"
	return []route{
		{method: post, pattern: path + "getMemberGroups", roles: checkMembership, serve: memberships(entity, false), reads: true},
		{method: post, pattern: path + "getMemberObjects", roles: checkMembership, serve: memberships(entity, true), reads: true},
		{method: post, pattern: path + "checkMemberGroups", roles: checkMembership, serve: checkMemberships(entity, "groupIds"), reads: true},
		{method: post, pattern: path + "checkMemberObjects", roles: checkMembership, serve: checkMemberships(entity, "ids"), reads: true},
	}
}

// memberships gives the handler that tells every group that the object is in,
// through other groups too. Roles of a user are told to nobody: that question needs
// securityEnabledOnly. Source:
// https://learn.microsoft.com/graph/api/directoryobject-getmemberobjects.
func memberships(entity string, roles bool) handler {
	return func(c *call) (*answer, error) {
		o, err := c.checked(entity)
		if err != nil {
			return nil, err
		}
		var body struct {
			SecurityOnly bool `json:"securityEnabledOnly"`
		}
		if err := c.action(&body, "securityEnabledOnly"); err != nil {
			return nil, err
		}
		if roles && !body.SecurityOnly && o.kind.name == "user" {
			return nil, refuse("securityEnabledOnly must be true for a user.")
		}
		ids := []string{}
		for _, g := range transitive(memberOf, o, c.dir.reading()) {
			role := g.kind.name == "directoryRole"
			if role && roles || !role && (!body.SecurityOnly || g.is("securityEnabled")) {
				ids = append(ids, g.id)
			}
		}
		return c.ids(ids), nil
	}
}

// checkMemberships gives the handler that tells which of the groups given the
// object is in.
func checkMemberships(entity, parameter string) handler {
	return func(c *call) (*answer, error) {
		o, err := c.checked(entity)
		if err != nil {
			return nil, err
		}
		body := map[string][]string{}
		if err := c.action(&body, parameter); err != nil {
			return nil, err
		}
		given := body[parameter]
		if len(given) > maxChecks {
			return nil, refuse("The number of %s in the request exceeds the maximum of %d.", parameter, maxChecks)
		}
		in := transitive(memberOf, o, c.dir.reading())
		ids := []string{}
		for _, id := range given {
			if !isGUID(id) {
				return nil, refuse("Invalid GUID specified.")
			}
			counts := func(g *object) bool { return parameter == "ids" || g.kind.name == "group" }
			if slices.ContainsFunc(in, func(g *object) bool { return strings.EqualFold(g.id, id) && counts(g) }) {
				ids = append(ids, strings.ToLower(id))
			}
		}
		return c.ids(ids), nil
	}
}

func (c *call) checked(entity string) (*object, error) {
	if entity == odata.Mixed {
		return c.anyObject(c.dir.reading())
	}
	return c.owner(entity, c.dir.reading())
}

func (c *call) ids(ids []string) *answer {
	b := append([]byte(`{"@odata.context":`), quote(c.metadata("Collection(Edm.String)"))...)
	b = append(append(b, `,"value":`...), quoteAll(ids...)...)
	return &answer{status: http.StatusOK, body: append(b, '}')}
}
