package scim

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// page is a Reader whose resources cost nothing.
type page struct{ resource jsontext.Value }

func (p page) Get(_ context.Context, _ string, _ Projection, enc *jsontext.Encoder) error {
	return enc.WriteValue(p.resource)
}

func (p page) List(_ context.Context, q Query, out *ListWriter) error {
	out.Total(q.Count)
	for range q.Count {
		if err := out.Append(func(dst []byte) ([]byte, error) { return append(dst, p.resource...), nil }); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkList is what the protocol adds to a page of 999 resources.
func BenchmarkList(b *testing.B) { benchmark(b, "/Users?count=999") }

// BenchmarkGet is what the protocol adds to one resource.
func BenchmarkGet(b *testing.B) { benchmark(b, "/Users/1") }

// BenchmarkFilter is the same with a filter and a projection.
func BenchmarkFilter(b *testing.B) {
	benchmark(b, "/Users?count=1&attributes=userName,emails&filter=userName+eq+%22a%22+and+active+eq+true")
}

func benchmark(b *testing.B, url string) {
	b.Helper()
	rt := userType()
	rt.Reader = page{jsontext.Value(`{"id":"1","userName":"ada@example.com","name":{"givenName":"Ada","familyName":"Lovelace"},"active":true}`)}
	h := NewHandler([]ResourceType{*rt}, Options{})
	r := httptest.NewRequest(http.MethodGet, url, nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

// BenchmarkPatch is what the protocol adds to a PATCH: operations are read, checked,
// and applied to a document.
func BenchmarkPatch(b *testing.B) {
	rt := userType()
	var body map[string]any
	text := `{"schemas":["` + patchSchema + `"],"Operations":[{"op":"replace","path":"title","value":"Dr"},` +
		`{"op":"add","path":"emails","value":[{"type":"home","value":"ada@example.org"}]},{"op":"remove","path":"name.givenName"}]}`
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		b.Fatal(err)
	}
	doc := Document{"userName": "ada", "name": map[string]any{"givenName": "Ada", "familyName": "Lovelace"}, "emails": []any{map[string]any{"type": "work", "value": "ada@example.com"}}}
	b.ReportAllocs()
	for b.Loop() {
		ops, err := rt.index.parsePatch(body, RFC, false)
		if err != nil {
			b.Fatal(err)
		}
		if after, err := ops.Apply(doc); err != nil || after["title"] != "Dr" {
			b.Fatal(after, err)
		}
	}
}

// BenchmarkIndex is what Indexed saves each time.
func BenchmarkIndex(b *testing.B) {
	rt := userType()
	rt.index = nil
	for b.Loop() {
		_ = rt.Indexed()
	}
}
