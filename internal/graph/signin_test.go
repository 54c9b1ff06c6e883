package graph

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

// selfSigned makes a certificate with its key as one PEM file.
func selfSigned(t *testing.T) ([]byte, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "entrascim"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), key
}

// form keeps the last form that the token endpoint was sent.
func (s *server) keepForm(t *testing.T) *url.Values {
	t.Helper()
	var form url.Values
	s.login = func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		form = r.PostForm
		answer(w, http.StatusOK, `{"token_type":"Bearer","expires_in":3599,"access_token":"token"}`)
	}
	return &form
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("federated-assertion"), 0o600); err != nil {
		t.Fatal(err)
	}
	p12, err := os.ReadFile("testdata/client.p12")
	if err != nil {
		t.Fatal(err)
	}
	signed := func(f url.Values) bool {
		token, err := jwt.Parse(f.Get("client_assertion"), func(*jwt.Token) (any, error) { return &key.PublicKey, nil })
		return err == nil && token.Claims.(jwt.MapClaims)["iss"] == "client"
	}
	for name, test := range map[string]struct {
		change func(*Credential)
		good   func(url.Values) bool
	}{
		"secret":      {func(c *Credential) { c.Secret = "s3cret-value" }, func(f url.Values) bool { return f.Get("client_secret") == "s3cret-value" }},
		"certificate": {func(c *Credential) { c.Certificate = certificate }, signed},
		"PKCS #12":    {func(c *Credential) { c.Certificate, c.CertificatePassword = p12, "sesame" }, func(f url.Values) bool { return f.Get("client_assertion") != "" }},
		"federated":   {func(c *Credential) { c.FederatedTokenFile = file }, func(f url.Values) bool { return f.Get("client_assertion") == "federated-assertion" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, status(200, `{}`))
			form := s.keepForm(t)
			c := s.client(t, func(o *Options) { o.Credential.Secret = ""; test.change(&o.Credential) })
			for range 2 {
				if _, err := c.Do(t.Context(), user("GET")); err != nil {
					t.Fatal(err)
				}
			}
			if (*form).Get("client_id") != "client" || (*form).Get("grant_type") != "client_credentials" ||
				!strings.Contains((*form).Get("scope"), s.URL+"/.default") || !test.good(*form) {
				t.Errorf("the login service was sent %v", *form)
			}
			if s.tokens != 1 || s.header[1].Get("Authorization") != "Bearer token" {
				t.Errorf("%d tokens for two requests, header %q", s.tokens, s.header[1].Get("Authorization"))
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no credential":        {func(o *Options) { o.Credential.Secret = "" }, "exactly one"},
		"two credentials":      {func(o *Options) { o.Credential.ManagedIdentity = true }, "exactly one"},
		"no tenant":            {func(o *Options) { o.Credential.TenantID = "" }, "tenant id"},
		"hostile tenant":       {func(o *Options) { o.Credential.TenantID = "a/../b" }, "tenant"},
		"no client":            {func(o *Options) { o.Credential.ClientID = "" }, "client id"},
		"plain authority":      {func(o *Options) { o.Credential.Authority = "http://127.0.0.1" }, "authority"},
		"authority not known":  {func(o *Options) { o.Credential.Authority = "" }, "authority"},
		"bad certificate":      {func(o *Options) { o.Credential.Secret, o.Credential.Certificate = "", []byte("x") }, "certificate"},
		"plain base":           {func(o *Options) { o.BaseURL = "http://graph.microsoft.com/v1.0" }, "base URL"},
		"base with a query":    {func(o *Options) { o.BaseURL += "?x=1" }, "base URL"},
		"base with a user":     {func(o *Options) { o.BaseURL = "https://u:p@graph.microsoft.com" }, "base URL"},
		"base without a host":  {func(o *Options) { o.BaseURL = "graph.microsoft.com" }, "base URL"},
		"base that is missing": {func(o *Options) { o.BaseURL = "" }, "base URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, status(200, `{}`))
			o := s.options()
			test.change(&o)
			_, err := New(o)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret-value") {
				t.Errorf("error %v, want one about %q", err, test.want)
			}
		})
	}
}

