package scim

import (
	"fmt"
	"strings"
	"testing"
)

// TestRefusals: every request that can not be served gets its status, its
// scimType and a SCIM error body.
func TestRefusals(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{MaxBody: 2000})
	big := `{"userName":"` + strings.Repeat("x", 3000) + `"}`
	user := func(fields string) string { return `{"userName":"x",` + fields + `}` }
	patch := func(op string) string { return `{"Operations":[` + op + `]}` }
	for name, c := range map[string]struct {
		request, body string
		status        int
		scimType      string
		detail        string // part of it
	}{
		"unknown route":            {"GET /Nothing", "", 404, "", ""},
		"below an id":              {"GET /Users/user-1/emails", "", 404, "", ""},
		"no such user":             {"GET /Users/nobody", "", 404, "", ""},
		"id with a slash":          {"GET /Users/..%2FGroups%2Fuser-1", "", 404, "", "../Groups/user-1"},
		"id with a query":          {"GET /Users/1%3F$expand=manager", "", 404, "", "1?$expand=manager"},
		"id encoded twice":         {"GET /Users/a%252Fb", "", 404, "", "a%2Fb"},
		"long id":                  {"GET /Users/" + strings.Repeat("x", 300), "", 404, "", ""},
		"control in id":            {"GET /Users/a%00b", "", 404, "", ""},
		"dots":                     {"GET /Users/../Groups", "", 404, "", ""},
		"delete collection":        {"DELETE /Users", "", 405, "", ""},
		"post to one":              {"POST /Users/user-1", `{}`, 405, "", ""},
		"write to read-only type":  {"POST /Badges", `{}`, 405, "", ""},
		"delete of read-only":      {"DELETE /Badges/user-1", "", 405, "", ""},
		"write to Schemas":         {"POST /Schemas", `{}`, 405, "", ""},
		"bulk":                     {"POST /Bulk", `{"schemas":["` + bulkSchema + `"]}`, 400, "invalidSyntax", "Operations"},
		"bulk without schemas":     {"POST /Bulk", `{"Operations":[]}`, 400, "invalidSyntax", "schemas"},
		"bulk failOnErrors":        {"POST /Bulk", `{"schemas":["` + bulkSchema + `"],"failOnErrors":0,"Operations":[]}`, 400, "invalidValue", "failOnErrors"},
		"bulk schemas":             {"POST /Bulk", `{"schemas":["urn:x"],"Operations":[]}`, 400, "invalidSyntax", "BulkRequest"},
		"bulk operation":           {"POST /Bulk", `{"schemas":["` + bulkSchema + `"],"Operations":[5]}`, 400, "invalidSyntax", "Operations"},
		"bulk id twice":            {"POST /Bulk", `{"schemas":["` + bulkSchema + `"],"Operations":[{"method":"POST","path":"/Users","bulkId":"a"},{"method":"POST","path":"/Users","bulkId":"a"}]}`, 400, "invalidValue", "bulkId"},
		"bulk by GET":              {"GET /Bulk", "", 405, "", "GET"},
		"cursor and index":         {"GET /Users?cursor=&startIndex=2", "", 400, "invalidValue", "startIndex"},
		"count with cursor":        {"GET /Users?cursor&count=x", "", 400, "invalidCount", "count"},
		"me":                       {"GET /Me", "", 501, "", ""},
		"search schemas":           {"POST /.search", `{"schemas":["urn:x"]}`, 400, "invalidSyntax", "SearchRequest"},
		"search filter":            {"POST /Users/.search", `{"filter":5}`, 400, "invalidValue", "filter"},
		"search count":             {"POST /Users/.search", `{"count":1.5}`, 400, "invalidValue", "count"},
		"search attributes":        {"POST /Users/.search", `{"attributes":[5]}`, 400, "invalidValue", "attributes"},
		"search both projections":  {"POST /.search", `{"attributes":["id"],"excludedAttributes":["name"]}`, 400, "invalidValue", "excludedAttributes"},
		"search cursor":            {"POST /.search", `{"cursor":"abc"}`, 400, "invalidCursor", ""},
		"filtered schemas":         {"GET /Schemas?filter=id+eq+%22x%22", "", 403, "", ""},
		"filtered types":           {"GET /ResourceTypes?filter=id+pr", "", 403, "", ""},
		"no such schema":           {"GET /Schemas/urn:x", "", 404, "", ""},
		"too large":                {"POST /Users", big, 413, "", "2000"},
		"empty body":               {"POST /Users", " ", 400, "invalidSyntax", "empty"},
		"broken JSON":              {"POST /Users", `{"userName":`, 400, "invalidSyntax", ""},
		"two objects":              {"POST /Users", `{"userName":"a"}{}`, 400, "invalidSyntax", ""},
		"not an object":            {"POST /Users", `[]`, 400, "invalidSyntax", ""},
		"same name twice":          {"POST /Users", `{"userName":"a","userName":"b"}`, 400, "invalidSyntax", "twice"},
		"same name in other case":  {"POST /Users", `{"userName":"a","USERNAME":"b"}`, 400, "invalidSyntax", "twice"},
		"deep":                     {"POST /Users", user(`"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200)), 400, "invalidSyntax", "deep"},
		"huge number":              {"POST /Users", user(`"x":1e999`), 400, "invalidSyntax", "range"},
		"not UTF-8":                {"POST /Users", "{\"userName\":\"\xff\"}", 400, "invalidSyntax", ""},
		"wrong schemas":            {"POST /Users", user(`"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]`), 400, "invalidSyntax", "schemas"},
		"schemas no list":          {"POST /Users", user(`"schemas":7`), 400, "invalidSyntax", "schemas"},
		"required":                 {"POST /Users", `{"displayName":"x"}`, 400, "invalidValue", "userName"},
		"required is empty":        {"POST /Users", `{"userName":""}`, 400, "invalidValue", "userName"},
		"boolean":                  {"POST /Users", user(`"active":"maybe"`), 400, "invalidValue", "active"},
		"string":                   {"POST /Users", user(`"title":5`), 400, "invalidValue", "title"},
		"sub-attribute":            {"POST /Users", user(`"name":{"givenName":true}`), 400, "invalidValue", "name.givenName"},
		"complex":                  {"POST /Users", user(`"name":"Ada"`), 400, "invalidValue", "name"},
		"value of a list":          {"POST /Users", user(`"emails":["a@example.com"]`), 400, "invalidValue", "emails"},
		"null in a list":           {"POST /Users", user(`"emails":[null]`), 400, "invalidValue", "emails"},
		"two primaries":            {"POST /Users", user(`"emails":[{"value":"a","primary":true},{"value":"b","primary":"TRUE"}]`), 400, "invalidValue", "primary"},
		"several values":           {"POST /Users", user(`"title":["a","b"]`), 400, "invalidValue", "title"},
		"extension no object":      {"POST /Users", user(`"` + enterprise + `":"x"`), 400, "invalidSyntax", enterprise},
		"taken":                    {"POST /Users", `{"userName":"ADA"}`, 409, "uniqueness", "userName"},
		"both projections":         {"GET /Users?attributes=id&excludedAttributes=name", "", 400, "invalidValue", ""},
		"startIndex":               {"GET /Users?startIndex=one", "", 400, "invalidValue", "startIndex"},
		"count":                    {"GET /Users?count=1.5", "", 400, "invalidValue", "count"},
		"cursor":                   {"GET /Users?cursor=abc", "", 400, "invalidCursor", ""},
		"query string":             {"GET /Users?filter=%zz", "", 400, "invalidSyntax", ""},
		"empty filter":             {"GET /Users?filter=", "", 400, "invalidFilter", ""},
		"filter attribute":         {"GET /Users?filter=shoe!+eq+5", "", 400, "invalidFilter", "shoe!"},
		"filter sub-attribute":     {"GET /Users?filter=name.shoe.lace+pr", "", 400, "invalidFilter", "name.shoe.lace"},
		"filter in value path":     {"GET /Users?filter=emails[shoe+prr]", "", 400, "invalidFilter", "prr"},
		"filter with odd literal":  {"GET /Users?filter=shoeSize+eq+True", "", 400, "invalidFilter", "True"},
		"filter below password":    {"GET /Users?filter=name.shoe+pr+or+password+pr", "", 400, "invalidFilter", "password"},
		"filter on boolean":        {"GET /Users?filter=active+gt+true", "", 400, "invalidFilter", "active"},
		"filter with wrong type":   {"GET /Users?filter=userName+eq+5", "", 400, "invalidFilter", "userName"},
		"filter with date":         {"GET /Users?filter=meta.created+gt+%22yesterday%22", "", 400, "invalidFilter", "meta.created"},
		"filter on password":       {"GET /Users?filter=password+eq+%22x%22", "", 400, "invalidFilter", "password"},
		"filter too long":          {"GET /Users?filter=userName+eq+%22" + strings.Repeat("x", 20000) + "%22", "", 400, "invalidFilter", "longer"},
		"filter too deep":          {"GET /Users?filter=" + strings.Repeat("(", 5000) + "id+pr" + strings.Repeat(")", 5000), "", 400, "invalidFilter", "deep"},
		"patch without operations": {"PATCH /Users/user-1", `{}`, 400, "invalidSyntax", "Operations"},
		"patch with other schemas": {"PATCH /Users/user-1", `{"schemas":["urn:x"],"Operations":[{"op":"remove","path":"title"}]}`, 400, "invalidSyntax", ""},
		"patch op":                 {"PATCH /Users/user-1", patch(`{"op":"move","path":"title","value":"x"}`), 400, "invalidSyntax", "op"},
		"patch path":               {"PATCH /Users/user-1", patch(`{"op":"add","path":"emails[type eq","value":"x"}`), 400, "invalidPath", ""},
		"patch path in the middle": {"PATCH /Users/user-1", patch(`{"op":"add","path":"emails.value[type eq \"work\"]","value":"x"}`), 400, "invalidPath", ""},
		"patch filter on simple":   {"PATCH /Users/user-1", patch(`{"op":"add","path":"title[type eq \"work\"]","value":"x"}`), 400, "invalidPath", ""},
		"patch read-only":          {"PATCH /Users/user-1", patch(`{"op":"replace","path":"meta.created","value":"x"}`), 400, "mutability", "meta.created"},
		"patch required away":      {"PATCH /Users/user-1", patch(`{"op":"replace","path":"userName","value":null}`), 400, "mutability", "userName"},
		"patch no target":          {"PATCH /Users/user-1", patch(`{"op":"replace","path":"emails[type eq \"other\"].value","value":"x"}`), 400, "noTarget", "emails"},
		"patch of nobody":          {"PATCH /Users/nobody", patch(`{"op":"remove","path":"title"}`), 404, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(c.request, " ")
			a := call(t, base, method, path, c.body)
			scimType, _ := a.body["scimType"].(string)
			detail, _ := a.body["detail"].(string)
			if a.status != c.status || scimType != c.scimType || !strings.Contains(detail, c.detail) || detail == "" {
				t.Errorf("got %d %s", a.status, a.text)
			}
			if a.body["status"] != fmt.Sprint(c.status) || fmt.Sprint(a.body["schemas"]) != "["+errorSchema+"]" {
				t.Errorf("not a SCIM error: %s", a.text)
			}
			if got := a.header.Get("Content-Type"); got != "application/scim+json" {
				t.Errorf("Content-Type %q", got)
			}
		})
	}
}
