package scim

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// actions is the segment of a path that the names of actions stand below. No id begins
// with a dot.
const actions = "/.actions/"

// An Action is what a client may want done that RFC 7644 has no request for. It is a
// POST to {endpoint}/{id}/.actions/{name}, or of one that is of the type to
// {endpoint}/.actions/{name}, whose body, if there is one, is a JSON object.
type Action struct {
	Name   string
	OfType bool // it is about no one resource
	Reads  bool // it changes nothing: who may only read may do it
	// Do does it. It fails as a Writer does.
	Do func(ctx context.Context, call *ActionCall) error
}

// An ActionCall is one request for an Action.
type ActionCall struct {
	ID         string         // of the resource; "" for an action that is of the type
	Params     map[string]any // the body, names as the client wrote them; numbers are float64
	Projection Projection     // of a resource that is answered with
	Out        *jsontext.Encoder
	// Created is set by an action that made a resource of the type, to its id: the
	// answer is 201 with its Location then. Else it is 200, or 204 when nothing was
	// written to Out.
	Created string
	// Resource is set by an action that writes, if anything, the resource to Out, as
	// Projection asks: it is answered with as a write's is, its version included.
	Resource bool
}

// actions adds the routes of the actions of a resource type.
func (e *endpoint) actions(r chi.Router) {
	for _, a := range e.typ.Actions {
		at := e.typ.Endpoint + actions + a.Name
		if !a.OfType {
			at = e.typ.Endpoint + "/{id}" + actions + a.Name
		}
		r.Post(at, func(w http.ResponseWriter, r *http.Request) { e.act(w, r, a) })
	}
}

func (e *endpoint) act(w http.ResponseWriter, r *http.Request, a Action) {
	call, err := e.called(w, r, a)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	answer := &reply{w: w, status: http.StatusOK, whole: true}
	call.Out = answer.encoder()
	err = a.Do(r.Context(), call)
	switch {
	case err != nil && a.OfType:
		err = misplaced(err)
	case err != nil:
	case call.Created != "":
		answer.status, answer.location = http.StatusCreated, e.location(r, call.Created)
	case len(answer.held) == 0:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if call.Resource && err == nil {
		e.stamped(r, call, answer)
	}
	answer.finish(r, err)
}

// stamped gives an answer that is a resource what the answer to a POST or PATCH has.
func (e *endpoint) stamped(r *http.Request, call *ActionCall, answer *reply) {
	p := call.Projection
	version := e.reply(answer.w, answer.status, p, p.written).stamp
	answer.stamp = version
	if call.Created != "" {
		answer.stamp = func(body []byte) ([]byte, string) { return version(p.unmodified(body)) }
	} else {
		answer.location = e.location(r, call.ID)
	}
}

// called reads the request for an action.
func (e *endpoint) called(w http.ResponseWriter, r *http.Request, a Action) (*ActionCall, error) {
	call := &ActionCall{}
	var err error
	if !a.OfType {
		if call.ID, err = pathID(r); err != nil {
			return nil, err
		}
	}
	if call.Projection, err = e.projection(r); err != nil {
		return nil, err
	}
	if call.Params, err = e.params(w, r); err != nil {
		return nil, err
	}
	if !a.OfType {
		err = e.unchanged(r, call.ID)
	}
	return call, err
}

// params reads the body; an action needs none.
func (e *endpoint) params(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return map[string]any{}, nil
	}
	params, err := readBody(w, r, e.options.MaxBody)
	if fault.Is(err, fault.InvalidSyntax) && emptied(err) {
		return map[string]any{}, nil
	}
	return params, err
}

// emptied tells whether a body of unknown length was none.
func emptied(err error) bool {
	return strings.HasPrefix(fault.From(err).Detail, emptyBody)
}

// harmless tells whether the request is for an action that changes nothing.
func (s *server) harmless(path string) bool {
	for _, rt := range s.types {
		for _, a := range rt.Actions {
			if a.Reads && strings.HasPrefix(path, rt.Endpoint+"/") && strings.HasSuffix(path, actions+a.Name) {
				return true
			}
		}
	}
	return false
}
