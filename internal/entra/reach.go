package entra

import (
	"context"

	"entrascim/internal/fault"
	"entrascim/internal/scim"
)

// refers refuses a member of a resource type that the client may not reach, and of one
// that is not known, when it may be such a one. What is no user and no group has no
// resource type.
func (g groups) refers(ctx context.Context, name, member, kind string, known bool) error {
	user, group := scim.Reaches(ctx, "User"), scim.Reaches(ctx, "Group")
	switch {
	case user && group && (!known || kind == entityUser || kind == entityGroup), scim.Reaches(ctx, ""):
		return nil
	case known && (kind == entityUser && user || kind == entityGroup && group):
		return nil
	case !known && g.fresh.Any([]string{member}):
		f := fault.New(fault.Unavailable, "%s.value: %q was just made, and Graph does not say yet what it is.", name, member)
		f.RetryAfter = firstWait
		return f
	}
	return fault.New(fault.Forbidden, "%s.value: this client may not refer to %q, which is of a resource type that it may not reach.", name, member)
}
