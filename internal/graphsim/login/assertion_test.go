package login_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestAssertionIsRefusedFor(t *testing.T) {
	t.Parallel()
	claim := func(name string, value any) func(map[string]any, jwt.MapClaims) {
		return func(_ map[string]any, c jwt.MapClaims) { c[name] = value }
	}
	soon := time.Now().Add(30 * time.Minute).Unix()
	tests := map[string]struct {
		change func(map[string]any, jwt.MapClaims)
		code   float64
	}{
		"unknown certificate": {func(h map[string]any, _ jwt.MapClaims) { h["x5t"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAA" }, 700027},
		"no certificate":      {func(h map[string]any, _ jwt.MapClaims) { delete(h, "x5t") }, 700027},
		"another app":         {func(_ map[string]any, c jwt.MapClaims) { c["iss"], c["sub"] = otherID, otherID }, 700021},
		"another audience":    {claim("aud", "https://login.example/token"), 700023},
		"not valid yet":       {claim("nbf", soon), 700024},
		"expired":             {claim("exp", time.Now().Add(-10*time.Minute).Unix()), 700024},
		"no expiry":           {func(_ map[string]any, c jwt.MapClaims) { delete(c, "exp") }, 50027},
		"no subject":          {func(_ map[string]any, c jwt.MapClaims) { delete(c, "sub") }, 50027},
		"no jti":              {func(_ map[string]any, c jwt.MapClaims) { delete(c, "jti") }, 50027},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			status, body := p.post(t, tenantID, asserted(p.assertion(t, jwt.SigningMethodRS256, test.change)))
			checkRefusal(t, status, body, 401, "invalid_client", test.code)
		})
	}
}

func TestAssertionMustBeSignedByTheCertificate(t *testing.T) {
	t.Parallel()
	p := start(t)
	good := p.assertion(t, jwt.SigningMethodRS256, nil)
	head, signature := good[:strings.LastIndex(good, ".")], good[strings.LastIndex(good, ".")+1:]
	flipped := strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return r
	}, "A"+signature[1:])
	for name, spoilt := range map[string]string{
		"signature of something else": head + "." + flipped,
		"no signature":                head + ".",
		"MAC with the secret":         p.assertion(t, jwt.SigningMethodHS256, nil),
	} {
		status, body := p.post(t, tenantID, asserted(spoilt))
		if status != http.StatusUnauthorized {
			t.Errorf("%s: got %d %v", name, status, body)
			continue
		}
		checkRefusal(t, status, body, 401, "invalid_client", 700027)
	}
}

func TestAssertionIsGoodOnce(t *testing.T) {
	t.Parallel()
	p := start(t)
	once := asserted(p.assertion(t, jwt.SigningMethodRS256, nil))
	p.accessToken(t, once)
	status, body := p.post(t, tenantID, once)
	checkRefusal(t, status, body, 401, "invalid_client", 50013)
}

func TestCertificateExpires(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.clock.Advance(25 * time.Hour)
	status, body := p.post(t, tenantID, asserted(p.assertion(t, jwt.SigningMethodRS256, nil)))
	checkRefusal(t, status, body, 401, "invalid_client", 700027)
}

func TestExternalTokenIsGoodUntilItExpires(t *testing.T) {
	t.Parallel()
	p := start(t)
	workload := asserted(p.external(t, nil))
	p.accessToken(t, workload)
	p.accessToken(t, workload)
	p.clock.Advance(2 * time.Hour)
	status, body := p.post(t, tenantID, workload)
	checkRefusal(t, status, body, 401, "invalid_client", 700024)
}

func TestExternalTokenIsRefusedFor(t *testing.T) {
	t.Parallel()
	claim := func(name string, value any) func(map[string]any, jwt.MapClaims) {
		return func(_ map[string]any, c jwt.MapClaims) { c[name] = value }
	}
	tests := map[string]struct {
		change func(map[string]any, jwt.MapClaims)
		code   float64
	}{
		"issuer":      {claim("iss", "https://cluster.example/"), 700211},
		"subject":     {claim("sub", "system:serviceaccount:iga:Entrascim"), 700213},
		"audience":    {claim("aud", "sts.amazonaws.com"), 700212},
		"unknown key": {func(h map[string]any, _ jwt.MapClaims) { h["kid"] = "k2" }, 700027},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			status, body := p.post(t, tenantID, asserted(p.external(t, test.change)))
			checkRefusal(t, status, body, 401, "invalid_client", test.code)
		})
	}
}
