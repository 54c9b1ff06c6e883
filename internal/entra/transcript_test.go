package entra_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/edm"
	"entrascim/internal/entra"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
	"entrascim/internal/transcript"
	"entrascim/mappings"
)

var update = transcript.Update()

// The conversations in testdata: what a SCIM client says and hears, and what Graph
// is asked for it.
func TestConversations(t *testing.T) {
	t.Parallel()
	transcript.Run(t, "testdata", *update, newWorld)
}

const base = "https://scim.test/scim/v2"

// newWorld is the protocol over a simulated directory of its own, whose clock stands.
func newWorld(t *testing.T) transcript.World {
	t.Helper()
	sim := graphsim.New(graphsim.Options{})
	server := httptest.NewTLSServer(sim)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	var late atomic.Int64 // what the client's clock is ahead, by sleeping
	client, err := graph.New(graph.Options{
		BaseURL: server.URL + "/v1.0",
		Credential: graph.Credential{
			TenantID: graphsim.DefaultTenant, ClientID: graphsim.DefaultClient, Secret: graphsim.DefaultSecret, Authority: server.URL,
		},
		Transport: graph.NewTransport(roots),
		Now:       func() time.Time { return sim.Now().Add(time.Duration(late.Load())) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			late.Add(int64(d))
			return ctx.Err()
		},
		Linger: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	options := entra.Options{Graph: client, Now: sim.Now}
	w := &world{t: t, sim: sim, options: options}
	w.open("")
	return transcript.World{Handler: w, Calls: w.calls, Section: w.section}
}

// A world plays the sections that transcripts know beside their own: seed, fault and
// config.
type world struct {
	t       *testing.T
	sim     *graphsim.Simulator
	options entra.Options
	me      string // whom /Me stands for; "" nobody
	handler http.Handler
	told    int // calls told so far
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }

// open makes the handler; profile names an overlay that ships.
func (w *world) open(profile string) {
	w.t.Helper()
	w.options.Tables = tables(w.t, profile)
	d := entra.New(w.options)
	w.handler = scim.NewHandler(d.ResourceTypes(), scim.Options{
		BaseURL: func(*http.Request) string { return base },
		Caller:  func(*http.Request) scim.Caller { return scim.Caller{Me: w.me} },
		Strict:  w.options.Policy.RefuseUnknown, Sort: true, Together: d.Together,
		CursorSecrets: [][]byte{[]byte("of all replicas")},
	})
}

// compiled are the tables that tests have asked for, by file and profile: to compile
// them takes time and memory, and nothing changes them after.
var compiled sync.Map

func compile(tb testing.TB, file, profile string) *mapping.Table {
	tb.Helper()
	once, _ := compiled.LoadOrStore(file+" "+profile, sync.OnceValues(func() (*mapping.Table, error) {
		return compileTable(file, profile)
	}))
	table, err := once.(func() (*mapping.Table, error))()
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

func compileTable(file, profile string) (*mapping.Table, error) {
	names := []string{file}
	switch {
	case profile == externalID:
		names = append(names, profile+"-"+file)
	case profile != "" && file == "user.yaml":
		names = append(names, profile+".yaml")
	}
	var sources []mapping.Source
	for _, name := range names {
		text, err := mappings.FS.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, mapping.Source{Name: name, Text: text, AppID: graphsim.DefaultClient})
	}
	return mapping.Compile(edm.New(), sources[0], sources[1:]...)
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
		return w.configure(data)
	}
	return fmt.Errorf("there is no such section")
}

// configure changes the tenant's options. The profile external-id has the property
// that it needs.
func (w *world) configure(data []byte) error {
	var c struct {
		Profile, DefaultDomain, Me string
		ShortNames                 bool
		Policy                     tenant.Policy
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	w.options.DefaultDomain, w.options.ShortNames = c.DefaultDomain, c.ShortNames
	w.options.Policy, w.me = c.Policy, c.Me
	w.open(c.Profile)
	if c.Profile == externalID {
		return extend(w.sim)
	}
	return nil
}

// externalID is the profile that serves externalId.
const externalID = "external-id"

// extend makes the directory extension that holds it.
func extend(sim *graphsim.Simulator) error {
	_, err := sim.Tenant(graphsim.DefaultTenant).AddExtension(graphsim.DefaultClient, "externalId", "String", "User", "Group")
	return err
}

// seed puts objects into the directory before the first request.
func (w *world) seed(data []byte) error {
	var s struct {
		Add      []map[string]graphsim.Values
		Members  map[string][]string
		Owners   map[string][]string
		Manager  map[string]string
		Assign   [][3]string
		Roles    [][2]string // user, role definition
		Eligible [][2]string
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
	for group, members := range s.Members {
		if err := d.AddMembers(group, members...); err != nil {
			return err
		}
	}
	for group, owners := range s.Owners {
		if err := d.AddOwners(group, owners...); err != nil {
			return err
		}
	}
	for user, manager := range s.Manager {
		if err := d.SetManager(user, manager); err != nil {
			return err
		}
	}
	for _, a := range s.Roles {
		if _, err := d.AssignRole(a[0], a[1], ""); err != nil {
			return err
		}
	}
	for _, a := range s.Eligible {
		if _, err := d.MakeEligible(a[0], a[1], "", w.sim.Now().AddDate(1, 0, 0)); err != nil {
			return err
		}
	}
	for _, a := range s.Assign {
		if _, err := d.Assign(a[0], a[1], a[2]); err != nil {
			return err
		}
	}
	return nil
}
