package entra

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// altered tells whether a resource came out otherwise than its client asked for: a
// name was completed, a value took the only place there is, Entra has no place for it
// or cannot be without it. Such a PATCH is answered with the resource (RFC 7644
// section 3.5.2). What a resource has besides, and what a client cannot write, do not
// count.
func (r *resource) altered(asked, shown scim.Document) bool {
	for a, names := range r.askable {
		want, is := valueOf(asked, a, r.typ.Schema.ID), valueOf(shown, a, r.typ.Schema.ID)
		if want == nil && is != nil || !entity.Contains(is, want, names) {
			return true
		}
	}
	return false
}

// askable are the attributes that a client can ask for and see, with their
// sub-attributes.
func askable(rows []mapping.Row) map[mapping.Attr][]string {
	subs := map[mapping.Attr][]string{}
	for _, row := range rows {
		if row.Relation == "" && row.Returned == "default" && (row.Writable() || row.Constant != nil) {
			a := mapping.Attr{URN: row.Attr.URN, Name: row.Attr.Name}
			if subs[a] == nil {
				subs[a] = []string{"type"} // which the path of an element says
			}
			subs[a] = append(subs[a], row.Attr.Sub)
		}
	}
	return subs
}

// valueOf is the value of an attribute in a document; nil when it has none.
func valueOf(doc scim.Document, a mapping.Attr, core string) any {
	if a.URN != core {
		doc, _ = doc[a.URN].(map[string]any)
	}
	return doc[a.Name]
}

// tellAltered answers a PATCH that nobody wants to see the resource after: with the
// resource if it came out otherwise than asked, else with nothing. What was written
// is laid over what is read, which may lag behind.
func (r *resource) tellAltered(ctx context.Context, id string, asked scim.Document, o object, touched mapping.Want, p scim.Projection, enc *jsontext.Encoder) error {
	shown, err := r.document(ctx, o, r.planFor(r.table.ForWrite(touched)))
	if err != nil {
		return err
	}
	r.shown(shown)
	if !r.altered(asked, shown) {
		return nil
	}
	o, err = r.fetch(ctx, fetch{id: id, plan: r.plan(p), lenient: !p.Explicit()})
	if err != nil {
		return err
	}
	if o.raw, err = entity.Overlaid(o.raw, r.written.Properties(id)); err != nil {
		return err
	}
	return r.write(ctx, o, r.plan(p), enc)
}
