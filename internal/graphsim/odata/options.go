package odata

import (
	"net/url"
	"slices"
	"strings"
)

// system are the query options that Graph knows. A name without its $ is an
// option to some of Graph's services and nothing to others; here it is refused.
var system = []string{
	"$select", "$filter", "$search", "$orderby", "$expand", "$top", "$skip", "$count", "$skiptoken", "$format",
}

// options splits a raw query. Names are case-insensitive, a plus is a space, and
// a semicolon is part of a value, which is why net/url's parser does not do.
func options(raw string) (map[string]string, error) {
	out := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, err := unescape(pair)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(name, "$") && !slices.Contains(system, "$"+name) {
			continue // a custom query option
		}
		if !slices.Contains(system, name) {
			return nil, refuse(CodeBadRequest, "The query parameter '%s' is not supported.", name)
		}
		if _, twice := out[name]; twice {
			return nil, refuse(CodeBadRequest, "Query option '%s' was specified more than once, but it must be specified at most once.", name)
		}
		out[name] = value
	}
	return out, nil
}

func unescape(pair string) (name, value string, err error) {
	name, value, _ = strings.Cut(pair, "=")
	name, errName := url.QueryUnescape(name)
	value, errValue := url.QueryUnescape(value)
	if errName != nil || errValue != nil {
		return "", "", refuse(CodeBadRequest, "The query part of the request URL is not valid.")
	}
	return strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value), nil
}
