package entra

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
)

const (
	relationLicenses = "licenses"
	attrEntitlements = "entitlements"
	statesProperty   = "licenseAssignmentStates"
	locationProperty = "usageLocation"
)

// A license is one that a user has or is to have, as assignLicense takes it.
type license struct {
	DisabledPlans []string `json:"disabledPlans"`
	SkuID         string   `json:"skuId"`
}

// A licenseState is an element of a user's licenseAssignmentStates.
type licenseState struct {
	license

	AssignedByGroup string `json:"assignedByGroup"` // "" the user itself
	State           string `json:"state"`
}

// inForce tells whether the assignment gives the license, as the table's relation has it.
func (s licenseState) inForce() bool { return strings.HasPrefix(s.State, "Active") }

// A licensing is a change of the licenses that a user has by itself: one request.
type licensing struct {
	body  jsontext.Value
	after []any // licenseAssignmentStates as they are then
	taken int   // licenses that are taken away
}

// licenses plans the change that a write asks for; nil when it asks for none. Raw is the
// user, nil for a new one. Where a PUT leaves out what is inherited it stays.
func (u users) licenses(raw jsontext.Value, w mapping.Write, s *subscriptions, put bool) (*licensing, error) {
	change, concerned := w.Relations[relationLicenses]
	if !concerned {
		return nil, nil //nolint:nilnil // nothing is to be done
	}
	held, err := heldLicenses(raw)
	if err != nil {
		return nil, err
	}
	want, err := wanted(change.After, held, s)
	if err != nil {
		return nil, err
	}
	if !put && len(want.direct)+len(want.inherited) > 0 {
		if err := want.keeps(held); err != nil {
			return nil, err
		}
	}
	add, remove := want.against(held)
	if len(add)+len(remove) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	if err := u.assignable(raw, w, add, held, s); err != nil {
		return nil, err
	}
	return newLicensing(add, remove, want.direct, held)
}

// heldLicenses are the assignments of a user that give a license.
func heldLicenses(raw jsontext.Value) ([]licenseState, error) {
	var all []licenseState
	if v := member(raw, statesProperty); v.Kind() == '[' {
		if err := json.Unmarshal(v, &all); err != nil {
			return nil, broken(err)
		}
	}
	return slices.DeleteFunc(all, func(s licenseState) bool { return !s.inForce() }), nil
}

// A wish is what a client wants a user to have.
type wish struct {
	direct    []license // by itself
	inherited []license // through groups, as the client repeats it
}

// wanted reads the values of the attribute.
func wanted(v any, held []licenseState, s *subscriptions) (wish, error) {
	var w wish
	list, _ := v.([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		name, _ := m["value"].(string)
		if name = strings.TrimSpace(name); name == "" {
			return w, fault.New(fault.InvalidValue, "%s.value is required: it names the license.", attrEntitlements)
		}
		l := license{SkuID: strings.ToLower(name), DisabledPlans: []string{}}
		plans, _ := m["disabledPlans"].([]any)
		for _, plan := range plans {
			text, _ := plan.(string)
			l.DisabledPlans = append(l.DisabledPlans, strings.ToLower(text))
		}
		kind, _ := m["type"].(string)
		switch {
		case strings.EqualFold(kind, "inherited"):
			w.inherited = append(w.inherited, l)
		case !slices.ContainsFunc(held, func(h licenseState) bool { return strings.EqualFold(h.SkuID, l.SkuID) }):
			var err error
			if l.SkuID, err = s.skuID(name); err != nil {
				return w, err
			}
			fallthrough
		default:
			w.direct = slices.DeleteFunc(w.direct, func(d license) bool { return d.SkuID == l.SkuID })
			w.direct = append(w.direct, l)
		}
	}
	return w, nil
}

// keeps refuses to take or change what comes through a group, and to give it so.
func (w wish) keeps(held []licenseState) error {
	for _, h := range held {
		if h.AssignedByGroup == "" || hasSku(w.direct, h.SkuID) {
			continue
		}
		i := slices.IndexFunc(w.inherited, func(l license) bool { return strings.EqualFold(l.SkuID, h.SkuID) })
		direct := slices.ContainsFunc(held, func(d licenseState) bool { return d.AssignedByGroup == "" && d.SkuID == h.SkuID })
		if i < 0 && !direct {
			return fault.New(fault.Mutability, "%s: the license %s is inherited from the group %s and is removed there.", attrEntitlements, h.SkuID, h.AssignedByGroup)
		}
	}
	for _, l := range w.inherited {
		if !slices.ContainsFunc(held, func(h licenseState) bool {
			return h.AssignedByGroup != "" && strings.EqualFold(h.SkuID, l.SkuID) && samePlans(h.DisabledPlans, l.DisabledPlans)
		}) {
			return fault.New(fault.Mutability, "%s: what is inherited is given and changed at the group.", attrEntitlements)
		}
	}
	return nil
}

func hasSku(list []license, sku string) bool {
	return slices.ContainsFunc(list, func(l license) bool { return strings.EqualFold(l.SkuID, sku) })
}

func samePlans(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(p string) bool {
		return !slices.ContainsFunc(b, func(q string) bool { return strings.EqualFold(p, q) })
	})
}

