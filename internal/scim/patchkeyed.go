package scim

import "strings"

// keyedUnion is union for an attribute whose values are told apart by keys, too. What a
// client does not say of a value has its default, or is of no matter.
func keyedUnion(a *attribute, list, given []any) ([]any, error) {
	byValue := make(map[string][]int, len(list)+len(given))
	note := func(i int) { byValue[a.valueText(list[i])] = append(byValue[a.valueText(list[i])], i) }
	for i := range list {
		note(i)
	}
	for _, v := range given {
		at := -1
		for _, i := range byValue[a.valueText(v)] {
			if at < 0 && a.means(v, list[i]) {
				at = i
			}
		}
		if at < 0 {
			list = append(list, clone(v))
			note(len(list) - 1)
			continue
		}
		m, _ := v.(map[string]any)
		merged, err := merge(a, list[at], m)
		if err != nil {
			return nil, err
		}
		list[at] = merged
	}
	return list, nil
}

// valueText is the value of a value, folded as its sub-attribute is.
func (a *attribute) valueText(v any) string {
	m, _ := v.(map[string]any)
	if s := a.sub("value"); s != nil {
		return s.text(m["value"])
	}
	return ""
}

// means tells whether a client who sends a value of the same value means the one that is
// there.
func (a *attribute) means(sent, there any) bool {
	said, _ := sent.(map[string]any)
	has, _ := there.(map[string]any)
	if kind, ok := said["type"].(string); ok && !strings.EqualFold(kind, textIn(has, "type")) {
		return false
	}
	for _, k := range a.keys {
		s := a.sub(k.Sub)
		want, is := textIn(said, k.Sub), textIn(has, k.Sub)
		if want == "" {
			want = k.Default
		}
		if is == "" {
			is = k.Default
		}
		if want != "" && s != nil && s.text(want) != s.text(is) {
			return false
		}
	}
	return true
}

func textIn(m map[string]any, name string) string {
	text, _ := m[name].(string)
	return text
}
