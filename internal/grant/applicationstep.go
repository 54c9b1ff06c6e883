package grant

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

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
	case fault.NotFound: // it was there when it was looked up, which may have been a while ago
		p.lost = true
		f.Kind, f.Detail = fault.InvalidValue, p.attribute+".value: the directory does not find the application any more; if it was made anew, repeat the request."
	case fault.Uniqueness:
		f.Kind, f.Detail = fault.Conflict, p.attribute+": somebody else has given the application meanwhile; repeat the request."
	case fault.InvalidValue:
		f.Detail = p.attribute + ": the directory does not take this assignment: the role may have been disabled, or it may be given already."
	case fault.Forbidden:
		f.Detail = p.attribute + ": the gateway lacks the directory permission to give and take applications (AppRoleAssignment.ReadWrite.All), or there are too many."
	default:
	}
	return &f
}

// Lost are the service principals that may not be there any more, by id.
func (p *Applications) Lost() []string {
	if p == nil || !p.lost {
		return nil
	}
	var ids []string
	for _, a := range p.give {
		ids = append(ids, a.ResourceID)
	}
	return ids
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
