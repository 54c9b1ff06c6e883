package action_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"entrascim/internal/action"
	"entrascim/internal/edm"
	"entrascim/internal/entra"
	"entrascim/internal/entra/naming"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
	"entrascim/internal/transcript"
	"entrascim/mappings"
)

const base = "https://scim.test/scim/v2"

// A world is the protocol with actions over a simulated directory of its own, whose
// clock stands.
type world struct {
	t       testing.TB
	sim     *graphsim.Simulator
	client  *graph.Client
	domain  string // completes names
	policy  tenant.Policy
	caller  scim.Caller
	tables  []*mapping.Table
	handler http.Handler
	told    int // calls told so far
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return newWorldOf(tb, graphsim.Options{})
}

func newWorldOf(tb testing.TB, o graphsim.Options) *world {
	tb.Helper()
	w := &world{t: tb, sim: graphsim.New(o), tables: shipped(tb)}
	server := httptest.NewTLSServer(w.sim)
	tb.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	var err error
	w.client, err = graph.New(graph.Options{
		BaseURL: server.URL + "/v1.0",
		Credential: graph.Credential{
			TenantID: graphsim.DefaultTenant, ClientID: graphsim.DefaultClient, Secret: graphsim.DefaultSecret, Authority: server.URL,
		},
		Transport: graph.NewTransport(roots), Now: w.sim.Now,
		Sleep:  func(ctx context.Context, d time.Duration) error { w.sim.Advance(d); return ctx.Err() },
		Linger: time.Hour,
	})
	if err != nil {
		tb.Fatal(err)
	}
	w.open()
	return w
}

// open makes the handler.
func (w *world) open() {
	d := entra.New(entra.Options{
		Graph: w.client, Tables: w.tables, Now: w.sim.Now, DefaultDomain: w.domain, Policy: w.policy, Actions: w.actions,
		Sleep: func(ctx context.Context, d time.Duration) error { w.sim.Advance(d); return ctx.Err() },
	})
	w.handler = scim.NewHandler(d.ResourceTypes(), scim.Options{
		BaseURL: func(*http.Request) string { return base },
		Caller:  func(*http.Request) scim.Caller { return w.caller },
		Sort:    true, Together: d.Together,
	})
}

func (w *world) actions(d *entra.Directory, types []scim.ResourceType) []scim.ResourceType {
	return action.Decorate(types, action.Options{
		Graph: w.client, Tables: w.tables, DefaultDomain: w.domain, Policy: w.policy,
		Domains: d.VerifiedDomains, CheckName: naming.Check, JustMade: d.JustMade, Revoke: d.RevokeSessions, Revoking: entra.WithRevocation,
	})
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }

// compiled are the tables that ship; nothing changes them.
var compiled = sync.OnceValues(func() ([]*mapping.Table, error) {
	var tables []*mapping.Table
	for _, name := range []string{"user.yaml", "group.yaml"} {
		table, err := table(name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, nil
})

func shipped(tb testing.TB) []*mapping.Table {
	tb.Helper()
	tables, err := compiled()
	if err != nil {
		tb.Fatal(err)
	}
	return tables
}

// table compiles a table that ships with overlays on it.
func table(name string, overlays ...mapping.Source) (*mapping.Table, error) {
	text, err := mappings.FS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return mapping.Compile(edm.New(), mapping.Source{Name: name, Text: text}, overlays...)
}

// calls tells what Graph was asked since it was last asked, without the random
// client-request-ids.
func (w *world) calls() []string {
	all := w.sim.Calls()
	fresh := all[w.told:]
	w.told = len(all)
	lines := make([]string, len(fresh))
	for i, line := range fresh {
		fields := strings.Fields(line)
		lines[i] = line
		if !strings.HasPrefix(line, " ") && len(fields) == 3 {
			lines[i] = fields[0] + " " + fields[1]
		}
	}
	return lines
}

// section plays those of a conversation that transcripts do not know.
func (w *world) section(name string, data []byte) error {
	switch name {
	case "seed":
		return w.seed(data)
	case "fault":
		var f trouble.Fault
		if err := json.Unmarshal(data, &f); err != nil {
			return err
		}
		return w.sim.Fail(f)
	case "config":
		var c struct {
			DefaultDomain string
			Policy        tenant.Policy
			ReadOnly      bool
		}
		if err := json.Unmarshal(data, &c); err != nil {
			return err
		}
		w.domain, w.policy, w.caller.ReadOnly = c.DefaultDomain, c.Policy, c.ReadOnly
		w.open()
		return nil
	}
	return fmt.Errorf("there is no such section")
}

// seed puts objects into the directory.
func (w *world) seed(data []byte) error {
	var s struct {
		Add     []map[string]graphsim.Values
		Manager map[string]string
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	d := w.sim.Tenant(graphsim.DefaultTenant)
	for _, one := range s.Add {
		for entity, values := range one {
			if _, err := d.Add(entity, values); err != nil {
				return err
			}
		}
	}
	for user, manager := range s.Manager {
		if err := d.SetManager(user, manager); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a request, and gives what was answered.
func (w *world) ask(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return recorder
}

// want sends a request and wants the status.
func (w *world) want(status int, method, path, body string) map[string]any {
	w.t.Helper()
	recorder := w.ask(method, path, body)
	if recorder.Code != status {
		w.t.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, recorder.Code, status, recorder.Body)
	}
	var out map[string]any
	if recorder.Body.Len() > 0 {
		if err := json.Unmarshal(recorder.Body.Bytes(), &out); err != nil {
			w.t.Fatal(err)
		}
	}
	return out
}

var update = transcript.Update()

// The conversations in testdata: what a client says and hears, and what Graph is asked
// for it.
func TestConversations(t *testing.T) {
	t.Parallel()
	transcript.Run(t, "testdata", *update, func(t *testing.T) transcript.World {
		t.Helper()
		w := newWorld(t)
		return transcript.World{Handler: w, Calls: w.calls, Section: w.section}
	})
}
