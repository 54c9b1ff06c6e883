package mapping_test

import (
	"bytes"
	"encoding/json"
	"iter"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/edm"
	"entrascim/internal/mapping"
	"entrascim/mappings"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	entraUser  = "urn:ietf:params:scim:schemas:extension:entra:2.0:User"
	entraGroup = "urn:ietf:params:scim:schemas:extension:entra:2.0:Group"
	coreUser   = "urn:ietf:params:scim:schemas:core:2.0:User"
)

// source reads a file that ships with the program.
func source(tb testing.TB, name string) mapping.Source {
	tb.Helper()
	text, err := mappings.FS.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return mapping.Source{Name: name, Text: text}
}

func compile(tb testing.TB, base string, overlays ...mapping.Source) *mapping.Table {
	tb.Helper()
	table, err := mapping.Compile(edm.New(), source(tb, base), overlays...)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

func everything(string, string, string) bool { return true }

type relations map[string][]string

func (r relations) of(name string) iter.Seq2[jsontext.Value, error] {
	return func(yield func(jsontext.Value, error) bool) {
		for _, raw := range r[name] {
			if !yield(jsontext.Value(raw), nil) {
				return
			}
		}
	}
}

// read translates one Graph object.
func read(tb testing.TB, p *mapping.ReadPlan, object string, r relations) map[string]any {
	tb.Helper()
	var out bytes.Buffer
	env := mapping.Env{BaseURL: "https://host/scim/v2", Relation: r.of}
	if err := p.Resource([]byte(object), jsontext.NewEncoder(&out), env); err != nil {
		tb.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		tb.Fatalf("%v in %s", err, out.Bytes())
	}
	return doc
}

func decode(tb testing.TB, text string) map[string]any {
	tb.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	return doc
}
