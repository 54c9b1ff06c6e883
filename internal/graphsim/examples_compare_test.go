package graphsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"entrascim/internal/edm"
)

// A difference is written "status 201", "header Location", "context #groups",
// "code X", "message X", "+path" (only in the answer), "-path" (only in the
// example) or "kind path string number" (answer, then example). Paths join
// property names by dots; [] is each element of an array.

// compare lists the differences between an answer and its example.
func compare(e example, status int, header http.Header, body []byte) []string {
	var out []string
	if status != e.Response.Status {
		out = append(out, "status "+strconv.Itoa(status))
	}
	out = append(out, compareHeaders(e.Response.Headers, header)...)
	var got any
	if len(body) > 0 && mediaType(header.Get("Content-Type")) == "application/json" {
		if err := json.Unmarshal(body, &got); err != nil {
			return append(out, "body "+err.Error())
		}
	}
	if mediaType(header.Get("Content-Type")) == "text/plain" {
		if _, err := strconv.Atoi(string(body)); err != nil {
			out = append(out, "body is no number")
		}
		return out
	}
	out = append(out, compareShapes(shapeOf(got), shapeOf(e.Response.Body))...)
	return append(out, compareTexts(got, e.Response.Body)...)
}

// compareHeaders checks the headers that the example shows: the media type, and
// that the others are there.
func compareHeaders(want map[string]string, got http.Header) []string {
	var out []string
	for name, value := range want {
		switch {
		case strings.EqualFold(name, "Content-Type"):
			if mediaType(value) != mediaType(got.Get(name)) {
				out = append(out, "header Content-Type "+got.Get(name))
			}
		case strings.EqualFold(name, "Location"):
			if l := got.Get(name); !slices.Equal(parameters(value), parameters(l)) {
				out = append(out, "header Location "+l)
			}
		case got.Get(name) == "":
			out = append(out, "header "+name)
		}
	}
	return out
}

// parameters are the names of a URL's query parameters.
func parameters(link string) []string {
	_, query, _ := strings.Cut(link, "?")
	var names []string
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name, _ = url.QueryUnescape(name)
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A shape is the kinds of JSON values that stand at each path.
type shape map[string][]string

func shapeOf(v any) shape {
	s := shape{}
	s.add("", v)
	return s
}

func (s shape) add(path string, v any) {
	kind := "null"
	switch v := v.(type) {
	case map[string]any:
		kind = "object"
		for name, value := range v {
			s.add(strings.TrimPrefix(path+"."+name, "."), value)
		}
	case []any:
		kind = "array"
		for _, value := range v {
			s.add(path+"[]", value)
		}
	case string:
		kind = "string"
	case float64:
		kind = "number"
	case bool:
		kind = "boolean"
	}
	if !slices.Contains(s[path], kind) {
		s[path] = append(s[path], kind)
		slices.Sort(s[path])
	}
}

func compareShapes(got, want shape) []string {
	var out []string
	for path, kinds := range got {
		if want[path] == nil && want[parent(path)] != nil {
			out = append(out, "+"+path)
		}
		if want[path] != nil && !slices.ContainsFunc(kinds, func(k string) bool { return slices.Contains(want[path], k) }) {
			out = append(out, fmt.Sprintf("kind %s %s %s", path, strings.Join(kinds, ","), strings.Join(want[path], ",")))
		}
	}
	for path := range want {
		if got[path] == nil && got[parent(path)] != nil {
			out = append(out, "-"+path)
		}
	}
	return out
}

// parent is the path of what holds a path, so that only the topmost difference is
// told.
func parent(path string) string {
	if p, ok := strings.CutSuffix(path, "[]"); ok {
		return p
	}
	i := strings.LastIndexByte(path, '.')
	for i > 0 && strings.HasPrefix(path[strings.LastIndexByte(path[:i], '.')+1:], "@") {
		i = strings.LastIndexByte(path[:i], '.') // "@odata.type" is one name
	}
	if i < 0 || strings.HasPrefix(path, "@") {
		return ""
	}
	return path[:i]
}

var (
	guids  = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\{[a-z-]+\}`)
	stamps = regexp.MustCompile(`(Trace ID|Correlation ID|Timestamp): [^\r\n]*`)
)

// compareTexts compares what a client may read of the texts: the context of an
// answer, the code and message of an error. Ids and times are not compared.
func compareTexts(got, want any) []string {
	var out []string
	g, w := object(got), object(want)
	if a, b := fragment(g), fragment(w); b != "" && a != "" && a != b {
		out = append(out, "context "+a)
	}
	for _, name := range []string{"code", "message"} {
		a, _ := object(g["error"])[name].(string)
		b, _ := object(w["error"])[name].(string)
		if plain(a) != plain(b) {
			out = append(out, name+" "+a)
		}
	}
	out = append(out, compareItems(g, w)...)
	a, _ := g["error_description"].(string)
	b, _ := w["error_description"].(string)
	if plain(a) != plain(b) {
		out = append(out, "error_description "+a)
	}
	return out
}

// compareItems compares the statuses and the error codes of a batch.
func compareItems(got, want map[string]any) []string {
	var out []string
	statuses := map[any]string{}
	list, _ := got["responses"].([]any)
	for _, item := range list {
		statuses[object(item)["id"]] = itemText(item)
	}
	list, _ = want["responses"].([]any)
	for _, item := range list {
		if id := object(item)["id"]; statuses[id] != itemText(item) {
			out = append(out, fmt.Sprintf("item %v %s", id, statuses[id]))
		}
	}
	return out
}

func itemText(item any) string {
	o := object(item)
	code, _ := object(object(o["body"])["error"])["code"].(string)
	return strings.TrimSpace(fmt.Sprintf("%v %s", o["status"], code))
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func plain(text string) string {
	return stamps.ReplaceAllString(guids.ReplaceAllString(text, "ID"), "$1")
}

func fragment(body map[string]any) string {
	context, _ := body["@odata.context"].(string)
	_, fragment, _ := strings.Cut(context, "$metadata")
	return plain(fragment)
}

// documented tells whether a difference is a property that the page left out of
// its example: an annotation, what is in every error, or a property that reads
// return by default.
func documented(difference string) bool {
	path, ok := strings.CutPrefix(difference, "+")
	if !ok {
		return false
	}
	name := path
	if p := parent(path); p != "" {
		name = strings.TrimPrefix(path, p+".")
	}
	if strings.HasPrefix(name, "@odata.") || strings.HasPrefix(path, "error.innerError") {
		return true
	}
	model := edm.New()
	for _, entity := range []string{"user", "group", "application", "servicePrincipal", "appRoleAssignment", "invitation", "organization", "domain", "extensionProperty", "unifiedRoleAssignment", "signIn", "directoryAudit", "schemaExtension"} {
		for _, p := range model.Properties(entity) {
			last := p.Name[strings.LastIndexByte(p.Name, '/')+1:]
			if last == strings.TrimSuffix(name, "[]") && (p.Returned == edm.Default || p.Returned == edm.Inner) {
				return true
			}
		}
	}
	return false
}
