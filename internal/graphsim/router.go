package graphsim

import (
	"net/url"
	"strings"
)

// A route is one row of what the simulator serves.
type route struct {
	method  string
	pattern string   // below /v1.0, variables in braces
	roles   []string // application permissions, any of which suffices; nil: none is needed
	serve   handler
	reads   bool // a POST that changes nothing

	segments []string
}

// A handler answers one request. Errors are *odata.Error.
type handler func(*call) (*answer, error)

// A segment is one part of a request path, unescaped.
type segment struct {
	text string
	alt  string // "appId" for the key of applications(appId='…')
	key  bool   // given in parentheses
}

// A router finds routes by method and path.
type router struct {
	routes []route
}

func newRouter(routes []route) *router {
	r := &router{routes: routes}
	for i := range r.routes {
		r.routes[i].segments = strings.Split(r.routes[i].pattern, "/")
	}
	return r
}

// find gives the route of a request and the values of its variables by name. The
// path is escaped: an escaped slash belongs to its segment.
func (r *router) find(method, path string) (*route, map[string]segment, error) {
	segments, err := split(path)
	if err != nil {
		return nil, nil, err
	}
	known := false
	for i := range r.routes {
		row := &r.routes[i]
		if len(row.segments) != len(segments) || !row.matches(segments) {
			continue
		}
		known = true
		if row.method == method {
			return row, row.variables(segments), nil
		}
	}
	if known {
		return nil, nil, notAllowed()
	}
	return nil, nil, r.unknown(segments)
}

// unknown tells which segment of a path no route has.
func (r *router) unknown(segments []segment) error {
	longest := 0
	for i := range r.routes {
		row := &r.routes[i]
		n := 0
		for n < len(segments) && n < len(row.segments) && fits(row.segments[n], segments[n]) {
			n++
		}
		longest = max(longest, n)
	}
	return unreadable("Resource not found for the segment '%s'.", segments[min(longest, len(segments)-1)].text)
}

func (row *route) matches(segments []segment) bool {
	for i, want := range row.segments {
		if !fits(want, segments[i]) {
			return false
		}
	}
	return true
}

// fits matches one segment. Names are case-insensitive, as Graph's are; an id
// does not begin with "$" unless it was given in parentheses.
func fits(want string, s segment) bool {
	switch {
	case want == "{cast}":
		return strings.HasPrefix(strings.ToLower(s.text), "microsoft.graph.")
	case want[0] == '{':
		return s.key || s.alt != "" || s.text != "" && s.text[0] != '$'
	}
	return !s.key && strings.EqualFold(want, s.text)
}

func (row *route) variables(segments []segment) map[string]segment {
	vars := make(map[string]segment, 2)
	for i, want := range row.segments {
		if want[0] == '{' {
			vars[want[1:len(want)-1]] = segments[i]
		}
	}
	return vars
}

// split takes a path apart; users('x') are two segments.
func split(path string) ([]segment, error) {
	var list []segment
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/") {
		name, key, found := strings.Cut(part, "(")
		if !found || !strings.HasSuffix(key, ")") {
			name, key = part, ""
		}
		text, err := url.PathUnescape(name)
		if err != nil {
			return nil, unreadable("Invalid request URI.")
		}
		list = append(list, segment{text: text})
		if key == "" {
			continue
		}
		s, err := parseKey(strings.TrimSuffix(key, ")"))
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// parseKey reads 'x' or name='x', in which a quote is written twice.
func parseKey(raw string) (segment, error) {
	text, err := url.PathUnescape(raw)
	if err != nil {
		return segment{}, unreadable("Invalid request URI.")
	}
	s := segment{key: true}
	if name, value, found := strings.Cut(text, "='"); found && !strings.HasPrefix(text, "'") {
		s.alt, text = name, "'"+value
	}
	if len(text) < 2 || text[0] != '\'' || text[len(text)-1] != '\'' {
		return segment{}, unreadable("Bad Request - Error in query syntax.")
	}
	s.text = strings.ReplaceAll(text[1:len(text)-1], "''", "'")
	return s, nil
}
