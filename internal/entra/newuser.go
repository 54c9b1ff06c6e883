package entra

import (
	"context"
	"maps"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/entra/naming"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/vault"
)

// A newUser is a user who is to be made: what is sent, and what comes after it.
type newUser struct {
	w        mapping.Write
	password *vault.Password // that was generated; nil: the client sent one
	manager  *manager
	beside   beside
}

// Create makes a user: one POST, and with a manager a second request. A user of
// userType Guest is invited.
func (u users) Create(ctx context.Context, doc scim.Document, p scim.Projection, enc *jsontext.Encoder) (string, error) {
	doc = maps.Clone(doc)
	u.complete(doc)
	if isGuest(doc) {
		return u.invite(ctx, doc, p, enc)
	}
	n, err := u.newUser(ctx, doc)
	if err != nil {
		return "", err
	}
	if done, id, err := u.revived(ctx, doc, n.w, n.manager, p, enc); done {
		return id, err
	}
	if err := u.deliverable(ctx, n.password, p); err != nil {
		return "", err
	}
	ctx, done := u.lasting(ctx, n.password)
	defer done()
	raw, err := u.addNew(ctx, &n, p)
	if err != nil {
		return "", u.abandoned(ctx, entity.Text(raw, "id"), n.password, err)
	}
	id := entity.Text(raw, "id")
	u.made(id)
	u.fresh.Add(u.table.Collection(), entity.Text(raw, upnProperty)) // by which others may name the user as manager
	o, err := u.settleNew(ctx, id, raw, n)
	if err != nil {
		return "", err
	}
	return id, u.write(ctx, o, u.plan(p), enc)
}

// newUser checks all of what a client wants made, and looks up what it names.
func (u users) newUser(ctx context.Context, doc scim.Document) (n newUser, err error) {
	if n.w, err = u.table.Create(doc); err != nil {
		return n, err
	}
	if n.w.Relations[relationInvitation].After != nil {
		return n, fault.New(fault.InvalidValue, "redirectUrl is for guests: userType must be Guest.")
	}
	if n.password, err = u.prepare(ctx, n.w); err != nil {
		return n, err
	}
	if n.manager, err = u.newManager(ctx, n.w); err != nil {
		return n, err
	}
	n.beside, err = u.newGiven(ctx, n.w)
	return n, err
}

// addNew makes the user object. What it gives with an error may tell the id.
func (u users) addNew(ctx context.Context, n *newUser, p scim.Projection) (answer jsontext.Value, err error) {
	if answer, n.manager, err = u.addOnce(ctx, n.w.Body, n.manager, p); err != nil {
		return answer, err
	}
	raw, err := entity.Created(n.w.Body, answer)
	if err != nil {
		return answer, err
	}
	return raw, nil
}

// settleNew delivers the password of a user who was just made, and gives what comes
// after.
func (u users) settleNew(ctx context.Context, id string, raw jsontext.Value, n newUser) (o object, err error) {
	encrypted, lost := u.deliver(ctx, id, n.password)
	if n.manager != nil || !n.beside.empty() {
		if raw, err = u.give(ctx, id, raw, n.manager, n.beside); err != nil {
			return o, alsoLost(err, lost)
		}
	}
	if lost != nil {
		return o, undelivered("The user was created with id "+id+", and all else was done.", lost)
	}
	o.raw = withEncrypted(raw, encrypted)
	return o, n.beside.overlay(&o)
}

// prepare checks the name of a new user and gives the user a password when the client
// sent none; nil: the client did.
func (u users) prepare(ctx context.Context, w mapping.Write) (*vault.Password, error) {
	name, _ := w.Body[upnProperty].(string)
	if err := naming.Check(name); err != nil {
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
	c := u.creation(body, u.byName(body, union(append([]string{"id", createdProperty}, entity.Readable(body)...), u.ordinary(u.plan(p).Select))...))
	c.unique = upnProperty
	c.taken = fault.New(fault.Uniqueness, "%s: another resource already has this value.", u.attribute(upnProperty))
	answer, err := c.once(ctx, func() (answer jsontext.Value, err error) {
		answer, m, err = u.add(ctx, body, m, dated)
		return answer, err
	})
	if err == nil && m != nil && m.found == nil { // the answer to the lookup was lost, too
		if m, err = u.check(ctx, m); err != nil {
			err = partly(err, "the user was created with id "+entity.Text(answer, "id"), nil, 0)
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
		if made := entity.Member(answers[1].Body, createdProperty); made != nil && entity.Member(answer, createdProperty) == nil {
			answer = entity.With(answer, createdProperty, made)
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
