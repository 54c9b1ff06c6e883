// Package mapping turns mapping tables into compiled plans: how a SCIM resource
// is read from a Graph object while it streams by, what a SCIM write asks of
// Graph, which part of a SCIM filter Graph can evaluate, what a resource type's
// schemas are. Everything follows from the table; the package does no I/O and
// reads no clock.
package mapping

import (
	"slices"
	"strings"

	"github.com/elimity-com/scim/schema"

	"entrascim/internal/edm"
)

// Source is the text of one table or overlay. Name is the file name that
// complaints begin with ("user.yaml:12: ...").
type Source struct {
	Name string
	Text []byte
	// AppID is the client id of the app registration that the directory extensions
	// of the source belong to: what {appId} stands for in a Graph path. "" when it
	// is not known, and then {appId} is a mistake.
	AppID string
}

// Attr names a SCIM attribute in its canonical case. The common attributes (id,
// schemas, externalId, meta) carry the URN of the resource type's core schema.
type Attr struct {
	URN  string // schema of the attribute
	Name string
	Sub  string // sub-attribute, "" for none
}

// String writes the attribute as RFC 7644 figure 1 does, URN first.
func (a Attr) String() string {
	s := a.URN + ":" + a.Name
	if a.Sub != "" {
		s += "." + a.Sub
	}
	return s
}

// Want decides whether an attribute is wanted in a representation; sub is ""
// when the question is about any part of the attribute.
type Want func(urn, name, sub string) bool

// Document is a SCIM resource as decoded JSON: attribute names in canonical
// case, extensions under their URN.
type Document = map[string]any

// A Table is one resource type's mapping, checked and compiled. It is immutable
// and safe for concurrent use.
type Table struct {
	model       *edm.Model
	resource    string
	description string
	endpoint    string
	urn         string
	collection  string
	entity      string
	whole       []string   // complex Graph properties that are always written whole
	condition   *condition // of the objects of the collection that are resources; nil: none
	barred      *condition // of those that are none all the same; nil: none
	bare        bool       // the collection takes no query options
	dictionary  *Attr      // see Dictionary
	anyID       bool       // ids are texts, not GUIDs
	optional    bool
	mutability  string // of the rows that do not say theirs; "" for what Graph allows
	prefixes    []prefix
	rows        []*Row
	attributes  []*attribute
	describe    map[string]string
	core        schema.Schema
	extensions  []schema.Schema
	short       shortening
}

// A prefix abbreviates the URN of an extension schema in a table.
type prefix struct {
	name, urn          string
	title, description string
	keep               bool // a PUT that has nothing of the extension leaves it
}

// A Row is one line of a mapping table.
type Row struct {
	SCIM        string // path in the table's notation: addresses[0].country
	Attr        Attr   // what the path names
	Graph       string // path in the table's notation: businessPhones[0]; "" for a constant
	Relation    string // name of the behaviour that supplies the row, "" for a property
	Type        string // SCIM data type (RFC 7643 section 2.3)
	MultiValued bool   // a simple attribute with many values
	Mutability  string // RFC 7643 section 7, as the three below
	Returned    string
	Uniqueness  string
	Required    bool
	CaseExact   bool
	Canonical   []string // the only values there are, when there are any
	References  []string // resource types that a reference may name
	Description string
	Default     any               // of a resource that is created without the attribute
	Constant    any               // the value of an attribute that Graph does not hold
	Derive      string            // how a missing value is made when a resource is created
	Values      map[string]string // SCIM value to Graph value
	Fallback    string            // Graph property that is read when Graph has no value
	Alias       string            // the row that the property is shared with
	Permission  string            // of Graph, which reading the property takes by itself; "" for none
	Keep        bool              // a PUT that omits the attribute leaves it
	Ignore      bool              // a value that is not canonical is ignored, instead of refused

	name     string
	at       place
	broken   bool // complained about; what follows from it is not
	kind     kind
	selector selector
	path     graphPath
	property edm.Property
	element  *element
	from     map[string]string // Graph value to SCIM value
}

// Resource is the name of the resource type: "User".
func (t *Table) Resource() string { return t.resource }

// Description says what the resource type is, in a sentence.
func (t *Table) Description() string { return t.description }

// Endpoint is the SCIM endpoint of the resource type: "/Users".
func (t *Table) Endpoint() string { return t.endpoint }

// Collection is the Graph collection of the objects: "users".
func (t *Table) Collection() string { return t.collection }

// Entity is the Graph entity type of the objects: "user".
func (t *Table) Entity() string { return t.entity }

// Optional tells that answers about all resource types leave this one out when the
// gateway may not read it.
func (t *Table) Optional() bool { return t.optional }

// GUIDs tells whether the ids of the objects are GUIDs.
func (t *Table) GUIDs() bool { return !t.anyID }

// Bare tells that the collection takes no query options ($select, $filter, $top,
// $count, $orderby): it is read whole, and Filter and OrderBy ask nothing of it.
func (t *Table) Bare() bool { return t.bare }

// URN identifies the core schema.
func (t *Table) URN() string { return t.urn }

// Rows lists the rows in the table's order, overlays laid on.
func (t *Table) Rows() []Row {
	out := make([]Row, len(t.rows))
	for i, r := range t.rows {
		out[i] = *r
	}
	return out
}

// Name is the attribute as a client writes it: extensions with their URN, the
// prefix being the table's own affair, and without indexes.
func (r *Row) Name() string { return r.name }

// Property is the Graph property that the row reads or writes, without the part
// of it; "" for a constant.
func (r *Row) Property() string { return r.path.property }

// Writable tells whether the row's value reaches Graph when a client sends it.
func (r *Row) Writable() bool { return r.Graph != "" && r.Mutability != readOnly }

// SCIM's words for mutability and return (RFC 7643 section 7).
const (
	readOnly  = "readOnly"
	readWrite = "readWrite"
	immutable = "immutable"
	writeOnly = "writeOnly"
)

// find resolves an attribute name, case-insensitively as RFC 7643 section 2.1
// has it. An empty URN means the core schema.
func (t *Table) find(urn, name string) *attribute {
	if urn == "" {
		urn = t.urn
	}
	i := slices.IndexFunc(t.attributes, func(a *attribute) bool {
		return strings.EqualFold(a.urn, urn) && strings.EqualFold(a.name, name)
	})
	if i < 0 {
		return nil
	}
	return t.attributes[i]
}
