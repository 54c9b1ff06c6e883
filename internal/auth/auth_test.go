package auth_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// start is when the tests happen.
func start() time.Time { return time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC) }

// A clock stands still until it is moved.
type clock struct{ now time.Time }

func newClock() *clock                { return &clock{start()} }
func (c *clock) Now() time.Time       { return c.now }
func (c *clock) move(d time.Duration) { c.now = c.now.Add(d) }

// client is one of the kind with the secrets, changed as is said.
func client(name string, kind tenant.Kind, t *tenant.Tenant, secrets []string, change ...func(*tenant.ClientRecord)) auth.Client {
	r := tenant.ClientRecord{ID: "id-of-" + name, Name: name, Kind: kind, Role: tenant.ReadWrite}
	for _, s := range secrets {
		r.Secrets = append(r.Secrets, tenant.Secret{Sum: auth.Digest(s)})
	}
	for _, c := range change {
		c(&r)
	}
	return auth.NewClient(r, t)
}

// request is one with the Authorization headers.
func request(authorization ...string) *http.Request {
	r := httptest.NewRequest("GET", "/scim/v2/Users", nil) // from 192.0.2.1
	for _, h := range authorization {
		r.Header.Add("Authorization", h)
	}
	return r
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	a, b := &tenant.Tenant{Name: "a"}, &tenant.Tenant{Name: "b"}
	bearers := []auth.Client{
		client("iga", tenant.Bearer, a, []string{"token-of-the-iga-product", "next.token.of-the-iga-product"}),
		client("shell", tenant.Bearer, b, []string{"token-of-the-sync-shell"}),
		client("twin", tenant.Bearer, a, []string{"token-of-two-clients"}),
		client("twin", tenant.Bearer, b, []string{"token-of-two-clients"}),
		client("old", tenant.Bearer, a, []string{"token-that-has-expired"}, func(r *tenant.ClientRecord) { r.Secrets[0].Expires = start() }),
		client("odd", "telepathy", a, []string{"token-of-no-kind"}),
	}
	all := append(slices.Clone(bearers), client("script", tenant.Basic, a, []string{"password-of-the-script", "its:next:password"}),
		client("oauth", tenant.ClientCredentials, a, []string{"secret-of-the-oauth-client"}))
	for name, test := range map[string]struct {
		header []string
		client string // "": refused
		detail string // a part of it, where no client is of kind Basic
	}{
		"first client":           {header: []string{"Bearer token-of-the-iga-product"}, client: "iga"},
		"its other token":        {header: []string{"Bearer next.token.of-the-iga-product"}, client: "iga"},
		"second client":          {header: []string{"Bearer token-of-the-sync-shell"}, client: "shell"},
		"scheme in lower case":   {header: []string{"bearer token-of-the-iga-product"}, client: "iga"},
		"spaces around":          {header: []string{"Bearer  token-of-the-iga-product "}, client: "iga"},
		"no header":              {detail: "needs a bearer token"},
		"empty header":           {header: []string{""}, detail: "must be"},
		"no token":               {header: []string{"Bearer "}, detail: "must be"},
		"no space":               {header: []string{"Bearer"}, detail: "must be"},
		"digest":                 {header: []string{`Digest username="a"`}, detail: "must be"},
		"two headers":            {header: []string{"Bearer token-of-the-iga-product", "Bearer x"}, detail: "must be"},
		"too long":               {header: []string{"Bearer " + strings.Repeat("x", 1<<16)}, detail: "must be"},
		"wrong token":            {header: []string{"Bearer token-of-the-iga-produc"}, detail: "The bearer token is not known."},
		"expired token":          {header: []string{"Bearer token-that-has-expired"}, detail: "The bearer token is not known."},
		"token of two tenants":   {header: []string{"Bearer token-of-two-clients"}, detail: "The bearer token is not known."},
		"token of no kind":       {header: []string{"Bearer token-of-no-kind"}, detail: "The bearer token is not known."},
		"case of the token":      {header: []string{"Bearer Token-of-the-iga-product"}, detail: "not known"},
		"its digest":             {header: []string{"Bearer " + strings.Repeat("0", 64)}, detail: "not known"},
		"basic":                  {header: []string{basic("id-of-script", "password-of-the-script")}, client: "script"},
		"basic, other password":  {header: []string{basic("id-of-script", "its:next:password")}, client: "script"},
		"basic, wrong password":  {header: []string{basic("id-of-script", "password-of-the-scrip")}},
		"basic, no password":     {header: []string{basic("id-of-script", "")}},
		"basic, no colon":        {header: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("id-of-script"))}},
		"basic, no base64":       {header: []string{"Basic %%%"}},
		"basic, no UTF-8":        {header: []string{"Basic /////w=="}},
		"basic, by the name":     {header: []string{basic("script", "password-of-the-script")}},
		"basic with a token":     {header: []string{basic("id-of-iga", "token-of-the-iga-product")}},
		"basic of OAuth":         {header: []string{basic("id-of-oauth", "secret-of-the-oauth-client")}},
		"password as token":      {header: []string{"Bearer password-of-the-script"}, detail: "not known"},
		"OAuth secret as token":  {header: []string{"Bearer secret-of-the-oauth-client"}, detail: "not known"},
		"a JWT of nobody":        {header: []string{"Bearer e30.e30.e30"}, detail: "not known"},
		"a JWT that is no JSON":  {header: []string{"Bearer YQ.YQ.YQ"}, detail: "not known"},
		"a JWT without anything": {header: []string{"Bearer .."}, detail: "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known, want := auth.New(auth.Options{Now: newClock().Now}, all...), test.client
			got, err := known.Authenticate(request(test.header...))
			if got.Name != want || (err == nil) != (want != "") || err != nil && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("client %q, error %v; want %q", got.Name, err, want)
			}
			if want == "script" { // where Basic is not configured, it is nobody's
				want, test.detail = "", "must be"
			}
			known = auth.New(auth.Options{Now: newClock().Now}, bearers...)
			got, err = known.Authenticate(request(test.header...))
			if got.Name != want || (err == nil) != (want != "") {
				t.Fatalf("without Basic: client %q, error %v; want %q", got.Name, err, want)
			}
			if err != nil && (!fault.Is(err, fault.Unauthenticated) || !strings.Contains(fault.From(err).Public(), test.detail)) {
				t.Errorf("without Basic: error %q (%d), want 401 with %q", err, fault.From(err).Status(), test.detail)
			}
		})
	}
}

