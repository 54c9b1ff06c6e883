package action

import (
	"maps"
	"slices"
	"strings"

	"entrascim/internal/fault"
	"entrascim/internal/scim"
)

// maxText bounds a parameter that is a name or an id, in bytes.
const maxText = 1024

// A param is a parameter of an action: the name that products use, and other spellings
// of it.
type param struct {
	name string
	also []string
}

func named(names ...string) []param {
	all := make([]param, len(names))
	for i, name := range names {
		all[i] = param{name: name}
	}
	return all
}

func (p param) is(name string) bool {
	return strings.EqualFold(p.name, name) || slices.ContainsFunc(p.also, func(s string) bool { return strings.EqualFold(s, name) })
}

// params are the parameters of a call, by their name.
type params map[string]any

// read takes the parameters that an action knows. The id of the user stands in the path:
// products that send it again may.
func read(call *scim.ActionCall, known ...param) (params, error) {
	if call.ID != "" {
		known = append(known, param{"user_id", []string{"userId", "id"}})
	}
	p := params{}
	for _, name := range slices.Sorted(maps.Keys(call.Params)) {
		i := slices.IndexFunc(known, func(k param) bool { return k.is(name) })
		if i < 0 {
			return nil, fault.New(fault.InvalidValue, "%s is not a parameter of this action.", shortened(name))
		}
		if _, twice := p[known[i].name]; twice {
			return nil, fault.New(fault.InvalidValue, "%s is given twice, by two names.", known[i].name)
		}
		p[known[i].name] = call.Params[name]
	}
	id, err := p.text("user_id")
	if err == nil && id != "" && !strings.EqualFold(id, call.ID) {
		err = fault.New(fault.InvalidValue, "user_id is not the id in the path.")
	}
	delete(p, "user_id")
	return p, err
}

// text is a parameter that is a string; "" when it is not there, or null.
func (p params) text(name string) (string, error) {
	text, ok := p[name].(string)
	switch {
	case !ok && p[name] != nil:
		return "", fault.New(fault.InvalidValue, "%s must be a string.", name)
	case len(text) > maxText:
		return "", fault.New(fault.InvalidValue, "%s is longer than %d bytes.", name, maxText)
	}
	return strings.TrimSpace(text), nil
}

// required is a string that must be there.
func (p params) required(name string) (string, error) {
	text, err := p.text(name)
	if err == nil && text == "" {
		err = fault.New(fault.InvalidValue, "%s is required.", name)
	}
	return text, err
}

// flag is a parameter that is true or false, which some products send as a string.
func (p params) flag(name string) (value, given bool, err error) {
	switch v := p[name].(type) {
	case nil:
		return false, false, nil
	case bool:
		return v, true, nil
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), true, nil
		}
	}
	return false, false, fault.New(fault.InvalidValue, "%s must be true or false.", name)
}

// ids is a parameter that is a list of ids, or of objects whose value is one.
func (p params) ids(name string) ([]any, error) {
	list, ok := p[name].([]any)
	if !ok && p[name] != nil {
		return nil, fault.New(fault.InvalidValue, "%s must be a list of ids.", name)
	}
	all := make([]any, len(list))
	for i, v := range list {
		id, err := idOf(name, v)
		if err != nil {
			return nil, err
		}
		all[i] = map[string]any{"value": id}
	}
	return all, nil
}

func idOf(name string, v any) (string, error) {
	if m, ok := v.(map[string]any); ok {
		v = m["value"]
	}
	id, _ := v.(string)
	if id == "" || len(id) > maxText {
		return "", fault.New(fault.InvalidValue, "%s: each must be an id.", name)
	}
	return id, nil
}

// shortened is a name that a client made up, as an error says it.
func shortened(name string) string {
	const most = 100
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	return name
}
