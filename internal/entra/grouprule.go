package entra

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/mapping"
)

// Properties of a group that hang together. Source of the rules:
// https://learn.microsoft.com/graph/api/resources/group#properties (visibility,
// isAssignableToRole) and https://learn.microsoft.com/entra/identity/role-based-access-control/groups-concept.
const (
	visibilityProperty = "visibility"
	assignableProperty = "isAssignableToRole"

	visiblePrivate   = "Private"
	hiddenMembership = "HiddenMembership"
)

// checkNew refuses a new group whose properties do not go together, and completes one
// that directory roles can be given to: it has to be security-enabled.
func (g groups) checkNew(body map[string]any) error {
	isUnified, visibility := entity.Holds(body["groupTypes"], []string{unified}), body[visibilityProperty]
	if visibility == hiddenMembership && !isUnified {
		return fault.New(fault.InvalidValue, "%s: only a Microsoft 365 group can have %s.", g.attribute(visibilityProperty), hiddenMembership)
	}
	if body[assignableProperty] != true {
		return nil
	}
	if err := g.checkPrivate(visibility); err != nil {
		return err
	}
	body["securityEnabled"] = true
	return nil
}

// checkPrivate: a group that roles can be given to is Private.
func (g groups) checkPrivate(visibility any) error {
	if visibility == nil || visibility == visiblePrivate {
		return nil
	}
	return fault.New(fault.InvalidValue, "%s: a group that directory roles can be given to (isAssignableToRole) is always %s.",
		g.attribute(visibilityProperty), visiblePrivate)
}

// checkVisibility refuses what Graph does not change: who can be seen in a group is
// hidden when it is made or never.
func (g groups) checkVisibility(before jsontext.Value, body map[string]any) error {
	visibility, changed := body[visibilityProperty]
	switch {
	case !changed:
		return nil
	case visibility == hiddenMembership, entity.Text(before, visibilityProperty) == hiddenMembership:
		return fault.New(fault.Mutability, "%s: %s is decided when a group is created and does not change.", g.attribute(visibilityProperty), hiddenMembership)
	case entity.Flag(before, assignableProperty):
		return g.checkPrivate(visibility)
	}
	return nil
}

// unexplained is what is said of a refusal for want of a permission (see graph).
const unexplained = "The gateway lacks a directory permission for this."

// roleAssignable explains a refusal that concerns a group which directory roles can be
// given to: it takes a permission of its own.
func roleAssignable(err error, assignable bool) error {
	const why = "isAssignableToRole: the gateway lacks the directory permission RoleManagement.ReadWrite.Directory, which groups take that directory roles can be given to. "
	f := *fault.From(err)
	if !assignable || f.Kind != fault.Forbidden || !strings.Contains(f.Detail, unexplained) {
		return err
	}
	f.Detail = strings.TrimSpace(why + strings.Replace(f.Detail, unexplained, "", 1))
	return &f
}

// linking are the relations of a write that are a part of the group.
func linking(w mapping.Write, m *membership) map[string]mapping.RelationWrite {
	links := map[string]mapping.RelationWrite{}
	if !m.none() {
		links[relationMembers] = mapping.RelationWrite{}
	}
	if owners, ok := w.Relations[relationOwners]; ok {
		links[relationOwners] = owners
	}
	return links
}

// cannotJoin says why an object cannot be a member of a group; "" when it can. Source:
// https://learn.microsoft.com/graph/api/group-post-members.
func cannotJoin(group, member jsontext.Value, kind string) string {
	switch {
	case kind != entityUser && slices.Contains(groupTypes(group), unified):
		return "a Microsoft 365 group takes users only"
	case kind == entityGroup && entity.Flag(group, assignableProperty):
		return "a group that directory roles can be given to takes no groups"
	case kind == entityGroup && slices.Contains(groupTypes(member), unified):
		return "a Microsoft 365 group can be a member of no group"
	}
	return ""
}
