package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"entrascim/internal/fault"
	"entrascim/internal/seal"
	"entrascim/internal/tenant"
)

const (
	// tokenLife is how long a token of the token endpoint is good.
	tokenLife = 10 * time.Minute
	// skew is how far the clocks of replicas may differ.
	skew = 10 * time.Second
	// tokenType is the type of an access token (RFC 9068 section 2.1).
	tokenType = "at+jwt"
)

// signer signs the gateway's own tokens with Ed25519 (RFC 8037), and verifies them.
type signer struct{ keys []signingKey }

type signingKey struct {
	id         string
	private    ed25519.PrivateKey
	generation []byte // key of what tells one secret of a client from another
}

func newSigner(keys *seal.Keys) *signer {
	s := &signer{}
	generations := keys.Derive("oauth secret generation", sumSize)
	for i, seed := range keys.Derive("oauth signing key", ed25519.SeedSize) {
		k := signingKey{private: ed25519.NewKeyFromSeed(seed), generation: generations[i]}
		k.id = k.thumbprint()
		s.keys = append(s.keys, k)
	}
	return s
}

func (k signingKey) public() ed25519.PublicKey {
	return ed25519.PublicKey(k.private[ed25519.PrivateKeySize-ed25519.PublicKeySize:])
}

// x is the public key as a JWK has it.
func (k signingKey) x() string { return base64.RawURLEncoding.EncodeToString(k.public()) }

// thumbprint names the key (RFC 7638, RFC 8037 section 2).
func (k signingKey) thumbprint() string {
	sum := Digest(fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, k.x()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// generationOf names a secret of a client, to whoever has the key only.
func (k signingKey) generationOf(c *Client, s tenant.Secret) string {
	mac := hmac.New(sha256.New, k.generation)
	mac.Write([]byte(c.ID + "\x00"))
	mac.Write(s.Sum[:])
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// named is the key with the id; nil: none.
func (s *signer) named(id string) *signingKey {
	for i := range s.keys {
		if s.keys[i].id == id {
			return &s.keys[i]
		}
	}
	return nil
}

// signed tells whether a token says that it is the gateway's own.
func (s *signer) signed(t *unverified) bool { return s.named(t.KeyID) != nil }

// A JWK is a public key of the token endpoint (RFC 7517, RFC 8037 section 2).
type JWK struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// PublicKeys are those that the gateway's own tokens are verified with.
func (a *Authenticator) PublicKeys() []JWK {
	var all []JWK
	for _, k := range a.signer.keys {
		all = append(all, JWK{Type: "OKP", Curve: "Ed25519", X: k.x(), ID: k.id, Use: "sig", Algorithm: jwt.SigningMethodEdDSA.Alg()})
	}
	return all
}

// accessClaims are those of the gateway's own tokens (RFC 9068 section 2.2).
type accessClaims struct {
	jwt.RegisteredClaims

	ClientID   string `json:"client_id"`
	Scope      string `json:"scope"`
	Generation string `json:"gen"` // of the secret that it was given for
}

// sign makes a token of the client that lives so long.
func (s *signer) sign(c *Client, secret tenant.Secret, issuer, scope string, now time.Time, life time.Duration) (string, error) {
	key := s.keys[0]
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: c.ID, Audience: jwt.ClaimStrings{issuer}, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
		},
		ClientID: c.ID, Scope: scope, Generation: key.generationOf(c, secret),
	})
	token.Header["kid"], token.Header["typ"] = key.id, tokenType
	return token.SignedString(key.private)
}

// own finds the client whom the gateway itself gave the token. The client must have
// the very secret still that it was given for. Its error is for the log.
func (a *Authenticator) own(r *http.Request, given credential) (Client, error) {
	claims, err := a.verified(given, a.o.URL(r))
	if err != nil {
		return Client{}, err
	}
	c := a.clients.named(claims.Subject, tenant.ClientCredentials)
	if c == nil {
		return Client{}, errors.New("its client is gone")
	}
	key, now := a.signer.named(given.token.KeyID), a.o.Now()
	for _, s := range c.secrets {
		current := s.Expires.IsZero() || now.Before(s.Expires)
		if current && hmac.Equal([]byte(key.generationOf(c, s)), []byte(claims.Generation)) {
			return c.within(claims.Scope), nil
		}
	}
	return Client{}, errors.New("the secret that it was given for is gone")
}

// verified are the claims of a token that the gateway itself made, as the issuer.
func (a *Authenticator) verified(given credential, issuer string) (*accessClaims, error) {
	if found, ok := a.proofs.find(given.sum, issuer, a.o.Now()); ok {
		return found.own, nil
	}
	claims := &accessClaims{}
	token, err := jwt.ParseWithClaims(given.text, claims, a.signer.keyOf,
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(issuer),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(skew), jwt.WithTimeFunc(a.o.Now), jwt.WithStrictDecoding())
	if err != nil {
		return nil, err
	}
	if typ, _ := token.Header["typ"].(string); typ != tokenType {
		return nil, errors.New("it is no access token")
	}
	a.proofs.keep(given.sum, proof{keys: issuer, expires: claims.ExpiresAt.Time, own: claims})
	return claims, nil
}

func (s *signer) keyOf(t *jwt.Token) (any, error) {
	id, _ := t.Header["kid"].(string)
	if key := s.named(id); key != nil {
		return key.public(), nil
	}
	return nil, fault.New(fault.Unauthenticated, "There is no such key.")
}

// within is the client as far as the scope of its token goes.
func (c *Client) within(scope string) Client {
	limited := *c
	limited.ReadOnly = c.ReadOnly || !hasWord(scope, ScopeWrite)
	return limited
}

func hasWord(list, word string) bool {
	for one := range strings.FieldsSeq(list) {
		if one == word {
			return true
		}
	}
	return false
}
