package scim

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/fault"
)

// arrange finds out which operations must wait for which: one that names another by
// its bulkId, and, in the order given, those about the same resource and those of
// which one changes a resource that the other mentions.
func arrange(jobs []*job) {
	byBulkID := map[string]int{}
	for i, j := range jobs {
		if j.method == http.MethodPost && j.bulkID != "" {
			byBulkID[j.bulkID] = i
		}
	}
	t := &touched{changed: map[string]int{}, mentioned: map[string][]int{}}
	for i, j := range jobs {
		j.after = t.changes(i, j.target())
		for s := range texted(j) {
			for name := range bulkIDs(s) {
				if n, ok := byBulkID[name]; ok {
					j.after = append(j.after, n)
				}
			}
			j.after = append(j.after, t.mentions(i, strings.ToLower(s))...)
		}
	}
}

// target is the id of the resource that the operation changes; "" of one that makes it.
func (j *job) target() string {
	if j.method == http.MethodPost {
		return ""
	}
	return strings.ToLower(j.path[strings.LastIndexByte(j.path, '/')+1:])
}

// touched tells, by a resource's id, which operation changed it last and which have
// mentioned it since.
type touched struct {
	changed   map[string]int
	mentioned map[string][]int
}

// changes notes that an operation changes a resource, and gives those before it.
func (t *touched) changes(i int, id string) (before []int) {
	if id == "" {
		return nil
	}
	if last, ok := t.changed[id]; ok {
		before = append(before, last)
	}
	before = append(before, t.mentioned[id]...)
	t.changed[id], t.mentioned[id] = i, nil
	return before
}

// mentions notes that an operation mentions what may be a resource's id, and gives the
// one before it that changes that.
func (t *touched) mentions(i int, id string) (before []int) {
	last, ok := t.changed[id]
	if ok && last == i || len(id) > maxID {
		return nil
	}
	if ok {
		before = []int{last}
	}
	t.mentioned[id] = append(t.mentioned[id], i)
	return before
}

// texted gives the path and every string in the data of an operation.
func texted(j *job) func(func(string) bool) {
	return func(yield func(string) bool) {
		_ = yield(j.path) && each(j.data, yield)
	}
}

func each(v any, yield func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return yield(v)
	case []any:
		return !slices.ContainsFunc(v, func(inner any) bool { return !each(inner, yield) })
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if !each(v[name], yield) {
				return false
			}
		}
	}
	return true
}

// bulkIDs gives the bulkIds that a string refers to: as all of it, as the end of a
// path, or in quotes, as the path of a PATCH operation has them.
func bulkIDs(s string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for {
			at := strings.Index(s, bulkIDPrefix)
			if at < 0 {
				return
			}
			alone := at == 0 || s[at-1] == '/' || s[at-1] == '"'
			s = s[at+len(bulkIDPrefix):]
			end := strings.IndexByte(s, '"')
			if end < 0 {
				end = len(s)
			}
			if alone && !yield(s[:end]) {
				return
			}
		}
	}
}

// resolved is the path and the data with the ids of the resources that the bulkIds
// stand for (RFC 7644 section 3.7.2).
func resolved(jobs []*job, j *job) (string, map[string]any, error) {
	var replacements []string
	for s := range texted(j) {
		for name := range bulkIDs(s) {
			n := slices.IndexFunc(jobs, func(other *job) bool { return other.bulkID == name && other.method == http.MethodPost })
			switch {
			case n < 0:
				return "", nil, fault.New(fault.InvalidValue, "There is no operation with POST that has the bulkId %q.", name)
			case jobs[n].id == "":
				return "", nil, fault.New(fault.InvalidValue, "The operation with the bulkId %q made no resource.", name)
			}
			replacements = append(replacements, bulkIDPrefix+name, jobs[n].id)
		}
	}
	if replacements == nil {
		return j.path, j.data, nil
	}
	replacer := longestFirst(replacements)
	data, _ := replaced(j.data, replacer).(map[string]any)
	return replacer.Replace(j.path), data, nil
}

// longestFirst is a replacer that does not take "bulkId:ab" for "bulkId:a".
func longestFirst(pairs []string) *strings.Replacer {
	chunks := slices.Collect(slices.Chunk(pairs, 2))
	slices.SortStableFunc(chunks, func(a, b []string) int { return len(b[0]) - len(a[0]) })
	return strings.NewReplacer(slices.Concat(chunks...)...)
}

func replaced(v any, r *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return r.Replace(v)
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = replaced(inner, r)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[name] = replaced(inner, r)
		}
		return out
	}
	return v
}
