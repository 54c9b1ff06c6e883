package scim

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
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

// covering is the projection of a coverage; false when it is not one of these
// schemas.
func (c *catalog) covering(bits []byte) (Projection, bool) {
	p := Projection{index: c, only: c.newSet(), extra: c.newSet()}
	for i, l := range c.leaves {
		if i/8 < len(bits) && bits[i/8]&(1<<(i%8)) != 0 {
			p.extra.add(l.target())
		}
	}
	return p, len(bits) <= (len(c.leaves)+7)/8
}

// versioned is the version of a representation as the projection shows it.
func (p Projection) versioned(r *representation) version {
	sum := sha256.Sum256(r.canonical(p))
	v := version{digest: sum[:digestSize]}
	if covered := p.coverage(); !bytes.Equal(covered, p.index.usual) {
		v.covered = covered
	}
	return v
}

// written is the version of a representation that answers a write. What the client
// can not write may have changed with it, and what is absent may have come from
// elsewhere: neither is covered.
func (p Projection) written(r *representation) version {
	shown := r.shown()
	covered := Projection{index: p.index, only: p.index.newSet(), extra: p.index.newSet()}
	for _, l := range p.index.leaves {
		if a := l.target(); l.attr.mutability != readOnly && a.mutability != readOnly && p.includesLeaf(l) && shown.has(a) {
			covered.extra.add(a)
		}
	}
	if covered.extra.empty() {
		return version{}
	}
	return covered.versioned(r)
}

// stamp gives a representation its version: in meta, where the projection shows
// that, and as the tag that is returned; "" when there is none to give.
func stamp(body []byte, p Projection, of func(*representation) version) (stamped []byte, tag string) {
	r, err := p.index.represent(body)
	if err != nil {
		return body, ""
	}
	v := of(r)
	if v.digest == nil {
		return body, ""
	}
	tag = v.String()
	if !p.Includes(p.index.core.urn, "meta", "version") {
		return body, tag
	}
	return r.withMeta("version", tag), tag
}

// unmodified is the body of a resource that was just made: it was last modified when
// it was created (RFC 7643 section 3.1).
func (p Projection) unmodified(body []byte) []byte {
	r, err := p.index.represent(body)
	if err != nil || !p.Includes(p.index.core.urn, "meta", "lastModified") {
		return body
	}
	created := r.inMeta("created")
	if created == "" || r.inMeta("lastModified") != "" {
		return body
	}
	return r.withMeta("lastModified", created)
}
