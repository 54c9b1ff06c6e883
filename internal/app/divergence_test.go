package app

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
	"entrascim/internal/transcript"
)

// The conversations that api/divergences.md refers to, through the whole gateway.
func TestDivergences(t *testing.T) {
	t.Parallel()
	transcript.Run(t, "testdata/divergence", *update, whole)
}

// whole is the gateway in front of a simulated directory with a user Ada in a
// group Engines, and a colleague.
func whole(t *testing.T) transcript.World {
	t.Helper()
	sim := graphsim.New(graphsim.Options{})
	seed(t, sim.Tenant(graphsim.DefaultTenant))
	graph := httptest.NewTLSServer(sim)
	t.Cleanup(graph.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: graph.Certificate().Raw})
	c := demoConfig(DemoOptions{}, graph.URL, authority)
	c.Policy.MaxScan = 1
	c.PublicURL = testOrigin().Public
	ctx := zerolog.Nop().WithContext(t.Context())
	handler, _, err := newHandler(ctx, c, "")
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	return transcript.World{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }),
		Section: func(name string, data []byte) error { // of a tenant that has the policy from here on
			if name != "policy" {
				return errors.New("there is no such section")
			}
			var policy struct {
				DryRun     bool `yaml:"dryRun"`
				Delete     string
				Leaver     []string
				Thresholds config.Thresholds
			}
			if err := yaml.Unmarshal(data, &policy); err != nil {
				return err
			}
			c.Policy.DryRun, c.Policy.Delete, c.Policy.Leaver, c.Policy.Thresholds = policy.DryRun, policy.Delete, policy.Leaver, policy.Thresholds
			again, r, err := newHandler(ctx, c, "")
			if err == nil {
				handler, r.now = again, noon
			}
			return err
		},
		Header: http.Header{"Authorization": {"Bearer " + demoToken}},
		Calls: func() []string {
			all := sim.Calls()
			fresh := all[told:]
			told = len(all)
			return withoutIDs(fresh)
		},
	}
}

// withoutIDs leaves out the random client-request-ids.
func withoutIDs(calls []string) []string {
	lines := make([]string, 0, len(calls))
	for _, line := range calls {
		if fields := strings.Fields(line); len(fields) == 3 && !strings.HasPrefix(line, " ") {
			line = fields[0] + " " + fields[1]
		}
		lines = append(lines, line)
	}
	return lines
}

func seed(t *testing.T, d *graphsim.Directory) {
	t.Helper()
	for _, one := range []struct {
		entity string
		values graphsim.Values
	}{
		{"user", graphsim.Values{
			"id": "a0000000-0000-4000-8000-000000000001", "accountEnabled": true, "displayName": "Ada Lovelace", "mailNickname": "ada",
			"userPrincipalName": "ada@contoso.com", "userType": "Member", "jobTitle": "Analyst", "usageLocation": "GB",
		}},
		{"user", graphsim.Values{
			"id": "a0000000-0000-4000-8000-000000000002", "accountEnabled": true, "displayName": "Bob Babbage", "mailNickname": "bob",
			"userPrincipalName": "bob@contoso.com", "userType": "Member",
		}},
		{"group", graphsim.Values{
			"id": "b0000000-0000-4000-8000-000000000001", "displayName": "Engines", "mailNickname": "engines", "mailEnabled": false, "securityEnabled": true,
		}},
	} {
		if _, err := d.Add(one.entity, one.values); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.AddMembers("b0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002"); err != nil {
		t.Fatal(err)
	}
}

// Every divergence is shown by a conversation, and every conversation is about a
// divergence.
func TestDivergencesAreShown(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../api/divergences.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("testdata/divergence")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for section := range strings.SplitSeq(string(text), "\n- ") {
		names := regexp.MustCompile("`([a-z_]+)\\.txtar`").FindAllStringSubmatch(section, -1)
		if len(names) == 0 && !strings.HasPrefix(section, "#") {
			t.Errorf("nothing shows this:\n%s", section)
		}
		for _, name := range names {
			named[name[1]+".txtar"] = true
		}
	}
	for _, e := range entries {
		if !named[e.Name()] {
			t.Errorf("%s is in no section of divergences.md", e.Name())
		}
		delete(named, e.Name())
	}
	for name := range named {
		t.Errorf("there is no conversation %s", name)
	}
}
