package scim

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Versions (RFC 7644 section 3.14) are made of what a representation says: the
// directory has none. A version tells which attributes it was taken over, so that a
// write can be made to depend on just what its client saw, whatever part of the
// resource that was.

// maxVersioned is the largest representation that has a version, in bytes: a
// larger one is on its way before all of it is known.
const maxVersioned = 256 << 10

// A version is a digest of the attributes in covered, the leaves of the schemas
// by their order; nil: those returned by default.
type version struct {
	digest  []byte
	covered []byte
}

const digestSize = 12

// String is the weak entity-tag (RFC 9110 section 8.8.3).
func (v version) String() string {
	tag := `W/"` + base64.RawURLEncoding.EncodeToString(v.digest)
	if v.covered != nil {
		tag += "." + base64.RawURLEncoding.EncodeToString(v.covered)
	}
	return tag + `"`
}

// parseVersion reads an entity-tag; false when it is not one of ours.
func parseVersion(tag string) (version, bool) {
	opaque, ok := strings.CutPrefix(strings.TrimPrefix(tag, "W/"), `"`)
	opaque, closed := strings.CutSuffix(opaque, `"`)
	digest, covered, partial := strings.Cut(opaque, ".")
	var v version
	var errs [2]error
	v.digest, errs[0] = base64.RawURLEncoding.DecodeString(digest)
	if partial {
		v.covered, errs[1] = base64.RawURLEncoding.DecodeString(covered)
	}
	return v, ok && closed && errs[0] == nil && errs[1] == nil && len(v.digest) == digestSize
}

// leaves are the attributes that have values of their own, in the schemas' order.
func (c *catalog) leaves(yield func(AttrPath) bool) {
	for _, s := range c.sections {
		for a := range s.served {
			if len(a.subs) == 0 {
				if !yield(a.path) {
					return
				}
				continue
			}
			for _, sub := range a.subs {
				if !sub.absent && !yield(sub.path) {
					return
				}
			}
		}
	}
}

// coverage is the set of leaves that a projection includes.
func (p Projection) coverage() []byte {
	var bits []byte
	i := 0
	for path := range p.index.leaves {
		if i%8 == 0 {
			bits = append(bits, 0)
		}
		if p.Includes(path.URN, path.Name, path.Sub) {
			bits[i/8] |= 1 << (i % 8)
		}
		i++
	}
	return bytes.TrimRight(bits, "\x00")
}

// covering is the projection of a coverage; false when it is not one of these
// schemas.
func (c *catalog) covering(bits []byte) (Projection, bool) {
	var paths []AttrPath
	i := 0
	for path := range c.leaves {
		if i/8 < len(bits) && bits[i/8]&(1<<(i%8)) != 0 {
			paths = append(paths, path)
		}
		i++
	}
	return MinimalProjection(c.typ, paths...), len(bits) <= (i+7)/8
}

// versioned is the version of a document as the projection shows it.
func (p Projection) versioned(doc Document) version {
	sum := sha256.Sum256(canonical(p.index, p.Prune(doc)))
	v := version{digest: sum[:digestSize]}
	if covered := p.coverage(); !bytes.Equal(covered, (Projection{index: p.index}).coverage()) {
		v.covered = covered
	}
	return v
}

// written is the version of a document that answers a write. What the client can
// not write may have changed with it, and what is absent may have come from
// elsewhere: neither is covered.
func (p Projection) written(doc Document) version {
	var paths []AttrPath
	for path := range p.index.leaves {
		a := p.index.at(AttrPath{URN: path.URN, Name: path.Name})
		leaf := p.index.at(path)
		if a.mutability != readOnly && leaf.mutability != readOnly && p.Includes(path.URN, path.Name, path.Sub) && p.index.shows(doc, path) {
			paths = append(paths, path)
		}
	}
	if paths == nil {
		return version{}
	}
	return MinimalProjection(p.index.typ, paths...).versioned(doc)
}

// shows tells whether the document has a value of the attribute.
func (c *catalog) shows(doc Document, path AttrPath) bool {
	if path.URN != c.core.urn {
		doc, _ = doc[path.URN].(map[string]any)
	}
	return slices.ContainsFunc(spread(doc[path.Name]), func(v any) bool {
		m, ok := v.(map[string]any)
		return path.Sub == "" || ok && assigned(m[path.Sub])
	})
}

// canonical is the text that a version is the digest of: the same for documents
// that say the same, in whatever order the directory lists the values. Links are
// left out, which depend on how the gateway is reached.
func canonical(c *catalog, doc Document) []byte {
	var text bytes.Buffer
	for _, s := range c.sections {
		home := doc
		if s != c.core {
			home, _ = doc[s.urn].(map[string]any)
		}
		for _, name := range slices.Sorted(maps.Keys(home)) {
			if s.byLower[strings.ToLower(name)] == nil || name == "schemas" {
				continue
			}
			lines := make([]string, 0, 1)
			for _, v := range spread(home[name]) {
				lines = append(lines, plain(name, v))
			}
			slices.Sort(lines)
			text.WriteString(s.urn + ":" + name + "\x00" + strings.Join(lines, "\x00") + "\x00\n")
		}
	}
	return text.Bytes()
}

// plain is a value of an attribute as JSON, without links and version.
func plain(name string, v any) string {
	if m, ok := v.(map[string]any); ok {
		m = maps.Clone(m)
		delete(m, "$ref")
		if name == "meta" {
			delete(m, "location")
			delete(m, "version")
		}
		v = m
	}
	text, _ := json.Marshal(v, json.Deterministic(true)) // decoded JSON always marshals
	return string(text)
}

// stamp gives a representation its version: in meta, where the projection shows
// that, and as the tag that is returned; "" when there is none to give.
func stamp(body []byte, p Projection, of func(Document) version) (stamped []byte, tag string) {
	var doc Document
	if err := json.Unmarshal(body, &doc); err != nil {
		return body, ""
	}
	v := of(doc)
	if v.digest == nil {
		return body, ""
	}
	tag = v.String()
	if !p.Includes(p.index.core.urn, "meta", "version") {
		return body, tag
	}
	return withMeta(body, "version", tag), tag
}

// unmodified is the representation of a resource that was just made: it was last
// modified when it was created (RFC 7643 section 3.1).
func (p Projection) unmodified(body []byte) []byte {
	var doc struct {
		Meta struct {
			Created      string `json:"created"`
			LastModified string `json:"lastModified"`
		} `json:"meta"`
	}
	err := json.Unmarshal(body, &doc)
	if err != nil || doc.Meta.Created == "" || doc.Meta.LastModified != "" || !p.Includes(p.index.core.urn, "meta", "lastModified") {
		return body
	}
	return withMeta(body, "lastModified", doc.Meta.Created)
}

// withMeta is the representation with one more member in meta, when there is meta.
func withMeta(body []byte, name, value string) []byte {
	at := metaAt(body)
	if at < 0 {
		return body
	}
	member, _ := jsontext.AppendQuote(nil, name)
	member, _ = jsontext.AppendQuote(append(member, ':'), value)
	if body[at] != '}' {
		member = append(member, ',')
	}
	return slices.Insert(body, at, member...)
}

// metaAt is where the first member of meta stands; -1 when there is no meta.
func metaAt(body []byte) int {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return -1
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return -1
		}
		if name.String() == "meta" {
			if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
				return -1
			}
			return int(dec.InputOffset())
		}
		if dec.SkipValue() != nil {
			return -1
		}
	}
	return -1
}
