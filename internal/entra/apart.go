package entra

import (
	"context"
	"slices"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
)

// apart are the Graph properties that take a permission of their own, or a license of
// the directory, with that permission. A read that names one is refused as a whole where
// it is not granted; it goes on without, then.
func apart(rows []mapping.Row) map[string]string {
	all := map[string]string{}
	for _, row := range rows {
		if row.Permission != "" {
			all[row.Property()] = row.Permission
		}
	}
	return all
}

// allowed are the properties without those that were refused lately.
func (r *resource) allowed(properties []string) []string {
	return r.dropping(properties, r.lacking.Has)
}

// ordinary are the properties without any that stands apart: those of an object that is
// not found by its id, of which Graph tells no more.
func (r *resource) ordinary(properties []string) []string {
	return r.dropping(properties, func(string) bool { return true })
}

func (r *resource) dropping(properties []string, drop func(property string) bool) []string {
	if len(r.apart) == 0 {
		return properties
	}
	return slices.DeleteFunc(slices.Clone(properties), func(p string) bool { return r.apart[p] != "" && drop(p) })
}

// refused finds out, of a read that was forbidden, whether that is because of a property
// that stands apart, and remembers which: allowed leaves it out for a while. It tells
// whether the read is worth trying again. What cannot be found out, because Graph allows
// few such requests, counts against the property.
func (r *resource) refused(ctx context.Context, err error, asked []string) bool {
	if len(r.apart) == 0 || !fault.Is(err, fault.Forbidden) {
		return false
	}
	suspects := slices.DeleteFunc(slices.Clone(asked), func(p string) bool { return r.apart[p] == "" })
	requests := make([]graph.Request, len(suspects))
	for i, p := range suspects {
		requests[i] = graph.Request{Path: "/" + r.table.Collection(), Query: graph.Query{Select: []string{"id", p}, Top: 1}}
	}
	if len(requests) == 0 {
		return false
	}
	results, failed := r.send(ctx, requests, graph.Parallel)
	found := false
	for i, p := range suspects {
		if failed == nil && results[i].Err == nil {
			continue
		}
		found = true
		r.lacking.Add(p)
		zerolog.Ctx(ctx).Warn().Err(err).Str("property", p).Str("permission", r.apart[p]).
			Msg("answered without a property that may not be read")
	}
	return found
}

// Pages of users with their sign-ins are smaller. Source:
// https://learn.microsoft.com/graph/api/user-list.
const (
	signInProperty = "signInActivity"
	maxSignInPage  = 500
	// In advanced queries of more than so many users the property was seen to be missing:
	// https://github.com/microsoftgraph/msgraph-sdk-powershell/issues/1898.
	maxAdvancedSignInPage = 120
)

// pageTop is how many objects a page of these properties can have.
func pageTop(top int, properties []string, advanced bool) int {
	switch {
	case !slices.Contains(properties, signInProperty):
		return top
	case advanced:
		return min(top, maxAdvancedSignInPage)
	}
	return min(top, maxSignInPage)
}
