package entra

import (
	"context"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// Create makes a group with its owners and members: 20 of them with the group itself, as
// many as Graph takes, the others after it.
func (g groups) Create(ctx context.Context, doc scim.Document, p scim.Projection, enc *jsontext.Encoder) (string, error) {
	n, err := g.checkedNew(ctx, doc)
	if err != nil {
		return "", err
	}
	l := newLinks(n.owners, n.members)
	raw, err := g.addOnce(ctx, n.write, l, p)
	if err != nil {
		return "", err
	}
	id := entity.Text(raw, "id")
	g.made(id)
	g.written.Link(id, true, n.members.visible(l.members))
	if err := g.addLater(ctx, id, l, n.owners, n.members); err != nil {
		return "", partly(err, "the group was created with id "+id, nil, 0)
	}
	o := object{raw: raw, related: map[string]related{relationMembers: n.members.after(slice(nil))}}
	if n.owners != nil {
		g.written.Link(ownersKey(id), true, n.owners.add)
		o.related[relationOwners] = slice(n.owners.after)
	}
	if err := g.give(ctx, id, &o, n.beside); err != nil {
		return "", roleAssignable(err, n.write.Body[assignableProperty] == true)
	}
	return id, g.write(ctx, o, g.plan(p), enc)
}

// addOnce makes the group, once: when the answer is lost it is looked for. Graph has a
// mailNickname once among Microsoft 365 groups, so that one that is not there may be
// sent again. Another group is looked for by both its names: one that is as it was sent,
// and no older, is this one. When there is none it may only not be shown yet, and to
// send it again could make two.
//
// There is a key for groups, uniqueName. But it is given for ever, and to other tools
// (Bicep) it says that a group is theirs.
func (g groups) addOnce(ctx context.Context, w mapping.Write, l links, p scim.Projection) (jsontext.Value, error) {
	name, _ := w.Body["displayName"].(string)
	nickname, _ := w.Body["mailNickname"].(string)
	c := g.creation(w.Body, graph.Request{Path: "/groups", Query: graph.Query{
		Select: union(append([]string{"id", createdProperty}, entity.Readable(w.Body)...), g.plan(p).Select),
		Filter: "mailNickname eq " + quoted(nickname) + " and displayName eq " + quoted(name), Top: graph.MaxPage,
	}})
	if entity.Holds(w.Body["groupTypes"], []string{unified}) {
		c.unique = "mailNickname"
		c.taken = fault.New(fault.Uniqueness, "%s: another resource already has this value.", g.attribute(c.unique))
		c.look.Query.Filter = "mailNickname eq " + quoted(nickname) + " and groupTypes/any(t:t eq 'Unified')"
	}
	raw, err := c.once(ctx, func() (jsontext.Value, error) { return g.add(ctx, w, l) })
	if err != nil {
		return nil, err
	}
	return entity.Created(w.Body, raw)
}

// add posts the group with its first owners and members.
func (g groups) add(ctx context.Context, w mapping.Write, l links) (jsontext.Value, error) {
	body := maps.Clone(w.Body)
	if err := l.bind(g.resource, body); err != nil {
		return nil, err
	}
	request, err := g.post(body)
	if err != nil {
		return nil, err
	}
	s := step{request: request, refused: func(err error) error {
		if unseen(err) || fault.Is(err, fault.InvalidValue) && !l.none() && g.attribute(refusedProperty(err)) == "" {
			return l.refused(err, g.relationAttribute(relationOwners))
		}
		return roleAssignable(err, body[assignableProperty] == true)
	}}
	answers, err := g.run(ctx, "", []step{s}, slices.Concat(l.owners, l.members)...)
	if err != nil {
		return nil, err
	}
	return answers[0].Body, nil
}

// A newGroup is a group that is to be made, with all of it checked.
type newGroup struct {
	write   mapping.Write
	members *membership
	owners  *ownership
	beside  beside
}

// checkedNew reads a new group, and refuses what Graph would refuse of it.
func (g groups) checkedNew(ctx context.Context, doc scim.Document) (n newGroup, err error) {
	if n.write, err = g.table.Create(doc); err != nil {
		return n, err
	}
	if err := g.checkNew(n.write.Body); err != nil {
		return n, err
	}
	if n.members, err = membersOf(n.write.Relations[relationMembers].After); err != nil {
		return n, err
	}
	n.members.owners = g.ownersOf(doc)
	about, err := json.Marshal(n.write.Body)
	if err != nil {
		return n, err
	}
	if err := g.lookUp(ctx, n.members); err != nil {
		return n, err
	}
	if err := g.checkMembers(ctx, "", about, n.members); err != nil {
		return n, err
	}
	if n.owners, err = g.newOwnership(ctx, n.write, n.members); err != nil {
		return n, err
	}
	if err := g.checkUnique(ctx, "", n.write); err != nil {
		return n, err
	}
	if n.beside, _, err = g.newBeside(ctx, n.write); err != nil {
		return n, err
	}
	return n, g.checkGiven(about, n.beside)
}
