// Package scim is the SCIM 2.0 protocol (RFC 7643, RFC 7644) over abstract
// resources: it parses and validates what a client sends, hands it to the
// Reader and Writer of a resource type, and writes what they answer as a
// stream. It knows no directory behind the resources.
package scim

import (
	"context"
	"net/http"
	"time"

	"github.com/elimity-com/scim/schema"
	"github.com/go-json-experiment/json/jsontext"
	filter "github.com/scim2/filter-parser/v2"
)

// Document is a SCIM resource as decoded JSON: attribute names in the schema's
// case, extensions under their URN, numbers as float64.
type Document = map[string]any

// Extension is a schema extension of a resource type.
type Extension struct {
	Schema   schema.Schema
	Required bool
}

// ResourceType is one resource type that a tenant serves (RFC 7643 section 6).
type ResourceType struct {
	ID, Name, Endpoint, Description string // "User", "User", "/Users"
	Schema                          schema.Schema
	Extensions                      []Extension
	Supplied                        []string       // required attributes that Writer derives when a client leaves them out
	Offset                          *time.Location // that date-times are in which name none, of a filter or of what is written; nil: UTC
	Reader                          Reader
	Writer                          Writer // nil: the resource type is read only
	Actions                         []Action
	Deleted                         bool // Reader lists resources that are deleted, too, when Query.Deleted asks
	Dictionary                      Dictionary
	Keys                            map[AttrPath][]Key // of multi-valued attributes whose values are not told apart by value and type alone
	Optional                        bool               // answers about all types leave it out when Reader may not read it (fault.Forbidden)

	index *catalog
}

// A Key is a sub-attribute that tells the values of a multi-valued attribute apart, beside
// value and type: two values are the same when they have the same of it.
type Key struct {
	Sub     string
	Default string // what a client means who does not say it; "" any
}

// Reader reads the resources of one type.
type Reader interface {
	// Get writes the resource to enc, as p asks. It fails with
	// fault.NotFound when there is none.
	Get(ctx context.Context, id string, p Projection, enc *jsontext.Encoder) error
	// List writes the resources of the page that q asks for.
	List(ctx context.Context, q Query, out *ListWriter) error
}

// Writer changes the resources of one type.
type Writer interface {
	// Create makes the resource, writes its representation to enc and
	// returns its id.
	Create(ctx context.Context, doc Document, p Projection, enc *jsontext.Encoder) (id string, err error)
	// Replace makes the resource what doc says and writes it to enc.
	Replace(ctx context.Context, id string, doc Document, p Projection, enc *jsontext.Encoder) error
	// Patch applies ops as one intent. With wantBody it writes the resource
	// to enc; without, it writes nothing and the client gets 204.
	Patch(ctx context.Context, id string, ops Patch, p Projection, wantBody bool, enc *jsontext.Encoder) error
	// Delete removes the resource.
	Delete(ctx context.Context, id string) error
}

// Query is a validated list request (RFC 7644 section 3.4.2).
type Query struct {
	// Filter is nil when there is none. Names are in the schema's case and
	// carry their schema's URN (inside a value path they are bare
	// sub-attribute names), a multi-valued complex attribute that is compared
	// has its "value" sub-attribute, values have the attribute's type (string,
	// bool, int, float64), and attributes that the type does not serve have
	// been decided away.
	Filter     filter.Expression
	Deleted    bool      // the resources that are deleted are asked for, and no others; Filter has no word of it
	SortBy     *AttrPath // nil: not asked for
	Descending bool
	StartIndex int // 1 or more
	Count      int // 0 or more, at most Options.MaxPage
	// ByCursor asks for the page that begins at Place (RFC 9865), which the
	// Reader said with an earlier page; empty: for the first. StartIndex is 1.
	ByCursor   bool
	Place      []byte
	Projection Projection

	index *catalog
}

// Matcher evaluates the query's filter on documents.
func (q Query) Matcher() *Matcher { return newMatcher(q.index, q.Filter) }

// Dialect says whose habits a SCIM client has. The tolerances that can not be
// misread hold in every dialect; a Dialect decides where they could.
type Dialect int

// The dialects.
const (
	RFC         Dialect = iota // the text of RFC 7644
	Entra                      // Microsoft Entra provisioning
	Okta                       // Okta provisioning
	OneIdentity                // One Identity synchronization
)

// creates tells whether a replace whose value filter selects nothing creates
// the value, instead of failing with noTarget (RFC 7644 section 3.5.2.3).
func (d Dialect) creates() bool { return d == Entra || d == Okta }

// Caller is what the protocol has to know of the client who sent a request.
type Caller struct {
	// Scope names the tenant and the client: what is handed out to one scope
	// (a cursor) is good in no other.
	Scope   string
	Dialect Dialect
	Me      string // path of the resource that /Me stands for, "/Users/{id}"; "" none

	ReadOnly      bool     // it may change nothing
	DryRun        bool     // each of its changes is a dry run
	ResourceTypes []string // names of those that it may reach, such as "User"; nil: all
}

// Options of a Handler. The zero value of a number takes the default.
type Options struct {
	// BaseURL is the absolute URL of the SCIM root as this client sees it,
	// without a slash at its end: "https://host/scim/v2".
	BaseURL func(*http.Request) string
	// Caller is who sent the request; nil: a client of the RFC's dialect.
	Caller func(*http.Request) Caller
	// Schemes are the ways to authenticate, for ServiceProviderConfig; nil: a bearer
	// token.
	Schemes          func(*http.Request) []Scheme
	MaxPage          int    // most resources in one answer; default 1000
	DefaultPage      int    // resources in an answer when count is not given; default 100
	MaxBody          int64  // bytes of a request body; default 8 MiB
	MaxOperations    int    // operations of one bulk request; default 1000
	Strict           bool   // refuse attributes that are not in the schemas
	Sort             bool   // the Readers honour Query.SortBy
	DocumentationURI string // for ServiceProviderConfig
	// CursorSecrets seal the cursors, the first the new ones; nil: cursors die
	// with the process. Replicas that serve the same clients share them.
	CursorSecrets [][]byte
	CursorLife    time.Duration // how long a cursor is good; default 1 hour
	// Together runs operations of a bulk request that do not depend on one
	// another, and may join what they ask of the directory; nil: one by one.
	Together func(ctx context.Context, n int, do func(ctx context.Context, i int))
	// Rehearse makes what a dry run is served by, for each; nil: there are none.
	Rehearse          Rehearse
	DryRun            bool             // each change is a dry run, whoever asks for it
	Now               func() time.Time // default time.Now
	AuthenticationDoc string           // documentation of how a client gets its token; "" none

	rehearsing bool // a dry run is being served
}

func (o Options) withDefaults() Options {
	if o.MaxPage <= 0 {
		o.MaxPage = 1000
	}
	if o.DefaultPage <= 0 {
		o.DefaultPage = min(100, o.MaxPage)
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 8 << 20
	}
	if o.MaxOperations <= 0 {
		o.MaxOperations = 1000
	}
	if o.CursorLife <= 0 {
		o.CursorLife = defaultCursorLife
	}
	if o.Together == nil {
		o.Together = oneByOne
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Schemes == nil {
		o.Schemes = func(*http.Request) []Scheme { return []Scheme{BearerScheme()} }
	}
	if o.Caller == nil {
		o.Caller = func(*http.Request) Caller { return Caller{} }
	}
	return o
}
