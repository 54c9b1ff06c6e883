package graphsim

import (
	"encoding/base64"
	"mime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entrascim/internal/edm"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A change set is the body of a create or an update: property values and links.
type changeSet struct {
	names  []string // properties in the order given
	values map[string]jsontext.Value
	links  map[string][]string // URLs by navigation property: "members"
}

// null tells whether the body clears a property.
func (w *changeSet) null(name string) bool {
	v, ok := w.values[name]
	return ok && v.Kind() == 'n'
}

func (w *changeSet) has(name string) bool {
	_, ok := w.values[name]
	return ok
}

// text is the string that the body gives a property; "" when it gives none.
func (w *changeSet) text(name string) string { return unquote(string(w.values[name])) }

// object reads the body as one JSON object.
func (c *call) object() (map[string]jsontext.Value, []string, error) {
	if len(c.body) == 0 {
		return nil, nil, unreadable("Empty Payload. JSON content expected.")
	}
	if media, _, err := mime.ParseMediaType(c.header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, nil, unreadable("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	values, names, err := readObject(c.body)
	if err != nil {
		return nil, nil, unreadable("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return values, names, nil
}

// readObject takes a JSON object apart, keeping the order of its names.
func readObject(body []byte) (map[string]jsontext.Value, []string, error) {
	var values map[string]jsontext.Value
	if err := json.Unmarshal(body, &values); err != nil {
		return nil, nil, err
	}
	if values == nil {
		return nil, nil, strconv.ErrSyntax
	}
	names := make([]string, 0, len(values))
	for name, v := range values {
		if err := v.Compact(); err != nil {
			return nil, nil, err
		}
		values[name] = v
		names = append(names, name)
	}
	slices.Sort(names)
	return values, names, nil
}

// changes reads a body as changes to an object of a kind and checks that each
// value is one the property can hold.
func (c *call) changes(k *kind) (*changeSet, error) {
	values, names, err := c.object()
	if err != nil {
		return nil, err
	}
	w := &changeSet{values: map[string]jsontext.Value{}, links: map[string][]string{}}
	for _, name := range names {
		switch navigation, bind := strings.CutSuffix(name, "@odata.bind"); {
		case bind:
			err = w.bind(k, navigation, values[name])
		case name == "@odata.type":
			err = k.typed(values[name])
		case strings.HasPrefix(name, "@odata.") || strings.Contains(name, "@odata.type"):
			continue // an annotation
		default:
			err = c.dir.check(k, name, values[name])
			w.names = append(w.names, name)
			w.values[name] = values[name]
		}
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// typed refuses a body that says it is of another type.
func (k *kind) typed(v jsontext.Value) error {
	if name := unquote(string(v)); strings.TrimPrefix(name, "#") != "microsoft.graph."+k.name {
		return unreadable("An entry with type '%s' was found, but it is not assignable to the expected type 'microsoft.graph.%s'.", literal(v), k.name)
	}
	return nil
}

// bind reads the URLs that a "…@odata.bind" gives.
func (w *changeSet) bind(k *kind, name string, v jsontext.Value) error {
	var urls []string
	if json.Unmarshal(v, &urls) != nil || k.name != "group" || name != "members" && name != "owners" {
		return badLink(name)
	}
	w.links[name] = urls
	return nil
}

// check refuses a value that a property of a kind cannot hold.
func (d *Directory) check(k *kind, name string, v jsontext.Value) error {
	if isExtension(name) {
		return d.checkExtension(k, name, v)
	}
	slot := k.slot(name)
	if slot < 0 {
		return undeclared(name)
	}
	p := k.props[slot]
	if p.Access == edm.ReadOnly {
		return readOnly(name)
	}
	if v.Kind() == 'n' {
		if p.Collection || !p.Nullable {
			return invalidValue(k, name)
		}
		return nil
	}
	return checkValue(k, p.Property, p.inner, v)
}

func checkValue(k *kind, p edm.Property, inner map[string]edm.Property, v jsontext.Value) error {
	if !p.Collection {
		return checkOne(k, p, inner, v)
	}
	var list []jsontext.Value
	if v.Kind() != '[' || json.Unmarshal(v, &list) != nil {
		return unreadable("An unexpected '%s' node was found when reading from the JSON reader. A 'StartArray' node was expected.", nodeOf(v))
	}
	for _, item := range list {
		if err := checkOne(k, p, inner, item); err != nil {
			return err
		}
	}
	return nil
}

// nodeOf is the OData reader's name for the first token of a value.
func nodeOf(v jsontext.Value) string {
	switch v.Kind() {
	case '{':
		return "StartObject"
	case '[':
		return "StartArray"
	default:
		return "PrimitiveValue"
	}
}

func checkOne(k *kind, p edm.Property, inner map[string]edm.Property, v jsontext.Value) error {
	if primitive, ok := strings.CutPrefix(p.Type, "Edm."); ok {
		return checkPrimitive(k, p, primitive, v)
	}
	if v.Kind() == '"' && len(inner) == 0 { // an enumeration
		return nil
	}
	if v.Kind() != '{' {
		return unreadable("An unexpected '%s' node was found when reading from the JSON reader. A 'StartObject' node was expected.", nodeOf(v))
	}
	return checkComplex(k, p, inner, v)
}

func checkComplex(k *kind, p edm.Property, inner map[string]edm.Property, v jsontext.Value) error {
	values, names, err := readObject(v)
	if err != nil {
		return invalidValue(k, p.Name)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "@odata.") || len(inner) == 0 {
			continue
		}
		property, known := inner[name]
		switch {
		case !known:
			return undeclared(name)
		case values[name].Kind() == 'n':
		default:
			if err := checkValue(k, property, nil, values[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkPrimitive(k *kind, p edm.Property, primitive string, v jsontext.Value) error {
	var ok bool
	switch primitive {
	case "Boolean":
		ok = v.Kind() == 't' || v.Kind() == 'f'
	case "Int32":
		_, err := strconv.ParseInt(string(v), 10, 32)
		ok = err == nil
	case "Int64":
		_, err := strconv.ParseInt(string(v), 10, 64)
		ok = err == nil
	default:
		ok = v.Kind() == '"'
	}
	if !ok {
		return unreadable("Cannot convert the literal '%s' to the expected type '%s'.", literal(v), p.Type)
	}
	return checkText(k, p, primitive, unquote(string(v)), v.Kind() == '"')
}

// literal is a value as an error message may repeat it: never a whole document.
func literal(v jsontext.Value) string {
	s := strings.Trim(string(v), `"`)
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ToValidUTF8(s, "")
}

func checkText(k *kind, p edm.Property, primitive, s string, isText bool) error {
	var err error
	switch {
	case !isText:
		return nil
	case primitive == "DateTimeOffset":
		_, err = time.Parse(time.RFC3339, s)
	case primitive == "Guid" && !isGUID(s):
		err = strconv.ErrSyntax
	case primitive == "Binary":
		_, err = base64.StdEncoding.DecodeString(s)
	case primitive == "String" && (s == "" || p.MaxLength > 0 && utf8.RuneCountInString(s) > p.MaxLength):
		return invalidValue(k, topOf(p.Name))
	}
	if err != nil {
		return unreadable("Cannot convert the literal '%s' to the expected type '%s'.", literal(jsontext.Value(s)), p.Type)
	}
	return nil
}

// topOf is the property of the object that a path begins with.
func topOf(path string) string {
	top, _, _ := strings.Cut(path, "/")
	return top
}

// assign puts the values of a body into a state.
func (w *changeSet) assign(k *kind, s *state) {
	for _, name := range w.names {
		text := string(w.values[name])
		if text == "null" {
			text = ""
		}
		switch slot := k.slot(name); {
		case slot >= 0:
			s.values[slot] = text
		case text == "":
			delete(s.extra, name)
		default:
			s.setExtra(name, text)
		}
	}
}
