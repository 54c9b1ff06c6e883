package scim

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// An exchange is what the headers of a request for a change say, and of its answer.
type exchange struct {
	asked http.Header

	mu       sync.Mutex
	answered http.Header
}

type exchangeKey struct{}

// exchanged lets Header and Warn find the headers. What only reads needs none.
func exchanged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, &exchange{asked: r.Header, answered: w.Header()}))
		}
		next.ServeHTTP(w, r)
	})
}

// Header is what a header of the client's request says, "" when it is not there. It is
// for what a Writer or Action does otherwise by it. An operation of a bulk request has
// no header of its own.
func Header(ctx context.Context, name string) string {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return ""
	}
	return x.asked.Get(name)
}

// Warn tells the client of the request, in a Warning header of code 299 (RFC 7234
// section 5.5), what was done otherwise than asked though the request succeeds. It
// is for Writers and Actions, before they write more than some kilobytes.
func Warn(ctx context.Context, text string) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.answered.Add(warningHeader, `299 entrascim "`+quotable(text)+`"`)
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
