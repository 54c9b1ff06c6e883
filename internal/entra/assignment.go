package entra

import (
	"context"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

// An assignment is an appRoleAssignment as the table's relation "applications"
// sees it: with the application that its resource is the service principal of.
// One that comes through a group names the group as its principal.
type assignment struct {
	ID                   string `json:"id,omitempty"`
	AppRoleID            string `json:"appRoleId,omitempty"`
	CreatedDateTime      string `json:"createdDateTime,omitempty"`
	PrincipalID          string `json:"principalId,omitempty"`
	PrincipalType        string `json:"principalType,omitempty"`
	PrincipalDisplayName string `json:"principalDisplayName,omitempty"`
	ResourceID           string `json:"resourceId,omitempty"`
	ResourceDisplayName  string `json:"resourceDisplayName,omitempty"`
	AppID                string `json:"appId,omitempty"`
	DisplayName          string `json:"displayName,omitempty"`
}

// assignments are those of one object. There are 1,500 at most (Entra's service
// limits), so they are held.
type assignments struct {
	of   *object
	link *link
	list []assignment
}

// applications gives the objects their assignments: all are read, and then the
// service principals of all at once.
func (r *resource) applications(ctx context.Context, held []*assignments, lenient bool) error {
	var resources []string
	for _, h := range held {
		for v, err := range h.link.all(ctx) {
			var a assignment
			if err == nil {
				err = json.Unmarshal(v, &a)
			}
			if err != nil {
				return broken(err)
			}
			h.list = append(h.list, a)
			resources = append(resources, a.ResourceID)
		}
	}
	found, err := r.principals.find(ctx, resources)
	switch {
	case err == nil:
	case lenient && fault.Is(err, fault.Forbidden):
		r.lacking.add(relationApplications)
		zerolog.Ctx(ctx).Warn().Err(err).Msg("answered without applications, whose service principals may not be read")
		return nil
	default:
		return err
	}
	for _, h := range held {
		values, err := h.values(found)
		if err != nil {
			return err
		}
		h.of.related[relationApplications] = slice(values)
	}
	return nil
}

// values are the assignments as JSON, with the appId and name of the application.
func (h *assignments) values(found map[string]principal) ([]jsontext.Value, error) {
	values := make([]jsontext.Value, len(h.list))
	for i, a := range h.list {
		sp := found[a.ResourceID]
		a.AppID, a.DisplayName = sp.AppID, sp.DisplayName
		if a.DisplayName == "" {
			a.DisplayName = a.ResourceDisplayName
		}
		v, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}
