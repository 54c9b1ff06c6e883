package graphsim

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/edm"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/graphsim/odata"
)

// maxBody is how much of a request body is read, after decompression.
const maxBody = 4 << 20

// A call is one request on its way to a handler: an HTTP request, or one item of
// a batch.
type call struct {
	sim     *Simulator
	ctx     context.Context
	dir     *Directory
	who     login.Identity
	method  string
	path    string // escaped, below /v1.0
	query   string // raw
	header  http.Header
	body    []byte
	base    string // https://host/v1.0
	route   *route
	vars    map[string]segment
	charged http.Header // what was charged for the call, as headers tell it
	item    string      // the URL of an item of a batch
	batched *batch      // what the call is an item of; nil: an HTTP request
	step    string      // the id of the item
	claimed []string    // objects that no other request may write meanwhile

	read func() ([]byte, error) // reads the body of an HTTP request
}

// An answer is what a handler says; one writer sends it.
type answer struct {
	status int
	header http.Header // beside the headers of every answer; nil: none
	body   []byte      // nil: none
	plain  bool        // the body is text, not JSON
}

func noContent() *answer { return &answer{status: http.StatusNoContent} }

// newCall is an HTTP request whose body has not been read.
func (s *Simulator) newCall(w http.ResponseWriter, r *http.Request) *call {
	path := strings.TrimPrefix(r.URL.EscapedPath(), root)
	if s.hostile.Elsewhere {
		path = strings.TrimPrefix(path, elsewhere)
	}
	return &call{
		sim: s, ctx: r.Context(), method: r.Method, header: r.Header, query: r.URL.RawQuery, path: path, base: s.baseURL(r) + root,
		read: func() ([]byte, error) { return readBody(w, r) },
	}
}

// load reads the body, if it was not given with the call.
func (c *call) load() (err error) {
	if c.read != nil && c.method != http.MethodGet {
		c.body, err = c.read()
	}
	return err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var from io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(from)
		if err != nil {
			return nil, unreadable("Unable to read the compressed request body.")
		}
		from = unzipped
	}
	body, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil || len(body) > maxBody {
		return nil, &odata.Error{Status: http.StatusRequestEntityTooLarge, Code: malformed, Message: "The request body is too large."}
	}
	return bytes.TrimSpace(body), nil
}

// advanced tells whether the request asks for the eventually consistent index.
func (c *call) advanced() bool {
	return strings.EqualFold(c.header.Get("ConsistencyLevel"), "eventual")
}

// writes tells whether the request changes the directory.
func (c *call) writes() bool { return c.method != http.MethodGet && !c.route.reads }

// may tells whether the caller was granted one of the permissions.
func (c *call) may(roles ...string) bool {
	return slices.ContainsFunc(c.who.Roles, func(granted string) bool { return slices.Contains(roles, granted) })
}

// kind gives a kind of the directory by its CSDL name.
func (c *call) kind(name string) *kind { return c.dir.schema[name] }

// options parses the system query options of a request for one object or a
// collection of the entity.
func (c *call) options(entity string, o odata.Options) (*odata.Query, error) {
	o.Entity, o.Model, o.Advanced, o.MaxTop = entity, c.sim.model, c.advanced(), cmp.Or(o.MaxTop, maxPage)
	o.Extension = func(name string) (edm.Property, bool) { return c.dir.extensionProperty(entity, name) }
	return odata.Parse(c.query, o)
}

// metadata is the @odata.context of an answer.
func (c *call) metadata(fragment string) string {
	return c.base + "/$metadata#" + fragment
}
