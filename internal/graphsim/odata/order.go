package odata

import (
	"cmp"
	"strings"

	"entrascim/internal/edm"
)

type sortKey struct {
	path       string
	instant    bool
	descending bool
}

// ordered reads $orderby. With a $filter or $search it takes an advanced query.
func (r *reader) ordered(q *Query) *Error {
	list, ok := r.given["$orderby"]
	if !ok {
		return nil
	}
	for item := range strings.SplitSeq(list, ",") {
		key, err := r.sortKey(item, q.Advanced)
		if err != nil {
			return err
		}
		q.order = append(q.order, key)
	}
	if (r.Relationship || q.Filtered()) && !q.Advanced {
		return unsorted()
	}
	return nil
}

func unsorted() *Error {
	return refuse(CodeUnsupportedQuery, "Sorting not supported for current query.")
}

func (r *reader) sortKey(item string, advanced bool) (sortKey, *Error) {
	parts := strings.Fields(item)
	if len(parts) == 0 || len(parts) > 2 || (len(parts) == 2 && parts[1] != "asc" && parts[1] != "desc") {
		return sortKey{}, refuse(CodeBadRequest, "Syntax error in '%s' of $orderby.", strings.TrimSpace(item))
	}
	p, ok := r.find(r.Entity, parts[0])
	switch {
	case !ok:
		return sortKey{}, unknownProperty(parts[0], r.Entity)
	case p.OrderBy == edm.Unsupported, p.OrderBy == edm.Advanced && !advanced:
		return sortKey{}, unsorted()
	}
	return sortKey{path: parts[0], instant: p.Type == "Edm.DateTimeOffset", descending: len(parts) == 2 && parts[1] == "desc"}, nil
}

// Less tells whether a comes before b. It is a strict order only up to equal
// keys: the caller breaks ties.
func (q *Query) Less(a, b Getter) bool {
	for _, key := range q.order {
		if c := key.compare(a, b); c != 0 {
			return (c < 0) != key.descending
		}
	}
	return false
}

// compare puts objects without a value first.
func (k sortKey) compare(a, b Getter) int {
	x, _ := a(k.path).(string)
	y, _ := b(k.path).(string)
	if k.instant {
		s, _ := moment(x)
		t, _ := moment(y)
		return s.Compare(t)
	}
	return compareFold(x, y)
}

// compareFold orders texts without regard to case.
func compareFold(x, y string) int {
	if !ascii(x, y) {
		return strings.Compare(strings.ToLower(x), strings.ToLower(y))
	}
	for i := range min(len(x), len(y)) {
		if c := cmp.Compare(lower(x[i]), lower(y[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
