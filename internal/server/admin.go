package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"entrascim/internal/admin"
	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

// AdminOptions are those of the admin API's handler. Zero numbers and durations take the
// default.
type AdminOptions struct {
	Log   zerolog.Logger
	Token string // bearer token of those who manage
	// Routes puts the routes of the API on a router; see admin.Service.Routes.
	Routes   func(r chi.Router, who func(*http.Request) admin.Actor)
	Crowded  func(*http.Request) bool // see Options
	Timeout  time.Duration            // one request; default 2 minutes
	Stall    time.Duration            // see Options; default 30 seconds
	Requests int                      // answered at once; default 256
}

// NewAdmin is the handler of the admin API, which has a listener of its own.
func NewAdmin(o AdminOptions) http.Handler {
	with := Options{Timeout: o.Timeout, Stall: o.Stall, Requests: o.Requests}.withDefaults()
	r := chi.NewRouter()
	r.Use(drain, limitStall(with.Stall, with.Timeout), requestID, record(o.Log), scim.Recover, harden, closeCrowded(o.Crowded), limitURL(with.URL))
	r.Route(admin.Root, func(r chi.Router) {
		r.Use(limitTime(with.Timeout), limitRequests(with.Requests), authorize(o.Token))
		o.Routes(r, actorOf)
	})
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		scim.WriteError(w, r, fault.New(fault.NotFound, "There is nothing here. The admin API is served below %s.", admin.Root))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(allowed(r), ", "))
		scim.WriteError(w, r, fault.New(fault.MethodNotAllowed, "This method is not possible here."))
	})
	return r
}

// allowed are the methods that there are for the path of the request.
func allowed(r *http.Request) []string {
	routes := chi.RouteContext(r.Context()).Routes
	return slices.DeleteFunc([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete}, func(method string) bool {
		return !routes.Match(chi.NewRouteContext(), method, r.URL.Path)
	})
}

// authorize lets through who has the token; whoever guesses at it is soon refused
// unheard (see auth.Authenticator).
func authorize(token string) func(http.Handler) http.Handler {
	known := tenant.ClientRecord{Name: "admin", Kind: tenant.Bearer, Role: tenant.ReadWrite, Secrets: []tenant.Secret{{Sum: auth.Digest(token)}}}
	clients := auth.New(auth.Options{}, auth.NewClient(known, &tenant.Tenant{}))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := clients.Authenticate(r)
			if err == nil {
				next.ServeHTTP(w, r)
				return
			}
			if fault.Is(err, fault.Unauthenticated) {
				w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
			}
			scim.WriteError(w, r, err)
		})
	}
}

// actorOf is where the request comes from: there is one token, and so one name.
func actorOf(r *http.Request) admin.Actor {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "admin:unknown"
	}
	return admin.Actor("admin:" + from.Addr().Unmap().WithZone("").String())
}
