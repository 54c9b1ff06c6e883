package scim

import (
	"strings"
	"time"

	"github.com/elimity-com/scim/schema"
)

// AttrPath is a resolved attribute name in the schema's case. The common
// attributes (id, meta, schemas, externalId) carry the URN of the core schema.
type AttrPath struct {
	URN, Name string
	Sub       string // "" the attribute itself
}

// String is the name as a client writes it: extension attributes with their
// URN (RFC 7644 section 3.10).
func (p AttrPath) String() string {
	s := p.Name
	if strings.Contains(p.URN, ":extension:") {
		s = p.URN + ":" + s
	}
	if p.Sub != "" {
		s += "." + p.Sub
	}
	return s
}

// The data types, mutabilities and times of return that decide something here
// (RFC 7643 sections 2.3 and 7).
const (
	typeString    = "string"
	typeBoolean   = "boolean"
	typeDecimal   = "decimal"
	typeInteger   = "integer"
	typeDateTime  = "dateTime"
	typeBinary    = "binary"
	typeReference = "reference"
	typeComplex   = "complex"

	readOnly  = "readOnly"
	immutable = "immutable"

	always    = "always"
	onRequest = "request"
	never     = "never"
)

// attribute is an attribute or sub-attribute with its characteristics.
type attribute struct {
	path       AttrPath
	kind       string // data type
	multi      bool
	required   bool
	caseExact  bool
	mutability string
	returned   string
	canonical  []string
	subs       []*attribute
	bySub      map[string]*attribute   // by name, and by lower-case name
	absent     bool                    // known to RFC 7643, not served here: no resource has a value
	number     int                     // in the catalog
	refuse     func(name string) error // of a Dictionary; nil: unknown names are ignored
	offset     *time.Location          // of a date-time that names none; nil: UTC
	open       bool                    // sub-attributes that nobody knows have no value, as in a query; else they are mistakes
	keys       []Key                   // that tell values apart beside value and type
}

func newAttribute(urn string, a schema.CoreAttribute) *attribute {
	at := newSimple(AttrPath{URN: urn, Name: a.Name()}, a)
	at.bySub = make(map[string]*attribute)
	for _, s := range a.SubAttributes() {
		at.add(newSimple(AttrPath{URN: urn, Name: a.Name(), Sub: s.Name()}, s))
	}
	return at
}

func newSimple(p AttrPath, a schema.CoreAttribute) *attribute {
	return &attribute{
		path: p, kind: a.AttributeType(), multi: a.MultiValued(), required: a.Required(),
		caseExact: a.CaseExact(), mutability: a.Mutability(), returned: a.Returned(), canonical: a.CanonicalValues(),
	}
}

// placed is a date-time with an offset: its own, or the one that those without are in.
func (a *attribute) placed(s string) string {
	if a.offset == nil {
		return s
	}
	at, err := time.ParseInLocation(zoneless, s, a.offset)
	if err != nil {
		return s
	}
	return at.Format(time.RFC3339Nano)
}

func (a *attribute) add(sub *attribute) {
	a.subs = append(a.subs, sub)
	a.bySub[sub.path.Sub] = sub
	a.bySub[strings.ToLower(sub.path.Sub)] = sub
}

// sub finds a sub-attribute by its name in any case; nil when there is none.
func (a *attribute) sub(name string) *attribute { return anyCase(a.bySub, name) }

// subNamed is sub for a name that is a part of a text.
func (a *attribute) subNamed(name []byte) *attribute {
	if s := a.bySub[string(name)]; s != nil {
		return s
	}
	return a.sub(string(name))
}

// anyCase finds a name in any case, and first as it is written: mostly that is the
// schema's.
func anyCase(byName map[string]*attribute, name string) *attribute {
	if a := byName[name]; a != nil {
		return a
	}
	return byName[strings.ToLower(name)]
}

// missing makes the attribute and all below it one that no resource has.
func (a *attribute) missing() *attribute {
	a.absent = true
	for _, s := range a.subs {
		s.absent = true
	}
	return a
}

// adopt takes the sub-attributes of RFC 7643 that the served schema leaves out,
// as absent ones.
func (a *attribute) adopt(standard *attribute) {
	for _, s := range standard.subs {
		if a.kind == typeComplex && a.sub(s.path.Sub) == nil {
			s.path.URN, s.path.Name, s.absent = a.path.URN, a.path.Name, true
			a.add(s)
		}
	}
}

// reference tells whether the values point at other resources and are known by
// their value alone: groups, members, manager.
func (a *attribute) reference() bool {
	return a.bySub["value"] != nil && a.bySub["$ref"] != nil
}
