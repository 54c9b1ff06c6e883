package naming

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ShortenIn cuts the default domain off the userName of the resource that text holds
// from start on, as a ReadPlan appended it. Long lists pass here: the text is looked
// through up to the name only, and not decoded.
func (n Names) ShortenIn(text []byte, start int) []byte {
	from, to := findName(text, start)
	if from < 0 {
		return text
	}
	return slices.Replace(text, from, to, n.trimmed(text[from:to])...)
}

// findName finds the value of the member userName of a well-formed object without
// white space around its names; -1 when it has none.
func findName(text []byte, start int) (from, to int) {
	depth := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := stringEnd(text, i)
			if depth == 1 && string(text[i:end]) == `"userName"` && bytes.HasPrefix(text[end:], []byte(`:"`)) {
				return end + 1, stringEnd(text, end+1)
			}
			i = end - 1
		}
	}
	return -1, -1
}

// stringEnd is where the JSON string that begins at i ends.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(text))
}

// trimmed is a name in JSON without the domain.
func (n Names) trimmed(value jsontext.Value) jsontext.Value {
	plain, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return value
	}
	short, err := jsontext.AppendQuote(nil, n.shortened(string(plain)))
	if err != nil {
		return value
	}
	return short
}

// shortened is a name without the default domain. A guest's, which Entra made of an
// e-mail address, stays whole: without its domain it is no name that anybody knows.
func (n Names) shortened(name string) string {
	local, domain, ok := strings.Cut(name, "@")
	if !ok || local == "" || !strings.EqualFold(domain, n.Domain) || strings.Contains(strings.ToUpper(local), "#EXT#") {
		return name
	}
	return local
}
