package graph

import (
	"slices"
	"strings"

	"entrascim/internal/fault"
)

// Graph error codes that decide something here.
const (
	codeConcurrency = "Directory_ConcurrencyViolation"
	codeUnassigned  = "RoleAssignmentDoesNotExist" // of Privileged Identity Management, as the next
	codeUnlicensed  = "AadPremiumLicenseRequired"  // of Privileged Identity Management, with status 400
)

// Message parts that Graph has no code for.
const (
	alreadyLinked = "object references already exist"
	notLinked     = "removed object references do not exist"
	notReplicated = "one of the objects being referenced don't exist"
)

// A translation is one row of what Graph's refusals mean. Zero status, empty code
// and empty message match any; message is a part of it, in lower case.
type translation struct {
	status        int
	code, message string
	kind          fault.Kind
	detail        string
}

// translations is the one place that knows Graph's refusals; the first row that
// matches wins, and the last row matches all. Details name no value: the message that
// does stays in the log. Codes: https://learn.microsoft.com/graph/errors; messages: as
// documented or observed for the directory's resources.
var translations = []translation{
	{0, "TooManyRequests", "", fault.Throttled, "The directory is throttling requests."},
	{0, "Request_ThrottledTemporarily", "", fault.Throttled, "The directory is throttling requests."},
	{0, "Request_ThrottledPermanently", "", fault.Throttled, "The directory is throttling requests."},
	{0, "Directory_QuotaExceeded", "", fault.Forbidden, "The directory's quota does not allow this."},
	{0, "Directory_ExpiredPageToken", "", fault.ExpiredCursor, "The position in the list has expired; start again."},
	{0, "syncStateNotFound", "", fault.ExpiredCursor, "The position in the changes has expired; start again."},
	{0, "resyncRequired", "", fault.ExpiredCursor, "The position in the changes has expired; start again."},
	{0, codeConcurrency, "", fault.Conflict, "The resource is being changed by another request; repeat this one."},
	{0, "Authorization_IdentityNotFound", "", fault.Unavailable, "The gateway's application is not known in the directory."},
	{0, "Request_MultipleObjectsWithSameKeyValue", "", fault.Uniqueness, "Another resource already has this value."},
	{0, "RoleAssignmentExists", "", fault.Uniqueness, "The assignment already exists."},
	{0, codeUnassigned, "", fault.NotFound, "The assignment does not exist."},
	{0, codeUnlicensed, "", fault.Forbidden, "The directory lacks the license for this: Microsoft Entra ID P2 or Governance."},

	{400, "", "does not exist as a declared property", fault.Unavailable, "The mapping names a property that the directory does not have; a directory extension must be prepared first."},
	{400, "Request_UnsupportedQuery", "", fault.InvalidFilter, "The directory cannot evaluate this query."},
	{400, "", "invalid filter clause", fault.InvalidFilter, "The directory cannot evaluate this filter."},
	{400, "", "unsupported or invalid query", fault.InvalidFilter, "The directory cannot evaluate this filter."},
	{400, "", "on-premises mastered", fault.Mutability, "The resource is mastered by the on-premises directory and cannot be changed here."},
	{400, "", "mail-enabled security groups and or distribution list", fault.Mutability, "Mail-enabled security groups and distribution lists are managed in Exchange and cannot be changed here."},
	{400, "", alreadyLinked, fault.Uniqueness, "The reference already exists."},
	{400, "", notLinked, fault.NotFound, "The reference does not exist."},
	{400, "", "entitlementgrant being updated or deleted is not found", fault.NotFound, "The assignment does not exist."},
	{400, "", notReplicated, fault.InvalidValue, "A referenced resource does not exist, or the directory does not show it yet."},
	{400, "", "another object with the same value", fault.Uniqueness, "Another resource already has this value."},
	{400, "", "objectconflict", fault.Uniqueness, "Another resource already has this value."},
	{400, "", "conflicting object with one or more", fault.Uniqueness, "Another resource already has this value."},
	{400, "", "being assigned already exists", fault.Uniqueness, "The assignment already exists."},
	{400, "", "verified domain", fault.InvalidValue, "The domain is not one of the directory's verified domains."},
	{400, "", "domain portion of the", fault.InvalidValue, "The domain is not one of the directory's verified domains."},
	{400, "", "usage location", fault.InvalidValue, "The user needs a usage location first."},
	{400, "", "at least one owner", fault.InvalidValue, "The last owner of a group cannot be removed."},
	{400, "", "password does not comply", fault.InvalidValue, "The password does not meet the directory's policy."},
	{400, "", "password complexity", fault.InvalidValue, "The password does not meet the directory's policy."},
	{400, "", "property 'passwordprofile'", fault.InvalidValue, "The password does not meet the directory's policy."},
	{400, "", "reference-property objects are not present", fault.InvalidValue, "A referenced resource does not exist."},
	{400, "", "invalid object identifier", fault.InvalidValue, "The id is not a GUID."},
	{400, "", "invalid guid", fault.InvalidValue, "The id is not a GUID."},
	{400, "", "is read-only", fault.Mutability, "The directory does not allow this attribute to be changed."},
	{400, "", "read only", fault.Mutability, "The directory does not allow this attribute to be changed."},
	{400, "", "a value is required", fault.InvalidValue, "A required value is missing."},
	{400, "", "", fault.InvalidValue, "The directory refused a value of this request."},

	{401, "", "", fault.Unavailable, "The gateway cannot sign in to the directory."},
	{403, "Authorization_RequestDenied", "", fault.Forbidden, "The gateway lacks a directory permission for this."},
	{403, "", "", fault.Forbidden, "The directory forbids this."},
	{404, "", "", fault.NotFound, "No such resource."},
	{405, "", "", fault.NotImplemented, "The directory does not support this operation."},
	{409, "", "", fault.Conflict, "The request conflicts with the state of the directory."},
	{410, "", "", fault.ExpiredCursor, "The position in the changes has expired; start again."},
	{412, "", "", fault.Conflict, "The resource was changed meanwhile."}, // no client's precondition is passed on
	{413, "", "", fault.TooLarge, "The request is too large for the directory."},
	{422, "", "conflict", fault.Uniqueness, "Another resource already has this value."},
	{422, "", "", fault.InvalidValue, "The directory refused a value of this request."},
	{424, "", "", fault.Conflict, "This step was not done, because one before it failed."},
	{429, "", "", fault.Throttled, "The directory is throttling requests."},
	{501, "", "", fault.NotImplemented, "The directory does not support this operation."},
	{503, "", "", fault.Unavailable, "The directory is unavailable."},
	{408, "", "", fault.Timeout, "The directory did not answer in time."},
	{504, "", "", fault.Timeout, "The directory did not answer in time."},
	{0, "", "", fault.BadGateway, "The directory failed."},
}

