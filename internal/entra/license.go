package entra

import (
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/mapping"
)

const (
	relationLicenses = "licenses"
	attrEntitlements = "entitlements"
	statesProperty   = "licenseAssignmentStates"
	locationProperty = "usageLocation"
)

// licenses plans the change of licenses that a write asks for; nil when it asks for none.
// Raw is the user, nil for a new one. Where a PUT leaves out what is inherited it stays.
func (u users) licenses(raw jsontext.Value, w mapping.Write, s *grant.Subscriptions, put bool) (*grant.Licenses, error) {
	change, concerned := w.Relations[relationLicenses]
	if !concerned || s == nil {
		return nil, nil //nolint:nilnil // nothing is to be done
	}
	l, err := grant.PlanLicenses(attrEntitlements, entity.Member(raw, statesProperty), change.After, s, put)
	if err == nil && l.Gives() {
		err = u.locate(raw, w)
	}
	return l, entity.Broken(err)
}

// locate gives a user the usage location that a license needs: the tenant's, when the
// user has none and the write says nothing of it.
func (u users) locate(raw jsontext.Value, w mapping.Write) error {
	written, said := w.Body[locationProperty]
	switch {
	case said && written != nil && written != "", !said && entity.Text(raw, locationProperty) != "":
		return nil
	case !said && u.options.Policy.UsageLocation != "":
		w.Body[locationProperty] = u.options.Policy.UsageLocation
		return nil
	}
	return fault.New(fault.InvalidValue, "%s: a user needs %s before a license is assigned.", attrEntitlements, u.attribute(locationProperty))
}
