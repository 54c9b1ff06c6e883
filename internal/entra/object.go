package entra

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// A related is the related objects of one object, as Graph JSON.
type related = iter.Seq2[jsontext.Value, error]

// An object is a Graph object with the relations that were read of it.
type object struct {
	raw     jsontext.Value
	related map[string]related
	unsure  []string // properties written moments ago, which the directory may not show yet
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
	if !r.shortens() {
		return broken(plan.Resource(o.raw, enc, env))
	}
	text, _, err := plan.Append(nil, o.raw, env)
	if err != nil {
		return broken(err)
	}
	return enc.WriteValue(r.shorten(text, 0))
}

// decoder reads what Graph answered, where it stands. That it looks for duplicate names
// would cost more than what is made of the object.
func decoder(raw jsontext.Value) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true))
}

// document is the object as a decoded resource, names not shortened.
func (r *resource) document(ctx context.Context, o object, plan *mapping.ReadPlan) (scim.Document, error) {
	var text bytes.Buffer
	if err := plan.Resource(o.raw, jsontext.NewEncoder(&text, jsontext.AllowDuplicateNames(true)), r.env(ctx, o)); err != nil {
		return nil, broken(err)
	}
	doc := scim.Document{}
	if err := json.Unmarshal(text.Bytes(), &doc); err != nil {
		return nil, broken(err)
	}
	return doc, nil
}

// broken classifies the errors of reading what Graph sent: what is no fault yet
// and no failure to write to the client is a broken answer.
func broken(err error) error {
	if err == nil {
		return nil // before the targets below are allocated: this is called for each object
	}
	if _, is := errors.AsType[*fault.Error](err); is {
		return err
	}
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	if errors.As(err, &syntactic) || errors.As(err, &semantic) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault.Wrap(err, fault.BadGateway, "The directory's answer is broken.")
	}
	return err
}

// member reads a member of a Graph object; nil when it has none.
func member(raw jsontext.Value, name string) jsontext.Value {
	d := decoder(raw)
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil
	}
	for d.PeekKind() == '"' {
		key, err := d.ReadToken()
		if err != nil {
			return nil
		}
		found := key.String() == name
		value, err := d.ReadValue()
		if err != nil || found {
			return value
		}
	}
	return nil
}

// text reads a string member of a Graph object; "" when it has none.
func text(raw jsontext.Value, name string) string {
	v := member(raw, name)
	if v.Kind() != '"' {
		return ""
	}
	plain, _ := jsontext.AppendUnquote(nil, v)
	return string(plain)
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
		if err == nil || wait > longestWait || !unseen(err) || !d.fresh.any(ids) {
			return err
		}
		if d.options.Sleep(ctx, wait) != nil {
			return err
		}
	}
}
