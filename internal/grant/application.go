package grant

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
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

// Applications are a change of the app roles that a user or group is given itself.
type Applications struct {
	attribute string // as errors name it
	principal string // "" one that is to be made
	put       bool
	held      []Assignment
	wants     []wantedRole

	give, take, kept []Assignment
	done             map[string]*Assignment
}

// A wantedRole is a value of the attribute as the client sends it.
type wantedRole struct {
	appID, roleID, role string
	principal           string // of one that comes through a group, as the client repeats it
}

// PlanApplications compares what a client wants with what is held. With put, what comes
// through a group and is left out stays.
func PlanApplications(attribute, principal string, held []Assignment, after any, put bool) (*Applications, error) {
	p := &Applications{attribute: attribute, principal: principal, put: put, held: held, done: map[string]*Assignment{}}
	for _, m := range values(after) {
		w := wantedRole{appID: strings.ToLower(textOf(m, "value")), roleID: strings.ToLower(textOf(m, "appRoleId")), role: textOf(m, "appRole")}
		if id := textOf(m, "principalId"); principal != "" && !strings.EqualFold(id, principal) {
			w.principal = id
		}
		switch {
		case !isGUID(w.appID):
			return nil, fault.New(fault.InvalidValue, "%s.value is the appId of an application, a GUID; /ServicePrincipals lists those there are.", attribute)
		case w.roleID != "" && !isGUID(w.roleID):
			return nil, fault.New(fault.InvalidValue, "%s.appRoleId is the id of an app role, a GUID.", attribute)
		}
		p.wants = append(p.wants, w)
	}
	return p, nil
}

// Unknown are the appIds of the applications that Resolve needs.
func (p *Applications) Unknown() []string {
	if p == nil {
		return nil
	}
	var ids []string
	for _, w := range p.wants {
		if w.principal == "" && len(p.matching(w)) == 0 && !slices.Contains(ids, w.appID) {
			ids = append(ids, w.appID)
		}
	}
	return ids
}

// matching are those of the held assignments that a wanted one means: the direct ones
// of the application, when no role is said, or else what comes through a group, unless
// the client has repeated that, too, and so wants something besides.
func (p *Applications) matching(w wantedRole) []Assignment {
	var direct, through []Assignment
	for _, a := range p.held {
		switch {
		case !strings.EqualFold(a.AppID, w.appID),
			w.roleID != "" && !strings.EqualFold(a.AppRoleID, w.roleID),
			w.roleID == "" && w.role != "" && a.AppRole != w.role:
		case p.own(a) && w.principal == "":
			direct = append(direct, a)
		case w.principal == "" && !p.repeated(a), w.principal != "" && strings.EqualFold(a.PrincipalID, w.principal):
			through = append(through, a)
		}
	}
	if len(direct) > 0 {
		return direct
	}
	return through
}

// repeated tells whether the client repeats what comes through a group, with the group.
func (p *Applications) repeated(a Assignment) bool {
	return slices.ContainsFunc(p.wants, func(w wantedRole) bool {
		return w.appID == strings.ToLower(a.AppID) && strings.EqualFold(w.principal, a.PrincipalID)
	})
}

func (p *Applications) own(a Assignment) bool { return strings.EqualFold(a.PrincipalID, p.principal) }

// Resolve decides what is given and taken, by the applications of Unknown; one that is
// missing there does not exist. It can be repeated with newer ones.
func (p *Applications) Resolve(found map[string]Service) error {
	p.give, p.take, p.kept = nil, nil, nil
	for _, w := range p.wants {
		list := p.matching(w)
		switch {
		case len(list) > 0:
		case w.principal != "" && p.put: // it was so when the client read it
		default:
			a, err := p.resolve(w, found)
			if err != nil {
				return err
			}
			list = []Assignment{a}
		}
		for _, a := range list {
			p.want(a)
		}
	}
	for _, a := range p.held {
		if p.own(a) && !has(p.kept, a) {
			p.take = append(p.take, a)
		}
	}
	return p.keeps()
}

// want keeps an assignment, which is given when it is not held.
func (p *Applications) want(a Assignment) {
	if has(p.kept, a) || has(p.give, a) {
		return
	}
	if i := slices.IndexFunc(p.held, func(h Assignment) bool { return h.Key() == a.Key() }); i >= 0 {
		p.kept = append(p.kept, p.held[i])
		return
	}
	p.give = append(p.give, a)
}

func has(list []Assignment, a Assignment) bool {
	return slices.ContainsFunc(list, func(b Assignment) bool { return a.Key() == b.Key() })
}

