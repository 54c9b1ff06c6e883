package entra

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// How new objects are waited for, which the directory may not show yet: 15.75 s in all.
const (
	firstWait   = 250 * time.Millisecond
	longestWait = 8 * time.Second
)

// A related is the related objects of one object, as Graph JSON.
type related = iter.Seq2[jsontext.Value, error]

// An object is a Graph object with the relations that were read of it.
type object struct {
	raw     jsontext.Value
	related map[string]related
	skus    *grant.Subscriptions // read beside a user whose licenses may change
	unsure  []string             // properties written moments ago, which the directory may not show yet

	unlicensed bool // the directory has no Privileged Identity Management
}

// env is what the object's resource needs besides the object.
func (r *resource) env(ctx context.Context, o object) mapping.Env {
	return mapping.Env{
		BaseURL: scim.BaseFrom(ctx),
		Offset:  r.options.Offset,
		Relation: func(name string) iter.Seq2[jsontext.Value, error] {
			if seq := o.related[name]; seq != nil {
				return seq
			}
			return func(func(jsontext.Value, error) bool) {}
		},
	}
}

// write writes the object as a resource.
func (r *resource) write(ctx context.Context, o object, plan *mapping.ReadPlan, enc *jsontext.Encoder) error {
	env := r.env(ctx, o)
	if !r.names.Short {
		return entity.Broken(plan.Resource(o.raw, enc, env))
	}
	text, _, err := plan.Append(nil, o.raw, env)
	if err != nil {
		return entity.Broken(err)
	}
	return enc.WriteValue(r.names.ShortenIn(text, 0))
}

// document is the object as a decoded resource, names not shortened.
func (r *resource) document(ctx context.Context, o object, plan *mapping.ReadPlan) (scim.Document, error) {
	var text bytes.Buffer
	if err := plan.Resource(o.raw, jsontext.NewEncoder(&text, jsontext.AllowDuplicateNames(true)), r.env(ctx, o)); err != nil {
		return nil, entity.Broken(err)
	}
	doc := scim.Document{}
	if err := json.Unmarshal(text.Bytes(), &doc); err != nil {
		return nil, entity.Broken(err)
	}
	return doc, nil
}

// slice is the related objects that are known already.
func slice(values []jsontext.Value) related {
	return func(yield func(jsontext.Value, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// patient does something again while the directory does not find one of the ids
// that it gave out moments ago: a new object takes a while to be seen everywhere.
// For other ids what is not found is not there.
func (d *Directory) patient(ctx context.Context, do func() error, ids ...string) error {
	for wait := firstWait; ; wait *= 2 {
		err := do()
		if err == nil || wait > longestWait || !unseen(err) || !d.fresh.Any(ids) {
			return err
		}
		if d.options.Sleep(ctx, wait) != nil {
			return err
		}
	}
}

// unseen tells whether an object was not found, or not yet.
func unseen(err error) bool {
	return fault.Is(err, fault.NotFound) || graph.NotReplicated(err)
}

// refreshed lays over an object that was read for a write what was written to it
// moments ago and the read does not show, and notes these properties: they are
// stale, or somebody else has changed them since.
func (r *resource) refreshed(id string, o object, known mapping.Want) (object, error) {
	sent := r.written.Properties(id)
	if len(sent) == 0 {
		return o, nil
	}
	var shown map[string]any
	if err := json.Unmarshal(o.raw, &shown); err != nil {
		return o, entity.Broken(err)
	}
	maps.DeleteFunc(sent, func(name string, value any) bool { return entity.Shows(shown[name], value) })
	for _, row := range r.rows {
		_, stale := sent[row.Property()]
		if stale && row.Relation == "" && row.Writable() && known(row.Attr.URN, row.Attr.Name, row.Attr.Sub) {
			o.unsure = append(o.unsure, row.Property())
		}
	}
	var err error
	o.raw, err = entity.Overlaid(o.raw, sent)
	return o, err
}
