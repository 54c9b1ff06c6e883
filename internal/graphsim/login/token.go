package login

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// maxForm bounds a token request, in bytes.
const maxForm = 64 << 10

// A tokenRequest is a client credentials request (RFC 6749 §4.4).
type tokenRequest struct {
	tenantID string
	app      App
	resource string   // "https://graph.microsoft.com"
	endpoint []string // the names of this token endpoint
	form     url.Values
}

// token serves the token endpoint.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	q, refused := s.readTokenRequest(r)
	if refused == nil {
		refused = s.checkCredential(q)
	}
	if refused != nil {
		s.refuse(w, r, refused)
		return
	}
	signed, err := s.sign(q)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	seconds := int(tokenLife.Seconds())
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": signed,
	})
}

func (s *Service) readTokenRequest(r *http.Request) (*tokenRequest, *refusal) {
	tenantID, refused := s.tenant(r.PathValue("tenant"))
	if refused != nil {
		return nil, refused
	}
	form, refused := readForm(r)
	if refused != nil {
		return nil, refused
	}
	q := &tokenRequest{tenantID: tenantID, form: form}
	if q.resource, refused = s.resource(r, form.Get("scope")); refused != nil {
		return nil, refused
	}
	base := s.o.BaseURL(r)
	q.endpoint = []string{
		base + "/" + tenantID + "/oauth2/v2.0/token",
		base + "/" + r.PathValue("tenant") + "/oauth2/v2.0/token",
	}
	s.arrive(tenantID, form.Get("client_id"))
	q.app, refused = s.app(tenantID, form.Get("client_id"))
	return q, refused
}

// readForm reads the parameters of a token request; a client that authenticates
// by HTTP Basic has its id and secret put among them (RFC 6749 §2.3.1).
func readForm(r *http.Request) (url.Values, *refusal) {
	if err := r.ParseForm(); err != nil {
		return nil, malformedRequest("the body is not a form")
	}
	form := r.PostForm
	if refused := readBasic(r, form); refused != nil {
		return nil, refused
	}
	for _, name := range []string{"grant_type", "client_id", "scope"} {
		if form.Get(name) == "" {
			return nil, missingParameter(name)
		}
	}
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		return nil, unsupportedGrant(grant)
	}
	return form, nil
}

func readBasic(r *http.Request, form url.Values) *refusal {
	user, password, ok := r.BasicAuth()
	if !ok {
		return nil
	}
	id, err := url.QueryUnescape(user)
	secret, err2 := url.QueryUnescape(password)
	if err != nil || err2 != nil {
		return malformedRequest("the Authorization header cannot be decoded")
	}
	if given := form.Get("client_id"); given != "" && !strings.EqualFold(given, id) || form.Has("client_secret") {
		return malformedRequest("the client authenticates in two ways")
	}
	form.Set("client_id", id)
	form.Set("client_secret", secret)
	return nil
}

// resource takes the resource out of a scope, which must be "<resource>/.default".
// Beside it Microsoft's client library for Go sends the scopes of OpenID Connect
// with every request (observed), which give nothing to an application.
func (s *Service) resource(r *http.Request, scope string) (string, *refusal) {
	asked := slices.DeleteFunc(strings.Fields(scope), func(name string) bool {
		return slices.Contains([]string{"openid", "offline_access", "profile"}, name)
	})
	resource, ok := strings.CutSuffix(strings.Join(asked, " "), "/.default")
	if !ok {
		return "", notDefaultScope(scope)
	}
	known := append([]string{GlobalGraph, s.o.BaseURL(r)}, s.o.Resources...)
	if !slices.Contains(known, resource) {
		return "", invalidScope(scope)
	}
	return resource, nil
}

func (s *Service) checkCredential(q *tokenRequest) *refusal {
	switch {
	case q.form.Has("client_assertion"):
		return s.checkAssertion(q)
	case q.form.Has("client_secret"):
		return s.checkSecret(q.app, q.form.Get("client_secret"))
	}
	return noCredential()
}

func (s *Service) checkSecret(a App, given string) *refusal {
	for _, secret := range a.Secrets {
		if subtle.ConstantTimeCompare([]byte(secret.Value), []byte(given)) != 1 {
			continue
		}
		if !secret.Expires.IsZero() && !s.o.Now().Before(secret.Expires) {
			return expiredSecret(a.ID)
		}
		return nil
	}
	return wrongSecret(a.ID)
}

// accessClaims are the claims of an access token for Graph.
type accessClaims struct {
	jwt.RegisteredClaims
	Resource string   `json:"aud"` // one, not a list as the embedded claim
	AppID    string   `json:"appid"`
	AppACR   string   `json:"appidacr"` // "1": secret, "2": certificate or federated
	IDType   string   `json:"idtyp"`
	ObjectID string   `json:"oid"`
	Roles    []string `json:"roles,omitempty"`
	TenantID string   `json:"tid"`
	Version  string   `json:"ver"`
}

// sign makes the access token: the app in the tenant, with what it was granted.
func (s *Service) sign(q *tokenRequest) (string, error) {
	roles, _ := s.Granted(q.tenantID, q.app.ID)
	now, object, method := s.o.Now(), ObjectID(q.tenantID, q.app.ID), "1"
	if q.form.Has("client_assertion") {
		method = "2"
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer(q.tenantID), Subject: object, ID: s.o.NewID(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(tokenLife)),
		},
		Resource: q.resource, AppID: q.app.ID, AppACR: method, IDType: "app", ObjectID: object, Roles: roles, TenantID: q.tenantID, Version: "1.0",
	})
	key := s.key()
	t.Header["kid"], t.Header["x5t"] = key.id, key.id
	return t.SignedString(key.private)
}

// issuer is the issuer of tokens for Graph, which are of version 1.0.
func issuer(tenantID string) string { return "https://sts.windows.net/" + tenantID + "/" }
