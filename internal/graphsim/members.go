package graphsim

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// maxOwners is how many owners a group can have.
const maxOwners = 100

// A target is what a link is to be made to.
type target struct {
	relation relation
	object   *object
}

// newLinks checks every link that a body asks for; none is made unless all can
// be.
func (c *call) newLinks(o *object, w *changeSet) ([]target, error) {
	if len(w.links["members"])+len(w.links["owners"]) > maxLinks {
		return nil, refuse("The number of references in the request exceeds the maximum of %d.", maxLinks)
	}
	if len(w.links) > 0 && !c.may(linkObjects...) {
		return nil, denied()
	}
	var list []target
	for _, name := range []string{"members", "owners"} {
		r := map[string]relation{"members": members, "owners": owners}[name]
		for _, url := range w.links[name] {
			other, err := c.referenced(url)
			if err != nil {
				return nil, err
			}
			to := target{relation: r, object: other}
			if slices.Contains(list, to) {
				return nil, refuse("Request contains a property with duplicate values.")
			}
			if err := c.mayLink(o, r, other, name); err != nil {
				return nil, err
			}
			list = append(list, to)
		}
	}
	if added := len(w.links["owners"]); len(o.links[owners].list)+added > maxOwners {
		return nil, overQuota(len(o.links[owners].list)+added, maxOwners, "owners")
	}
	return list, nil
}

func (c *call) addLinks(o *object, list []target) {
	for _, t := range list {
		c.dir.link(t.relation, o, t.object)
	}
}

// referenceSets are the sets whose objects an @odata.id can name.
var referenceSets = map[string]string{
	"directoryobjects": "", "users": "user", "groups": "group",
	"serviceprincipals": "servicePrincipal", "applications": "application",
}

// documented is where the references of the documentation point: they may be used
// as they stand.
const documented = "https://graph.microsoft.com" + root

// referenced finds the object that an @odata.id names. An object too new to be
// read yet cannot be linked to.
func (c *call) referenced(url string) (*object, error) {
	path, ok := strings.CutPrefix(url, c.base+"/")
	if !ok {
		path, ok = strings.CutPrefix(url, documented+"/")
	}
	segments, err := split(path)
	if !ok || err != nil || len(segments) != 2 {
		return nil, refuse("Invalid URL format specified in @odata.bind/@odata.id.")
	}
	name, known := referenceSets[strings.ToLower(segments[0].text)]
	id := segments[1].text
	if !known || !isGUID(id) {
		return nil, refuse("Invalid object identifier '%s'.", id)
	}
	o := c.dir.find(c.dir.schema[name], id)
	switch {
	case o == nil || !slices.Contains(directoryObjects, o.kind.name) || o.state.status != live:
		return nil, notFound(id)
	case o.live(c.dir.reading()) == nil:
		return nil, notReplicated()
	}
	return o, nil
}

// mayLink checks one new member or owner of a group.
func (c *call) mayLink(o *object, r relation, other *object, name string) error {
	if o.links[r].has(other) {
		return linkExists(name)
	}
	if r == owners {
		if other.kind.name != "user" && other.kind.name != "servicePrincipal" {
			return badLink(name)
		}
		return nil
	}
	if isDynamic(o.kind, o.state) {
		return denied()
	}
	if !mayBeMember(o, other) {
		return badLink(name)
	}
	return nil
}

// mayBeMember holds the table of who may be a member of what. Source:
// https://learn.microsoft.com/graph/api/group-post-members.
func mayBeMember(group, other *object) bool {
	switch other.kind.name {
	case "user":
		return true
	case "servicePrincipal":
		return !isUnified(group.kind, group.state)
	case "group":
		return other != group && !isUnified(group.kind, group.state) && !group.is("isAssignableToRole") &&
			other.is("securityEnabled") && !other.is("mailEnabled")
	}
	return false
}

// ref makes one link by $ref.
func (c *call) ref(name string) (*answer, error) {
	o, err := c.linkable(name)
	if err != nil {
		return nil, err
	}
	return c.linkTo(o, name)
}

// linkTo links o to the object that the body names.
func (c *call) linkTo(o *object, name string) (*answer, error) {
	url, err := c.reference()
	if err != nil {
		return nil, err
	}
	links, err := c.newLinks(o, &changeSet{links: map[string][]string{name: {url}}})
	if err != nil {
		return nil, err
	}
	c.addLinks(o, links)
	return noContent(), nil
}

func addMember(c *call) (*answer, error) { return c.ref("members") }
func addOwner(c *call) (*answer, error)  { return c.ref("owners") }

// linkable finds the group of a link request and checks that its links can be
// changed through Graph.
func (c *call) linkable(name string) (*object, error) {
	o, err := c.byID("group", c.dir.newest())
	switch {
	case err != nil:
		return nil, err
	case o.live(c.dir.reading()) == nil:
		return nil, notReplicated()
	case unmanaged(o):
		return nil, mailEnabled()
	case o.is("onPremisesSyncEnabled"):
		return nil, mastered()
	case o.is("isAssignableToRole") && !c.may(manageRoles), name == "members" && isDynamic(o.kind, o.state):
		return nil, denied()
	}
	return o, nil
}

// reference reads the body {"@odata.id": "…"}.
func (c *call) reference() (string, error) {
	values, names, err := c.object()
	if err != nil {
		return "", err
	}
	var url string
	if len(names) != 1 || json.Unmarshal(values["@odata.id"], &url) != nil || url == "" {
		return "", unreadable("The request body must contain exactly one '@odata.id'.")
	}
	return url, nil
}

func removeMember(c *call) (*answer, error) {
	o, err := c.linkable("members")
	if err != nil {
		return nil, err
	}
	other, err := c.linked(o, "members", members)
	if err != nil {
		return nil, err
	}
	c.dir.unlink(members, o, other)
	return noContent(), nil
}

func removeOwner(c *call) (*answer, error) {
	o, err := c.linkable("owners")
	if err != nil {
		return nil, err
	}
	other, err := c.linked(o, "owners", owners)
	if err != nil {
		return nil, err
	}
	if len(o.links[owners].list) == 1 && other.kind.name == "user" {
		return nil, refuse("The group must have at least one owner, hence this owner cannot be removed.")
	}
	c.dir.unlink(owners, o, other)
	return noContent(), nil
}

// linked finds the other end of a link of o that is to be cut. A missing link is
// reported with the id of o, as Graph does.
func (c *call) linked(o *object, name string, r relation) (*object, error) {
	id := c.vars["other"].text
	if !isGUID(id) {
		return nil, invalidID(id)
	}
	other := c.dir.find(nil, id)
	switch {
	case other == nil:
		return nil, notFound(o.id)
	case o.links[r].has(other):
		return other, nil
	case slices.Contains(o.links[r].in(c.dir.reading()), other): // removed, and not everywhere yet
		return nil, linkMissing(name)
	}
	return nil, notFound(o.id)
}
