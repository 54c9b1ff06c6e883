package scim

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestOrder: RFC 7644 section 3.4.2.3 on documents, ascending.
func TestOrder(t *testing.T) {
	t.Parallel()
	rt := userType()
	docs := map[string]Document{
		"ann": {
			"userName": "b", "active": true, "externalId": "b", "title": "Zoe",
			"emails": []any{map[string]any{"value": "x@a"}, map[string]any{"value": "a@a", "primary": true}},
			"meta":   map[string]any{"created": "2024-05-01T10:00:00+02:00"}, enterprise: map[string]any{"department": "éa"},
		},
		"ben": {
			"userName": "A", "active": false, "externalId": "A", "title": "",
			"emails": []any{map[string]any{"value": "b@a", "type": "work"}, map[string]any{"value": "0@a"}},
			"meta":   map[string]any{"created": "2024-05-01T08:30:00Z"}, enterprise: map[string]any{"department": "Ée"},
		},
		"cyd": {
			"userName": "c", "externalId": "a", "title": "abe", "emails": []any{map[string]any{"primary": true}},
			"meta": map[string]any{"created": "2024-05-01T07:59:59Z"},
		},
	}
	for by, want := range map[string]string{
		"userName": "ben ann cyd", "active": "ben ann cyd", "externalId": "ben cyd ann", "title": "ben cyd ann", "emails.value": "ann ben cyd",
		"emails.type": "ben ann cyd", "meta.created": "cyd ann ben", enterprise + ":department": "ann ben cyd", "locale": "ann ben cyd",
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			n, _ := rt.index.resolve(by)
			o := NewOrder(rt, n.path())
			names := slices.SortedFunc(slices.Values([]string{"ann", "ben", "cyd"}), func(a, b string) int {
				x, y := o.Key(docs[a]), o.Key(docs[b])
				if o.Compare(x, y) != -o.Compare(y, x) || o.Compare(x, x) != 0 {
					t.Errorf("%v and %v compare in one direction only", x, y)
				}
				if c := o.Compare(x, y); c != 0 {
					return c
				}
				return strings.Compare(a, b)
			})
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// TestFolded: texts become the same exactly when they are equal but for case.
func TestFolded(t *testing.T) {
	t.Parallel()
	for r := range unicode.MaxRune {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if fold(r) != fold(f) {
				t.Fatalf("%q and %q are folded to %q and %q", r, f, fold(r), fold(f))
			}
		}
		if !strings.EqualFold(string(r), string(fold(r))) {
			t.Fatalf("%q is folded to %q", r, fold(r))
		}
	}
	for text, want := range map[string]string{"O'NEIL_Z": "o'neil_z", "ÉCOLE": "école", "İ": "İ", "\u212a": "k"} {
		if got := folded(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
