package config

import (
	"strings"
	"testing"
)

// Whatever a file holds, it is read or complained about: each complaint is one
// line that begins with file and line, no value comes from a file with a mistake
// in its syntax, and every value has a line of the file.
func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{
		"", "listen: :1\n", "tenant:\n  id: x\n", "a: [b, {c: d}]\n", "a: &x 1\nb: *x\n", "? a\n: b\n", "<<: {a: b}\n", "a: |\n  b\n  c\n",
		"'a': \"b\\n\"\n", "---\n---\n", "a:\n- b\n-\n", "{", "\t", "a: !!binary x\n", "mapping: {overlays: [a, b]}\n", "# only a comment\n",
	} {
		f.Add(seed)
	}
	known := groups(newLoader().settings)
	f.Fuzz(func(t *testing.T, text string) {
		found, errs := parseFile("c.yaml", []byte(text), known)
		for _, err := range errs {
			place, _, ok := strings.Cut(err.Error(), ": ")
			if !ok || !strings.HasPrefix(place, "c.yaml:") || strings.Contains(strings.TrimSpace(err.Error()), "\n") {
				t.Errorf("complaint %q", err)
			}
		}
		for _, g := range found {
			if g.key == "" && !strings.Contains(text, ":") || g.line < 1 || g.line > strings.Count(text, "\n")+strings.Count(text, "\r")+1 {
				t.Errorf("value %+v", g)
			}
			if !g.list && len(g.items) != 1 {
				t.Errorf("%q has %d values", g.key, len(g.items))
			}
		}
	})
}
