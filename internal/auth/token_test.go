package auth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/seal"
	"entrascim/internal/tenant"
)

const (
	gateway = "https://scim.example.com"
	secret  = "secret-of-the-oauth-client"
)

// here is the URL of every gateway of the tests.
func here(*http.Request) string { return gateway }

func keysOf(tb testing.TB, secrets ...string) *seal.Keys {
	tb.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, []byte(s))
	}
	k, err := seal.New(all...)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

const (
	oldKey = "the-old-key-of-the-operator"
	newKey = "the-new-key-of-the-operator"
)

func asking(form string, authorization ...string) *http.Request {
	r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, h := range authorization {
		r.Header.Add("Authorization", h)
	}
	return r
}

const form = "grant_type=client_credentials&client_id=id-of-oauth&client_secret=" + secret

// grant gets a token, or fails the test.
func grant(tb testing.TB, a *auth.Authenticator) auth.Grant {
	tb.Helper()
	g, err := a.Grant(asking(form))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func oauthClient(one *tenant.Tenant, change ...func(*tenant.ClientRecord)) auth.Client {
	return client("oauth", tenant.ClientCredentials, one, []string{secret}, change...)
}

// issuing knows clients of several kinds.
func issuing(clock *clock) *auth.Authenticator {
	one := &tenant.Tenant{Name: "a"}
	return auth.New(auth.Options{Now: clock.Now, URL: here},
		oauthClient(one), client("reader", tenant.ClientCredentials, one, []string{secret + "2"}, func(r *tenant.ClientRecord) { r.Role = tenant.ReadOnly }),
		client("odd", tenant.ClientCredentials, one, []string{"a+b%41/=: c-is-a-secret"}), client("iga", tenant.Bearer, one, []string{"token-of-iga"}),
		client("script", tenant.Basic, one, []string{"password-of-script"}), client("closing", tenant.ClientCredentials, one, []string{secret + "3"}, func(r *tenant.ClientRecord) {
			r.Secrets[0].Expires = start().Add(90 * time.Second)
		}), client("closed", tenant.ClientCredentials, one, []string{secret + "4"}, func(r *tenant.ClientRecord) { r.Secrets[0].Expires = start() }),
		client("far", tenant.ClientCredentials, one, []string{secret + "5"}, func(r *tenant.ClientRecord) { r.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }),
		client("asleep", tenant.ClientCredentials, &tenant.Tenant{Name: "b", Suspended: true}, []string{secret + "6"}),
	)
}

func TestGrant(t *testing.T) {
	t.Parallel()
	const credentials = "grant_type=client_credentials"
	for name, test := range map[string]struct {
		form   string
		header []string
		want   string // the code of the refusal, or the scope
		life   time.Duration
	}{
		"in the body":              {form: form, want: "scim.read scim.write"},
		"in the header":            {form: credentials, header: []string{basic("id-of-oauth", secret)}, want: "scim.read scim.write"},
		"in both":                  {form: form, header: []string{basic("id-of-oauth", secret)}, want: "invalid_request"},
		"the id in both":           {form: credentials + "&client_id=id-of-oauth", header: []string{basic("id-of-oauth", secret)}, want: "scim.read scim.write"},
		"two ids":                  {form: credentials + "&client_id=id-of-reader", header: []string{basic("id-of-oauth", secret)}, want: "invalid_request"},
		"two headers":              {form: credentials, header: []string{basic("id-of-oauth", secret), basic("id-of-oauth", secret)}, want: "invalid_client"},
		"a bearer token":           {form: credentials, header: []string{"Bearer " + secret}, want: "invalid_client"},
		"encoded in the header":    {form: credentials, header: []string{basic("id%2Dof%2Doauth", url.QueryEscape(secret))}, want: "scim.read scim.write"},
		"odd, encoded":             {form: credentials, header: []string{basic("id-of-odd", url.QueryEscape("a+b%41/=: c-is-a-secret"))}, want: "scim.read scim.write"},
		"odd, as it is":            {form: credentials, header: []string{basic("id-of-odd", "a+b%41/=: c-is-a-secret")}, want: "scim.read scim.write"},
		"no grant_type":            {form: "client_id=id-of-oauth&client_secret=" + secret, want: "invalid_request"},
		"another grant_type":       {form: "grant_type=password&username=a&password=b", want: "unsupported_grant_type"},
		"grant_type twice":         {form: form + "&grant_type=client_credentials", want: "invalid_request"},
		"no client":                {form: credentials, want: "invalid_client"},
		"no secret":                {form: credentials + "&client_id=id-of-oauth", want: "invalid_client"},
		"wrong secret":             {form: form + "x", want: "invalid_client"},
		"another client's secret":  {form: strings.Replace(form, "oauth", "reader", 1), want: "invalid_client"},
		"unknown client":           {form: strings.Replace(form, "oauth", "nobody", 1), want: "invalid_client"},
		"a long id":                {form: credentials + "&client_id=" + strings.Repeat("x", 300), want: "invalid_client"},
		"a client of kind bearer":  {form: credentials + "&client_id=id-of-iga&client_secret=token-of-iga", want: "invalid_client"},
		"a client of kind basic":   {form: credentials, header: []string{basic("id-of-script", "password-of-script")}, want: "invalid_client"},
		"to read":                  {form: form + "&scope=scim.read", want: "scim.read"},
		"to write":                 {form: form + "&scope=scim.write", want: "scim.read scim.write"},
		"both":                     {form: form + "&scope=scim.write+scim.read", want: "scim.read scim.write"},
		"an empty scope":           {form: form + "&scope=", want: "scim.read scim.write"},
		"another scope":            {form: form + "&scope=scim.read+admin", want: "invalid_scope"},
		"who may read":             {form: credentials + "&client_id=id-of-reader&client_secret=" + secret + "2", want: "scim.read"},
		"who may read, to write":   {form: credentials + "&scope=scim.write&client_id=id-of-reader&client_secret=" + secret + "2", want: "invalid_scope"},
		"a secret about to expire": {form: credentials + "&client_id=id-of-closing&client_secret=" + secret + "3", want: "scim.read scim.write", life: 90 * time.Second},
		"an expired secret":        {form: credentials + "&client_id=id-of-closed&client_secret=" + secret + "4", want: "invalid_client"},
		"from elsewhere":           {form: credentials + "&client_id=id-of-far&client_secret=" + secret + "5", want: "unauthorized_client"},
		"of a suspended tenant":    {form: credentials + "&client_id=id-of-asleep&client_secret=" + secret + "6", want: "unauthorized_client"},
		"no form":                  {form: "%zz=%", want: "invalid_request"},
		"a long body":              {form: form + "&x=" + strings.Repeat("x", 1<<15), want: "invalid_request"},
		"nothing":                  {want: "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			known := issuing(clock)
			g, err := known.Grant(asking(test.form, test.header...))
			if refusal, ok := errors.AsType[*auth.Refusal](err); ok {
				if refusal.Code != test.want || refusal.Fault.Detail == "" || strings.Contains(err.Error(), "secret-of") {
					t.Errorf("refused with %v, want %s", err, test.want)
				}
				if (refusal.Code == "invalid_client") != fault.Is(err, fault.Unauthenticated) {
					t.Errorf("%s has the status %d", refusal.Code, refusal.Fault.Status())
				}
				return
			}
			life := 10 * time.Minute
			if test.life > 0 {
				life = test.life
			}
			if err != nil || g.Scope != test.want || g.Expires != life {
				t.Fatalf("%+v, %v; want the scope %s for %s", g, err, test.want, life)
			}
			c, err := known.Authenticate(request("Bearer " + g.Token))
			if err != nil || c.ID != g.Client.ID || c.ReadOnly != (test.want == "scim.read") {
				t.Errorf("the token is good for %+v, %v", c, err)
			}
			clock.move(life + 11*time.Second)
			if _, err := known.Authenticate(request("Bearer " + g.Token)); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("the token has no end: %v", err)
			}
		})
	}
}

