package entra

import (
	"context"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
)

// A source is where the candidates of a list come from: a collection, or ids.
type source struct {
	path     string // of the collection
	params   map[string]string
	filter   string
	orderBy  string
	advanced bool
	plain    bool // the filter cannot be counted or sorted
	optional bool // what does not exist is an empty list

	ids []string // not nil: these and no collection
}

// relationPaths are the collections that answer a condition on a relation, by
// the entity that is listed. Casts need an advanced query. The first whose
// object exists is the one: a member may be of several kinds.
var relationPaths = map[string]map[string][]string{
	entityUser: {
		relationMemberOf: {"/groups/{id}/members/microsoft.graph.user"},
		relationManager:  {"/users/{id}/directReports/microsoft.graph.user"},
	},
	entityGroup: {
		relationMembers: {
			"/users/{id}/memberOf/microsoft.graph.group",
			"/groups/{id}/memberOf/microsoft.graph.group",
			"/servicePrincipals/{id}/memberOf/microsoft.graph.group",
		},
		relationOwners: {
			"/users/{id}/ownedObjects/microsoft.graph.group",
			"/servicePrincipals/{id}/ownedObjects/microsoft.graph.group",
		},
	},
}

// sources are where to look, one after the other until an object is there; none
// when nothing can match.
func (r *resource) sources(ctx context.Context, q mapping.Query) ([]source, error) {
	switch {
	case q.None:
		return nil, nil
	case q.IDs != nil:
		ids := distinct(slices.DeleteFunc(q.IDs, func(id string) bool { return !isID(id) }))
		if len(ids) == 0 {
			return nil, nil
		}
		return []source{{ids: ids}}, nil
	case q.Relation == nil:
		return []source{{path: "/" + r.table.Collection(), filter: q.Filter, advanced: q.Advanced, plain: q.Plain}}, nil
	case !isID(q.Relation.Value):
		return nil, nil
	case q.Relation.Name == relationApplications, q.Relation.Name == relationRoles, q.Relation.Name == relationEligible:
		ids, err := r.holders(ctx, q.Relation)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		return []source{{ids: ids}}, nil
	}
	paths := relationPaths[r.table.Entity()][q.Relation.Name]
	if paths == nil {
		return nil, fault.New(fault.InvalidFilter, "%s cannot be filtered by %s.", r.table.Resource(), q.Relation.Name)
	}
	var sources []source
	for _, path := range paths {
		if q.Relation.Type != "" && !strings.EqualFold(relatedType(path), q.Relation.Type) {
			continue
		}
		sources = append(sources, source{
			path: path, params: map[string]string{"id": q.Relation.Value}, filter: q.Filter, advanced: true, optional: true,
		})
	}
	return sources, nil
}

// relatedType is the type of the objects whose relations a path leads to: "user" of
// /users/{id}/memberOf, as the type of a member says it.
func relatedType(path string) string {
	collection, _, _ := strings.Cut(path[1:], "/")
	return strings.TrimSuffix(collection, "s")
}

// holders are the ids of the objects that have an application or a role.
func (r *resource) holders(ctx context.Context, f *mapping.RelationFilter) ([]string, error) {
	if f.Name == relationApplications {
		return r.assignees(ctx, f.Value)
	}
	return r.roleHolders(ctx, f.Name, f.Value)
}

// assignees are the ids of the objects of this type that an application is
// assigned to: users also as direct members of a group that it is assigned to,
// since nested groups give no access.
func (r *resource) assignees(ctx context.Context, appID string) ([]string, error) {
	var ids, viaGroups []string
	request := graph.Request{
		Path: "/servicePrincipals(appId='{appId}')/appRoleAssignedTo", Params: map[string]string{"appId": appID},
		Query: graph.Query{Top: graph.MaxPage},
	}
	err := r.graph.All(ctx, request, func(v jsontext.Value) error {
		var a grant.Assignment
		if err := json.Unmarshal(v, &a); err != nil {
			return err
		}
		switch {
		case a.PrincipalType == "User" && r.table.Entity() == entityUser,
			a.PrincipalType == "Group" && r.table.Entity() == entityGroup:
			ids = append(ids, a.PrincipalID)
		case a.PrincipalType == "Group":
			viaGroups = append(viaGroups, a.PrincipalID)
		}
		return r.bounded(len(ids))
	})
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err == nil && r.table.Entity() == entityUser {
		err = r.memberUsers(ctx, viaGroups, &ids)
	}
	return distinct(ids), entity.Broken(err)
}

func (r *resource) memberUsers(ctx context.Context, groups []string, ids *[]string) error {
	for _, group := range distinct(groups) {
		request := graph.Request{
			Path:   relationPaths[entityUser][relationMemberOf][0],
			Params: map[string]string{"id": group},
			Query:  graph.Query{Select: []string{"id"}, Top: graph.MaxPage, Count: true, Advanced: true},
		}
		err := r.graph.All(ctx, request, func(v jsontext.Value) error {
			*ids = append(*ids, entity.Text(v, "id"))
			return r.bounded(len(*ids))
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// bounded refuses to gather more than the tenant allows.
func (r *resource) bounded(n int) error {
	if n > r.options.Policy.MaxScan {
		return fault.New(fault.TooMany, "More than %d resources would have to be read to answer this; narrow the filter.", r.options.Policy.MaxScan)
	}
	return nil
}

// distinct drops what was there before, keeping the order.
func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id string) bool {
		before := seen[id]
		seen[id] = true
		return before
	})
}
