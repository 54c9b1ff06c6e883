package odata

import (
	"strconv"
	"strings"
	"time"
)

type literalKind int

const (
	null literalKind = iota
	text
	boolean
	guid
	integer
	instant
	date
)

// A literal is a constant of a filter.
type literal struct {
	kind literalKind
	text string // as written, without quotes
	at   time.Time
	n    int64
	yes  bool
}

// constant reads the literal that a token stands for.
func constant(t token) (literal, bool) {
	if t.kind == quoted {
		return literal{kind: text, text: t.text}, true
	}
	out := literal{text: t.text}
	ok := t.kind == word
	switch {
	case t.text == "null":
		out.kind = null
	case t.text == "true" || t.text == "false":
		out.kind, out.yes = boolean, t.text == "true"
	case guidShape.MatchString(t.text):
		out.kind = guid
	case instantShape.MatchString(t.text):
		out.kind = instant
		out.at, ok = moment(t.text)
	case dateShape.MatchString(t.text):
		out.kind = date
	case intShape.MatchString(t.text):
		out.kind = integer
		out.n, _ = strconv.ParseInt(t.text, 10, 64)
	default:
		ok = false
	}
	return out, ok
}

// moment reads a date-time; OData lets the seconds be left out.
func moment(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// suits tells whether a property of the CSDL type can be compared with the
// literal. Types that are no primitive are enumerations, whose values are quoted.
func (l literal) suits(csdl string) bool {
	switch csdl {
	case "Edm.Boolean":
		return l.kind == boolean
	case "Edm.Guid":
		return l.kind == guid
	case "Edm.DateTimeOffset":
		return l.kind == instant || l.kind == date
	case "Edm.Int16", "Edm.Int32", "Edm.Int64":
		return l.kind == integer
	}
	return l.kind == text
}

// csdl names the literal's type for a message.
func (l literal) csdl() string {
	return [...]string{"<null>", "Edm.String", "Edm.Boolean", "Edm.Guid", "Edm.Int32", "Edm.DateTimeOffset", "Edm.Date"}[l.kind]
}

// equals compares a stored value. Strings are equal without regard to case.
func (l literal) equals(value any) bool {
	switch v := value.(type) {
	case nil:
		return l.kind == null
	case bool:
		return l.kind == boolean && v == l.yes
	case int64:
		return l.kind == integer && v == l.n
	case string:
		if l.kind == instant {
			t, ok := moment(v)
			return ok && t.Equal(l.at)
		}
		return l.kind != null && strings.EqualFold(v, l.text)
	}
	return false
}
