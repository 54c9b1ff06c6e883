package entra

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
)

const (
	relationRoles    = "roles"
	relationEligible = "eligibleRoles"
	roleManagement   = "/roleManagement/directory"
	wholeDirectory   = "/" // the scope of a role that is held over everything
)

// roleRequest lists the roles that a principal holds or can activate.
func roleRequest(name, id string) graph.Request {
	r := graph.Request{Path: roleManagement + "/roleAssignments", Query: graph.Query{Filter: "principalId eq " + quoted(id), Expand: "roleDefinition"}}
	if name == relationEligible {
		r.Path, r.Query.Expand = roleManagement+"/roleEligibilitySchedules", ""
	}
	return r
}

// A heldRole is a role that a principal holds or can activate, as the table's relations
// have it: with what Graph tells of it inside other objects.
type heldRole struct {
	ID               string `json:"id,omitempty"`
	RoleDefinitionID string `json:"roleDefinitionId"`
	DirectoryScopeID string `json:"directoryScopeId,omitempty"`
	DisplayName      string `json:"displayName,omitempty"`
	MemberType       string `json:"memberType,omitempty"`
	StartDateTime    string `json:"startDateTime,omitempty"`
	EndDateTime      string `json:"endDateTime,omitempty"`
}

// heldRoles reads all the roles that a link leads to: there are few.
func heldRoles(ctx context.Context, l *link) ([]heldRole, error) {
	var roles []heldRole
	for v, err := range l.all(ctx) {
		var one struct {
			heldRole

			RoleDefinition struct {
				DisplayName string `json:"displayName"`
			} `json:"roleDefinition"`
			ScheduleInfo struct {
				StartDateTime string `json:"startDateTime"`
				Expiration    struct {
					EndDateTime string `json:"endDateTime"`
				} `json:"expiration"`
			} `json:"scheduleInfo"`
		}
		if err == nil {
			err = json.Unmarshal(v, &one)
		}
		if err != nil {
			return nil, broken(err)
		}
		one.DisplayName = one.RoleDefinition.DisplayName
		one.StartDateTime, one.EndDateTime = one.ScheduleInfo.StartDateTime, one.ScheduleInfo.Expiration.EndDateTime
		roles = append(roles, one.heldRole)
	}
	return roles, nil
}

// hold gives the object the roles that a link leads to.
func (o *object) hold(ctx context.Context, name string, l *link) error {
	roles, err := heldRoles(ctx, l)
	if err == nil {
		o.related[name], err = relatedRoles(roles)
	}
	return err
}

// relatedRoles are roles as the related objects of the relation.
func relatedRoles(roles []heldRole) (related, error) {
	values := make([]jsontext.Value, len(roles))
	for i, role := range roles {
		var err error
		if values[i], err = json.Marshal(role); err != nil {
			return nil, err
		}
	}
	return slice(values), nil
}

// A roleChange is what is to be done to the roles of a principal.
type roleChange struct {
	add, remove []heldRole
	after       []heldRole
}

// newRoleChange plans the change that a write asks for; nil when it asks for none.
func newRoleChange(o object, w mapping.Write) (*roleChange, error) {
	change, concerned := w.Relations[relationRoles]
	if !concerned {
		return nil, nil //nolint:nilnil // nothing is to be done
	}
	held, err := o.roles()
	if err != nil {
		return nil, err
	}
	c := &roleChange{}
	list, _ := change.After.([]any)
	for _, v := range list {
		role, err := wantedRole(v)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(c.after, role.same) {
			continue
		}
		if i := slices.IndexFunc(held, role.same); i >= 0 {
			c.after = append(c.after, held[i])
			continue
		}
		c.add, c.after = append(c.add, role), append(c.after, role)
	}
	for _, role := range held {
		if !slices.ContainsFunc(c.after, role.same) {
			c.remove = append(c.remove, role)
		}
	}
	return c, nil
}

// roles are those that were read of the object.
func (o object) roles() ([]heldRole, error) {
	var roles []heldRole
	if o.related[relationRoles] == nil {
		return nil, nil
	}
	for v, err := range o.related[relationRoles] {
		var one heldRole
		if err == nil {
			err = json.Unmarshal(v, &one)
		}
		if err != nil {
			return nil, broken(err)
		}
		roles = append(roles, one)
	}
	return roles, nil
}

