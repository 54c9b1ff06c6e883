package scim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

const (
	bulkPath     = "/Bulk"
	bulkSchema   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkResponse = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// maxAtOnce is how many operations of a bulk request run at the same time.
const maxAtOnce = 20

// bulk serves bulk requests (RFC 7644 section 3.7). Each operation goes the way
// that a request of its own would go; those that do not depend on one another go it
// together.
type bulk struct {
	*server

	routes chi.Router
}

// A job is one operation of a bulk request.
type job struct {
	method, bulkID, path string
	version              string
	data                 map[string]any
	silent               string // attributes that nobody looks at, since a result shows no resource
	one                  bool   // the path is that of one resource
	refused              error  // the operation can not be done, whatever the others do

	after []int // the operations that must be done first, by their number
	done  bool
	id    string // of the resource that it made
	warns []string
	result
}

// A result is what became of an operation (RFC 7644 section 3.7.3).
type result struct {
	Location string         `json:"location,omitempty"`
	Method   string         `json:"method"`
	BulkID   string         `json:"bulkId,omitempty"`
	Version  string         `json:"version,omitempty"`
	Status   string         `json:"status"`
	Response jsontext.Value `json:"response,omitempty"`
}

func (b *bulk) serve(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, b.options.MaxBody)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	jobs, most, err := b.jobs(body)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	arrange(jobs)
	b.run(r, jobs, most)
	results := make([]result, 0, len(jobs))
	for _, j := range jobs {
		if j.done {
			results = append(results, j.result)
			warnAll(w, j.warns)
		}
	}
	a := &reply{w: w, status: http.StatusOK, whole: true}
	a.finish(r, json.MarshalEncode(a.encoder(), map[string]any{
		"schemas": []string{bulkResponse}, "Operations": results,
	}, json.Deterministic(true)))
}

// run does the operations, round by round: of each round those whose turn it is.
// After so many failures as the client accepts the rest is not done; a round is
// never larger than the number that are left to fail.
func (b *bulk) run(r *http.Request, jobs []*job, most int) {
	failed := 0
	for {
		left := maxAtOnce
		if most > 0 {
			left = min(left, most-failed)
		}
		round := ready(jobs, left)
		if len(round) == 0 {
			return
		}
		b.options.Together(r.Context(), len(round), func(ctx context.Context, i int) {
			b.do(r.WithContext(ctx), jobs, round[i])
		})
		for _, j := range round {
			if j.done = true; len(j.Response) > 0 {
				failed++
			}
		}
	}
}

// ready are the first n operations whose turn it is. When none has it and some are
// left, those that wait for themselves are refused.
func ready(jobs []*job, n int) []*job {
	var round []*job
	for _, j := range jobs {
		if len(round) < n && !j.done && !slices.ContainsFunc(j.after, func(i int) bool { return !jobs[i].done }) {
			round = append(round, j)
		}
	}
	if round != nil {
		return round
	}
	for i, j := range jobs {
		if len(round) < n && !j.done && circular(jobs, i) {
			j.refused = fault.New(fault.Conflict, "The operation refers in a circle to itself by bulkId.")
			round = append(round, j)
		}
	}
	return round
}

// circular tells whether an operation waits for itself (RFC 7644 section 3.7.1).
func circular(jobs []*job, start int) bool {
	seen := map[int]bool{}
	next := slices.Clone(jobs[start].after)
	for len(next) > 0 {
		i := next[len(next)-1]
		next = next[:len(next)-1]
		if i == start {
			return true
		}
		if !seen[i] && !jobs[i].done {
			seen[i] = true
			next = append(next, jobs[i].after...)
		}
	}
	return false
}

// do does one operation.
func (b *bulk) do(r *http.Request, jobs []*job, j *job) {
	w := &recorder{header: http.Header{}}
	at := j.path
	request, err := b.request(r, jobs, j)
	if err != nil {
		WriteError(w, r.WithContext(NewContext(r.Context(), new(Outcome))), err)
	} else {
		at = request.URL.Path
		serveWhole(b.routes, w, request)
	}
	j.take(w, BaseFrom(r.Context()), at)
}

// serveWhole is for an answer that breaks off: the write was done, and what broke is
// the representation that nobody looks at.
func serveWhole(h http.Handler, w http.ResponseWriter, r *http.Request) {
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // net/http compares with this value
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
}

// request is the operation as a request of its own.
func (b *bulk) request(r *http.Request, jobs []*job, j *job) (*http.Request, error) {
	if j.refused != nil {
		return nil, j.refused
	}
	path, data, err := resolved(jobs, j)
	if err != nil {
		return nil, err
	}
	body := []byte(nil)
	if data != nil {
		if body, err = json.Marshal(data); err != nil {
			return nil, fault.Wrap(err, fault.InvalidSyntax, "The data of the operation is not valid.")
		}
	}
	return subrequest(r, b.routes, j, path, body)
}

// take keeps what the answer tells. Only a POST that failed has no location (RFC 7644
// section 3.7.3), and what is the path of no resource.
func (j *job) take(w *recorder, base, at string) {
	j.Status = w.text()
	if j.Location = w.header.Get("Location"); j.Location == "" && j.one {
		j.Location = base + (&url.URL{Path: at}).EscapedPath()
	}
	j.Version, j.warns = w.header.Get("ETag"), w.header.Values(warningHeader)
	if w.status >= http.StatusMultipleChoices {
		j.Response = w.body.Bytes()
		return
	}
	if j.method == http.MethodPost {
		j.id = j.Location[strings.LastIndexByte(j.Location, '/')+1:]
	}
}
