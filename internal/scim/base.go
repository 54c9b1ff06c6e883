package scim

import (
	"context"
	"net/http"
)

type baseKey struct{}

// WithBase gives a context whose requests see the root of SCIM at that URL, without
// a slash at its end: "https://host/scim/v2".
func WithBase(ctx context.Context, url string) context.Context {
	return context.WithValue(ctx, baseKey{}, url)
}

// BaseFrom is the URL that the locations in an answer begin with: the root of SCIM
// as the client of this request sees it. A Reader or Writer makes meta.location and
// $ref from it.
func BaseFrom(ctx context.Context) string {
	url, _ := ctx.Value(baseKey{}).(string)
	return url
}

// locate finds out once for a request what its locations begin with. An operation of
// a bulk request has that from the request around it, and no headers to tell.
func (s *server) locate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.options.BaseURL != nil && BaseFrom(r.Context()) == "" {
			r = r.WithContext(WithBase(r.Context(), s.options.BaseURL(r)))
		}
		next.ServeHTTP(w, r)
	})
}
