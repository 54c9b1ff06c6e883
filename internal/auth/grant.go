package auth

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// The scopes of the gateway's own tokens.
const (
	ScopeRead  = "scim.read"
	ScopeWrite = "scim.write" // which is also to read
)

const (
	// maxForm bounds the body of a token request, in bytes.
	maxForm = 16 << 10
	// grantType is the one grant that there is (RFC 6749 section 4.4).
	grantType = "client_credentials"
	// maxID bounds a client_id, in bytes.
	maxID = 256
)

// A Refusal is why there is no token: an error code of RFC 6749 section 5.2, or, of
// requests that come too often, "temporarily_unavailable" as section 4.1.2.1 has it.
type Refusal struct {
	Code  string
	Fault *fault.Error // its detail is the error_description
}

// Error is the text for the log.
func (r *Refusal) Error() string { return r.Code + ": " + r.Fault.Error() }

// Unwrap is the fault.
func (r *Refusal) Unwrap() error { return r.Fault }

func refuse(code string, kind fault.Kind, detail string) error {
	return &Refusal{code, fault.New(kind, "%s", detail)}
}

// The codes.
const (
	invalidRequest = "invalid_request"
	invalidClient  = "invalid_client"
)

// A Grant is what a client gets at the token endpoint (RFC 6749 section 5.1).
type Grant struct {
	Client  Client
	Token   string
	Expires time.Duration // from now
	Scope   string
}

// Grant gives a client of kind ClientCredentials a token (RFC 6749 section 4.4). Its
// error is a *Refusal, or one that nobody can do anything about.
func (a *Authenticator) Grant(r *http.Request) (Grant, error) {
	asked, err := askedOf(r)
	if err != nil {
		return Grant{}, err
	}
	var secret tenant.Secret
	c, err := a.attempt(r, asked.known(), func() (Client, error) {
		c := a.clients.named(asked.id, tenant.ClientCredentials)
		if c != nil {
			var good bool
			if secret, good = c.secret(a.o.Now(), asked.sums...); good {
				return *c, nil
			}
		}
		return Client{}, fault.New(fault.Unauthenticated, "The client, or its secret, is not known.")
	})
	if err != nil {
		return Grant{}, refusalOf(err)
	}
	if c.Tenant.Suspended {
		return Grant{}, refuse("unauthorized_client", fault.InvalidValue, "This tenant is suspended.")
	}
	return a.grant(r, c, secret, asked.scopes)
}

func (a *Authenticator) grant(r *http.Request, c Client, secret tenant.Secret, scopes []string) (Grant, error) {
	scope, err := scopeOf(c, scopes)
	if err != nil {
		return Grant{}, err
	}
	now, life := a.o.Now(), tokenLife
	if !secret.Expires.IsZero() {
		life = min(life, secret.Expires.Sub(now).Truncate(time.Second))
	}
	token, err := a.signer.sign(&c, secret, a.o.URL(r), scope, now, life)
	return Grant{Client: c, Token: token, Expires: life, Scope: scope}, err
}

// refusalOf says in the terms of RFC 6749 why a client was not let in.
func refusalOf(err error) error {
	code := "temporarily_unavailable"
	f := fault.From(err)
	if fault.Is(err, fault.Unauthenticated) {
		code = invalidClient
	}
	if fault.Is(err, fault.Forbidden) {
		code = "unauthorized_client"
	}
	return &Refusal{code, f}
}

// scopeOf is the scope of the client's token: what it asked for, or all that it may
// (RFC 6749 section 3.3).
func scopeOf(c Client, asked []string) (string, error) {
	may := []string{ScopeRead, ScopeWrite}
	if c.ReadOnly {
		may = may[:1]
	}
	for _, scope := range asked {
		if !slices.Contains(may, scope) {
			return "", refuse("invalid_scope", fault.InvalidValue, "This client may have the scope: "+strings.Join(may, " ")+".")
		}
	}
	if len(asked) > 0 && !slices.Contains(asked, ScopeWrite) {
		may = may[:1]
	}
	return strings.Join(may, " "), nil
}

// asked is a token request.
type asked struct {
	id     string
	sums   [][sumSize]byte // of the secret as it may be meant
	scopes []string
}

