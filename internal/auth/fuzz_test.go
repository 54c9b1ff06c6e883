package auth_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// FuzzAuthorization: whatever is sent, it is a client's credential, letter by letter,
// or it is refused with 401 and nothing of it comes back.
func FuzzAuthorization(f *testing.F) {
	clock, one := newClock(), &tenant.Tenant{Name: "a"}
	clients := []auth.Client{
		client("iga", tenant.Bearer, one, []string{"token-of-iga"}), client("script", tenant.Basic, one, []string{"password-of-script"}), oauthClient(one),
		client("robot", tenant.JWT, one, nil, func(r *tenant.ClientRecord) { r.Issuer = "https://issuer.invalid" }),
	}
	options := auth.Options{Keys: keysOf(f, oldKey), Now: clock.Now, URL: here, Issuers: nobody{}}
	public := signingKey(options.Keys).Public()
	own := grant(f, auth.New(options, clients...)).Token
	for _, seed := range []string{
		"Bearer token-of-iga", "bearer  token-of-iga ", basic("id-of-script", "password-of-script"), "Bearer " + own, "Bearer e30.e30.", "Basic Og==", "Bearer a.b.c", "", " ",
		"Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5pbnZhbGlkIn0.", own, "Bearer " + own[:len(own)-2],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		known := auth.New(options, clients...)
		c, err := known.Authenticate(&http.Request{Header: http.Header{"Authorization": {header}}, URL: &url.URL{}})
		if err == nil {
			scheme, text, _ := strings.Cut(header, " ")
			switch text = strings.Trim(text, " "); {
			case strings.EqualFold(scheme, "Bearer") && text == "token-of-iga" && c.Name == "iga":
			case strings.EqualFold(scheme, "Bearer") && c.Name == "oauth": // another process made another token
				if _, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return public, nil }, jwt.WithTimeFunc(start)); err != nil {
					t.Errorf("%q is let in as %s: %v", header, c.Name, err)
				}
			case strings.EqualFold(scheme, "Basic") && c.Name == "script":
				if plain, _ := base64.StdEncoding.DecodeString(text); string(plain) != "id-of-script:password-of-script" {
					t.Errorf("%q is let in as %s", header, c.Name)
				}
			default:
				t.Errorf("%q is let in as %s", header, c.Name)
			}
			return
		}
		away := fault.Is(err, fault.Unavailable) // the issuer, which a token of it needs
		if !away && !fault.Is(err, fault.Unauthenticated) || len(header) > 20 && strings.Contains(fault.From(err).Public(), header) {
			t.Errorf("%q: %v", header, err)
		}
	})
}

// nobody is a network without anybody.
type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody is there")
}

// FuzzGrant: whatever is asked, it is answered with a token to whom has the secret, or
// refused with a code of RFC 6749 and less than 500, and no secret comes back.
func FuzzGrant(f *testing.F) {
	clock, one := newClock(), &tenant.Tenant{Name: "a"}
	options := auth.Options{Keys: keysOf(f, oldKey), Now: clock.Now, URL: here}
	for _, seed := range []string{form, form + "&scope=scim.read", "grant_type=client_credentials", "", "=", "%", "a=b;c=d", form + "&client_secret=x", "grant_type=client_credentials&client_id=id-of-oauth"} {
		f.Add(seed, "")
		f.Add(seed, basic("id-of-oauth", secret))
	}
	f.Fuzz(func(t *testing.T, body, header string) {
		r := asking(body)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		g, err := auth.New(options, oauthClient(one)).Grant(r)
		if err == nil {
			values, _ := url.ParseQuery(body)
			_, text, _ := strings.Cut(header, " ")
			plain, _ := base64.StdEncoding.DecodeString(strings.Trim(text, " "))
			decoded, _ := url.QueryUnescape(string(plain))
			if values.Get("client_secret") != secret && !strings.HasSuffix(string(plain), secret) && !strings.HasSuffix(decoded, secret) || g.Client.Name != "oauth" {
				t.Errorf("%q, %q gets a token of %s", body, header, g.Client.Name)
			}
			return
		}
		refusal, ok := errors.AsType[*auth.Refusal](err)
		if !ok || refusal.Fault.Status() >= http.StatusInternalServerError || strings.Contains(err.Error(), secret) {
			t.Errorf("%q, %q: %v", body, header, err)
		}
	})
}
