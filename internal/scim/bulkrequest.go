package scim

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"entrascim/internal/fault"
)

const bulkIDPrefix = "bulkId:"

// jobs reads the message: the operations, and after how many failures the rest is
// not done; 0: all are.
func (b *bulk) jobs(body map[string]any) (jobs []*job, most int, err error) {
	if err := message(body, bulkSchema); err != nil {
		return nil, 0, err
	}
	if field(body, "schemas") == nil { // RFC 7644 section 3.7; nobody is known to leave it out
		return nil, 0, fault.New(fault.InvalidSyntax, "The schemas of a bulk request must be %s.", bulkSchema)
	}
	if v := field(body, "failOnErrors"); v != nil {
		n, ok := v.(float64)
		if most = int(n); !ok || n != float64(most) || most < 1 {
			return nil, 0, fault.New(fault.InvalidValue, "failOnErrors must be a whole number of 1 or more.")
		}
	}
	list, ok := field(body, "Operations").([]any)
	switch {
	case !ok:
		return nil, 0, fault.New(fault.InvalidSyntax, "A bulk request must have a list of Operations.")
	case len(list) > b.options.MaxOperations: // RFC 7644 section 3.7.4
		return nil, 0, fault.New(fault.TooLarge, "A bulk request may have %d operations at most.", b.options.MaxOperations)
	}
	seen := map[string]bool{}
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, 0, fault.New(fault.InvalidSyntax, "Each of Operations must be an object.")
		}
		j := b.job(m)
		if j.bulkID != "" && seen[j.bulkID] {
			return nil, 0, fault.New(fault.InvalidValue, "Two operations have one bulkId.")
		}
		seen[j.bulkID] = true
		jobs = append(jobs, j)
	}
	return jobs, most, nil
}

// job reads one operation. What is wrong with it is its own failure.
func (b *bulk) job(m map[string]any) *job {
	j := &job{}
	j.method, _ = field(m, "method").(string)
	j.bulkID, _ = field(m, "bulkId").(string)
	j.path, _ = field(m, "path").(string)
	j.version, _ = field(m, "version").(string)
	j.data, _ = field(m, "data").(map[string]any)
	j.method = strings.ToUpper(j.method)
	j.result = result{Method: j.method, BulkID: j.bulkID}
	j.refused = b.check(j)
	return j
}

// check refuses an operation that no resource could be changed by.
func (b *bulk) check(j *job) error {
	endpoint, id, one := strings.Cut(strings.TrimPrefix(j.path, "/"), "/")
	i := slices.IndexFunc(b.types, func(rt *ResourceType) bool { return strings.EqualFold(rt.Endpoint, "/"+endpoint) })
	typed := i >= 0
	if typed {
		j.silent = b.types[i].index.readOnly()
	}
	j.one = typed && id != "" && !strings.ContainsAny(id, "/?#") && j.method != http.MethodPost
	switch {
	case !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, j.method):
		return fault.New(fault.InvalidSyntax, "The method of an operation must be POST, PUT, PATCH or DELETE.")
	case !strings.HasPrefix(j.path, "/") || !typed || strings.ContainsAny(id, "/?#"):
		return fault.New(fault.InvalidPath, "The path of an operation must be that of a resource or of a resource type's endpoint.")
	case j.method == http.MethodPost && one, j.method != http.MethodPost && id == "":
		return fault.New(fault.InvalidPath, "The path of POST must be an endpoint, that of any other method a resource.")
	case j.method == http.MethodPost && j.bulkID == "": // RFC 7644 section 3.7
		return fault.New(fault.InvalidSyntax, "An operation with POST must have a bulkId.")
	case j.method != http.MethodDelete && j.data == nil:
		return fault.New(fault.InvalidSyntax, "An operation with %s must have data, which is an object.", j.method)
	}
	return nil
}

// subrequest is an operation as a request of the client that sent all of them.
func subrequest(r *http.Request, routes chi.Router, j *job, path string, body []byte) (*http.Request, error) {
	u, err := url.Parse(path)
	if err != nil {
		return nil, fault.New(fault.InvalidPath, "The path of the operation is not valid.")
	}
	route := chi.NewRouteContext()
	route.Routes = routes
	ctx := context.WithValue(NewContext(r.Context(), new(Outcome)), chi.RouteCtxKey, route)
	if j.silent != "" && (j.method == http.MethodPost || j.method == http.MethodPut) {
		u.RawQuery = url.Values{"excludedAttributes": {j.silent}}.Encode()
	}
	request := r.Clone(ctx)
	request.Method, request.URL, request.RequestURI = j.method, u, path
	request.Body, request.ContentLength = readCloser{bytes.NewReader(body)}, int64(len(body))
	request.Header = http.Header{"Content-Type": {mediaType}}
	if j.version != "" {
		request.Header.Set("If-Match", j.version)
	}
	return request, nil
}

type readCloser struct{ *bytes.Reader }

// Close does nothing.
func (readCloser) Close() error { return nil }

// A recorder takes the answer to an operation; of a good one only the header.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) { w.status = status }

// Write implements http.ResponseWriter.
func (w *recorder) Write(part []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.status >= http.StatusMultipleChoices {
		return w.body.Write(part)
	}
	return len(part), nil
}

func (w *recorder) text() string { return strconv.Itoa(w.status) }

// oneByOne runs the operations in order.
func oneByOne(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	for i := range n {
		do(ctx, i)
	}
}