// known is what the credential is remembered by when it was good.
func (a asked) known() [sumSize]byte {
	return Digest("client\x00" + a.id + "\x00" + string(a.sums[0][:]))
}

// askedOf reads a token request (RFC 6749 sections 2.3.1, 4.4.2).
func askedOf(r *http.Request) (asked, error) {
	form, err := formOf(r)
	if err != nil {
		return asked{}, err
	}
	switch grant := form.Get("grant_type"); grant {
	case grantType:
	case "":
		return asked{}, refuse(invalidRequest, fault.InvalidValue, "grant_type is missing.")
	default:
		return asked{}, refuse("unsupported_grant_type", fault.InvalidValue, "The one grant_type is client_credentials.")
	}
	a := asked{scopes: strings.Fields(form.Get("scope"))}
	header := r.Header.Values("Authorization")
	if len(header) > 0 {
		err = a.fromHeader(header, form)
	} else {
		a.id, a.sums = form.Get("client_id"), [][sumSize]byte{Digest(form.Get("client_secret"))}
	}
	if err == nil && (a.id == "" || len(a.id) > maxID) {
		err = refuse(invalidClient, fault.Unauthenticated, "The client must say who it is: HTTP Basic, or client_id and client_secret.")
	}
	return a, err
}

// fromHeader takes the client's id and secret of HTTP Basic. RFC 6749 section 2.3.1
// wants both form-encoded before; many clients send them as they are.
func (a *asked) fromHeader(header []string, form url.Values) error {
	if form.Has("client_secret") {
		return refuse(invalidRequest, fault.InvalidValue, "The client must say who it is in one way only.")
	}
	scheme, text, _ := strings.Cut(header[0], " ")
	user, password, ok := userPassword(strings.Trim(text, " "))
	if len(header) > 1 || !strings.EqualFold(scheme, "Basic") || !ok || len(text) > maxCredential {
		return refuse(invalidClient, fault.Unauthenticated, "The Authorization header must be that of HTTP Basic.")
	}
	a.id, a.sums = unescaped(user), [][sumSize]byte{Digest(password), Digest(unescaped(password))}
	if id := form.Get("client_id"); id != "" && id != a.id {
		return refuse(invalidRequest, fault.InvalidValue, "client_id is not that of the Authorization header.")
	}
	return nil
}

// unescaped is the form-decoded text, or the text when it is not form-encoded.
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// formOf reads the parameters of the body. Each may be given once (RFC 6749 section
// 3.2), and none in the URL, where a secret would be in logs.
func formOf(r *http.Request) (url.Values, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, refuse(invalidRequest, fault.InvalidValue, "The Content-Type must be application/x-www-form-urlencoded.")
	}
	if r.URL.RawQuery != "" {
		return nil, refuse(invalidRequest, fault.InvalidValue, "The parameters belong in the body.")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil {
		return nil, &Refusal{invalidRequest, fault.Wrap(err, fault.InvalidValue, "The body cannot be read.")}
	}
	if len(body) > maxForm {
		return nil, refuse(invalidRequest, fault.TooLarge, "The body is too long.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil { // which may tell what was sent
		return nil, refuse(invalidRequest, fault.InvalidValue, "The body is not form-encoded.")
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, refuse(invalidRequest, fault.InvalidValue, "A parameter is given twice.")
		}
	}
	return form, nil
}

// Metadata describes the token endpoint, which with the keys is below the issuer (RFC
// 8414).
type Metadata struct {
	Issuer    string   `json:"issuer"`
	Token     string   `json:"token_endpoint"`
	Keys      string   `json:"jwks_uri"`
	Grants    []string `json:"grant_types_supported"`
	Methods   []string `json:"token_endpoint_auth_methods_supported"`
	Scopes    []string `json:"scopes_supported"`
	Responses []string `json:"response_types_supported"` // required, and none without an authorization endpoint
}

// Metadata is that of the gateway as the request sees it; the paths are those of the
// two endpoints.
func (a *Authenticator) Metadata(r *http.Request, token, keys string) Metadata {
	issuer := a.o.URL(r)
	return Metadata{
		Issuer: issuer, Token: issuer + token, Keys: issuer + keys,
		Grants: []string{grantType}, Methods: []string{"client_secret_basic", "client_secret_post"},
		Scopes: []string{ScopeRead, ScopeWrite}, Responses: []string{},
	}
}
