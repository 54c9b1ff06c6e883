// Package rfcpatch is PATCH as RFC 7644 section 3.5.2 reads, done on plain documents
// one operation after the other, with operations grown from bytes. Tests hold the
// protocol and the gateway against it; nothing that is served uses it.
package rfcpatch

// Object is a JSON object.
type Object = map[string]any

// An Attribute is one that operations change.
type Attribute struct {
	URN      string // of the extension that it is in; "": core
	Name     string
	Multi    bool
	Subs     []Attribute // of a complex attribute
	Exact    bool        // case matters
	Required bool
	Refers   bool // its values are references, which value alone tells apart

	// Pool are values that a client may send; a complex attribute has those of its
	// sub-attributes.
	Pool []any
}

// sub is the sub-attribute of that name; an unknown one is a plain text.
func (a *Attribute) sub(name string) *Attribute {
	for i := range a.Subs {
		if a.Subs[i].Name == name {
			return &a.Subs[i]
		}
	}
	return &Attribute{Name: name}
}

// String is the attribute as a path names it.
func (a *Attribute) String() string {
	if a.URN != "" {
		return a.URN + ":" + a.Name
	}
	return a.Name
}

// Of gives the attribute's value in a document; nil when it has none.
func (a *Attribute) Of(doc Object) any {
	if a.URN != "" {
		doc, _ = doc[a.URN].(Object)
	}
	return doc[a.Name]
}

// The operations of RFC 7644 section 3.5.2.
const (
	Add     = "add"
	Replace = "replace"
	Remove  = "remove"
)

// An Operation changes one attribute, or a sub-attribute of it.
type Operation struct {
	Op       string
	Attr     *Attribute
	Sub      string // "": the attribute itself
	Filter   Filter // which values of a multi-valued attribute; without terms: all
	Value    any
	Pathless bool // the attribute is named by the value, not by a path
}

// A Filter is a condition on a value of a multi-valued attribute: comparisons of its
// sub-attributes that all hold, or with Any of which one does.
type Filter struct {
	Terms []Term
	Any   bool
}

// A Term compares a sub-attribute: eq, ne, sw or pr.
type Term struct {
	Sub, Op string
	Value   any
}

func (f Filter) none() bool { return len(f.Terms) == 0 }

// mentions tells whether the filter compares the sub-attribute.
func (f Filter) mentions(sub string) bool {
	for _, t := range f.Terms {
		if t.Sub == sub {
			return true
		}
	}
	return false
}

// Idempotent tells whether the operations done twice do what they do once, whatever
// the document: they are about different attributes, and none selects values by what
// it changes in them. (What selects by that may find no value the second time, or
// another.)
func Idempotent(ops []Operation) bool {
	seen := map[string]bool{}
	for _, o := range ops {
		if seen[o.Attr.String()] || !o.idempotent() {
			return false
		}
		seen[o.Attr.String()] = true
	}
	return true
}

func (o Operation) idempotent() bool {
	switch {
	case o.Filter.none():
		return true
	case o.Op == Remove:
		return o.Sub == "" || !o.Filter.mentions(o.Sub)
	case o.Sub != "":
		return !o.Filter.mentions(o.Sub)
	case o.Op == Replace:
		return false // all of the value is changed
	}
	given, _ := o.Value.(Object)
	for name := range given {
		if o.Filter.mentions(name) {
			return false
		}
	}
	return true
}
