package trouble

import (
	"bytes"
	"maps"
	"net/http"
	"time"

	"entrascim/internal/graphsim/odata"
)

// A Refuser answers a request with an error and these headers beside the usual
// ones.
type Refuser func(w http.ResponseWriter, r *http.Request, h http.Header, e *odata.Error)

// Wrap puts latency and faults before a handler of requests to Graph, and counts
// them. The context of a request carries what Charge needs.
func (t *Trouble) Wrap(next http.Handler, refuse Refuser) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(t.count.request(r.Context(), r))
		if t.delay(r.Context()) != nil {
			return
		}
		path := r.URL.EscapedPath()
		f, ok := t.take(func(f Fault) bool { return f.meets(r.Method, path) })
		if !ok {
			f, ok = t.drawn().request()
		}
		if !ok && t.chance != nil {
			f, ok = t.chance.request(r.Method, path)
		}
		switch {
		case ok:
			t.strike(f, w, r, next, refuse)
		case t.chance != nil:
			t.chance.compress(w, r, next)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// WrapLogin puts latency and the faults that name its paths before the login
// service. Nothing is counted.
func (t *Trouble) WrapLogin(next http.Handler, refuse Refuser) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t.delay(r.Context()) != nil {
			return
		}
		path := r.URL.EscapedPath()
		f, ok := t.take(func(f Fault) bool { return f.Path != "" && f.meets(r.Method, path) })
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		t.strike(f, w, r, next, refuse)
	})
}

// strike lets a fault happen.
func (t *Trouble) strike(f Fault, w http.ResponseWriter, r *http.Request, next http.Handler, refuse Refuser) {
	kept := &answer{header: http.Header{}, status: http.StatusOK}
	if f.AfterWrite || f.SlowBody > 0 {
		next.ServeHTTP(kept, r)
	}
	switch {
	case f.SlowBody > 0:
		kept.sendSlowly(w, r, f)
	case f.Drop:
		panic(http.ErrAbortHandler) // closes the connection, or the HTTP/2 stream
	default:
		e := f.refusal()
		_ = t.told(e)
		refuse(w, r, f.headers(http.Header{}), e)
	}
}

// An answer is what a handler wrote, kept back.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header gives the headers to be sent.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps a part of the body.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *answer) sendHead(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
}

// sendSlowly sends half of the body, and the rest after a pause or never.
func (a *answer) sendSlowly(w http.ResponseWriter, r *http.Request, f Fault) {
	a.sendHead(w)
	body := a.body.Bytes()
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	if pause(r.Context(), time.Duration(f.SlowBody)) != nil || f.Drop {
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body[len(body)/2:])
}
