package entra

import (
	"context"
	"maps"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

const anchorProperty = "onPremisesImmutableId"

// revived does what the tenant wants done when a new user is one who was deleted: nothing
// (done is false), to refuse, or to restore that one and make it what was sent. All was
// checked before, but for a manager who is looked up together with the creation.
func (u users) revived(ctx context.Context, doc scim.Document, w mapping.Write, m *manager, p scim.Projection, enc *jsontext.Encoder) (done bool, id string, err error) {
	policy := u.options.Policy.DeletedUser
	if policy == "" || policy == tenant.DeletedCreate {
		return false, "", nil
	}
	former, err := u.former(ctx, w)
	switch {
	case err != nil:
		return true, "", err
	case former == nil:
		return false, "", nil
	case policy == tenant.DeletedRefuse:
		return true, "", fault.New(fault.Uniqueness,
			"userName: the user %s, who was deleted on %s, had this name or %s, and can be restored by the action restore.",
			entity.Text(former, "id"), entity.Text(former, deletedProperty), anchorProperty)
	case entity.Flag(former, syncProperty):
		return true, "", fault.New(fault.Uniqueness,
			"userName: the user %s, who was deleted, had this name or %s, and is mastered by the on-premises directory, which restores it.", entity.Text(former, "id"), anchorProperty)
	}
	id, err = u.revive(ctx, former, doc, m, p, enc)
	return true, id, err
}

// former finds the user who was deleted last of those who had the name or, before them,
// the anchor of the new one; nil when there is none. Graph is asked for names that end
// so, which is true however it marks those of the deleted; see original. That it can
// be asked so of deleted users its page says in general only: where it refuses, all who
// were deleted are looked at.
func (u users) former(ctx context.Context, w mapping.Write) (jsontext.Value, error) {
	name, _ := w.Body[upnProperty].(string)
	anchor, _ := w.Body[anchorProperty].(string)
	query := graph.Query{
		Select: []string{"id", upnProperty, anchorProperty, deletedProperty, syncProperty}, Filter: "endsWith(" + upnProperty + "," + quoted(name) + ")",
		Top: graph.MaxPage, Count: true, Advanced: true,
	}
	if anchor != "" {
		query.Filter += " or " + anchorProperty + " eq " + quoted(anchor)
	}
	found, err := u.formerOf(ctx, query, name, anchor)
	if fault.Is(err, fault.InvalidFilter) {
		query.Filter, query.Count, query.Advanced = "", false, false
		return u.formerOf(ctx, query, name, anchor)
	}
	return found, err
}

// formerOf finds that user among those of a query.
func (u users) formerOf(ctx context.Context, query graph.Query, name, anchor string) (jsontext.Value, error) {
	var found jsontext.Value
	anchored, n := false, 0
	err := u.graph.All(ctx, graph.Request{Path: u.deletedPath(), Query: query}, func(v jsontext.Value) error {
		same := anchor != "" && entity.Text(v, anchorProperty) == anchor
		named := strings.EqualFold(formerName(entity.Text(v, "id"), entity.Text(v, upnProperty)), name)
		if better := same && !anchored || same == anchored && entity.Text(v, deletedProperty) > entity.Text(found, deletedProperty); (same || named) && (found == nil || better) {
			found, anchored = v.Clone(), same
		}
		n++
		return u.bounded(n)
	})
	return found, err
}

// revive restores a user and makes it what was sent; what was not sent stays as it was.
func (u users) revive(ctx context.Context, former jsontext.Value, doc scim.Document, m *manager, p scim.Projection, enc *jsontext.Encoder) (string, error) {
	doc, err := u.withManager(ctx, doc, m)
	if err != nil {
		return "", err
	}
	id, body := entity.Text(former, "id"), map[string]any{}
	name, _ := doc[attrUserName].(string)
	if !strings.EqualFold(formerName(id, entity.Text(former, upnProperty)), name) {
		body["newUserPrincipalName"] = name
	}
	_, doubt := u.restored(ctx, id, body)
	switch err := doubt; {
	case fault.Is(err, fault.Uniqueness):
		f := *fault.From(err)
		f.Detail = "userName: another user has this name, or an address of the user " + id + ", who had the name and was deleted."
		return "", &f
	case err != nil && !graph.InDoubt(err):
		return "", err
	}
	u.fresh.Add(u.table.Collection(), name)
	o, err := u.renew(ctx, id, doc, p)
	switch {
	case doubt != nil && fault.Is(err, fault.NotFound):
		return "", doubt
	case err != nil:
		return "", partly(err, "the user was restored with id "+id, nil, 0)
	}
	return id, u.write(ctx, o, u.plan(p), enc)
}

// withManager looks up who the manager is to be, and says it by the id; without one
// whom the tenant's policy leaves out.
func (u users) withManager(ctx context.Context, doc scim.Document, m *manager) (scim.Document, error) {
	doc = maps.Clone(doc)
	a := u.relationAttr(relationManager)
	given, _ := doc[a.URN].(map[string]any)
	if given == nil {
		return doc, nil
	}
	m, err := u.check(ctx, m)
	if err != nil {
		return nil, err
	}
	given = maps.Clone(given)
	if delete(given, a.Name); m != nil {
		given[a.Name] = map[string]any{"value": entity.Text(m.found, "id")}
	}
	doc[a.URN] = given
	return doc, nil
}

// relationAttr is the attribute that a relation stands behind.
func (r *resource) relationAttr(relation string) mapping.Attr {
	for _, row := range r.rows {
		if row.Relation == relation {
			return mapping.Attr{URN: row.Attr.URN, Name: row.Attr.Name}
		}
	}
	return mapping.Attr{}
}

// renew makes a restored user what was sent.
func (u users) renew(ctx context.Context, id string, doc scim.Document, p scim.Projection) (object, error) {
	o, before, err := u.read(ctx, id, u.replaceable(doc), p.Includes, !p.Explicit())
	if err != nil {
		return o, err
	}
	after := merged(before, doc)
	for _, row := range u.rows { // as a new user has it: one who comes back can sign in
		if row.Default != nil && doc[row.Attr.Name] == nil && row.Attr.URN == u.typ.Schema.ID {
			after[row.Attr.Name] = row.Default
		}
	}
	w, err := u.table.Update(before, after, o.unsure...)
	if err == nil {
		o.raw, err = u.change(ctx, id, o, w, true)
	}
	return o, err
}

// merged lays the attributes of one document over another: of complex ones, and of
// extensions, each part that is given.
func merged(under, over map[string]any) map[string]any {
	out := maps.Clone(under)
	for name, value := range over {
		parts, inner := value.(map[string]any)
		was, had := out[name].(map[string]any)
		if inner && had {
			out[name] = merged(was, parts)
		} else {
			out[name] = value
		}
	}
	return out
}
