package scim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// bulkOf sends the operations and gives what became of them.
func bulkOf(t *testing.T, base, message string) []result {
	t.Helper()
	if !strings.Contains(message, `"schemas":["`+bulkSchema) {
		message = `{"schemas":["` + bulkSchema + `"],` + message[1:]
	}
	a := call(t, base, "POST", "/Bulk", message)
	var body struct {
		Schemas    []string
		Operations []result
	}
	if err := json.Unmarshal([]byte(a.text), &body); err != nil || a.status != http.StatusOK || !slices.Equal(body.Schemas, []string{bulkResponse}) {
		t.Fatalf("%d %v: %s", a.status, err, a.text)
	}
	return body.Operations
}

func statuses(results []result) string {
	var all []string
	for _, r := range results {
		all = append(all, r.Status)
	}
	return strings.Join(all, " ")
}

// together runs operations as a directory that joins them does.
func together(ctx context.Context, n int, do func(context.Context, int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(ctx, i) })
	}
	all.Wait()
}

// References work in any order, in data, in paths and in the filters of PATCH.
func TestBulkReferences(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{Together: together}))
	results := bulkOf(t, base, `{"schemas":["`+bulkSchema+`"],"Operations":[
		{"method":"POST","path":"/Groups","bulkId":"team","data":{"displayName":"Team","members":[{"value":"bulkId:ada"},{"value":"bulkId:adam"}]}},
		{"method":"PATCH","path":"/Groups/bulkId:team","data":{"Operations":[{"op":"remove","path":"members[value eq \"bulkId:ada\"]"}]}},
		{"method":"post","path":"/Users","bulkId":"ada","data":{"userName":"ada"}},
		{"method":"POST","path":"/Users","bulkId":"adam","data":{"userName":"adam","manager":"x",
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bulkId:ada"}}}}]}`)
	if got := statuses(results); got != "201 204 201 201" {
		t.Fatalf("statuses %s: %+v", got, results)
	}
	for i, want := range []result{{Method: "POST", BulkID: "team"}, {Method: "PATCH"}, {Method: "POST", BulkID: "ada"}, {Method: "POST", BulkID: "adam"}} {
		if r := results[i]; r.Method != want.Method || r.BulkID != want.BulkID || !strings.HasPrefix(r.Location, "https://scim.example/scim/v2/") || (r.Version == "") != (r.Status == "204") {
			t.Errorf("operation %d: %+v", i, r)
		}
	}
	group := call(t, base, "GET", "/Groups/group-1", "")
	adam := strings.TrimPrefix(results[3].Location, "https://scim.example/scim/v2/Users/")
	if members := fmt.Sprint(group.body["members"]); members != "[map[value:"+adam+"]]" {
		t.Errorf("members %s", members)
	}
	user := call(t, base, "GET", "/Users/"+adam, "")
	ada := strings.TrimPrefix(results[2].Location, "https://scim.example/scim/v2/Users/")
	if manager, _ := user.body[enterprise].(map[string]any); dig(manager, "manager.value") != ada {
		t.Errorf("manager %v", manager)
	}
}