// The content type, and where parameters may be, are those of RFC 6749.
func TestGrantForm(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"JSON":              func(r *http.Request) { r.Header.Set("Content-Type", "application/json") },
		"no type":           func(r *http.Request) { r.Header.Del("Content-Type") },
		"a broken type":     func(r *http.Request) { r.Header.Set("Content-Type", ";;") },
		"secret in the URL": func(r *http.Request) { r.URL.RawQuery = form },
	} {
		r := asking(form)
		change(r)
		_, err := issuing(newClock()).Grant(r)
		if refusal, ok := errors.AsType[*auth.Refusal](err); !ok || refusal.Code != "invalid_request" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token is refused at once when its client is revoked, when the secret that it was
// given for is, when the tenant is removed; and not when another secret is.
func TestRevoked(t *testing.T) {
	t.Parallel()
	one := &tenant.Tenant{Name: "a"}
	next := func(r *tenant.ClientRecord) {
		r.Secrets = append(r.Secrets, tenant.Secret{Sum: auth.Digest("the-next-secret")})
	}
	clock := newClock()
	known := auth.New(auth.Options{Now: clock.Now, URL: here}, oauthClient(one))
	token := "Bearer " + grant(t, known).Token
	for name, test := range map[string]struct {
		clients []auth.Client
		good    bool
	}{
		"as it was":                {[]auth.Client{oauthClient(one)}, true},
		"another secret is added":  {[]auth.Client{oauthClient(one, next)}, true},
		"the secret is gone":       {[]auth.Client{oauthClient(one, next, func(r *tenant.ClientRecord) { r.Secrets = r.Secrets[1:] })}, false},
		"the secret has expired":   {[]auth.Client{oauthClient(one, next, func(r *tenant.ClientRecord) { r.Secrets[0].Expires = start() })}, false},
		"no secret at all":         {[]auth.Client{oauthClient(one, func(r *tenant.ClientRecord) { r.Secrets = nil })}, false},
		"the client is gone":       {[]auth.Client{client("iga", tenant.Bearer, one, []string{"token-of-iga"})}, false},
		"it is of another kind":    {[]auth.Client{client("oauth", tenant.Basic, one, []string{secret})}, false},
		"two clients have the id":  {[]auth.Client{oauthClient(one), oauthClient(&tenant.Tenant{Name: "b"})}, false},
		"its secret is another's":  {[]auth.Client{oauthClient(one, func(r *tenant.ClientRecord) { r.ID = "other" })}, false},
		"it may only read by now":  {[]auth.Client{oauthClient(one, func(r *tenant.ClientRecord) { r.Role = tenant.ReadOnly })}, true},
		"it may reach less by now": {[]auth.Client{oauthClient(one, func(r *tenant.ClientRecord) { r.ResourceTypes = []string{"User"} })}, true},
	} {
		got, err := known.With(test.clients...).Authenticate(request(token))
		if (err == nil) != test.good {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (got.ReadOnly != strings.Contains(name, "only read") || (got.ResourceTypes != nil) != strings.Contains(name, "reach less")) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Replicas that share the operator's keys take each other's tokens, while one key
// takes another's place; nobody else's.
func TestSharedKeys(t *testing.T) {
	t.Parallel()
	one, clock := &tenant.Tenant{Name: "a"}, newClock()
	with := func(keys *seal.Keys) *auth.Authenticator {
		return auth.New(auth.Options{Keys: keys, Now: clock.Now, URL: here}, oauthClient(one))
	}
	before, both, after := with(keysOf(t, oldKey)), with(keysOf(t, newKey, oldKey)), with(keysOf(t, newKey))
	for name, test := range map[string]struct {
		by, at *auth.Authenticator
		good   bool
	}{
		"old at old": {before, before, true}, "old at both": {before, both, true}, "old at new": {before, after, false},
		"both at old": {both, before, false}, "both at new": {both, after, true}, "new at both": {after, both, true},
		"another process": {with(nil), with(nil), false},
	} {
		if _, err := test.at.Authenticate(request("Bearer " + grant(t, test.by).Token)); (err == nil) != test.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(both.PublicKeys()); n != 2 {
		t.Errorf("%d keys are published", n)
	}
}

// What is published is enough to verify a token, and says nothing more.
func TestPublished(t *testing.T) {
	t.Parallel()
	known := issuing(newClock())
	text, err := json.Marshal(known.PublicKeys())
	if err != nil || strings.Contains(string(text), `"d"`) {
		t.Fatalf("published: %s, %v", text, err)
	}
	var keys []struct{ Kty, Crv, X, Kid, Use, Alg string }
	if err := json.Unmarshal(text, &keys); err != nil || len(keys) != 1 {
		t.Fatal(err)
	}
	_, err = jwt.Parse(grant(t, known).Token, func(token *jwt.Token) (any, error) {
		x, err := base64.RawURLEncoding.DecodeString(keys[0].X)
		if token.Header["kid"] != keys[0].Kid || token.Header["alg"] != keys[0].Alg {
			t.Errorf("header %v, key %v", token.Header, keys[0])
		}
		return ed25519.PublicKey(x), err
	}, jwt.WithTimeFunc(start))
	if err != nil {
		t.Error(err)
	}
	m := known.Metadata(request(), "/oauth2/token", "/keys")
	if m.Issuer != gateway || m.Token != gateway+"/oauth2/token" || m.Keys != gateway+"/keys" {
		t.Errorf("metadata %+v", m)
	}
}
