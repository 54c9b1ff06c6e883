package graph

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// Graph's documented and observed refusals, by status, code and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status        int
		code, message string
		kind          fault.Kind
		property      string
	}{
		"duplicate UPN":       {400, "Request_BadRequest", "Another object with the same value for property userPrincipalName already exists.", fault.Uniqueness, "userPrincipalName"},
		"unverified domain":   {400, "Request_BadRequest", "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.", fault.InvalidValue, "userPrincipalName"},
		"synced object":       {400, "Request_BadRequest", "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.", fault.Mutability, ""},
		"already a member":    {400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.", fault.Uniqueness, "members"},
		"not a member":        {400, "Request_BadRequest", "One or more removed object references do not exist for the following modified properties: 'members'.", fault.NotFound, "members"},
		"not assigned":        {400, "Request_BadRequest", "EntitlementGrant being updated or deleted is not found.", fault.NotFound, ""},
		"role is held":        {400, "RoleAssignmentExists", "The Role assignment already exists.", fault.Uniqueness, ""},
		"role is not held":    {400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.", fault.NotFound, ""},
		"not replicated":      {400, "Request_BadRequest", "The source resource object or one of the objects being referenced don't exist.", fault.InvalidValue, ""},
		"mail-enabled group":  {400, "Request_BadRequest", "Cannot Update a mail-enabled security groups and or distribution list.", fault.Mutability, ""},
		"last owner":          {400, "Request_BadRequest", "The group must have at least one owner, hence this owner cannot be removed.", fault.InvalidValue, ""},
		"invalid value":       {400, "Request_BadRequest", "Invalid value specified for property 'mailNickname' of resource 'User'.", fault.InvalidValue, "mailNickname"},
		"required value":      {400, "Request_BadRequest", "A value is required for property 'displayName' of resource 'User'.", fault.InvalidValue, "displayName"},
		"weak password":       {400, "Request_BadRequest", "The specified password does not comply with password complexity requirements. Please provide a different password.", fault.InvalidValue, ""},
		"read-only":           {400, "Request_BadRequest", "Property 'proxyAddresses' is read-only and cannot be set.", fault.Mutability, "proxyAddresses"},
		"licence":             {400, "Request_BadRequest", "License assignment cannot be done for user with invalid usage location.", fault.InvalidValue, ""},
		"bad id":              {400, "Request_BadRequest", "Invalid object identifier 'Not-A-Guid'.", fault.InvalidValue, ""},
		"unprepared":          {400, "Request_BadRequest", "Property 'extension_x_y' does not exist as a declared property or extension property.", fault.Unavailable, "extension_x_y"},
		"unprepared, read":    {400, "Request_UnsupportedQuery", "Property 'extension_x_y' does not exist as a declared property or extension property.", fault.Unavailable, "extension_x_y"},
		"operator":            {400, "Request_UnsupportedQuery", "Operator 'endsWith' is not supported because the required parameters might be missing.", fault.InvalidFilter, ""},
		"property not listed": {400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified for property 'createdDateTime' of resource 'Group'.", fault.InvalidFilter, "createdDateTime"},
		"expired page":        {400, "Directory_ExpiredPageToken", "x", fault.ExpiredCursor, ""},
		"our token":           {401, "InvalidAuthenticationToken", "Access token is empty.", fault.Unavailable, ""},
		"permission":          {403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", fault.Forbidden, ""},
		"quota":               {403, "Directory_QuotaExceeded", "Unable to perform operation as '121' would exceed the maximum quota count '100' for forward-link owners.", fault.Forbidden, ""},
		"unknown":             {404, "Request_ResourceNotFound", "Resource '1' does not exist or one of its queried reference-property objects are not present.", fault.NotFound, ""},
		"parallel change":     {409, "Directory_ConcurrencyViolation", "x", fault.Conflict, ""},
		"resync":              {410, "resyncRequired", "x", fault.ExpiredCursor, ""},
		"throttled":           {429, "TooManyRequests", "Please retry again later.", fault.Throttled, ""},
		"throttled, old":      {503, "Request_ThrottledTemporarily", "x", fault.Throttled, ""},
		"its failure":         {500, "Service_InternalServerError", "x", fault.BadGateway, ""},
		"unavailable":         {503, "serviceNotAvailable", "x", fault.Unavailable, ""},
		"late":                {504, "", "", fault.Timeout, ""},
		"tea":                 {418, "x", "y", fault.BadGateway, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := refuse(&Response{Status: test.status, Body: jsontext.Value(refusal(test.code, test.message))}, 0)
			r, f := RefusalOf(err), fault.From(err)
			if f.Kind != test.kind || f.RequestID != "inner-1" || f.Detail == "" {
				t.Errorf("kind %v (want %v), request-id %q, detail %q", f.Kind, test.kind, f.RequestID, f.Detail)
			}
			if r.Status != test.status || r.Code != test.code || r.Message != test.message || r.Property != test.property {
				t.Errorf("refusal %+v, want property %q", r, test.property)
			}
			if strings.Contains(f.Public(), "121") || strings.Contains(f.Public(), "Not-A-Guid") {
				t.Errorf("Graph's message reached the client: %s", f.Public())
			}
		})
	}
}

func TestRefusalDetails(t *testing.T) {
	t.Parallel()
	body := `{"error":{"code":"Request_BadRequest","message":"One or more properties conflict.\nx","details":[{"code":"ObjectConflict","message":"m","target":"proxyAddresses"}]}}`
	res := &Response{Status: 400, Body: jsontext.Value(body), Header: http.Header{"Request-Id": {"h-1"}}, RequestID: "batch"}
	err := refuse(res, 0)
	r := RefusalOf(err)
	if !fault.Is(err, fault.Uniqueness) || r.Property != "proxyAddresses" || r.RequestID != "h-1" || strings.Contains(r.Error(), "\n") {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestPredicates(t *testing.T) {
	t.Parallel()
	refused := func(message string) error {
		return refuse(&Response{Status: 400, Body: jsontext.Value(refusal("Request_BadRequest", message))}, 0)
	}
	if !AlreadyLinked(refused("One or more added object references already exist for the following modified properties: 'members'.")) ||
		!NotLinked(refused("One or more removed object references do not exist for the following modified properties: 'members'.")) ||
		!NotReplicated(refused("The source resource object or one of the objects being referenced don't exist.")) {
		t.Error("a message was not recognised")
	}
	if other := refused("Another object with the same value for property x already exists."); AlreadyLinked(other) || NotLinked(other) || NotReplicated(other) {
		t.Error("a message was taken for another")
	}
	if AlreadyLinked(nil) || RefusalOf(fault.New(fault.NotFound, "x")) != nil {
		t.Error("a refusal was seen where there is none")
	}
}

// Every recorded refusal is understood: none falls through to a broken directory.
func TestRecordedRefusals(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../shared/graph/examples/*.json")
	if err != nil || len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("../shared/graph/examples is not there")
		}
		t.Skip("../shared/graph/examples is not there: the recorded refusals are not read")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var example struct {
			Response struct {
				Status int
				Body   jsontext.Value
			}
		}
		if err := json.Unmarshal(text, &example); err != nil || example.Response.Status < 400 {
			continue
		}
		if strings.Contains(filepath.Base(file), "token-") {
			continue // the login service's, which azidentity reads
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			err := refuse(&Response{Status: example.Response.Status, Body: example.Response.Body}, 0)
			if fault.Is(err, fault.Internal) || fault.Is(err, fault.BadGateway) || RefusalOf(err).Code == "" {
				t.Errorf("%v", err)
			}
		})
	}
}

// Law: whatever the body, a refusal keeps the status, is bounded, and its detail
// says nothing of the body.
func FuzzRefusal(f *testing.F) {
	f.Add(400, []byte(refusal("Request_BadRequest", "Invalid value specified for property 'x'")))
	f.Add(400, []byte(`{"error":{"details":[{"target":"a"},null]}}`))
	f.Add(500, []byte(`{"error":null}`))
	f.Add(502, []byte("<html>\x00"))
	f.Add(404, []byte(`{"error":{"innerError":{"request-id":5}}}`))
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		err := refuse(&Response{Status: code, Body: body}, 0)
		r := RefusalOf(err)
		if r == nil || r.Status != code || len(r.Message) > 600 || len(r.Code) > 600 || len(r.Property) > 600 {
			t.Fatalf("%+v", r)
		}
		details := map[string]bool{}
		for _, row := range translations {
			details[row.detail] = true
		}
		if !details[fault.From(err).Detail] {
			t.Fatalf("detail %q", fault.From(err).Detail)
		}
	})
}
