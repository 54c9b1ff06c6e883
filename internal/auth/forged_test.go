package auth_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/seal"
	"entrascim/internal/tenant"
)

// forged makes a token with the published key's id that says what is given, over the
// claims of a good one.
func forged(tb testing.TB, a *auth.Authenticator, method jwt.SigningMethod, key any, header, claims map[string]any) string {
	tb.Helper()
	good, _, err := jwt.NewParser().ParseUnverified(grant(tb, a).Token, jwt.MapClaims{})
	if err != nil {
		tb.Fatal(err)
	}
	token := jwt.NewWithClaims(method, good.Claims)
	token.Header["kid"], token.Header["typ"] = good.Header["kid"], good.Header["typ"]
	maps.Copy(token.Header, header)
	for name, v := range claims {
		if token.Claims.(jwt.MapClaims)[name] = v; v == nil {
			delete(token.Claims.(jwt.MapClaims), name)
		}
	}
	text, err := token.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// signingKey is the key that an Authenticator with the keys signs with.
func signingKey(keys *seal.Keys) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(keys.Derive("oauth signing key", ed25519.SeedSize)[0])
}

// Tokens that anybody could make, and those that the gateway made for something else.
func TestForged(t *testing.T) {
	t.Parallel()
	clock, keys := newClock(), keysOf(t, oldKey)
	known := auth.New(auth.Options{Keys: keys, Now: clock.Now, URL: here}, oauthClient(&tenant.Tenant{Name: "a"}))
	private := signingKey(keys)
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	eddsa := jwt.SigningMethodEdDSA
	tokens := map[string]string{
		"a stranger's key":       forged(t, known, eddsa, stranger, nil, nil),
		"none":                   forged(t, known, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil),
		"HMAC by the public key": forged(t, known, jwt.SigningMethodHS256, []byte(private.Public().(ed25519.PublicKey)), nil, nil),
		"HMAC by its PEM":        forged(t, known, jwt.SigningMethodHS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), nil, nil),
		"another issuer":         forged(t, known, eddsa, private, nil, object{"iss": "https://evil.example"}),
		"no issuer":              forged(t, known, eddsa, private, nil, object{"iss": nil}),
		"another audience":       forged(t, known, eddsa, private, nil, object{"aud": "https://evil.example"}),
		"no audience":            forged(t, known, eddsa, private, nil, object{"aud": nil}),
		"expired":                forged(t, known, eddsa, private, nil, object{"exp": start().Add(-11 * time.Second).Unix()}),
		"never expires":          forged(t, known, eddsa, private, nil, object{"exp": nil}),
		"issued in the future":   forged(t, known, eddsa, private, nil, object{"iat": start().Add(11 * time.Second).Unix()}),
		"not good yet":           forged(t, known, eddsa, private, nil, object{"nbf": start().Add(11 * time.Second).Unix()}),
		"another client":         forged(t, known, eddsa, private, nil, object{"sub": "id-of-another"}),
		"no client":              forged(t, known, eddsa, private, nil, object{"sub": nil}),
		"another secret":         forged(t, known, eddsa, private, nil, object{"gen": "AAAAAAAAAAAAAAAAAAAAAA"}),
		"no secret":              forged(t, known, eddsa, private, nil, object{"gen": nil}),
		"an ID token":            forged(t, known, eddsa, private, object{"typ": "JWT"}, nil),
		"of no type":             forged(t, known, eddsa, private, object{"typ": 7}, nil),
		"of no key":              forged(t, known, eddsa, private, object{"kid": "other"}, nil),
		"a key that is no text":  forged(t, known, eddsa, private, object{"kid": []string{"other"}}, nil),
	}
	good := forged(t, known, eddsa, private, nil, nil)
	parts := strings.Split(good, ".")
	tokens["a part is missing"] = parts[0] + "." + parts[1] + "."
	tokens["a part is added"] = good + ".e30"
	tokens["with padding"] = good + "="
	tokens["the header twice"] = parts[0] + "." + parts[0] + "." + parts[2]
	tokens["more rights"] = parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"scope":"scim.write"}`)) + "." + parts[2]
	if _, err := known.Authenticate(request("Bearer " + good)); err != nil {
		t.Fatalf("the test forges badly: %v", err)
	}
	for name, token := range tokens {
		known := auth.New(auth.Options{Keys: keys, Now: clock.Now, URL: here}, oauthClient(&tenant.Tenant{Name: "a"}))
		_, err := known.Authenticate(request("Bearer " + token))
		if !fault.Is(err, fault.Unauthenticated) || fault.From(err).Public() != "The bearer token is not known." {
			t.Errorf("%s: %v", name, err)
		}
	}
}
