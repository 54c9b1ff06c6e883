// Package grant plans what a principal is given and what is taken from it: licenses,
// directory roles and app roles. It compares what a client wants with what is held,
// checks what Graph would refuse obscurely, and makes the requests.
package grant

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// A Step is a request of a plan.
type Step struct {
	Request graph.Request
	// Undone is said when the step was not done; "" for one that changes nothing.
	Undone string
	// Refused gives Graph's refusal its meaning.
	Refused func(error) error
	// Settled tells whether Graph's refusal says that there is nothing to do any more;
	// nil: none does.
	Settled func(error) bool
	// Answered is told Graph's answer; nil: it is of no interest.
	Answered func(jsontext.Value)
}

// gone tells of something to be taken that it is not there any more.
func gone(err error) bool { return fault.Is(err, fault.NotFound) }

// body is JSON that this package made.
func body(v any) jsontext.Value {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(err) // strings, lists and maps of them
	}
	return text
}

// isGUID tells whether s is a GUID as Graph writes it, in either case.
func isGUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// clipped bounds what an error repeats of a client's text.
func clipped(text string) string {
	const longest = 100
	if len(text) > longest {
		return strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// textOf is a string of a client's value, without white space around it.
func textOf(m map[string]any, name string) string {
	text, _ := m[name].(string)
	return strings.TrimSpace(text)
}

// values are those of a multi-valued attribute.
func values(v any) []map[string]any {
	list, _ := v.([]any)
	all := make([]map[string]any, 0, len(list))
	for _, one := range list {
		m, _ := one.(map[string]any)
		all = append(all, m)
	}
	return all
}

// sameInstant tells whether two date-times are one moment.
func sameInstant(a, b string) bool {
	x, errX := time.Parse(time.RFC3339Nano, a)
	y, errY := time.Parse(time.RFC3339Nano, b)
	return a == b || errX == nil && errY == nil && x.Equal(y)
}

// A held thing is known by its key among those of one principal.
type held interface{ Key() string }

// Laid lays what was done moments ago over what the directory lists, which may be from
// before it: by key what was given or changed, nil for what was taken.
func Laid[T held](listed []T, done map[string]*T) []T {
	all := slices.DeleteFunc(slices.Clone(listed), func(t T) bool { _, known := done[t.Key()]; return known })
	for _, key := range slices.Sorted(maps.Keys(done)) {
		if t := done[key]; t != nil {
			all = append(all, *t)
		}
	}
	return all
}
