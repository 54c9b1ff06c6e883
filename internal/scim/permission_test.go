package scim

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

type callerKey struct{}

// limited is a server that has the user user-1. Its callers are what the header X-Caller
// says: "read", and the names of the types that they may reach.
func limited(t *testing.T) string {
	t.Helper()
	h := world(Options{Caller: func(r *http.Request) Caller {
		c, _ := r.Context().Value(callerKey{}).(Caller)
		return c
	}})
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := Caller{Me: "/Users/user-1"}
		for word := range strings.FieldsSeq(r.Header.Get("X-Caller")) {
			if word == "read" {
				c.ReadOnly = true
				continue
			}
			c.ResourceTypes = append(c.ResourceTypes, word)
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	}))
	if a := call(t, base, "POST", "/Users", adaBody); a.status != http.StatusCreated {
		t.Fatalf("POST: %d %s", a.status, a.text)
	}
	return base
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	const (
		list  = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`
		title = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Dr"}]}`
	)
	for request, want := range map[string]string{ // what read, User, Group, and User that reads get
		"GET /Users":                           "200 200 403 200",
		"HEAD /Users":                          "200 200 403 200",
		"GET /users/":                          "200 200 403 200",
		"GET /Users/user-1":                    "200 200 403 200",
		"GET /Users/nobody":                    "404 404 403 404",
		"GET /Groups":                          "200 403 200 403",
		"GET /Groups/nobody":                   "404 403 404 403",
		"POST /Users/.search " + list:          "200 200 403 200",
		"POST /Groups/.search " + list:         "200 403 200 403",
		"POST /.search " + list:                "200 200 200 200",
		"GET /":                                "200 200 200 200",
		"GET /Me":                              "200 200 403 200",
		"GET /me":                              "200 200 403 200",
		"PATCH /Me " + title:                   "403 204 403 403",
		"PATCH /Users/user-1 " + title:         "403 204 403 403",
		"PUT /Users/user-1 " + adaBody:         "403 200 403 403",
		"PUT /Users/nobody " + adaBody:         "403 404 403 403",
		"PUT /Me " + adaBody:                   "403 200 403 403",
		"POST /Groups {\"displayName\":\"x\"}": "403 403 201 403",
		"POST /Users {}":                       "403 400 403 403",
		"POST /Users/.searching " + list:       "403 405 403 403",
		"POST /Users/x/.search " + list:        "403 404 403 403",
		"DELETE /Groups/nobody":                "403 403 404 403",
		"DELETE /Badges/user-1":                "403 403 403 403",
		"GET /ResourceTypes":                   "200 200 200 200",
		"GET /ResourceTypes/Group":             "200 404 200 404",
		"GET /Schemas":                         "200 200 200 200",
		"GET /ServiceProviderConfig":           "200 200 200 200",
		"GET /Nothing":                         "404 404 404 404",
	} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			method, rest, _ := strings.Cut(request, " ")
			path, body, _ := strings.Cut(rest, " ")
			var got []string
			for _, caller := range []string{"read", "User", "Group", "read User"} {
				base := limited(t)
				a := call(t, base, method, path, body, "X-Caller", caller)
				got = append(got, fmt.Sprint(a.status))
				if a.status == 403 && method != "HEAD" && !strings.HasPrefix(fmt.Sprint(a.body["detail"]), "This client may") {
					t.Errorf("%s: %s", caller, a.text)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%v, want %s", got, want)
			}
		})
	}
}

// Each operation of a bulk request is one of the client.
func TestBulkPermissions(t *testing.T) {
	t.Parallel()
	message := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + post("a", "bob") + `,` +
		`{"method":"POST","bulkId":"g","path":"/groups","data":{"displayName":"x"}},{"method":"DELETE","path":"/Users/user-1"},{"method":"DELETE","path":"/Nothing/1"}]}`
	for caller, want := range map[string]string{
		"": "201 201 204 400", "read": "403 403 403 400", "User": "201 403 204 400", "Group": "403 201 403 400", "Badge": "403 403 403 400",
	} {
		base := limited(t)
		a := call(t, base, "POST", "/Bulk", message, "X-Caller", caller)
		var got []string
		operations, _ := a.body["Operations"].([]any)
		for _, o := range operations {
			got = append(got, fmt.Sprint(o.(map[string]any)["status"]))
		}
		if a.status != 200 || strings.Join(got, " ") != want {
			t.Errorf("%q: %d %v, want %s", caller, a.status, got, want)
		}
		users := call(t, base, "GET", "/Users", "").body["totalResults"]
		if strings.HasPrefix(want, "403") && users != 1.0 {
			t.Errorf("%q: it was done all the same", caller)
		}
	}
}

// A query over all types goes over those that the client may reach, and so do the
// discovery documents. A cursor does not outlive a change of them.
func TestRootPermissions(t *testing.T) {
	t.Parallel()
	base := limited(t)
	call(t, base, "POST", "/Groups", `{"displayName":"x"}`)
	for caller, want := range map[string]string{
		"": "[User Group Badge] 3", "User": "[User] 1", "Group": "[Group] 1", "Group User": "[User Group] 2", "read Badge": "[Badge] 1",
	} {
		var types []string
		list, _ := call(t, base, "GET", "/ResourceTypes", "", "X-Caller", caller).body["Resources"].([]any)
		for _, v := range list {
			types = append(types, fmt.Sprint(v.(map[string]any)["id"]))
		}
		for _, query := range []string{"/", "/?cursor=", "/?sortBy=id", "/?filter=id+pr"} {
			a := call(t, base, "GET", query, "", "X-Caller", caller)
			if got := fmt.Sprint(types, a.body["totalResults"]); got != strings.Replace(want, "] ", "]", 1) && got != want {
				t.Errorf("%q: %s: %s, want %s: %s", caller, query, got, want, a.text)
			}
		}
	}
	first := call(t, base, "GET", "/?cursor=&count=1", "", "X-Caller", "User Group")
	next := cursorOf(first, "nextCursor")
	if a := call(t, base, "GET", "/?count=1&cursor="+next, "", "X-Caller", "Group User"); a.status != 200 || next == "" {
		t.Errorf("the next page: %d %s", a.status, a.text)
	}
	if a := call(t, base, "GET", "/?count=1&cursor="+next, "", "X-Caller", "Group Badge"); a.status != 400 || a.body["scimType"] != "invalidCursor" {
		t.Errorf("of other types: %d %s", a.status, a.text)
	}
	if a := call(t, base, "GET", "/", "", "X-Caller", "Nothing"); a.status != 403 {
		t.Errorf("of no type: %d %s", a.status, a.text)
	}
}

// A Writer may refer to what its client may reach.
func TestReaches(t *testing.T) {
	t.Parallel()
	if !Reaches(t.Context(), "User") {
		t.Error("a client without limits may not refer to users")
	}
}
