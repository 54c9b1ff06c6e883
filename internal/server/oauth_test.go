package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/tenant"
)

const (
	gateway  = "http://gateway.example"
	form     = "grant_type=client_credentials&client_id=robot&client_secret=" + password
	password = "password-of-the-client"
)

// everyKind is a gateway of two tenants with clients of each kind, and what is public;
// its log is written to.
func everyKind(log io.Writer) http.Handler {
	contoso, fabrikam := &tenant.Tenant{Name: "contoso"}, &tenant.Tenant{Name: "fabrikam"}
	one := func(name string, kind tenant.Kind, t *tenant.Tenant, secret string) auth.Client {
		return auth.NewClient(tenant.ClientRecord{ID: name, Name: name, Kind: kind, Role: tenant.ReadWrite, Secrets: []tenant.Secret{{Sum: auth.Digest(secret)}}}, t)
	}
	origin := Origin{Public: gateway}
	clients := auth.New(auth.Options{URL: origin.URL, Address: origin.Address}, one("iga", tenant.Bearer, contoso, token), one("robot", tenant.ClientCredentials, contoso, password),
		one("script", tenant.Basic, contoso, password+"2"), one("other", tenant.Bearer, fabrikam, token+"2"))
	says := func(what string) http.Handler {
		r := chi.NewRouter()
		r.HandleFunc("/*", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %s %s", what, Mounted(r), chi.RouteContext(r.Context()).RoutePath)
		})
		return r
	}
	return New(Options{
		Log: zerolog.New(log), Auth: func() *auth.Authenticator { return clients }, Public: says("public"),
		SCIM: func(t *tenant.Tenant) http.Handler { return says(t.Name) },
	})
}

func basicOf(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func serve(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// tokenOf gets a token.
func tokenOf(t *testing.T, h http.Handler) string {
	t.Helper()
	w := serve(h, "POST", TokenPath, form)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return answer.Token
}

// The answers of the token endpoint are RFC 6749's, byte for byte but for the token.
func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	log := &lines{}
	h := everyKind(log)
	w := serve(h, "POST", TokenPath, form)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	issued, _ := answer["access_token"].(string)
	if want := map[string]any{"access_token": issued, "token_type": "Bearer", "expires_in": 600.0, "scope": "scim.read scim.write"}; w.Code != 200 || fmt.Sprint(answer) != fmt.Sprint(want) || issued == "" {
		t.Errorf("%d %v", w.Code, answer)
	}
	if h := w.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Pragma") != "no-cache" || h.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", h)
	}
	for name, test := range map[string]struct {
		form, header string
		status       int
		body         string
		challenge    string
	}{
		"wrong secret":   {form + "x", "", 401, `{"error":"invalid_client","error_description":"The client, or its secret, is not known."}`, `Basic realm="oauth2", charset="UTF-8"`},
		"by Basic":       {"grant_type=client_credentials", basicOf("robot", "x"), 401, `{"error":"invalid_client","error_description":"The client, or its secret, is not known."}`, `Basic realm="oauth2", charset="UTF-8"`},
		"grant type":     {"grant_type=password", "", 400, `{"error":"unsupported_grant_type","error_description":"The one grant_type is client_credentials."}`, ""},
		"no grant type":  {"", "", 400, `{"error":"invalid_request","error_description":"grant_type is missing."}`, ""},
		"scope":          {form + "&scope=all", "", 400, `{"error":"invalid_scope","error_description":"This client may have the scope: scim.read scim.write."}`, ""},
		"too long":       {form + strings.Repeat("x", 1<<15), "", 413, `{"error":"invalid_request","error_description":"The body is too long."}`, ""},
		"bearer, not it": {"grant_type=client_credentials", "Bearer " + token, 401, `{"error":"invalid_client","error_description":"The Authorization header must be that of HTTP Basic."}`, `Basic realm="oauth2", charset="UTF-8"`},
	} {
		header := []string{}
		if test.header != "" {
			header = []string{"Authorization", test.header}
		}
		w := serve(h, "POST", TokenPath, test.form, header...)
		if w.Code != test.status || w.Body.String() != test.body+"\n" || w.Header().Get("WWW-Authenticate") != test.challenge || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %v", name, w.Code, w.Body, w.Header())
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		if w := serve(h, method, TokenPath, ""); w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	text := log.String()
	if strings.Contains(text, password) || strings.Contains(text, issued) || strings.Contains(text, token) || !strings.Contains(text, `"route":"/oauth2/token","status":200`) || !strings.Contains(text, `"tenant":"contoso","client":"robot"`) || !strings.Contains(text, `"fault":"Unauthorized"`) {
		t.Errorf("log %s", text)
	}
}

