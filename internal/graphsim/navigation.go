package graphsim

import (
	"cmp"
	"slices"
)

// A navigation is a navigation property: where it leads and how it is shown.
type navigation struct {
	relation   relation
	transitive bool
	single     bool // leads to one object at most
	mixed      bool // may lead to objects of several types, which tell theirs
	bare       bool // takes $select and $expand only, and has no $count and no casts
	entity     string
	gather     func(o *object, v view) []*object // when the relation alone does not tell
}

// navigations holds the navigation properties by entity type and name.
var navigations = map[string]map[string]navigation{
	"user": {
		"manager":            {relation: manager, single: true, mixed: true},
		"directReports":      {relation: directReports, mixed: true},
		"sponsors":           {relation: sponsors, mixed: true, bare: true},
		"memberOf":           {relation: memberOf, mixed: true},
		"transitiveMemberOf": {relation: memberOf, transitive: true, mixed: true},
		"ownedObjects":       {relation: ownedObjects, mixed: true},
		"appRoleAssignments": {relation: assignments, entity: "appRoleAssignment", gather: userAssignments},
	},
	"group": {
		"members":            {relation: members, mixed: true},
		"transitiveMembers":  {relation: members, transitive: true, mixed: true},
		"memberOf":           {relation: memberOf, mixed: true},
		"transitiveMemberOf": {relation: memberOf, transitive: true, mixed: true},
		"owners":             {relation: owners, mixed: true},
		"appRoleAssignments": {relation: assignments, entity: "appRoleAssignment"},
	},
	"application": {
		"owners":              {relation: owners, mixed: true},
		"extensionProperties": {relation: extensions, entity: "extensionProperty"},
	},
	"servicePrincipal": {
		"owners":             {relation: owners, mixed: true},
		"memberOf":           {relation: memberOf, mixed: true},
		"transitiveMemberOf": {relation: memberOf, transitive: true, mixed: true},
		"ownedObjects":       {relation: ownedObjects, mixed: true},
		"appRoleAssignments": {relation: assignments, entity: "appRoleAssignment"},
		"appRoleAssignedTo":  {relation: assignedTo, entity: "appRoleAssignment"},
	},
	"unifiedRoleAssignment": {
		"principal":      {relation: roleHolder, single: true, mixed: true},
		"roleDefinition": {relation: roleOf, single: true},
	},
}

// follow lists the objects that a navigation property leads to and that the view
// shows, in creation order.
func (n navigation) follow(o *object, v view) []*object {
	switch {
	case n.gather != nil:
		return visible(n.gather(o, v), v)
	case n.transitive:
		return transitive(n.relation, o, v)
	}
	return visible(o.links[n.relation].in(v), v)
}

// visible drops what the view does not show, assignments of deleted principals
// among them; it copies only if it must.
func visible(list []*object, v view) []*object {
	hidden := func(o *object) bool {
		if ends := o.links[principal].list; len(ends) == 1 && ends[0].live(v) == nil {
			return true
		}
		return o.live(v) == nil
	}
	if !slices.ContainsFunc(list, hidden) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), hidden)
}

// transitive follows a relation to the end; cycles of groups are possible.
func transitive(r relation, o *object, v view) []*object {
	seen := map[*object]bool{}
	var all []*object
	for next := []*object{o}; len(next) > 0; {
		from := next[len(next)-1]
		next = next[:len(next)-1]
		for _, other := range from.links[r].in(v) {
			if seen[other] || other.live(v) == nil {
				continue
			}
			seen[other] = true
			all = append(all, other)
			if len(other.links[r].list) > 0 {
				next = append(next, other)
			}
		}
	}
	sortBySeq(all)
	return all
}

func sortBySeq(list []*object) {
	slices.SortFunc(list, func(a, b *object) int { return cmp.Compare(a.seq, b.seq) })
}

// userAssignments are a user's own app role assignments and those of the groups
// that the user is a direct member of.
func userAssignments(o *object, v view) []*object {
	list := slices.Clone(o.links[assignments].in(v))
	for _, group := range o.links[memberOf].in(v) {
		list = append(list, group.links[assignments].in(v)...)
	}
	sortBySeq(list)
	return list
}
