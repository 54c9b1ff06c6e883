package login_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/graphsim/login"
)

const (
	tenantID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	otherID  = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
	appID    = "00001111-aaaa-2222-bbbb-3333cccc4444"
	secret   = "A1bC2dE3f~plus+slash/and%"
	callback = "https://app.example/consented"
)

// testKey is made once: making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// A place is a running login service with one tenant, one app, and another
// tenant that did not consent.
type place struct {
	*httptest.Server
	login *login.Service
	clock *clock
	cert  *x509.Certificate
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func start(t *testing.T) *place {
	t.Helper()
	c := &clock{now: time.Now()}
	s := login.New(login.Options{Now: c.Now, Resources: []string{"https://outlook.office365.com"}})
	p := &place{Server: httptest.NewTLSServer(s), login: s, clock: c, cert: certificate(t, c.now)}
	t.Cleanup(p.Close)
	s.AddTenant(tenantID, "contoso.com")
	s.AddTenant(otherID, "fabrikam.com")
	s.Register(login.App{
		ID: appID, DisplayName: "Gateway", TenantID: tenantID, MultiTenant: true,
		Secrets:      []login.Secret{{Value: "old", Expires: c.now.Add(-time.Hour)}, {Value: secret}},
		Certificates: []*x509.Certificate{p.cert},
		FederatedCredentials: []login.FederatedCredential{
			{Name: "cluster", Issuer: "https://cluster.example", Subject: "system:serviceaccount:iga:entrascim"},
		},
		RedirectURIs: []string{callback}, Roles: []string{"User.ReadWrite.All", "Group.Read.All"},
	})
	s.Grant(tenantID, appID, []string{"User.Read.All", "Group.Read.All", "User.Read.All"})
	s.TrustIssuer("https://cluster.example", map[string]any{"k1": &clusterKey().PublicKey})
	return p
}

var clusterKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

func certificate(t *testing.T, now time.Time) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &testKey().PublicKey, testKey())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// form is a good request by secret; pairs of name and value change it, an empty
// value takes the parameter away.
func form(pairs ...string) url.Values {
	v := url.Values{
		"client_id": {appID}, "scope": {"https://graph.microsoft.com/.default"},
		"client_secret": {secret}, "grant_type": {"client_credentials"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func (p *place) post(t *testing.T, tenant string, v url.Values) (int, map[string]any) {
	t.Helper()
	res, err := p.Client().PostForm(p.URL+"/"+tenant+"/oauth2/v2.0/token", v)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, decode(t, res)
}

func decode(t *testing.T, res *http.Response) map[string]any {
	t.Helper()
	defer res.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatalf("status %d: %v", res.StatusCode, err)
	}
	return body
}

// accessToken asks for a token and wants one.
func (p *place) accessToken(t *testing.T, v url.Values) string {
	t.Helper()
	status, body := p.post(t, tenantID, v)
	if status != http.StatusOK {
		t.Fatalf("token: %d %v", status, body)
	}
	return body["access_token"].(string)
}

// assertion makes a client assertion; change may spoil its header or claims.
func (p *place) assertion(t *testing.T, method jwt.SigningMethod, change func(header map[string]any, claims jwt.MapClaims)) string {
	t.Helper()
	now := p.clock.Now()
	short, long := sha1.Sum(p.cert.Raw), sha256.Sum256(p.cert.Raw)
	claims := jwt.MapClaims{
		"iss": appID, "sub": appID, "aud": p.URL + "/" + tenantID + "/oauth2/v2.0/token", "jti": rand.Text(),
		"nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["x5t"] = base64.RawURLEncoding.EncodeToString(short[:])
	if method == jwt.SigningMethodPS256 {
		delete(token.Header, "x5t")
		token.Header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(long[:])
	}
	if change != nil {
		change(token.Header, claims)
	}
	var key any = testKey()
	if method == jwt.SigningMethodHS256 {
		key = []byte(secret)
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// external makes a token of the cluster's issuer.
func (p *place) external(t *testing.T, change func(header map[string]any, claims jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": "https://cluster.example", "sub": "system:serviceaccount:iga:entrascim",
		"aud": []string{login.ExchangeAudience}, "exp": p.clock.Now().Add(time.Hour).Unix(),
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = "k1"
	if change != nil {
		change(token.Header, claims)
	}
	signed, err := token.SignedString(clusterKey())
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func asserted(assertion string) url.Values {
	return form("client_secret", "", "client_assertion", assertion,
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
}

// checkRefusal looks at everything that the documentation says of a refusal.
func checkRefusal(t *testing.T, status int, body map[string]any, wantStatus int, wantError string, wantCode float64) {
	t.Helper()
	codes, _ := body["error_codes"].([]any)
	if status != wantStatus || body["error"] != wantError || len(codes) != 1 || codes[0] != wantCode {
		t.Fatalf("got %d %v, want %d %s %v", status, body, wantStatus, wantError, wantCode)
	}
	description, _ := body["error_description"].(string)
	lines := strings.Split(description, "\r\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "AADSTS") ||
		lines[1] != "Trace ID: "+body["trace_id"].(string) ||
		lines[2] != "Correlation ID: "+body["correlation_id"].(string) ||
		lines[3] != "Timestamp: "+body["timestamp"].(string) {
		t.Errorf("error_description %q does not repeat trace, correlation and time", description)
	}
	if strings.Contains(description, secret) {
		t.Error("the secret is in the answer")
	}
}

// loginApp is an app that only its own tenant may use.
func loginApp(id string) login.App {
	return login.App{ID: id, DisplayName: "Single", TenantID: tenantID, RedirectURIs: []string{callback}, Roles: []string{"User.Read.All"}}
}
