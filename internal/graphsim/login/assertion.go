package login

import (
	"crypto/sha1" //nolint:gosec // certificate thumbprints, as the documentation wants them
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// assertionType is the only client_assertion_type there is (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// skew is how far clocks may be apart.
const skew = 5 * time.Minute

// An assertionID names a certificate assertion that was presented.
type assertionID struct{ app, id string }

// checkAssertion verifies a JWT in place of a secret (RFC 7523): the app's own,
// signed by one of its certificates, or one of an issuer that it trusts.
func (s *Service) checkAssertion(q *tokenRequest) *refusal {
	if kind := q.form.Get("client_assertion_type"); kind != assertionType {
		return malformedRequest("client_assertion_type must be " + assertionType)
	}
	claims := jwt.RegisteredClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(q.form.Get("client_assertion"), &claims)
	switch {
	case err != nil:
		return malformedAssertion("it cannot be parsed")
	case claims.Issuer == "" || claims.Subject == "" || claims.ExpiresAt == nil:
		return malformedAssertion("iss, sub and exp are required")
	case strings.EqualFold(claims.Issuer, claims.Subject):
		return s.checkCertificateAssertion(q, token, &claims)
	}
	return s.checkFederatedAssertion(q, token, &claims)
}

func (s *Service) checkCertificateAssertion(q *tokenRequest, t *jwt.Token, claims *jwt.RegisteredClaims) *refusal {
	cert, refused := s.certificate(q.app, t)
	if refused != nil {
		return refused
	}
	if err := verify(q, cert.PublicKey, "RS256", "PS256", "ES256"); err != nil {
		return badSignature()
	}
	switch {
	case !strings.EqualFold(claims.Issuer, q.app.ID):
		return otherClient()
	case !slices.ContainsFunc(claims.Audience, func(aud string) bool { return slices.Contains(q.endpoint, aud) }):
		return otherAudience()
	case claims.ID == "":
		return malformedAssertion("jti is required")
	}
	if refused := s.checkTimes(claims); refused != nil {
		return refused
	}
	return s.useOnce(q.app, claims)
}

// certificate finds the certificate that an assertion's header names.
func (s *Service) certificate(a App, t *jwt.Token) (*x509.Certificate, *refusal) {
	named := ""
	for _, header := range []string{"x5t#S256", "x5t", "kid"} {
		value, _ := t.Header[header].(string)
		if value == "" {
			continue
		}
		named = value
		for _, cert := range a.Certificates {
			if !slices.Contains(thumbprints(cert), unpadded(value)) {
				continue
			}
			if now := s.o.Now(); now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
				return nil, expiredKey()
			}
			return cert, nil
		}
	}
	return nil, unknownKey(named)
}

// thumbprints are the names that a certificate goes by in a JWT header: x5t#S256,
// x5t (SHA-1), and as a key id also SHA-1 in hexadecimal.
func thumbprints(cert *x509.Certificate) []string {
	long, short := sha256.Sum256(cert.Raw), sha1.Sum(cert.Raw) //nolint:gosec // see the import
	digits := hex.EncodeToString(short[:])
	return []string{
		base64.RawURLEncoding.EncodeToString(long[:]), base64.RawURLEncoding.EncodeToString(short[:]),
		digits, strings.ToUpper(digits),
	}
}

// unpadded gives a thumbprint the form that RFC 7515 wants. Microsoft's client
// library for Go sends the older alphabet of base64, with padding (observed).
func unpadded(thumbprint string) string {
	return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(thumbprint)
}

// checkFederatedAssertion verifies an external issuer's token. It may be sent
// again until it expires, as workloads do with the token file they are given.
func (s *Service) checkFederatedAssertion(q *tokenRequest, t *jwt.Token, claims *jwt.RegisteredClaims) *refusal {
	if refused := matchFederation(q.app.FederatedCredentials, claims); refused != nil {
		return refused
	}
	kid, _ := t.Header["kid"].(string)
	s.mu.RLock()
	key, ok := s.issuers[claims.Issuer][kid]
	s.mu.RUnlock()
	if !ok {
		return badSignature()
	}
	if err := verify(q, key, "RS256", "PS256", "ES256"); err != nil {
		return badSignature()
	}
	return s.checkTimes(claims)
}

// matchFederation finds the credential for a token, claim by claim, so that the
// refusal names the first one that fits none. Comparison is case-sensitive.
func matchFederation(list []FederatedCredential, claims *jwt.RegisteredClaims) *refusal {
	issued := slices.DeleteFunc(slices.Clone(list), func(c FederatedCredential) bool { return c.Issuer != claims.Issuer })
	if len(issued) == 0 {
		return noFederation(700211, "issuer", claims.Issuer)
	}
	meant := slices.DeleteFunc(issued, func(c FederatedCredential) bool { return c.Subject != claims.Subject })
	if len(meant) == 0 {
		return noFederation(700213, "subject", claims.Subject)
	}
	for _, c := range meant {
		if c.Audience == "" {
			c.Audience = ExchangeAudience
		}
		if slices.Contains(claims.Audience, c.Audience) {
			return nil
		}
	}
	return noFederation(700212, "audience", strings.Join(claims.Audience, " "))
}

// verify checks the signature only; claims are checked one by one, each with its
// own refusal.
func verify(q *tokenRequest, key any, methods ...string) error {
	parser := jwt.NewParser(jwt.WithValidMethods(methods), jwt.WithoutClaimsValidation())
	t, err := parser.Parse(q.form.Get("client_assertion"), func(*jwt.Token) (any, error) { return key, nil })
	if err != nil {
		return err
	}
	if !t.Valid {
		return errors.New("not valid")
	}
	return nil
}

func (s *Service) checkTimes(claims *jwt.RegisteredClaims) *refusal {
	now, from, to := s.o.Now(), time.Time{}, claims.ExpiresAt.Time
	if claims.NotBefore != nil {
		from = claims.NotBefore.Time
	}
	if now.Add(skew).Before(from) || !now.Add(-skew).Before(to) {
		return outsideValidity(now, from, to)
	}
	return nil
}

// useOnce refuses an assertion that was presented before (RFC 7523 §3, 7).
func (s *Service) useOnce(a App, claims *jwt.RegisteredClaims) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	for id, expires := range s.used {
		if now.After(expires.Add(skew)) {
			delete(s.used, id)
		}
	}
	id := assertionID{strings.ToLower(a.ID), claims.ID}
	if _, again := s.used[id]; again {
		return replayed()
	}
	s.used[id] = claims.ExpiresAt.Time
	return nil
}
