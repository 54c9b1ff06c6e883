package graph

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// mask stands for a secret in what people see of a request.
const mask = "***"

// secret tells whether a member of that name is one, in whatever body.
func secret(name string) bool {
	return slices.Contains([]string{"password", "currentpassword", "newpassword", "secrettext", "clientsecret", "key"}, strings.ToLower(name))
}

// masked is a body without its secrets; nil for none.
func masked(body []byte) jsontext.Value {
	if body == nil {
		return nil
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return jsontext.Value(`"` + mask + `"`) // whatever it is, Graph would not take it
	}
	text, err := json.Marshal(hide(v), json.Deterministic(true))
	if err != nil {
		return jsontext.Value(`"` + mask + `"`)
	}
	return text
}

func hide(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if _, text := inner.(string); text && secret(name) {
				v[name] = mask
			} else {
				v[name] = hide(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = hide(v[i])
		}
	}
	return v
}
