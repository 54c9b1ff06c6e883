package scim

import (
	"maps"
	"slices"
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// patchParser reads the body of a PATCH request (RFC 7644 section 3.5.2).
type patchParser struct {
	index  *catalog
	strict bool
	patch  Patch
}

func (c *catalog) parsePatch(body map[string]any, d Dialect, strict bool) (Patch, error) {
	p := &patchParser{index: c, strict: strict, patch: Patch{creates: d.creates()}}
	operations, err := envelope(body)
	if err != nil {
		return Patch{}, err
	}
	for _, v := range operations {
		op, ok := v.(map[string]any)
		if !ok {
			return Patch{}, fault.New(fault.InvalidSyntax, "Each of Operations must be an object.")
		}
		if err := p.operation(op); err != nil {
			return Patch{}, err
		}
	}
	return p.patch, nil
}

// envelope takes the operations out of the message.
func envelope(body map[string]any) ([]any, error) {
	urns, err := urnList(field(body, "schemas"))
	if err != nil {
		return nil, err
	}
	isPatch := func(urn string) bool { return strings.EqualFold(urn, patchSchema) }
	if len(urns) > 0 && !slices.ContainsFunc(urns, isPatch) {
		return nil, fault.New(fault.InvalidSyntax, "The schemas of a PATCH request must be %s.", patchSchema)
	}
	operations, ok := field(body, "Operations").([]any)
	switch {
	case !ok || len(operations) == 0:
		return nil, fault.New(fault.InvalidSyntax, "A PATCH request must have a list of Operations.")
	case len(operations) > maxOperations:
		return nil, fault.New(fault.TooLarge, "A PATCH request may have %d Operations at most.", maxOperations)
	}
	return operations, nil
}

// field finds a member of a message by its name in any case: some clients write
// "operations".
func field(m map[string]any, name string) any {
	for key, v := range m {
		if strings.EqualFold(key, name) {
			return v
		}
	}
	return nil
}

func (p *patchParser) operation(m map[string]any) error {
	op, _ := field(m, "op").(string)
	op = strings.ToLower(op)
	if op != opAdd && op != opRemove && op != opReplace {
		return fault.New(fault.InvalidSyntax, "The op of an operation must be add, remove or replace.")
	}
	path, isString := field(m, "path").(string)
	if field(m, "path") != nil && !isString {
		return fault.New(fault.InvalidPath, "The path of an operation must be a string.")
	}
	value, given := field(m, "value"), has(m, "value")
	switch {
	case op == opRemove && path == "":
		return fault.New(fault.NoTarget, "A remove operation must have a path.")
	case op != opRemove && !given:
		return fault.New(fault.InvalidValue, "The operation %s must have a value.", op)
	case path == "":
		return p.pathless(op, nil, value)
	}
	return p.single(op, path, value, false)
}

func has(m map[string]any, name string) bool {
	for key := range m {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

// pathless takes a value whose names are attributes, each an operation of its
// own. The names of an extension's object stand below its URN.
func (p *patchParser) pathless(op string, s *section, value any) error {
	m, ok := value.(map[string]any)
	if !ok {
		return fault.New(fault.InvalidValue, "The value of an operation without a path must be an object.")
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		path := name
		if s != nil {
			if inner, _ := p.index.qualified(name); inner == nil {
				path = s.urn + ":" + name
			}
		}
		if err := p.single(op, path, m[name], true); err != nil {
			return err
		}
	}
	return nil
}

// single takes an operation with a path. Implied by the names of a value
// (pathless), unknown and read-only attributes are ignored as in any body.
func (p *patchParser) single(op, path string, value any, pathless bool) error {
	if len(path) > maxFilter {
		return fault.New(fault.InvalidPath, "The path of an operation is longer than %d bytes.", maxFilter)
	}
	name, selection, sub, err := parsePath(path)
	if err != nil {
		return fault.New(fault.InvalidPath, "The path of an operation is not valid: %v.", err)
	}
	if sub != "" {
		name += "." + sub
	}
	n, ok := p.index.resolve(name)
	if is, err := n.misnamed(ok, name, value); is {
		return err
	}
	switch {
	case !ok && pathless:
		return checker{p.strict}.unknown(name)
	case !ok:
		return fault.New(fault.InvalidPath, "%s has no attribute %s.", p.index.typ.Name, name)
	case selection != nil && sub == "" && n.sub != nil:
		return fault.New(fault.InvalidPath, "The filter of a path stands behind the attribute, before its sub-attribute.")
	case n.absent():
		return checker{p.strict}.unknown(name)
	case n.attr == nil:
		return p.whole(op, n.section, value)
	case n.attr.path.Name == "schemas" && n.section == p.index.core:
		return nil // follows from what the resource has
	case n.attr.mutability == readOnly || n.target().mutability == readOnly:
		if pathless {
			return nil
		}
		return fault.New(fault.Mutability, "%s is read-only.", n.path())
	}
	return p.add(op, n, selection, value, 1+len(path)/termLength)
}

// whole takes an operation on an extension as a whole.
func (p *patchParser) whole(op string, s *section, value any) error {
	if op != opRemove && value != nil {
		return p.pathless(op, s, value)
	}
	for a := range s.served {
		if a.mutability != readOnly && s != p.index.core {
			p.patch.Operations = append(p.patch.Operations, Operation{Op: opRemove, Path: a.path, attr: a, outside: true, weight: 1})
		}
	}
	return nil
}

// termLength is about how long one comparison of a filter is, in bytes.
const termLength = 16

// add checks the operation's filter and value and keeps it.
func (p *patchParser) add(op string, n named, selection filter.Expression, value any, weight int) error {
	o := Operation{Op: op, Path: n.path(), attr: n.attr, sub: n.sub, outside: n.section != p.index.core, weight: weight}
	if selection != nil {
		if n.attr.kind != typeComplex || !n.attr.multi {
			return fault.New(fault.InvalidPath, "%s has no values to select by a filter.", n.attr.path)
		}
		bound, t, err := binder{p.index, p.strict, n.attr}.bind(selection)
		if err != nil {
			return fault.New(fault.InvalidPath, "The path of an operation is not valid: %s", fault.From(err).Detail)
		}
		if o.Filter = bound; t != undecided {
			o.Filter = constantly(t)
		}
	}
	if err := o.take(value, p.strict); err != nil {
		return err
	}
	p.patch.Operations = append(p.patch.Operations, o)
	return nil
}

// take checks the operation's value.
func (op *Operation) take(value any, strict bool) error {
	target := op.target()
	if op.Op == opRemove && (op.Filter != nil || op.sub != nil || !target.multi) {
		return nil // what is removed is said by the path alone
	}
	if _, bare := value.(string); bare && op.Op == opReplace && target.multi && target.kind == typeComplex {
		return fault.New(fault.InvalidValue, "%s must be a list of objects.", target.path)
	}
	// A value to be removed only has to say which it is.
	v, err := checker{strict && op.Op != opRemove}.value(target, value)
	if err != nil {
		return err
	}
	if op.Filter != nil && op.sub == nil {
		if v, err = one(target, v); err != nil {
			return err
		}
	}
	if v == nil && op.Op == opReplace {
		op.Op = opRemove // RFC 7643 section 2.5: null unassigns
	}
	op.Value = v
	return nil
}

// target is the attribute that the value is for.
func (op *Operation) target() *attribute {
	if op.sub != nil {
		return op.sub
	}
	return op.attr
}

// one is the value that the selected values are to become.
func one(a *attribute, v any) (any, error) {
	switch list := spread(v); len(list) {
	case 0:
		return nil, nil
	case 1:
		return list[0], nil
	}
	return nil, fault.New(fault.InvalidValue, "The values of %s that a filter selects can be given one value, not several.", a.path)
}

// constantly is a filter that has been decided: it selects every value or none.
func constantly(t truth) filter.Expression {
	none := &filter.AttributeExpression{Operator: filter.PR}
	if t == isTrue {
		return &filter.NotExpression{Expression: none}
	}
	return none
}