// wantedRole reads a value of the attribute.
func wantedRole(v any) (heldRole, error) {
	m, _ := v.(map[string]any)
	id, _ := m["value"].(string)
	scope, _ := m["scope"].(string)
	role := heldRole{RoleDefinitionID: strings.ToLower(strings.TrimSpace(id)), DirectoryScopeID: strings.TrimSpace(scope)}
	if role.DirectoryScopeID == "" {
		role.DirectoryScopeID = wholeDirectory
	}
	switch {
	case !isGUID(role.RoleDefinitionID):
		return role, fault.New(fault.InvalidValue, "roles.value is the id of a role, a GUID; /Roles lists those there are.")
	case role.DirectoryScopeID[0] != '/':
		return role, fault.New(fault.InvalidValue, "roles.scope begins with a slash, as in /administrativeUnits/ID.")
	}
	return role, nil
}

// same tells whether two are one role held over the same.
func (r heldRole) same(other heldRole) bool {
	return strings.EqualFold(r.RoleDefinitionID, other.RoleDefinitionID) && strings.EqualFold(r.DirectoryScopeID, other.DirectoryScopeID)
}

// lookups ask for the roles to be given, before anything is written: Graph would not say
// which of two things it does not find.
func (c *roleChange) lookups() []step {
	if c == nil {
		return nil
	}
	var steps []step
	for _, role := range c.add {
		steps = append(steps, step{
			request: graph.Request{
				Path: roleManagement + "/roleDefinitions/{id}", Params: map[string]string{"id": role.RoleDefinitionID},
				Query: graph.Query{Select: []string{"id", "displayName", "isEnabled"}},
			},
			refused: func(err error) error {
				if f := *fault.From(err); f.Kind == fault.NotFound {
					f.Kind, f.Detail = fault.InvalidValue, "roles: the directory has no role "+role.RoleDefinitionID+"; /Roles lists those there are."
					return &f
				}
				return err
			},
		})
	}
	return steps
}

// named gives the roles that were looked up their names.
func (c *roleChange) named(answers []graph.Response) {
	if c == nil {
		return
	}
	for i, role := range c.add {
		at := slices.IndexFunc(c.after, role.same)
		c.after[at].DisplayName = text(answers[i].Body, "displayName")
	}
}

// steps are the requests of the change.
func (c *roleChange) steps(id string) ([]step, error) {
	if c == nil {
		return nil, nil
	}
	var steps []step
	for _, role := range c.add {
		body, err := json.Marshal(map[string]string{
			"principalId": id, "roleDefinitionId": role.RoleDefinitionID, "directoryScopeId": role.DirectoryScopeID,
		}, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{
			request: graph.Request{Method: http.MethodPost, Path: roleManagement + "/roleAssignments", Body: body},
			undone:  "the role " + role.RoleDefinitionID + " was not given",
			refused: refusedRole,
		})
	}
	for _, role := range c.remove {
		steps = append(steps, step{
			request: graph.Request{Method: http.MethodDelete, Path: roleManagement + "/roleAssignments/{id}", Params: map[string]string{"id": role.ID}},
			undone:  "the role " + role.RoleDefinitionID + " was not taken",
			refused: func(err error) error {
				if f := *fault.From(err); f.Kind == fault.NotFound {
					f.Kind, f.Detail = fault.Conflict, "roles: somebody else has taken a role meanwhile; repeat the request."
					return &f
				}
				return refusedRole(err)
			},
		})
	}
	return steps, nil
}

// refusedRole names the attribute in Graph's refusal.
func refusedRole(err error) error {
	f := *fault.From(err)
	if f.Kind == fault.InvalidValue {
		f.Detail = "roles: the directory does not take this assignment: the role may be disabled, or the scope not be there."
	}
	if f.Kind == fault.Forbidden {
		f.Detail = "roles: the gateway lacks the directory permission to give and take roles."
	}
	return &f
}

// roleHolders are the ids of those who hold a role, or can activate it.
func (r *resource) roleHolders(ctx context.Context, relation, role string) ([]string, error) {
	var ids []string
	request := roleRequest(relation, "")
	request.Query.Filter, request.Query.Expand = "roleDefinitionId eq "+quoted(role), ""
	err := r.graph.All(ctx, request, func(v jsontext.Value) error {
		ids = append(ids, text(v, "principalId"))
		return r.bounded(len(ids))
	})
	return distinct(ids), broken(err)
}