// A credential that the login service refuses is the gateway's trouble: 503, with the
// reason for the log and without the secret.
func TestSignInRefused(t *testing.T) {
	t.Parallel()
	const said = `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x","error_codes":[7000215]}`
	for name, test := range map[string]struct {
		login  http.HandlerFunc
		text   string
		tokens int
	}{
		"bad secret":    {status(401, said), "refused with 401: AADSTS7000215: Invalid client secret provided.", 1},
		"login is down": {status(503, `{}`), "refused with 503", 5},
		"throttled":     {status(429, `{}`), "refused with 429", 5},
		"lost":          {drop, "sign-in failed", 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, status(200, `{}`))
			s.login = test.login
			_, err := s.client(t).Do(t.Context(), user("POST"))
			f := fault.From(err)
			if f.Kind != fault.Unavailable || f.Detail != "The gateway cannot sign in to the directory." {
				t.Errorf("kind %v, detail %q", f.Kind, f.Detail)
			}
			if !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "s3cret-value") || strings.Contains(err.Error(), "\n") {
				t.Errorf("log text %q, want %q", err, test.text)
			}
			if s.tokens != test.tokens || len(s.requests()) > 0 {
				t.Errorf("the login service was asked %d times, want %d; Graph %q", s.tokens, test.tokens, s.requests())
			}
		})
	}
}

// A server whose certificate nobody trusts is not asked again and again.
func TestUntrustedServer(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{}`))
	c := s.client(t, func(o *Options) { o.Transport = NewTransport(nil) })
	if _, err := c.Do(t.Context(), user("GET")); !fault.Is(err, fault.Unavailable) || len(s.waits()) > 0 {
		t.Errorf("error %v after waits %v", err, s.waits())
	}
}

// A token that Graph no longer takes is replaced once; when the new one is refused
// as well that is the answer.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	expired := refusal("InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
	for name, test := range map[string]struct {
		good   string // the token that Graph takes
		kind   fault.Kind
		tokens int
	}{
		"replaced": {"Bearer token-2", 0, 2},
		"for good": {"none", fault.Unavailable, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != test.good {
					answer(w, http.StatusUnauthorized, expired)
					return
				}
				answer(w, http.StatusOK, `{}`)
			})
			_, err := s.client(t).Do(t.Context(), user("POST"))
			if test.kind == 0 && err != nil || test.kind != 0 && !fault.Is(err, test.kind) {
				t.Errorf("error %v", err)
			}
			if s.tokens != test.tokens || len(s.requests()) != 2 {
				t.Errorf("%d tokens, %d requests", s.tokens, len(s.requests()))
			}
		})
	}
}

// Many requests whose token expired at once renew it once.
func TestTokenRenewedOnce(t *testing.T) {
	t.Parallel()
	const many = 8
	var arrived sync.WaitGroup
	arrived.Add(many)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			arrived.Done()
			arrived.Wait()
			answer(w, http.StatusUnauthorized, `{}`)
			return
		}
		answer(w, http.StatusOK, `{}`)
	})
	c := s.client(t)
	var group sync.WaitGroup
	for i := range many { // not the same, which would be one request
		group.Go(func() {
			r := user("GET")
			r.Query.Top = i + 1
			if _, err := c.Do(t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if s.tokens != 2 {
		t.Errorf("%d tokens were asked for", s.tokens)
	}
}

func TestClouds(t *testing.T) {
	t.Parallel()
	for _, want := range Clouds() {
		if got, ok := FindCloud(strings.ToUpper(want.Name)); !ok || got != want {
			t.Errorf("%s: %+v", want.Name, got)
		}
		if got := LoginFor(want.Graph); got != want.Login {
			t.Errorf("%s signs in at %q, want %q", want.Graph, got, want.Login)
		}
		login, err := url.Parse(want.Login)
		if err != nil || !microsoftLogin(login) {
			t.Errorf("%s is not taken for Microsoft's", want.Login)
		}
	}
	for _, text := range []string{"https://127.0.0.1:8443/v1.0", "https://graph.microsoft.com.example.com/v1.0", "https://%zz"} {
		if got := LoginFor(text); got != "" {
			t.Errorf("%s signs in at %q", text, got)
		}
	}
	if _, ok := FindCloud("mars"); ok {
		t.Error("an unknown cloud was found")
	}
	if microsoftLogin(&url.URL{Scheme: "https", Host: "login.example.com"}) {
		t.Error("a foreign authority is taken for Microsoft's")
	}
}

// The secret is in no form of a client's options that a log might take.
func TestCredentialPrintsNoSecret(t *testing.T) {
	t.Parallel()
	c := Credential{TenantID: "tenant", ClientID: "client", Secret: "s3cret-value", CertificatePassword: "s3cret-value", Certificate: []byte("s3cret-value")}
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(form, c); strings.Contains(got, "s3cret-value") || !strings.Contains(got, "client") || strings.Contains(got, "115 51") {
			t.Errorf("%s: %s", form, got)
		}
		if got := fmt.Sprintf(form, Options{Credential: c}); strings.Contains(got, "s3cret-value") {
			t.Errorf("%s: %s", form, got)
		}
	}
}

// A virtual machine's own identity, whose tokens come from its metadata service.
func TestManagedIdentity(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{}`))
	var asked []string
	onward := NewTransport(s.roots())
	c := s.client(t, func(o *Options) {
		o.Credential = Credential{ManagedIdentity: true, ClientID: "3f2504e0-4f89-11d3-9a0c-0305e82c3301", Authority: s.URL}
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "169.254.169.254" {
				return onward.RoundTrip(r)
			}
			asked = append(asked, r.URL.Query().Get("resource")+" "+r.URL.Query().Get("client_id")+" "+r.Header.Get("Metadata"))
			w := httptest.NewRecorder()
			answer(w, http.StatusOK, `{"access_token":"token-vm","token_type":"Bearer","expires_in":"3599","expires_on":"4102444800","resource":"x"}`)
			return w.Result(), nil
		})
	})
	if _, err := c.Do(t.Context(), user("GET")); err != nil {
		t.Fatal(err)
	}
	want := s.URL + " 3f2504e0-4f89-11d3-9a0c-0305e82c3301 true"
	if len(asked) == 0 || asked[len(asked)-1] != want || s.header[0].Get("Authorization") != "Bearer token-vm" {
		t.Errorf("asked %q, want %q; sent %q", asked, want, s.header[0].Get("Authorization"))
	}
}

