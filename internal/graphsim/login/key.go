package login

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // a key id as Microsoft makes it, no protection
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"sync"
)

// A signingKey signs access tokens; id is its "kid".
type signingKey struct {
	private *rsa.PrivateKey
	id      string
}

func newSigningKey(k *rsa.PrivateKey) *signingKey {
	sum := sha1.Sum(x509.MarshalPKCS1PublicKey(&k.PublicKey)) //nolint:gosec // see the import
	return &signingKey{private: k, id: base64.RawURLEncoding.EncodeToString(sum[:])}
}

// processKey is made once, because making one takes a tenth of a second and a
// test starts hundreds of services.
var processKey = sync.OnceValue(func() *signingKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Errorf("login: signing key: %w", err)) // crypto/rand does not fail
	}
	return newSigningKey(k)
})

// keys serves the JSON Web Key Set that access tokens are verified with
// (RFC 7517).
func (s *Service) keys(w http.ResponseWriter, r *http.Request) {
	if _, err := s.tenant(r.PathValue("tenant")); err != nil && err.code != codeNoTenant {
		s.refuse(w, r, err)
		return
	}
	key := s.key()
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "kid": key.id, "x5t": key.id,
		"n": base64.RawURLEncoding.EncodeToString(key.private.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.private.E)).Bytes()),
	}}})
}
