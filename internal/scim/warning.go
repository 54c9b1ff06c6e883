package scim

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// warnings are the Warning headers of one answer.
type warnings struct {
	mu     sync.Mutex
	header http.Header
}

type warningsKey struct{}

// warned lets Warn find the answer.
func warned(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), warningsKey{}, &warnings{header: w.Header()})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Warn tells the client of the request, in a Warning header of code 299 (RFC 7234
// section 5.5), what was done otherwise than asked though the request succeeds. It
// is for Writers and Actions, before they write more than some kilobytes.
func Warn(ctx context.Context, text string) {
	all, ok := ctx.Value(warningsKey{}).(*warnings)
	if !ok {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	all.header.Add(warningHeader, `299 entrascim "`+quotable(text)+`"`)
}

const warningHeader = "Warning"

// maxWarnings bounds those of a bulk request's answer.
const maxWarnings = 50

// warnAll has the answer to a bulk request say what those to its operations did.
func warnAll(w http.ResponseWriter, warnings []string) {
	for _, one := range warnings {
		if len(w.Header().Values(warningHeader)) < maxWarnings {
			w.Header().Add(warningHeader, one)
		}
	}
}

// quotable is the text as a quoted-string takes it.
func quotable(text string) string {
	plain := func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.Map(plain, text))
}
