package grant

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
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

// Licenses are a change of the licenses that a user has by itself: one request.
type Licenses struct {
	attribute string // as errors name it
	body      jsontext.Value
	gives     bool
	taken     int
	after     []any
}

// PlanLicenses compares what a client wants with the user's licenseAssignmentStates; nil
// when nothing is to be done. With put, what is inherited and left out stays.
func PlanLicenses(attribute string, states jsontext.Value, after any, s *Subscriptions, put bool) (*Licenses, error) {
	held, err := heldLicenses(states)
	if err != nil {
		return nil, err
	}
	want, err := wanted(attribute, after, held, s)
	if err != nil {
		return nil, err
	}
	own := slices.ContainsFunc(held, func(h licenseState) bool { return h.AssignedByGroup == "" })
	if some := len(want.direct)+len(want.inherited) > 0; !put && (some || !own) { // a removal of all means those of the user's own
		if err := want.keeps(attribute, held); err != nil {
			return nil, err
		}
	}
	add, remove := want.against(held)
	if len(add)+len(remove) == 0 {
		return nil, nil //nolint:nilnil // nothing is to be done
	}
	if err := assignable(attribute, add, held, s); err != nil {
		return nil, err
	}
	return newLicenses(attribute, add, remove, want.direct, held), nil
}

// Gives tells whether a license is given, for which a user needs a usage location.
func (l *Licenses) Gives() bool { return l != nil && l.gives }

// Taken is how many licenses are taken away.
func (l *Licenses) Taken() int {
	if l == nil {
		return 0
	}
	return l.taken
}

// After are the licenseAssignmentStates when it is done.
func (l *Licenses) After() []any { return l.after }

// heldLicenses are the assignments of a user that give a license.
func heldLicenses(states jsontext.Value) ([]licenseState, error) {
	var all []licenseState
	if states.Kind() == '[' {
		if err := json.Unmarshal(states, &all); err != nil {
			return nil, err
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
func wanted(attribute string, v any, held []licenseState, s *Subscriptions) (wish, error) {
	var w wish
	for _, m := range values(v) {
		name := textOf(m, "value")
		if name == "" {
			return w, fault.New(fault.InvalidValue, "%s.value is required: it names the license.", attribute)
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
			if l.SkuID, err = s.skuID(attribute, name); err != nil {
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
func (w wish) keeps(attribute string, held []licenseState) error {
	for _, h := range held {
		if h.AssignedByGroup == "" || hasSku(w.direct, h.SkuID) {
			continue
		}
		i := slices.IndexFunc(w.inherited, func(l license) bool { return strings.EqualFold(l.SkuID, h.SkuID) })
		direct := slices.ContainsFunc(held, func(d licenseState) bool { return d.AssignedByGroup == "" && d.SkuID == h.SkuID })
		if i < 0 && !direct {
			return fault.New(fault.Mutability, "%s: the license %s is inherited from the group %s and is removed there.", attribute, h.SkuID, h.AssignedByGroup)
		}
	}
	for _, l := range w.inherited {
		if !slices.ContainsFunc(held, func(h licenseState) bool {
			return h.AssignedByGroup != "" && strings.EqualFold(h.SkuID, l.SkuID) && samePlans(h.DisabledPlans, l.DisabledPlans)
		}) {
			return fault.New(fault.Mutability, "%s: what is inherited is given and changed at the group.", attribute)
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
func assignable(attribute string, add []license, held []licenseState, s *Subscriptions) error {
	for _, l := range add {
		if err := s.plans(attribute, l); err != nil {
			return err
		}
		if slices.ContainsFunc(held, func(h licenseState) bool { return strings.EqualFold(h.SkuID, l.SkuID) }) {
			continue // the user uses a unit already
		}
		if err := s.give(attribute, l); err != nil {
			return err
		}
	}
	return nil
}

// newLicenses makes the body of assignLicense, and what the user has after it.
func newLicenses(attribute string, add []license, remove []string, direct []license, held []licenseState) *Licenses {
	if add == nil {
		add = []license{}
	}
	if remove == nil {
		remove = []string{}
	}
	l := &Licenses{attribute: attribute, body: body(map[string]any{"addLicenses": add, "removeLicenses": remove}), gives: len(add) > 0, taken: len(remove)}
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
	return l
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// Steps are the requests of the change: one.
func (l *Licenses) Steps(id string) []Step {
	if l == nil {
		return nil
	}
	return []Step{{
		Request: graph.Request{
			Method: http.MethodPost, Path: "/users/{id}/assignLicense", Params: map[string]string{"id": id}, Body: l.body,
		},
		Undone: "the licenses were not changed",
		Refused: func(err error) error {
			f := *fault.From(err)
			if f.Kind == fault.InvalidValue && !graph.NotReplicated(err) {
				f.Detail = l.attribute + ": " + strings.ToLower(f.Detail[:1]) + f.Detail[1:]
			}
			return &f
		},
	}}
}
