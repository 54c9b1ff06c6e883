package scim

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/rfcpatch"
)

// lawful are attributes of the user of RFC 7643, with values that meet one another.
func lawful() []rfcpatch.Attribute {
	texts := func(name string, pool ...any) rfcpatch.Attribute { return rfcpatch.Attribute{Name: name, Pool: pool} }
	plural := func(name string) rfcpatch.Attribute {
		return rfcpatch.Attribute{Name: name, Multi: true, Subs: []rfcpatch.Attribute{
			texts("value", "a@x.org", "b@x.org", "A@X.ORG"), texts("type", "work", "home", "other"), texts("primary", true, false), texts("display", "D", "d"),
		}}
	}
	enterprised := func(a rfcpatch.Attribute) rfcpatch.Attribute { a.URN = enterprise; return a }
	required := texts("userName", "ada", "bob")
	required.Required = true
	return []rfcpatch.Attribute{
		required, texts("title", "x", "y"), texts("active", true, false), plural("emails"), plural("phoneNumbers"),
		{Name: "name", Subs: []rfcpatch.Attribute{texts("givenName", "G", "g"), texts("familyName", "F"), texts("formatted", "G F")}},
		{Name: "addresses", Multi: true, Subs: []rfcpatch.Attribute{texts("country", "NL", "DE"), texts("type", "work", "home"), texts("locality", "Delft"), texts("primary", true, false)}},
		enterprised(texts("department", "D", "E")), enterprised(texts("costCenter", "1")),
		enterprised(rfcpatch.Attribute{Name: "manager", Subs: []rfcpatch.Attribute{{Name: "value", Exact: true, Pool: []any{"m1", "m2"}}}}),
	}
}

// FuzzPatchLaw: operations do to a document what RFC 7644 section 3.5.2 says, or are
// refused as it says, and done twice what they do once, where that can be (see
// rfcpatch.Idempotent).
func FuzzPatchLaw(f *testing.F) {
	chance := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		shape := make([]byte, 80)
		for i := range shape {
			shape[i] = byte(chance.UintN(256))
		}
		f.Add(shape)
	}
	rt, attrs := userType(), lawful()
	f.Fuzz(func(t *testing.T, shape []byte) {
		g := &rfcpatch.Grower{Bytes: shape}
		before := Document{"userName": "someone"}
		for _, o := range g.Operations(attrs) { // any document: what operations make of it
			if next, err := rfcpatch.Apply(before, []rfcpatch.Operation{o}); err == nil {
				before = next
			}
		}
		ops := g.Operations(attrs)
		once := lawfully(t, rt, before, ops)
		if once != nil && rfcpatch.Idempotent(ops) {
			if twice := lawfully(t, rt, once, ops); !reflect.DeepEqual(meant(once), meant(twice)) {
				t.Errorf("twice is not once\nbefore %s\n%s\nonce  %s\ntwice %s", text(before), text(rfcpatch.Body(ops)), text(once), text(twice))
			}
		}
	})
}

// lawfully applies the operations, and wants what the RFC wants.
func lawfully(t *testing.T, rt *ResourceType, before Document, ops []rfcpatch.Operation) Document {
	t.Helper()
	body, err := parseBody([]byte(text(rfcpatch.Body(ops))))
	if err != nil {
		t.Fatal(err)
	}
	want, refusal := rfcpatch.Apply(before, ops)
	patch, err := rt.index.parsePatch(body, RFC, false)
	var got Document
	if err == nil {
		got, err = patch.Apply(before)
	}
	switch {
	case refusal == nil && err != nil:
		t.Errorf("refused: %v\nbefore %s\n%s\nwant %s", err, text(before), text(body), text(want))
	case refusal != nil && err == nil:
		t.Errorf("not refused as %v\nbefore %s\n%s\ngot %s", refusal, text(before), text(body), text(got))
	case refusal != nil && len(ops) == 1 && !errors.Is(refusal, rfcpatch.Refusal(fault.From(err).SCIMType())):
		t.Errorf("refused as %v, want %v\nbefore %s\n%s", err, refusal, text(before), text(body))
	case refusal == nil && !reflect.DeepEqual(meant(want), meant(got)):
		t.Errorf("before %s\n%s\ngot  %s\nwant %s", text(before), text(body), text(got), text(want))
	}
	return got
}

func text(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// meant is a value without what says nothing: primary false.
func meant(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			if name != "primary" || inner != false {
				out[name] = meant(inner)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, inner := range v {
			out = append(out, meant(inner))
		}
		return out
	}
	return v
}
