package scim

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// FuzzVersion: the version of a representation is the digest of what its decoded
// document says, for whatever projection.
func FuzzVersion(f *testing.F) {
	for _, seed := range []string{
		`{"schemas":["x"],"id":"1","userName":"ada","name":{"givenName":"Ada","familyName":"Lovelace"},"active":true,"meta":{"resourceType":"User","location":"l","version":"v","created":"c"}}`,
		`{"emails":[{"value":"b","type":"work"},{"type":"home","value":"a","primary":true}],"title":"D\u00fc\"r","nickName":null,"phoneNumbers":[]}`,
		`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"1","$ref":"x","displayName":"B"},"department":"d"},"name":{},"x":1,"USERNAME":"a"}`,
		`{"groups":[{"value":"1"},{"value":"1","$ref":"r"}],"meta":{},"name":"n","emails":"e","title":[1.0,{"a":[2e3]}]}`,
	} {
		f.Add([]byte(seed), "")
		f.Add([]byte(seed), "title,name.familyName,emails.value,meta")
	}
	rt := userType()
	f.Fuzz(func(t *testing.T, body []byte, attributes string) {
		var doc Document
		if json.Unmarshal(body, &doc) != nil || doc == nil {
			return
		}
		r, err := rt.index.represent(bytes.Clone(body))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if !formed(rt.index, doc) {
			r.canonical(FullProjection(rt)) // and does not fall over
			return
		}
		for _, p := range []Projection{DefaultProjection(rt), FullProjection(rt), rt.index.parseProjection(names([]string{attributes}), nil)} {
			sum := sha256.Sum256(canonicalDocument(rt.index, p.Prune(doc)))
			if v := p.versioned(r); !bytes.Equal(v.digest, sum[:digestSize]) {
				t.Fatalf("%s:\n%q\n%q", body, r.canonical(p), canonicalDocument(rt.index, p.Prune(doc)))
			}
			for _, l := range rt.index.leaves {
				if path := l.target().path; r.shown().has(l.target()) != shows(rt.index, doc, path) {
					t.Fatalf("%s: %s is shown: %v", body, path, r.shown().has(l.target()))
				}
			}
		}
		stamped := (&representation{body: bytes.Clone(body), meta: r.meta}).withMeta("seen", "v")
		var again Document
		if err := json.Unmarshal(stamped, &again); err != nil && !strings.Contains(err.Error(), "duplicate") || err == nil && r.meta >= 0 && again["meta"].(map[string]any)["seen"] != "v" {
			t.Fatalf("%s became %s: %v", body, stamped, err)
		}
	})
}

// formed tells whether a document has the schema's form: names in its case, objects
// where it has complex values and nowhere else.
func formed(c *catalog, doc Document) bool {
	for name, v := range doc {
		if s := c.section(name); s != nil {
			if inner, ok := v.(map[string]any); !ok || s == c.core || s.urn != name || !formedSection(s, inner) {
				return false
			}
		}
	}
	return formedSection(c.core, doc)
}

func formedSection(s *section, home map[string]any) bool {
	for name, v := range home {
		a := s.find(name)
		if a == nil {
			continue
		}
		for _, one := range spread(v) {
			m, object := one.(map[string]any)
			if _, list := one.([]any); a.path.Name != name || list || object != (a.kind == typeComplex) {
				return false
			}
			for sub := range m {
				if known := a.sub(sub); known != nil && known.path.Sub != sub {
					return false
				}
			}
		}
	}
	return true
}

// canonicalDocument is representation.canonical of a decoded document.
func canonicalDocument(c *catalog, doc Document) []byte {
	var text bytes.Buffer
	for _, s := range c.sections {
		home := doc
		if s != c.core {
			home, _ = doc[s.urn].(map[string]any)
		}
		for _, name := range slices.Sorted(maps.Keys(home)) {
			if s.find(name) == nil || name == "schemas" {
				continue
			}
			lines := make([]string, 0, 1)
			for _, v := range spread(home[name]) {
				lines = append(lines, plainValue(name, v))
			}
			slices.Sort(lines)
			text.WriteString(s.urn + ":" + name + "\x00" + strings.Join(lines, "\x00") + "\x00\n")
		}
	}
	return text.Bytes()
}

// plainValue is a value of an attribute as JSON, without links and version.
func plainValue(name string, v any) string {
	if m, ok := v.(map[string]any); ok {
		m = maps.Clone(m)
		maps.DeleteFunc(m, func(sub string, _ any) bool { return volatile([]byte(name), []byte(sub)) })
		v = m
	}
	text, _ := json.Marshal(v, json.Deterministic(true))
	return string(text)
}

// shows tells whether a document has a value of the attribute.
func shows(c *catalog, doc Document, path AttrPath) bool {
	if path.URN != c.core.urn {
		doc, _ = doc[path.URN].(map[string]any)
	}
	return slices.ContainsFunc(spread(doc[path.Name]), func(v any) bool {
		m, ok := v.(map[string]any)
		return path.Sub == "" || ok && assigned(m[path.Sub])
	})
}

// Prune is a copy of the document with the attributes that are included only.
func (p Projection) Prune(doc Document) Document {
	out := make(Document, len(doc))
	for key, value := range doc {
		if s := p.index.section(key); s != nil && s != p.index.core {
			if inner, ok := value.(map[string]any); ok {
				p.pruneInto(out, key, s, inner)
			}
			continue
		}
		if v := p.prune(p.index.core, key, value); v != nil {
			out[key] = v
		}
	}
	return out
}

func (p Projection) pruneInto(out Document, key string, s *section, inner map[string]any) {
	kept := make(map[string]any, len(inner))
	for name, value := range inner {
		if v := p.prune(s, name, value); v != nil {
			kept[name] = v
		}
	}
	if len(kept) > 0 {
		out[key] = kept
	}
}

// prune is what is left of the attribute's value; nil when nothing is.
func (p Projection) prune(s *section, name string, value any) any {
	a := s.find(name)
	if a == nil || !p.includes(a) {
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		return p.pruneValue(a, v)
	case []any:
		if a.kind != typeComplex {
			return v
		}
		kept := make([]any, 0, len(v))
		for _, element := range v {
			if m, ok := element.(map[string]any); ok {
				kept = append(kept, p.pruneValue(a, m))
			}
		}
		return kept
	}
	return value
}

func (p Projection) pruneValue(a *attribute, value map[string]any) map[string]any {
	kept := make(map[string]any, len(value))
	for name, v := range value {
		if s := a.sub(name); s != nil && p.includesSub(a, s) {
			kept[name] = v
		}
	}
	return kept
}
