package login

import (
	"encoding/json"
	"net/http"
)

// configuration serves the tenant's OpenID Connect discovery document.
func (s *Service) configuration(w http.ResponseWriter, r *http.Request) {
	tenantID, refused := s.tenant(r.PathValue("tenant"))
	if refused != nil {
		refused.oauth = "invalid_tenant" // the token endpoint says invalid_request
		s.refuse(w, r, refused)
		return
	}
	base := s.o.BaseURL(r) + "/" + tenantID
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                base + "/v2.0",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"tenant_region_scope":                   "EU",
	})
}

// writeJSON answers a login request. Nothing here may be cached.
func writeJSON(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client went away
}
