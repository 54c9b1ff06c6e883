package scim

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
)

// A Dictionary is a complex attribute in which a client names by sub-attributes what
// something else has names for. One that is not in the schema is a mistake and not
// ignored, even where the schema has none at all. It may be given as an object or as a
// text that is one, since some clients know no complex attributes of extensions.
type Dictionary struct {
	URN, Name string                  // of the attribute; Name "" for no dictionary
	Refuse    func(name string) error // says why there is no such sub-attribute
}

// dictionary makes the attribute of the type's dictionary one.
func (c *catalog) dictionary() {
	d := c.typ.Dictionary
	s := c.section(d.URN)
	if d.Name == "" || s == nil {
		return
	}
	a := s.find(d.Name)
	if a == nil {
		a = &attribute{path: AttrPath{URN: s.urn, Name: d.Name}, kind: typeComplex, returned: onRequest, absent: true, bySub: map[string]*attribute{}}
		s.put(a)
	}
	a.refuse = d.Refuse
}

// entries are what a client gives a dictionary; each has its sub-attribute.
func (a *attribute) entries(v any) (any, error) {
	if list, ok := v.([]any); ok && len(list) < 2 {
		if v = nil; len(list) == 1 {
			v = list[0]
		}
	}
	if text, ok := v.(string); ok && text != "" {
		var m map[string]any
		if json.Unmarshal([]byte(text), &m) == nil {
			v = m
		}
	}
	m, is := v.(map[string]any)
	if !is && v != nil && v != "" {
		return nil, fault.New(fault.InvalidValue, "%s must be an object, or a text that is one in JSON.", a.path)
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if s := a.sub(name); s == nil || s.absent {
			return nil, a.refuse(name)
		}
	}
	return v, nil
}

// misnamed is the fault of a dictionary's name that is not served. Is tells whether
// it is one at all; of other attributes such a name may be ignored.
func (n named) misnamed(resolved bool, name string, v any) (is bool, err error) {
	switch {
	case n.attr == nil || n.attr.refuse == nil, resolved && !n.absent():
		return false, nil
	case !resolved:
		return true, n.attr.refuse(name[strings.LastIndexByte(name, '.')+1:])
	}
	_, err = n.attr.entries(v)
	return true, err
}
