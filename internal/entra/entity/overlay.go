package entity

import (
	"maps"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// secrets are never part of an answer.
var secrets = []string{"passwordProfile"}

// Hide takes what no answer may show out of the properties.
func Hide(properties map[string]any) {
	for _, name := range secrets {
		delete(properties, name)
	}
}

// Overlaid is the object that Graph has after a write: what it was, with what was
// sent and accepted. A null that was sent clears.
func Overlaid(before jsontext.Value, sent map[string]any) (jsontext.Value, error) {
	object := map[string]any{}
	if len(before) > 0 {
		if err := json.Unmarshal(before, &object); err != nil {
			return nil, Broken(err)
		}
	}
	lay(object, sent)
	Hide(object)
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

// Created is the object that a POST made: what was sent and accepted, overlaid
// with what Graph answered, which is only its default properties.
func Created(sent map[string]any, answer jsontext.Value) (jsontext.Value, error) {
	var object map[string]any
	if err := json.Unmarshal(answer, &object); err != nil {
		return nil, Broken(err)
	}
	maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
	whole := map[string]any{}
	lay(whole, sent)
	maps.Copy(whole, object)
	return Overlaid(nil, whole)
}
