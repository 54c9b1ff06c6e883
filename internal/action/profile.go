package action

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// Bounds of a profile.
const (
	maxProfile    = 64 << 10 // bytes of one that is a string
	maxAttributes = 200
)

// update changes what a profile has, by the names of Graph or of SCIM.
func (u users) update(ctx context.Context, call *scim.ActionCall) error {
	p, err := read(call, param{"user_profile", []string{"userProfile", "profile"}})
	if err != nil {
		return err
	}
	profile, err := profileOf(p["user_profile"])
	if err != nil {
		return err
	}
	return u.set(ctx, call, "user_profile: ", profile)
}

// profileOf takes a JSON object, or a string that is one.
func profileOf(v any) (map[string]any, error) {
	profile, ok := v.(map[string]any)
	if text, isText := v.(string); isText && len(text) <= maxProfile {
		ok = json.Unmarshal([]byte(text), &profile) == nil && profile != nil
	}
	switch {
	case !ok:
		return nil, fault.New(fault.InvalidValue, "user_profile must be a JSON object, or a string of at most %d bytes that is one.", maxProfile)
	case len(profile) == 0:
		return nil, fault.New(fault.InvalidValue, "user_profile is empty: there is nothing to change.")
	case len(profile) > maxAttributes:
		return nil, fault.New(fault.InvalidValue, "user_profile has more than %d attributes.", maxAttributes)
	}
	return profile, nil
}

// updateProfile changes the attributes that are parameters of their own.
func (u users) updateProfile(ctx context.Context, call *scim.ActionCall) error {
	p, err := read(call, profileParams()...)
	if err != nil {
		return err
	}
	if len(p) == 0 {
		return fault.New(fault.InvalidValue, "There is nothing to change.")
	}
	for name := range p {
		if _, err := p.text(name); err != nil {
			return err
		}
	}
	return u.set(ctx, call, "", p)
}

func profileParams() []param {
	all := append(named("mail", "displayName", "department", "country"),
		param{"jobTitle", []string{"title"}}, param{"employeeId", []string{"employeeNumber"}}, param{"companyName", []string{"organization"}})
	for i := range 15 {
		all = append(all, param{name: "extensionAttribute" + strconv.Itoa(i+1)})
	}
	return all
}

// set changes attributes, as one PATCH does; within begins what is said of a name.
func (u users) set(ctx context.Context, call *scim.ActionCall, within string, values map[string]any) error {
	var all scim.Patch
	by := map[string]string{} // what is changed, and the name that stands for it
	for _, name := range slices.Sorted(maps.Keys(values)) {
		patch, err := u.translated(within, name, values[name])
		if err != nil {
			return err
		}
		for _, o := range patch.Operations {
			what := o.Path.String() + fmt.Sprint(o.Filter)
			if other, known := by[what]; known && other != name {
				return fault.New(fault.InvalidValue, "%s%s and %s are the same attribute.", within, shortened(other), shortened(name))
			}
			by[what] = name
		}
		patch.Operations = append(all.Operations, patch.Operations...)
		all = patch
	}
	if len(all.Operations) == 0 {
		return fault.New(fault.InvalidValue, "There is nothing to change.")
	}
	return u.apply(ctx, call, all)
}

// translated is what one name of a profile stands for: a property of Graph that a row
// writes, or an attribute.
func (u users) translated(within, name string, value any) (scim.Patch, error) {
	property := name
	if strings.HasPrefix(name, "extensionAttribute") {
		property = "onPremisesExtensionAttributes." + name
	}
	changes, unknown := u.table.Changes(property, value)
	if unknown != "" {
		return scim.Patch{}, u.unmapped(within, unknown)
	}
	if changes == nil {
		changes = []mapping.Change{{Op: "replace", Path: name, Value: value}}
	}
	patch, err := u.patchOf(changes)
	switch f := fault.From(err); {
	case err == nil:
		return patch, nil
	case f.Kind == fault.InvalidPath, f.Kind == fault.InvalidSyntax:
		return patch, u.unmapped(within, name)
	default:
		told := *f
		told.Detail = within + told.Detail
		return patch, &told
	}
}

// unmapped says why a name of a profile stands for nothing that can be written.
func (u users) unmapped(within, name string) error {
	if u.table.Fixed(name) {
		return fault.New(fault.Mutability, "%sEntra does not let %s be written.", within, shortened(name))
	}
	return fault.New(fault.InvalidValue, "%s%s is neither an attribute of users nor a property of Graph that the mapping writes.", within, shortened(name))
}
