package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/auth"
	"entrascim/internal/server"
)

// issuer is an issuer of tokens on loopback.
type issuer struct {
	*httptest.Server

	key *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:])
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["ES256"]}`, i.URL, i.URL+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"EC","crv":"P-256","kid":"1","use":"sig","x":%q,"y":%q}]}`, x, y)
	})
	i.Server = httptest.NewTLSServer(mux)
	t.Cleanup(i.Close)
	return i
}

// token is one for the subject.
func (i *issuer) token(t *testing.T, subject string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": i.URL, "aud": "scim", "sub": subject, "exp": time.Now().Add(time.Hour).Unix()})
	token.Header["kid"] = "1"
	text, err := token.SignedString(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// everyKind is the part of a tenant's file that lists clients of every kind.
func everyKind(tenant, issuer string) string {
	return fmt.Sprintf(`clients:
- {name: robot, kind: client-credentials, clientID: %[1]s-robot, secret: %[1]s-secret-of-robot}
- {name: script, kind: basic, clientID: %[1]s-script, secret: %[1]s-password-of-script, expires: 2999-12-31T00:00:00Z}
- {name: cloud, kind: jwt, issuer: %[2]q, audience: scim, claims: [sub=%[1]s]}
- {name: reader, kind: bearer, role: read-only, token: %[1]s-token-of-reader, resourceTypes: [User]}
- {name: far, token: %[1]s-token-of-far, networks: [203.0.113.0/24, "2001:db8::/32"]}
- {name: gone, token: %[1]s-token-of-gone, expires: 2001-01-01T00:00:00Z}
`, tenant, issuer)
}

// callers is a world of tenants that have clients of every kind.
type callers struct {
	*tenants

	issuer *issuer
}

func newCallers(t *testing.T) *callers {
	t.Helper()
	w := &callers{newTenants(t), newIssuer(t)}
	w.registry.roster = &roster{auth: auth.New(auth.Options{URL: w.registry.origin.URL, Address: w.registry.origin.Address, Issuers: w.issuer.Client().Transport})}
	for _, name := range []string{"acme", "globex"} {
		text, err := os.ReadFile(w.path(name + ".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		w.file(name+".yaml", string(text)+everyKind(name, w.issuer.URL))
	}
	if err := w.registry.load(w.logged()); err != nil {
		t.Fatal(err)
	}
	return w
}

// send sends a request with a header, and gives the answer.
func (w *callers) send(method, path, body, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	if path == server.TokenPath {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer
}

// granted asks for a token of the tenant's client.
func (w *callers) granted(tenant string) (status int, token string) {
	answer := w.send("POST", server.TokenPath, "grant_type=client_credentials&client_id="+tenant+"-robot&client_secret="+tenant+"-secret-of-robot", "")
	var body struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal(answer.Body.Bytes(), &body) // an error has none
	return answer.Code, body.Token
}

// credentials are those of the tenant's clients that may do all.
func (w *callers) credentials(tenant string) map[string]string {
	_, token := w.granted(tenant)
	return map[string]string{
		"bearer": "Bearer " + tenant + "-token-of-iga", "client-credentials": "Bearer " + token,
		"basic": "Basic " + base64.StdEncoding.EncodeToString([]byte(tenant+"-script:"+tenant+"-password-of-script")),
		"jwt":   "Bearer " + w.issuer.token(w.t, tenant),
	}
}

// Whatever kind a client is of, it reaches its own tenant, and nothing of another.
func TestEveryKindReachesItsTenant(t *testing.T) {
	t.Parallel()
	w := newCallers(t)
	ids := map[string]string{"acme": w.made("acme", "ada"), "globex": w.made("globex", "bob")}
	var said []string
	for tenant, other := range map[string]string{"acme": "globex", "globex": "acme"} {
		cursors := map[string]string{}
		for kind, header := range w.credentials(tenant) {
			said = append(said, strings.Fields(header)[1])
			get := func(path string, want int) *httptest.ResponseRecorder {
				answer := w.send("GET", path, "", header)
				if answer.Code != want {
					t.Errorf("%s, %s: %s: %d %s", tenant, kind, path, answer.Code, answer.Body)
				}
				return answer
			}
			get("/scim/v2/Users/"+ids[tenant], 200)
			get("/tenants/"+tenant+"/scim/v2/Users/"+ids[tenant], 200)
			get("/scim/v2/Users/"+ids[other], 404)
			if a, b := get("/tenants/"+other+"/scim/v2/Users", 404), get("/tenants/nobody/scim/v2/Users", 404); a.Body.String() != b.Body.String() {
				t.Errorf("%s: %s, and of nobody %s", kind, a.Body, b.Body)
			}
			if list := get("/scim/v2/Users?attributes=id&filter=id+pr", 200).Body.String(); !strings.Contains(list, ids[tenant]) || strings.Contains(list, ids[other]) {
				t.Errorf("%s, %s: %s", tenant, kind, list)
			}
			if schemas := get("/scim/v2/Schemas", 200).Body.String(); strings.Contains(schemas, `"name":"title"`) != (tenant == "acme") {
				t.Errorf("%s, %s: not the schemas of the tenant", tenant, kind)
			}
			var page struct{ NextCursor string }
			if err := json.Unmarshal(get("/scim/v2/?attributes=id&cursor=&count=1", 200).Body.Bytes(), &page, json.MatchCaseInsensitiveNames(true)); err != nil || page.NextCursor == "" {
				t.Fatalf("no cursor: %v", err)
			}
			cursors[kind] = page.NextCursor
			for of, cursor := range cursors {
				want := 200
				if of != kind {
					want = 400
				}
				get("/scim/v2/?attributes=id&count=1&cursor="+url.QueryEscape(cursor), want)
			}
			if made := w.send("POST", "/scim/v2/Users", `{"userName":"`+kind+`@contoso.com","displayName":"x"}`, header); made.Code != 201 {
				t.Errorf("%s: POST: %d %s", kind, made.Code, made.Body)
			}
		}
	}
	for _, header := range said { // and as nobody has them
		for _, scheme := range []string{"Bearer ", "Basic "} {
			if answer := w.send("GET", "/scim/v2/Users", "", scheme+"A"+header); answer.Code != 401 && answer.Code != 429 {
				t.Errorf("a broken credential: %d", answer.Code)
			}
			if answer := w.send("GET", "/scim/v2/Users", "", scheme+header+"A"); answer.Code != 401 && answer.Code != 429 {
				t.Errorf("a broken credential: %d", answer.Code)
			}
		}
		said = append(said, strings.Split(header, ".")...)
	}
	for _, secret := range append(said, "secret-of-robot", "password-of-script", "token-of-") {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
	if !strings.Contains(w.log.String(), `"tenant":"acme","client":"cloud"`) {
		t.Errorf("the log does not name the client")
	}
}

// A client does what its role, its resource types and its networks allow.
func TestCallersLimits(t *testing.T) {
	t.Parallel()
	w := newCallers(t)
	id := w.made("acme", "ada")
	for request, want := range map[string]int{
		"reader GET /scim/v2/Users/" + id: 200, "reader POST /scim/v2/Users": 403, "reader DELETE /scim/v2/Users/" + id: 403, "reader POST /scim/v2/Users/.search": 200,
		"reader GET /scim/v2/Groups": 403, "reader GET /scim/v2/": 200, "reader POST /scim/v2/Bulk": 200, "reader GET /scim/v2/ResourceTypes/Group": 404,
		"far GET /scim/v2/Users": 403, "gone GET /scim/v2/Users": 401, "nobody GET /scim/v2/Users": 401,
	} {
		client, rest, _ := strings.Cut(request, " ")
		method, path, _ := strings.Cut(rest, " ")
		body := ""
		if method == "POST" {
			body = `{}`
		}
		if strings.HasSuffix(path, "/Bulk") {
			body = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/` + id + `"}]}`
		}
		answer := w.send(method, path, body, "Bearer acme-token-of-"+client)
		if answer.Code != want || strings.Contains(answer.Body.String(), "203.0.113") {
			t.Errorf("%s: %d %s", request, answer.Code, answer.Body)
		}
		if strings.HasSuffix(path, "/Bulk") && !strings.Contains(answer.Body.String(), `"status":"403"`) {
			t.Errorf("%s: %s", request, answer.Body)
		}
	}
	if answer := w.send("GET", "/scim/v2/Users/"+id, "", "Bearer acme-token-of-iga"); answer.Code != 200 {
		t.Errorf("the user is gone: %d", answer.Code)
	}
}

// A tenant that is suspended or removed, and a client that is, is refused at once,
// whatever it has in its hands.
func TestCallersAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newCallers(t)
	w.made("acme", "ada")
	held := w.credentials("acme")
	all := func(what string, want map[string]int) {
		t.Helper()
		w.registry.reload(w.logged())
		for kind, header := range held {
			if answer := w.send("GET", "/scim/v2/Users", "", header); answer.Code != want[kind] {
				t.Errorf("%s: %s: %d %s", what, kind, answer.Code, answer.Body)
			}
		}
	}
	text, err := os.ReadFile(w.path("acme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all("as it was", map[string]int{"bearer": 200, "client-credentials": 200, "basic": 200, "jwt": 200})
	w.file("acme.yaml", strings.Replace(string(text), "tenant:\n", "tenant:\n  suspended: true\n", 1))
	all("suspended", map[string]int{"bearer": 403, "client-credentials": 403, "basic": 403, "jwt": 403})
	if status, token := w.granted("acme"); status != 400 || token != "" {
		t.Errorf("a token of a suspended tenant: %d", status)
	}
	w.file("acme.yaml", strings.NewReplacer("secret-of-robot", "next-secret-of-robot", "name: cloud", "name: cloudy", "password-of-script", "next-password-of-script").Replace(string(text)))
	all("with other secrets", map[string]int{"bearer": 200, "client-credentials": 401, "basic": 401, "jwt": 200})
	w.file("acme.yaml", strings.Split(string(text), "clients:\n")[0])
	all("without the clients", map[string]int{"bearer": 200, "client-credentials": 401, "basic": 401, "jwt": 401})
	if err := os.Remove(w.path("acme.yaml")); err != nil {
		t.Fatal(err)
	}
	all("without the tenant", map[string]int{"bearer": 401, "client-credentials": 401, "basic": 401, "jwt": 401})
	if status, _ := w.granted("globex"); status != 200 {
		t.Errorf("the other tenant: %d", status)
	}
}
