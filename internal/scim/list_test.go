package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// A list is whole whichever way its resources come, and however large they are.
func TestListWriter(t *testing.T) {
	t.Parallel()
	for name, sizes := range map[string][]int{
		"none":       {},
		"small":      {1, 2, 3},
		"large":      {maxPart, 1, 3 * maxPart, maxPart - 1, 10},
		"many":       make([]int, 3000),
		"just a sum": {maxPart / 2, maxPart / 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			w := newListWriter(&b, Query{StartIndex: 3}, nil)
			for i, size := range sizes {
				text := fmt.Sprintf(`{"id":"%d","x":"%s"}`, i, strings.Repeat("x", size))
				if err := add(w, i%3 == 0, text); err != nil {
					t.Fatal(err)
				}
			}
			w.Total(5000)
			if err := w.close(); err != nil {
				t.Fatal(err)
			}
			var list struct {
				TotalResults, StartIndex, ItemsPerPage int
				Resources                              []struct{ ID, X string }
			}
			if err := json.Unmarshal(b.Bytes(), &list); err != nil {
				t.Fatalf("%v: %s", err, b.Bytes())
			}
			if list.TotalResults != 5000 || list.StartIndex != 3 || list.ItemsPerPage != len(sizes) || len(list.Resources) != len(sizes) || w.Len() != len(sizes) {
				t.Errorf("got %d of %d from %d, %d in all", len(list.Resources), list.ItemsPerPage, list.StartIndex, list.TotalResults)
			}
			for i, r := range list.Resources {
				if r.ID != fmt.Sprint(i) || len(r.X) != sizes[i] {
					t.Errorf("resource %d is %s with %d bytes, want %d", i, r.ID, len(r.X), sizes[i])
				}
			}
		})
	}
}

// add adds a resource by one of the two ways.
func add(w *ListWriter, encoded bool, text string) error {
	if encoded {
		return w.Resource(func(enc *jsontext.Encoder) error { return enc.WriteValue(jsontext.Value(text)) })
	}
	return w.Append(func(dst []byte) ([]byte, error) { return append(dst, text...), nil })
}

// After an error nothing more is written.
func TestListWriterFails(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	for name, fail := range map[string]func(*ListWriter) error{
		"encoding":  func(w *ListWriter) error { return w.Resource(func(*jsontext.Encoder) error { return failed }) },
		"appending": func(w *ListWriter) error { return w.Append(func([]byte) ([]byte, error) { return nil, failed }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			w := newListWriter(&b, Query{StartIndex: 1}, nil)
			w.Total(1)
			for what, err := range map[string]error{"itself": fail(w), "the next": add(w, true, `{}`), "another": add(w, false, `{}`), "the end": w.close()} {
				if !errors.Is(err, failed) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if b.Len() > 0 {
				t.Errorf("wrote %s", b.Bytes())
			}
		})
	}
}
