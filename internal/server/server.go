// Package server is the HTTP face of the gateway: every route, and what each
// request passes on its way to them. The listeners are the app's.
package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/consent"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

// Root is the path that SCIM is served below.
const Root = "/scim/v2"

// TenantRoot is the same for the clients of one tenant, who are told apart by their
// tokens in any case.
const TenantRoot = "/tenants/{tenant}" + Root

// consentRequests is how many requests about consent are answered at once: each may wait
// for a directory, and people are few.
const consentRequests = 16

// Options of the handler. Zero numbers and durations take the default.
type Options struct {
	Log zerolog.Logger
	// Auth is the Authenticator in force, which finds the client who sent a request.
	Auth func() *auth.Authenticator
	// SCIM gives the protocol of a tenant, as it is mounted at Root and below the
	// tenant's own path.
	SCIM func(*tenant.Tenant) http.Handler
	// Consent is the admin-consent round trip, which people come to with a browser, at
	// its own paths. nil: there is none.
	Consent http.Handler
	// Public answers the discovery endpoints to whoever sends no credential. nil: that
	// is refused.
	Public http.Handler
	// Ready tells whether the directories can be reached. nil: always.
	Ready func(context.Context) error
	// Lacking names what answers are given without because the gateway has no
	// permission to read it; readiness says it. nil: nothing.
	Lacking func() []string
	// Crowded tells whether a request came on a connection that there is no place
	// for: nothing but health is answered on it, and it is closed. nil: none does.
	Crowded  func(*http.Request) bool
	Timeout  time.Duration // one request; default 2 minutes
	Stall    time.Duration // without a byte of the answer taken by the client; default 30 seconds
	Requests int           // answered at once, health apart; default 256
	URL      int           // bytes of a request's URL; default 32 KiB
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Stall <= 0 {
		o.Stall = 30 * time.Second
	}
	if o.Requests <= 0 {
		o.Requests = 256
	}
	if o.URL <= 0 {
		o.URL = 32 << 10
	}
	return o
}

// New is the handler of everything that the gateway serves. These are the routes.
func New(o Options) http.Handler {
	o = o.withDefaults()
	r := chi.NewRouter()
	r.Use(drain, limitStall(o.Stall, o.Timeout), requestID, record(o.Log), scim.Recover, harden, closeCrowded(o.Crowded), limitURL(o.URL))

	health := &health{ready: o.Ready, lacking: o.Lacking}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r.MethodFunc(method, "/healthz", health.live)
		r.MethodFunc(method, "/readyz", health.answer)
	}
	places := limitRequests(o.Requests)
	r.Group(func(r chi.Router) {
		r.Use(limitTime(o.Timeout), places)
		oauth := oauth{o.Auth}
		r.Post(TokenPath, oauth.token)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r.MethodFunc(method, KeysPath, oauth.keys)
			r.MethodFunc(method, MetadataPath, oauth.metadata)
		}
	})
	r.Group(func(r chi.Router) {
		r.Use(negotiate, takeTurns, limitTime(o.Timeout), places, authenticate(o.Auth, o.Public))
		for _, root := range []string{Root, TenantRoot} {
			r.Handle(root, o.mount())
			r.Handle(root+"/*", o.mount())
		}
	})
	if o.Consent != nil {
		r.Group(func(r chi.Router) {
			r.Use(limitTime(o.Timeout), limitRequests(consentRequests))
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
				r.Method(method, consent.Invitation, o.Consent)
			}
			r.Method(http.MethodGet, consent.Callback, o.Consent)
		})
	}
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		scim.WriteError(w, r, fault.New(fault.NotFound, "There is nothing here. SCIM is served below %s.", Root))
	})
	r.MethodNotAllowed(notAllowed)
	return r
}

// OnlyHealth lets through to the handler that New made what asks about health.
func OnlyHealth(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/healthz", h)
	mux.Handle("/readyz", h)
	return mux
}

// notAllowed answers what the routes above do not take. Only a method that nobody
// knows comes here on its way to SCIM, which takes all others (RFC 9110 sections
// 15.5.6, 15.6.2).
func notAllowed(w http.ResponseWriter, r *http.Request) {
	if method(r) == unknownMethod {
		scim.WriteError(w, r, fault.New(fault.NotImplemented, "The method of this request is not known."))
		return
	}
	allowed := "GET, HEAD"
	switch {
	case r.URL.Path == TokenPath:
		allowed = http.MethodPost
	case r.URL.Path == consent.Callback:
		allowed = http.MethodGet
	case strings.HasPrefix(r.URL.Path, consent.Root+"/"):
		allowed = "GET, HEAD, POST"
	}
	w.Header().Set("Allow", allowed)
	scim.WriteError(w, r, fault.New(fault.MethodNotAllowed, "%s is not possible here.", r.Method))
}

// mount hands the request to its tenant's protocol, as a router hands it to one
// that is mounted. Below another tenant's path there is nothing, as there is below
// that of a tenant that does not exist. What is public is the same below each.
func (o Options) mount() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t, name := ticketOf(r), chi.URLParam(r, "tenant")
		if name != "" {
			if t.caller.Tenant != nil && name != t.caller.Tenant.Name {
				scim.WriteError(w, r, fault.New(fault.NotFound, "There is no such tenant."))
				return
			}
			below, _, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/tenants/"), "/")
			t.mounted = "/tenants/" + below + Root
		}
		chi.RouteContext(r.Context()).RoutePath = "/" + chi.URLParam(r, "*")
		if t.caller.Tenant == nil {
			o.Public.ServeHTTP(w, r)
			return
		}
		o.SCIM(t.caller.Tenant).ServeHTTP(w, r)
	}
}

// Mounted is the path that the client of the request sees the root of SCIM at.
func Mounted(r *http.Request) string {
	if t := ticketOf(r); t.mounted != "" {
		return t.mounted
	}
	return Root
}
