package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrascim/internal/config"
	"entrascim/internal/tenant"
)

const (
	ofOperator = "44444444-4444-4444-8444-444444444444"
	operator   = "operator: {name: Contoso Identity, clientID: " + ofOperator + ", clientSecret: hush-hush}\n"
	multi      = "token: token-of-the-multi-tenant\ntenant: {mode: multi, id: 11111111-1111-4111-8111-111111111111}\n"
)

// loadWith loads a process with this file and a folder with one tenant.
func loadWith(t *testing.T, process, one string) (*tenant.Tenant, error) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.yaml"), []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{File: write(t, "c.yaml", process+"tenants: "+folder+"\n")})
	if err != nil {
		return nil, err
	}
	all, err := c.LoadTenants()
	if err != nil {
		return nil, err
	}
	return all[0].Directory(), nil
}

// A tenant of mode multi has no credential: the operator's reaches its directory.
func TestMulti(t *testing.T) {
	t.Parallel()
	got, err := loadWith(t, operator, multi)
	if err != nil {
		t.Fatal(err)
	}
	if got.Mode != tenant.Multi || got.DirectoryID != "11111111-1111-4111-8111-111111111111" || got.Credential.ClientID != ofOperator ||
		got.Credential.Secret != "hush-hush" || got.ExtensionAppID != ofOperator || got.GraphURL != "https://graph.microsoft.com/v1.0" {
		t.Errorf("tenant %+v", got)
	}
	federated := "operator: {clientID: " + ofOperator + ", managedIdentity: 33333333-3333-4333-8333-333333333333}\n"
	got, err = loadWith(t, federated, multi)
	if err != nil || got.Credential.FederatedIdentity != "33333333-3333-4333-8333-333333333333" || got.Credential.ManagedIdentity || got.ExtensionAppID != ofOperator {
		t.Errorf("by a managed identity: %+v, %v", got, err)
	}
	single, err := loadWith(t, operator, aTenant)
	if err != nil || single.Mode != tenant.Single || single.Credential.Secret != "s" {
		t.Errorf("a single tenant beside the operator: %+v, %v", single, err)
	}
}

// Where Graph and login are is said once, by the operator, unless a tenant says it.
func TestMultiPlaces(t *testing.T) {
	t.Parallel()
	elsewhere := strings.Replace(operator, "}", ", graphURL: 'https://graph.example/v1.0', authority: 'https://login.example'}", 1)
	for name, c := range map[string]struct{ operator, tenant, graph, authority string }{
		"the operator's":  {elsewhere, multi, "https://graph.example/v1.0", "https://login.example"},
		"a cloud":         {strings.Replace(operator, "}", ", cloud: usgov}", 1), multi, "https://graph.microsoft.us/v1.0", ""},
		"its own cloud":   {elsewhere, strings.Replace(multi, "}", ", cloud: global}", 1), "https://graph.microsoft.com/v1.0", ""},
		"its own Graph":   {elsewhere, strings.Replace(multi, "}", ", graphURL: 'https://graph.microsoft.us/v1.0'}", 1), "https://graph.microsoft.us/v1.0", ""},
		"its own login":   {elsewhere, strings.Replace(multi, "}", ", authority: 'https://login.other'}", 1), "https://graph.example/v1.0", "https://login.other"},
		"both of its own": {operator, strings.Replace(multi, "}", ", graphURL: 'https://g.other/v1.0', authority: 'https://l.other'}", 1), "https://g.other/v1.0", "https://l.other"},
	} {
		got, err := loadWith(t, c.operator, c.tenant)
		if err != nil || got.GraphURL != c.graph || got.Authority != c.authority {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestOperatorMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		process, tenant string
		want            []string
	}{
		"no operator":   {"", multi, []string{"a.yaml:2: tenant.mode: multi needs the operator's app registration"}},
		"another mode":  {operator, strings.Replace(multi, "multi,", "many,", 1), []string{"a.yaml:2: tenant.mode: must be single or multi"}},
		"a credential":  {operator, strings.Replace(multi, "}", ", clientSecret: hush-hush}", 1), []string{"a.yaml:2: tenant.clientSecret: cannot be given to a tenant of mode multi"}},
		"a client id":   {operator, strings.Replace(multi, "}", ", clientID: "+ofOperator+"}", 1), []string{"a.yaml:2: tenant.clientID: cannot be given"}},
		"an identity":   {operator, strings.Replace(multi, "}", ", managedIdentity: true}", 1), []string{"a.yaml:2: tenant.managedIdentity: cannot be given"}},
		"no directory":  {operator, "token: token-of-the-multi-tenant\ntenant: {mode: multi}\n", []string{"a.yaml: tenant.id: must be"}},
		"no proof":      {"operator: {clientID: " + ofOperator + "}\n", multi, []string{"operator.clientSecret (ENTRASCIM_OPERATOR_CLIENT_SECRET): is missing: give one of clientSecret, clientSecretFile, certificateFile, federatedTokenFile, managedIdentity"}},
		"a bare true":   {"operator: {clientID: " + ofOperator + ", managedIdentity: true}\n", multi, []string{"operator.managedIdentity: must be the identity's client id, a GUID"}},
		"no client id":  {"operator: {clientSecret: hush-hush}\n", multi, []string{"operator.clientID (ENTRASCIM_OPERATOR_CLIENT_ID): must be the application's GUID"}},
		"two proofs":    {strings.Replace(operator, "}", ", federatedTokenFile: nowhere}", 1), multi, []string{"give one credential, not clientSecret and federatedTokenFile", "operator.federatedTokenFile: cannot be read"}},
		"no login":      {strings.Replace(operator, "}", ", graphURL: 'https://graph.example/v1.0'}", 1), multi, []string{"operator.authority (ENTRASCIM_OPERATOR_AUTHORITY): is missing"}},
		"no cloud":      {strings.Replace(operator, "}", ", cloud: moon}", 1), multi, []string{"operator.cloud: must be one of global"}},
		"a long name":   {"operator: {name: \"" + strings.Repeat("n", 101) + "\"}\n", aTenant, []string{"operator.name: must be one line"}},
		"two lines":     {"operator: {name: \"a\\nb\"}\n", aTenant, []string{"operator.name: must be one line"}},
		"of the tenant": {operator, aTenant + operator, []string{"a.yaml:3: operator.name: no such setting"}},
	} {
		_, err := loadWith(t, c.process, c.tenant)
		if err == nil {
			t.Errorf("%s: no mistake", name)
			continue
		}
		for _, want := range c.want {
			if strings.Count(err.Error(), want) != 1 {
				t.Errorf("%s: error\n%v\nhas not once\n%s", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "hush-hush") {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
}

// A directory that consents is reached with the operator's registration and nothing of
// a tenant.
func TestConsenting(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{File: write(t, "c.yaml", operator+aTenant)})
	if err != nil || !c.HasOperator() {
		t.Fatal(err)
	}
	got := c.Consenting("33333333-3333-4333-8333-333333333333")
	if got.Mode != tenant.Multi || got.DirectoryID != "33333333-3333-4333-8333-333333333333" || got.Credential.Secret != "hush-hush" || got.Credential.ClientID != ofOperator {
		t.Errorf("%+v", got)
	}
}
