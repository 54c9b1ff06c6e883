package login

import (
	"fmt"
	"net/http"
	"time"
)

// codeNoTenant is the AADSTS number of a request that names no tenant.
const codeNoTenant = 50059

// A refusal is an error of the identity platform: an OAuth error and an AADSTS
// number with its text.
type refusal struct {
	status  int
	oauth   string // RFC 6749 §5.2, or one of Microsoft's own
	code    int
	message string
}

// stamped is a refusal with the ids and the time of the request that met it.
type stamped struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
}

func (s *Service) stamp(r *http.Request, e *refusal) stamped {
	correlation := r.Header.Get("client-request-id")
	if correlation == "" {
		correlation = s.o.NewID()
	}
	at := s.o.Now().UTC().Format("2006-01-02 15:04:05Z")
	trace := s.o.NewID()
	return stamped{
		Error: e.oauth, Codes: []int{e.code}, Timestamp: at, TraceID: trace, CorrelationID: correlation,
		Description: fmt.Sprintf("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
			e.code, e.message, trace, correlation, at),
	}
}

// refuse answers with the refusal.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, e *refusal) {
	body := s.stamp(r, e)
	w.Header().Set("x-ms-request-id", body.TraceID)
	w.Header().Set("client-request-id", body.CorrelationID)
	writeJSON(w, e.status, body)
}

func refusef(oauth string, code int, format string, args ...any) *refusal {
	status := http.StatusBadRequest
	if oauth == "invalid_client" {
		status = http.StatusUnauthorized
	}
	return &refusal{status: status, oauth: oauth, code: code, message: fmt.Sprintf(format, args...)}
}

func unknownTenant(name string) *refusal {
	return refusef("invalid_request", 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.", name)
}

func noTenantNamed() *refusal {
	return refusef("invalid_request", codeNoTenant, "No tenant-identifying information found in either the request or implied by any provided credentials.")
}

func unknownApp(appID, tenantID string) *refusal {
	return refusef("unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", appID, tenantID)
}

func missingParameter(name string) *refusal {
	return refusef("invalid_request", 900144, "The request body must contain the following parameter: '%s'.", name)
}

func malformedRequest(why string) *refusal {
	return refusef("invalid_request", 9002313, "Invalid request. Request is malformed or invalid: %s.", why)
}

func onlyPost(method string) *refusal {
	return refusef("invalid_request", 900561, "The endpoint only accepts POST requests. Received a %s request.", method)
}

func unsupportedGrant(name string) *refusal {
	return refusef("unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", name)
}

func invalidScope(scope string) *refusal {
	return refusef("invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", scope)
}

func notDefaultScope(scope string) *refusal {
	return refusef("invalid_scope", 1002012, "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", scope)
}

func noCredential() *refusal {
	return refusef("invalid_client", 7000216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.")
}

func wrongSecret(appID string) *refusal {
	return refusef("invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", appID)
}

func expiredSecret(appID string) *refusal {
	return refusef("invalid_client", 7000222, "The provided client secret keys for app '%s' are expired.", appID)
}

func malformedAssertion(why string) *refusal {
	return refusef("invalid_client", 50027, "JWT token is invalid or malformed: %s.", why)
}

func unknownKey(thumbprint string) *refusal {
	return refusef("invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '%s'].", thumbprint)
}

func badSignature() *refusal {
	return refusef("invalid_client", 700027, "Client assertion failed signature validation.")
}

func expiredKey() *refusal {
	return refusef("invalid_client", 700027, "Client assertion failed signature validation. [Reason - The key used is expired.]")
}

func otherClient() *refusal {
	return refusef("invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
}

func otherAudience() *refusal {
	return refusef("invalid_client", 700023, "Client assertion audience claim doesn't match Realm issuer.")
}

func outsideValidity(now, from, to time.Time) *refusal {
	return refusef("invalid_client", 700024, "Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s.",
		now.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
}

func replayed() *refusal {
	return refusef("invalid_client", 50013, "Assertion is not valid: it was presented before.")
}

// noFederation refuses an external token; code tells which of its claims no
// federated credential has: 700211 issuer, 700212 audience, 700213 subject.
func noFederation(code int, claim, value string) *refusal {
	return refusef("invalid_client", code, "No matching federated identity record found for presented assertion %s '%s'.", claim, value)
}

func denied() *refusal {
	return refusef("consent_required", 65004, "The resource owner or authorization server denied the request.")
}

func adminRequired() *refusal {
	return refusef("access_denied", 90094, "Administrator consent is required.")
}

func unregisteredRedirect(uri, appID string) *refusal {
	return refusef("invalid_request", 50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'.", uri, appID)
}