// Every operation has its own outcome; operations on one resource come in order.
func TestBulkOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ message, want, scimTypes string }{
		"nothing":           {`{"Operations":[]}`, "", ""},
		"each its own":      {`{"Operations":[` + post("a", "ada") + `,` + post("b", "user-0") + `,` + post("c", "bob") + `]}`, "201 409 201", " uniqueness "},
		"in order":          {`{"Operations":[{"method":"PATCH","path":"/Users/user-1","data":` + patchBody(`{"op":"remove","path":"title"}`) + `},{"method":"DELETE","path":"/Users/user-1"},{"method":"DELETE","path":"/users/user-1"}]}`, "204 204 404", "  "},
		"mentioned":         {`{"Operations":[{"method":"PATCH","path":"/Groups/group-1","data":` + patchBody(`{"op":"remove","path":"members","value":[{"value":"user-1"}]}`) + `},{"method":"DELETE","path":"/Users/user-1"}]}`, "204 204", " "},
		"circle":            {`{"Operations":[` + postGroup("a", "b") + `,` + postGroup("b", "a") + `,` + post("c", "carl") + `]}`, "409 409 201", "  "},
		"to itself":         {`{"Operations":[` + postGroup("a", "a") + `]}`, "409", ""},
		"behind a circle":   {`{"Operations":[` + postGroup("a", "a") + `,` + postGroup("b", "a") + `]}`, "409 400", " invalidValue"},
		"to nobody":         {`{"Operations":[` + postGroup("a", "b") + `]}`, "400", "invalidValue"},
		"to a failure":      {`{"Operations":[` + post("a", "user-0") + `,` + postGroup("g", "a") + `]}`, "409 400", "uniqueness invalidValue"},
		"version":           {`{"Operations":[{"method":"DELETE","path":"/Users/user-1","version":"W/\"old\""}]}`, "412", ""},
		"errors: one":       {`{"failOnErrors":1,"Operations":[` + post("a", "ada") + `,` + post("b", "user-0") + `,` + post("c", "carl") + `]}`, "201 409", " uniqueness"},
		"errors: two":       {`{"failOnErrors":2,"Operations":[` + post("a", "user-0") + `,` + post("b", "bob") + `,` + post("c", "user-0") + `,` + post("d", "dan") + `]}`, "409 201 409", "uniqueness  uniqueness"},
		"errors: enough":    {`{"failOnErrors":3,"Operations":[` + post("a", "user-0") + `,` + post("b", "bob") + `]}`, "409 201", "uniqueness "},
		"method":            {`{"Operations":[{"method":"GET","path":"/Users/user-1"}]}`, "400", "invalidSyntax"},
		"path":              {`{"Operations":[{"method":"DELETE","path":"/Nothing/1"},{"method":"DELETE","path":"Users/user-1"},{"method":"DELETE","path":"/Users/user-1/x"},{"method":"DELETE","path":"/Users"},{"method":"POST","path":"/Users/user-1","bulkId":"x","data":{}},{"method":"POST","path":"/Bulk","bulkId":"y","data":{}}]}`, "400 400 400 400 400 400", "invalidPath invalidPath invalidPath invalidPath invalidPath invalidPath"},
		"query":             {`{"Operations":[{"method":"DELETE","path":"/Users/user-1?x=y"}]}`, "400", "invalidPath"},
		"no bulkId":         {`{"Operations":[{"method":"POST","path":"/Users","data":{"userName":"x"}}]}`, "400", "invalidSyntax"},
		"no data":           {`{"Operations":[{"method":"POST","path":"/Users","bulkId":"a"},{"method":"PATCH","path":"/Users/user-1","data":[]}]}`, "400 400", "invalidSyntax invalidSyntax"},
		"data of no user":   {`{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":5}}]}`, "400", "invalidValue"},
		"read only type":    {`{"Operations":[{"method":"DELETE","path":"/Badges/user-1"}]}`, "405", ""},
		"any case of names": {`{"operations":[{"Method":"delete","Path":"/Users/user-1"}]}`, "204", ""},
	} {
		for how, o := range map[string]Options{"one by one": {}, "together": {Together: together}} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				base := serve(t, world(o))
				call(t, base, "POST", "/Users", `{"userName":"user-0","title":"x"}`)
				call(t, base, "POST", "/Groups", `{"displayName":"group-0","members":[{"value":"user-1"}]}`)
				results := bulkOf(t, base, c.message)
				var types []string
				for _, r := range results {
					var body struct{ ScimType string }
					_ = json.Unmarshal(r.Response, &body)
					types = append(types, body.ScimType)
				}
				if statuses(results) != c.want || strings.Join(types, " ") != c.scimTypes {
					t.Errorf("statuses %s, scimTypes %q: %s", statuses(results), types, results)
				}
			})
		}
	}
}

func post(bulkID, name string) string {
	return fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":%q,"data":{"userName":%q}}`, bulkID, name)
}

func postGroup(bulkID, member string) string {
	return fmt.Sprintf(`{"method":"POST","path":"/Groups","bulkId":%q,"data":{"displayName":"g","members":[{"value":"bulkId:%s"}]}}`, bulkID, member)
}

// Where an operation is about a resource its result says which, as a URL.
func TestBulkLocations(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{})
	results := bulkOf(t, base, `{"Operations":[
		{"method":"DELETE","path":"/Users/user-1"},{"method":"DELETE","path":"/Users/nobody"},{"method":"PUT","path":"/Users/x y"},
		{"method":"PUT","path":"/\u05d0 $/\u00d7"},{"method":"POST","path":"/Users","bulkId":"a","data":{}}]}`)
	const users = "https://scim.example/scim/v2/Users/"
	for i, want := range []string{users + "user-1", users + "nobody", users + "x%20y", "", ""} {
		if results[i].Location != want {
			t.Errorf("operation %d: %q, want %q", i, results[i].Location, want)
		}
	}
}

// The limits that are announced are those in force.
func TestBulkLimits(t *testing.T) {
	t.Parallel()
	base := serve(t, world(Options{MaxOperations: 2, MaxBody: 2000}))
	for name, message := range map[string]string{
		"operations": `{"Operations":[` + post("a", "a") + `,` + post("b", "b") + `,` + post("c", "c") + `]}`,
		"payload":    `{"Operations":[` + post("a", strings.Repeat("a", 2000)) + `]}`,
	} {
		if a := call(t, base, "POST", "/Bulk", `{"schemas":["`+bulkSchema+`"],`+message[1:]); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if a := call(t, base, "GET", "/Users?count=0", ""); a.body["totalResults"] != 0.0 {
		t.Errorf("something was done: %s", a.text)
	}
}

// /Me is the resource that the caller is configured to be.
func TestMe(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{Caller: func(*http.Request) Caller { return Caller{Me: "/Users/user-1"} }})
	a := call(t, base, "GET", "/me?attributes=userName", "")
	if a.status != http.StatusOK || a.body["userName"] != "ada" || a.header.Get("Location") != "https://scim.example/scim/v2/Users/user-1" {
		t.Errorf("GET: %d %v %s", a.status, a.header, a.text)
	}
	if a := call(t, base, "PATCH", "/Me", patchBody(`{"op":"replace","path":"title","value":"Dr"}`)); a.status != http.StatusNoContent {
		t.Errorf("PATCH: %d %s", a.status, a.text)
	}
	if a := call(t, base, "POST", "/Me", adaBody); a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d %s", a.status, a.text)
	}
	if a := call(t, base, "DELETE", "/Me", ""); a.status != http.StatusNoContent {
		t.Errorf("DELETE: %d %s", a.status, a.text)
	}
}
