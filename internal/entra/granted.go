package entra

import "context"

// Granted hears that a principal, of kind "User" or "Group", was given the application
// of a service principal. It does not keep the write waiting.
type Granted func(ctx context.Context, servicePrincipal, principal, kind string)

// granted says that the object of the id was given the applications of the service
// principals.
func (r *resource) granted(ctx context.Context, id string, servicePrincipals ...string) {
	if r.options.Granted == nil {
		return
	}
	for _, one := range servicePrincipals {
		r.options.Granted(ctx, one, id, r.table.Resource())
	}
}
