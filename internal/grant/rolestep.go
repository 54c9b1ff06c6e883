package grant

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// RoleManagement is where Graph has the roles of the directory.
const RoleManagement = "/roleManagement/directory"

// The actions of schedule requests
// (https://learn.microsoft.com/graph/api/rbacapplication-post-roleeligibilityschedulerequests).
const (
	adminAssign = "adminAssign"
	adminUpdate = "adminUpdate"
	adminRemove = "adminRemove"
)

// defaultJustification is said where a client says none: the settings of a role may want
// one.
const defaultJustification = "Provisioned through SCIM"

// Lookups ask for the roles to be given, before anything is written: Graph would not say
// which of two things it does not find.
func (p *Roles) Lookups() []Step {
	if p == nil {
		return nil
	}
	var steps []Step
	for _, role := range p.give {
		steps = append(steps, Step{
			Request: graph.Request{
				Path: RoleManagement + "/roleDefinitions/{id}", Params: map[string]string{"id": role.RoleDefinitionID},
				Query: graph.Query{Select: []string{"id", "displayName", "isEnabled"}},
			},
			Refused: func(err error) error {
				if f := *fault.From(err); f.Kind == fault.NotFound {
					f.Kind, f.Detail = fault.InvalidValue, p.attribute+": the directory has no role "+role.RoleDefinitionID+"; /Roles lists those there are."
					return &f
				}
				return err
			},
			Answered: func(answer jsontext.Value) {
				var definition struct {
					DisplayName string `json:"displayName"`
					IsEnabled   *bool  `json:"isEnabled"`
				}
				if json.Unmarshal(answer, &definition) != nil {
					return
				}
				p.names[role.RoleDefinitionID] = definition.DisplayName
				if definition.IsEnabled != nil && !*definition.IsEnabled {
					p.disabled = role.RoleDefinitionID
				}
			},
		})
	}
	return steps
}

// Refusal says of roles that were looked up, by themselves, why one cannot be given; nil
// when all can.
func (p *Roles) Refusal() error {
	if p == nil || p.disabled == "" {
		return nil
	}
	return fault.New(fault.InvalidValue, "%s: the role %s (%s) is disabled.", p.attribute, p.disabled, clipped(p.names[p.disabled]))
}

// Steps are the requests of the change.
func (p *Roles) Steps(principal string) []Step {
	if p == nil {
		return nil
	}
	var steps []Step
	for _, role := range p.give {
		s := p.given(principal, role)
		s.Undone = "the role " + role.RoleDefinitionID + " was not given"
		s.Answered = func(answer jsontext.Value) { p.done[role.Key()] = p.made(role, answer) }
		steps = append(steps, s)
	}
	for _, role := range p.alter {
		s := p.request(adminUpdate, principal, role)
		s.Undone = "the times of the role " + role.RoleDefinitionID + " were not changed"
		s.Answered = func(jsontext.Value) { p.done[role.Key()] = &role }
		steps = append(steps, s)
	}
	for _, role := range p.take {
		s := p.taken(principal, role)
		s.Undone = "the role " + role.RoleDefinitionID + " was not taken"
		s.Answered = func(jsontext.Value) { p.done[role.Key()] = nil }
		steps = append(steps, s)
	}
	return steps
}

// made is a role that was given: with the id of the assignment, where Graph's answer is
// one.
func (p *Roles) made(role Role, answer jsontext.Value) *Role {
	if p.scheduled(role) {
		return &role
	}
	var one struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &one) == nil {
		role.ID = one.ID
	}
	return &role
}

// scheduled tells whether giving a role takes a request for a schedule: every eligible
// one does, and one that ends or is to begin.
func (p *Roles) scheduled(role Role) bool {
	return p.eligible || role.EndDateTime != "" || later(role.StartDateTime, p.now)
}

func (p *Roles) given(principal string, role Role) Step {
	if p.scheduled(role) {
		return p.request(adminAssign, principal, role)
	}
	return Step{
		Request: graph.Request{Method: http.MethodPost, Path: RoleManagement + "/roleAssignments", Body: body(map[string]string{
			"principalId": principal, "roleDefinitionId": role.RoleDefinitionID, "directoryScopeId": role.DirectoryScopeID,
		})},
		Refused: p.refused,
	}
}

