package graphsim

import (
	"net/http"
	"slices"
)

// maxLinks is how many relationships one create or update may add.
const maxLinks = 20

// Permission for groups that directory roles can be given to.
const manageRoles = "RoleManagement.ReadWrite.Directory"

func listGroups(c *call) (*answer, error)  { return c.list(c.set("group")) }
func countGroups(c *call) (*answer, error) { return c.count(c.set("group")) }

func getGroup(c *call) (*answer, error) {
	v := c.dir.reading()
	o, err := c.byID("group", v)
	if err != nil {
		return nil, err
	}
	return c.one(o, v, "groups")
}

// byID finds the object of a kind that the "id" segment names. An id that is not
// a GUID is refused before it is looked for.
func (c *call) byID(name string, v view) (*object, error) {
	key := c.vars["id"]
	k := c.kind(name)
	if key.alt != "" {
		return c.byAlternateKey(k, key, v)
	}
	if !isGUID(key.text) {
		return nil, invalidID(key.text)
	}
	o := c.dir.find(k, key.text)
	if o == nil || o.live(v) == nil {
		return nil, notFound(key.text)
	}
	return o, nil
}

// byAlternateKey finds applications(appId='…') and servicePrincipals(appId='…'),
// groups(uniqueName='…') and applications(uniqueName='…').
func (c *call) byAlternateKey(k *kind, key segment, v view) (*object, error) {
	if key.alt == "uniqueName" && k.slot("uniqueName") >= 0 {
		for _, o := range c.dir.sets[k].list {
			if s := o.live(v); s != nil && unquote(s.get(k, "uniqueName")) == key.text {
				return o, nil
			}
		}
		return nil, notFound(key.text)
	}
	if key.alt != "appId" || k.slot("appId") < 0 {
		return nil, unreadable("Bad Request - Error in query syntax.")
	}
	if o := first(c.dir.lookup(k, "appId", key.text)); o != nil && o.live(v) != nil {
		return o, nil
	}
	return nil, notFound(key.text)
}

var requiredOfGroup = []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"}

func createGroup(c *call) (*answer, error) {
	k := c.kind("group")
	w, err := c.changes(k)
	if err != nil {
		return nil, err
	}
	for _, name := range requiredOfGroup {
		if !w.has(name) || w.null(name) {
			return nil, missing(k, name)
		}
	}
	s := &state{values: make([]string, len(k.props))}
	if err := checkGroup(k, w, nil); err != nil {
		return nil, err
	}
	w.assign(k, s)
	s.fill(k, "groupTypes", "[]")
	if err := c.checkNewGroup(k, w, s); err != nil {
		return nil, err
	}
	id := c.dir.ids.next()
	c.dir.complete(k, id, s)
	if err := c.dir.unique(k, nil, s); err != nil {
		return nil, err
	}
	draft := &object{id: id, kind: k, state: s}
	links, err := c.newLinks(draft, w)
	if err != nil {
		return nil, err
	}
	o := c.dir.insert(k, id, s)
	c.addLinks(o, links)
	return c.created(o), nil
}

// checkNewGroup checks what a group is created to be.
func (c *call) checkNewGroup(k *kind, w *changeSet, s *state) error {
	unified, dynamic := isUnified(k, s), isDynamic(k, s)
	switch {
	case unified != (s.get(k, "mailEnabled") == "true"), !unified && s.get(k, "securityEnabled") != "true":
		return refuse("The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.")
	case dynamic && (s.get(k, "membershipRule") == "" || s.get(k, "membershipRuleProcessingState") == ""):
		return missing(k, "membershipRule")
	case !dynamic && s.get(k, "membershipRule") != "":
		return invalidValue(k, "membershipRule")
	case dynamic && len(w.links["members"]) > 0:
		return denied()
	case s.get(k, "visibility") == `"HiddenMembership"` && !unified:
		return invalidValue(k, "visibility")
	}
	if s.get(k, "isAssignableToRole") != "true" {
		return nil
	}
	if !c.may(manageRoles) {
		return denied()
	}
	if dynamic || s.get(k, "securityEnabled") != "true" || s.get(k, "visibility") == `"Public"` {
		return invalidValue(k, "isAssignableToRole")
	}
	s.fill(k, "visibility", `"Private"`)
	return nil
}

func isUnified(k *kind, s *state) bool { return hasString(s.get(k, "groupTypes"), "Unified") }
func isDynamic(k *kind, s *state) bool { return hasString(s.get(k, "groupTypes"), "DynamicMembership") }

// unmanaged tells whether a group is a distribution list or a mail-enabled
// security group, which Exchange manages.
func unmanaged(o *object) bool { return o.is("mailEnabled") && !isUnified(o.kind, o.state) }

// groupValues are the values that some properties of a group are limited to.
var groupValues = map[string][]string{
	"visibility":                    {"Private", "Public", "HiddenMembership"},
	"membershipRuleProcessingState": {"On", "Paused", "on", "paused"},
	"theme":                         {"Teal", "Purple", "Green", "Blue", "Pink", "Orange", "Red"},
}

