package entity

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Contains tells whether what was asked for, of complex values in the sub-attributes
// named, is part of what is shown. Case and the offset of a date-time do not matter.
func Contains(shown, asked any, subs []string) bool {
	switch asked := asked.(type) {
	case nil:
		return true
	case map[string]any:
		have, _ := shown.(map[string]any)
		return !slices.ContainsFunc(subs, func(name string) bool { return !Contains(have[name], asked[name], nil) })
	case []any:
		have, _ := shown.([]any)
		return !slices.ContainsFunc(asked, func(v any) bool {
			return !slices.ContainsFunc(have, func(h any) bool { return Contains(h, v, subs) })
		})
	case string:
		have, ok := shown.(string)
		return ok && (strings.EqualFold(have, asked) || sameInstant(have, asked))
	}
	return shown == asked
}

func sameInstant(a, b string) bool {
	x, errX := time.Parse(time.RFC3339Nano, a)
	y, errY := time.Parse(time.RFC3339Nano, b)
	return errX == nil && errY == nil && x.Equal(y)
}

// Readable are the properties of what is sent that can be read back.
func Readable(sent map[string]any) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(sent)), func(name string) bool {
		return slices.Contains(secrets, name) || strings.Contains(name, "@")
	})
}

// Holds tells whether an object has the values that were sent, as the directory may
// write them: it keeps no order of lists, and its own form of dates and addresses.
func Holds(shown, sent any) bool {
	switch sent := sent.(type) {
	case nil:
		return true
	case map[string]any:
		parts, _ := shown.(map[string]any)
		return !slices.ContainsFunc(Readable(sent), func(name string) bool { return !Holds(parts[name], sent[name]) })
	case []string:
		return Holds(shown, anys(sent))
	case []any:
		list, _ := shown.([]any)
		return !slices.ContainsFunc(sent, func(v any) bool {
			return !slices.ContainsFunc(list, func(has any) bool { return Holds(has, v) })
		})
	}
	return Contains(shown, sent, nil)
}

func anys(list []string) []any {
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = s
	}
	return all
}

// Shows tells whether a value that Graph answers is the one that was sent; of a
// complex one only the parts that were sent count.
func Shows(shown, sent any) bool {
	switch sent := sent.(type) {
	case nil:
		return shown == nil
	case map[string]any:
		parts, _ := shown.(map[string]any)
		for name, value := range sent {
			if !Shows(parts[name], value) {
				return false
			}
		}
		return true
	case []any:
		list, _ := shown.([]any)
		return slices.EqualFunc(list, sent, Shows)
	}
	return shown == sent
}