// taken takes a role the way that it was given. An assignment that somebody else has
// taken meanwhile may have been given anew: the client is to look.
func (p *Roles) taken(principal string, role Role) Step {
	if p.eligible || role.EndDateTime != "" || role.ID == "" {
		return p.request(adminRemove, principal, role)
	}
	return Step{
		Request: graph.Request{Method: http.MethodDelete, Path: RoleManagement + "/roleAssignments/{id}", Params: map[string]string{"id": role.ID}},
		Refused: func(err error) error {
			if f := *fault.From(err); f.Kind == fault.NotFound {
				f.Kind, f.Detail = fault.Conflict, p.attribute+": somebody else has taken a role meanwhile; repeat the request."
				return &f
			}
			return p.refused(err)
		},
	}
}

// request asks Privileged Identity Management.
func (p *Roles) request(action, principal string, role Role) Step {
	path := RoleManagement + "/roleAssignmentScheduleRequests"
	if p.eligible {
		path = RoleManagement + "/roleEligibilityScheduleRequests"
	}
	asked := map[string]any{
		"action": action, "principalId": principal, "roleDefinitionId": role.RoleDefinitionID, "directoryScopeId": role.DirectoryScopeID,
		"justification": role.justification,
	}
	if role.justification == "" {
		asked["justification"] = defaultJustification
	}
	switch {
	case action != adminRemove:
		asked["scheduleInfo"] = p.schedule(role)
	case !p.eligible: // the page of assignments wants one of every request, that of eligibilities not of this
		asked["scheduleInfo"] = map[string]any{"startDateTime": p.moment()}
	}
	s := Step{Request: graph.Request{Method: http.MethodPost, Path: path, Body: body(asked)}, Refused: p.refused}
	if action == adminRemove {
		s.Settled = graph.Unassigned
	}
	return s
}

// schedule is when the role is held. One that begins now has to say when that is.
func (p *Roles) schedule(role Role) map[string]any {
	start, expiration := role.StartDateTime, map[string]string{"type": "noExpiration"}
	if start == "" {
		start = p.moment()
	}
	if role.EndDateTime != "" {
		expiration = map[string]string{"type": "afterDateTime", "endDateTime": role.EndDateTime}
	}
	return map[string]any{"startDateTime": start, "expiration": expiration}
}

// moment is now, as Graph writes it.
func (p *Roles) moment() string { return p.now.UTC().Format("2006-01-02T15:04:05Z") }

// refused names the attribute in Graph's refusal.
func (p *Roles) refused(err error) error {
	f := *fault.From(err)
	switch {
	case graph.Unlicensed(err):
		f.Kind, f.Detail = fault.Forbidden, p.Unlicensed()
	case f.Kind == fault.NotFound:
		f.Kind, f.Detail = fault.Conflict, p.attribute+": the directory does not find the role or who is to have it, or not yet; repeat the request."
	case f.Kind == fault.Uniqueness:
		f.Kind, f.Detail = fault.Conflict, p.attribute+": somebody else has given the role meanwhile; repeat the request."
	case f.Kind == fault.InvalidValue:
		f.Detail = p.attribute + ": the directory does not take this assignment: the role may be disabled, the scope not be there, or the role's settings not allow it."
	case f.Kind == fault.Forbidden && p.eligible:
		f.Detail = p.attribute + ": the gateway lacks the directory permission to let roles be activated."
	case f.Kind == fault.Forbidden:
		f.Detail = p.attribute + ": the gateway lacks the directory permission to give and take roles."
	default:
	}
	return &f
}

// Unlicensed is what is said where the directory has no license for schedules.
func (p *Roles) Unlicensed() string {
	return p.attribute + ": the directory has no Privileged Identity Management, which roles that are eligible, or begin or end, take (Microsoft Entra ID P2 or Governance)."
}
