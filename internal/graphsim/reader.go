package graphsim

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// A reader shows one object to a query: its get is an odata.Getter. It is moved
// from object to object, so that a scan allocates no closure for each.
type reader struct {
	object *object
	state  *state
}

func (r *reader) at(o *object, s *state) { r.object, r.state = o, s }

// get is the value at a property path: string, bool, int64, []string,
// []map[string]any, or nil.
func (r *reader) get(path string) any {
	name, rest, nested := strings.Cut(path, "/")
	text := r.state.get(r.object.kind, name)
	switch {
	case nested && rest == "$count":
		return int64(countOf(text))
	case text == "":
		return nil
	case nested:
		return integral(inside(text, rest))
	}
	return valueOf(text)
}

// valueOf is a JSON text as a Go value.
func valueOf(text string) any {
	switch text[0] {
	case '"':
		return unquote(text)
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	case '[':
		return listOf(text)
	case '{':
		var m map[string]any
		_ = json.Unmarshal([]byte(text), &m)
		return m
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	return n
}

func listOf(text string) any {
	if len(text) > 1 && text[1] == '{' {
		var list []map[string]any
		_ = json.Unmarshal([]byte(text), &list)
		return list
	}
	return stringsOf(text)
}

// integral is a number of JSON as a query compares it.
func integral(v any) any {
	if n, ok := v.(float64); ok && n == math.Trunc(n) {
		return int64(n)
	}
	return v
}

// inside is the value at a path within a complex property.
func inside(text, path string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func countOf(text string) int {
	var list []any
	if text == "" || json.Unmarshal([]byte(text), &list) != nil {
		return 0
	}
	return len(list)
}
