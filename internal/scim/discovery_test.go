package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestServiceProviderConfig(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{MaxPage: 500, DocumentationURI: "https://docs.example"}))
	a := call(t, base, "GET", "/ServiceProviderConfig", "")
	for path, want := range map[string]any{
		"patch.supported": true, "bulk.supported": true, "bulk.maxOperations": 1000.0, "bulk.maxPayloadSize": float64(8 << 20),
		"filter.supported": true, "filter.maxResults": 500.0, "changePassword.supported": true,
		"sort.supported": false, "etag.supported": true, "documentationUri": "https://docs.example",
		"pagination.cursor": true, "pagination.cursorTimeout": 3600.0, "pagination.index": true, "pagination.defaultPaginationMethod": "index",
		"pagination.defaultPageSize": 100.0, "pagination.maxPageSize": 500.0,
		"meta.resourceType": "ServiceProviderConfig", "meta.location": "https://scim.example/scim/v2/ServiceProviderConfig",
	} {
		if got := dig(a.body, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	schemes, _ := a.body["authenticationSchemes"].([]any)
	if len(schemes) != 1 || dig(schemes[0], "type") != "oauthbearertoken" || dig(schemes[0], "primary") != true {
		t.Errorf("authenticationSchemes: %v", schemes)
	}
}

// dig follows a dotted path.
func dig(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func TestDiscoveryLists(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	for path, want := range map[string]string{
		"/ResourceTypes": "User Group Badge",
		"/Schemas": "urn:ietf:params:scim:schemas:core:2.0:User " + enterprise +
			" urn:ietf:params:scim:schemas:core:2.0:Group urn:ietf:params:scim:schemas:core:2.0:Badge",
		"/Schemas?startIndex=9&count=0": "urn:ietf:params:scim:schemas:core:2.0:User " + enterprise +
			" urn:ietf:params:scim:schemas:core:2.0:Group urn:ietf:params:scim:schemas:core:2.0:Badge",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			a := call(t, base, "GET", path, "")
			list, _ := a.body["Resources"].([]any)
			var ids []string
			for _, item := range list {
				id := fmt.Sprint(dig(item, "id"))
				ids = append(ids, id)
				location, _ := dig(item, "meta.location").(string)
				one := call(t, base, "GET", strings.TrimPrefix(location, "https://scim.example/scim/v2"), "")
				if one.status != http.StatusOK || one.body["id"] != id {
					t.Errorf("%s: %d %s", location, one.status, one.text)
				}
			}
			if strings.Join(ids, " ") != want || a.body["totalResults"] != float64(len(list)) {
				t.Errorf("got %v, total %v", ids, a.body["totalResults"])
			}
		})
	}
}

func TestResourceType(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	a := call(t, base, "GET", "/ResourceTypes/User", "")
	want := map[string]any{
		"schemas": []any{resourceTypeSchema}, "id": "User", "name": "User", "endpoint": "/Users", "description": "",
		"schema": "urn:ietf:params:scim:schemas:core:2.0:User", "schemaExtensions": []any{map[string]any{"schema": enterprise, "required": false}},
		"meta": map[string]any{"resourceType": "ResourceType", "location": "https://scim.example/scim/v2/ResourceTypes/User"},
	}
	if got, wanted := fmt.Sprint(a.body), fmt.Sprint(want); got != wanted {
		t.Errorf("got  %s\nwant %s", got, wanted)
	}
}

// TestSchemaCharacteristics: the schema of an attribute says what the RFC wants
// said (RFC 7643 section 7).
func TestSchemaCharacteristics(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	a := call(t, base, "GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "")
	list, _ := a.body["attributes"].([]any)
	i := slices.IndexFunc(list, func(v any) bool { return dig(v, "name") == "userName" })
	if i < 0 {
		t.Fatal("no userName")
	}
	for path, want := range map[string]any{
		"type": "string", "multiValued": false, "required": true, "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "server",
	} {
		if got := dig(list[i], path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

// TestRFCExamples: the example bodies of the RFCs are accepted as they are
// printed, and what is sent back has what was sent.
func TestRFCExamples(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{}))
	for file, endpoint := range map[string]string{
		"rfc7643-001": "/Users", "rfc7643-002": "/Users", "rfc7643-003": "/Users", "rfc7643-004": "/Groups",
		"rfc7644-001": "/Users", "rfc7644-006": "/Users", "rfc7644-031": "/Users",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			var sent map[string]any
			sharedJSON(t, "scim/rfc-examples/"+file+".json", &sent)
			if name, ok := sent["userName"]; ok { // several examples are of one user
				sent["userName"] = fmt.Sprint(name, "-", file)
			}
			text, err := json.Marshal(sent)
			if err != nil {
				t.Fatal(err)
			}
			a := call(t, base, "POST", endpoint, string(text))
			if a.status != http.StatusCreated {
				t.Fatalf("got %d %s", a.status, a.text)
			}
			for _, name := range []string{"userName", "externalId", "nickName", "displayName", "title", "addresses", "phoneNumbers", "ims", enterprise} {
				if sent[name] != nil && name != enterprise && !same(sent[name], a.body[name]) {
					t.Errorf("%s: got %v, sent %v", name, a.body[name], sent[name])
				}
			}
		})
	}
}

func TestRFCPatchExamples(t *testing.T) {
	t.Parallel()
	for file, rt := range map[string]*ResourceType{
		"rfc7644-008": groupType(), "rfc7644-010": groupType(), "rfc7644-011": groupType(), "rfc7644-012": userType(),
		"rfc7644-013": groupType(), "rfc7644-014": groupType(), "rfc7644-015": groupType(), "rfc7644-016": userType(), "rfc7644-017": userType(),
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body, err := parseBody(shared(t, "scim/rfc-examples/"+file+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rt.index.parsePatch(body, RFC, false); err != nil {
				t.Error(err)
			}
		})
	}
}
