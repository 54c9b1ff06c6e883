package scim

import (
	"context"
	"net/http"
)

type headerKey struct{}

// headed lets Header find the request's header.
func headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), headerKey{}, r.Header)))
	})
}

// Header is what a header of the client's request says, "" when it is not there. It is
// for what a Writer or Action does otherwise by it. An operation of a bulk request has
// no header of its own.
func Header(ctx context.Context, name string) string {
	h, _ := ctx.Value(headerKey{}).(http.Header)
	return h.Get(name)
}
