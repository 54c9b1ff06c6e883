package entra

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/entra/naming"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// users is the writer of users.
type users struct{ *resource }

const upnProperty = "userPrincipalName"

// Patch applies the operations as one intent: one read of what they touch, and
// the fewest writes.
func (u users) Patch(ctx context.Context, id string, ops scim.Patch, p scim.Projection, wantBody bool, enc *jsontext.Encoder) error {
	shown := p.Includes
	if !wantBody {
		shown = touching(nil)
	}
	o, before, err := u.read(ctx, id, touching(ops.Attributes()), shown, !p.Explicit())
	if err != nil {
		return err
	}
	if ops, err = u.byID(ops, o.skus); err != nil {
		return err
	}
	after, err := ops.Apply(before)
	if err != nil {
		return err
	}
	asked := maps.Clone(after)
	u.complete(after)
	w, err := u.table.Update(before, after, o.unsure...)
	if err != nil {
		return err
	}
	w = u.revoked(ctx, id, after, w, false)
	if o.raw, err = u.change(ctx, id, o, w, false); err != nil {
		return err
	}
	if wantBody {
		return u.write(ctx, o, u.plan(p), enc)
	}
	return u.tellAltered(ctx, id, asked, o, touching(ops.Attributes()), p, enc)
}

// Replace makes the user what the document says: one read, and the fewest writes.
func (u users) Replace(ctx context.Context, id string, doc scim.Document, p scim.Projection, enc *jsontext.Encoder) error {
	doc = maps.Clone(doc)
	u.complete(doc)
	o, before, err := u.read(ctx, id, u.replaceable(doc), p.Includes, !p.Explicit())
	if err != nil {
		return err
	}
	w, err := u.table.Replace(before, doc, o.unsure...)
	if err != nil {
		return err
	}
	w = u.revoked(ctx, id, doc, w, true)
	if o.raw, err = u.change(ctx, id, o, w, true); err != nil {
		return err
	}
	return u.write(ctx, o, u.plan(p), enc)
}

// replaceable wants what a PUT may change. What is shown on request only is left
// alone by a document without it: a client that sends back what it read does not
// know of it. So are licenses and applications, of which many clients know nothing; and an
// empty list of roles, which clients send that know of none.
func (r *resource) replaceable(doc scim.Document) mapping.Want {
	rows := slices.DeleteFunc(slices.Clone(r.rows), func(row mapping.Row) bool {
		aside := row.Returned == "request" || slices.Contains(cloudRelations, row.Relation)
		none := row.Relation == relationRoles && isEmpty(doc[row.Attr.Name])
		return !row.Writable() || none || aside && !has(doc, row.Attr, r.typ.Schema.ID)
	})
	return func(urn, name, sub string) bool {
		return slices.ContainsFunc(rows, func(row mapping.Row) bool {
			return row.Attr.URN == urn && row.Attr.Name == name && (sub == "" || row.Attr.Sub == sub)
		})
	}
}

func isEmpty(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}

// has tells whether the document has a value of the attribute.
func has(doc scim.Document, a mapping.Attr, core string) bool {
	if a.URN != core {
		doc, _ = doc[a.URN].(map[string]any)
	}
	_, ok := doc[a.Name]
	return ok
}

// read reads what a change must know of a user, and what the answer shows: as
// Graph object, and of what is known as document.
func (u users) read(ctx context.Context, id string, known, shown mapping.Want, lenient bool) (object, scim.Document, error) {
	if err := u.checkID(id); err != nil {
		return object{}, nil, err
	}
	known = u.table.ForWrite(known)
	properties := []string{"onPremisesSyncEnabled"}
	if u.options.Policy.WeakPasswords && known(u.typ.Schema.ID, "password", "") {
		properties = append(properties, passwordPolicies)
	}
	f := fetch{id: id, plan: u.planFor(either(known, shown)), lenient: lenient}
	var beside []graph.Result
	if known(u.typ.Schema.ID, attrEntitlements, "") {
		properties = append(properties, locationProperty)
		f.beside, f.answers = []graph.Request{grant.SubscribedSkus()}, &beside
	}
	f.properties = properties
	o, err := u.fetch(ctx, f)
	if err == nil && len(beside) > 0 {
		o.skus, err = readSubscriptions(ctx, beside[0])
	}
	if err == nil {
		err = u.heldBeside(id, o, known)
	}
	if err == nil {
		o, err = u.refreshed(id, o, known)
	}
	if err != nil {
		return o, nil, err
	}
	doc, err := u.document(ctx, o, u.planFor(known))
	return o, doc, err
}

