// Package consent is the admin-consent round trip: an administrator of a directory is
// shown who asks for which permissions, decides at the login service, and comes back
// (https://learn.microsoft.com/entra/identity-platform/v2-admin-consent).
package consent

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/seal"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

const (
	// Root is the path that everything here is served below.
	Root = "/consent"
	// Invitation is the route of the page that an invitation opens, by GET and HEAD, and
	// that sends the browser to the login service, by POST.
	Invitation = Root + "/{invitation}"
	// Callback is the path that the login service sends the browser back to, by GET. With
	// the gateway's URL before it, it is a redirect URI of the app registration.
	Callback = Root + "/callback"
)

// Options of the handler.
type Options struct {
	Store *store.Store
	// Keys seal what the browser carries from here to the login service and back.
	// Replicas share them.
	Keys *seal.Keys
	// Operator is who asks; "" when that was not configured.
	Operator string
	// BaseURL is where the browser reaches the gateway, without a slash at its end.
	BaseURL func(*http.Request) string
	// App is the app registration that directories are asked to consent to.
	App App
	// Features are what the gateway does, with what each needs.
	Features []Feature
	// Examine signs in to the directory as the app registration, with a token that is
	// new, and asks who the directory is. When nobody named the directory it asks when
	// something was granted, too. Its error is a fault.
	Examine func(ctx context.Context, directoryID string, named bool) (Directory, error)
	// Check tells whether the tenant could be served like that; its error is a fault. nil:
	// always.
	Check func(ctx context.Context, r tenant.Record) error
	// NewToken makes a bearer token and its digest.
	NewToken func() (text string, sum [sha256.Size]byte)
	// Changed is told that a tenant was registered: what was kept of its tokens is older
	// than the consent. nil: nobody is.
	Changed func(context.Context)
	// Now is the clock. nil: time.Now.
	Now func() time.Time
	// Wait waits for permissions to arrive in tokens. nil: a timer.
	Wait func(ctx context.Context, d time.Duration) error
}

// An App is an app registration.
type App struct {
	ClientID string
	Login    string // URL of the login service: "https://login.microsoftonline.com"
	Scope    string // "https://graph.microsoft.com/.default"
}

// A Feature is a part of what the gateway does.
type Feature struct {
	Name     string
	Needs    []string // application permissions of Microsoft Graph
	Required bool     // nothing is served without it
	// Lacks are those of Needs that permissions granted neither are nor include.
	Lacks func(granted []string) []string
}

// A Directory is what was found out about a directory that consented.
type Directory struct {
	ID      string // that Graph tells
	TokenID string // that the access token names
	Name    string
	Roles   []string  // permissions granted, as the access token names them
	Granted time.Time // when the last of them was granted; zero: not known
}

type handler struct {
	Options

	under *sync.Map // codes of invitations whose answers are being looked at
}

// New makes the handler of Invitation and Callback.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Check == nil {
		o.Check = func(context.Context, tenant.Record) error { return nil }
	}
	if o.Changed == nil {
		o.Changed = func(context.Context) {}
	}
	return handler{o, &sync.Map{}}
}

// ServeHTTP answers with a page, whatever it is asked.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, err := h.route(w, r)
	if err != nil {
		p = h.refused(r, err)
	}
	p.write(w, r)
}

// route gives the page that answers the request.
func (h handler) route(w http.ResponseWriter, r *http.Request) (page, error) {
	if r.URL.Path == Callback {
		return h.callback(w, r)
	}
	code, _ := strings.CutPrefix(r.URL.Path, Root+"/")
	i, err := h.invited(r.Context(), code)
	if err != nil {
		return page{}, err
	}
	if r.Method == http.MethodPost {
		return h.begin(w, r, i)
	}
	return h.ask(i), nil
}

// An invited is a tenant whose administrator was invited.
type invited struct {
	code       string
	invitation tenant.Invitation
	tenant     tenant.Record
}

// invited finds the tenant by the code of an invitation. One that is used, over or of
// a tenant that cannot consent is as unknown as one that never was.
func (h handler) invited(ctx context.Context, code string) (invited, error) {
	if !wellFormed(code) {
		return invited{}, unknownInvitation()
	}
	i, err := h.Store.Invitation(ctx, digest(code))
	if fault.Is(err, fault.NotFound) {
		return invited{}, unknownInvitation()
	}
	if err != nil {
		return invited{}, err
	}
	if !i.Used.IsZero() || !h.Now().Before(i.Expires) {
		return invited{}, unknownInvitation()
	}
	t, err := h.Store.TenantByID(ctx, i.TenantID)
	if fault.Is(err, fault.NotFound) {
		return invited{}, unknownInvitation()
	}
	if err != nil {
		return invited{}, err
	}
	if _, err := t.State.After(tenant.Consent); err != nil {
		return invited{}, unknownInvitation()
	}
	return invited{code, i, t}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
