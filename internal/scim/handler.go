package scim

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"entrascim/internal/fault"
)

// maxID bounds the id in a URL, in bytes.
const maxID = 256

// server is the protocol for one tenant.
type server struct {
	options   Options
	types     []*ResourceType
	endpoints map[string]string // lower-case first segments of the paths, and how they are written
	cursors   *sealer
}

// NewHandler serves the protocol (RFC 7644 section 3.2) for the resource types.
// It expects to be mounted at the root of SCIM ("/scim/v2").
func NewHandler(types []ResourceType, o Options) http.Handler {
	return newHandler(types, o, func(s *server, r chi.Router) {
		s.discovery(r)
		s.across(r)
		for _, rt := range s.types {
			s.resources(r, rt)
		}
	})
}

// NewDiscovery serves the discovery endpoints alone (RFC 7644 section 4): whatever
// the resource types are read and written by is not asked.
func NewDiscovery(types []ResourceType, o Options) http.Handler {
	return newHandler(types, o, (*server).discovery)
}

func newHandler(types []ResourceType, o Options, routes func(*server, chi.Router)) http.Handler {
	s := &server{options: o.withDefaults(), endpoints: make(map[string]string)}
	s.cursors = newSealer(s.options.CursorSecrets, s.options.CursorLife, s.options.Now)
	for _, rt := range types {
		rt = rt.Indexed()
		s.types = append(s.types, &rt)
	}
	r := chi.NewRouter()
	r.Use(s.dry, s.route, s.locate, exchanged, Recover, s.permit, middleware.GetHead)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, r, fault.New(fault.NotFound, "There is no such endpoint."))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) { notAllowed(w, req, r) })
	routes(s, r)
	_ = chi.Walk(r, func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		first, _, _ := strings.Cut(strings.TrimPrefix(route, "/"), "/")
		s.endpoints[strings.ToLower(first)] = first
		return nil
	})
	return r
}

// resources adds the routes of a resource type. One that is read only has no
// route for a write.
func (s *server) resources(r chi.Router, rt *ResourceType) {
	e := &endpoint{server: s, typ: rt}
	one := rt.Endpoint + "/{id}"
	r.Get(rt.Endpoint, e.list)
	r.Get(one, e.get)
	r.Post(rt.Endpoint+"/.search", e.search)
	if rt.Writer != nil {
		r.Post(rt.Endpoint, e.create)
		r.Put(one, e.replace)
		r.Patch(one, e.patch)
		r.Delete(one, e.delete)
	}
	e.actions(r)
}

// across adds the endpoints that are about the resources of all types.
func (s *server) across(r chi.Router) {
	all := root{s}
	r.Get("/", all.list)
	r.Post("/.search", all.search)
	r.Post(bulkPath, (&bulk{server: s, routes: r}).serve)
	// Who has an own resource never gets here: see route.
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		r.MethodFunc(method, "/Me", unsupported("/Me"))
	}
}

func unsupported(what string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, r, fault.New(fault.NotImplemented, "%s is not implemented.", what))
	}
}

// notAllowed answers a method that a path does not have, and says which it has
// (RFC 9110 section 15.5.6).
func notAllowed(w http.ResponseWriter, r *http.Request, routes chi.Routes) {
	path := chi.RouteContext(r.Context()).RoutePath
	var allowed []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe := method
		if method == "HEAD" {
			probe = "GET" // middleware.GetHead
		}
		if routes.Match(chi.NewRouteContext(), probe, path) {
			allowed = append(allowed, method)
		}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	WriteError(w, r, fault.New(fault.MethodNotAllowed, "%s is not possible here.", r.Method))
}

// route gives the router the path as the client escaped it, so that an id is
// decoded once and never taken for a path. The endpoint's name is taken in any
// case, since some clients write /users, and a slash at the end is dropped.
func (s *server) route(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chi.RouteContext(r.Context()).RoutePath = s.path(r)
		next.ServeHTTP(w, r)
	})
}

// path is the path that the router gets.
func (s *server) path(r *http.Request) string {
	path := chi.RouteContext(r.Context()).RoutePath
	switch {
	case path == "":
		path = r.URL.EscapedPath()
	case r.URL.RawPath == "":
		path = (&url.URL{Path: path}).EscapedPath()
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if me := s.options.Caller(r).Me; me != "" && strings.EqualFold(path, "/Me") {
		path = me // RFC 7644 section 3.11
	}
	first, rest, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if written, ok := s.endpoints[strings.ToLower(first)]; ok {
		first = written
	}
	if more {
		return "/" + first + "/" + rest
	}
	return "/" + first
}

// Recover answers a panic as an internal error. Once an answer is under way the
// connection is broken off instead.
func Recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer catch(sent, r)
		next.ServeHTTP(sent, r)
	})
}

func catch(w middleware.WrapResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares with this value
		panic(v)
	}
	err := fmt.Errorf("%w: %v\n%s", errPanic, v, debug.Stack())
	if w.Status() != 0 {
		note(r.Context(), err)
		panic(http.ErrAbortHandler)
	}
	WriteError(w, r, err)
}

var errPanic = errors.New("scim: a handler panicked")

// pathID is the id in the URL, decoded once.
func pathID(r *http.Request) (string, error) {
	id, err := url.PathUnescape(chi.URLParam(r, "id"))
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	if err != nil || id == "" || len(id) > maxID || !utf8.ValidString(id) || strings.ContainsFunc(id, control) {
		return "", fault.New(fault.NotFound, "There is no resource with this id.")
	}
	return id, nil
}