// groupUpdatable are the properties that an application can change on a group.
// Source: https://learn.microsoft.com/graph/api/group-update, and groups-overview
// for dynamic ones.
var groupUpdatable = []string{
	"description", "displayName", "groupTypes", "mailEnabled", "mailNickname", "membershipRule",
	"membershipRuleProcessingState", "preferredDataLocation", "securityEnabled", "visibility",
	"onPremisesExtensionAttributes",
}

// checkGroup checks the values of a create or, when o is given, of an update.
func checkGroup(k *kind, w *changeSet, o *object) error {
	for _, name := range w.names {
		text := w.text(name)
		if allowed := groupValues[name]; allowed != nil && !w.null(name) && !slices.Contains(allowed, text) {
			return invalidValue(k, name)
		}
		if o != nil && !slices.Contains(groupUpdatable, name) && !isExtension(name) {
			return denied()
		}
	}
	if w.has("mailNickname") && !nicknameOK(w.text("mailNickname")) {
		return invalidValue(k, "mailNickname")
	}
	for _, t := range stringsOf(string(w.values["groupTypes"])) {
		if t != "Unified" && t != "DynamicMembership" {
			return invalidValue(k, "groupTypes")
		}
	}
	return nil
}

func updateGroup(c *call) (*answer, error) {
	o, err := c.byID("group", c.dir.reading())
	if err != nil {
		return nil, err
	}
	w, err := c.changes(o.kind)
	if err != nil {
		return nil, err
	}
	if err := c.mayUpdateGroup(o, w); err != nil {
		return nil, err
	}
	if err := checkGroup(o.kind, w, o); err != nil {
		return nil, err
	}
	next := o.edit()
	attributes := next.get(o.kind, "onPremisesExtensionAttributes")
	w.assign(o.kind, next)
	if w.has("onPremisesExtensionAttributes") {
		next.set(o.kind, "onPremisesExtensionAttributes", merge(o.kind, "onPremisesExtensionAttributes", attributes, next))
	}
	if err := checkChangedGroup(o, next); err != nil {
		return nil, err
	}
	if err := c.dir.unique(o.kind, o, next); err != nil {
		return nil, err
	}
	links, err := c.newLinks(o, w)
	if err != nil {
		return nil, err
	}
	if len(w.names) > 0 {
		c.dir.apply(o, next)
	}
	c.addLinks(o, links)
	return noContent(), nil
}

// mayUpdateGroup refuses groups that Graph does not manage and callers that may
// change the members but nothing else.
func (c *call) mayUpdateGroup(o *object, w *changeSet) error {
	switch {
	case unmanaged(o):
		return mailEnabled()
	case o.is("onPremisesSyncEnabled"):
		return mastered()
	case len(w.names) > 0 && !c.may(updateGroups...), o.is("isAssignableToRole") && !c.may(manageRoles):
		return denied()
	}
	return nil
}

// checkChangedGroup refuses to turn a group into one of another type, save from
// static to dynamic and back.
func checkChangedGroup(o *object, next *state) error {
	k := o.kind
	switch {
	case isUnified(k, next) != isUnified(k, o.state):
		return invalidValue(k, "groupTypes")
	case next.get(k, "mailEnabled") != o.get("mailEnabled"):
		return invalidValue(k, "mailEnabled")
	case !isUnified(k, next) && next.get(k, "securityEnabled") != "true":
		return invalidValue(k, "securityEnabled")
	case isDynamic(k, next) != (next.get(k, "membershipRule") != ""):
		return invalidValue(k, "membershipRule")
	case o.is("isAssignableToRole") && !slices.Contains([]string{o.get("visibility"), `"Private"`}, next.get(k, "visibility")):
		return invalidValue(k, "visibility")
	case o.get("visibility") != next.get(k, "visibility") && (o.text("visibility") == hiddenMembership || next.get(k, "visibility") == quote(hiddenMembership)):
		return invalidValue(k, "visibility")
	}
	return nil
}

const hiddenMembership = "HiddenMembership"

// deleteGroup moves a Microsoft 365 group to deletedItems; other groups are gone.
func deleteGroup(c *call) (*answer, error) {
	o, err := c.byID("group", c.dir.reading())
	if err != nil {
		return nil, err
	}
	switch {
	case unmanaged(o):
		return nil, mailEnabled()
	case o.is("onPremisesSyncEnabled"):
		return nil, mastered()
	case o.is("isAssignableToRole") && !c.may(manageRoles):
		return nil, denied()
	case isUnified(o.kind, o.state):
		c.dir.softDelete(o)
	default:
		c.dir.remove(o)
	}
	return noContent(), nil
}

// validateGroup answers POST /groups/{id}/validateProperties.
func validateGroup(c *call) (*answer, error) {
	o, err := c.byID("group", c.dir.reading())
	if err != nil {
		return nil, err
	}
	values, names, err := c.object()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.Contains([]string{"displayName", "mailNickname", "onBehalfOfUserId"}, name) {
			return nil, undeclared(name)
		}
	}
	nickname := unquote(string(values["mailNickname"]))
	if !c.dir.nicknameTaken(o, nickname) {
		return noContent(), nil
	}
	e := taken("mailNickname")
	e.Details[0].Code = "PropertyConflict"
	e.Status, e.Code, e.Message = http.StatusUnprocessableEntity, unprocessable, "The values provided contain one or more validation errors."
	return nil, e
}
