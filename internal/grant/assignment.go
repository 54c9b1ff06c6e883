package grant

import (
	"fmt"
	"slices"
	"strings"

	"entrascim/internal/fault"
)

// defaultRole is the app role of an assignment that gives access without one
// (https://learn.microsoft.com/graph/api/resources/approleassignment).
const defaultRole = "00000000-0000-0000-0000-000000000000"

// An Assignment is an appRoleAssignment as the table's relation "applications" sees it:
// with the application and the name of the role. One that comes through a group names
// the group as its principal.
type Assignment struct {
	ID                   string `json:"id,omitempty"`
	AppRoleID            string `json:"appRoleId,omitempty"`
	AppRole              string `json:"appRole,omitempty"`
	CreatedDateTime      string `json:"createdDateTime,omitempty"`
	PrincipalID          string `json:"principalId,omitempty"`
	PrincipalType        string `json:"principalType,omitempty"`
	PrincipalDisplayName string `json:"principalDisplayName,omitempty"`
	ResourceID           string `json:"resourceId,omitempty"`
	ResourceDisplayName  string `json:"resourceDisplayName,omitempty"`
	AppID                string `json:"appId,omitempty"`
	DisplayName          string `json:"displayName,omitempty"`
}

// Key is what Graph has once: principal, application and role.
func (a Assignment) Key() string {
	return strings.ToLower(a.PrincipalID + " " + a.ResourceID + " " + a.AppRoleID)
}

// Of completes an assignment with what its service principal says.
func (a Assignment) Of(s Service) Assignment {
	a.AppID, a.DisplayName = s.AppID, s.DisplayName
	if a.DisplayName == "" {
		a.DisplayName = a.ResourceDisplayName
	}
	if i := slices.IndexFunc(s.Roles, func(r AppRole) bool { return strings.EqualFold(r.ID, a.AppRoleID) }); i >= 0 {
		a.AppRole = s.Roles[i].name()
	}
	return a
}

// A Service is the service principal of an application.
type Service struct {
	ID          string    `json:"id"`
	AppID       string    `json:"appId"`
	DisplayName string    `json:"displayName"`
	Roles       []AppRole `json:"appRoles"`
}

// ServiceProperties are those that a Service is made of.
func ServiceProperties() []string { return []string{"id", "appId", "displayName", "appRoles"} }

// An AppRole is a role that an application lets be assigned.
type AppRole struct {
	ID          string   `json:"id"`
	Value       string   `json:"value"`
	DisplayName string   `json:"displayName"`
	Enabled     bool     `json:"isEnabled"`
	Types       []string `json:"allowedMemberTypes"`
}

// name is the value of the role in tokens, or its name when it has none.
func (r AppRole) name() string {
	if r.Value != "" {
		return r.Value
	}
	return r.DisplayName
}

// forUsers tells whether users, and so groups, can be given the role.
func (r AppRole) forUsers() bool { return slices.Contains(r.Types, "User") }

// role finds the id of the app role that is wanted. Access without a role is for
// applications that offer none.
func (s Service) role(w wantedRole) (string, *fault.Error) {
	usable := slices.DeleteFunc(slices.Clone(s.Roles), func(r AppRole) bool { return !r.Enabled || !r.forUsers() })
	if w.role == "" && (w.roleID == "" || w.roleID == defaultRole) {
		if len(usable) > 0 {
			return "", fault.New(fault.InvalidValue, ".appRole: one of the roles of %s must be said: %s.", clipped(s.DisplayName), listed(usable))
		}
		return defaultRole, nil
	}
	i := slices.IndexFunc(s.Roles, func(r AppRole) bool {
		return strings.EqualFold(r.ID, w.roleID) || w.roleID == "" && r.Value == w.role
	})
	if i < 0 && w.roleID == "" {
		i = slices.IndexFunc(s.Roles, func(r AppRole) bool { return strings.EqualFold(r.DisplayName, w.role) })
	}
	var problem string
	switch {
	case i < 0:
		problem = "is no role of " + clipped(s.DisplayName)
	case !s.Roles[i].Enabled:
		problem = "is a disabled role"
	case !s.Roles[i].forUsers():
		problem = "is a role of applications, not of users and groups"
	default:
		return strings.ToLower(s.Roles[i].ID), nil
	}
	if w.roleID != "" {
		return "", fault.New(fault.InvalidValue, ".appRoleId: %q %s; there are: %s.", w.roleID, problem, listed(usable))
	}
	return "", fault.New(fault.InvalidValue, ".appRole: %q %s; there are: %s.", clipped(w.role), problem, listed(usable))
}

// listed names roles, not too many.
func listed(roles []AppRole) string {
	const most = 20
	var names []string
	for i, r := range roles {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, fmt.Sprintf("%s (%s)", clipped(r.name()), r.ID))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
