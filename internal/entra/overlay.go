package entra

import (
	"maps"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// secrets are never part of an answer.
var secrets = []string{"passwordProfile"}

// overlaid is the object that Graph has after a write: what it was, with what was
// sent and accepted. A null that was sent clears.
func overlaid(before jsontext.Value, sent map[string]any) (jsontext.Value, error) {
	object := map[string]any{}
	if len(before) > 0 {
		if err := json.Unmarshal(before, &object); err != nil {
			return nil, broken(err)
		}
	}
	lay(object, sent)
	for _, name := range secrets {
		delete(object, name)
	}
	return json.Marshal(object, json.Deterministic(true))
}

func lay(object, sent map[string]any) {
	for name, value := range sent {
		was, inner := object[name].(map[string]any)
		parts, nested := value.(map[string]any)
		switch {
		case value == nil:
			delete(object, name)
		case inner && nested:
			was = maps.Clone(was)
			lay(was, parts)
			object[name] = was
		default:
			object[name] = value
		}
	}
}

// created is the object that a POST made: what was sent and accepted, overlaid
// with what Graph answered, which is only its default properties.
func created(sent map[string]any, answer jsontext.Value) (jsontext.Value, error) {
	var object map[string]any
	if err := json.Unmarshal(answer, &object); err != nil {
		return nil, broken(err)
	}
	maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
	whole := map[string]any{}
	lay(whole, sent)
	maps.Copy(whole, object)
	return overlaid(nil, whole)
}

// flag reads a boolean member of a Graph object.
func flag(raw jsontext.Value, name string) bool {
	v := member(raw, name)
	return v.Kind() == 't'
}
