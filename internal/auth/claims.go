package auth

import (
	"strconv"
	"strings"
)

// maxValues bounds the values of one claim that are looked at.
const maxValues = 1000

// valuesOf are the texts that a claim has: that of a string, a number or a boolean,
// or each of a list. "scope" and "scp" are lists in one string (RFC 8693 section 4.2).
// The claim "" is that of a client who asks for none: it has one value, "".
func valuesOf(name string, claims map[string]any) []string {
	if name == "" {
		return []string{""}
	}
	v := claims[name]
	if s, text := v.(string); text && (name == "scope" || name == "scp") {
		v = anys(strings.Fields(s))
	}
	list, several := v.([]any)
	if !several {
		list = []any{v}
	}
	var all []string
	for _, one := range list[:min(len(list), maxValues)] {
		if text, ok := claimText(one); ok {
			all = append(all, text)
		}
	}
	return all
}

func anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, t := range texts {
		all[i] = t
	}
	return all
}

func claimText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
