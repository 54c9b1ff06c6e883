package graphsim

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// A license is an element of assignedLicenses, and what assignLicense adds.
type license struct {
	DisabledPlans []string `json:"disabledPlans"`
	SkuID         string   `json:"skuId"`
}

// A licenseState is an element of licenseAssignmentStates. Source:
// https://learn.microsoft.com/graph/api/resources/licenseassignmentstate.
type licenseState struct {
	AssignedByGroup     *string  `json:"assignedByGroup"` // nil: given to the user itself
	DisabledPlans       []string `json:"disabledPlans"`
	Error               *string  `json:"error"`
	LastUpdatedDateTime string   `json:"lastUpdatedDateTime"`
	SkuID               string   `json:"skuId"`
	State               string   `json:"state"`
}

// Words of licenseState.
const (
	stateActive    = "Active"
	stateError     = "Error"
	countViolation = "CountViolation"
)

// subscription finds what the tenant has of a SKU; nil when it has none.
func (d *Directory) subscription(sku string) *object {
	return d.find(d.schema["subscribedSku"], d.tenant+"_"+sku)
}

// offersPlans tells whether the plans that a license leaves out are some of its SKU's.
func (d *Directory) offersPlans(l *license) bool {
	var plans []map[string]string
	_ = json.Unmarshal([]byte(or(d.subscription(l.SkuID).get("servicePlans"), "[]")), &plans)
	for i, plan := range l.DisabledPlans {
		l.DisabledPlans[i] = strings.ToLower(plan)
		if !slices.ContainsFunc(plans, func(p map[string]string) bool { return strings.EqualFold(p["servicePlanId"], plan) }) {
			return false
		}
	}
	return true
}

// changed are the licenses that a user has by itself after a change.
func changed(states []licenseState, change licenseChange, now string) ([]licenseState, error) {
	direct := slices.DeleteFunc(slices.Clone(states), func(s licenseState) bool { return s.AssignedByGroup != nil })
	for _, sku := range change.Remove {
		i := slices.IndexFunc(direct, func(s licenseState) bool { return s.SkuID == sku })
		switch {
		case i >= 0:
			direct = slices.Delete(direct, i, i+1)
		case slices.ContainsFunc(states, func(s licenseState) bool { return s.SkuID == sku }):
			return nil, refuse("User license is inherited from a group membership and it cannot be removed directly from the user.")
		default:
			return nil, refuse("User does not have a corresponding license.")
		}
	}
	for _, l := range change.Add {
		s := licenseState{DisabledPlans: l.plans(), LastUpdatedDateTime: now, SkuID: l.SkuID, State: stateActive}
		if i := slices.IndexFunc(direct, func(s licenseState) bool { return s.SkuID == l.SkuID }); i >= 0 {
			direct[i] = s
		} else {
			direct = append(direct, s)
		}
	}
	return direct, nil
}

// plans are the disabled ones, never null.
func (l license) plans() []string {
	if l.DisabledPlans == nil {
		return []string{}
	}
	return l.DisabledPlans
}

func timeOf(d *Directory) string { return unquote(timeText(d.clock())) }

// states are the license assignments of a user in its newest state.
func (d *Directory) states(o *object) []licenseState {
	var states []licenseState
	_ = json.Unmarshal([]byte(or(o.get("licenseAssignmentStates"), "[]")), &states)
	return states
}

// licenses are those that an object is given itself: a group's.
func licensesOf(o *object) []license {
	var list []license
	_ = json.Unmarshal([]byte(or(o.get("assignedLicenses"), "[]")), &list)
	return list
}

// license gives a user the licenses that it has by itself, and those of the groups that
// it is a direct member of. Strictly, it fails when there is no unit left for one of the
// former; of the latter the state tells. The caller holds the lock.
func (d *Directory) license(o *object, direct []licenseState, strictly bool) error {
	states := append(slices.Clone(direct), d.inherited(o)...)
	had := active(d.states(o))
	for i := range states {
		s := &states[i]
		s.State, s.Error = stateActive, nil
		if slices.Contains(had, s.SkuID) || d.hasUnit(s.SkuID) {
			continue
		}
		if s.AssignedByGroup == nil && strictly {
			return refuse("Subscription with SKU %s does not have any available licenses.", s.SkuID)
		}
		problem := countViolation
		s.State, s.Error = stateError, &problem
	}
	next := o.edit()
	next.licensed(o.kind, states)
	d.apply(o, next)
	d.consume(had, active(states))
	return nil
}

