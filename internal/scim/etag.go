package scim

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/fault"
)

// Preconditions (RFC 9110 section 13, RFC 7644 section 3.14): what a request wants of
// the version that a resource has.

// maxTags bounds the versions of a header that are looked at.
const maxTags = 8

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
	for _, tag := range tags {
		v, ok := parseVersion(tag)
		if !ok || v.equals(p) || !e.typ.index.wider(v.covered, p.coverage()) {
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
		covered = p.index.usual
	}
	return bytes.Equal(covered, p.coverage())
}

// wider tells whether a coverage has all of another.
func (c *catalog) wider(covered, other []byte) bool {
	if covered == nil {
		covered = c.usual
	}
	for i, bits := range other {
		if i >= len(covered) || bits&^covered[i] != 0 {
			return false
		}
	}
	return true
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
	shown, err := e.typ.index.represent(b.text.Bytes())
	if err != nil {
		return nil, err
	}
	return p.versioned(shown).digest, nil
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