func TestNoClientsRefusesAll(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Bearer ", "Bearer x", basic("", ""), basic("/", "")} {
		if _, err := auth.New(auth.Options{}).Authenticate(request(header)); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: error %v", header, err)
		}
	}
}

func TestSecretIsNotKept(t *testing.T) {
	t.Parallel()
	c := client("iga", tenant.Bearer, nil, []string{"token-of-the-iga-product"})
	if text := fmt.Sprintf("%+v", c); strings.Contains(text, "token-of") {
		t.Errorf("the client prints its token: %s", text)
	}
}

func TestNewSecret(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		text, sum := auth.NewSecret()
		if !strings.HasPrefix(text, auth.SecretPrefix) || len(text) != len(auth.SecretPrefix)+43 || sum != auth.Digest(text) || seen[text] {
			t.Fatalf("secret %q", text)
		}
		seen[text] = true
	}
}

// A token is rotated with overlap: the new one is added, the old one expires.
func TestRotation(t *testing.T) {
	t.Parallel()
	at := newClock()
	known := auth.New(auth.Options{Now: at.Now}, client("iga", tenant.Bearer, &tenant.Tenant{}, []string{"the-old-token", "the-new-token"}, func(r *tenant.ClientRecord) {
		r.Secrets[0].Expires = start().Add(time.Hour)
	}))
	for _, test := range []struct {
		after    time.Duration
		old, new bool
	}{{0, true, true}, {time.Hour - time.Nanosecond, true, true}, {time.Nanosecond, false, true}, {1000 * time.Hour, false, true}} {
		at.move(test.after)
		_, old := known.Authenticate(request("Bearer the-old-token"))
		_, fresh := known.Authenticate(request("Bearer the-new-token"))
		if (old == nil) != test.old || (fresh == nil) != test.new {
			t.Errorf("at %s: %v, %v", at.now, old, fresh)
		}
		_, unknown := known.Authenticate(request("Bearer the-token-of-nobody"))
		if old != nil && old.Error() != unknown.Error() {
			t.Errorf("an expired token is told apart from an unknown one: %v, %v", old, unknown)
		}
	}
}

