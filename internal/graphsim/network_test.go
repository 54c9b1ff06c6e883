package graphsim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// Dropped connections are dropped, over HTTP/1.1 and over HTTP/2.
func TestFaultsOverTheNetwork(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, graphsim.Options{})
			c.control("POST", "/sim/seed", seeded).want(200)
			server := httptest.NewUnstartedServer(c.sim)
			server.EnableHTTP2 = http2
			server.StartTLS()
			t.Cleanup(server.Close)
			if proto, body, err := c.over(server, http.MethodGet, ""); err != nil || proto != name || !strings.Contains(body, "Ada") {
				t.Fatalf("calm: %s %q %v", proto, body, err)
			}
			c.fail(trouble.Fault{Method: "GET", Drop: true, Times: 2}) // net/http tries again once
			if _, body, err := c.over(server, http.MethodGet, ""); err == nil {
				t.Errorf("dropped: %q", body)
			}
			c.sim.Control().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodDelete, "/sim/faults", nil))
			c.fail(trouble.Fault{Method: "GET", SlowBody: trouble.Duration(time.Millisecond), Drop: true})
			if _, body, err := c.over(server, http.MethodGet, ""); err == nil || !strings.HasPrefix(body, `{"@odata.context"`) {
				t.Errorf("cut: %q %v", body, err)
			}
			c.fail(trouble.Fault{Method: "PATCH", Drop: true, AfterWrite: true})
			if _, body, err := c.over(server, http.MethodPatch, `{"jobTitle":"Countess"}`); err == nil {
				t.Errorf("lost: %q", body)
			}
			if _, body, err := c.over(server, http.MethodGet, ""); err != nil || !strings.Contains(body, "Countess") {
				t.Errorf("after the lost write: %q %v", body, err)
			}
		})
	}
}

func (c *client) fail(f trouble.Fault) {
	c.Helper()
	if err := c.sim.Fail(f); err != nil {
		c.Fatal(err)
	}
}

// over sends a request about a seeded user through a server.
func (c *client) over(server *httptest.Server, method, body string) (proto, answer string, err error) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, server.URL+"/v1.0/users/10000000-0000-4000-8000-000000000001", strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := server.Client().Do(req)
	if err != nil {
		return "", "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.Proto, string(b), err
}
