package app

import (
	"bytes"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
)

// What nobody may find in an answer or in the log.
const (
	secretToken    = "bearer-5d0cf1f2a1"
	secretPassword = "Pa55w0rd-9f3c77!"
)

// The objects that every world has.
const (
	adaID     = "a0000000-0000-4000-8000-000000000001"
	bobID     = "a0000000-0000-4000-8000-000000000002"
	enginesID = "b0000000-0000-4000-8000-000000000001"
	teamID    = "b0000000-0000-4000-8000-000000000002"
	appID     = "d0000000-0000-4000-8000-000000000001"
)

// A world is the whole gateway, configured as the demo, in front of a simulated
// directory; it remembers what was asked of Graph and what was logged.
type world struct {
	graph *httptest.Server
	sim   *graphsim.Simulator
	face  http.Handler

	mu    sync.Mutex
	calls []call
	log   bytes.Buffer
}

// A call is a request that left the gateway.
type call struct {
	method, host, uri, authorization string
	body                             []byte
}

// worldTables are compiled once for all worlds, since that takes time.
var worldTables = sync.OnceValue(newTableCache)

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := new(world)
	w.graph = httptest.NewTLSServer(http.HandlerFunc(w.asked))
	tb.Cleanup(w.graph.Close)
	w.renew(tb)
	return w
}

// asked hands a request on to the simulator.
func (w *world) asked(answer http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err) // the gateway broke off what it sent
	}
	w.mu.Lock()
	w.calls = append(w.calls, call{r.Method, r.Host, r.URL.RequestURI(), r.Header.Get("Authorization"), body})
	w.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.sim.ServeHTTP(answer, r)
}

// Write takes what the gateway logs.
func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

// renew begins with the directory as it was at first, and a gateway that knows
// nothing.
func (w *world) renew(tb testing.TB) {
	tb.Helper()
	w.graph.CloseClientConnections()
	w.sim = graphsim.New(graphsim.Options{AnyDomain: true})
	if _, err := w.sim.Tenant(graphsim.DefaultTenant).AddExtension(graphsim.DefaultClient, "externalId", "String", "User", "Group"); err != nil {
		tb.Fatal(err)
	}
	w.furnish(tb)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.graph.Certificate().Raw})
	c := demoConfig(DemoOptions{DefaultDomain: "contoso.onmicrosoft.com", ShortNames: true, Profiles: []string{"external-id"}}, w.graph.URL, authority)
	c.Token = config.Secret(secretToken)
	c.Limits.Body, c.Limits.Operations = 64<<10, 20
	r, err := emptyRegistry(c, testOrigin())
	if err != nil {
		tb.Fatal(err)
	}
	r.tables = worldTables()
	if err := r.load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	face, err := newFace(zerolog.New(w).WithContext(tb.Context()), c, r)
	if err != nil {
		tb.Fatal(err)
	}
	w.face = face
	w.forget()
}

func (w *world) furnish(tb testing.TB) {
	tb.Helper()
	d := w.sim.Tenant(graphsim.DefaultTenant)
	for _, one := range []struct {
		entity string
		values graphsim.Values
	}{
		{"user", graphsim.Values{
			"id": adaID, "accountEnabled": true, "displayName": "Ada Lovelace", "mailNickname": "ada", "userPrincipalName": "ada@contoso.onmicrosoft.com",
			"userType": "Member", "jobTitle": "Analyst", "usageLocation": "GB", "businessPhones": []string{"+44 1"}, "mail": "ada@contoso.com",
		}},
		{"user", graphsim.Values{
			"id": bobID, "accountEnabled": true, "displayName": "Bob Babbage", "mailNickname": "bob", "userPrincipalName": "bob@contoso.com", "userType": "Member",
		}},
		{"group", graphsim.Values{"id": enginesID, "displayName": "Engines", "mailNickname": "engines", "mailEnabled": false, "securityEnabled": true}},
		{"group", graphsim.Values{"id": teamID, "displayName": "Team", "mailNickname": "team", "mailEnabled": true, "securityEnabled": false, "groupTypes": []string{"Unified"}}},
		{"application", graphsim.Values{"id": appID, "displayName": "Looms"}},
	} {
		if _, err := d.Add(one.entity, one.values); err != nil {
			tb.Fatal(err)
		}
	}
	if err := d.AddMembers(enginesID, adaID, bobID); err != nil {
		tb.Fatal(err)
	}
	if err := d.SetManager(adaID, bobID); err != nil {
		tb.Fatal(err)
	}
}

// forget drops what was asked and logged.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sim.Reset()
	w.calls = nil
	w.log.Reset()
}

// told is what was asked of Graph and logged since the last forget.
func (w *world) told() (calls []call, log string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls), w.log.String()
}

// send is a request of the first client; the answer's body is read.
func (w *world) send(tb testing.TB, method, path, body string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secretToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	answer := httptest.NewRecorder()
	w.face.ServeHTTP(answer, r)
	return answer
}
