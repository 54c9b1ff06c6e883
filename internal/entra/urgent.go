package entra

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// urgent is a writer whose requests to Graph go before those of lists, the lookups that
// belong to a change too.
type urgent struct{ scim.Writer }

// Create implements scim.Writer.
func (u urgent) Create(ctx context.Context, doc scim.Document, want scim.Projection, enc *jsontext.Encoder) (string, error) {
	return u.Writer.Create(graph.WithPriority(ctx, graph.High), doc, want, enc)
}

// Replace implements scim.Writer.
func (u urgent) Replace(ctx context.Context, id string, doc scim.Document, want scim.Projection, enc *jsontext.Encoder) error {
	return u.Writer.Replace(graph.WithPriority(ctx, graph.High), id, doc, want, enc)
}

// Patch implements scim.Writer.
func (u urgent) Patch(ctx context.Context, id string, ops scim.Patch, want scim.Projection, wantBody bool, enc *jsontext.Encoder) error {
	return u.Writer.Patch(graph.WithPriority(ctx, graph.High), id, ops, want, wantBody, enc)
}

// Delete implements scim.Writer.
func (u urgent) Delete(ctx context.Context, id string) error {
	return u.Writer.Delete(graph.WithPriority(ctx, graph.High), id)
}

// urgency is that of a list: one that looks for a single resource, by a value that no
// other has, is waited for as if it was read by its id.
func (r *resource) urgency(f filter.Expression) graph.Priority {
	e, ok := f.(*filter.AttributeExpression)
	if !ok || e.Operator != filter.EQ {
		return graph.Normal
	}
	path := mapping.Attr{URN: e.AttributePath.URI(), Name: e.AttributePath.AttributeName, Sub: e.AttributePath.SubAttributeName()}
	unique := func(row mapping.Row) bool { return row.Attr == path && row.Uniqueness != "none" }
	if slices.ContainsFunc(r.rows, unique) {
		return graph.High
	}
	return graph.Normal
}
