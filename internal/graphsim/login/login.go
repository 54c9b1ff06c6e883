// Package login is the Microsoft identity platform as an http.Handler: app
// registrations with their secrets, certificates and federated credentials, the
// permissions that tenants granted them, access tokens, and admin consent.
//
// Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
// and https://learn.microsoft.com/entra/identity-platform/v2-admin-consent. The
// AADSTS numbers and texts are those of
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
package login

import (
	"crypto/rsa"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// GlobalGraph is the resource that clients of the global cloud ask tokens for.
const GlobalGraph = "https://graph.microsoft.com"

// tokenLife is how long an access token is good for, as token answers tell it.
const tokenLife = 3599 * time.Second

// Options decide how a Service behaves. The zero value serves with the machine's
// clock under the host that requests name.
type Options struct {
	// BaseURL gives the public base of the service ("https://login.example"),
	// without a slash at the end. Nil: scheme and host of the request.
	BaseURL func(*http.Request) string
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// NewID makes trace ids and token ids. Nil: random UUIDs.
	NewID func() string
	// Key signs access tokens. Nil: a key that the process makes on first use.
	Key *rsa.PrivateKey
	// Resources are what tokens can be asked for beside GlobalGraph and BaseURL,
	// as "https://host"; Authenticate does not accept tokens for them.
	Resources []string
	// Consented is told when an administrator granted an app what it asks for.
	Consented func(tenantID string, a App)
}

// A Service is the login service of any number of tenants. It is safe for
// concurrent use.
type Service struct {
	o       Options
	mux     *http.ServeMux
	key     func() *signingKey
	checked *checkedTokens

	mu      sync.RWMutex
	tenants map[string]string         // id or domain, lower case → tenant id
	apps    map[string]App            // by app id, lower case
	granted map[membership][]string   // the app's service principals
	issuers map[string]map[string]any // external issuer → key id → public key
	used    map[assertionID]time.Time // certificate assertions seen → their expiry
	late    map[membership]lateGrant
	lag     time.Duration // see SetConsentLag
}

// A membership is an app in a tenant: its service principal.
type membership struct{ tenant, app string }

// New gives a service that knows no tenant and no app.
func New(o Options) *Service {
	if o.BaseURL == nil {
		o.BaseURL = requestBase
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	s := &Service{
		o: o, mux: http.NewServeMux(), key: processKey, checked: newCheckedTokens(),
		tenants: map[string]string{}, apps: map[string]App{}, granted: map[membership][]string{},
		issuers: map[string]map[string]any{}, used: map[assertionID]time.Time{}, late: map[membership]lateGrant{},
	}
	if o.Key != nil {
		key := newSigningKey(o.Key)
		s.key = func() *signingKey { return key }
	}
	s.routes()
	return s
}

func (s *Service) routes() {
	s.mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.configuration)
	s.mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.keys)
	s.mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	s.mux.HandleFunc("/{tenant}/oauth2/v2.0/token", func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, onlyPost(r.Method)) })
	s.mux.HandleFunc("GET /{tenant}/v2.0/adminconsent", s.consentPage)
	s.mux.HandleFunc("POST /{tenant}/v2.0/adminconsent", s.consentDecision)
}

// ServeHTTP serves the login endpoints of every tenant.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// AddTenant makes a tenant known by its id and its verified domains.
func (s *Service) AddTenant(id string, domains ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenants[strings.ToLower(id)] = id
	for _, domain := range domains {
		s.tenants[strings.ToLower(domain)] = id
	}
}

// tenant finds a tenant by the id or the domain that a path names.
func (s *Service) tenant(name string) (string, *refusal) {
	switch strings.ToLower(name) {
	case "common", "organizations", "consumers":
		return "", noTenantNamed()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if id, ok := s.tenants[strings.ToLower(name)]; ok {
		return id, nil
	}
	return "", unknownTenant(name)
}

func requestBase(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
