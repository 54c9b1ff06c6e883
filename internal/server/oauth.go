package server

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog/hlog"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
)

// The paths of OAuth 2.0 (RFC 6749 section 3.2, RFC 7517, RFC 8414 section 3).
const (
	TokenPath    = "/oauth2/token" //nolint:gosec // no credential
	KeysPath     = "/.well-known/jwks.json"
	MetadataPath = "/.well-known/oauth-authorization-server"
)

// stored is how long others may keep what is published, in seconds.
const stored = "300"

// oauth gives clients tokens, and publishes what those are verified with.
type oauth struct{ auth func() *auth.Authenticator }

// token is the token endpoint (RFC 6749 sections 5.1, 5.2).
func (o oauth) token(w http.ResponseWriter, r *http.Request) {
	grant, err := o.auth().Grant(r)
	if err != nil {
		refused(w, r, err)
		return
	}
	t := ticketOf(r)
	t.caller = grant.Client
	w.Header().Set("Pragma", "no-cache")
	tell(w, r, http.StatusOK, map[string]any{
		"access_token": grant.Token, "token_type": "Bearer", "expires_in": int(grant.Expires.Seconds()), "scope": grant.Scope,
	})
}

// refused answers as RFC 6749 section 5.2 has it, and not as SCIM.
func refused(w http.ResponseWriter, r *http.Request, err error) {
	ticketOf(r).outcome.Fail(err)
	code, f := "server_error", fault.From(err)
	if refusal, ok := errors.AsType[*auth.Refusal](err); ok {
		code = refusal.Code
	}
	h := w.Header()
	h.Set("Pragma", "no-cache")
	status := f.Status()
	switch {
	case f.Kind == fault.Unauthenticated:
		h.Set("WWW-Authenticate", `Basic realm="oauth2", charset="UTF-8"`)
	case f.RetryAfter > 0:
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	tell(w, r, status, map[string]any{"error": code, "error_description": f.Public()})
}

// keys are those that the tokens are verified with (RFC 7517 section 5).
func (o oauth) keys(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age="+stored)
	tell(w, r, http.StatusOK, map[string]any{"keys": o.auth().PublicKeys()})
}

// metadata says where all of this is (RFC 8414 section 3.2). It is not stored: the
// URL in it is that of this request.
func (o oauth) metadata(w http.ResponseWriter, r *http.Request) {
	tell(w, r, http.StatusOK, o.auth().Metadata(r, TokenPath, KeysPath))
}

func tell(w http.ResponseWriter, r *http.Request, status int, body any) {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		scim.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) //nolint:gosec // JSON, with every text quoted; a client that is gone can not be told
}

// authenticate lets through whom the Authenticator knows (RFC 7644 section 2), and
// whoever asks for nothing but what is public.
func authenticate(find func() *auth.Authenticator, public http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if public != nil && len(r.Header.Values("Authorization")) == 0 && discovers(r) {
				next.ServeHTTP(w, r)
				return
			}
			clients := find()
			caller, err := clients.Authenticate(r)
			if fault.Is(err, fault.Unauthenticated) {
				w.Header()["Www-Authenticate"] = clients.Challenges(r)
			}
			if err != nil {
				scim.WriteError(w, r, err)
				return
			}
			t := ticketOf(r)
			t.caller = caller
			log := hlog.FromRequest(r).With().Str("tenant", caller.Tenant.Name).Str("client", caller.Name).Logger()
			next.ServeHTTP(w, r.WithContext(log.WithContext(r.Context())))
		})
	}
}

// discovers tells whether the request is for a discovery endpoint (RFC 7644 section 4)
// below either root.
func discovers(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	first, _, _ := strings.Cut(chi.URLParam(r, "*"), "/")
	switch strings.ToLower(first) {
	case "serviceproviderconfig", "resourcetypes", "schemas":
		return true
	}
	return false
}
