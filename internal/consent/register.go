package consent

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// firstClient is what the client is called that consent makes.
const firstClient = "default"

// register keeps what was found. When what was granted suffices the invitation is used
// up and the tenant gets its first client; else the invitation stays good, so that the
// rest can be granted.
func (h handler) register(r *http.Request, i invited, next tenant.Record, found Directory) (page, error) {
	ctx := r.Context()
	lacks := h.missing(found.Roles, true)
	state, err := stateAfter(next.State, len(lacks) == 0)
	if err != nil {
		return page{}, unknownInvitation()
	}
	next.State = state
	change := store.Change{
		Actor: "consent:" + next.DirectoryID, Action: "tenant.consent", Target: i.invitation.ID,
		Detail: detail(state, h.missing(found.Roles, false)),
	}
	kept, err := h.Store.PutTenant(ctx, change, next)
	if err != nil {
		return page{}, interrupted(err, i.code)
	}
	defer h.Changed(ctx)
	zerolog.Ctx(ctx).Info().Str("tenant", kept.Name).Str("directory", kept.DirectoryID).Str("state", string(kept.State)).Msg("consent was given")
	done := result{tenant: kept, directory: found, code: i.code, missing: h.missing(found.Roles, false)}
	if len(lacks) > 0 {
		return h.result(r, done), nil
	}
	change.Action, change.Detail = "invitation.use", ""
	if err := h.Store.UseInvitation(ctx, change, i.invitation.ID); err != nil {
		return page{}, tokenless(err)
	}
	done.code = ""
	if done.token, err = h.firstClient(ctx, kept); err != nil {
		return page{}, tokenless(err)
	}
	return h.result(r, done), nil
}

// detail tells for the audit log what came of it.
func detail(s tenant.State, missing []Feature) string {
	parts := []string{"state " + string(s)}
	for _, p := range permissions(missing) {
		parts = append(parts, "without "+p.Name)
	}
	return strings.Join(parts, ", ")
}

// stateAfter is the state after consent; it suffices or it does not.
func stateAfter(s tenant.State, suffices bool) (tenant.State, error) {
	next, err := s.After(tenant.Consent)
	if err != nil || !suffices {
		return next, err
	}
	return next.After(tenant.Activate)
}

// firstClient makes the client that the tenant begins with, and gives its token; "" when
// the tenant has one already.
func (h handler) firstClient(ctx context.Context, t tenant.Record) (string, error) {
	clients, err := h.Store.Clients(ctx, t.ID)
	if err != nil || len(clients) > 0 {
		return "", err
	}
	text, sum := h.NewToken()
	now := h.Now().UTC()
	_, err = h.Store.PutClient(ctx, store.Change{Actor: "consent:" + t.DirectoryID, Action: "client.add"}, tenant.ClientRecord{
		ID: uuid.NewString(), TenantID: t.ID, Name: firstClient, Kind: tenant.Bearer, Role: tenant.ReadWrite, Dialect: "rfc",
		Secrets: []tenant.Secret{{ID: uuid.NewString(), Sum: sum, Created: now}},
	})
	if fault.Is(err, fault.Uniqueness) {
		return "", nil // somebody else was quicker, and has its token
	}
	if err != nil {
		return "", err
	}
	return text, nil
}

// A result is what came of a consent.
type result struct {
	tenant    tenant.Record
	directory Directory
	missing   []Feature // of all, what each lacks
	code      string    // of the invitation when it may be used again
	token     string    // of the first client; "" when none was made
}

// result shows what came of a consent, and the token, which is shown nowhere else.
func (h handler) result(r *http.Request, done result) page {
	base, title := h.BaseURL(r), "Consent was given"
	if done.code != "" {
		title = "Permissions are missing"
	}
	p := page{status: http.StatusOK, name: "result"}
	var required, optional []Feature
	for _, f := range done.missing {
		if f.Required {
			required = append(required, f)
		} else {
			optional = append(optional, f)
		}
	}
	p.data = struct {
		frame
		Tenant, Directory, DirectoryID, Token, SCIM, Again string
		Served                                             bool
		Required, Optional                                 []Feature
	}{
		h.frame(title), done.tenant.Name, done.directory.Name, done.tenant.DirectoryID, done.token,
		base + "/tenants/" + done.tenant.Name + "/scim/v2", h.again(r, done.code), done.tenant.State == tenant.Active, required, optional,
	}
	return p
}

// again is the link of an invitation that may be used again; "" for no code.
func (h handler) again(r *http.Request, code string) string {
	if code == "" {
		return ""
	}
	return h.BaseURL(r) + Root + "/" + code
}
