package app

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// statuses are all that a client may be answered while the directory works.
var statuses = []int{
	http.StatusOK, http.StatusCreated, http.StatusNoContent, http.StatusNotModified, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
	http.StatusMethodNotAllowed, http.StatusConflict, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusNotImplemented,
}

// routes are the Graph requests that the gateway is made of; {id} is a GUID, {name} a
// userPrincipalName or a GUID.
var routes = []string{
	"GET organization",
	"GET users", "POST users", "GET users/$count", "GET users/{name}", "PATCH users/{id}", "DELETE users/{id}",
	"GET users/{id}/memberOf", "GET users/{id}/memberOf/microsoft.graph.group", "GET users/{id}/memberOf/microsoft.graph.group/$count",
	"GET users/{id}/directReports/microsoft.graph.user", "GET users/{id}/directReports/microsoft.graph.user/$count",
	"GET users/{id}/appRoleAssignments", "GET users/{id}/manager", "PUT users/{id}/manager/$ref", "DELETE users/{id}/manager/$ref",
	"GET users/{id}/sponsors", "POST users/{id}/assignLicense", "POST invitations",
	"GET groups", "POST groups", "GET groups/$count", "GET groups/{id}", "PATCH groups/{id}", "DELETE groups/{id}",
	"GET groups/{id}/members", "POST groups/{id}/members/$ref", "DELETE groups/{id}/members/{id}/$ref",
	"GET groups/{id}/members/microsoft.graph.user", "GET groups/{id}/members/microsoft.graph.user/$count",
	"GET groups/{id}/memberOf", "GET groups/{id}/memberOf/microsoft.graph.group", "GET groups/{id}/memberOf/microsoft.graph.group/$count",
	"GET groups/{id}/appRoleAssignments",
	"GET groups/{id}/owners", "POST groups/{id}/owners/$ref", "DELETE groups/{id}/owners/{id}/$ref",
	"GET users/{id}/ownedObjects/microsoft.graph.group", "GET users/{id}/ownedObjects/microsoft.graph.group/$count",
	"GET servicePrincipals/{id}/ownedObjects/microsoft.graph.group", "GET servicePrincipals/{id}/ownedObjects/microsoft.graph.group/$count",
	"GET servicePrincipals/{id}/memberOf/microsoft.graph.group", "GET servicePrincipals/{id}/memberOf/microsoft.graph.group/$count",
	"GET servicePrincipals(appId='{id}')/appRoleAssignedTo",
	"GET applications", "GET applications/$count", "GET applications/{id}",
	"GET servicePrincipals", "GET servicePrincipals/$count", "GET servicePrincipals/{id}",
	"GET subscribedSkus", "GET subscribedSkus/{plain}", "GET roleManagement/directory/roleDefinitions", "GET roleManagement/directory/roleDefinitions/{id}",
	"GET roleManagement/directory/roleAssignments", "POST roleManagement/directory/roleAssignments", "DELETE roleManagement/directory/roleAssignments/{plain}",
	"GET roleManagement/directory/roleEligibilitySchedules", "POST roleManagement/directory/roleEligibilityScheduleRequests",
	"GET roleManagement/directory/roleAssignmentSchedules", "POST roleManagement/directory/roleAssignmentScheduleRequests",
	"POST users/{id}/appRoleAssignments", "DELETE users/{id}/appRoleAssignments/{plain}", "GET servicePrincipals(appId='{id}')",
	"POST groups/{id}/appRoleAssignments", "DELETE groups/{id}/appRoleAssignments/{plain}",
	"GET directory/deletedItems/microsoft.graph.user", "GET directory/deletedItems/microsoft.graph.user/$count",
	"GET directory/deletedItems/microsoft.graph.group", "GET directory/deletedItems/microsoft.graph.group/$count",
	"GET directory/deletedItems/{id}", "POST directory/deletedItems/{id}/restore", "DELETE directory/deletedItems/{id}",
	"POST directoryObjects/getByIds", "POST $batch",
}

var anID = regexp.MustCompile("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")