// change does the write and gives the object as it is then. With put it is a PUT.
func (u users) change(ctx context.Context, id string, o object, w mapping.Write, put bool) (jsontext.Value, error) {
	delete(w.Relations, relationInvitation) // an invitation is not changed
	if w.Empty() {
		return o.raw, nil
	}
	if err := u.checkMastered(o, w); err != nil {
		return nil, err
	}
	if name, ok := w.Body[upnProperty].(string); ok {
		if err := naming.Check(name); err != nil {
			return nil, err
		}
	}
	u.weaken(w.Body, entity.Text(o.raw, passwordPolicies))
	b, err := u.besides(ctx, id, o, w, put)
	if err != nil {
		return nil, err
	}
	if b.licenses, err = u.licenses(o.raw, w, o.skus, put); err != nil {
		return nil, err
	}
	m, err := u.newManager(ctx, w)
	if err != nil {
		return nil, err
	}
	steps, m, err := u.steps(ctx, id, w, m, b)
	if err != nil || len(steps) == 0 {
		return o.raw, err
	}
	if err := u.options.Guard.Allow(ctx, amounts(o, w, b)); err != nil {
		return o.raw, err
	}
	answers, err := u.run(ctx, "", steps, id)
	u.done(ctx, id, b)
	if err != nil {
		if len(answers) > len(b.lookups()) { // the attributes were changed, and what follows was not
			u.written.Set(id, w.Body)
		}
		return nil, err
	}
	if err := b.overlay(&o); err != nil {
		return nil, err
	}
	sent := accepted(w, m)
	if b.licenses != nil {
		sent[statesProperty] = b.licenses.After()
	}
	u.written.Set(id, sent)
	u.superseded(id, w)
	return entity.Overlaid(o.raw, sent)
}

// steps are the requests of a change. The manager is looked up before anything
// is written, and so are roles; what is given comes after the attributes, of which a
// license may need one.
func (u users) steps(ctx context.Context, id string, w mapping.Write, m *manager, b beside) ([]step, *manager, error) {
	steps := b.lookups()
	if len(w.Body) > 0 {
		request, err := u.patch(id, w.Body)
		if err != nil {
			return nil, nil, err
		}
		steps = append(steps, step{request: request, undone: "the attributes were not changed", refused: u.forbidden(w.Body)})
	}
	if _, ends := w.Relations[relationSessions]; ends {
		steps = append(steps, u.revocation(id))
	}
	steps = append(steps, b.steps(u.table.Collection(), id)...)
	relation, concerned := w.Relations[relationManager]
	if !concerned {
		return steps, nil, nil
	}
	if relation.After != nil {
		var err error
		if m, err = u.check(ctx, m); err != nil || m == nil {
			return steps, nil, err
		}
		if before, ok := relation.Before.(map[string]any); ok && before["value"] == entity.Text(m.found, "id") {
			return steps, m, nil // named otherwise, but the same
		}
	}
	s, err := u.managerStep(id, m)
	return append(steps, s), m, err
}

// accepted is what a change that went well did to the user object.
func accepted(w mapping.Write, m *manager) map[string]any {
	sent := maps.Clone(w.Body)
	if sent == nil {
		sent = map[string]any{}
	}
	relation, concerned := w.Relations[relationManager]
	switch {
	case !concerned:
	case m != nil:
		sent[relationManager] = m.object()
	case relation.After == nil:
		sent[relationManager] = nil
	}
	return sent
}

func isGuest(doc scim.Document) bool {
	kind, _ := doc["userType"].(string)
	return strings.EqualFold(kind, "Guest")
}
