package mapping

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entrascim/internal/fault"
)

func invalid(format string, args ...any) error {
	return fault.New(fault.InvalidValue, format, args...)
}

// toGraph converts a SCIM value to the property's type and checks it against
// what Graph would refuse. The value itself is never in the error: it may be a
// password.
func (r *Row) toGraph(v any) (any, error) {
	switch r.property.Type {
	case "Edm.Boolean":
		b, ok := v.(bool)
		if !ok {
			return nil, invalid("%s is a boolean.", r.Name())
		}
		return b, nil
	case "Edm.Int32", "Edm.Int64":
		return r.integer(v)
	case "Edm.DateTimeOffset":
		return r.dateTime(v)
	}
	return r.toString(v)
}

func (r *Row) toString(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, invalid("%s is a string.", r.Name())
	}
	if !utf8.ValidString(s) {
		return nil, invalid("%s is not valid UTF-8.", r.Name())
	}
	if len(r.Values) > 0 {
		for scim, graph := range r.Values {
			if strings.EqualFold(scim, s) {
				return graph, nil
			}
		}
		return nil, r.badValue()
	}
	if len(r.Canonical) > 0 {
		i := slices.IndexFunc(r.Canonical, func(c string) bool { return strings.EqualFold(c, s) })
		if i < 0 {
			return nil, r.badValue()
		}
		return r.Canonical[i], nil
	}
	if limit := r.property.MaxLength; limit > 0 && utf8.RuneCountInString(s) > limit {
		return nil, invalid("%s has at most %d characters (%s in Entra).", r.Name(), limit, r.Graph)
	}
	return s, nil
}

// badValue names the values that there are.
func (r *Row) badValue() error {
	allowed := r.Canonical
	if len(r.Values) > 0 {
		allowed = names(r.Values)
	}
	if len(allowed) == 0 {
		return invalid("%s cannot have this value.", r.Name())
	}
	return invalid("%s is one of %s.", r.Name(), strings.Join(allowed, ", "))
}

func (r *Row) integer(v any) (any, error) {
	var n int64
	switch v := v.(type) {
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return nil, invalid("%s is an integer.", r.Name())
		}
		n = int64(v)
	case int:
		n = int64(v)
	case int64:
		n = v
	case json.Number:
		i, err := v.Int64()
		if err != nil {
			return nil, invalid("%s is an integer.", r.Name())
		}
		n = i
	default:
		return nil, invalid("%s is an integer.", r.Name())
	}
	if r.property.Type == "Edm.Int32" && (n > math.MaxInt32 || n < math.MinInt32) {
		return nil, invalid("%s is a 32-bit integer.", r.Name())
	}
	return n, nil
}

// dateTime normalises an xsd:dateTime (RFC 7643 section 2.3.5) to UTC, which
// Graph takes in every place.
func (r *Row) dateTime(v any) (any, error) {
	s, _ := v.(string)
	at, err := parseTime(s)
	if err != nil {
		return nil, invalid("%s is a dateTime such as 2008-01-23T04:56:22Z.", r.Name())
	}
	return at, nil
}

// parseTime reads an xsd:dateTime and writes it in UTC with Z. A time without a
// zone is taken for UTC.
func parseTime(s string) (string, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC().Format(time.RFC3339Nano), nil
		}
	}
	return "", fmt.Errorf("not a dateTime: %q", s)
}
