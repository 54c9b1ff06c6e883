package entra

import (
	"context"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
)

const (
	relationRoles    = "roles"
	relationEligible = "eligibleRoles"
	// relationSchedules is asked for beside the roles, which it says the times of; no table
	// names it.
	relationSchedules = "roleSchedules"
)

// roleRequest lists the roles that a principal holds or can activate.
func roleRequest(name, id string) graph.Request {
	r := graph.Request{Path: grant.RoleManagement + "/roleAssignments", Query: graph.Query{Filter: "principalId eq " + quoted(strings.ToLower(id))}} // no page says that case does not matter
	switch name {
	case relationRoles:
		r.Query.Expand = "roleDefinition"
	case relationEligible:
		r.Path = grant.RoleManagement + "/roleEligibilitySchedules"
	case relationSchedules:
		r.Path = grant.RoleManagement + "/roleAssignmentSchedules"
	}
	return r
}

// withSchedules has the schedules of roles read, where the roles are.
func withSchedules(relations []string) []string {
	var all []string
	for _, name := range relations {
		if all = append(all, name); name == relationRoles {
			all = append(all, relationSchedules)
		}
	}
	return all
}

// hold gives the object the roles that a link leads to: there are few. Schedules come
// after the roles.
func (r *resource) hold(ctx context.Context, o *object, name string, l *link) error {
	var roles []grant.Role
	for v, err := range l.all(ctx) {
		var one grant.Role
		if err == nil {
			one, err = grant.ReadRole(v)
		}
		if err != nil {
			return entity.Broken(err)
		}
		roles = append(roles, one)
	}
	if name == relationSchedules {
		active, err := heldIn[grant.Role](o.related[relationRoles])
		if err != nil || o.related[relationRoles] == nil {
			return err
		}
		name, roles = relationRoles, grant.Scheduled(active, roles, r.options.Now())
	}
	var err error
	o.related[name], err = relatedOf(roles)
	return err
}

// unscheduled tells of a failed read that the object goes without: schedules are an
// addition to roles, and where Privileged Identity Management is not licensed nobody has
// one.
func (r *resource) unscheduled(o *object, name string, err error) bool {
	switch {
	case graph.Unlicensed(err) && (name == relationEligible || name == relationSchedules):
		o.unlicensed = true
		return true
	case name == relationSchedules && fault.Is(err, fault.Forbidden):
		r.lacking.Add(name)
		return true
	}
	return false
}

// roleHolders are the ids of those who hold a role, or can activate it.
func (r *resource) roleHolders(ctx context.Context, relation, role string) ([]string, error) {
	var ids []string
	request := roleRequest(relation, "")
	request.Query.Filter, request.Query.Expand = "roleDefinitionId eq "+quoted(strings.ToLower(role)), ""
	err := r.graph.All(ctx, request, func(v jsontext.Value) error {
		ids = append(ids, entity.Text(v, "principalId"))
		return r.bounded(len(ids))
	})
	return distinct(ids), entity.Broken(err)
}