// against compares with what the user has by itself.
func (w wish) against(held []licenseState) (add []license, remove []string) {
	for _, l := range w.direct {
		same := func(h licenseState) bool {
			return h.AssignedByGroup == "" && strings.EqualFold(h.SkuID, l.SkuID) && samePlans(h.DisabledPlans, l.DisabledPlans)
		}
		if !slices.ContainsFunc(held, same) {
			add = append(add, l)
		}
	}
	for _, h := range held {
		if h.AssignedByGroup == "" && !hasSku(w.direct, h.SkuID) {
			remove = append(remove, h.SkuID)
		}
	}
	return add, remove
}

// assignable checks what Graph would refuse, so that nothing is written then.
func (u users) assignable(raw jsontext.Value, w mapping.Write, add []license, held []licenseState, s *subscriptions) error {
	for _, l := range add {
		if err := s.plans(l); err != nil {
			return err
		}
		if slices.ContainsFunc(held, func(h licenseState) bool { return strings.EqualFold(h.SkuID, l.SkuID) }) {
			continue // the user uses a unit already
		}
		if err := s.give(l); err != nil {
			return err
		}
	}
	location, written := w.Body[locationProperty]
	if !written {
		location = text(raw, locationProperty)
	}
	if len(add) > 0 && (location == nil || location == "") {
		return fault.New(fault.InvalidValue, "%s: a user needs %s before a license is assigned.", attrEntitlements, u.attribute(locationProperty))
	}
	return nil
}

// newLicensing makes the body of assignLicense, and what the user has after it.
func newLicensing(add []license, remove []string, direct []license, held []licenseState) (*licensing, error) {
	if add == nil {
		add = []license{}
	}
	if remove == nil {
		remove = []string{}
	}
	body, err := json.Marshal(map[string]any{"addLicenses": add, "removeLicenses": remove}, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	l := &licensing{body: body, taken: len(remove)}
	for _, d := range direct {
		l.after = append(l.after, map[string]any{"skuId": d.SkuID, "disabledPlans": anys(d.DisabledPlans), "state": "Active"})
	}
	for _, h := range held {
		if h.AssignedByGroup != "" {
			l.after = append(l.after, map[string]any{
				"skuId": h.SkuID, "assignedByGroup": h.AssignedByGroup, "disabledPlans": anys(h.DisabledPlans), "state": h.State,
			})
		}
	}
	return l, nil
}

// step is the request of the change.
func (l *licensing) step(id string) step {
	return step{
		request: graph.Request{
			Method: http.MethodPost, Path: "/users/{id}/assignLicense", Params: map[string]string{"id": id}, Body: l.body,
		},
		undone: "the licenses were not changed",
		refused: func(err error) error {
			f := *fault.From(err)
			if f.Kind == fault.InvalidValue && !unseen(err) {
				f.Detail = attrEntitlements + ": " + strings.ToLower(f.Detail[:1]) + f.Detail[1:]
			}
			return &f
		},
	}
}

// newLicenses plans the licenses of a new user.
func (u users) newLicenses(ctx context.Context, w mapping.Write) (*licensing, error) {
	if list, _ := w.Relations[relationLicenses].After.([]any); len(list) == 0 {
		return nil, nil //nolint:nilnil // nothing is to be done
	}
	response, err := u.graph.Do(ctx, subscribedSkus())
	result := graph.Result{Err: err}
	if err == nil {
		result.Response = *response
	}
	s, err := readSubscriptions(ctx, result)
	if err != nil {
		return nil, err
	}
	return u.licenses(nil, w, s, false)
}
