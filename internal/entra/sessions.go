package entra

import (
	"context"
	"net/http"
	"slices"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// relationSessions is what a Write has that ends the user's sessions beside what the
// table says of it.
const relationSessions = "sessions"

const enabledProperty = "accountEnabled"

type revokeKey struct{}

// WithRevocation has a write that disables a user end the user's sessions, or leave
// them, whatever the tenant's policy is.
func WithRevocation(ctx context.Context, revoke bool) context.Context {
	return context.WithValue(ctx, revokeKey{}, revoke)
}

// revoked adds to a change that disables a user, where it is wanted, that the sessions
// end. One that asks for what is so already ends them again, since the first may have
// failed half way; a PUT, which says everything each time, does so for a moment only.
func (u users) revoked(ctx context.Context, id string, after scim.Document, w mapping.Write, put bool) mapping.Write {
	revoke, said := ctx.Value(revokeKey{}).(bool)
	if !said {
		revoke = u.options.Policy.RevokeSessions
	}
	_, changed := w.Body[enabledProperty]
	lately := u.written.Properties(id)[enabledProperty] == false
	if !revoke || !u.disabled(after) || put && !changed && !lately {
		return w
	}
	if w.Relations == nil {
		w.Relations = map[string]mapping.RelationWrite{}
	}
	w.Relations[relationSessions] = mapping.RelationWrite{After: true}
	return w
}

// disabled tells whether the document, of what a write touches, says so.
func (u users) disabled(doc scim.Document) bool {
	i := slices.IndexFunc(u.rows, func(row mapping.Row) bool { return row.Graph == enabledProperty && row.Writable() })
	return i >= 0 && valueOf(doc, u.rows[i].Attr, u.typ.Schema.ID) == false
}

// revocation is the step that ends the sessions of a user: refresh tokens and cookies
// are not taken any more
// (https://learn.microsoft.com/graph/api/user-revokesigninsessions).
func (u users) revocation(id string) step {
	request := graph.Request{
		Method: http.MethodPost, Path: "/users/{id}/revokeSignInSessions", Params: map[string]string{"id": id}, Repeatable: true,
		Body: []byte("{}"), // without parameters; a batch takes no POST without a body
	}
	return step{request: request, undone: "the sessions were not revoked", refused: func(err error) error {
		if !fault.Is(err, fault.Forbidden) {
			return err
		}
		f := *fault.From(err)
		f.Detail = "The gateway may not revoke the user's sessions: it lacks the directory permission User.RevokeSessions.All, or a role above the user's."
		return &f
	}}
}

// RevokeSessions ends the sessions of a user.
func (d *Directory) RevokeSessions(ctx context.Context, id string) error {
	u := d.people
	if err := u.checkID(id); err != nil {
		return err
	}
	_, err := u.run(graph.WithPriority(ctx, graph.High), "", []step{u.revocation(id)}, id)
	if fault.Is(err, fault.NotFound) {
		return u.absent(err)
	}
	return err
}

// VerifiedDomains names the verified domains of the directory.
func (d *Directory) VerifiedDomains(ctx context.Context) ([]string, error) {
	return d.domains.Verified(ctx)
}

// JustMade tells whether this process made the object of that id or userPrincipalName
// within the last minute, so that the directory may not show it yet.
func (d *Directory) JustMade(id string) bool { return d.fresh.Any([]string{id}) }
