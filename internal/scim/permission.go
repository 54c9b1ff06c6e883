package scim

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"entrascim/internal/fault"
)

// permit refuses what the caller may not do. It sees the path that /Me stands for, and
// each operation of a bulk request, since all go this way.
func (s *server) permit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := s.options.Caller(r)
		if err := s.forbids(caller, r); err != nil {
			WriteError(w, r, err)
			return
		}
		if caller.ResourceTypes != nil {
			r = r.WithContext(context.WithValue(r.Context(), reachKey{}, caller.ResourceTypes))
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) forbids(c Caller, r *http.Request) error {
	path := chi.RouteContext(r.Context()).RoutePath
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, rt := range s.types {
		if rt.Endpoint == "/"+first && !c.reaches(rt) {
			return fault.New(fault.Forbidden, "This client may not reach resources of the type %s.", rt.Name)
		}
	}
	if c.ReadOnly && !reads(r.Method, path) && !s.harmless(path) {
		return fault.New(fault.Forbidden, "This client may only read.")
	}
	return nil
}

// reads tells whether the request changes nothing by itself. A bulk request does not:
// its operations do.
func reads(method, path string) bool {
	search := path == "/.search" || strings.Count(path, "/") == 2 && strings.HasSuffix(path, "/.search")
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodPost && (search || path == bulkPath)
}

// reaches tells whether the caller may reach resources of the type.
func (c Caller) reaches(rt *ResourceType) bool {
	return c.ResourceTypes == nil || slices.Contains(c.ResourceTypes, rt.Name)
}

// reached are the types that the client of the request may reach.
func (s *server) reached(r *http.Request) []*ResourceType {
	c := s.options.Caller(r)
	return slices.DeleteFunc(slices.Clone(s.types), func(rt *ResourceType) bool { return !c.reaches(rt) })
}

type reachKey struct{}

// Reaches tells a Writer whether the client whose request it serves may reach
// resources of the type with the name, and so refer to one.
func Reaches(ctx context.Context, name string) bool {
	names, limited := ctx.Value(reachKey{}).([]string)
	return !limited || slices.Contains(names, name)
}
