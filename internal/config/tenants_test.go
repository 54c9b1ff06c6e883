package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrascim/internal/config"
)

const (
	aTenant = "token: token-of-the-first-tenant\ntenant: {id: 11111111-1111-4111-8111-111111111111, clientID: 22222222-2222-4222-8222-222222222222, clientSecret: s}\n"
	another = "token: token-of-another-tenant\ntenant: {id: 33333333-3333-4333-8333-333333333333, clientID: 22222222-2222-4222-8222-222222222222, clientSecret: s}\n"
)

func robot(secret string) string {
	return "clients: [{name: robot, kind: client-credentials, clientID: robot, secret: " + secret + "}]\n"
}

func cloud(claims string) string {
	return "clients: [{name: cloud, kind: jwt, issuer: \"https://a.example\", audience: scim, claims: " + claims + "}]\n"
}

// The tenants of a folder are read strictly, and every mistake of all is told.
func TestLoadTenants(t *testing.T) {
	t.Parallel()
	shared := strings.NewReplacer("33333333-3333-4333-8333-333333333333", "11111111-1111-4111-8111-111111111111")
	shares := strings.NewReplacer("{id:", "{sharesDirectory: true, id:")
	for name, c := range map[string]struct {
		files map[string]string
		names string
		want  []string // of the error, each
	}{
		"two":               {map[string]string{"b.yaml": another, "a.yaml": aTenant, "notes.txt": "no tenant", ".hidden.yaml": "{"}, "a b", nil},
		"a name of its own": {map[string]string{"a.yaml": strings.Replace(aTenant, "{id:", "{name: acme, id:", 1)}, "acme", nil},
		"none":              {map[string]string{"notes.txt": ""}, "", []string{"has no tenant"}},
		"of the process":    {map[string]string{"a.yaml": aTenant + "listen: 127.0.0.1:1\nlimits: {body: 5000}\ntenants: x\n"}, "", []string{"a.yaml:3: listen: no such setting", "a.yaml:4: limits.body: no such setting", "a.yaml:5: tenants: no such setting"}},
		"two broken":        {map[string]string{"a.yaml": "tenant: {id: x}\n", "b.yaml": "tokn: x\n"}, "", []string{"a.yaml:1: tenant.id", "b.yaml:1: tokn: no such setting", "b.yaml: token: is missing"}},
		"one name twice":    {map[string]string{"a.yaml": aTenant, "b.yaml": strings.Replace(another, "{id:", "{name: A, id:", 1)}, "", []string{"b.yaml:2: tenant.name: is the name of another tenant, too"}},
		"one directory":     {map[string]string{"a.yaml": aTenant, "b.yaml": shared.Replace(another)}, "", []string{"b.yaml:2: tenant.id: is the directory of tenant a, too"}},
		"said in one":       {map[string]string{"a.yaml": aTenant, "b.yaml": shares.Replace(shared.Replace(another))}, "", []string{"is the directory of tenant a, too"}},
		"said in both":      {map[string]string{"a.yaml": shares.Replace(aTenant), "b.yaml": shares.Replace(shared.Replace(another))}, "a b", nil},
		"one token":         {map[string]string{"a.yaml": aTenant, "b.yaml": strings.Replace(another, "token-of-another-tenant", "token-of-the-first-tenant", 1)}, "", []string{"its client default has a token of tenant a, too"}},
		"one clientID":      {map[string]string{"a.yaml": aTenant + robot("secret-of-the-robot"), "b.yaml": another + robot("secret-of-another-one")}, "", []string{"its client robot has the clientID of a client of tenant a, too"}},
		"one secret":        {map[string]string{"a.yaml": aTenant + robot("secret-of-the-robot"), "b.yaml": another + "clients: [{name: x, token: secret-of-the-robot}]\n"}, "", []string{"its client x has a token of tenant a, too"}},
		"one issuer":        {map[string]string{"a.yaml": aTenant + cloud("[a=1]"), "b.yaml": another + cloud("[a=2]")}, "a b", nil},
		"tokens of both":    {map[string]string{"a.yaml": aTenant + cloud("[a=1]"), "b.yaml": another + cloud("[b=2, a=1]")}, "", []string{"its client cloud takes the tokens of a client of tenant a, too"}},
		"a bad name":        {map[string]string{"a b.yaml": aTenant}, "", []string{"a b.yaml: tenant.name: must be letters"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for file, text := range c.files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			process := config.Default()
			process.Tenants = folder
			all, err := process.LoadTenants()
			if (err != nil) != (c.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			var names []string
			for _, one := range all {
				names = append(names, one.Tenant.Name)
			}
			if got := strings.Join(names, " "); err == nil && got != c.names {
				t.Errorf("tenants %s, want %s", got, c.names)
			}
			if err != nil && strings.Contains(err.Error(), "token-of-") {
				t.Errorf("the error tells a token: %v", err)
			}
		})
	}
}

// With a folder the process needs no tenant of its own, and may have one.
func TestTenantsBesideTheFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "b.yaml"), []byte(another), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want int
	}{
		"folder only": {map[string]string{"ENTRASCIM_TENANTS": folder}, 1},
		"both": {map[string]string{
			"ENTRASCIM_TENANTS": folder, "ENTRASCIM_TOKEN": "token-of-the-first-tenant", "AZURE_TENANT_ID": "11111111-1111-4111-8111-111111111111",
			"AZURE_CLIENT_ID": "22222222-2222-4222-8222-222222222222", "AZURE_CLIENT_SECRET": "s",
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			process, err := config.Load(config.Sources{Getenv: func(key string) string { return c.env[key] }})
			if err != nil {
				t.Fatal(err)
			}
			all, err := process.LoadTenants()
			if err != nil || len(all) != c.want {
				t.Errorf("%d tenants, %v", len(all), err)
			}
		})
	}
	if _, err := config.Load(config.Sources{Getenv: func(string) string { return "" }}); err == nil {
		t.Error("nothing is no configuration")
	}
}