func translate(r *Refusal) (fault.Kind, string) {
	message := strings.ToLower(r.Message)
	t := translations[slices.IndexFunc(translations, func(t translation) bool { return t.matches(r, message) })]
	return t.kind, t.detail
}

func (t translation) matches(r *Refusal, message string) bool {
	return (t.status == 0 || t.status == r.Status) &&
		(t.code == "" || strings.EqualFold(t.code, r.Code)) &&
		(t.message == "" || strings.Contains(message, t.message))
}

// AlreadyLinked tells whether Graph refused to add a reference that exists, which
// for an idempotent caller is success.
func AlreadyLinked(err error) bool { return says(err, alreadyLinked) }

// NotLinked tells whether Graph refused to remove a reference that does not exist.
// Graph also answers 404 in that case, as it does when the object itself is missing.
func NotLinked(err error) bool { return says(err, notLinked) }

// NotReplicated tells whether Graph does not see one of the objects of a reference
// yet, or at all; it may a few seconds later.
func NotReplicated(err error) bool { return says(err, notReplicated) }

// Unlicensed tells whether Graph refused because the directory has no license for
// Privileged Identity Management.
func Unlicensed(err error) bool {
	r := RefusalOf(err)
	return r != nil && strings.EqualFold(r.Code, codeUnlicensed)
}

// Unassigned tells whether Graph refused to take a scheduled role because it is not held,
// which it was also seen to say of one that it had taken.
func Unassigned(err error) bool {
	r := RefusalOf(err)
	return r != nil && strings.EqualFold(r.Code, codeUnassigned)
}

func says(err error, part string) bool {
	r := RefusalOf(err)
	return r != nil && strings.Contains(strings.ToLower(r.Message), part)
}
