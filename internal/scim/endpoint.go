package scim

import (
	"net/http"
	"net/url"

	"entrascim/internal/fault"
)

// endpoint serves the resources of one type.
type endpoint struct {
	*server

	typ *ResourceType
}

// subject is what every request for one resource begins with: its id and which
// attributes the answer has.
func (e *endpoint) subject(r *http.Request) (string, Projection, error) {
	id, err := pathID(r)
	if err != nil {
		return "", Projection{}, err
	}
	p, err := e.projection(r)
	return id, p, err
}

func (e *endpoint) projection(r *http.Request) (Projection, error) {
	values, err := parameters(r)
	if err != nil {
		return Projection{}, err
	}
	return e.typ.index.projection(values)
}

func (e *endpoint) location(r *http.Request, id string) string {
	return BaseFrom(r.Context()) + e.typ.Endpoint + "/" + url.PathEscape(id)
}

// reply is an answer with one resource, which has the version that of gives it.
func (e *endpoint) reply(w http.ResponseWriter, status int, p Projection, of func(*representation) version) *reply {
	return &reply{w: w, status: status, most: maxVersioned, stamp: func(body []byte) ([]byte, string) {
		return stamp(body, p, of)
	}}
}

func (e *endpoint) get(w http.ResponseWriter, r *http.Request) {
	id, p, err := e.subject(r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	switch tag, err := e.known(r, id, p); {
	case err != nil:
		WriteError(w, r, err)
		return
	case tag != "":
		notModified(w, tag, e.location(r, id))
		return
	}
	a := e.reply(w, http.StatusOK, p, p.versioned)
	a.location = e.location(r, id)
	a.finish(r, e.typ.Reader.Get(r.Context(), id, p, a.encoder()))
}

func (e *endpoint) list(w http.ResponseWriter, r *http.Request) {
	values, err := parameters(r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	e.found(w, r, values)
}

// found answers with the resources that the parameters ask for.
func (e *endpoint) found(w http.ResponseWriter, r *http.Request, values url.Values) {
	q, t, err := e.typ.index.query(values, e.options)
	bound := e.binding(r, e.typ.Endpoint, values)
	if err == nil && values.Get("cursor") != "" {
		q.Place, err = e.cursors.open(values.Get("cursor"), bound)
	}
	if err != nil {
		WriteError(w, r, err)
		return
	}
	a := &reply{w: w, status: http.StatusOK}
	out := newListWriter(a, q, func(place []byte) string { return e.cursors.seal(place, bound) })
	if t == isFalse { // known without asking
		out.Total(0)
	} else if err := e.typ.Reader.List(r.Context(), q, out); err != nil {
		a.finish(r, misplaced(err))
		return
	}
	a.finish(r, out.close())
}

// document reads and checks the body of a POST or PUT.
func (e *endpoint) document(w http.ResponseWriter, r *http.Request) (Document, error) {
	body, err := readBody(w, r, e.options.MaxBody)
	if err != nil {
		return nil, err
	}
	return e.typ.index.document(body, e.options.Strict)
}

func (e *endpoint) create(w http.ResponseWriter, r *http.Request) {
	p, err := e.projection(r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	doc, err := e.document(w, r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	// The Location comes before the body: all of the body waits for it.
	a := e.reply(w, http.StatusCreated, p, p.written)
	a.whole = true
	version := a.stamp
	a.stamp = func(body []byte) ([]byte, string) { return version(p.unmodified(body)) }
	id, err := e.typ.Writer.Create(r.Context(), doc, p, a.encoder())
	a.location = e.location(r, id)
	a.finish(r, misplaced(err))
}

// misplaced is for requests that name no resource: that something was not found
// is a failure behind the gateway then, and not the client's (RFC 7644 section
// 3.12 has 404 for a resource that was asked for).
func misplaced(err error) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	f := *fault.From(err)
	f.Kind = fault.BadGateway
	return &f
}

func (e *endpoint) replace(w http.ResponseWriter, r *http.Request) {
	id, p, err := e.subject(r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	doc, err := e.document(w, r)
	if err == nil {
		err = e.unchanged(r, id)
	}
	if err != nil {
		WriteError(w, r, err)
		return
	}
	a := e.reply(w, http.StatusOK, p, p.written)
	a.location = e.location(r, id)
	a.finish(r, e.typ.Writer.Replace(r.Context(), id, doc, p, a.encoder()))
}

// patch answers 204, or 200 with the resource when the client says which
// attributes it wants (RFC 7644 section 3.5.2).
func (e *endpoint) patch(w http.ResponseWriter, r *http.Request) {
	id, p, err := e.subject(r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	body, err := readBody(w, r, e.options.MaxBody)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	ops, err := e.typ.index.parsePatch(body, e.options.Caller(r).Dialect, e.options.Strict)
	if err == nil {
		err = e.unchanged(r, id)
	}
	if err != nil {
		WriteError(w, r, err)
		return
	}
	a := e.reply(w, http.StatusOK, p, p.written)
	a.location = e.location(r, id)
	err = e.typ.Writer.Patch(r.Context(), id, ops, p, p.Explicit(), a.encoder())
	if err == nil && !a.started && len(a.held) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a.finish(r, err)
}

func (e *endpoint) delete(w http.ResponseWriter, r *http.Request) {
	id, err := pathID(r)
	if err == nil {
		err = e.unchanged(r, id)
	}
	if err == nil {
		err = e.typ.Writer.Delete(r.Context(), id)
	}
	if err != nil {
		WriteError(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
