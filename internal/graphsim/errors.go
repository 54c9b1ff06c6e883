package graphsim

import (
	"fmt"
	"net/http"

	"entrascim/internal/graphsim/odata"
)

// Error codes of the directory.
const (
	badRequest     = "Request_BadRequest"
	notFoundCode   = "Request_ResourceNotFound"
	unsupported    = "Request_UnsupportedQuery"
	requestDenied  = "Authorization_RequestDenied"
	quotaExceeded  = "Directory_QuotaExceeded"
	concurrency    = "Directory_ConcurrencyViolation"
	unprocessable  = "Request_UnprocessableEntity"
	expiredPage    = "Directory_ExpiredPageToken"
	malformed      = "BadRequest"
	expandNotGiven = "ExpandNotSupported"
)

// refuse is a 400 Request_BadRequest.
func refuse(format string, args ...any) *odata.Error {
	return &odata.Error{Status: http.StatusBadRequest, Code: badRequest, Message: fmt.Sprintf(format, args...)}
}

// unreadable is a 400 for a request that the directory never saw.
func unreadable(format string, args ...any) *odata.Error {
	return &odata.Error{Status: http.StatusBadRequest, Code: malformed, Message: fmt.Sprintf(format, args...)}
}

func notFound(id string) *odata.Error {
	return &odata.Error{
		Status: http.StatusNotFound, Code: notFoundCode,
		Message: fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", id),
	}
}

func denied() *odata.Error {
	return &odata.Error{
		Status: http.StatusForbidden, Code: requestDenied,
		Message: "Insufficient privileges to complete the operation.",
	}
}

// unlicensed is how Privileged Identity Management answers where it is not licensed.
func unlicensed() *odata.Error {
	return &odata.Error{
		Status: http.StatusBadRequest, Code: "AadPremiumLicenseRequired",
		Message: "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
	}
}

// unscheduled is how Privileged Identity Management refuses, with codes of its own; the
// first is observed in https://github.com/hashicorp/terraform-provider-azuread/issues/1306,
// the other in tests of public clients.
func unscheduled(code, message string) *odata.Error {
	return &odata.Error{Status: http.StatusBadRequest, Code: code, Message: message}
}

func concurrent() *odata.Error {
	return &odata.Error{
		Status: http.StatusConflict, Code: concurrency,
		Message: "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
	}
}

func overQuota(count, limit int, link string) *odata.Error {
	return &odata.Error{
		Status: http.StatusForbidden, Code: quotaExceeded,
		Message: fmt.Sprintf("Unable to perform operation as '%d' would exceed the maximum quota count '%d' for forward-link %s.", count, limit, link),
	}
}

func notAllowed() *odata.Error {
	return &odata.Error{
		Status: http.StatusMethodNotAllowed, Code: badRequest,
		Message: "Specified HTTP method is not allowed for the request target.",
	}
}

// invalidID is how every type but user answers to an id that is not a GUID.
func invalidID(id string) *odata.Error { return refuse("Invalid object identifier '%s'.", id) }

func invalidValue(k *kind, name string) *odata.Error {
	return refuse("Invalid value specified for property '%s' of resource '%s'.", name, k.title)
}

func missing(k *kind, name string) *odata.Error {
	return refuse("A value is required for property '%s' of resource '%s'.", name, k.title)
}

func readOnly(name string) *odata.Error {
	return refuse("Property '%s' is read-only and cannot be set.", name)
}

func undeclared(name string) *odata.Error {
	return refuse("Property '%s' does not exist as a declared property or extension property.", name)
}

func taken(name string) *odata.Error {
	e := refuse("Another object with the same value for property %s already exists.", name)
	e.Details = []odata.Detail{{Target: name, Code: "ObjectConflict", Message: e.Message}}
	return e
}

// unbacked has the details observed in tests of a public client.
func unbacked(appID string) *odata.Error {
	e := refuse("The appId '%s' of the service principal does not reference a valid application object.", appID)
	e.Details = []odata.Detail{{Target: "appId", Code: "NoBackingApplicationObject", Message: e.Message}}
	return e
}

func mastered() *odata.Error {
	return refuse("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
}

func mailEnabled() *odata.Error {
	return refuse("Cannot Update a mail-enabled security groups and or distribution list.")
}

func unverifiedDomain() *odata.Error {
	return refuse("The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.")
}

func linkExists(name string) *odata.Error {
	return refuse("One or more added object references already exist for the following modified properties: '%s'.", name)
}

func linkMissing(name string) *odata.Error {
	return refuse("One or more removed object references do not exist for the following modified properties: '%s'.", name)
}

func badLink(name string) *odata.Error {
	return refuse("An invalid operation was included in the following modified references: '%s'.", name)
}

func notReplicated() *odata.Error {
	return refuse("The source resource object or one of the objects being referenced don't exist.")
}
