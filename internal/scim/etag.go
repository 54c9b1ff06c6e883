package scim

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// Versions (RFC 7644 section 3.14) are made of what a representation says: the
// directory has none. A version tells which attributes it was taken over, so that a
// write can be made to depend on just what its client saw, whatever part of the
// resource that was.

// maxVersioned is the largest representation that has a version, in bytes: a
// larger one is on its way before all of it is known.
const maxVersioned = 256 << 10

// maxTags bounds the versions of an If-Match header that are looked at.
const maxTags = 8

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

// unchanged refuses a write whose If-Match names no version that the resource has
// now (RFC 7644 section 3.14). Tags are compared as weak ones, as that section does.
func (e *endpoint) unchanged(r *http.Request, id string) error {
	tags, given := tagsOf(r.Header["If-Match"])
	if !given || slices.Contains(tags, "*") {
		return nil // whether there is such a resource the write finds out
	}
	known := map[string][]byte{} // the digest now, by coverage
	for _, tag := range tags {
		v, ok := parseVersion(tag)
		if !ok {
			continue
		}
		now, read := known[string(v.covered)]
		if !read {
			var err error
			if now, err = e.digest(r, id, v.covered); err != nil {
				return err
			}
			known[string(v.covered)] = now
		}
		if bytes.Equal(now, v.digest) {
			return nil
		}
	}
	return fault.New(fault.PreconditionFailed, "The resource has changed since that version.")
}

// known finds a version that the client has, of more than the projection shows, and
// that the resource still has: the client has what it asks for (RFC 7644 section
// 3.14). Versions of just the projection are compared when it has been read.
func (e *endpoint) known(r *http.Request, id string, p Projection) (string, error) {
	tags, _ := tagsOf(r.Header["If-None-Match"])
	shown := p.coverage()
	for _, tag := range tags {
		v, ok := parseVersion(tag)
		if !ok || v.equals(p) || !e.typ.index.wider(v.covered, shown) {
			continue
		}
		now, err := e.digest(r, id, v.covered)
		if err != nil {
			return "", err
		}
		if bytes.Equal(now, v.digest) {
			return tag, nil
		}
	}
	return "", nil
}

// equals tells whether the version covers just what the projection shows.
func (v version) equals(p Projection) bool {
	covered := v.covered
	if covered == nil {
		covered = (Projection{index: p.index}).coverage()
	}
	return bytes.Equal(covered, p.coverage())
}

// wider tells whether a coverage has all of another.
func (c *catalog) wider(covered, other []byte) bool {
	if covered == nil {
		covered = (Projection{index: c}).coverage()
	}
	for i, bits := range other {
		if i >= len(covered) || bits&^covered[i] != 0 {
			return false
		}
	}
	return true
}

// notModified answers that the client has the version already.
func notModified(w http.ResponseWriter, r *http.Request, tag string, err error) {
	if err != nil {
		WriteError(w, r, err)
		return
	}
	w.Header().Set("ETag", tag)
	w.WriteHeader(http.StatusNotModified)
}

// digest is that of the covered attributes as they are now; nil when there is none.
func (e *endpoint) digest(r *http.Request, id string, covered []byte) ([]byte, error) {
	p := Projection{index: e.typ.index}
	if covered != nil {
		var ok bool
		if p, ok = e.typ.index.covering(covered); !ok {
			return nil, nil
		}
	}
	b := &bounds{most: maxVersioned}
	if err := e.typ.Reader.Get(r.Context(), id, p, newEncoder(b)); err != nil {
		if b.over {
			return nil, nil
		}
		return nil, err
	}
	var doc Document
	if err := json.Unmarshal(b.text.Bytes(), &doc); err != nil {
		return nil, err
	}
	return p.versioned(doc).digest, nil
}

// bounds takes what fits.
type bounds struct {
	text bytes.Buffer
	most int
	over bool
}

// Write implements io.Writer.
func (b *bounds) Write(part []byte) (int, error) {
	if b.text.Len()+len(part) > b.most {
		b.over = true
		return 0, fault.New(fault.TooLarge, "The resource is too large to have a version.")
	}
	return b.text.Write(part)
}

// tagsOf are the entity-tags of a header (RFC 9110 section 13.1); given is false
// when there is no such header.
func tagsOf(headers []string) (tags []string, given bool) {
	for tag := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		if tag = strings.TrimSpace(tag); tag != "" && len(tags) < maxTags {
			tags = append(tags, tag)
		}
	}
	return tags, len(headers) > 0
}

// matches tells whether a header names the tag (RFC 9110 section 8.8.3.2).
func matches(headers []string, tag string) bool {
	tags, _ := tagsOf(headers)
	weak := func(s string) string { return strings.TrimPrefix(s, "W/") }
	return slices.ContainsFunc(tags, func(t string) bool { return t == "*" || weak(t) == weak(tag) })
}
