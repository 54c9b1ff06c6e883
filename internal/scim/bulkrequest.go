package scim

import (
	"bytes"
	"context"
	"maps"
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

// order finds out which operations must wait for which: one that names another by
// its bulkId, and, in the order given, those about the same resource and those of
// which one changes a resource that the other mentions.
func (b *bulk) order(jobs []*job) {
	byBulkID := map[string]int{}
	for i, j := range jobs {
		if j.method == http.MethodPost && j.bulkID != "" {
			byBulkID[j.bulkID] = i
		}
	}
	changed, mentioned := map[string]int{}, map[string][]int{} // by id: the last that changes it, those that mention it since
	for i, j := range jobs {
		target := strings.ToLower(j.path[strings.LastIndexByte(j.path, '/')+1:])
		if j.method != http.MethodPost && target != "" {
			if last, ok := changed[target]; ok {
				j.after = append(j.after, last)
			}
			j.after = append(j.after, mentioned[target]...)
			changed[target], mentioned[target] = i, nil
		}
		for s := range texted(j) {
			for name := range bulkIDs(s) {
				if n, ok := byBulkID[name]; ok {
					j.after = append(j.after, n)
				}
			}
			if s = strings.ToLower(s); len(s) <= maxID && s != target {
				if last, ok := changed[s]; ok && last != i {
					j.after = append(j.after, last)
				}
				mentioned[s] = append(mentioned[s], i)
			}
		}
	}
}

// texted gives the path and every string in the data of an operation.
func texted(j *job) func(func(string) bool) {
	return func(yield func(string) bool) {
		_ = yield(j.path) && each(j.data, yield)
	}
}

func each(v any, yield func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return yield(v)
	case []any:
		return !slices.ContainsFunc(v, func(inner any) bool { return !each(inner, yield) })
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if !each(v[name], yield) {
				return false
			}
		}
	}
	return true
}

// bulkIDs gives the bulkIds that a string refers to: as all of it, as the end of a
// path, or in quotes, as the path of a PATCH operation has them.
func bulkIDs(s string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for {
			at := strings.Index(s, bulkIDPrefix)
			if at < 0 {
				return
			}
			alone := at == 0 || s[at-1] == '/' || s[at-1] == '"'
			s = s[at+len(bulkIDPrefix):]
			end := strings.IndexByte(s, '"')
			if end < 0 {
				end = len(s)
			}
			if alone && !yield(s[:end]) {
				return
			}
		}
	}
}

// resolved is the path and the data with the ids of the resources that the bulkIds
// stand for (RFC 7644 section 3.7.2).
func resolved(jobs []*job, j *job) (string, map[string]any, error) {
	var replacements []string
	for s := range texted(j) {
		for name := range bulkIDs(s) {
			n := slices.IndexFunc(jobs, func(other *job) bool { return other.bulkID == name && other.method == http.MethodPost })
			switch {
			case n < 0:
				return "", nil, fault.New(fault.InvalidValue, "There is no operation with POST that has the bulkId %q.", name)
			case jobs[n].id == "":
				return "", nil, fault.New(fault.InvalidValue, "The operation with the bulkId %q made no resource.", name)
			}
			replacements = append(replacements, bulkIDPrefix+name, jobs[n].id)
		}
	}
	if replacements == nil {
		return j.path, j.data, nil
	}
	replacer := longestFirst(replacements)
	data, _ := replaced(j.data, replacer).(map[string]any)
	return replacer.Replace(j.path), data, nil
}

// longestFirst is a replacer that does not take "bulkId:ab" for "bulkId:a".
func longestFirst(pairs []string) *strings.Replacer {
	chunks := slices.Collect(slices.Chunk(pairs, 2))
	slices.SortStableFunc(chunks, func(a, b []string) int { return len(b[0]) - len(a[0]) })
	return strings.NewReplacer(slices.Concat(chunks...)...)
}

func replaced(v any, r *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return r.Replace(v)
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = replaced(inner, r)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[name] = replaced(inner, r)
		}
		return out
	}
	return v
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
