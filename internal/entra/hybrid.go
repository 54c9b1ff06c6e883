package entra

import (
	"context"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// Where an on-premises directory is synchronized, a tenant may want to see nothing of the
// groups that come from there, nor, unless it says otherwise, of the users who do among
// the members of other groups; of users it sees all. What is not seen is left as it is by
// whoever writes what is.

// syncProperty is true of what an on-premises directory masters.
const syncProperty = "onPremisesSyncEnabled"

// hides tells which objects of a relation are not shown; nil: all are.
func (r *resource) hides(relation string) func(jsontext.Value) bool {
	policy := r.options.Policy
	switch {
	case !policy.SkipOnPremisesGroups:
		return nil
	case relation == relationMemberOf:
		return func(v jsontext.Value) bool { return entity.Flag(v, syncProperty) }
	case relation == relationMembers:
		return func(v jsontext.Value) bool {
			kind := entity.Text(v, "@odata.type")
			return (kind == groupType || kind == userType && !policy.IncludeOnPremisesMembers) && entity.Flag(v, syncProperty)
		}
	}
	return nil
}

const userType = "#microsoft.graph.user"

// hiding are the properties by which hides tells.
func (r *resource) hiding(relation string) []string {
	if r.hides(relation) == nil {
		return nil
	}
	return []string{syncProperty}
}

// hidden tells whether the related object that a source begins with is not shown: of a
// relation that no resource has nothing is found. That takes one request.
func (r *resource) hidden(ctx context.Context, s source) (bool, error) {
	collection, _, _ := strings.Cut(strings.TrimPrefix(s.path, "/"), "/")
	policy := r.options.Policy
	if !policy.SkipOnPremisesGroups || len(s.params) == 0 || collection != "groups" && (collection != "users" || policy.IncludeOnPremisesMembers || r.table.Entity() != entityGroup) {
		return false, nil
	}
	response, err := r.graph.Do(ctx, graph.Request{
		Path: "/" + collection + "/{id}", Params: s.params, Query: graph.Query{Select: []string{"id", syncProperty}},
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	return entity.Flag(response.Body, syncProperty), nil
}

// shows is a fault when a resource is not shown, where a request would not tell otherwise.
func (r *resource) shows(ctx context.Context, id string) error {
	if r.table.Barred() == "" {
		return nil
	}
	_, err := r.fetch(ctx, fetch{id: id, plan: r.planFor(touching(nil))})
	return err
}

// conceals tells whether a member that was looked up is not shown.
func (m *membership) conceals(id string) bool {
	v := m.objects[id]
	return m.hidden != nil && v != nil && m.hidden(v)
}

// visible are the members that are shown.
func (m *membership) visible(ids []string) []string {
	var shown []string
	for _, id := range ids {
		if !m.conceals(id) {
			shown = append(shown, id)
		}
	}
	return shown
}

// leaves tells whether a present member goes that is not wanted. One that is not shown
// stays: whoever says who the members are did not see it.
func (m *membership) leaves(v jsontext.Value, selected func(jsontext.Value) (bool, error)) (bool, error) {
	switch {
	case m.hidden != nil && m.hidden(v):
		return false, nil
	case m.replace:
		return true, nil
	}
	return selected(v)
}
