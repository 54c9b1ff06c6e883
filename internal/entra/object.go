package entra

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
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
	if !r.shortens() {
		return broken(plan.Resource(o.raw, enc, env))
	}
	text, _, err := plan.Append(nil, o.raw, env)
	if err != nil {
		return broken(err)
	}
	return enc.WriteValue(r.shorten(text, 0))
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

// A looker reads what Graph answered, where it stands: lists ask for a member of every
// object. To look for duplicate names would cost more than what is made of the object.
type looker struct {
	text bytes.Buffer
	dec  *jsontext.Decoder
}

var lookers = sync.Pool{New: func() any { return &looker{dec: jsontext.NewDecoder(new(bytes.Buffer))} }}

// member reads a member of a Graph object; nil when it has none.
func member(raw jsontext.Value, name string) jsontext.Value {
	l := look(raw)
	defer l.close()
	from, to := l.find(name)
	if from == to {
		return nil
	}
	return raw[from:to:to]
}

// front is the value that a text begins with, and where it ends.
func front(text []byte) (value jsontext.Value, end int, err error) {
	l := look(text)
	defer l.close()
	if value, err = l.dec.ReadValue(); err != nil {
		return nil, 0, err
	}
	end = int(l.dec.InputOffset())
	return text[end-len(value) : end : end], end, nil
}

func look(text []byte) *looker {
	l, _ := lookers.Get().(*looker) // the pool holds nothing else
	l.text = *bytes.NewBuffer(text)
	l.dec.Reset(&l.text, jsontext.AllowDuplicateNames(true))
	return l
}

// close forgets the text, which belongs to others.
func (l *looker) close() {
	l.text = bytes.Buffer{}
	l.dec.Reset(&l.text)
	lookers.Put(l)
}

// find is where the value of a member stands; nowhere when there is none.
func (l *looker) find(name string) (from, to int) {
	if t, err := l.dec.ReadToken(); err != nil || t.Kind() != '{' {
		return 0, 0
	}
	for l.dec.PeekKind() == '"' {
		key, err := l.dec.ReadValue()
		if err != nil {
			return 0, 0
		}
		found := string(key[1:len(key)-1]) == name || bytes.IndexByte(key, '\\') >= 0 && unquoted(key) == name
		value, err := l.dec.ReadValue()
		if err != nil {
			return 0, 0
		}
		if found {
			to = int(l.dec.InputOffset())
			return to - len(value), to
		}
	}
	return 0, 0
}

func unquoted(text jsontext.Value) string {
	plain, _ := jsontext.AppendUnquote(nil, text)
	return string(plain)
}

// text reads a string member of a Graph object; "" when it has none.
func text(raw jsontext.Value, name string) string {
	v := member(raw, name)
	if v.Kind() != '"' {
		return ""
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	return unquoted(v)
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
