package entra

import (
	"context"
	"maps"
	"slices"
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/scim"
)

// licensed is the filter with the licenses that it names written as ids, since a license
// is looked for by what it is given by. The subscriptions are asked for only when there is
// a name; what no subscription has is left, and nobody has it.
func (r *resource) licensed(ctx context.Context, e filter.Expression) (filter.Expression, error) {
	var names []string
	r.renamed(e, func(name string) string {
		names = append(names, name)
		return name
	})
	if len(names) == 0 {
		return e, nil
	}
	var skus *grant.Subscriptions
	if err := r.lookUpAll(ctx, []lookup{subscriptions(ctx, &skus)}); err != nil {
		return nil, err
	}
	if err := nameable(skus, names); err != nil {
		return nil, err
	}
	return r.renamed(e, skus.Renamed), nil
}

// nameable refuses the name of a license where subscriptions may not be read: that nobody
// has it would be a guess.
func nameable(s *grant.Subscriptions, names []string) error {
	if !s.Unread || len(names) == 0 {
		return nil
	}
	return fault.New(fault.Forbidden, "%s.value: the gateway lacks the directory permission to read licenses, and knows none by its name: give its id.", attrEntitlements)
}

// renamed is the filter with each name that a license is compared with for equality
// written anew.
func (r *resource) renamed(e filter.Expression, to func(string) string) filter.Expression {
	if r.table.Entity() != entityUser {
		return e
	}
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Left: r.renamed(e.Left, to), Right: r.renamed(e.Right, to), Operator: e.Operator}
	case *filter.NotExpression:
		return &filter.NotExpression{Expression: r.renamed(e.Expression, to)}
	case *filter.ValuePath:
		if !r.isEntitlements(e.AttributePath) {
			return e
		}
		return &filter.ValuePath{AttributePath: e.AttributePath, ValueFilter: renamedValue(e.ValueFilter, to)}
	case *filter.AttributeExpression:
		if !r.isEntitlements(e.AttributePath) || e.AttributePath.SubAttributeName() != "value" {
			return e
		}
		return compared(e, to)
	}
	return e
}

func (r *resource) isEntitlements(p filter.AttributePath) bool {
	return p.AttributeName == attrEntitlements && strings.EqualFold(p.URI(), r.table.URN())
}

// renamedValue is renamed of a filter on the values of entitlements.
func renamedValue(e filter.Expression, to func(string) string) filter.Expression {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Left: renamedValue(e.Left, to), Right: renamedValue(e.Right, to), Operator: e.Operator}
	case *filter.NotExpression:
		return &filter.NotExpression{Expression: renamedValue(e.Expression, to)}
	case *filter.AttributeExpression:
		if e.AttributePath.AttributeName == "value" {
			return compared(e, to)
		}
	}
	return e
}

// compared is the comparison with another text, where it is one for equality with a name.
func compared(e *filter.AttributeExpression, to func(string) string) filter.Expression {
	name, ok := e.CompareValue.(string)
	if !ok || isGUID(name) || e.Operator != filter.EQ && e.Operator != filter.NE {
		return e
	}
	c := *e
	c.CompareValue = to(name)
	return &c
}

// byID are the operations with the licenses that they name written as ids, which is what
// a user is shown to have. It asks nothing: who changes licenses has read the subscriptions.
func (u users) byID(p scim.Patch, s *grant.Subscriptions) (scim.Patch, error) {
	if s == nil {
		return p, nil
	}
	var names []string
	to := func(name string) string {
		names = append(names, name)
		return s.Renamed(name)
	}
	p.Operations = slices.Clone(p.Operations)
	for i, op := range p.Operations {
		if op.Path.Name != attrEntitlements || !strings.EqualFold(op.Path.URN, u.table.URN()) {
			continue
		}
		p.Operations[i].Filter = renamedValue(op.Filter, to)
		p.Operations[i].Value = valuesByID(op.Value, to)
	}
	return p, nameable(s, names)
}

// valuesByID are the values of entitlements with ids for names.
func valuesByID(v any, to func(string) string) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = valuesByID(one, to)
		}
		return list
	case map[string]any:
		if name, ok := v["value"].(string); ok && name != "" && !isGUID(name) {
			v = maps.Clone(v)
			v["value"] = to(name)
		}
		return v
	}
	return v
}
