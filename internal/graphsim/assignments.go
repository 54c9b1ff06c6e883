package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// defaultRole is the app role of an assignment that gives access without one.
const defaultRole = "00000000-0000-0000-0000-000000000000"

// maxAssignments is how many app role assignments a principal can have.
const maxAssignments = 1500

// assign stores an app role assignment; the caller holds the lock.
func (d *Directory) assign(from, to *object, role string) *object {
	k := d.schema["appRoleAssignment"]
	s := &state{values: make([]string, len(k.props))}
	s.set(k, "principalId", quote(from.id))
	s.set(k, "principalType", quote(from.kind.title))
	s.set(k, "principalDisplayName", from.get("displayName"))
	s.set(k, "resourceId", quote(to.id))
	s.set(k, "resourceDisplayName", to.get("displayName"))
	s.set(k, "appRoleId", quote(strings.ToLower(role)))
	s.set(k, "createdDateTime", timeText(d.clock()))
	o := d.insert(k, assignmentID(from.id, d.ids.next()), s)
	d.link(assignments, from, o)
	d.link(assignedTo, to, o)
	return o
}

// rename brings the new name of an object into its app role assignments.
func (d *Directory) rename(o *object) {
	for r, name := range map[relation]string{assignments: "principalDisplayName", assignedTo: "resourceDisplayName"} {
		for _, a := range o.links[r].list {
			next := a.edit()
			next.set(a.kind, name, o.get("displayName"))
			d.apply(a, next)
		}
	}
}

// An assignmentRequest is the body that creates an app role assignment.
type assignmentRequest struct {
	PrincipalID string `json:"principalId"`
	ResourceID  string `json:"resourceId"`
	AppRoleID   string `json:"appRoleId"`
}

// createAssignment gives the handler of a POST below the principal or below the
// resource, which must be the one that the body names.
func createAssignment(entity, name string) handler {
	return func(c *call) (*answer, error) {
		o, err := c.owner(entity, c.dir.reading())
		if err != nil {
			return nil, err
		}
		var body assignmentRequest
		if err := c.assignmentBody(&body); err != nil {
			return nil, err
		}
		parent := body.PrincipalID
		if name == "appRoleAssignedTo" {
			parent = body.ResourceID
		}
		if !strings.EqualFold(parent, o.id) {
			return nil, refuse("Invalid value specified for property '%s' of resource 'AppRoleAssignment'.", map[bool]string{true: "resourceId", false: "principalId"}[name == "appRoleAssignedTo"])
		}
		a, err := c.newAssignment(body)
		if err != nil {
			return nil, err
		}
		e := &encoder{view: c.dir.newest()}
		context := c.kind(entity).set + "('" + o.id + "')/" + name
		if entity == "servicePrincipal" {
			context = c.assignmentContext(entity, o, name)
		}
		return c.entity(http.StatusCreated, e, a, a.state, context), nil
	}
}

func (c *call) assignmentBody(body *assignmentRequest) error {
	k := c.kind("appRoleAssignment")
	values, names, err := c.object()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := c.dir.check(k, name, values[name]); err != nil {
			return err
		}
	}
	for _, name := range []string{"principalId", "resourceId", "appRoleId"} {
		if unquote(string(values[name])) == "" {
			return missing(k, name)
		}
	}
	return json.Unmarshal(c.body, body)
}

// newAssignment checks and stores an assignment.
func (c *call) newAssignment(body assignmentRequest) (*object, error) {
	from, to := c.dir.find(nil, body.PrincipalID), c.dir.find(c.kind("servicePrincipal"), body.ResourceID)
	v := c.dir.reading()
	switch {
	case from == nil || from.live(v) == nil || !slices.Contains([]string{"user", "group", "servicePrincipal"}, from.kind.name):
		return nil, notFound(body.PrincipalID)
	case to == nil || to.live(v) == nil:
		return nil, notFound(body.ResourceID)
	case from.kind.name == "group" && !from.is("securityEnabled"):
		return nil, refuse("Only security-enabled groups can be assigned to an application.")
	case !offers(to, from, body.AppRoleID):
		return nil, refuse("Permission being assigned was not found on application '%s'.", to.text("appId"))
	}
	for _, a := range from.links[assignments].list {
		if a.text("resourceId") == to.id && strings.EqualFold(a.text("appRoleId"), body.AppRoleID) {
			return nil, refuse("Permission being assigned already exists on the object")
		}
	}
	if n := len(from.links[assignments].list) + 1; n > maxAssignments {
		return nil, overQuota(n, maxAssignments, "appRoleAssignments")
	}
	return c.dir.assign(from, to, body.AppRoleID), nil
}

// offers tells whether a service principal has an enabled app role for the type
// of the principal; the default access needs an application without such roles.
func offers(to, from *object, role string) bool {
	var roles []struct {
		ID      string   `json:"id"`
		Enabled bool     `json:"isEnabled"`
		Types   []string `json:"allowedMemberTypes"`
	}
	_ = json.Unmarshal([]byte(or(to.get("appRoles"), "[]")), &roles)
	member := "User"
	if from.kind.name == "servicePrincipal" {
		member = "Application"
	}
	offered := false
	for _, r := range roles {
		fits := r.Enabled && slices.Contains(r.Types, member)
		if fits && strings.EqualFold(r.ID, role) {
			return true
		}
		offered = offered || fits
	}
	return role == defaultRole && !offered && member == "User"
}

// deleteAssignment gives the handler of a DELETE below the principal or the
// resource. How one that is not there is refused was observed:
// https://github.com/microsoftgraph/microsoft-graph-docs/issues/12385.
func deleteAssignment(entity, name string) handler {
	return func(c *call) (*answer, error) {
		o, err := c.owner(entity, c.dir.reading())
		if err != nil {
			return nil, err
		}
		id := c.vars["other"].text
		for _, a := range o.links[navigations[entity][name].relation].list {
			if a.id == id {
				c.dir.remove(a)
				return noContent(), nil
			}
		}
		return nil, refuse("EntitlementGrant being updated or deleted is not found.")
	}
}
