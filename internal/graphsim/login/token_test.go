package login_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestTokenIsGivenFor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tenant string
		form   func(t *testing.T, p *place) url.Values
	}{
		"secret":               {tenantID, func(*testing.T, *place) url.Values { return form() }},
		"tenant by domain":     {"Contoso.com", func(*testing.T, *place) url.Values { return form() }},
		"app id in upper case": {tenantID, func(*testing.T, *place) url.Values { return form("client_id", strings.ToUpper(appID)) }},
		"own graph host":       {tenantID, func(_ *testing.T, p *place) url.Values { return form("scope", p.URL+"/.default") }},
		"assertion RS256, x5t": {tenantID, func(t *testing.T, p *place) url.Values {
			t.Helper()
			return asserted(p.assertion(t, jwt.SigningMethodRS256, nil))
		}},
		"assertion PS256, x5t#S256": {tenantID, func(t *testing.T, p *place) url.Values {
			t.Helper()
			return asserted(p.assertion(t, jwt.SigningMethodPS256, nil))
		}},
		"assertion, kid": {tenantID, func(t *testing.T, p *place) url.Values {
			t.Helper()
			return asserted(p.assertion(t, jwt.SigningMethodRS256, func(h map[string]any, _ jwt.MapClaims) {
				h["kid"] = h["x5t"]
				delete(h, "x5t")
			}))
		}},
		"assertion, audience by domain": {"contoso.com", func(t *testing.T, p *place) url.Values {
			t.Helper()
			return asserted(p.assertion(t, jwt.SigningMethodRS256, func(_ map[string]any, c jwt.MapClaims) {
				c["aud"] = p.URL + "/contoso.com/oauth2/v2.0/token"
			}))
		}},
		"federation": {tenantID, func(t *testing.T, p *place) url.Values {
			t.Helper()
			return asserted(p.external(t, nil))
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			status, body := p.post(t, test.tenant, test.form(t, p))
			if status != http.StatusOK || body["token_type"] != "Bearer" || body["expires_in"] != 3599.0 {
				t.Fatalf("got %d %v", status, body)
			}
		})
	}
}

func TestTokenByBasic(t *testing.T) {
	t.Parallel()
	p := start(t)
	send := func(user, password string, v url.Values) (int, map[string]any) {
		req, err := http.NewRequest(http.MethodPost, p.URL+"/"+tenantID+"/oauth2/v2.0/token", strings.NewReader(v.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(user, password)
		res, err := p.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, decode(t, res)
	}
	bare := form("client_id", "", "client_secret", "")
	if status, body := send(appID, url.QueryEscape(secret), bare); status != http.StatusOK {
		t.Errorf("got %d %v", status, body)
	}
	status, body := send(appID, "wrong", bare)
	checkRefusal(t, status, body, 401, "invalid_client", 7000215)
	status, body = send(appID, url.QueryEscape(secret), form())
	checkRefusal(t, status, body, 400, "invalid_request", 9002313)
}

func TestTokenIsRefusedFor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tenant string
		form   url.Values
		status int
		oauth  string
		code   float64
	}{
		"wrong secret":         {tenantID, form("client_secret", "wrong"), 401, "invalid_client", 7000215},
		"expired secret":       {tenantID, form("client_secret", "old"), 401, "invalid_client", 7000222},
		"no credential":        {tenantID, form("client_secret", ""), 401, "invalid_client", 7000216},
		"unknown app":          {tenantID, form("client_id", otherID), 400, "unauthorized_client", 700016},
		"app not consented to": {otherID, form(), 400, "unauthorized_client", 700016},
		"unknown tenant":       {"99999999-0000-cccc-1111-dddd2222eeee", form(), 400, "invalid_request", 90002},
		"unknown domain":       {"nowhere.example", form(), 400, "invalid_request", 90002},
		"common":               {"common", form(), 400, "invalid_request", 50059},
		"organizations":        {"organizations", form(), 400, "invalid_request", 50059},
		"other resource":       {tenantID, form("scope", "https://foo.microsoft.com/.default"), 400, "invalid_scope", 70011},
		"single permission":    {tenantID, form("scope", "https://graph.microsoft.com/User.Read.All"), 400, "invalid_scope", 1002012},
		"no scope":             {tenantID, form("scope", ""), 400, "invalid_request", 900144},
		"no client_id":         {tenantID, form("client_id", ""), 400, "invalid_request", 900144},
		"no grant_type":        {tenantID, form("grant_type", ""), 400, "invalid_request", 900144},
		"other grant":          {tenantID, form("grant_type", "password"), 400, "unsupported_grant_type", 70003},
		"other assertion type": {tenantID, form("client_assertion", "x", "client_assertion_type", "saml"), 400, "invalid_request", 9002313},
		"no JWT":               {tenantID, asserted("x.y.z"), 401, "invalid_client", 50027},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			status, body := p.post(t, test.tenant, test.form)
			checkRefusal(t, status, body, test.status, test.oauth, test.code)
		})
	}
}