// Who guesses a client's secret is told when to come back.
func TestTokenEndpointThrottles(t *testing.T) {
	t.Parallel()
	h := everyKind(io.Discard)
	for range 20 {
		if w := serve(h, "POST", TokenPath, form+"x"); w.Code != 401 {
			t.Fatal(w.Code)
		}
	}
	w := serve(h, "POST", TokenPath, form+"x")
	if w.Code != 429 || w.Header().Get("Retry-After") != "3" || !strings.HasPrefix(w.Body.String(), `{"error":"temporarily_unavailable",`) {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	w = serve(h, "GET", Root+"/Users", "", "Authorization", "Bearer x")
	if w.Code != 429 || w.Header().Get("Retry-After") != "3" || !strings.Contains(w.Body.String(), `"status":"429"`) {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	h := everyKind(io.Discard)
	w := serve(h, "GET", KeysPath, "")
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"`) || w.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	w = serve(h, "GET", MetadataPath, "")
	want := `{"issuer":"http://gateway.example","token_endpoint":"http://gateway.example/oauth2/token","jwks_uri":"http://gateway.example/.well-known/jwks.json",` +
		`"grant_types_supported":["client_credentials"],"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],` +
		`"scopes_supported":["scim.read","scim.write"],"response_types_supported":[]}` + "\n"
	if w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{KeysPath, MetadataPath} {
		if w := serve(h, "HEAD", path, ""); w.Code != 200 {
			t.Errorf("HEAD %s: %d", path, w.Code)
		}
		if w := serve(h, "POST", path, ""); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: %d", path, w.Code)
		}
	}
}

// The client decides the tenant, of whatever kind it is: below another tenant's path
// there is what there is below that of one that does not exist.
func TestTenantPaths(t *testing.T) {
	t.Parallel()
	h := everyKind(io.Discard)
	for kind, header := range map[string]string{
		"bearer": "Bearer " + token, "client-credentials": "Bearer " + tokenOf(t, h), "basic": basicOf("script", password+"2"),
	} {
		for path, want := range map[string]string{
			"/scim/v2/Users": "contoso /scim/v2 /Users", "/tenants/contoso/scim/v2/Users": "contoso /tenants/contoso/scim/v2 /Users",
			"/scim/v2/Schemas": "contoso /scim/v2 /Schemas", "/tenants/contoso/scim/v2/Schemas": "contoso /tenants/contoso/scim/v2 /Schemas",
		} {
			if w := serve(h, "GET", path, "", "Authorization", header); w.Code != 200 || w.Body.String() != want {
				t.Errorf("%s: %s: %d %s", kind, path, w.Code, w.Body)
			}
		}
		var before string
		for _, path := range []string{"/tenants/fabrikam/scim/v2/Users", "/tenants/nobody/scim/v2/Users", "/tenants/fabrikam/scim/v2/Schemas", "/tenants/nobody/scim/v2/Schemas", "/tenants/CONTOSO/scim/v2/Users"} {
			w := serve(h, "GET", path, "", "Authorization", header)
			h := w.Header()
			h.Del("X-Request-Id")
			answer := fmt.Sprint(w.Code, h, w.Body)
			if w.Code != 404 || before != "" && answer != before {
				t.Errorf("%s: %s: %s", kind, path, answer)
			}
			before = answer
		}
	}
	w := serve(h, "GET", "/tenants/fabrikam/scim/v2/Users", "", "Authorization", "Bearer "+token+"2")
	if w.Code != 200 || w.Body.String() != "fabrikam /tenants/fabrikam/scim/v2 /Users" {
		t.Errorf("the other tenant: %d %s", w.Code, w.Body)
	}
}

// Discovery is public without a credential, and only that; with one that is not known
// it is refused.
func TestPublicDiscovery(t *testing.T) {
	t.Parallel()
	h := everyKind(io.Discard)
	for request, want := range map[string]string{
		"GET /scim/v2/Schemas":                               "public /scim/v2 /Schemas",
		"GET /scim/v2/schemas":                               "public /scim/v2 /schemas",
		"GET /scim/v2/Schemas/urn:x":                         "public /scim/v2 /Schemas/urn:x",
		"GET /scim/v2/ResourceTypes":                         "public /scim/v2 /ResourceTypes",
		"HEAD /scim/v2/ResourceTypes/User":                   "",
		"GET /scim/v2/ServiceProviderConfig":                 "public /scim/v2 /ServiceProviderConfig",
		"GET /tenants/contoso/scim/v2/Schemas":               "public /tenants/contoso/scim/v2 /Schemas",
		"GET /tenants/nobody/scim/v2/Schemas":                "public /tenants/nobody/scim/v2 /Schemas",
		"GET /tenants/a%22b%2Fc/scim/v2/Schemas":             "public /tenants/a%22b%2Fc/scim/v2 /Schemas",
		"GET /tenants/a%22b/scim/v2/Schemas":                 "public /tenants/a%22b/scim/v2 /Schemas",
		"POST /scim/v2/Schemas":                              "401",
		"GET /scim/v2/Users":                                 "401",
		"GET /scim/v2/Schema":                                "401",
		"GET /scim/v2":                                       "401",
		"GET /scim/v2/":                                      "401",
		"GET /scim/v2//Schemas":                              "401",
		"GET /scim/v2/Users/Schemas":                         "401",
		"GET /scim/v2/Users?/scim/v2/Schemas":                "401",
		"GET /tenants/a%2Fscim%2Fv2%2FSchemas/scim/v2/Users": "401",
		"GET /tenants/Schemas/scim/v2/Users":                 "401",
	} {
		method, path, _ := strings.Cut(request, " ")
		w := serve(h, method, path, "")
		got := w.Body.String()
		if w.Code == 401 {
			got = "401"
			if challenges := w.Header().Values("WWW-Authenticate"); fmt.Sprint(challenges) != `[Bearer realm="scim" Basic realm="scim", charset="UTF-8"]` {
				t.Errorf("%s: challenges %q", request, challenges)
			}
		}
		if method == "HEAD" {
			got = ""
		}
		if got != want {
			t.Errorf("%s: %d %s, want %s", request, w.Code, got, want)
		}
	}
	for _, header := range []string{"", "Bearer x", "Basic x", basicOf("script", "x")} {
		if w := serve(h, "GET", "/scim/v2/Schemas", "", "Authorization", header); w.Code != 401 {
			t.Errorf("with %q: %d", header, w.Code)
		}
	}
	off, _ := face(t, ok)
	resp, err := http.Get(off + "/scim/v2/Schemas")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("where it is off: %d", resp.StatusCode)
	}
}
