package config_test

import (
	"fmt"
	"strings"
	"testing"

	"entrascim/internal/config"
	"entrascim/internal/tenant"
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

// Clients of the other kinds, with everything that a client may have.
func TestKinds(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{
		File: write(t, "c.yaml", `
clients:
  - {name: robot, kind: client-credentials, clientID: robot-1, secret: "a secret: no, a.secret!"}
`),
		Getenv: env(nil),
	})
	if err == nil || !strings.Contains(err.Error(), "clients[0].secret: must be printable ASCII without spaces") {
		t.Errorf("a secret with spaces: %v, %v", c.Clients, err)
	}
	c, err = config.Load(config.Sources{
		File: write(t, "c.yaml", `
clients:
  - name: robot
    kind: client-credentials
    role: read-only
    resourceTypes: [User, Group]
    networks: [192.0.2.7, 10.1.2.3/8, "2001:db8::/32"]
    clientID: robot-1
    secretFile: `+write(t, "secrets", "the-first-secret-of-it\r\n\nthe-second:secret%of+it\n")+`
    expires: 2027-01-31T12:00:00+02:00
  - {name: script, kind: basic, clientID: script, secret: a-password-of-its-own}
  - {name: cloud, kind: jwt, issuer: "https://login.example.com/tenant/v2.0", audience: "api://scim", claims: ["azp=1,2", "roles=a=b"]}
  - {name: other-cloud, kind: jwt, issuer: "https://login.example.com/tenant/v2.0", audience: "api://scim", claims: ["azp=3", "roles=a=b"]}
  - name: two-tokens
    tokenFile: `+write(t, "tokens", "the-token-that-was-there\nthe-token-that-comes-next")+`
`),
		Getenv: env(nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	one := &tenant.Tenant{Name: "acme"}
	robot := c.Clients[0]
	r := robot.Record(one)
	if r.ID != "robot-1" || r.Kind != tenant.ClientCredentials || r.Role != tenant.ReadOnly || fmt.Sprint(r.ResourceTypes) != "[User Group]" || fmt.Sprint(r.Networks) != "[192.0.2.7/32 10.0.0.0/8 2001:db8::/32]" {
		t.Errorf("robot is %+v", r)
	}
	if secrets := robot.Secrets(); len(secrets) != 2 || secrets[0] != "the-first-secret-of-it" || secrets[1] != "the-second:secret%of+it" || robot.Expires.UTC().String() != "2027-01-31 10:00:00 +0000 UTC" || robot.BearerToken() != "" {
		t.Errorf("robot has %d secrets until %s", len(secrets), robot.Expires)
	}
	r = c.Clients[2].Record(one)
	if r.ID != "acme/cloud" || r.Issuer != "https://login.example.com/tenant/v2.0" || r.Audience != "api://scim" || fmt.Sprint(r.Claims) != "map[azp:1,2 roles:a=b]" || r.Role != tenant.ReadWrite {
		t.Errorf("cloud is %+v", r)
	}
	if secrets := c.Clients[4].Secrets(); len(secrets) != 2 || c.Clients[4].BearerToken() != "the-token-that-was-there" {
		t.Errorf("%d tokens", len(secrets))
	}
	lines := strings.Join(c.Lines(), "\n")
	for _, line := range []string{
		"clients[0].secretFile: ", "clients[0].expires: 2027-01-31T12:00:00+02:00", "clients[1].secret: <secret>", "clients[2].claims: azp=1,2,roles=a=b", "clients[1].kind: basic", "clients[4].kind: bearer  # default", "clients[4].role: read-write  # default",
	} {
		if !strings.Contains(lines, line) {
			t.Errorf("no line %q in\n%s", line, lines)
		}
	}
	if printed := fmt.Sprintf("%s %v %+v %#v", lines, c, c, c); strings.Contains(printed, "-secret-of-it") || strings.Contains(printed, "a-password-of-its-own") || strings.Contains(printed, "that-comes-next") {
		t.Errorf("a secret is printed: %s", printed)
	}
}

func TestKindMistakes(t *testing.T) {
	t.Parallel()
	const (
		robot = "{name: robot, kind: client-credentials, clientID: robot, secret: secret-of-the-robot"
		cloud = "kind: jwt, issuer: \"https://a.example\", audience: scim"
	)
	for name, test := range map[string]struct{ clients, want string }{
		"kind":                     {"{name: a, kind: telepathy, token: " + other + "}", "clients[0].kind: must be one of bearer, client-credentials, jwt, basic"},
		"role":                     {"{name: a, role: admin, token: " + other + "}", "clients[0].role: must be read-only or read-write"},
		"resource type":            {"{name: a, resourceTypes: [User, user], token: " + other + "}", "clients[0].resourceTypes: must be of User, Group, Application, Entitlement, ManagedIdentity, Role, ServicePrincipal"},
		"resource type twice":      {"{name: a, resourceTypes: [User, User], token: " + other + "}", "clients[0].resourceTypes: must name User once only"},
		"no resource type":         {"{name: a, resourceTypes: [\"\"], token: " + other + "}", "clients[0].resourceTypes: must have at least one"},
		"network":                  {"{name: a, networks: [10.0.0.0/33], token: " + other + "}", "clients[0].networks: must be addresses or networks like 10.0.0.0/8"},
		"host as network":          {"{name: a, networks: [iga.example.com], token: " + other + "}", "clients[0].networks: must be addresses or networks like 10.0.0.0/8"},
		"no network":               {"{name: a, networks: [], token: " + other + "}", "clients[0].networks: must have at least one"},
		"an empty network":         {"{name: a, networks: \"\", token: " + other + "}", "clients[0].networks: must have at least one"},
		"no type":                  {"{name: a, resourceTypes: [], token: " + other + "}", "clients[0].resourceTypes: must have at least one"},
		"no claim":                 {"{name: a, claims: [], " + cloud + "}", "clients[0].claims: must have at least one"},
		"expires":                  {"{name: a, expires: tomorrow, token: " + other + "}", "clients[0].expires: must be a date-time like 2027-01-31T00:00:00Z"},
		"expires on a day":         {"{name: a, expires: 2027-01-31, token: " + other + "}", "clients[0].expires: must be a date-time like 2027-01-31T00:00:00Z"},
		"two tokens":               {"{name: a, token: " + other + ", tokenFile: FILE}", "clients[0].tokenFile: cannot be given beside token"},
		"token and basic":          {"{name: a, kind: basic, clientID: a, secret: secret-of-the-robot, token: " + other + "}", "clients[0].token: cannot be given with kind basic, which takes clientID, secret, secretFile, expires"},
		"secret and bearer":        {"{name: a, token: " + other + ", secret: secret-of-the-robot}", "clients[0].secret: cannot be given with kind bearer, which takes token, tokenFile, expires"},
		"clientID and bearer":      {"{name: a, token: " + other + ", clientID: a}", "clients[0].clientID: cannot be given with kind bearer, which takes token, tokenFile, expires"},
		"issuer and bearer":        {"{name: a, token: " + other + ", issuer: \"https://a.example\"}", "clients[0].issuer: cannot be given with kind bearer, which takes token, tokenFile, expires"},
		"claims and robot":         {robot + ", claims: [a=b]}", "clients[0].claims: cannot be given with kind client-credentials, which takes clientID, secret, secretFile, expires"},
		"no clientID":              {"{name: a, kind: basic, secret: secret-of-the-robot}", "clients[0].clientID: must be letters, digits and -._ only, 64 at most"},
		"a colon in the clientID":  {"{name: a, kind: basic, clientID: \"a:b\", secret: secret-of-the-robot}", "clients[0].clientID: must be letters, digits and -._ only, 64 at most"},
		"no secret":                {"{name: a, kind: basic, clientID: a}", "clients[0].secret: is missing: the client needs a secret (or secretFile)"},
		"a short secret":           {"{name: a, kind: basic, clientID: a, secret: short}", "clients[0].secret: must have at least 16 characters"},
		"a short one of two":       {"{name: a, kind: basic, clientID: a, secretFile: TWO}", "clients[0].secretFile: must have at least 16 characters"},
		"an empty file":            {"{name: a, kind: basic, clientID: a, secretFile: EMPTY}", "clients[0].secretFile: must have at least 16 characters"},
		"the example's":            {"{name: a, kind: basic, clientID: a, secret: change-me-to-something-long}", "clients[0].secret: is still the example's"},
		"two secrets":              {robot + ", secretFile: FILE}", "clients[0].secretFile: cannot be given beside secret"},
		"no issuer":                {"{name: a, kind: jwt, audience: scim}", "clients[0].issuer: is missing: kind jwt needs it"},
		"issuer in the clear":      {"{name: a, kind: jwt, issuer: \"http://a.example\", audience: scim}", "clients[0].issuer: must be an https URL"},
		"no audience":              {"{name: a, kind: jwt, issuer: \"https://a.example\"}", "clients[0].audience: is missing: kind jwt needs it"},
		"expires and jwt":          {"{name: a, " + cloud + ", expires: 2027-01-31T00:00:00Z}", "clients[0].expires: cannot be given with kind jwt, which takes issuer, audience, claims"},
		"a claim without a value":  {"{name: a, " + cloud + ", claims: [azp]}", "clients[0].claims: must be a list of NAME=VALUE"},
		"a claim twice":            {"{name: a, " + cloud + ", claims: [azp=1, azp=2]}", "clients[0].claims: must have azp once only"},
		"one clientID":             {robot + "}\n- {name: b, kind: basic, clientID: robot, secret: secret-of-another-one}", "clients[1].clientID: is that of another client, too"},
		"one secret":               {robot + "}\n- {name: b, token: secret-of-the-robot}", "clients[1].token: is the token of another client, too"},
		"the same tokens":          {"{name: a, " + cloud + "}\n- {name: b, " + cloud + "}", "clients[1].issuer: its tokens are good for another client, too: audience or claims must differ"},
		"tokens that are the same": {"{name: a, " + cloud + ", claims: [azp=1, x=2]}\n- {name: b, " + cloud + ", claims: [azp=1]}", "clients[1].issuer: its tokens are good for another client, too: audience or claims must differ"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := strings.NewReplacer("FILE", write(t, "secret", "secret-of-a-file-of-its-own"), "TWO", write(t, "secrets", "secret-of-a-file-of-its-own\nshort"), "EMPTY", write(t, "empty", "\n"))
			_, err := config.Load(config.Sources{File: write(t, "c.yaml", "clients:\n- "+files.Replace(test.clients)+"\n"), Getenv: env(nil)})
			if err == nil || !strings.HasSuffix(err.Error(), test.want) || strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("error\n%v, want one, with\n%s", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "secret-of-") || strings.Contains(err.Error(), other)) {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}