// aPlainID is an id that is no GUID.
var aPlainID = regexp.MustCompile("^[0-9A-Za-z_-]{1,200}$")

// onRoute tells whether a method and an escaped path are one of a route.
func onRoute(request, pattern string) bool {
	got, want := strings.Split(request, "/"), strings.Split(pattern, "/")
	return slices.EqualFunc(got, want, func(segment, of string) bool {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return false
		}
		before, after, variable := strings.Cut(of, "{id}")
		switch {
		case variable:
			id := strings.TrimSuffix(strings.TrimPrefix(plain, before), after)
			return anID.MatchString(id) && plain == before+id+after
		case of == "{name}":
			return anID.MatchString(plain) || strings.Contains(plain, "@")
		case of == "{plain}":
			return aPlainID.MatchString(plain)
		}
		return plain == of
	})
}

// FuzzRequest: whatever comes over the wire is answered with a known status and a
// SCIM body, tells no secret, and asks Graph for nothing but what the gateway is made
// of. Without a shape the text is the request; with one it is a text in a request that
// the shape describes.
func FuzzRequest(f *testing.F) {
	for _, raw := range []string{
		"GET /scim/v2/Users?filter=userName%20eq%20%22ada%22 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secretToken + "\r\n\r\n",
		"GET /scim/v2/Users/%2e%2e%2fgroups HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secretToken + "\r\n\r\n",
		"POST /scim/v2/Users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secretToken + "\r\nContent-Length: 20\r\n\r\n{\"userName\":\"noboby\"}",
		"PATCH /scim/v2/Users/" + adaID + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secretToken + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://graph.microsoft.com/v1.0/users HTTP/1.1\r\nHost: graph.microsoft.com\r\n\r\n", "GET /healthz HTTP/1.0\r\n\r\n",
	} {
		f.Add([]byte{}, raw)
	}
	chance := rand.New(rand.NewPCG(3, 4))
	for i := range 400 {
		shape := make([]byte, 120)
		for j := range shape {
			shape[j] = byte(chance.UintN(256))
		}
		f.Add(shape, []string{"x", "O'Brien", "é", "a/b", `"`, "\x00", "%2e", "bulkId:b0"}[i%8])
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, shape []byte, text string) {
		if len(text) > 1<<16 {
			return
		}
		if len(shape) > 0 {
			text = (&grower{bytes: shape, literal: text}).written()
		}
		w.law(t, text, len(shape) > 0)
	})
}

// law sends a request and holds the answer, the log and what was asked of Graph
// against what may be.
func (w *world) law(t *testing.T, text string, grown bool) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil { // net/http answers it
		return
	}
	r = r.WithContext(t.Context())
	r.RemoteAddr = "192.0.2.1:1234"
	w.forget()
	answer := httptest.NewRecorder()
	w.face.ServeHTTP(answer, r)
	calls, log := w.told()
	checkItems(t, w.sim.Calls())
	if w.sim.Stats().Writes > 0 {
		defer w.renew(t)
	}
	body := checkAnswer(t, r, answer)
	for _, c := range calls {
		w.checkCall(t, c)
	}
	secrets := []string{secretToken, graphsim.DefaultSecret}
	if grown {
		secrets = append(secrets, secretPassword)
	}
	for _, c := range calls {
		if token, ok := strings.CutPrefix(c.authorization, "Bearer "); ok && token != "" {
			secrets = append(secrets, token)
		}
	}
	for _, s := range secrets {
		if strings.Contains(body, s) || strings.Contains(log, s) || strings.Contains(strings.Join(headers(answer), "\n"), s) {
			t.Errorf("the secret %q is told:\n%s\n%s", s, body, log)
		}
	}
	if t.Failed() {
		t.Logf("request:\n%s\nanswer: %d %s\n%s", text, answer.Code, body, log)
	}
}

func headers(w *httptest.ResponseRecorder) []string {
	var all []string
	for name, values := range w.Header() {
		all = append(all, name+": "+strings.Join(values, ", "))
	}
	return all
}

