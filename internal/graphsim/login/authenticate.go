package login

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/graphsim/odata"
)

// An Identity is an app that calls Graph, as its access token names it.
type Identity struct {
	TenantID string
	AppID    string
	ObjectID string   // of its service principal in the tenant
	Roles    []string // application permissions granted when the token was issued
}

// Authenticate verifies the access token of a request to Graph. Errors are
// *odata.Error of status 401 with the code and text of
// https://learn.microsoft.com/graph/errors.
func (s *Service) Authenticate(r *http.Request) (Identity, error) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	raw = strings.TrimSpace(raw)
	if raw == "" || !strings.EqualFold(scheme, "Bearer") {
		return Identity{}, unauthenticated("Access token is empty.")
	}
	claims, err := s.claims(raw)
	if err != nil {
		return Identity{}, err
	}
	now := s.o.Now()
	if now.Before(claims.NotBefore.Add(-skew)) || !now.Before(claims.ExpiresAt.Time) {
		return Identity{}, unauthenticated("Access token has expired or is not yet valid.")
	}
	if claims.Resource != GlobalGraph && claims.Resource != s.o.BaseURL(r) {
		return Identity{}, unauthenticated("Access token validation failure. Invalid audience.")
	}
	if _, refused := s.app(claims.TenantID, claims.AppID); refused != nil {
		return Identity{}, &odata.Error{
			Status: http.StatusUnauthorized, Code: "Authorization_IdentityNotFound",
			Message: "The identity of the calling application could not be established.",
		}
	}
	return Identity{TenantID: claims.TenantID, AppID: claims.AppID, ObjectID: claims.ObjectID, Roles: claims.Roles}, nil
}

// claims verifies a token's signature and issuer.
func (s *Service) claims(raw string) (*accessClaims, error) {
	if claims, ok := s.checked.get(raw); ok {
		return claims, nil
	}
	claims := &accessClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return &s.key().private.PublicKey, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return nil, unauthenticated("CompactToken parsing failed with error code: 80049217")
	case err != nil:
		return nil, unauthenticated("Access token validation failure. Invalid signature.")
	case claims.NotBefore == nil || claims.ExpiresAt == nil || claims.Issuer != issuer(claims.TenantID):
		return nil, unauthenticated("Access token validation failure.")
	}
	s.checked.put(raw, claims)
	return claims, nil
}

func unauthenticated(message string) *odata.Error {
	return &odata.Error{Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken", Message: message}
}

// checkedTokens remembers tokens whose signature was verified: verifying one
// takes longer than answering a request for one object.
type checkedTokens struct {
	mu   sync.RWMutex
	seen map[string]*accessClaims
}

// maxChecked bounds the tokens remembered.
const maxChecked = 10_000

func newCheckedTokens() *checkedTokens { return &checkedTokens{seen: map[string]*accessClaims{}} }

func (c *checkedTokens) get(raw string) (*accessClaims, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	claims, ok := c.seen[raw]
	return claims, ok
}

func (c *checkedTokens) put(raw string, claims *accessClaims) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) >= maxChecked {
		clear(c.seen)
	}
	c.seen[raw] = claims
}
