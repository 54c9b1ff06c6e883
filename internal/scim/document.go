package scim

import (
	"maps"
	"slices"
	"strings"

	"entrascim/internal/fault"
)

// document checks the body of a POST or PUT against the schemas and gives it the
// schemas' form (RFC 7644 section 3.3).
func (c *catalog) document(body map[string]any, strict bool) (Document, error) {
	doc := Document{}
	check := checker{strict}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if strings.EqualFold(name, "schemas") {
			if err := c.schemas(body[name], strict); err != nil {
				return nil, err
			}
			continue
		}
		if err := c.put(doc, check, name, body[name]); err != nil {
			return nil, err
		}
	}
	if err := c.required(doc); err != nil {
		return nil, err
	}
	doc["schemas"] = c.schemasOf(doc)
	return doc, nil
}

// put sets what one name of the body stands for.
func (c *catalog) put(doc Document, check checker, name string, v any) error {
	n, ok := c.resolve(name)
	if is, err := n.misnamed(ok, name, v); is {
		return err
	}
	switch {
	case !ok || n.absent():
		return check.unknown(name)
	case n.attr == nil:
		return c.putSection(doc, check, n.section, v)
	case n.target().mutability == readOnly || n.attr.mutability == readOnly:
		return nil // RFC 7644 section 3.3: ignored
	}
	value, err := check.value(n.target(), v)
	// An empty list stays: a PUT with one says more than a PUT without it.
	if _, list := value.([]any); err != nil || !assigned(value) && !list {
		return err
	}
	home := c.home(doc, n.section)
	if n.sub == nil {
		home[n.attr.path.Name] = value
		return nil
	}
	return putSub(home, n, value)
}

// putSub takes the dotted form "name.givenName".
func putSub(home map[string]any, n named, value any) error {
	if n.attr.multi {
		return fault.New(fault.InvalidSyntax, "%s has many values: its %s can not be set by itself.", n.attr.path, n.sub.path.Sub)
	}
	inner, _ := home[n.attr.path.Name].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
		home[n.attr.path.Name] = inner
	}
	inner[n.sub.path.Sub] = value
	return nil
}

// putSection sets the attributes of an extension.
func (c *catalog) putSection(doc Document, check checker, s *section, v any) error {
	inner, ok := v.(map[string]any)
	switch {
	case v == nil:
		return nil
	case !ok || s == c.core:
		return fault.New(fault.InvalidSyntax, "%s must be an object with the attributes of the extension.", s.urn)
	}
	for _, name := range slices.Sorted(maps.Keys(inner)) {
		if c.section(name) != nil {
			return fault.New(fault.InvalidSyntax, "%s stands inside another extension.", name)
		}
		if err := c.put(doc, check, s.urn+":"+strings.TrimPrefix(name, s.urn+":"), inner[name]); err != nil {
			return err
		}
	}
	return nil
}

// home is where the attributes of a schema stand in the document.
func (c *catalog) home(doc Document, s *section) map[string]any {
	if s == c.core {
		return doc
	}
	inner, _ := doc[s.urn].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
		doc[s.urn] = inner
	}
	return inner
}

// schemas checks the schemas of a body: the core schema must be among them.
// Without any, the endpoint says what the resource is.
func (c *catalog) schemas(v any, strict bool) error {
	urns, err := urnList(v)
	if err != nil || len(urns) == 0 {
		return err
	}
	core := false
	for _, urn := range urns {
		s := c.section(urn)
		core = core || s == c.core
		if strict && (s == nil || s.absent) {
			return fault.New(fault.InvalidSyntax, "The schema %s is not one of %s.", urn, c.typ.Name)
		}
	}
	if !core {
		return fault.New(fault.InvalidSyntax, "The schemas of a %s must have %s among them.", c.typ.Name, c.core.urn)
	}
	return nil
}

func urnList(v any) ([]string, error) {
	list, ok := v.([]any)
	if s, isString := v.(string); isString {
		list, ok = []any{s}, true
	}
	if v != nil && !ok {
		return nil, fault.New(fault.InvalidSyntax, "schemas must be a list of URNs.")
	}
	urns := make([]string, 0, len(list))
	for _, element := range list {
		urn, ok := element.(string)
		if !ok {
			return nil, fault.New(fault.InvalidSyntax, "schemas must be a list of URNs.")
		}
		urns = append(urns, urn)
	}
	return urns, nil
}

// schemasOf lists the schemas whose attributes the document has.
func (c *catalog) schemasOf(doc Document) []any {
	urns := []any{c.core.urn}
	for _, s := range c.sections[1:] {
		if assigned(doc[s.urn]) {
			urns = append(urns, s.urn)
		}
	}
	return urns
}

// required checks that a whole resource has its required attributes.
func (c *catalog) required(doc Document) error {
	for _, s := range c.sections {
		home := doc
		if s != c.core {
			home, _ = doc[s.urn].(map[string]any)
			if home == nil {
				continue
			}
		}
		for a := range s.served {
			if a.required && a.mutability != readOnly && !assigned(home[a.path.Name]) && !c.supplied(a) {
				return fault.New(fault.InvalidValue, "%s is required.", a.path)
			}
		}
	}
	return nil
}
