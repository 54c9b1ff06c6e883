package graphsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"entrascim/internal/graphsim/odata"
)

// keptSnapshots is how many results of sorted queries wait for their next page;
// the oldest gives way, and its tokens are expired.
const keptSnapshots = 64

// Cursors make and read the $skiptokens of one directory. A token is a position
// sealed for one path, so that it can neither be made up nor used elsewhere.
type cursors struct {
	key []byte

	mu        sync.Mutex
	last      uint32
	snapshots map[uint32][]*object
}

// A position is where a page begins.
type position struct {
	seq      uint32 // behind the object with this number, in creation order
	snapshot uint32 // or in this sorted result
	offset   uint32 // from here on
}

func newCursors(key string) *cursors {
	return &cursors{key: []byte(key), snapshots: map[uint32][]*object{}}
}

// keep stores a sorted result and gives its number.
func (c *cursors) keep(result []*object) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	c.snapshots[c.last] = result
	delete(c.snapshots, c.last-keptSnapshots)
	return c.last
}

func (c *cursors) result(snapshot uint32) ([]*object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	result, ok := c.snapshots[snapshot]
	if !ok {
		return nil, expired()
	}
	return result, nil
}

const tagSize = 12

// token seals a position for a path.
func (c *cursors) token(path string, p position) string {
	b := make([]byte, 0, 12+tagSize)
	b = binary.BigEndian.AppendUint32(b, p.seq)
	b = binary.BigEndian.AppendUint32(b, p.snapshot)
	b = binary.BigEndian.AppendUint32(b, p.offset)
	return base64.RawURLEncoding.EncodeToString(append(b, c.tag(path, b)...))
}

// position opens a token.
func (c *cursors) position(path, token string) (position, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 12+tagSize || !hmac.Equal(b[12:], c.tag(path, b[:12])) {
		return position{}, expired()
	}
	u := binary.BigEndian.Uint32
	return position{seq: u(b), snapshot: u(b[4:]), offset: u(b[8:])}, nil
}

func (c *cursors) tag(path string, b []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(strings.ToLower(path)))
	h.Write(b)
	return h.Sum(nil)[:tagSize]
}

func expired() *odata.Error {
	return &odata.Error{
		Status: http.StatusBadRequest, Code: expiredPage,
		Message: "The specified page token value has expired and can no longer be included in your request.",
	}
}

// elsewhere is what the paths of next links begin with in hostile mode.
const elsewhere = "/$pages"

// nextLink is the absolute URL of the page that begins at a position: the same
// options and the token. Request headers are not in it.
func (c *call) nextLink(p position) string {
	var options []string
	for part := range strings.SplitSeq(c.query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && !strings.EqualFold(decoded, "$skiptoken") && part != "" {
			options = append(options, part)
		}
	}
	options = append(options, "$skiptoken="+c.dir.cursors.token(c.path, p))
	path := c.path
	if c.sim.hostile.Elsewhere {
		path = elsewhere + path
	}
	return c.base + path + "?" + strings.Join(options, "&")
}
