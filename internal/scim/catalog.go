package scim

import (
	"slices"
	"strings"
	"time"

	"github.com/elimity-com/scim/schema"
)

// catalog finds the attributes of one resource type by the names that clients
// use for them.
type catalog struct {
	typ      *ResourceType
	core     *section
	sections []*section // core first, then the extensions

	attributes int    // how many there are, sub-attributes included
	leaves     []leaf // in the schemas' order
	usual      []byte // the coverage of what is returned by default
}

// A leaf is an attribute that has values of its own: a sub-attribute, or one without.
type leaf struct{ attr, sub *attribute }

// target is the leaf itself.
func (l leaf) target() *attribute {
	if l.sub != nil {
		return l.sub
	}
	return l.attr
}

// section holds the attributes of one schema.
type section struct {
	urn    string
	absent bool // an extension of RFC 7643 that is not served
	order  []*attribute
	byName map[string]*attribute // and by lower-case name
}

func newSection(urn string, attributes schema.Attributes) *section {
	s := &section{urn: urn, byName: make(map[string]*attribute)}
	for _, a := range attributes {
		s.put(newAttribute(urn, a))
	}
	return s
}

func (s *section) put(a *attribute) {
	s.order = append(s.order, a)
	s.byName[a.path.Name] = a
	s.byName[strings.ToLower(a.path.Name)] = a
}

// find finds an attribute by its name in any case; nil when there is none.
func (s *section) find(name string) *attribute { return anyCase(s.byName, name) }

// adopt adds what RFC 7643 defines and the section leaves out, as absent.
func (s *section) adopt(standard schema.Attributes) {
	for _, a := range standard {
		known := newAttribute(s.urn, a)
		if served := s.find(a.Name()); served != nil {
			served.adopt(known)
		} else {
			s.put(known.missing())
		}
	}
}

// served gives the attributes that resources can have.
func (s *section) served(yield func(*attribute) bool) {
	for _, a := range s.order {
		if !a.absent && !yield(a) {
			return
		}
	}
}

// readOnly names the attributes that no client can write, but for those that are
// always returned: what an answer that nobody looks at need not show.
func (c *catalog) readOnly() string {
	var names []string
	for _, s := range c.sections {
		for a := range s.served {
			if a.mutability == readOnly && a.returned != always {
				names = append(names, a.path.String())
			}
		}
	}
	return strings.Join(names, ",")
}

// Indexed is the type with the index of its attributes made, which otherwise is
// made anew by each function that takes the type. Its schemas must not be changed
// after.
func (rt ResourceType) Indexed() ResourceType {
	index := *rt.catalog()
	index.typ = &rt
	rt.index = &index
	return rt
}

// catalog is the index of the type's attributes.
func (rt *ResourceType) catalog() *catalog {
	if rt.index != nil {
		return rt.index
	}
	c := &catalog{typ: rt, core: newSection(rt.Schema.ID, rt.Schema.Attributes)}
	c.sections = []*section{c.core}
	for _, e := range rt.Extensions {
		c.sections = append(c.sections, newSection(e.Schema.ID, e.Schema.Attributes))
	}
	for path, keys := range rt.Keys {
		if a := c.at(path); a != nil {
			a.keys = keys
		}
	}
	c.common()
	c.standard()
	c.dictionary()
	c.count()
	c.placed(rt.Offset)
	return c
}

// count numbers the attributes and lists those that have values of their own.
func (c *catalog) count() {
	for _, s := range c.sections {
		for _, a := range s.order {
			c.number(a)
			if len(a.subs) == 0 && !a.absent {
				c.leaves = append(c.leaves, leaf{attr: a})
			}
			for _, sub := range a.subs {
				c.number(sub)
				if !a.absent && !sub.absent {
					c.leaves = append(c.leaves, leaf{a, sub})
				}
			}
		}
	}
	c.usual = Projection{index: c}.covered()
}

func (c *catalog) number(a *attribute) {
	a.number = c.attributes
	c.attributes++
}

// placed tells the date-times which offset one is in that names none.
func (c *catalog) placed(offset *time.Location) {
	for _, s := range c.sections {
		for _, a := range s.order {
			a.offset = offset
			for _, sub := range a.subs {
				sub.offset = offset
			}
		}
	}
}

