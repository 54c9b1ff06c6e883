package scim

import (
	"slices"
	"strings"
)

// Projection says which attributes a representation has (RFC 7644 section 3.9):
// those of returned "always", and of the others what the client chose. The zero
// Projection has nothing.
type Projection struct {
	index    *catalog
	explicit bool              // the client chose
	only     map[AttrPath]bool // nil: the default set
	without  map[AttrPath]bool
	extra    map[AttrPath]bool // added by With
}

// FullProjection has everything that may be returned, what is returned on
// request only included.
func FullProjection(rt *ResourceType) Projection {
	c := rt.catalog()
	p := Projection{index: c, extra: make(map[AttrPath]bool)}
	for _, s := range c.sections {
		for a := range s.served {
			p.extra[a.path] = true
		}
	}
	return p
}

// DefaultProjection has what is returned when the client chooses nothing.
func DefaultProjection(rt *ResourceType) Projection { return Projection{index: rt.catalog()} }

// MinimalProjection has what is always returned, and the attributes given.
func MinimalProjection(rt *ResourceType, paths ...AttrPath) Projection {
	p := Projection{index: rt.catalog(), only: map[AttrPath]bool{}}
	return p.With(paths...)
}

// parseProjection reads the attributes and excludedAttributes parameters. Names
// that the type does not have are ignored.
func (c *catalog) parseProjection(attributes, excluded []string) Projection {
	p := Projection{index: c, explicit: len(attributes)+len(excluded) > 0}
	if len(attributes) > 0 {
		p.only = c.paths(attributes)
	}
	p.without = c.paths(excluded)
	return p
}

// paths resolves names; a schema's URN stands for all its attributes.
func (c *catalog) paths(names []string) map[AttrPath]bool {
	found := make(map[AttrPath]bool)
	for _, name := range names {
		n, ok := c.resolve(name)
		switch {
		case !ok || n.absent():
		case n.attr != nil:
			found[n.path()] = true
		default:
			for a := range n.section.served {
				found[a.path] = true
			}
		}
	}
	return found
}

// Explicit tells whether the client chose by attributes or excludedAttributes.
func (p Projection) Explicit() bool { return p.explicit }

// With is the projection that has these attributes as well. What is never
// returned stays out.
func (p Projection) With(paths ...AttrPath) Projection {
	extra := make(map[AttrPath]bool, len(p.extra)+len(paths))
	for path := range p.extra {
		extra[path] = true
	}
	for _, path := range paths {
		extra[path] = true
	}
	p.extra = extra
	return p
}

// Includes tells whether the representation has the attribute, or with sub its
// sub-attribute. Names are in the schema's case. An attribute is included when
// any of its sub-attributes is.
func (p Projection) Includes(urn, name, sub string) bool {
	if p.index == nil {
		return false
	}
	a := p.index.at(AttrPath{URN: urn, Name: name})
	if a == nil || a.absent || a.returned == never {
		return false
	}
	if sub != "" {
		s := a.sub(sub)
		return s != nil && p.includesSub(a, s)
	}
	if len(a.subs) == 0 {
		return p.chosen(a, nil)
	}
	return slices.ContainsFunc(a.subs, func(s *attribute) bool { return p.includesSub(a, s) })
}

// includesSub tells whether the representation has the sub-attribute. One that
// is returned always comes with its attribute, however little of that is chosen.
func (p Projection) includesSub(a, s *attribute) bool {
	if s.absent || s.returned == never {
		return false
	}
	if p.chosen(a, s) {
		return true
	}
	return s.returned == always && slices.ContainsFunc(a.subs, func(other *attribute) bool {
		return other != s && !other.absent && other.returned != never && p.chosen(a, other)
	})
}

// chosen tells whether an attribute (s nil) or a sub-attribute is in the set, by
// itself or by what holds it.
func (p Projection) chosen(a, s *attribute) bool {
	if p.extra[a.path] || s != nil && p.extra[s.path] || a.returned == always {
		return true
	}
	if p.only != nil {
		return s != nil && p.only[s.path] || p.only[a.path] && (s == nil || s.returned != onRequest)
	}
	if a.returned == onRequest || s != nil && s.returned == onRequest {
		return false
	}
	return !p.without[a.path] && (s == nil || s.returned == always || !p.without[s.path])
}

// Key is equal for projections that include the same attributes of one type.
func (p Projection) Key() string {
	var b strings.Builder
	b.WriteByte('=') // never ""
	for _, set := range []map[AttrPath]bool{p.only, p.without, p.extra} {
		names := make([]string, 0, len(set))
		for path := range set {
			names = append(names, path.URN+":"+path.Name+"."+path.Sub)
		}
		slices.Sort(names)
		b.WriteString(strings.Join(names, ","))
		if set == nil {
			b.WriteByte('*')
		}
		b.WriteByte('|')
	}
	return b.String()
}

// Prune is a copy of the document with the attributes that are included only.
func (p Projection) Prune(doc Document) Document {
	out := make(Document, len(doc))
	for key, value := range doc {
		if s := p.extension(key); s != nil {
			if inner, ok := value.(map[string]any); ok {
				p.pruneInto(out, key, s, inner)
			}
			continue
		}
		if v := p.prune(p.index.core, key, value); v != nil {
			out[key] = v
		}
	}
	return out
}

func (p Projection) extension(key string) *section {
	if s := p.index.section(key); s != p.index.core {
		return s
	}
	return nil
}

func (p Projection) pruneInto(out Document, key string, s *section, inner map[string]any) {
	kept := make(map[string]any, len(inner))
	for name, value := range inner {
		if v := p.prune(s, name, value); v != nil {
			kept[name] = v
		}
	}
	if len(kept) > 0 {
		out[key] = kept
	}
}

// prune is what is left of the attribute's value; nil when nothing is.
func (p Projection) prune(s *section, name string, value any) any {
	a := s.byLower[strings.ToLower(name)]
	if a == nil || !p.Includes(s.urn, a.path.Name, "") {
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		return p.pruneValue(a, v)
	case []any:
		if a.kind != typeComplex {
			return v
		}
		kept := make([]any, 0, len(v))
		for _, element := range v {
			if m, ok := element.(map[string]any); ok {
				kept = append(kept, p.pruneValue(a, m))
			}
		}
		return kept
	}
	return value
}

func (p Projection) pruneValue(a *attribute, value map[string]any) map[string]any {
	kept := make(map[string]any, len(value))
	for name, v := range value {
		if s := a.sub(name); s != nil && p.includesSub(a, s) {
			kept[name] = v
		}
	}
	return kept
}
