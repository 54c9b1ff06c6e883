package entra_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/fault"
	"entrascim/internal/graphsim"
	"entrascim/internal/scim"
)

// Graph finds externalId regardless of case and SCIM does not: what Graph finds too
// much is not shown, and a change of case alone is written.
func TestExternalIDCase(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, externalID, nil)
	ids := g.addUsers(4)
	for i, value := range []string{"HR-1", "hr-1", "HR-2"} {
		g.patch("/Users/"+ids[i], http.StatusNoContent, object{"op": "add", "path": "externalId", "value": value})
	}
	g.asked()
	for filter, want := range map[string][]string{
		`externalId eq "HR-1"`:                      ids[:1],
		`externalId eq "hr-1"`:                      ids[1:2],
		`externalId eq "Hr-1"`:                      nil,
		`externalId sw "HR"`:                        {ids[0], ids[2]},
		`externalId co "r-"`:                        ids[1:2],
		`externalId pr`:                             ids[:3],
		`not (externalId pr)`:                       ids[3:],
		`externalId eq "HR-1" or externalId eq "x"`: ids[:1],
		`externalId gt "HR-1"`:                      {ids[1], ids[2]},
	} {
		if got := g.found("/Users", filter); !same(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
		g.wantAsked(filter, 1, 0)
	}
	g.patch("/Users/"+ids[2], http.StatusNoContent, object{"op": "replace", "path": "externalId", "value": "hr-2"})
	g.wantAsked("a change of case", 2, 1)
	g.patch("/Users/"+ids[2], http.StatusNoContent, object{"op": "replace", "path": "externalId", "value": "hr-2"})
	g.wantAsked("no change", 1, 0)
	if got := g.get("/Users/" + ids[2])["externalId"]; got != "hr-2" {
		t.Errorf("externalId %v", got)
	}
}

// What Entra cannot hold is refused by name, and Graph is not asked.
func TestExternalIDTooLong(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, externalID, nil)
	for _, endpoint := range []string{"/Users", "/Groups"} {
		long := newUser("long@contoso.com")
		long["externalId"] = strings.Repeat("é", 256)
		if got := g.do(http.MethodPost, endpoint, long, http.StatusCreated)["externalId"]; got != long["externalId"] {
			t.Errorf("%s: %v", endpoint, got)
		}
		g.asked()
		long["externalId"] = strings.Repeat("é", 257)
		answer := g.do(http.MethodPost, endpoint, long, http.StatusBadRequest)
		if detail, _ := answer["detail"].(string); answer["scimType"] != "invalidValue" || !strings.HasPrefix(detail, "externalId has at most 256 characters") {
			t.Errorf("%s: %v", endpoint, answer)
		}
		g.wantAsked("too long", 0, 0)
	}
}

func TestExternalIDSorts(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, externalID, nil)
	ids := g.addUsers(4)
	for i, value := range []string{"c", "a", "b"} {
		g.patch("/Users/"+ids[i], http.StatusNoContent, object{"op": "add", "path": "externalId", "value": value})
	}
	for query, want := range map[string][]string{
		"sortBy=externalId":                                                {ids[1], ids[2], ids[0], ids[3]},
		"sortBy=externalId&sortOrder=descending":                           {ids[3], ids[0], ids[2], ids[1]}, // RFC 7644 section 3.4.2.3: what has no value is last ascending, first descending
		"sortBy=externalId&count=1&startIndex=2":                           {ids[2]},
		"sortBy=externalId&filter=" + url.QueryEscape(`externalId lt "c"`): {ids[1], ids[2]},
	} {
		if got := idsOf(g.get("/Users?attributes=userName&" + query)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// A PUT of what was read writes nothing, and one of a user who is mastered
// on-premises can set externalId, which the cloud masters.
func TestExternalIDReplaced(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, externalID, nil)
	user := newUser("put@contoso.com")
	user["externalId"] = "HR-1"
	path := "/Users/" + g.do(http.MethodPost, "/Users", user, http.StatusCreated)["id"].(string)
	whole := g.get(path)
	g.asked()
	if got := g.do(http.MethodPut, path, whole, http.StatusOK); got["externalId"] != "HR-1" {
		t.Errorf("externalId %v", got["externalId"])
	}
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("a PUT of what was read is %d writes", writes)
	}
	synced := "/Users/" + g.add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true, "onPremisesSyncEnabled": true,
	})
	g.patch(synced, http.StatusNoContent, object{"op": "add", "path": "externalId", "value": "HR-2"})
	if got := g.get(synced)["externalId"]; got != "HR-2" {
		t.Errorf("externalId %v", got)
	}
}

// Where the property was not prepared, requests fail as what they are: a mistake of
// the operator's, not of the client's.
func TestExternalIDUnprepared(t *testing.T) {
	t.Parallel()
	var o entra.Options
	g := start(t, graphsim.Options{}, "", func(given *entra.Options) { o = *given })
	o.Tables = tables(t, externalID)
	g.directory = entra.New(o)
	front := httptest.NewServer(scim.NewHandler(g.directory.ResourceTypes(), scim.Options{}))
	t.Cleanup(front.Close)
	g.url = front.URL
	if err := g.directory.Ready(t.Context()); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "must be prepared first") {
		t.Errorf("ready: %v", err)
	}
	for name, status := range map[string]int{
		"GET /Users": http.StatusServiceUnavailable, "GET /Groups": http.StatusServiceUnavailable,
		"GET /Users?attributes=userName": http.StatusOK, "GET /Applications": http.StatusOK,
		"GET /Users?filter=externalId%20eq%20%22x%22&attributes=userName": http.StatusServiceUnavailable,
	} {
		method, path, _ := strings.Cut(name, " ")
		if got, answer := g.try(method, path, ""); got != status {
			t.Errorf("%s: %d %s", name, got, answer)
		}
	}
	user := newUser("ada@contoso.com")
	user["externalId"] = "HR-1"
	g.do(http.MethodPost, "/Users", user, http.StatusServiceUnavailable)
	if err := extend(g.sim); err != nil {
		t.Fatal(err)
	}
	g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	g.asked()
	for _, requests := range []int{2, 1} {
		if err := g.directory.Ready(t.Context()); err != nil {
			t.Errorf("not ready: %v", err)
		}
		g.wantAsked("ready", requests, 0)
	}
}