// The token of a machine's identity stands for the secret of an application that trusts
// it, in another directory than the machine's.
func TestFederatedIdentity(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{}`))
	form := s.keepForm(t)
	var asked string
	identity := uuid.NewString() // the library keeps tokens of an identity for the process
	onward := NewTransport(s.roots())
	c := s.client(t, func(o *Options) {
		o.Credential.Secret, o.Credential.FederatedIdentity = "", identity
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "169.254.169.254" {
				return onward.RoundTrip(r)
			}
			asked = r.URL.Query().Get("resource") + " " + r.URL.Query().Get("client_id")
			w := httptest.NewRecorder()
			answer(w, http.StatusOK, `{"access_token":"token-vm","token_type":"Bearer","expires_in":"3599","expires_on":"4102444800","resource":"x"}`)
			return w.Result(), nil
		})
	})
	if _, err := c.Do(t.Context(), user("GET")); err != nil {
		t.Fatal(err)
	}
	if want := "api://AzureADTokenExchange " + identity; asked != want || form.Get("client_assertion") != "token-vm" || form.Has("client_secret") {
		t.Errorf("asked %q, want %q; signed in with %v", asked, want, form)
	}
	for authority, want := range map[string]string{
		"https://login.microsoftonline.com/": "api://AzureADTokenExchange", "https://login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
		"https://login.chinacloudapi.cn": "api://AzureADTokenExchangeChina",
	} {
		if got := exchangeAudience(authority); got != want {
			t.Errorf("%s: %s", authority, got)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Whatever happens, the debug log holds what traces a request and no secret.
func TestLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	ctx := zerolog.New(&log).WithContext(t.Context())
	s := newServer(t, sequence(status(401, `{}`), status(429, ``), drop, status(200, `{}`)))
	if _, err := s.client(t).Do(ctx, user("PATCH")); err != nil {
		t.Fatal(err)
	}
	s.login = status(401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`)
	if _, err := s.client(t).Do(ctx, user("PATCH")); err == nil {
		t.Fatal("signed in with a bad secret")
	}
	for _, secret := range []string{"s3cret-value", "token-1", "token-2", "Ada", guid} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, &log)
		}
	}
	for _, want := range []string{`"route":"/users/{id}"`, `"status":429`, `"requestId":"r-1"`, `"clientRequestId":"`, "AADSTS7000215"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing in the log:\n%s", want, &log)
		}
	}
}