// keeps refuses to take what comes through a group: that is done at the group. A filter
// or a removal of all that takes direct ones means those.
func (p *Applications) keeps() error {
	for _, a := range p.held {
		if p.own(a) || has(p.kept, a) {
			continue
		}
		direct := slices.ContainsFunc(p.take, func(t Assignment) bool { return len(p.wants) == 0 || strings.EqualFold(t.AppID, a.AppID) })
		if p.put || direct {
			p.kept = append(p.kept, a)
			continue
		}
		return fault.New(fault.Mutability, "%s: the application %s is given through the group %s (%s) and is taken there.",
			p.attribute, a.AppID, clipped(a.PrincipalDisplayName), a.PrincipalID)
	}
	return nil
}

// resolve makes an assignment of what the client names.
func (p *Applications) resolve(w wantedRole, found map[string]Service) (Assignment, error) {
	s, known := found[w.appID]
	switch {
	case w.principal != "":
		return Assignment{}, fault.New(fault.Mutability, "%s: what comes through the group %s is given and changed at the group.", p.attribute, clipped(w.principal))
	case !known:
		return Assignment{}, fault.New(fault.InvalidValue, "%s.value: the directory has no enterprise application with the appId %q; /ServicePrincipals lists those there are.", p.attribute, w.appID)
	}
	id, err := s.role(w)
	if err != nil {
		err.Detail = p.attribute + err.Detail
		return Assignment{}, err
	}
	return Assignment{AppRoleID: id, PrincipalID: p.principal, ResourceID: s.ID}.Of(s), nil
}

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
	problem := ""
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

// Empty tells whether there is nothing to do.
func (p *Applications) Empty() bool { return p == nil || len(p.give)+len(p.take) == 0 }

// Gives tells whether an application is given.
func (p *Applications) Gives() bool { return p != nil && len(p.give) > 0 }

// Steps are the requests of the change, for a principal of a Graph collection. What is
// taken is named by assignment and principal.
func (p *Applications) Steps(collection, id string) []Step {
	if p == nil {
		return nil
	}
	path, params := "/"+collection+"/{id}/appRoleAssignments", map[string]string{"id": id}
	var steps []Step
	for _, a := range p.give {
		a.PrincipalID = id
		steps = append(steps, Step{
			Request: graph.Request{Method: http.MethodPost, Path: path, Params: params, Body: body(map[string]string{
				"principalId": id, "resourceId": a.ResourceID, "appRoleId": a.AppRoleID,
			})},
			Undone:  "the application " + a.AppID + " was not given",
			Refused: p.refused,
			Answered: func(answer jsontext.Value) {
				made := a
				if json.Unmarshal(answer, &made) != nil {
					made = a // the application was given, whatever the answer
				}
				p.done[a.Key()] = &made
			},
		})
	}
	for _, a := range p.take {
		steps = append(steps, Step{
			Request: graph.Request{Method: http.MethodDelete, Path: path + "/{assignment}", Params: map[string]string{"id": id, "assignment": a.ID}},
			Undone:  "the application " + a.AppID + " was not taken",
			Refused: p.refused, Settled: gone,
			Answered: func(jsontext.Value) { p.done[a.Key()] = nil },
		})
	}
	return steps
}

// refused names the attribute in Graph's refusal.
func (p *Applications) refused(err error) error {
	f := *fault.From(err)
	switch f.Kind {
	case fault.Uniqueness:
		f.Kind, f.Detail = fault.Conflict, p.attribute+": somebody else has given the application meanwhile; repeat the request."
	case fault.InvalidValue:
		f.Detail = p.attribute + ": the directory does not take this assignment: the role may have been disabled, or it may be given already."
	case fault.Forbidden:
		f.Detail = p.attribute + ": the gateway lacks the directory permission to give and take applications, or there are too many."
	default:
	}
	return &f
}

// Done is what the steps that were answered did, by key.
func (p *Applications) Done() map[string]*Assignment {
	if p == nil {
		return nil
	}
	return p.done
}

// After is what the principal has when all is done.
func (p *Applications) After() []Assignment {
	all := slices.Clone(p.kept)
	for _, a := range p.done {
		if a != nil {
			all = append(all, *a)
		}
	}
	slices.SortStableFunc(all, func(a, b Assignment) int {
		return strings.Compare(a.AppID+a.AppRoleID+a.PrincipalID, b.AppID+b.AppRoleID+b.PrincipalID)
	})
	return all
}