// common adds the attributes that every resource has (RFC 7643 section 3.1)
// and schemas do not list. Only externalId may be missing: it is a client's to
// set, and so must be mapped.
func (c *catalog) common() {
	for _, a := range schema.CommonAttributes() {
		common := newAttribute(c.core.urn, a)
		served := c.core.find(a.Name())
		switch {
		case served != nil:
			served.adopt(common)
		case a.Name() == schema.CommonAttributeExternalID:
			c.core.put(common.missing())
		default:
			c.core.put(common)
		}
	}
	c.core.find("schemas").returned = always
	c.core.find("schemas").mutability = readOnly
	c.core.find("schemas").kind = typeReference
	meta := c.core.find("meta")
	meta.add(&attribute{path: c.deletion(), kind: typeBoolean, mutability: readOnly, returned: "default"})
	for _, sub := range meta.subs {
		sub.absent = false // whether one is there is the resource's affair
	}
}

// standard adds what RFC 7643 sections 4.1 to 4.3 define and the type does not
// serve, so that a client who follows the RFC is understood.
func (c *catalog) standard() {
	switch c.core.urn {
	case schema.UserSchema:
		c.core.adopt(schema.CoreUserSchema().Attributes)
		enterprise := schema.ExtensionEnterpriseUser()
		s := c.section(enterprise.ID)
		if s == nil {
			s = newSection(enterprise.ID, nil)
			s.absent = true
			c.sections = append(c.sections, s)
		}
		s.adopt(enterprise.Attributes)
	case schema.GroupSchema:
		c.core.adopt(schema.CoreGroupSchema().Attributes)
	}
}

// tells tells whether an attribute is one in which every resource says what type
// it is of: meta.resourceType and schemas.
func (c *catalog) tells(p AttrPath) bool {
	return p == AttrPath{c.core.urn, "meta", "resourceType"} || p == AttrPath{URN: c.core.urn, Name: "schemas"}
}

// section finds a schema by its URN in any case; nil when there is none.
func (c *catalog) section(urn string) *section {
	for _, s := range c.sections {
		if s.urn == urn {
			return s
		}
	}
	for _, s := range c.sections {
		if strings.EqualFold(s.urn, urn) {
			return s
		}
	}
	return nil
}

// qualified splits a name that begins with a known schema URN. The URN is
// followed by ':' or, as some clients write it, '.'.
func (c *catalog) qualified(name string) (*section, string) {
	for _, s := range c.sections {
		n := len(s.urn)
		if len(name) >= n && strings.EqualFold(name[:n], s.urn) {
			switch {
			case len(name) == n:
				return s, ""
			case name[n] == ':' || name[n] == '.':
				return s, name[n+1:]
			}
		}
	}
	return nil, name
}

// named is what a name stands for: a whole schema (attr nil), an attribute, or
// a sub-attribute (sub not nil).
type named struct {
	section   *section
	attr, sub *attribute
}

// target is the attribute whose characteristics hold: the innermost one.
func (n named) target() *attribute {
	if n.sub != nil {
		return n.sub
	}
	return n.attr
}

func (n named) absent() bool {
	return n.section.absent || n.attr != nil && n.target().absent
}

// path is the resolved name.
func (n named) path() AttrPath {
	return n.target().path
}

// resolve finds what a name stands for (RFC 7644 section 3.10). A name without
// a URN is looked for in the core schema first and then in the extensions: Entra
// writes "manager" for the enterprise extension's.
func (c *catalog) resolve(name string) (named, bool) {
	s, rest := c.qualified(name)
	if s != nil && rest == "" {
		return named{section: s}, true
	}
	first, second, dotted := strings.Cut(rest, ".")
	if dotted && second == "" {
		return named{}, false
	}
	sections := c.sections
	if s != nil {
		sections = []*section{s}
	}
	for _, s := range sections {
		a := s.find(first)
		if a == nil {
			continue
		}
		if !dotted {
			return named{section: s, attr: a}, true
		}
		sub := a.sub(second)
		return named{section: s, attr: a, sub: sub}, sub != nil
	}
	return named{}, false
}

// at finds the attribute of a resolved path; nil when there is none.
func (c *catalog) at(p AttrPath) *attribute {
	s := c.section(p.URN)
	if s == nil {
		return nil
	}
	a := s.find(p.Name)
	if a == nil || p.Sub == "" {
		return a
	}
	return a.sub(p.Sub)
}

// supplied tells whether the Writer derives the attribute when it is missing.
func (c *catalog) supplied(a *attribute) bool {
	return slices.ContainsFunc(c.typ.Supplied, func(name string) bool {
		return strings.EqualFold(name, a.path.Name)
	})
}