func TestTokenNamesTheGrantedPermissions(t *testing.T) {
	t.Parallel()
	p := start(t)
	raw := p.accessToken(t, form())
	claims := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(raw, claims)
	if err != nil {
		t.Fatal(err)
	}
	if token.Method.Alg() != "RS256" || token.Header["kid"] != publishedKey(t, p)["kid"] {
		t.Errorf("header %v", token.Header)
	}
	for name, want := range map[string]any{
		"aud": "https://graph.microsoft.com", "iss": "https://sts.windows.net/" + tenantID + "/",
		"tid": tenantID, "appid": appID, "appidacr": "1", "idtyp": "app",
		"exp": float64(p.clock.Now().Add(3599 * time.Second).Unix()),
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	roles, _ := claims["roles"].([]any)
	if len(roles) != 2 || roles[0] != "Group.Read.All" || roles[1] != "User.Read.All" {
		t.Errorf("roles are %v", claims["roles"])
	}
	if claims["oid"] == "" || claims["oid"] == appID {
		t.Errorf("oid is %v", claims["oid"])
	}
}

func publishedKey(t *testing.T, p *place) map[string]any {
	t.Helper()
	res, err := p.Client().Get(p.URL + "/" + tenantID + "/discovery/v2.0/keys")
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := decode(t, res)["keys"].([]any)
	if len(keys) != 1 {
		t.Fatalf("keys %v", keys)
	}
	return keys[0].(map[string]any)
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	p := start(t)
	get := func(tenant string) (int, map[string]any) {
		res, err := p.Client().Get(p.URL + "/" + tenant + "/v2.0/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, decode(t, res)
	}
	status, body := get("contoso.com")
	if status != 200 || body["token_endpoint"] != p.URL+"/"+tenantID+"/oauth2/v2.0/token" || body["issuer"] != p.URL+"/"+tenantID+"/v2.0" {
		t.Errorf("got %d %v", status, body)
	}
	status, body = get("nowhere.example")
	checkRefusal(t, status, body, 400, "invalid_tenant", 90002)
}

func TestCorrelationIDIsTheClients(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := httptest.NewRequest(http.MethodPost, "/"+tenantID+"/oauth2/v2.0/token", nil)
	r.Header.Set("client-request-id", "5c1a53a2-4ed5-4e07-9b7a-5f46b71f1df4")
	w := httptest.NewRecorder()
	p.login.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"correlation_id":"5c1a53a2-4ed5-4e07-9b7a-5f46b71f1df4"`) {
		t.Error(w.Body)
	}
}

func TestTokenRequestIsBounded(t *testing.T) {
	t.Parallel()
	p := start(t)
	status, body := p.post(t, tenantID, form("padding", strings.Repeat("x", 100<<10)))
	checkRefusal(t, status, body, 400, "invalid_request", 9002313)
}

func TestTokenEndpointTakesPostOnly(t *testing.T) {
	t.Parallel()
	p := start(t)
	res, err := p.Client().Get(p.URL + "/" + tenantID + "/oauth2/v2.0/token?" + form().Encode())
	if err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, res.StatusCode, decode(t, res), 400, "invalid_request", 900561)
}
