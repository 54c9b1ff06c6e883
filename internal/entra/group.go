package entra

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/guard"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// groups is the writer of groups.
type groups struct{ *resource }

const attrMembers = "members"

// aboutGroup are the properties that decide what may be written to a group.
var aboutGroup = []string{"groupTypes", "mailEnabled", "securityEnabled", "onPremisesSyncEnabled", assignableProperty}

// quoted is a string literal of OData.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Patch applies the operations as one intent. Members are added and removed
// without being read, unless the operations ask about them.
func (g groups) Patch(ctx context.Context, id string, ops scim.Patch, p scim.Projection, wantBody bool, enc *jsontext.Encoder) error {
	rest, changes, err := ops.Split(attrMembers)
	if err != nil {
		return err
	}
	m, err := folded(changes)
	if err != nil {
		return err
	}
	m.owners = ownersNamed(rest)
	touched := g.table.ForWrite(touching(rest.Attributes()))
	want := touched
	if wantBody {
		want = either(want, p.Includes)
	}
	o, err := g.readGroup(ctx, id, touched, want, m, !p.Explicit())
	if err != nil {
		return err
	}
	before, err := g.document(ctx, o, g.planFor(touched))
	if err != nil {
		return err
	}
	after, err := rest.Apply(before)
	if err != nil {
		return err
	}
	w, err := g.table.Update(before, after, o.unsure...)
	if err != nil {
		return err
	}
	if o, err = g.change(ctx, id, o, w, m, false); err != nil {
		return err
	}
	if wantBody {
		return g.write(ctx, o, g.plan(p), enc)
	}
	return g.tellAltered(ctx, id, after, o, touching(rest.Attributes()), p, enc)
}

// Replace makes the group what the document says. A document without members
// leaves the members alone: only an empty list removes them all.
func (g groups) Replace(ctx context.Context, id string, doc scim.Document, p scim.Projection, enc *jsontext.Encoder) error {
	m := &membership{}
	if list, given := doc[attrMembers]; given {
		var err error
		if m, err = membersOf(list); err != nil {
			return err
		}
		m.replace = true
	}
	m.owners = g.ownersOf(doc)
	doc = maps.Clone(doc)
	delete(doc, attrMembers)
	replaceable := g.replaceable(doc)
	known := g.table.ForWrite(func(urn, name, sub string) bool { return name != attrMembers && replaceable(urn, name, sub) })
	o, err := g.readGroup(ctx, id, known, either(known, p.Includes), m, !p.Explicit())
	if err != nil {
		return err
	}
	before, err := g.document(ctx, o, g.planFor(known))
	if err != nil {
		return err
	}
	w, err := g.table.Replace(before, doc, o.unsure...)
	if err != nil {
		return err
	}
	if o, err = g.change(ctx, id, o, w, m, true); err != nil {
		return err
	}
	return g.write(ctx, o, g.plan(p), enc)
}

// A groupChange is what a change does beside the attributes and the members.
type groupChange struct {
	owners *ownership
	beside beside
}

// change does the writes and gives the group as it is then. With put it is a PUT.
func (g groups) change(ctx context.Context, id string, o object, w mapping.Write, m *membership, put bool) (object, error) {
	c, err := g.checkChange(ctx, id, o, w, m, put)
	if err != nil {
		return o, err
	}
	if err := g.options.Guard.Allow(ctx, guard.Amounts{guard.MemberRemovals: len(m.remove)}); err != nil {
		return o, err
	}
	assignable := entity.Flag(o.raw, assignableProperty)
	o, err = g.changeAll(ctx, id, o, w, m, c)
	return o, roleAssignable(err, assignable)
}

// checkChange checks all of a change before anything of it is done.
func (g groups) checkChange(ctx context.Context, id string, o object, w mapping.Write, m *membership, put bool) (c groupChange, err error) {
	if err := g.settle(ctx, id, m); err != nil {
		return c, err
	}
	if err := g.checkWrite(o, w, m); err != nil {
		return c, err
	}
	if err := g.checkVisibility(o.raw, w.Body); err != nil {
		return c, err
	}
	if err := g.checkMembers(ctx, id, o.raw, m); err != nil {
		return c, err
	}
	if c.owners, err = g.newOwnership(ctx, w, m); err != nil {
		return c, err
	}
	if err := g.checkUnique(ctx, id, w); err != nil {
		return c, err
	}
	if c.beside, err = g.besides(ctx, id, o, w, put); err != nil {
		return c, err
	}
	return c, g.checkGiven(o.raw, c.beside)
}

func (g groups) changeAll(ctx context.Context, id string, o object, w mapping.Write, m *membership, c groupChange) (object, error) {
	done, err := g.changeItself(ctx, id, &o, w.Body, c.beside)
	if err != nil {
		return o, err
	}
	if err := g.addMembers(ctx, id, m, m.add); err != nil {
		return o, partly(err, done, nil, 0)
	}
	g.written.Link(id, true, m.visible(m.add))
	if err := g.removeMembers(ctx, id, m, m.remove); err != nil {
		return o, partly(err, done, nil, 0)
	}
	g.written.Link(id, false, m.remove)
	if len(m.add)+len(m.remove) > 0 {
		done = join(done, "the members were changed")
	}
	if err := g.changeOwners(ctx, id, &o, c.owners); err != nil {
		return o, partly(err, done, nil, 0)
	}
	if members := o.related[relationMembers]; members != nil {
		o.related[relationMembers] = m.after(members)
	}
	return o, nil
}

// checkWrite refuses what Graph would refuse obscurely: changes to groups that
// are managed elsewhere, and to the members of a dynamic group.
func (g groups) checkWrite(o object, w mapping.Write, m *membership) error {
	w.Relations = linking(w, m) // what it is given is the cloud's
	if w.Empty() {
		return nil
	}
	types := groupTypes(o.raw)
	switch {
	case entity.Flag(o.raw, "onPremisesSyncEnabled"):
		return g.checkMastered(o, w)
	case entity.Flag(o.raw, "mailEnabled") && !slices.Contains(types, unified):
		return fault.New(fault.Mutability, "Mail-enabled security groups and distribution lists are managed in Exchange and cannot be changed here.")
	case !m.none() && slices.Contains(types, dynamic):
		return fault.New(fault.Mutability, "members: the members of a dynamic group follow from its rule and cannot be changed.")
	}
	return nil
}

// Graph's groupTypes.
const (
	unified = "Unified"
	dynamic = "DynamicMembership"
)

func groupTypes(raw jsontext.Value) []string {
	var types []string
	if v := entity.Member(raw, "groupTypes"); v != nil && json.Unmarshal(v, &types) != nil {
		return nil
	}
	return types
}

// checkUnique refuses the name of another group, where the tenant wants that. Entra
// does not: two groups made at the same time can still have one name.
func (g groups) checkUnique(ctx context.Context, id string, w mapping.Write) error {
	name, _ := w.Body["displayName"].(string)
	if !g.options.Policy.UniqueGroupNames || name == "" {
		return nil
	}
	others := graph.Request{Path: "/groups", Query: graph.Query{
		Select: []string{"id"}, Filter: "displayName eq " + quoted(name), Top: 2,
	}}
	return g.graph.All(ctx, others, func(v jsontext.Value) error {
		if strings.EqualFold(entity.Text(v, "id"), id) {
			return nil
		}
		return fault.New(fault.Uniqueness, "displayName: another group has this name.")
	})
}
