package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/graphsim/odata"
)

// A licenseChange is the body of assignLicense.
type licenseChange struct {
	Add    []license `json:"addLicenses"`
	Remove []string  `json:"removeLicenses"`
}

// licenseChange reads the body: both lists are required.
func (c *call) licenseChange() (licenseChange, error) {
	var change licenseChange
	if err := c.action(&change, "addLicenses", "removeLicenses"); err != nil {
		return change, err
	}
	if change.Remove == nil || change.Add == nil {
		return change, unreadable("The parameter 'removeLicenses' is required for the operation.")
	}
	seen := map[string]bool{}
	for i := range change.Remove {
		change.Remove[i] = strings.ToLower(change.Remove[i])
		seen[change.Remove[i]] = true
	}
	for i := range change.Add {
		l := &change.Add[i]
		l.SkuID = strings.ToLower(l.SkuID)
		switch {
		case seen[l.SkuID]:
			return change, refuse("Duplicate licenses found in the request.")
		case c.dir.subscription(l.SkuID) == nil:
			return change, refuse("License with ID '%s' does not correspond to a valid company License.", l.SkuID)
		case !c.dir.offersPlans(l):
			return change, refuse("One or more of the disabled plans are not part of the license '%s'.", l.SkuID)
		}
		seen[l.SkuID] = true
	}
	return change, nil
}

// assignUserLicense answers POST /users/{id}/assignLicense: all of it is done, or
// nothing.
func assignUserLicense(c *call) (*answer, error) {
	o, err := c.user(c.dir.reading())
	if err != nil {
		return nil, err
	}
	change, err := c.licenseChange()
	if err != nil {
		return nil, err
	}
	if o.text("usageLocation") == "" && len(change.Add) > 0 {
		return nil, refuse("License assignment cannot be done for user with invalid usage location.")
	}
	direct, err := changed(c.dir.states(o), change, timeOf(c.dir))
	if err != nil {
		return nil, err
	}
	if err := c.dir.license(o, direct, true); err != nil {
		return nil, err
	}
	e := &encoder{view: c.dir.newest(), sel: licensedUser}
	return c.entity(http.StatusOK, e, o, o.state, o.kind.set), nil
}

// licensedUser is what the answer shows, as its page has it.
var licensedUser = []string{
	"id", "accountEnabled", "assignedLicenses", "assignedPlans", "businessPhones", "city", "companyName", "displayName", "userPrincipalName",
}

// assignGroupLicense answers POST /groups/{id}/assignLicense. Graph does what follows
// later; here the members have it at once.
func assignGroupLicense(c *call) (*answer, error) {
	o, err := c.byID("group", c.dir.reading())
	if err != nil {
		return nil, err
	}
	change, err := c.licenseChange()
	if err != nil {
		return nil, err
	}
	list := licensesOf(o)
	for _, sku := range change.Remove {
		before := len(list)
		if list = slices.DeleteFunc(list, func(l license) bool { return l.SkuID == sku }); len(list) == before {
			return nil, refuse("Group does not have a corresponding license.")
		}
	}
	for _, l := range change.Add {
		list = slices.DeleteFunc(list, func(had license) bool { return had.SkuID == l.SkuID })
		list = append(list, license{SkuID: l.SkuID, DisabledPlans: l.plans()})
	}
	next := o.edit()
	next.set(o.kind, "assignedLicenses", listText(list))
	c.dir.apply(o, next)
	c.dir.relicenseMembers(o)
	e := &encoder{view: c.dir.newest(), sel: []string{"id", "deletedDateTime", "classification", "createdDateTime", "securityEnabled"}}
	a := c.entity(http.StatusAccepted, e, o, o.state, o.kind.set)
	a.header = http.Header{"Location": {c.base + "/directoryObjects/" + o.id + "/Microsoft.DirectoryServices.Group"}}
	return a, nil
}

// licenseDetails answers GET /users/{id}/licenseDetails, which takes $select and no
// other option.
func licenseDetails(c *call) (*answer, error) {
	o, err := c.user(c.dir.reading())
	if err != nil {
		return nil, err
	}
	if err := c.onlyOptions("$select"); err != nil {
		return nil, err
	}
	q, err := c.options("licenseDetails", odata.Options{})
	if err != nil {
		return nil, err
	}
	k := newKind(c.sim.model, "licenseDetails", "licenseDetails")
	e := c.encoder(c.dir.newest(), q)
	body := append([]byte(`{"@odata.context":`), quote(c.metadata(contextOf("users('"+o.id+"')/licenseDetails", q)))...)
	body = append(body, `,"value":[`...)
	for i, l := range licensesOf(o) {
		if i > 0 {
			body = append(body, ',')
		}
		body = e.object(body, &object{kind: k}, c.dir.details(k, o, l.SkuID))
	}
	return &answer{status: http.StatusOK, body: append(body, "]}"...)}, nil
}

// details is a license of a user as licenseDetails shows it.
func (d *Directory) details(k *kind, o *object, sku string) *state {
	s := &state{values: make([]string, len(k.props))}
	s.set(k, "id", quote(assignmentID(o.id, sku)))
	s.set(k, "skuId", quote(sku))
	if subscribed := d.subscription(sku); subscribed != nil {
		s.set(k, "skuPartNumber", subscribed.get("skuPartNumber"))
		s.set(k, "servicePlans", subscribed.get("servicePlans"))
	}
	return s
}

// revokeSessions answers POST /users/{id}/revokeSignInSessions, with 200 as the page's
// example does.
func revokeSessions(c *call) (*answer, error) {
	o, err := c.user(c.dir.reading())
	if err != nil {
		return nil, err
	}
	if c.guarded(o) {
		return nil, denied()
	}
	next := o.edit()
	next.set(o.kind, "signInSessionsValidFromDateTime", timeText(c.dir.clock()))
	c.dir.apply(o, next)
	return &answer{status: http.StatusOK, body: []byte(`{"@odata.context":` + quote(c.metadata("Edm.Boolean")) + `,"value":true}`)}, nil
}
