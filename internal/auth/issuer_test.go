package auth_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// world is an issuer of tokens on loopback.
type world struct {
	*httptest.Server

	asked atomic.Int64 // for its configuration

	mu       sync.Mutex
	keys     map[string]crypto.Signer // that it signs with, by their id
	extra    []any                    // published beside them
	replaces map[string]http.HandlerFunc
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{keys: map[string]crypto.Signer{}, replaces: map[string]http.HandlerFunc{}}
	w.Server = httptest.NewTLSServer(w)
	tb.Cleanup(w.Close)
	w.rotate(tb, "first")
	return w
}

// rotate makes a key that takes the place of the others.
func (w *world) rotate(tb testing.TB, id string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keys = map[string]crypto.Signer{id: key}
}

// answers has the path answered otherwise.
func (w *world) answers(path string, h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replaces[path] = h
}

const (
	discovery = "/.well-known/openid-configuration"
	jwks      = "/keys"
)

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	replaced := w.replaces[r.URL.Path]
	w.mu.Unlock()
	if r.URL.Path == discovery {
		w.asked.Add(1)
	}
	switch {
	case replaced != nil:
		replaced(rw, r)
	case r.URL.Path == discovery:
		fmt.Fprintf(rw, `{"issuer":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["ES256","RS256","HS256","none"]}`, w.URL, w.URL+jwks)
	case r.URL.Path == jwks:
		w.mu.Lock()
		defer w.mu.Unlock()
		all := append([]any(nil), w.extra...)
		for id, key := range w.keys {
			all = append(all, jose.JSONWebKey{Key: key.Public(), KeyID: id, Use: "sig"})
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"keys": all})
	default:
		http.NotFound(rw, r)
	}
}

// token is one that the issuer signed at the time, with other claims and header where
// they are given.
func (w *world) token(tb testing.TB, now time.Time, claims map[string]any, header ...string) string {
	tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	all := jwt.MapClaims{"iss": w.URL, "sub": "robot", "aud": "scim", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix()}
	for name, v := range claims {
		if all[name] = v; v == nil {
			delete(all, name)
		}
	}
	for id, key := range w.keys {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, all)
		token.Header["kid"] = id
		for i := 0; i+1 < len(header); i += 2 {
			token.Header[header[i]] = header[i+1]
		}
		text, err := token.SignedString(key)
		if err != nil {
			tb.Fatal(err)
		}
		return text
	}
	return ""
}

// of is a client whose tokens the issuer makes.
func (w *world) of(name string, one *tenant.Tenant, audience string, claims map[string]string) auth.Client {
	return client(name, tenant.JWT, one, nil, func(r *tenant.ClientRecord) { r.Issuer, r.Audience, r.Claims = w.URL, audience, claims })
}

// trusting knows the clients, and trusts the issuer's certificate.
func (w *world) trusting(clock *clock, clients ...auth.Client) *auth.Authenticator {
	return auth.New(auth.Options{Now: clock.Now, Issuers: w.Client().Transport}, clients...)
}

// who names the client that the token is good for; what the error is otherwise.
func who(a *auth.Authenticator, token string) string {
	c, err := a.Authenticate(request("Bearer " + token))
	switch {
	case err == nil:
		return c.Tenant.Name + "/" + c.Name
	case fault.Is(err, fault.Unauthenticated):
		return "401"
	}
	return fmt.Sprint(fault.From(err).Status())
}

