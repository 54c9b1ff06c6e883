// Package graph is one tenant's directory over Microsoft Graph v1.0: JSON in and
// out, paging, batches, retries, and Graph's errors as faults. It knows no SCIM.
// It alone imports the Graph and Azure SDKs.
package graph

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/graph/pace"
)

// MaxPage is the largest $top that Graph takes for directory objects.
const MaxPage = 999

// MaxBatch is how many requests one $batch holds.
const MaxBatch = 20

// A Request is one request to Graph, before it is a URL. Path is a literal of the
// program: what callers supply goes into Params, Query and Body alone, so that it
// can never become a segment, a query option or a header.
type Request struct {
	Method string            // default GET
	Path   string            // URL template below the base: "/groups/{id}/members/{member}/$ref"
	Params map[string]string // values of the template's variables; each is escaped into one path segment
	Query  Query
	Body   []byte // JSON; nil: none

	// Repeatable marks a POST that does no harm when it is sent twice (adding a
	// reference), so that it is sent again when the answer to it was lost. Every other
	// method is repeatable.
	Repeatable bool
	// Reads marks a POST that only reads (getByIds): what is said of GET holds for it.
	Reads bool
}

// Query holds the OData system query options of a request.
type Query struct {
	Select   []string
	Expand   string
	Filter   string
	Search   string
	OrderBy  string
	Top      int  // 0: Graph's default
	Count    bool // $count=true
	Advanced bool // ConsistencyLevel: eventual, on this request and on every next page
}

// A Response is Graph's answer to one request, read whole. Its header may be shared
// and is not to be changed.
type Response struct {
	Status    int
	Header    http.Header
	Body      jsontext.Value // nil when there was none
	RequestID string
}

// A Result is Graph's answer to one request of a batch. Err is a *fault.Error
// when the request was refused, was not tried or got no answer; when Graph refused
// it then Response is still what Graph said.
type Result struct {
	Response
	Err error
}

// A Page is what a page of a collection tells besides its elements.
type Page struct {
	Count    int    // @odata.count; -1: not told
	NextLink string // opaque; "" on the last page
}

// An Order says how the requests of a batch depend on one another.
type Order int

// Orders of a batch.
const (
	Parallel   Order = iota // independent of one another
	Sequential              // each waits for the one before it; for writes to one object
)

// Options of a Client. Zero durations and sizes take the documented defaults.
type Options struct {
	BaseURL    string            // e.g. https://graph.microsoft.com/v1.0
	Credential Credential        // who the gateway is
	Transport  http.RoundTripper // default: NewTransport(nil)
	UserAgent  string            // product token, e.g. "entrascim/1.2.0"; default "entrascim/0"
	Timeout    time.Duration     // one request to Graph, retries apart; default 30 s
	Retries    int               // attempts after the first; default 4; -1: none
	Patience   time.Duration     // what one call may wait in all, for its turn and before retries, within the caller's deadline; default 20 s
	Parallel   int               // batches under way at once for one call; default 4
	Linger     time.Duration     // what a request of Together waits for others to join it; default 100 ms
	MaxBody    int64             // bytes of an answer that is read whole; default 32 MiB
	Pacing     pace.Pacing       // how much of Graph's limits is taken
	Apps       *pace.Apps        // whom the limits are shared with; default: nobody

	// Now is the clock, and Sleep waits by it: before a retry, and for a budget. The
	// default is time.Now and a timer.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

func (o Options) withDefaults() Options {
	o.UserAgent = cmp.Or(o.UserAgent, "entrascim/0")
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Retries = max(cmp.Or(o.Retries, 4), 0)
	o.Patience = cmp.Or(o.Patience, 20*time.Second)
	o.Parallel = max(cmp.Or(o.Parallel, 4), 1)
	o.Linger = cmp.Or(o.Linger, 100*time.Millisecond)
	o.MaxBody = cmp.Or(o.MaxBody, 32<<20)
	if o.Transport == nil {
		o.Transport = NewTransport(nil)
	}
	if o.Apps == nil {
		o.Apps = new(pace.Apps)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	return o
}
