package graphsim_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// FuzzRequest holds that no request breaks the simulator and that every answer
// with a body is JSON.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/users/%2e%2e%2Fgroups%2F1", ""},
		{"GET", "/users('$x@y.com')", ""},
		{"PATCH", "/users/x", `{"city":"Oslo"}`},
		{"POST", "/users", `{"accountEnabled":true,"passwordProfile":{"password":"x"}}`},
		{"POST", "/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users?$top=1"}]}`},
		{"GET", "/applications(appId='it''s')", ""},
		{"GET", "/users?$skiptoken=AAAA&$filter=a", ""},
		{"POST", "/groups", `{"members@odata.bind":["https://graph.microsoft.com/v1.0/users/1"]}`},
		{"POST", "/invitations", `{"invitedUserEmailAddress":"a@b.c","inviteRedirectUrl":"https://a"}`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	sim := graphsim.New(graphsim.Options{})
	c := &client{T: &testing.T{}, sim: sim}
	c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r := httptest.NewRequest("GET", "https://sim.test/v1.0/", strings.NewReader(body))
		u, err := r.URL.Parse("/v1.0" + path)
		if err != nil || !strings.HasPrefix(u.EscapedPath(), "/v1.0/") {
			t.Skip("not a URL below the root")
		}
		r.Method, r.URL = method, u
		r.Header.Set("Authorization", "Bearer "+c.token)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 501 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		if w.Code != 204 && w.Header().Get("Content-Type") != "text/plain" && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s %s: not JSON: %s", method, path, w.Body)
		}
	})
}
