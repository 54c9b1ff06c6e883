package graph

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	abs "github.com/microsoft/kiota-abstractions-go"

	"entrascim/internal/fault"
	"entrascim/internal/graph/pace"
)

// maxSegment bounds a template value, in bytes; the longest key of Graph's
// directory objects is a user principal name of 113 characters.
const maxSegment = 1024

// A call is a request that was checked: its URL is built, and it can be sent any
// number of times.
type call struct {
	method     abs.HttpMethod
	route      string // the template, for logs
	url        *url.URL
	text       string // of url
	body       []byte
	advanced   bool
	repeatable bool
	reads      bool // changes nothing
	load       pace.Load
}

// methods are those that Graph's directory has.
var methods = map[string]abs.HttpMethod{
	http.MethodGet: abs.GET, http.MethodPost: abs.POST, http.MethodPatch: abs.PATCH,
	http.MethodPut: abs.PUT, http.MethodDelete: abs.DELETE,
}

// build expands the request below base ("" for the relative URLs of a batch).
func build(base string, r Request) (call, error) {
	method, ok := methods[cmp.Or(r.Method, http.MethodGet)]
	if !ok {
		return call{}, fmt.Errorf("building %s: method %q", r.Path, r.Method)
	}
	k := call{
		method: method, route: r.Path, body: r.Body,
		advanced:   r.Query.Advanced,
		repeatable: r.Repeatable || r.Reads || method != abs.POST,
		reads:      r.Reads || method == abs.GET,
	}
	k.load = loadOf(r, k.reads)
	var err error
	if k.text, err = r.expand(base); err != nil {
		return call{}, err
	}
	if k.url, err = url.Parse(k.text); err != nil {
		return call{}, fmt.Errorf("building %s: %w", r.Path, err)
	}
	return k, nil
}

// loadOf says what the pacer has to know of a request.
func loadOf(r Request, reads bool) pace.Load {
	return pace.Of(pace.Request{Path: r.Path, Reads: reads, Select: r.Query.Select, Expands: r.Query.Expand != "", Top: r.Query.Top})
}

// expand writes the URL as the SDK's URL templates do (RFC 6570): values are escaped,
// all else stands as it is. A variable without a value, which would expand to nothing
// and so to another resource, is a mistake of the program.
func (r Request) expand(base string) (string, error) {
	text := append(make([]byte, 0, 512), base...)
	for rest := r.Path; rest != ""; {
		literal, variable, found := strings.Cut(rest, "{")
		text = append(text, literal...)
		if !found {
			break
		}
		var name string
		name, rest, found = strings.Cut(variable, "}")
		value, given := r.Params[name]
		if !found || !given {
			return "", fmt.Errorf("building %s: no value for %q", r.Path, name)
		}
		segment, err := checkSegment(r.Path, name, value)
		if err != nil {
			return "", err
		}
		text = appendEscaped(text, segment)
	}
	return string(r.Query.append(text)), nil
}

// appendEscaped appends a value as RFC 6570 section 3.2.2 expands it: all but the
// unreserved characters as the escapes of their UTF-8.
func appendEscaped(text []byte, value string) []byte {
	if !utf8.ValidString(value) {
		value = string([]rune(value))
	}
	const digits = "0123456789ABCDEF"
	for i := range len(value) {
		c := value[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			text = append(text, c)
		default:
			text = append(text, '%', digits[c>>4], digits[c&15])
		}
	}
	return text
}

// checkSegment refuses values that can not be an id: those that a URL gives another
// meaning however they are escaped (nothing, "." and "..", and a leading "$", which
// OData servers read as $count, $ref, $value after unescaping), and those that no
// key holds. Inside an OData literal ("(appId='{appId}')") quotes are doubled.
func checkSegment(path, name, value string) (string, error) {
	quoted := strings.Contains(path, "'{"+name+"}'")
	switch {
	case value == "", value == ".", value == "..", len(value) > maxSegment,
		!quoted && value[0] == '$', !utf8.ValidString(value), strings.ContainsFunc(value, unicode.IsControl):
		return "", fault.New(fault.NotFound, "No such resource.")
	case quoted:
		return strings.ReplaceAll(value, "'", "''"), nil
	}
	return value, nil
}

// append appends the options as the query of a URL: names are literals, values are
// escaped.
func (q Query) append(text []byte) []byte {
	separator := byte('?')
	add := func(option string, values ...string) {
		text = append(append(append(text, separator, '$'), option...), '=')
		for i, value := range values {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendEscaped(text, value)
		}
		separator = '&'
	}
	if len(q.Select) > 0 {
		add("select", q.Select...)
	}
	for _, o := range [...]struct{ name, value string }{
		{"expand", q.Expand}, {"filter", q.Filter}, {"search", q.Search}, {"orderby", q.OrderBy},
	} {
		if o.value != "" {
			add(o.name, o.value)
		}
	}
	if q.Top > 0 {
		add("top", strconv.Itoa(q.Top))
	}
	if q.Count {
		add("count", "true")
	}
	return text
}
