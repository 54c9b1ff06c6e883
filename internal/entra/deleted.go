package entra

import (
	"context"
	"slices"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// Graph keeps deleted users and Microsoft 365 groups for 30 days among deletedItems. A
// list of them shows their properties alone: Graph does not show what a deleted object
// is related to.
// Source: https://learn.microsoft.com/graph/api/directory-deleteditems-list.

const (
	deletedItems    = "/directory/deletedItems"
	deletedProperty = "deletedDateTime"
)

// deletedPath lists the deleted objects of the type; the cast is required.
func (r *resource) deletedPath() string { return deletedItems + "/microsoft.graph." + r.table.Entity() }

// living wants of a resource that is not deleted what it can have: not when it was.
func (r *resource) living(want mapping.Want) mapping.Want {
	return func(urn, name, sub string) bool {
		return want(urn, name, sub) && !slices.Contains(r.ofDeleted, mapping.Attr{URN: urn, Name: name, Sub: sub})
	}
}

// ofDeleted are the attributes that only deleted resources have.
func ofDeleted(rows []mapping.Row) []mapping.Attr {
	var attrs []mapping.Attr
	for _, row := range rows {
		if row.Property() == deletedProperty {
			attrs = append(attrs, row.Attr)
		}
	}
	return attrs
}

// takesRequests tells whether a relation takes requests of its own, which a deleted object does
// not answer.
func takesRequests(relation string) bool {
	return relation != "" && relation != relationLicenses && relation != relationInvitation
}

// deletedPlan is the read plan of what is wanted of deleted resources, without what takes
// a permission of its own.
func (r *resource) deletedPlan(want mapping.Want) *mapping.ReadPlan {
	own := func(urn, name, sub string) bool {
		return want(urn, name, sub) && !slices.ContainsFunc(r.rows, func(row mapping.Row) bool {
			return (takesRequests(row.Relation) || row.Permission != "") && row.Attr.URN == urn && row.Attr.Name == name
		})
	}
	return r.plans.get("d"+r.table.Wanted(own), func() *mapping.ReadPlan { return r.table.Read(own) })
}

// listDeleted lists resources that are deleted.
func (r *resource) listDeleted(ctx context.Context, q scim.Query, out *scim.ListWriter) error {
	var err error
	if q.Filter, err = r.licensed(ctx, r.completed(q.Filter)); err != nil {
		return err
	}
	forGraph, here, err := r.parted(q.Filter)
	if err != nil {
		return err
	}
	mq, err := r.table.Filter(forGraph)
	if err != nil {
		return err
	}
	l := &listing{
		resource: r, query: q, plan: r.deletedPlan(q.Projection.Includes), out: out, residual: both(mq.Residual, here), deleted: true,
		source: source{path: r.deletedPath(), filter: mq.Filter, advanced: mq.Advanced, plain: mq.Plain},
	}
	if err := l.begin(); err != nil {
		return err
	}
	if mq.IDs != nil {
		l.source = source{ids: distinct(slices.DeleteFunc(mq.IDs, func(id string) bool { return !isID(id) }))}
	}
	if mq.None || mq.IDs != nil && len(l.source.ids) == 0 {
		out.Total(0)
		return nil
	}
	return l.run(ctx)
}

// parted parts a filter of deleted resources into what Graph can be asked and what has
// to be looked at here, whatever Graph says: the userPrincipalName of a deleted user is
// not the one that it is shown with.
func (r *resource) parted(e filter.Expression) (forGraph, here filter.Expression, err error) {
	for _, part := range conjuncts(e) {
		renamed := false
		for _, p := range scim.Attributes(part) {
			if r.looksAt(p, func(row mapping.Row) bool { return takesRequests(row.Relation) }) {
				return nil, nil, fault.New(fault.InvalidFilter, "%s: of what is deleted Graph does not tell what it is related to.", p)
			}
			renamed = renamed || r.looksAt(p, func(row mapping.Row) bool { return row.Property() == upnProperty || row.Fallback == upnProperty })
		}
		if !renamed {
			forGraph = both(forGraph, part)
			continue
		}
		here = both(here, part)
		if c, ok := part.(*filter.AttributeExpression); ok && c.Operator == filter.EQ && r.isUserName(c.AttributePath) {
			if name, ok := c.CompareValue.(string); ok {
				forGraph = both(forGraph, &filter.AttributeExpression{AttributePath: c.AttributePath, Operator: filter.EW, CompareValue: r.names.Full(name)})
			}
		}
	}
	return forGraph, here, nil
}

// looksAt tells whether a name of a filter is that of such a row.
func (r *resource) looksAt(p scim.AttrPath, such func(mapping.Row) bool) bool {
	return slices.ContainsFunc(r.rows, func(row mapping.Row) bool {
		a := row.Attr
		return a.URN == p.URN && a.Name == p.Name && (p.Sub == "" || a.Sub == "" || a.Sub == p.Sub) && such(row)
	})
}

func conjuncts(e filter.Expression) []filter.Expression {
	if l, ok := e.(*filter.LogicalExpression); ok && l.Operator == filter.AND {
		return append(conjuncts(l.Left), conjuncts(l.Right)...)
	}
	if e == nil {
		return nil
	}
	return []filter.Expression{e}
}

// both is the conjunction of two filters, either of which may be nil.
func both(a, b filter.Expression) filter.Expression {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &filter.LogicalExpression{Left: a, Right: b, Operator: filter.AND}
}

// sortable is the sort of deleted resources that Graph can do: all have been deleted at
// some time; their userPrincipalNames are other ones than those that are shown.
func (l *listing) sortable(by mapping.Attr) (given filter.Expression, ok bool) {
	path := scim.AttrPath{URN: by.URN, Name: by.Name, Sub: by.Sub}
	if l.looksAt(path, func(row mapping.Row) bool { return row.Property() == upnProperty || row.Fallback == upnProperty }) {
		return nil, false
	}
	for _, a := range l.ofDeleted {
		p := filter.AttributePath{URIPrefix: &a.URN, AttributeName: a.Name}
		if a.Sub == "" {
			given = both(given, &filter.AttributeExpression{AttributePath: p, Operator: filter.PR})
		}
	}
	return both(l.query.Filter, given), true
}