// licensed stores license assignments and what follows from them.
func (s *state) licensed(k *kind, states []licenseState) {
	s.set(k, "licenseAssignmentStates", listText(states))
	var list []license
	for _, sku := range active(states) {
		l := license{SkuID: sku}
		for _, one := range states {
			switch {
			case one.SkuID != sku || one.State != stateActive:
			case l.DisabledPlans == nil:
				l.DisabledPlans = slices.Clone(one.DisabledPlans)
			default: // a plan is on when one assignment has it on
				l.DisabledPlans = slices.DeleteFunc(l.DisabledPlans, func(p string) bool { return !slices.Contains(one.DisabledPlans, p) })
			}
		}
		l.DisabledPlans = l.plans()
		list = append(list, l)
	}
	s.set(k, "assignedLicenses", listText(list))
}

// listText is a list as JSON; "" for an empty one.
func listText[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	text, _ := json.Marshal(list) // of strings alone
	return string(text)
}

// active are the SKUs that assignments give, each once.
func active(states []licenseState) []string {
	var skus []string
	for _, s := range states {
		if s.State == stateActive && !slices.Contains(skus, s.SkuID) {
			skus = append(skus, s.SkuID)
		}
	}
	return skus
}

// inherited are the assignments that a user has from groups; those of nested groups
// give nothing.
func (d *Directory) inherited(o *object) []licenseState {
	var states []licenseState
	for _, group := range o.links[memberOf].list {
		if group.kind.name != "group" || group.state.status != live {
			continue
		}
		for _, l := range licensesOf(group) {
			states = append(states, licenseState{
				AssignedByGroup: &group.id, DisabledPlans: l.plans(), LastUpdatedDateTime: timeOf(d), SkuID: l.SkuID,
			})
		}
	}
	return states
}

// hasUnit tells whether one more user can have a SKU. What the tenant has no
// subscription of is not counted.
func (d *Directory) hasUnit(sku string) bool {
	s := d.subscription(sku)
	if s == nil {
		return true
	}
	enabled, _ := inside(s.get("prepaidUnits"), "enabled").(float64)
	used, _ := valueOf(or(s.get("consumedUnits"), "0")).(int64)
	return float64(used) < enabled
}

// consume counts the units that are used: before and now are SKUs of a user.
func (d *Directory) consume(before, now []string) {
	for _, sku := range before {
		if !slices.Contains(now, sku) {
			d.count(sku, -1)
		}
	}
	for _, sku := range now {
		if !slices.Contains(before, sku) {
			d.count(sku, 1)
		}
	}
}

func (d *Directory) count(sku string, n int64) {
	s := d.subscription(sku)
	if s == nil {
		return
	}
	used, _ := valueOf(or(s.get("consumedUnits"), "0")).(int64)
	next := s.edit()
	text, _ := jsonText(int(max(used+n, 0)))
	next.set(s.kind, "consumedUnits", text)
	d.apply(s, next)
}

// relicense gives the users among two linked objects what the group among them gives.
func (d *Directory) relicense(r relation, from, to *object) {
	if r == members {
		from, to = to, from
	} else if r != memberOf {
		return
	}
	if from.kind.name == "user" && len(licensesOf(to)) > 0 {
		_ = d.license(from, d.direct(from), false) // not strictly: it does not fail
	}
}

// relicenseMembers gives the members of a group what it gives, or no longer gives.
func (d *Directory) relicenseMembers(group *object) {
	for _, member := range group.links[members].list {
		if member.kind.name == "user" && member.state.status == live {
			_ = d.license(member, d.direct(member), false) // not strictly: it does not fail
		}
	}
}

// direct are the assignments that a user has by itself.
func (d *Directory) direct(o *object) []licenseState {
	return slices.DeleteFunc(d.states(o), func(s licenseState) bool { return s.AssignedByGroup != nil })
}
