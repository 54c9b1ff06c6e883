package entra

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/vault"
)

// users is the writer of users.
type users struct{ *resource }

const upnProperty = "userPrincipalName"

// Create makes a user: one POST, and with a manager a second request. A user of
// userType Guest is invited.
func (u users) Create(ctx context.Context, doc scim.Document, p scim.Projection, enc *jsontext.Encoder) (string, error) {
	doc = maps.Clone(doc)
	u.complete(doc)
	if isGuest(doc) {
		return u.invite(ctx, doc, p, enc)
	}
	w, err := u.table.Create(doc)
	if err != nil {
		return "", err
	}
	if w.Relations[relationInvitation].After != nil {
		return "", fault.New(fault.InvalidValue, "redirectUrl is for guests: userType must be Guest.")
	}
	generated, err := u.prepare(ctx, w)
	if err != nil {
		return "", err
	}
	m, err := u.newManager(ctx, w)
	if err != nil {
		return "", err
	}
	b, err := u.newGiven(ctx, w)
	if err != nil {
		return "", err
	}
	if done, id, err := u.revived(ctx, doc, w, m, p, enc); done {
		return id, err
	}
	if err := u.deliverable(ctx, generated, p); err != nil {
		return "", err
	}
	answer, m, err := u.addOnce(ctx, w.Body, m, p)
	if err != nil {
		return "", u.abandoned(ctx, text(answer, "id"), generated, err)
	}
	raw, err := created(w.Body, answer)
	if err != nil {
		return "", u.abandoned(ctx, text(answer, "id"), generated, err)
	}
	id := text(raw, "id")
	u.made(id)
	u.fresh.add(u.table.Collection(), text(raw, upnProperty)) // by which others may name the user as manager
	if raw, err = u.equip(ctx, id, raw, m, b, generated); err != nil {
		return "", err
	}
	o := object{raw: raw}
	if err := b.overlay(&o); err != nil {
		return "", err
	}
	return id, u.write(ctx, o, u.plan(p), enc)
}

// prepare checks the name of a new user and gives the user a password when the client
// sent none; nil: the client did.
func (u users) prepare(ctx context.Context, w mapping.Write) (*vault.Password, error) {
	name, _ := w.Body[upnProperty].(string)
	if err := checkName(name); err != nil {
		return nil, err
	}
	profile, _ := w.Body["passwordProfile"].(map[string]any)
	if profile["password"] != nil {
		u.weaken(w.Body, "")
		return nil, nil //nolint:nilnil // no password was generated
	}
	display, _ := w.Body["displayName"].(string)
	given, err := u.generate(ctx, name, display)
	if err == nil {
		w.Body["passwordProfile"] = withPassword(profile, given)
	}
	return given, err
}

// addOnce makes the user, once: when the answer is lost the user is looked for by name.
// Graph has a name once, so that what is not there may be sent again.
func (u users) addOnce(ctx context.Context, body map[string]any, m *manager, p scim.Projection) (jsontext.Value, *manager, error) {
	dated := p.Includes(u.typ.Schema.ID, "meta", "created")
	c := u.creation(body, u.byName(body, union(append([]string{"id", createdProperty}, readable(body)...), u.ordinary(u.plan(p).Select))...))
	c.unique = upnProperty
	c.taken = fault.New(fault.Uniqueness, "%s: another resource already has this value.", u.attribute(upnProperty))
	answer, err := c.once(ctx, func() (answer jsontext.Value, err error) {
		answer, m, err = u.add(ctx, body, m, dated)
		return answer, err
	})
	if err == nil && m != nil && m.found == nil { // the answer to the lookup was lost, too
		if m, err = u.check(ctx, m); err != nil {
			err = partly(err, "the user was created with id "+text(answer, "id"), nil, 0)
		}
	}
	return answer, m, err
}

// add posts the user. A manager who must be looked up first is looked up in the
// same HTTP request, and nobody is made when there is no such manager. Graph's answer
// does not tell when the user was made; with dated that is read in the same HTTP
// request, too.
func (u users) add(ctx context.Context, body map[string]any, m *manager, dated bool) (jsontext.Value, *manager, error) {
	request, err := u.post(body)
	if err != nil {
		return nil, nil, err
	}
	var steps []step
	var fresh []string
	missing := false
	lookedUp := m != nil && m.found == nil
	if lookedUp {
		fresh = []string{m.value}
		steps = append(steps, step{request: m.lookup(), refused: func(err error) error {
			if missing = unseen(err); missing {
				return u.noManager(ctx, m, err)
			}
			return err
		}})
	}
	steps = append(steps, step{request: request, undone: "the user was not created"})
	if dated {
		steps = append(steps, u.dateOf(body))
	}
	answers, err := u.run(ctx, "", steps, fresh...)
	if missing && err == nil { // left out by policy
		return u.add(ctx, body, nil, dated)
	}
	if lookedUp && len(answers) > 0 {
		m.found = answers[0].Body
		answers = answers[1:]
	}
	if err != nil {
		return nil, m, err
	}
	answer := answers[0].Body
	if dated {
		if made := member(answers[1].Body, createdProperty); made != nil && member(answer, createdProperty) == nil {
			answer = appendMember(answer, createdProperty, made)
		}
	}
	return answer, m, nil
}

const createdProperty = "createdDateTime"

// dateOf reads when the user was made who has just been made: by name, the id not
// being known yet. Where the directory does not show the user at once the answer goes
// without.
func (u users) dateOf(body map[string]any) step {
	return step{optional: true, request: u.byName(body, createdProperty)}
}

// byName reads properties of the user of the name that is sent.
func (u users) byName(body map[string]any, properties ...string) graph.Request {
	name, _ := body[upnProperty].(string)
	return graph.Request{Path: "/users/{id}", Params: map[string]string{"id": name}, Query: graph.Query{Select: properties}}
}

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
		if err := checkName(name); err != nil {
			return nil, err
		}
	}
	u.weaken(w.Body, text(o.raw, passwordPolicies))
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
			u.written.set(id, w.Body)
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
	u.written.set(id, sent)
	u.superseded(id, w)
	return overlaid(o.raw, sent)
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
		if before, ok := relation.Before.(map[string]any); ok && before["value"] == text(m.found, "id") {
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
