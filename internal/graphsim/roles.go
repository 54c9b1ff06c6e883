package graphsim

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// builtInRoles are directory roles that every tenant has, by template id, which is the
// id of the role definition. Source:
// https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
var builtInRoles = []struct{ id, name, does string }{
	{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator", "Can manage all aspects of Microsoft Entra ID and Microsoft services that use Microsoft Entra identities."},
	{"88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", "Can read basic directory information."},
	{"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator", "Can manage all aspects of users and groups, including resetting passwords for limited admins."},
	{"729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator", "Can reset passwords for non-administrators and Helpdesk Administrators."},
	{"fdd7a751-b60b-444a-984c-02652fe8fa1c", "Groups Administrator", "Can create and manage groups and group settings."},
	{"4d6ac14f-3453-41d0-bef9-a3e0c569773a", "License Administrator", "Can manage product licenses on users and groups."},
	{"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator", "Can create and manage all aspects of app registrations and enterprise apps."},
	{"f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader", "Can read everything that a Global Administrator can, but not update anything."},
	{"e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator", "Can manage role assignments in Microsoft Entra ID, and all aspects of Privileged Identity Management."},
	{"7be44c8a-adaf-4e2a-84d6-ab2649e08a13", privilegedRole, "Can access to view, set and reset authentication method information for any user."},
}

// addRoleDefinitions stores the built-in roles.
func (d *Directory) addRoleDefinitions() error {
	for _, role := range builtInRoles {
		_, err := d.Add("unifiedRoleDefinition", Values{
			"id": role.id, "displayName": role.name, "description": role.does, "isBuiltIn": true, "version": "1",
		})
		if err != nil {
			return fmt.Errorf("%s: %w", role.name, err)
		}
	}
	return nil
}

func completeRoleDefinition(k *kind, id string, s *state) {
	s.fill(k, "templateId", quote(id))
	s.fill(k, "isBuiltIn", "false")
	s.fill(k, "isEnabled", "true")
	s.fill(k, "resourceScopes", `["/"]`)
}

// assignRole gives a principal a role for always; the caller holds the lock.
func (d *Directory) assignRole(holder, definition *object, scope string) *object {
	d.schedule(schedules, holder, definition, scope, schedule{Start: timeOf(d), Expiration: &expiration{Type: "noExpiration"}}, "")
	return d.activeRole(holder, definition, scope)
}

// activeRole stores the assignment that is in force; the caller holds the lock.
func (d *Directory) activeRole(holder, definition *object, scope string) *object {
	k := d.schema["unifiedRoleAssignment"]
	s := &state{values: make([]string, len(k.props))}
	s.set(k, "principalId", quote(holder.id))
	s.set(k, "roleDefinitionId", quote(definition.id))
	s.set(k, "directoryScopeId", quote(scope))
	o := d.insert(k, roleAssignmentID(definition.id, holder.id, scope), s)
	d.link(roleAssignments, holder, o)
	d.link(assignedRoles, definition, o)
	if scope == wholeDirectory {
		d.link(members, d.activate(definition), holder)
	}
	d.roles[holder.id] = append(d.roles[holder.id], definition.text("displayName"))
	return o
}

// unassignRole takes a role from its principal; the caller holds the lock.
func (d *Directory) unassignRole(o *object) {
	holder, definition := o.text("principalId"), d.find(nil, o.text("roleDefinitionId"))
	if i := slices.Index(d.roles[holder], definition.text("displayName")); i >= 0 {
		d.roles[holder] = slices.Delete(d.roles[holder], i, i+1)
	}
	if s := d.scheduleOf(schedules, d.byID[holder], definition, o.text("directoryScopeId")); s != nil {
		d.remove(s)
	}
	if o.text("directoryScopeId") == wholeDirectory {
		d.unlink(members, d.activate(definition), d.byID[holder])
	}
	d.remove(o)
}

// roleAssignmentID follows from what the assignment is of, as Graph's does.
func roleAssignmentID(definition, principal, scope string) string {
	id := assignmentID(definition, principal)
	if scope != wholeDirectory {
		id += base64.RawURLEncoding.EncodeToString([]byte(scope))
	}
	return id + "-1"
}

// wholeDirectory is the scope of a role that holds everywhere.
const wholeDirectory = "/"

// listRoleAssignments answers GET …/roleAssignments. Only lists of one principal or one
// role are documented.
func listRoleAssignments(c *call) (*answer, error) {
	if err := c.onlyOptions("$filter", "$expand", "$select", "$skiptoken"); err != nil {
		return nil, err
	}
	values, _ := url.ParseQuery(c.query) // was read above
	if !values.Has("$filter") && !values.Has("$skiptoken") {
		return nil, refuse("A filter on principalId or roleDefinitionId is required.")
	}
	return c.list(c.set("unifiedRoleAssignment"))
}

// roleAssignment finds the assignment in the path; ids differ by case.
func (c *call) roleAssignment() (*object, error) {
	id := c.vars["id"].text
	o := c.dir.byID[id]
	if o == nil || o.kind.name != "unifiedRoleAssignment" || o.live(c.dir.reading()) == nil {
		return nil, notFound(id)
	}
	return o, nil
}

func getRoleAssignment(c *call) (*answer, error) {
	o, err := c.roleAssignment()
	if err != nil {
		return nil, err
	}
	return c.one(o, c.dir.reading(), o.kind.set)
}

func deleteRoleAssignment(c *call) (*answer, error) {
	o, err := c.roleAssignment()
	if err != nil {
		return nil, err
	}
	c.dir.unassignRole(o)
	return noContent(), nil
}

// A grant is what a body says of who gets which role where.
type grant struct {
	PrincipalID      string `json:"principalId"`
	RoleDefinitionID string `json:"roleDefinitionId"`
	DirectoryScopeID string `json:"directoryScopeId"`
}

// find gives the principal and the role, when the one can be given the other.
func (g grant) find(c *call) (principal, definition *object, err error) {
	k := c.kind("unifiedRoleAssignment")
	for name, value := range map[string]string{"principalId": g.PrincipalID, "roleDefinitionId": g.RoleDefinitionID, "directoryScopeId": g.DirectoryScopeID} {
		if value == "" {
			return nil, nil, missing(k, name)
		}
	}
	v := c.dir.reading()
	principal, definition = c.dir.find(nil, g.PrincipalID), c.dir.find(c.kind("unifiedRoleDefinition"), g.RoleDefinitionID)
	switch {
	case principal == nil || principal.live(v) == nil || !slices.Contains([]string{"user", "group", "servicePrincipal"}, principal.kind.name):
		return nil, nil, notFound(g.PrincipalID)
	case definition == nil || definition.live(v) == nil:
		return nil, nil, notFound(g.RoleDefinitionID)
	case !definition.is("isEnabled"), principal.kind.name == "group" && !principal.is("isAssignableToRole"), !c.dir.isScope(g.DirectoryScopeID):
		return nil, nil, refuse("The role assignment is not valid.")
	}
	return principal, definition, nil
}

// isScope tells whether a role can be assigned at a scope: the directory, an
// administrative unit, or an application, group or other object of it.
func (d *Directory) isScope(scope string) bool {
	unit, inUnit := strings.CutPrefix(scope, "/administrativeUnits/")
	if inUnit {
		return d.find(d.schema["administrativeUnit"], unit) != nil
	}
	o := d.find(nil, strings.TrimPrefix(scope, "/"))
	return scope == wholeDirectory || scope[0] == '/' && o != nil && o.state.status == live && slices.Contains(directoryObjects, o.kind.name)
}

func createRoleAssignment(c *call) (*answer, error) {
	var g grant
	if err := c.fields(&g, "principalId", "roleDefinitionId", "directoryScopeId"); err != nil {
		return nil, err
	}
	principal, definition, err := g.find(c)
	if err != nil {
		return nil, err
	}
	if c.dir.byID[roleAssignmentID(definition.id, principal.id, g.DirectoryScopeID)] != nil {
		return nil, refuse("A conflicting object with one or more of the specified property values is present in the directory.")
	}
	return c.created(c.dir.assignRole(principal, definition, g.DirectoryScopeID)), nil
}

// fields reads the body, of which no other properties than those are known.
func (c *call) fields(body any, names ...string) error {
	_, given, err := c.object()
	if err != nil {
		return err
	}
	for _, name := range given {
		if !slices.Contains(names, name) && name != "@odata.type" {
			return undeclared(name)
		}
	}
	if json.Unmarshal(c.body, body) != nil {
		return unreadable("Invalid value specified for the properties of the request.")
	}
	return nil
}
