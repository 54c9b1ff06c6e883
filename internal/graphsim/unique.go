package graphsim

import (
	"maps"
	"slices"
	"strings"

	"entrascim/internal/graphsim/odata"
)

// uniqueProperties may hold a value once among the live objects of a kind.
var uniqueProperties = map[string][]string{
	"user":        {"userPrincipalName", "onPremisesImmutableId"},
	"application": {"appId"}, "servicePrincipal": {"appId"}, "extensionProperty": {"name"},
}

// unique refuses a state whose values are taken by another object than o, or
// that holds too many directory extensions.
func (d *Directory) unique(k *kind, o *object, s *state) error {
	for _, name := range uniqueProperties[k.name] {
		text := unquote(s.get(k, name))
		if text != "" && others(d.lookup(k, name, text), o) {
			return taken(name)
		}
	}
	if k.name == "group" && hasString(s.get(k, "groupTypes"), "Unified") && d.nicknameTaken(o, unquote(s.get(k, "mailNickname"))) {
		return taken("mailNickname")
	}
	if len(s.extra) > maxExtensionValues {
		return overQuota(len(s.extra), maxExtensionValues, "extension values")
	}
	return d.addressesFree(k, o, s)
}

// nicknameTaken tells whether another Microsoft 365 group has the nickname.
func (d *Directory) nicknameTaken(o *object, nickname string) bool {
	for _, other := range d.lookup(d.schema["group"], "mailNickname", nickname) {
		if other != o && other.has("groupTypes", "Unified") {
			return true
		}
	}
	return false
}

// addressesFree refuses an e-mail address that another user or group has.
func (d *Directory) addressesFree(k *kind, o *object, s *state) error {
	for _, address := range stringsOf(s.get(k, "proxyAddresses")) {
		for _, name := range []string{"user", "group"} {
			if others(d.lookup(d.schema[name], "proxyAddresses", address), o) {
				return taken("proxyAddresses")
			}
		}
	}
	return nil
}

func others(list []*object, o *object) bool {
	for _, other := range list {
		if other != o {
			return true
		}
	}
	return false
}

func detail(target, code, message string) odata.Detail {
	return odata.Detail{Target: target, Code: code, Message: message}
}

// merge adds the members that a body gives a complex property to those it had;
// the others stay.
func merge(k *kind, name, before string, s *state) string {
	property := k.props[k.slots[name]]
	values, _, _ := readObject([]byte(or(before, "{}")))
	given, _, _ := readObject([]byte(or(s.get(k, name), "{}")))
	maps.Copy(values, given)
	b := []byte{'{'}
	for _, inner := range sortedNames(property.inner) {
		text := string(values[inner])
		b = append(append(b, quote(inner)...), ':')
		b = append(append(b, or(text, emptyOf(property.inner[inner]))...), ',')
	}
	return string(closeObject(b))
}

func or(text, otherwise string) string {
	if strings.TrimSpace(text) == "" {
		return otherwise
	}
	return text
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
