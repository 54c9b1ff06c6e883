package entra_test

import (
	"fmt"
	"testing"

	"entrascim/internal/graphsim"
)

// bulk does the operations in one request, wants all of them to end with the status,
// and gives the ids of the resources.
func (g *gateway) bulk(want string, operation func(i int) (method, path string, data any)) []string {
	g.t.Helper()
	operations := make([]object, 20)
	for i := range operations {
		method, path, data := operation(i)
		operations[i] = object{"method": method, "path": path, "data": data}
		if method == "POST" {
			operations[i]["bulkId"] = fmt.Sprint(i)
		}
	}
	answer := g.do("POST", "/Bulk", object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": operations}, 200)
	results := answer["Operations"].([]any)
	ids := make([]string, len(results))
	for i, r := range results {
		if at(r, "status") != want {
			g.t.Fatalf("operation %d: %v", i, r)
		}
		location, _ := at(r, "location").(string)
		ids[i] = location[len(location)-36:]
	}
	return ids
}

// What the life of 20 users costs when bulk requests do it: HTTP requests to Graph, and
// the writes in them.
func TestBulkCalls(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	boss := g.addUsers(1)[0]
	doc := func(i int, managed bool) object {
		d := object{"userName": fmt.Sprintf("u%d.%v@contoso.com", i, managed), "displayName": fmt.Sprint("User ", i)}
		if managed {
			d[enterprise] = object{"manager": object{"value": boss}}
		}
		return d
	}
	patch := func(operations ...object) object { return object{"Operations": operations} }
	g.asked()
	users := g.bulk("201", func(i int) (string, string, any) { return "POST", "/Users", doc(i, false) })
	g.wantAsked("20 users made", 1, 20)
	g.bulk("201", func(i int) (string, string, any) { return "POST", "/Users", doc(i, true) })
	g.wantAsked("20 users made with a manager", 3, 40)
	path := func(i int) string { return "/Users/" + users[i] }
	g.bulk("204", func(i int) (string, string, any) {
		return "PATCH", path(i), patch(object{"op": "replace", "path": "title", "value": fmt.Sprint("T", i)})
	})
	g.wantAsked("20 titles", 2, 20)
	g.bulk("204", func(i int) (string, string, any) {
		return "PATCH", path(i), patch(object{"op": "replace", "path": "title", "value": fmt.Sprint("N", i)},
			object{"op": "add", "path": enterprise + ":manager", "value": object{"value": boss}})
	})
	g.wantAsked("20 titles and managers", 4, 40)
	g.bulk("200", func(i int) (string, string, any) { return "PUT", path(i), doc(i, false) })
	g.wantAsked("20 users replaced", 4, 40) // the versions tell of applications
	g.bulk("204", func(i int) (string, string, any) { return "DELETE", path(i), nil })
	g.wantAsked("20 users deleted", 1, 20)
}
