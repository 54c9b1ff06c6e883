package scim

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Projection says which attributes a representation has (RFC 7644 section 3.9):
// those of returned "always", and of the others what the client chose. The zero
// Projection has nothing.
type Projection struct {
	index    *catalog
	explicit bool         // the client chose
	only     attributeSet // nil: the default set
	without  attributeSet
	extra    attributeSet // added by With
}

// An attributeSet is a set of attributes and sub-attributes of one catalog, by their
// numbers; nil is the empty one.
type attributeSet []uint64

func (c *catalog) newSet() attributeSet { return make(attributeSet, c.attributes/64+1) }

func (s attributeSet) add(a *attribute) { s[a.number/64] |= 1 << (a.number % 64) }

func (s attributeSet) has(a *attribute) bool {
	return s != nil && s[a.number/64]&(1<<(a.number%64)) != 0
}

func (s attributeSet) empty() bool {
	return !slices.ContainsFunc(s, func(word uint64) bool { return word != 0 })
}

// FullProjection has everything that may be returned, what is returned on
// request only included.
func FullProjection(rt *ResourceType) Projection {
	c := rt.catalog()
	p := Projection{index: c, extra: c.newSet()}
	for _, s := range c.sections {
		for a := range s.served {
			p.extra.add(a)
		}
	}
	return p
}

// DefaultProjection has what is returned when the client chooses nothing.
func DefaultProjection(rt *ResourceType) Projection { return Projection{index: rt.catalog()} }

// MinimalProjection has what is always returned, and the attributes given.
func MinimalProjection(rt *ResourceType, paths ...AttrPath) Projection {
	c := rt.catalog()
	return Projection{index: c, only: c.newSet()}.With(paths...)
}

// parseProjection reads the attributes and excludedAttributes parameters. Names
// that the type does not have are ignored.
func (c *catalog) parseProjection(attributes, excluded []string) Projection {
	p := Projection{index: c, explicit: len(attributes)+len(excluded) > 0}
	if len(attributes) > 0 {
		p.only = c.set(attributes)
	}
	if len(excluded) > 0 {
		p.without = c.set(excluded)
	}
	return p
}

// set resolves names; a schema's URN stands for all its attributes.
func (c *catalog) set(names []string) attributeSet {
	found := c.newSet()
	for _, name := range names {
		n, ok := c.resolve(name)
		switch {
		case !ok || n.absent():
		case n.attr != nil:
			found.add(n.target())
		default:
			for a := range n.section.served {
				found.add(a)
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
	extra := p.index.newSet()
	copy(extra, p.extra)
	for _, path := range paths {
		if a := p.index.at(path); a != nil {
			extra.add(a)
		}
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
	switch {
	case a == nil:
		return false
	case sub == "":
		return p.includes(a)
	}
	s := a.sub(sub)
	return s != nil && p.includesSub(a, s)
}

// includes tells whether the representation has the attribute or any part of it.
func (p Projection) includes(a *attribute) bool {
	switch {
	case a.absent || a.returned == never:
		return false
	case len(a.subs) == 0:
		return p.chosen(a, nil)
	}
	return slices.ContainsFunc(a.subs, func(s *attribute) bool { return p.includesSub(a, s) })
}

// includesSub tells whether the representation has the sub-attribute. One that
// is returned always comes with its attribute, however little of that is chosen.
func (p Projection) includesSub(a, s *attribute) bool {
	if a.absent || a.returned == never || s.absent || s.returned == never {
		return false
	}
	if p.chosen(a, s) {
		return true
	}
	return s.returned == always && slices.ContainsFunc(a.subs, func(other *attribute) bool {
		return other != s && !other.absent && other.returned != never && p.chosen(a, other)
	})
}

// includesLeaf tells whether the representation has the leaf.
func (p Projection) includesLeaf(l leaf) bool {
	if l.sub == nil {
		return p.includes(l.attr)
	}
	return p.includesSub(l.attr, l.sub)
}

// chosen tells whether an attribute (s nil) or a sub-attribute is in the set, by
// itself or by what holds it.
func (p Projection) chosen(a, s *attribute) bool {
	if p.extra.has(a) || s != nil && p.extra.has(s) || a.returned == always {
		return true
	}
	if p.only != nil {
		return s != nil && p.only.has(s) || p.only.has(a) && (s == nil || s.returned != onRequest)
	}
	if a.returned == onRequest || s != nil && s.returned == onRequest {
		return false
	}
	return !p.without.has(a) && (s == nil || s.returned == always || !p.without.has(s))
}

// Key is equal for projections that include the same attributes of one type.
func (p Projection) Key() string {
	key := make([]byte, 0, 3+8*(len(p.only)+len(p.without)+len(p.extra)))
	for _, set := range []attributeSet{p.only, p.without, p.extra} {
		key = binary.AppendUvarint(key, uint64(len(set)))
		for _, word := range set {
			key = binary.LittleEndian.AppendUint64(key, word)
		}
	}
	return string(key)
}

// usual tells whether nothing was chosen.
func (p Projection) usual() bool { return p.only == nil && p.without.empty() && p.extra.empty() }

// coverage is the set of leaves that a projection includes.
func (p Projection) coverage() []byte {
	if p.usual() {
		return p.index.usual
	}
	return p.covered()
}

func (p Projection) covered() []byte {
	bits := make([]byte, (len(p.index.leaves)+7)/8)
	for i, l := range p.index.leaves {
		if p.includesLeaf(l) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return bytes.TrimRight(bits, "\x00")
}
