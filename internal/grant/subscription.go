package grant

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// A Subscription is what the directory has of a license.
type Subscription struct {
	SkuID            string `json:"skuId"`
	SkuPartNumber    string `json:"skuPartNumber"`
	AppliesTo        string `json:"appliesTo"`
	CapabilityStatus string `json:"capabilityStatus"`
	ConsumedUnits    int    `json:"consumedUnits"`
	PrepaidUnits     struct {
		Enabled int `json:"enabled"`
		Warning int `json:"warning"`
	} `json:"prepaidUnits"`
	ServicePlans []struct {
		ServicePlanID string `json:"servicePlanId"`
	} `json:"servicePlans"`
}

// Subscriptions are those of the directory; Unread when the gateway may not read them,
// and then Graph alone decides about licenses.
type Subscriptions struct {
	Unread bool

	list []Subscription
}

// SubscribedSkus is the request for them. The collection takes no options and has no
// pages.
func SubscribedSkus() graph.Request { return graph.Request{Path: "/subscribedSkus"} }

// ReadSubscriptions makes the subscriptions of Graph's answer.
func ReadSubscriptions(result graph.Result) (*Subscriptions, error) {
	switch {
	case fault.Is(result.Err, fault.Forbidden):
		return &Subscriptions{Unread: true}, nil
	case result.Err != nil:
		return nil, result.Err
	}
	s := &Subscriptions{}
	_, err := graph.Collection(result.Body, func(d *jsontext.Decoder) error {
		var one Subscription
		err := json.UnmarshalDecode(d, &one)
		s.list = append(s.list, one)
		return err
	})
	return s, err
}

// find gives the license of a skuId or a name; nil when there is none.
func (s *Subscriptions) find(name string) *Subscription {
	i := slices.IndexFunc(s.list, func(one Subscription) bool {
		return strings.EqualFold(one.SkuID, name) || strings.EqualFold(one.SkuPartNumber, name)
	})
	if i < 0 {
		return nil
	}
	return &s.list[i]
}

// Renamed is the id of the license of that name; the name itself when there is none.
func (s *Subscriptions) Renamed(name string) string {
	if one := s.find(name); one != nil {
		return strings.ToLower(one.SkuID)
	}
	return name
}

// skuID is the id of a license that a client names. One that is not known is refused,
// unless nothing could be read, and then it must be an id.
func (s *Subscriptions) skuID(attribute, name string) (string, error) {
	if one := s.find(name); one != nil {
		return strings.ToLower(one.SkuID), nil
	}
	if s.Unread && isGUID(name) {
		return strings.ToLower(name), nil
	}
	return "", fault.New(fault.InvalidValue, "%s: the directory has no license %q; /Entitlements lists those there are.", attribute, clipped(name))
}

// give refuses a license that nobody, or nobody more, can be given.
func (s *Subscriptions) give(attribute string, l license) error {
	one := s.find(l.SkuID)
	if one == nil {
		return nil // nothing is known
	}
	units := one.PrepaidUnits.Enabled + one.PrepaidUnits.Warning
	switch {
	case one.AppliesTo != "" && one.AppliesTo != "User":
		return fault.New(fault.InvalidValue, "%s: %s is a license of the whole organization, not of users.", attribute, one.SkuPartNumber)
	case one.CapabilityStatus != "Enabled" && one.CapabilityStatus != "Warning":
		return fault.New(fault.InvalidValue, "%s: the subscription to %s is %s.", attribute, one.SkuPartNumber, strings.ToLower(one.CapabilityStatus))
	case one.ConsumedUnits >= units:
		return fault.New(fault.InvalidValue, "%s: no unit of %s is left: %d of %d are used.", attribute, one.SkuPartNumber, one.ConsumedUnits, units)
	}
	return nil
}

// plans refuses plans to switch off that the license does not have.
func (s *Subscriptions) plans(attribute string, l license) error {
	one := s.find(l.SkuID)
	if one == nil {
		return nil // nothing is known
	}
	for _, plan := range l.DisabledPlans {
		known := false
		for _, p := range one.ServicePlans {
			known = known || strings.EqualFold(p.ServicePlanID, plan)
		}
		if !known {
			return fault.New(fault.InvalidValue, "%s.disabledPlans: %s has no service plan %q.", attribute, one.SkuPartNumber, clipped(plan))
		}
	}
	return nil
}
