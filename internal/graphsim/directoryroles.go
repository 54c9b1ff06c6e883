package graphsim

import (
	"strings"
)

// Directory roles are the older face of role assignments in the whole directory: a role
// is there once it was activated, and its members are those that the role of the same
// template is assigned to. Source: https://learn.microsoft.com/graph/api/resources/directoryrole.

// activated finds the directory role of a role definition; nil when nobody has activated
// it.
func (d *Directory) activated(definition *object) *object {
	for _, o := range d.sets[d.schema["directoryRole"]].list {
		if o.text("roleTemplateId") == definition.id && o.state.status == live {
			return o
		}
	}
	return nil
}

// activate makes the directory role of a role definition, when there is none; the caller
// holds the lock.
func (d *Directory) activate(definition *object) *object {
	if o := d.activated(definition); o != nil {
		return o
	}
	k := d.schema["directoryRole"]
	s := &state{values: make([]string, len(k.props))}
	s.set(k, "roleTemplateId", quote(definition.id))
	d.completeDirectoryRole(k, s)
	return d.insert(k, d.derived(definition.id, 0).next(), s)
}

// completeDirectoryRole gives a directory role the names of its template.
func (d *Directory) completeDirectoryRole(k *kind, s *state) {
	definition := d.find(d.schema["unifiedRoleDefinition"], unquote(s.get(k, "roleTemplateId")))
	if definition == nil {
		return
	}
	s.fill(k, "displayName", definition.get("displayName"))
	s.fill(k, "description", definition.get("description"))
}

// directoryRole finds the role in the path, by its id or by that of its template, which
// is written as a key or, on pages of the API reference, as a segment.
func (c *call) directoryRole() (*object, error) {
	key := c.vars["id"]
	template, byTemplate := strings.CutPrefix(key.text, "roleTemplateId=")
	if key.alt == "roleTemplateId" {
		template, byTemplate = key.text, true
	}
	if !byTemplate {
		return c.byID("directoryRole", c.dir.reading())
	}
	if !isGUID(template) {
		return nil, invalidID(template)
	}
	definition := c.dir.find(c.kind("unifiedRoleDefinition"), template)
	if definition == nil {
		return nil, notFound(template)
	}
	o := c.dir.activated(definition)
	if o == nil || o.live(c.dir.reading()) == nil {
		return nil, notFound(template)
	}
	return o, nil
}

func getDirectoryRole(c *call) (*answer, error) {
	o, err := c.directoryRole()
	if err == nil {
		err = c.onlyOptions("$select")
	}
	if err != nil {
		return nil, err
	}
	return c.one(o, c.dir.reading(), o.kind.set)
}

// activateRole answers POST /directoryRoles.
func activateRole(c *call) (*answer, error) {
	var body struct {
		TemplateID string `json:"roleTemplateId"`
	}
	if err := c.fields(&body, "roleTemplateId"); err != nil {
		return nil, err
	}
	definition := c.dir.find(c.kind("unifiedRoleDefinition"), body.TemplateID)
	switch {
	case body.TemplateID == "":
		return nil, missing(c.kind("directoryRole"), "roleTemplateId")
	case definition == nil || !definition.is("isBuiltIn"):
		return nil, notFound(body.TemplateID)
	case c.dir.activated(definition) != nil:
		return nil, refuse("A conflicting object with one or more of the specified property values is present in the directory.")
	}
	return c.created(c.dir.activate(definition)), nil
}

// listRoleMembers answers GET /directoryRoles/{id}/members, which has no pages.
func listRoleMembers(c *call) (*answer, error) {
	o, err := c.directoryRole()
	if err == nil {
		err = c.onlyOptions()
	}
	if err != nil {
		return nil, err
	}
	v := c.dir.reading()
	return c.list(collection{objects: visible(o.links[members].in(v), v), context: mixedSet, typed: true, whole: true})
}

// addRoleMember gives a principal the role in the whole directory.
func addRoleMember(c *call) (*answer, error) {
	o, err := c.directoryRole()
	if err != nil {
		return nil, err
	}
	url, err := c.reference()
	if err != nil {
		return nil, err
	}
	member, err := c.referenced(url)
	if err != nil {
		return nil, err
	}
	if o.links[members].has(member) {
		return nil, linkExists("members")
	}
	principal, definition, err := grant{member.id, o.text("roleTemplateId"), wholeDirectory}.find(c)
	if err != nil {
		return nil, badLink("members")
	}
	c.dir.assignRole(principal, definition, wholeDirectory)
	return noContent(), nil
}

func removeRoleMember(c *call) (*answer, error) {
	o, err := c.directoryRole()
	if err != nil {
		return nil, err
	}
	member, err := c.linked(o, "members", members)
	if err != nil {
		return nil, err
	}
	assigned := c.dir.byID[roleAssignmentID(o.text("roleTemplateId"), member.id, wholeDirectory)]
	if assigned == nil {
		return nil, notFound(o.id)
	}
	c.dir.unassignRole(assigned)
	return noContent(), nil
}
