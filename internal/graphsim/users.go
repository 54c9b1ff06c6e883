package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/graphsim/odata"
)

func listUsers(c *call) (*answer, error)  { return c.list(c.set("user")) }
func countUsers(c *call) (*answer, error) { return c.count(c.set("user")) }

// set is the whole entity set of a kind.
func (c *call) set(name string) collection {
	k := c.kind(name)
	return collection{objects: c.dir.sets[k].list, kind: k, context: k.set, all: true}
}

// one answers a read of a single object.
func (c *call) one(o *object, v view, fragment string) (*answer, error) {
	q, err := c.options(o.kind.name, odata.Options{Single: true})
	if err != nil {
		return nil, err
	}
	if err := c.checkSelect(o.kind, q); err != nil {
		return nil, err
	}
	e := c.encoder(v, q)
	e.typed = fragment == mixedSet
	if o.kind.name == "group" && slices.ContainsFunc(q.Select, o.kind.elsewhere) && !slices.Contains(q.Select, "id") {
		e.sel = append([]string{"id"}, q.Select...) // as the example of https://learn.microsoft.com/graph/api/group-get
	}
	return c.entity(http.StatusOK, e, o, o.in(v), contextOf(fragment, q)), nil
}

// mixedSet is the set whose objects tell their type.
const mixedSet = "directoryObjects"

// entity is the answer that shows one object.
func (c *call) entity(status int, e *encoder, o *object, s *state, fragment string) *answer {
	b := append([]byte(`{"@odata.context":`), quote(c.metadata(fragment+"/$entity"))...)
	b = append(b, ',')
	if e.typed {
		b = append(append(append(b, `"@odata.type":"#microsoft.graph.`...), o.kind.name...), `",`...)
	}
	return &answer{status: status, body: closeObject(e.fields(b, o, s))}
}

// created is the answer to a create: the default properties and nothing else.
func (c *call) created(o *object) *answer {
	return c.entity(http.StatusCreated, &encoder{view: c.dir.newest()}, o, o.state, o.kind.set)
}

func getUser(c *call) (*answer, error) {
	v := c.dir.reading()
	o, err := c.user(v)
	if err != nil {
		return nil, err
	}
	return c.one(o, v, "users")
}

// user finds the user that the "id" segment names by id or userPrincipalName.
func (c *call) user(v view) (*object, error) {
	key := c.vars["id"]
	if key.alt != "" && !strings.EqualFold(key.alt, "userPrincipalName") {
		return nil, unreadable("Bad Request - Error in query syntax.")
	}
	var o *object
	if isGUID(key.text) {
		o = c.dir.find(c.kind("user"), key.text)
	} else {
		o = first(c.dir.lookup(c.kind("user"), "userPrincipalName", key.text))
	}
	if o == nil || o.live(v) == nil {
		return nil, notFound(key.text)
	}
	return o, nil
}

// requiredOfUser are the properties that every new user needs.
var requiredOfUser = []string{"accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"}

func createUser(c *call) (*answer, error) {
	k := c.kind("user")
	w, err := c.changes(k)
	if err != nil {
		return nil, err
	}
	required := requiredOfUser
	if w.identified() {
		required = w.requiredOfIdentified()
	}
	for _, name := range required {
		if !w.has(name) || w.null(name) {
			return nil, missing(k, name)
		}
	}
	s := &state{values: make([]string, len(k.props))}
	if err := c.applyUser(k, w, s, nil); err != nil {
		return nil, err
	}
	id := c.dir.ids.next()
	if w.identified() {
		c.dir.nameIdentified(k, id, s)
	}
	c.dir.complete(k, id, s)
	if err := c.dir.unique(k, nil, s); err != nil {
		return nil, err
	}
	o := c.dir.insert(k, id, s)
	if w.identified() {
		return c.createdIdentified(o), nil
	}
	return c.created(o), nil
}

func updateUser(c *call) (*answer, error) {
	o, err := c.user(c.dir.reading())
	if err != nil {
		return nil, err
	}
	w, err := c.changes(o.kind)
	if err != nil {
		return nil, err
	}
	if err := c.mayUpdateUser(o, w); err != nil {
		return nil, err
	}
	next := o.edit()
	if err := c.applyUser(o.kind, w, next, o); err != nil {
		return nil, err
	}
	if err := c.dir.unique(o.kind, o, next); err != nil {
		return nil, err
	}
	c.dir.apply(o, next)
	return noContent(), nil
}

// applyUser checks the values of a create or an update and puts them into the
// state; o is nil on a create.
func (c *call) applyUser(k *kind, w *changeSet, s *state, o *object) error {
	for _, name := range w.names {
		rule, ok := userRules[name]
		if w.null(name) && name == "passwordProfile" {
			return invalidValue(k, name)
		}
		if !ok || w.null(name) {
			continue
		}
		if err := rule(&userWrite{call: c, kind: k, changes: w, state: s, object: o}, name); err != nil {
			return err
		}
	}
	formerMail, attributes := unquote(s.get(k, "mail")), s.get(k, "onPremisesExtensionAttributes")
	w.assign(k, s)
	if w.has("onPremisesExtensionAttributes") {
		s.set(k, "onPremisesExtensionAttributes", merge(k, "onPremisesExtensionAttributes", attributes, s))
	}
	if w.has("employeeOrgData") && !w.null("employeeOrgData") {
		s.set(k, "employeeOrgData", merge(k, "employeeOrgData", "", s)) // what is not given becomes null
	}
	if w.has("passwordProfile") {
		c.dir.storePassword(k, s)
	}
	if w.has("userPrincipalName") && o != nil {
		s.set(k, "identities", c.dir.signIns(s.get(k, "identities"), s.get(k, "userPrincipalName")))
	}
	if w.has("mail") {
		s.mailToProxy(k, formerMail)
	}
	return c.dir.federated(k, s)
}

// checkSignIns refuses to tell of sign-ins without the permission, in a tenant without
// the license, and of a user who is not named by id. The last two are observed.
func (c *call) checkSignIns() error {
	id, single := c.vars["id"]
	switch {
	case !c.may("AuditLog.Read.All"):
		return denied()
	case c.dir.basic:
		e := denied()
		e.Code, e.Message = "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license"
		return e
	case single && len(c.vars) == 1 && !isGUID(id.text):
		return unreadable("Get By Key only supports UserId and the key has to be a valid Guid")
	}
	return nil
}

func deleteUser(c *call) (*answer, error) {
	o, err := c.user(c.dir.reading())
	if err != nil {
		return nil, err
	}
	if c.guarded(o) {
		return nil, denied()
	}
	c.dir.softDelete(o)
	return noContent(), nil
}

// checkSelect refuses to select or expand what the caller may not see.
func (c *call) checkSelect(k *kind, q *odata.Query) error {
	for _, name := range q.Select {
		if k != nil && k.name == "user" && (!c.reads(k, name) || ownRead[name] != nil && !c.may(ownRead[name]...)) {
			return denied()
		}
	}
	if q.SignIns {
		if err := c.checkSignIns(); err != nil {
			return err
		}
	}
	for _, x := range q.Expand {
		if roles := navigationRoles[x.Property]; roles != nil && !c.may(roles...) {
			return denied()
		}
	}
	return nil
}
