package scim

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

const (
	// dryRunHeader asks for a dry run, and says in the answer that it was one.
	dryRunHeader = "X-Dry-Run"
	dryRunSchema = "urn:ietf:params:scim:api:messages:entra:2.0:DryRun"
)

// A Call is a request to the directory that a dry run did not make.
type Call struct {
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Body   jsontext.Value `json:"body,omitzero"`
}

// A Rehearse makes what a dry run is served by: resource types that change nothing in
// the context, and what tells which calls they would have made there.
type Rehearse func(context.Context) (context.Context, []ResourceType, func() []Call)

// dry answers a request for a change with what it would do, where the request, its
// client or its tenant wants that. Nobody can ask that it be done after all.
func (s *server) dry(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked, err := s.dryRun(r); {
		case err != nil:
			WriteError(w, r, err)
		case asked:
			s.rehearse(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// dryRun tells whether the request is to be a dry run. One that changes nothing is what
// it is.
func (s *server) dryRun(r *http.Request) (bool, error) {
	if s.options.rehearsing { // it is one already: an operation of a bulk request
		return false, nil
	}
	given := r.Header.Values(dryRunHeader)
	if len(given) > 1 || len(given) == 1 && given[0] != "true" {
		return false, fault.New(fault.InvalidValue, "%s must be true, or be left out.", dryRunHeader)
	}
	if len(given) == 0 && !s.options.DryRun && !s.options.Caller(r).DryRun {
		return false, nil
	}
	path := s.path(r)
	switch {
	case path != bulkPath && reads(r.Method, path), r.Method == http.MethodPost && s.harmless(path):
		return false, nil
	case s.options.Rehearse == nil:
		return false, fault.New(fault.NotImplemented, "A dry run is not possible here.")
	}
	return true, nil
}

// rehearse answers with the status that there would be and the calls.
func (s *server) rehearse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(dryRunHeader, "true")
	noteDryRun(r.Context())
	ctx, types, calls := s.options.Rehearse(r.Context())
	o := s.options
	o.rehearsing, o.Together = true, oneByOne // calls in the order of the operations
	would := &rehearsed{bulk: s.path(r) == bulkPath, recorder: recorder{header: http.Header{}}}
	serveWhole(NewHandler(types, o), would, r.WithContext(ctx))
	for _, name := range []string{"Warning", "Retry-After", "Allow"} {
		for _, value := range would.header.Values(name) {
			w.Header().Add(name, value)
		}
	}
	if would.status >= http.StatusMultipleChoices {
		would.refuse(w)
		return
	}
	operations, err := would.operations()
	a := &reply{w: w, status: http.StatusOK, whole: true}
	if err == nil {
		err = json.MarshalEncode(a.encoder(), struct {
			Schemas    []string `json:"schemas"`
			Status     string   `json:"status"`
			Calls      []Call   `json:"calls"`
			Operations []result `json:"Operations,omitzero"`
		}{[]string{dryRunSchema}, strconv.Itoa(would.status), append([]Call{}, calls()...), operations}, json.Deterministic(true))
	}
	a.finish(r, err)
}

// A rehearsed is the answer that there would be.
type rehearsed struct {
	recorder

	bulk    bool
	results bytes.Buffer // the body of a bulk answer
}

// Write keeps the body of a failure, and that of a bulk answer.
func (w *rehearsed) Write(part []byte) (int, error) {
	if w.bulk && w.status < http.StatusMultipleChoices {
		w.results.Write(part)
	}
	return w.recorder.Write(part)
}

// refuse is the failure that there would be.
func (w *rehearsed) refuse(to http.ResponseWriter) {
	to.Header().Set("Content-Type", mediaType)
	to.WriteHeader(w.status)
	_, _ = to.Write(w.body.Bytes()) // a client that is gone can not be told
}

// operations are what would become of those of a bulk request. What would be made is
// nowhere, and nothing has the version that it would get.
func (w *rehearsed) operations() ([]result, error) {
	if !w.bulk {
		return nil, nil
	}
	var body struct {
		Operations []result `json:"Operations"`
	}
	if err := json.Unmarshal(w.results.Bytes(), &body); err != nil {
		return nil, err
	}
	for i := range body.Operations {
		one := &body.Operations[i]
		if one.Version = ""; one.Method == http.MethodPost {
			one.Location = ""
		}
	}
	return body.Operations, nil
}