// A 401 names the ways to authenticate that there are clients for, and no other.
func TestChallenges(t *testing.T) {
	t.Parallel()
	one := &tenant.Tenant{}
	bearer, basic, oauth := client("a", tenant.Bearer, one, nil), client("b", tenant.Basic, one, nil), client("c", tenant.ClientCredentials, one, nil)
	for want, clients := range map[string][]auth.Client{
		`[Bearer realm="scim"]`:                                              {bearer},
		`[Bearer realm="scim"] `:                                             {},
		`[Bearer realm="scim"]  `:                                            {bearer, oauth},
		`[Basic realm="scim", charset="UTF-8"]`:                              {basic, basic},
		`[Bearer realm="scim" Basic realm="scim", charset="UTF-8"]`:          {bearer, basic},
		`[Bearer realm="scim" Basic realm="scim", charset="UTF-8"] of OAuth`: {oauth, basic},
	} {
		if got := fmt.Sprint(auth.New(auth.Options{}, clients...).Challenges(request())); !strings.HasPrefix(want, got) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	both := auth.New(auth.Options{}, bearer, basic)
	for header, want := range map[string]string{
		"Bearer x": `Bearer realm="scim", error="invalid_token"`, "Bearer ": `Bearer realm="scim"`, "Basic Og==": `Bearer realm="scim"`, "": `Bearer realm="scim"`,
	} {
		if got := both.Challenges(request(header)); len(got) != 2 || got[0] != want {
			t.Errorf("after %q: %q", header, got)
		}
	}
	known := auth.New(auth.Options{}, bearer, basic, oauth, client("d", tenant.Basic, &tenant.Tenant{Name: "other"}, nil))
	if got := fmt.Sprint(known.Kinds(one)); got != "[bearer client-credentials basic]" {
		t.Errorf("kinds %s", got)
	}
}

// A client may call from its networks only, wherever the request says it is from.
func TestNetworks(t *testing.T) {
	t.Parallel()
	at := func(networks ...string) func(*tenant.ClientRecord) {
		return func(r *tenant.ClientRecord) {
			r.Networks = []netip.Prefix{}
			for _, n := range networks {
				r.Networks = append(r.Networks, netip.MustParsePrefix(n))
			}
		}
	}
	one := &tenant.Tenant{}
	for name, test := range map[string]struct {
		from    string
		allowed []string
	}{
		"192.0.2.77":        {"192.0.2.77:1", []string{"anywhere", "near", "both"}},
		"the next network":  {"192.0.3.1:1", []string{"anywhere"}},
		"IPv6":              {"[2001:db8:1::9]:1", []string{"anywhere", "both"}},
		"IPv4 in IPv6":      {"[::ffff:192.0.2.77]:1", []string{"anywhere", "near", "both"}},
		"IPv6 with a zone":  {"[2001:db8:1::9%eth0]:1", []string{"anywhere", "both"}},
		"no address at all": {"@", []string{"anywhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := auth.New(auth.Options{},
				client("anywhere", tenant.Bearer, one, []string{"token-anywhere"}), client("near", tenant.Bearer, one, []string{"token-near"}, at("192.0.2.0/24")),
				client("both", tenant.Bearer, one, []string{"token-both"}, at("192.0.2.0/24", "2001:db8:1::/48")), client("nowhere", tenant.Bearer, one, []string{"token-nowhere"}, at()))
			for _, name := range []string{"anywhere", "near", "both", "nowhere"} {
				r := request("Bearer token-" + name)
				r.RemoteAddr = test.from
				c, err := known.Authenticate(r)
				switch {
				case slices.Contains(test.allowed, name) && (err != nil || c.Name != name):
					t.Errorf("%s is refused: %v", name, err)
				case !slices.Contains(test.allowed, name) && (!fault.Is(err, fault.Forbidden) || strings.Contains(err.Error(), "192")):
					t.Errorf("%s: %v, want 403 that names no network", name, err)
				}
			}
		})
	}
}