// Claims lead to a client, and so to a tenant and a role.
func TestClaims(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t), newClock()
	a, b := &tenant.Tenant{Name: "a"}, &tenant.Tenant{Name: "b"}
	type object = map[string]any
	type claims = map[string]string
	clients := []auth.Client{
		w.of("any", a, "plain", nil), w.of("robot", a, "scim", claims{"sub": "robot"}), w.of("other", b, "scim", claims{"sub": "other", "tid": "7"}),
		w.of("admin", b, "scim", claims{"roles": "Scim.Admin"}), w.of("flag", b, "scim", claims{"verified": "true"}), w.of("scope", b, "scim", claims{"scp": "scim.write"}),
		w.of("twin", b, "twins", claims{"x": "1"}), w.of("twin", a, "twins", claims{"y": "2"}),
	}
	for name, test := range map[string]struct {
		claims object
		want   string
	}{
		"the subject":              {nil, "a/robot"},
		"another subject":          {object{"sub": "stranger"}, "401"},
		"two claims":               {object{"sub": "other", "tid": "7"}, "b/other"},
		"a number":                 {object{"sub": "other", "tid": 7}, "b/other"},
		"one of two claims":        {object{"sub": "other"}, "401"},
		"one of two claims, wrong": {object{"sub": "other", "tid": "8"}, "401"},
		"one of a list":            {object{"sub": "x", "roles": []string{"Reader", "Scim.Admin"}}, "b/admin"},
		"none of a list":           {object{"sub": "x", "roles": []string{"Reader", "scim.admin"}}, "401"},
		"a list in a list":         {object{"sub": "x", "roles": [][]string{{"Scim.Admin"}}}, "401"},
		"a boolean":                {object{"sub": "x", "verified": true}, "b/flag"},
		"a null":                   {object{"sub": "x", "verified": []any{nil}}, "401"},
		"a scope":                  {object{"sub": "x", "scp": "scim.read scim.write"}, "b/scope"},
		"a part of a scope":        {object{"sub": "x", "scp": "scim.write.all"}, "401"},
		"an object":                {object{"sub": object{"sub": "robot"}}, "401"},
		"the audience alone":       {object{"aud": "plain", "sub": "x"}, "a/any"},
		"one of the audiences":     {object{"aud": []string{"other", "plain"}, "sub": "x"}, "a/any"},
		"another audience":         {object{"aud": "other"}, "401"},
		"no audience":              {object{"aud": nil}, "401"},
		"two clients":              {object{"roles": "Scim.Admin"}, "401"},
		"two audiences":            {object{"aud": []string{"plain", "scim"}}, "401"},
		"two tenants":              {object{"aud": "twins", "x": "1", "y": "2"}, "401"},
		"one of the two":           {object{"aud": "twins", "x": "1"}, "b/twin"},
		"the same twice":           {object{"aud": []string{"plain", "plain"}, "sub": "x"}, "a/any"},
		"expired":                  {object{"exp": start().Add(-time.Second).Unix()}, "401"},
		"never expires":            {object{"exp": nil}, "401"},
		"not good yet":             {object{"nbf": start().Add(time.Hour).Unix()}, "401"},
		"another issuer":           {object{"iss": "https://evil.example"}, "401"},
		"no issuer":                {object{"iss": nil}, "401"},
		"the issuer with a slash":  {object{"iss": w.URL + "/"}, "401"},
		"an issuer that is a list": {object{"iss": []string{w.URL}}, "401"},
	} {
		if got := who(w.trusting(clock, clients...), w.token(t, start(), test.claims)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// A token that is good for two clients is good for none, and the log says which.
func TestTwoClientsAreLogged(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t), newClock()
	known := w.trusting(clock, w.of("any", &tenant.Tenant{Name: "a"}, "scim", nil), w.of("robot", &tenant.Tenant{Name: "b"}, "scim", map[string]string{"sub": "robot"}))
	var log bytes.Buffer
	token := w.token(t, start(), nil)
	r := request("Bearer " + token)
	_, err := known.Authenticate(r.WithContext(zerolog.New(&log).WithContext(r.Context())))
	if !fault.Is(err, fault.Unauthenticated) || !strings.Contains(log.String(), `"clients":["a/any","b/robot"]`) || strings.Contains(log.String(), token) {
		t.Errorf("%v, log %s", err, log.String())
	}
}

// Tokens that the issuer did not sign, or not so.
func TestForeignForged(t *testing.T) {
	t.Parallel()
	w, other, clock := newWorld(t), newWorld(t), newClock()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	shared := []byte("a-secret-that-is-published-by-mistake")
	w.extra = []any{
		jose.JSONWebKey{Key: &weak.PublicKey, KeyID: "weak", Use: "sig"},
		jose.JSONWebKey{Key: shared, KeyID: "shared", Use: "sig"},
		map[string]any{"kty": "future", "kid": "future"},
		"no key",
		jose.JSONWebKey{Key: other.keys["first"].Public(), KeyID: "sealing", Use: "enc"},
	}
	sign := func(method jwt.SigningMethod, id string, key any) string {
		token := jwt.NewWithClaims(method, jwt.MapClaims{"iss": w.URL, "sub": "robot", "aud": "scim", "exp": start().Add(time.Hour).Unix()})
		token.Header["kid"] = id
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	one := &tenant.Tenant{Name: "a"}
	public := w.keys["first"].Public().(*ecdsa.PublicKey)
	point, err := public.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	good := w.token(t, start(), nil)
	for name, token := range map[string]string{
		"another issuer's key":     sign(jwt.SigningMethodES256, "first", other.keys["first"]),
		"none":                     sign(jwt.SigningMethodNone, "first", jwt.UnsafeAllowNoneSignatureType),
		"HMAC by the public key":   sign(jwt.SigningMethodHS256, "first", point),
		"HMAC by a published one":  sign(jwt.SigningMethodHS256, "shared", shared),
		"a weak key":               sign(jwt.SigningMethodRS256, "weak", weak),
		"a key for sealing":        sign(jwt.SigningMethodES256, "sealing", other.keys["first"]),
		"an algorithm not offered": sign(jwt.SigningMethodPS256, "weak", weak),
		"another issuer's token":   other.token(t, start(), nil),
		"a changed one":            good[:len(good)-5] + "AAAAA",
		"without a signature":      good[:strings.LastIndexByte(good, '.')+1],
	} {
		if got := who(w.trusting(clock, w.of("robot", one, "scim", nil)), token); got != "401" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := who(w.trusting(clock, w.of("robot", one, "scim", nil)), good); got != "a/robot" {
		t.Errorf("a good one: %s", got)
	}
	if other.asked.Load() != 0 {
		t.Error("an issuer was asked that no client names")
	}
}

// A key that takes another's place is found; the issuer is asked no more than once in
// 10 seconds, whatever keys tokens name, and not at all for what is known.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t), newClock()
	known := w.trusting(clock, w.of("robot", &tenant.Tenant{Name: "a"}, "scim", nil))
	step := func(what, token, want string, asked int64) {
		t.Helper()
		if got := who(known, token); got != want || w.asked.Load() != asked {
			t.Errorf("%s: %s, want %s; asked %d times, want %d", what, got, want, w.asked.Load(), asked)
		}
	}
	first := w.token(t, start(), nil)
	step("the first token", first, "a/robot", 1)
	step("once more", first, "a/robot", 1)
	known = known.With(w.of("robot", &tenant.Tenant{Name: "a"}, "scim", nil))
	step("after a reload", first, "a/robot", 1)
	w.rotate(t, "second")
	second := w.token(t, start(), nil)
	step("a new key, too early", second, "401", 1)
	clock.move(10 * time.Second)
	step("a new key", second, "a/robot", 2)
	step("the old key, gone", first, "401", 2)
	for i := range 15 {
		step("an invented key", w.token(t, start(), nil, "kid", fmt.Sprint(i)), "401", 2)
	}
	step("the new key", second, "a/robot", 2)
}
