package graphsim

import (
	"slices"
	"strings"
)

// directoryObjects are the entity types that are directory objects.
var directoryObjects = []string{"user", "group", "application", "servicePrincipal", "directoryRole"}

// owner finds the object of a navigation request by the set in its path.
func (c *call) owner(name string, v view) (*object, error) {
	if name == "user" {
		return c.user(v)
	}
	return c.byID(name, v)
}

// related gives the handler of GET /{set}/{id}/{navigation}, with or without a
// cast.
func related(entity, name string) handler {
	return func(c *call) (*answer, error) {
		if navigations[entity][name].bare {
			if err := c.onlyOptions("$select", "$expand"); err != nil {
				return nil, err
			}
		}
		l, err := c.relation(entity, name)
		if err != nil {
			return nil, err
		}
		return c.list(l)
	}
}

// relatedCount gives the handler of the $count segment behind it.
func relatedCount(entity, name string) handler {
	return func(c *call) (*answer, error) {
		l, err := c.relation(entity, name)
		if err != nil {
			return nil, err
		}
		return c.count(l)
	}
}

// relation is the collection that a navigation request is about.
func (c *call) relation(entity, name string) (collection, error) {
	v := c.dir.reading()
	o, err := c.owner(entity, v)
	if err != nil {
		return collection{}, err
	}
	nav := navigations[entity][name]
	if nav.relation == members && hides(o) && !c.may(readHidden) {
		return collection{}, denied()
	}
	l := collection{objects: nav.follow(o, v), context: mixedSet, relation: true, typed: nav.mixed}
	if nav.entity != "" {
		l.kind = c.kind(nav.entity)
		l.context = c.assignmentContext(entity, o, name)
		l.relation = false
	}
	if nav.mixed && (name == "members" || name == "transitiveMembers") {
		l.objects = withoutServicePrincipals(l.objects)
	}
	if _, ok := c.vars["cast"]; ok {
		return c.castTo(l, o)
	}
	return l, nil
}

// readHidden is the permission to see who is in a group with hidden membership.
const readHidden = "Member.Read.Hidden"

func hides(group *object) bool { return group.text("visibility") == hiddenMembership }

// withoutServicePrincipals drops what v1.0 does not list among members. Source:
// https://learn.microsoft.com/graph/api/group-list-members, known issue.
func withoutServicePrincipals(list []*object) []*object {
	is := func(o *object) bool { return o.kind.name == "servicePrincipal" }
	if !slices.ContainsFunc(list, is) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), is)
}

// castTo narrows a collection to one type.
func (c *call) castTo(l collection, o *object) (collection, error) {
	k, err := c.cast()
	if err != nil {
		return l, err
	}
	if o.kind.name == "group" && isUnified(o.kind, o.state) && k.name != "user" && strings.Contains(strings.ToLower(c.route.pattern), "members/") {
		e := refuse("Unsupported cast to type 'microsoft.graph.%s' for the members of a Microsoft 365 group.", k.name)
		e.Code = unsupported
		return l, e
	}
	l.kind, l.context, l.cast, l.typed = k, k.set, true, false
	return l, nil
}

// assignmentContext names the set that holds assignments or extension
// properties, which the documentation writes in more than one way: long, but for
// the lists of users and service principals.
func (c *call) assignmentContext(entity string, o *object, name string) string {
	if entity == "user" || entity == "servicePrincipal" && name == "appRoleAssignments" {
		return name
	}
	return c.kind(entity).set + "('" + o.id + "')/" + name
}

func getManager(c *call) (*answer, error) {
	v := c.dir.reading()
	o, err := c.user(v)
	if err != nil {
		return nil, err
	}
	above := navigations["user"]["manager"].follow(o, v)
	if len(above) == 0 {
		return nil, notFound("manager")
	}
	return c.one(above[0], v, mixedSet)
}

func putManager(c *call) (*answer, error) {
	o, err := c.managed()
	if err != nil {
		return nil, err
	}
	url, err := c.reference()
	if err != nil {
		return nil, err
	}
	above, err := c.referenced(url)
	if err != nil {
		return nil, err
	}
	if above.kind.name != "user" || above == o {
		return nil, badLink("manager")
	}
	c.dir.clear(manager, o)
	c.dir.link(manager, o, above)
	return noContent(), nil
}

func deleteManager(c *call) (*answer, error) {
	o, err := c.managed()
	if err != nil {
		return nil, err
	}
	if len(o.links[manager].list) == 0 {
		return nil, notFound("manager")
	}
	c.dir.clear(manager, o)
	return noContent(), nil
}

// managed finds the user whose manager is to change; that of a synced user is
// mastered on premises.
func (c *call) managed() (*object, error) {
	o, err := c.user(c.dir.reading())
	if err == nil && o.is("onPremisesSyncEnabled") {
		return nil, mastered()
	}
	return o, err
}
