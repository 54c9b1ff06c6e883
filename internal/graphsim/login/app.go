package login

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// An App is an app registration.
type App struct {
	ID          string // application (client) id, a GUID
	DisplayName string
	TenantID    string // where it is registered
	MultiTenant bool   // other tenants may consent to it

	Secrets              []Secret
	Certificates         []*x509.Certificate
	FederatedCredentials []FederatedCredential

	RedirectURIs []string
	// Roles are the application permissions of Graph that it asks for; admin
	// consent grants them.
	Roles []string
}

// A Secret is a client secret.
type Secret struct {
	Value   string
	Expires time.Time // zero: never
}

// A FederatedCredential trusts the tokens that an external issuer gives to a
// subject, in place of a secret. Source:
// https://learn.microsoft.com/graph/api/resources/federatedidentitycredential.
type FederatedCredential struct {
	Name     string
	Issuer   string
	Subject  string
	Audience string // empty: api://AzureADTokenExchange
}

// ExchangeAudience is the audience of an external token that is sent in place of
// a secret.
const ExchangeAudience = "api://AzureADTokenExchange"

// principals is the namespace that object ids of service principals are made in.
var principals = uuid.MustParse("5f6d0f0e-6c1e-4f0b-9d6b-1b8f8b2a7c55")

// ObjectID is the id of the app's service principal in the tenant.
func ObjectID(tenantID, appID string) string {
	return uuid.NewSHA1(principals, []byte(strings.ToLower(tenantID+"/"+appID))).String()
}

// Register adds an app or replaces the one with its id. Its own tenant has its
// service principal from then on, with no permission granted.
func (s *Service) Register(a App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps[strings.ToLower(a.ID)] = a
	home := memberOf(a.TenantID, a.ID)
	if _, ok := s.granted[home]; !ok && a.TenantID != "" {
		s.granted[home] = nil
	}
}

// Grant gives the app exactly these permissions in the tenant, as an
// administrator's consent does; tokens issued before keep the roles that they
// have.
func (s *Service) Grant(tenantID, appID string, roles []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sorted := slices.Clone(roles)
	slices.Sort(sorted)
	s.granted[memberOf(tenantID, appID)] = slices.Compact(sorted)
}

// Revoke removes the app's service principal from the tenant: no token is issued
// any more, and those issued are refused.
func (s *Service) Revoke(tenantID, appID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.granted, memberOf(tenantID, appID))
}

// Granted gives the permissions that the app has in the tenant, and whether the
// tenant has its service principal at all.
func (s *Service) Granted(tenantID, appID string) ([]string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	roles, ok := s.granted[memberOf(tenantID, appID)]
	return slices.Clone(roles), ok
}

// TrustIssuer makes the public keys of an external token issuer known, by key id.
// Keys are those that golang-jwt verifies with: *rsa.PublicKey, *ecdsa.PublicKey.
func (s *Service) TrustIssuer(issuer string, keys map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issuers[issuer] = keys
}

// app finds an app that the tenant has a service principal of.
func (s *Service) app(tenantID, appID string) (App, *refusal) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, known := s.apps[strings.ToLower(appID)]
	_, here := s.granted[memberOf(tenantID, appID)]
	if !known || !here {
		return App{}, unknownApp(appID, tenantID)
	}
	return a, nil
}

func memberOf(tenantID, appID string) membership {
	return membership{strings.ToLower(tenantID), strings.ToLower(appID)}
}
