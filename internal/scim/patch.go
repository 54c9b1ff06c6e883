package scim

import (
	"slices"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

const patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// maxOperations bounds the operations of one PATCH request.
const maxOperations = 5000

// maxWork bounds the values that the operations of one request look at, so that
// many operations on long lists end.
const maxWork = 1_000_000

// The operations of PATCH (RFC 7644 section 3.5.2).
const (
	opAdd     = "add"
	opRemove  = "remove"
	opReplace = "replace"
)

// Operation is one change to one attribute.
type Operation struct {
	Op     string            // "add", "remove" or "replace"
	Path   AttrPath          // Sub: the sub-attribute that is changed
	Filter filter.Expression // which values of a multi-valued attribute; nil: all
	// Value has been checked against the schema. nil: none. A multi-valued
	// attribute that is changed as a whole has a []any.
	Value any

	attr, sub *attribute
	outside   bool // in an extension's object
	weight    int  // what it costs to look at one value
}

// Patch holds parsed and validated operations (RFC 7644 section 3.5.2). An
// operation of the request that changes several attributes is several here.
type Patch struct {
	Operations []Operation

	creates bool // see Dialect.creates
}

// Attributes gives the attributes that the operations touch, and so what must
// be read to apply them: whole multi-valued attributes, single sub-attributes of
// the others.
func (p Patch) Attributes() []AttrPath {
	var found []AttrPath
	for _, op := range p.Operations {
		path := op.Path
		if op.attr.multi {
			path.Sub = ""
		}
		if !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	return found
}

// Apply does the operations, in order, on a copy of the document (RFC 7644
// section 3.5.2). It fails as a whole when one of them can not be done.
func (p Patch) Apply(doc Document) (Document, error) {
	out, _ := clone(doc).(map[string]any)
	if out == nil {
		out = Document{}
	}
	a := &application{creates: p.creates}
	for _, op := range p.Operations {
		if err := a.apply(out, op); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// MemberChange is a change to a multi-valued reference attribute that can be
// done without reading it.
type MemberChange struct {
	Op     string            // "add", "remove" or "replace"
	Values []string          // the ids
	All    bool              // remove everything
	Filter filter.Expression // remove the values that satisfy it; its names are sub-attributes
}

// Split parts the operations on the core schema's multi-valued reference
// attribute of that name ("members") from the rest. Both keep their order.
func (p Patch) Split(name string) (rest Patch, changes []MemberChange, err error) {
	rest.creates = p.creates
	for _, op := range p.Operations {
		if op.Path.Name != name || op.outside {
			rest.Operations = append(rest.Operations, op)
			continue
		}
		change, err := op.member()
		if err != nil {
			return Patch{}, nil, err
		}
		changes = append(changes, change)
	}
	return rest, changes, nil
}

func (op Operation) member() (MemberChange, error) {
	switch {
	case op.sub != nil || op.Filter != nil && op.Op != opRemove:
		return MemberChange{}, fault.New(fault.Mutability, "The values of %s can be added and removed, not changed.", op.attr.path)
	case op.Filter != nil:
		if ids, ok := equals(op.Filter, "value"); ok {
			return MemberChange{Op: opRemove, Values: ids}, nil
		}
		return MemberChange{Op: opRemove, Filter: op.Filter}, nil
	case op.Value == nil:
		return MemberChange{Op: opRemove, All: true}, nil
	}
	list, _ := op.Value.([]any)
	change := MemberChange{Op: op.Op, Values: make([]string, 0, len(list))}
	for _, v := range list {
		member, _ := v.(map[string]any)
		id, _ := member["value"].(string)
		if id == "" {
			return MemberChange{}, fault.New(fault.InvalidValue, "%s.value is required in every value of %s.", op.attr.path, op.attr.path)
		}
		change.Values = append(change.Values, id)
	}
	return change, nil
}

// equals gives the strings that a filter of the form 'name eq "a" or name eq
// "b"' asks for; false when it has another form.
func equals(e filter.Expression, name string) ([]string, bool) {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		s, ok := e.CompareValue.(string)
		return []string{s}, ok && e.Operator == filter.EQ && e.AttributePath.AttributeName == name
	case *filter.LogicalExpression:
		left, lok := equals(e.Left, name)
		right, rok := equals(e.Right, name)
		return append(left, right...), e.Operator == filter.OR && lok && rok
	}
	return nil, false
}