// checkAnswer wants a known status, and a body that is none or SCIM's.
func checkAnswer(t *testing.T, r *http.Request, answer *httptest.ResponseRecorder) string {
	t.Helper()
	if !slices.Contains(statuses, answer.Code) {
		t.Errorf("status %d", answer.Code)
	}
	body := io.Reader(answer.Body)
	if answer.Header().Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("the answer breaks off: %v", err)
	}
	if r.Method == http.MethodHead || answer.Code == http.StatusNoContent || answer.Code == http.StatusNotModified {
		if len(text) > 0 && r.Method != http.MethodHead { // net/http drops the body of HEAD
			t.Errorf("%d with a body", answer.Code)
		}
		return string(text)
	}
	media, _, _ := mime.ParseMediaType(answer.Header().Get("Content-Type"))
	if media != "application/scim+json" && media != "application/json" {
		t.Errorf("Content-Type %q", answer.Header().Get("Content-Type"))
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Errorf("the body is no JSON object: %v: %s", err, text)
	}
	if answer.Code >= http.StatusBadRequest {
		checkError(t, answer.Code, doc)
	} else if !strings.HasSuffix(r.URL.Path, "z") {
		checkMessage(t, doc)
	}
	return string(text)
}

// checkError wants an error message of RFC 7644 section 3.12.
func checkError(t *testing.T, status int, doc map[string]any) {
	t.Helper()
	schemas, _ := doc["schemas"].([]any)
	if !slices.Contains(schemas, any(messageURN+"Error")) || doc["status"] != strconv.Itoa(status) {
		t.Errorf("%d is answered with %v", status, doc)
	}
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		t.Errorf("status %d", status)
	}
}

// checkMessage wants schemas, and of a bulk response that each result is one.
func checkMessage(t *testing.T, doc map[string]any) {
	t.Helper()
	schemas, _ := doc["schemas"].([]any)
	if len(schemas) == 0 {
		t.Errorf("a body without schemas: %v", doc)
	}
	results, _ := doc["Operations"].([]any)
	for _, v := range results {
		result, _ := v.(map[string]any)
		text, _ := result["status"].(string)
		status, err := strconv.Atoi(text)
		if err != nil || !slices.Contains(statuses, status) {
			t.Errorf("the result of an operation: %v", result)
		}
		if status >= http.StatusBadRequest {
			inner, _ := result["response"].(map[string]any)
			checkError(t, status, inner)
		}
	}
}

// checkCall wants a request to the tenant's login or directory, and nothing else.
func (w *world) checkCall(t *testing.T, c call) {
	t.Helper()
	if "https://"+c.host != w.graph.URL {
		t.Errorf("a request to %s", c.host)
	}
	if strings.HasPrefix(c.uri, "/"+graphsim.DefaultTenant+"/") {
		return
	}
	checkRoute(t, c.method+" "+c.uri)
	for _, m := range regexp.MustCompile(`"@odata\.id":"([^"]*)"`).FindAllSubmatch(c.body, -1) {
		if id, ok := strings.CutPrefix(string(m[1]), w.graph.URL+"/v1.0/directoryObjects/"); !ok || !anID.MatchString(id) {
			t.Errorf("a reference to %s", m[1])
		}
	}
}

// checkItems wants of the items of a batch what is wanted of requests.
func checkItems(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		if item, ok := strings.CutPrefix(line, "  "); ok {
			checkRoute(t, strings.Replace(item, " /", " /v1.0/", 1))
		}
	}
}

func checkRoute(t *testing.T, request string) {
	t.Helper()
	path, query, _ := strings.Cut(request, "?")
	route := strings.Replace(path, " /v1.0/", " ", 1)
	if route == path || !slices.ContainsFunc(routes, func(r string) bool { return onRoute(route, r) }) {
		t.Errorf("Graph is asked %s", request)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Errorf("Graph is asked %s: %v", request, err)
	}
	for name, v := range values {
		if !slices.Contains([]string{"$select", "$expand", "$filter", "$orderby", "$top", "$count", "$skiptoken"}, name) || len(v) != 1 {
			t.Errorf("Graph is asked %s", request)
		}
	}
}
