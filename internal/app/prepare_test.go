package app

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

// preparable is the configuration of a gateway whose app registration was granted
// the permissions, in a directory that is not prepared.
func preparable(t *testing.T, granted []string) config.Config {
	t.Helper()
	sim := graphsim.New(graphsim.Options{Now: time.Now})
	app := login.App{
		ID: registeredApp, DisplayName: "entrascim", TenantID: graphsim.DefaultTenant, Roles: granted,
		Secrets: []login.Secret{{Value: registeredSecret}},
	}
	if err := sim.Register(app); err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewTLSServer(sim)
	t.Cleanup(graph.Close)
	c := demoConfig(DemoOptions{}, graph.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: graph.Certificate().Raw}))
	c.Tenant.ClientID, c.Tenant.ClientSecret = registeredApp, registeredSecret
	return c
}

// What deploy/entra/permissions.md says of tenant prepare: the sets let it read the
// registration, and Application.ReadWrite.All lets it write.
func TestPreparePermissions(t *testing.T) {
	t.Parallel()
	readOnly := permissions(t, "Read-only set")
	readWrite := slices.Concat(readOnly, permissions(t, "Read-write set"))
	for name, c := range map[string]struct {
		granted []string
		dryRun  bool
		want    string // of the text, or else of the error
		failed  bool
	}{
		"to look, nothing":           {nil, true, "may not read its app registration", true},
		"to look, read-only set":     {readOnly, true, "Would make the property extension_5f0c8a1e9b7d4c368e217d4b6a90c3f5_externalId", false},
		"read-only set":              {readOnly, false, "may not change its app registration", true},
		"read-write set":             {readWrite, false, "may not change its app registration", true},
		"of what it owns, it is not": {append(slices.Clone(readOnly), "Application.ReadWrite.OwnedBy"), false, "may not change its app registration", true},
		"of all":                     {append(slices.Clone(readOnly), "Application.ReadWrite.All"), false, "Made the property extension_5f0c8a1e9b7d4c368e217d4b6a90c3f5_externalId", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := Prepare(t.Context(), preparable(t, c.granted), c.dryRun)
			if err != nil {
				text = err.Error()
			}
			if (err != nil) != c.failed || !strings.Contains(text, c.want) {
				t.Errorf("%s (%v), want %q", text, err, c.want)
			}
		})
	}
}

// What is left to do follows from the mapping that is configured.
func TestPreparedMapping(t *testing.T) {
	t.Parallel()
	c := preparable(t, []string{"Application.ReadWrite.All"})
	const users = "resource: User\nattributes:\n  - {scim: externalId, graph: \"extension_{appId}_externalId\"}\n"
	for name, test := range map[string]struct {
		profiles []string
		overlay  string
		want     string
	}{
		"nothing":      {nil, "", "externalId of User and Group is not mapped to it: next, set mapping.profile (ENTRASCIM_PROFILE, --profile) to external-id.\n"},
		"the profile":  {[]string{"external-id"}, "", "externalId is mapped to it.\n"},
		"another":      {[]string{"starling"}, "", "to starling,external-id.\n"},
		"users only":   {nil, users, "externalId of Group is not mapped to it"},
		"to something": {nil, strings.Replace(users, "extension_{appId}_externalId", "creationType", 1), "externalId of User and Group is not mapped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := c
			c.Mapping.Profile = test.profiles
			if test.overlay != "" {
				c.Mapping.Overlays = []config.File{{Path: "o.yaml", Content: []byte(test.overlay)}}
			}
			text, err := Prepare(t.Context(), c, true)
			if err != nil || !strings.Contains(text, test.want) {
				t.Errorf("%q %v, want %q", text, err, test.want)
			}
		})
	}
}

// A mistake in the mapping, and a directory extension of nobody, are found before
// Graph is asked.
func TestPrepareMistakes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*config.Config){
		"profile":          func(c *config.Config) { c.Mapping.Profile = []string{"bugatti"} },
		"managed identity": func(c *config.Config) { c.Tenant.ManagedIdentity, c.Tenant.ClientSecret = true, "" },
	} {
		c := demoConfig(DemoOptions{}, "https://127.0.0.1:1", nil)
		change(&c)
		text, err := Prepare(t.Context(), c, false)
		if _, mistake := errors.AsType[Mistake](err); !mistake {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
}
