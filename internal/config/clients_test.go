package config_test

import (
	"fmt"
	"strings"
	"testing"

	"entrascim/internal/config"
)

const other = "another-token-that-is-long-enough"

func TestClients(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{
		File: write(t, "c.yaml", `
me: `+guid+`
clients:
  - name: iga
    token: `+other+`
    dialect: one-identity
  - {name: entra-provisioning, tokenFile: `+write(t, "token", "a-token-from-a-file-of-its-own\n")+`, dialect: entra, me: `+guid+`}
trustedProxies: [10.1.2.3/8, "::1", 192.0.2.7]
`),
		Getenv: env(map[string]string{"ENTRASCIM_DIALECT": "okta"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range c.Callers() {
		got = append(got, strings.Join([]string{one.Name, string(one.BearerToken()), one.Dialect, one.Me}, " "))
	}
	want := []string{"default " + token + " okta " + guid, "iga " + other + " one-identity ", "entra-provisioning a-token-from-a-file-of-its-own entra " + guid}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("clients\n%q, want\n%q", got, want)
	}
	if c.Proxies.String() != "10.0.0.0/8,::1/128,192.0.2.7/32" {
		t.Errorf("proxies %s", c.Proxies)
	}
	lines := strings.Join(c.Lines(), "\n")
	for _, line := range []string{"clients[0].token: <secret>  # ", "clients[1].name: entra-provisioning  # ", "clients[0].me:   # default", "trustedProxies: 10.0.0.0/8,::1/128,192.0.2.7/32  # "} {
		if !strings.Contains(lines, line) {
			t.Errorf("no line %q in\n%s", line, lines)
		}
	}
	if printed := fmt.Sprintf("%s %v %+v %#v", lines, c, c, c); strings.Contains(printed, other) || strings.Contains(printed, "of-its-own") {
		t.Errorf("a token is printed: %s", printed)
	}
}

// A list of clients is enough: there is no client "default" then.
func TestClientsAlone(t *testing.T) {
	t.Parallel()
	file := write(t, "c.yaml", "clients:\n- name: iga\n  token: "+other+"\n")
	c, err := config.Load(config.Sources{File: file, Getenv: env(map[string]string{"ENTRASCIM_TOKEN": ""})})
	if err != nil {
		t.Fatal(err)
	}
	if all := c.Callers(); len(all) != 1 || all[0].Name != "iga" || all[0].Dialect != "rfc" {
		t.Errorf("clients %v", all)
	}
}

func TestClientMistakes(t *testing.T) {
	t.Parallel()
	none := map[string]string{"ENTRASCIM_TOKEN": ""}
	for name, test := range map[string]struct {
		file string
		env  map[string]string
		want []string
	}{
		"no client":              {env: none, want: []string{"token (ENTRASCIM_TOKEN): is missing: a client needs a bearer token (or tokenFile, or clients in the file)"}},
		"empty list":             {file: "clients: []\n", env: none, want: []string{"token (ENTRASCIM_TOKEN): is missing: a client needs a bearer token (or tokenFile, or clients in the file)"}},
		"not a list":             {file: "clients: {name: iga}\n", want: []string{"c.yaml:1: clients must be a list of groups"}},
		"not a group":            {file: "clients:\n- iga\n", want: []string{"c.yaml:2: clients[0] must be a group of settings", "c.yaml:2: clients[0].name: must be letters, digits and -._ only, 64 at most", "c.yaml:2: clients[0].token: is missing: the client needs a bearer token (or tokenFile)"}},
		"unknown key":            {file: "clients:\n- name: iga\n  token: " + other + "\n  dialekt: okta\n", want: []string{"c.yaml:4: clients[0].dialekt: no such setting"}},
		"key twice":              {file: "clients:\n- name: iga\n  token: " + other + "\n  name: iga\n", want: []string{"c.yaml:4: clients[0].name is given twice, first on line 2"}},
		"dialect without client": {file: "clients: [{name: iga, token: " + other + "}]\n", env: map[string]string{"ENTRASCIM_TOKEN": "", "ENTRASCIM_DIALECT": "okta", "ENTRASCIM_ME": guid}, want: []string{"ENTRASCIM_DIALECT: needs token or tokenFile", "ENTRASCIM_ME: needs token or tokenFile"}},
		"dialect of the default": {env: map[string]string{"ENTRASCIM_DIALECT": "klingon"}, want: []string{"ENTRASCIM_DIALECT: must be one of rfc, entra, okta, one-identity"}},
		"me of the default":      {env: map[string]string{"ENTRASCIM_ME": "ada"}, want: []string{"ENTRASCIM_ME: must be the user's id, a GUID"}},
		"proxies":                {env: map[string]string{"ENTRASCIM_TRUSTED_PROXIES": "10.0.0.0/8, proxy.example"}, want: []string{"ENTRASCIM_TRUSTED_PROXIES: must be addresses or networks like 10.0.0.0/8"}},
		"all at once": {
			file: "clients:\n- name: a b\n  token: short\n  dialect: klingon\n  me: ada\n- name: default\n  token: " + token + "\n- name: iga\n  token: change-me-to-a-long-random-token\n- name: iga\n  token: not for a header\n",
			want: []string{
				"c.yaml:2: clients[0].name: must be letters, digits and -._ only, 64 at most",
				"c.yaml:4: clients[0].dialect: must be one of rfc, entra, okta, one-identity", "c.yaml:5: clients[0].me: must be the user's id, a GUID",
				"c.yaml:3: clients[0].token: must have at least 16 characters",
				"c.yaml:6: clients[1].name: is the name of another client, too", "c.yaml:7: clients[1].token: is the token of another client, too",
				"c.yaml:9: clients[2].token: is still the example's",
				"c.yaml:11: clients[3].token: must be letters, digits and -._~+/= only (RFC 6750)", "c.yaml:10: clients[3].name: is the name of another client, too",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mistaken(t, config.Sources{Getenv: env(test.env)}, test.file, test.want)
		})
	}
}
