package config_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

const (
	guid  = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
	token = "a-token-that-is-long-enough"
)

// env is an environment in which nothing is missing, with changes.
func env(changes map[string]string) func(string) string {
	all := map[string]string{
		"ENTRASCIM_TOKEN": token, "AZURE_TENANT_ID": guid, "AZURE_CLIENT_ID": guid, "AZURE_CLIENT_SECRET": "hush-hush",
	}
	maps.Copy(all, changes)
	return func(name string) string { return all[name] }
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEnvironmentAloneIsEnough(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{Getenv: env(nil)})
	if err != nil {
		t.Fatal(err)
	}
	d := c.Directory()
	if d.DirectoryID != guid || d.Credential.Secret != "hush-hush" || d.GraphURL != "https://graph.microsoft.com/v1.0" {
		t.Errorf("tenant %+v", d)
	}
	if c.Callers()[0].BearerToken() != token || c.ServesTLS() || c.Listen != "127.0.0.1:8080" {
		t.Errorf("config %v", c.Lines())
	}
}

func TestLaterSourceWins(t *testing.T) {
	t.Parallel()
	file := write(t, "c.yaml", "listen: 127.0.0.1:1\nlimits:\n  timeout: 1s\n  body: 2000\n")
	c, err := config.Load(config.Sources{
		File:   file,
		Getenv: env(map[string]string{"ENTRASCIM_LISTEN": "127.0.0.1:2", "ENTRASCIM_LIMITS_TIMEOUT": "2s"}),
		Flags:  map[string]string{"listen": "127.0.0.1:3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.Limits.Timeout != 2*time.Second || c.Limits.Body != 2000 || c.Limits.Header != 32<<10 {
		t.Errorf("listen %s, timeout %s, body %d, header %d", c.Listen, c.Limits.Timeout, c.Limits.Body, c.Limits.Header)
	}
	lines := strings.Join(c.Lines(), "\n")
	for _, want := range []string{
		"listen: 127.0.0.1:3  # --listen", "limits.timeout: 2s  # ENTRASCIM_LIMITS_TIMEOUT",
		"limits.body: 2000  # " + file + ":4: limits.body", "limits.header: 32768  # default", "token: <secret>  # ENTRASCIM_TOKEN",
	} {
		if !strings.Contains(lines, want+"\n") {
			t.Errorf("no line %q in\n%s", want, lines)
		}
	}
}

func TestEveryKindOfValueFromAFile(t *testing.T) {
	t.Parallel()
	secret, overlay := write(t, "secret", "from a file\n"), write(t, "o.yaml", "resource: User\n")
	c, err := config.Load(config.Sources{File: write(t, "c.yaml", `
# a comment
publicURL: https://scim.example.com
tokenFile: `+write(t, "token", token+"\r\n")+`
tenant:
  id: "`+guid+`"
  clientID: `+guid+`
  clientSecretFile: `+secret+`
  cloud: china
  authority: https://login.partner.microsoftonline.cn/
  defaultDomain: contoso.com
  shortNames: yes please
mapping:
  profile: [starling, external-id]
  overlays: [`+overlay+`, `+overlay+`]
policy: {managerMissing: warn, maxScan: 5, revokeSessionsOnDisable: true}
log:
  level: debug
drainGrace: 1m
`), Flags: map[string]string{"tenant.shortNames": "true", "tenant.offset": "-03:30"}})
	if err == nil || !strings.Contains(err.Error(), "tenant.shortNames: must be true or false") || strings.Contains(err.Error(), "\n") {
		t.Errorf("errors %v, want the one about shortNames", err)
	}
	d := c.Directory()
	if !slices.Equal(d.Profiles, []string{"starling", "external-id"}) || d.ExtensionAppID != guid {
		t.Errorf("profiles %q, extensions of %s", d.Profiles, d.ExtensionAppID)
	}
	if d.GraphURL != "https://microsoftgraph.chinacloudapi.cn/v1.0" || d.Authority != "https://login.partner.microsoftonline.cn/" || d.Credential.Secret != "from a file" || len(d.Overlays) != 2 || string(d.Overlays[1].Text) != "resource: User\n" {
		t.Errorf("tenant %+v", d)
	}
	if _, offset := time.Unix(0, 0).In(d.Offset).Zone(); offset != -(3*60+30)*60 {
		t.Errorf("offset %d s", offset)
	}
	if c.Callers()[0].BearerToken() != token || c.Log.Level != zerolog.DebugLevel || d.Policy != (tenant.Policy{ManagerMissing: "warn", MaxScan: 5, Delete: "delete", RevokeSessions: true, DeletedUser: "create"}) || !d.ShortNames {
		t.Errorf("config %v", c.Lines())
	}
}

// The passwords of a tenant are as the file says, and as they are by default.
func TestPasswords(t *testing.T) {
	t.Parallel()
	secret := write(t, "secret", "s.token\n")
	c, err := config.Load(config.Sources{Unserved: true, File: write(t, "c.yaml", `
tenant: {id: "`+guid+`", clientID: `+guid+`, clientSecret: hush}
passwords: {sink: vault, url: "https://vault.example:8200", secretFile: `+secret+`, mount: kv, length: 32, classes: [lower, upper, digit]}
`)})
	if err != nil {
		t.Fatal(err)
	}
	got := c.Directory().Passwords
	if got.Sink != tenant.KV || got.URL != "https://vault.example:8200" || got.Secret != "s.token" || got.Mount != "kv" || got.Path != "entrascim/{tenant}/{id}" || got.Length != 32 || len(got.Classes) != 3 {
		t.Errorf("%+v", got)
	}
	if strings.Contains(strings.Join(c.Lines(), "\n"), "s.token") {
		t.Error("the secret is shown")
	}
	d := config.Default().Directory().Passwords
	if d.Sink != tenant.NoSink || d.Length != 24 || len(d.Classes) != 4 {
		t.Errorf("by default: %+v", d)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file  string
		env   map[string]string
		flags map[string]string
		want  []string // every line, without the path of the file
	}{
		"unknown key": {file: "lisen: x\n", want: []string{"c.yaml:1: lisen: no such setting"}},
		"passwords": {file: "passwords:\n  sink: webhook\n  url: http://a.example\n  secret: short\n  length: 4\n  life: -1h\n", want: []string{
			"c.yaml:3: passwords.url: must be an https URL", "c.yaml:6: passwords.life: must not be negative", "c.yaml:5: passwords.length: must be 8 to 256: Entra takes no others",
		}},
		"passwords' sink":       {file: "passwords: {sink: nowhere}\n", want: []string{"c.yaml:1: passwords.sink: must be none, keyvault, vault, jwe or webhook"}},
		"passwords' recipient":  {file: "passwords: {sink: jwe, recipient: \"{}\"}\n", want: []string{"c.yaml:1: passwords.recipient: must be a JWK: the public key of RSA or of an elliptic curve"}},
		"unknown key in group":  {file: "tenant:\n  name: a\n  secret: x\n", want: []string{"c.yaml:3: tenant.secret: no such setting"}},
		"key twice":             {file: "listen: :1\nlisten: :2\n", want: []string{"c.yaml:2: listen is given twice, first on line 1"}},
		"second document":       {file: "listen: :1\n---\nlisten: :2\n", want: []string{"c.yaml:3: a second document is not allowed"}},
		"not YAML":              {file: "listen: [\n", want: []string{"c.yaml:1: is not YAML: sequence end token ']' not found"}},
		"not a group":           {file: "tenant: x\n", want: []string{"c.yaml:1: tenant must be a group of settings"}},
		"the whole is a list":   {file: "- a\n", want: []string{"c.yaml:1: the file must be a group of settings"}},
		"group for a value":     {file: "listen: {a: b}\n", want: []string{"c.yaml:1: listen must be a plain value or a list of them"}},
		"list for a value":      {file: "listen: [a, b]\n", want: []string{"c.yaml:1: listen: must be one value"}},
		"nothing for a value":   {file: "listen:\n", want: []string{"c.yaml:1: listen has no value"}},
		"anchor":                {file: "listen: &a :1\n", want: []string{"c.yaml:1: listen must be a plain value or a list of them"}},
		"store without key":     {env: map[string]string{"ENTRASCIM_STORE": "store.db"}, want: []string{"store.key (ENTRASCIM_STORE_KEY): is missing: a store needs a key that its secrets are sealed with (or keyFile)"}},
		"store key":             {env: map[string]string{"ENTRASCIM_STORE": "store.db", "ENTRASCIM_STORE_KEY": "long-enough-to-seal short"}, want: []string{"ENTRASCIM_STORE_KEY: must be secrets of at least 16 characters"}},
		"admin without token":   {env: map[string]string{"ENTRASCIM_STORE": "store.db", "ENTRASCIM_STORE_KEY": token}, flags: map[string]string{"admin.listen": ":1"}, want: []string{"admin.token (ENTRASCIM_ADMIN_TOKEN): is missing: admin.listen needs it (or tokenFile)"}},
		"admin without store":   {env: map[string]string{"ENTRASCIM_ADMIN_TOKEN": "short"}, flags: map[string]string{"admin.listen": ":1"}, want: []string{"--admin-listen: needs store.dsn", "ENTRASCIM_ADMIN_TOKEN: must have at least 16 characters"}},
		"listen":                {flags: map[string]string{"listen": "8080"}, want: []string{"--listen: must be host:port"}},
		"port":                  {flags: map[string]string{"listen": ":65536"}, want: []string{"--listen: must be host:port"}},
		"duration":              {env: map[string]string{"ENTRASCIM_LIMITS_TIMEOUT": "soon"}, want: []string{"ENTRASCIM_LIMITS_TIMEOUT: must be a duration like 30s"}},
		"number":                {env: map[string]string{"ENTRASCIM_MAX_SCAN": "1e3"}, want: []string{"ENTRASCIM_MAX_SCAN: must be a whole number"}},
		"no country":            {file: "policy: {usageLocation: Netherlands}\n", want: []string{"c.yaml:1: policy.usageLocation: must be two capital letters, as in NL"}},
		"provisioned always":    {file: "policy: {provisioning: always}\n", want: []string{"c.yaml:1: policy.provisioning: must be off, on-demand or start"}},
		"nothing scanned":       {file: "policy: {maxScan: 0}\n", want: []string{"c.yaml:1: policy.maxScan: must be more than 0"}},
		"deleted user":          {file: "policy: {deletedUser: revive}\n", want: []string{"c.yaml:1: policy.deletedUser: must be create, refuse or restore"}},
		"level":                 {env: map[string]string{"ENTRASCIM_LOG_LEVEL": "loud"}, want: []string{`ENTRASCIM_LOG_LEVEL: "loud" is not a value it can have`}},
		"format":                {env: map[string]string{"ENTRASCIM_LOG_FORMAT": "xml"}, want: []string{"ENTRASCIM_LOG_FORMAT: must be json or console"}},
		"offset":                {env: map[string]string{"ENTRASCIM_OFFSET": "2"}, want: []string{"ENTRASCIM_OFFSET: must be an offset like +02:00"}},
		"offset too far":        {env: map[string]string{"ENTRASCIM_OFFSET": "+15:00"}, want: []string{"ENTRASCIM_OFFSET: must be an offset between -12:00 and +14:00"}},
		"short token":           {env: map[string]string{"ENTRASCIM_TOKEN": "demo"}, want: []string{"ENTRASCIM_TOKEN: must have at least 16 characters"}},
		"token no header takes": {env: map[string]string{"ENTRASCIM_TOKEN": "long enough but spaced"}, want: []string{"ENTRASCIM_TOKEN: must be letters, digits and -._~+/= only (RFC 6750)"}},
		"token of the example":  {env: map[string]string{"ENTRASCIM_TOKEN": "change-me-to-a-long-random-token"}, want: []string{"ENTRASCIM_TOKEN: is still the example's"}},
		"token and file":        {env: map[string]string{"ENTRASCIM_TOKEN_FILE": os.DevNull}, want: []string{"ENTRASCIM_TOKEN_FILE: cannot be given beside token"}},
		"empty token file":      {env: map[string]string{"ENTRASCIM_TOKEN": "", "ENTRASCIM_TOKEN_FILE": os.DevNull}, want: []string{"ENTRASCIM_TOKEN_FILE: must have at least 16 characters"}},
		"no such file":          {env: map[string]string{"ENTRASCIM_CA_FILE": "nowhere"}, want: []string{"ENTRASCIM_CA_FILE: cannot be read: open nowhere: no such file or directory"}},
		"CA without PEM":        {env: map[string]string{"ENTRASCIM_CA_FILE": os.DevNull}, want: []string{"ENTRASCIM_CA_FILE: must hold PEM certificates"}},
		"two credentials":       {env: map[string]string{"ENTRASCIM_MANAGED_IDENTITY": "true"}, want: []string{"AZURE_CLIENT_SECRET: give one credential, not clientSecret and managedIdentity"}},
		"no credential":         {env: map[string]string{"AZURE_CLIENT_SECRET": ""}, want: []string{"tenant.clientSecret (AZURE_CLIENT_SECRET): is missing: give one of clientSecret, clientSecretFile, certificateFile, federatedTokenFile, managedIdentity"}},
		"tenant not a GUID":     {env: map[string]string{"AZURE_TENANT_ID": "contoso"}, want: []string{"AZURE_TENANT_ID: must be the directory's GUID"}},
		"client in braces":      {env: map[string]string{"AZURE_CLIENT_ID": "{" + guid + "}"}, want: []string{"AZURE_CLIENT_ID: must be the application's GUID"}},
		"cloud":                 {env: map[string]string{"ENTRASCIM_CLOUD": "mars"}, want: []string{"ENTRASCIM_CLOUD: must be one of global, usgov, usgov-dod, china"}},
		"plain Graph":           {env: map[string]string{"ENTRASCIM_GRAPH_URL": "http://127.0.0.1/v1.0"}, want: []string{"ENTRASCIM_GRAPH_URL: must be an https URL", "tenant.authority (AZURE_AUTHORITY_HOST): is missing: a Graph URL that is not Microsoft's needs it"}},
		"public URL":            {env: map[string]string{"ENTRASCIM_PUBLIC_URL": "scim.example.com"}, want: []string{"ENTRASCIM_PUBLIC_URL: must be an absolute URL without query"}},
		"a profile twice":       {flags: map[string]string{"mapping.profile": "starling, starling"}, want: []string{"--profile: must name starling once only"}},
		"a profile of nothing":  {env: map[string]string{"ENTRASCIM_PROFILE": "starling,"}, want: []string{"ENTRASCIM_PROFILE: must be names, separated by commas"}},
		"a profile in a list":   {file: "mapping: {profile: [a, '']}\n", want: []string{"c.yaml:1: mapping.profile: must be names, separated by commas"}},
		"extensions of no GUID": {env: map[string]string{"ENTRASCIM_EXTENSION_APP_ID": "x"}, want: []string{"ENTRASCIM_EXTENSION_APP_ID: must be the application's GUID"}},
		"short names of none":   {file: "tenant: {shortNames: true}\n", want: []string{"c.yaml:1: tenant.shortNames: needs tenant.defaultDomain"}},
		"certificate alone":     {env: map[string]string{"ENTRASCIM_TLS_CERTIFICATE_FILE": os.DevNull}, want: []string{"tls.keyFile (ENTRASCIM_TLS_KEY_FILE): certificateFile and keyFile belong together"}},
		"not a pair":            {env: map[string]string{"ENTRASCIM_TLS_CERTIFICATE_FILE": os.DevNull, "ENTRASCIM_TLS_KEY_FILE": os.DevNull}, want: []string{"ENTRASCIM_TLS_CERTIFICATE_FILE: must be a PEM certificate that belongs to the key in keyFile"}},
		"a leaver of what":      {file: "policy: {delete: archive, leaver: [disable, forget]}\n", want: []string{"c.yaml:1: policy.delete: must be delete or disable", "c.yaml:1: policy.leaver: must be of disable, revokeSessions, licenses, groups; or all"}},
		"a debt of deletes":     {file: "policy: {thresholds: {deletes: -1}}\n", want: []string{"c.yaml:1: policy.thresholds.deletes: must not be negative"}},
		"pacing of nothing":     {file: "graph: {pacing: 0}\n", want: []string{"c.yaml:1: graph.pacing: must be off, a percentage from 5% to 1000%, or resource units from 100 to 1000000"}},
		"pacing by a word":      {env: map[string]string{"ENTRASCIM_GRAPH_PACING": "fast"}, want: []string{"ENTRASCIM_GRAPH_PACING: must be off, a percentage from 5% to 1000%, or resource units from 100 to 1000000"}},
		"pacing below a batch":  {flags: map[string]string{"graph.pacing": "4%"}, want: []string{"--graph-pacing: must be off, a percentage from 5% to 1000%, or resource units from 100 to 1000000"}},
		"many at once": {
			file: "lisen: x\ndrainGrace: -1s\nlog:\n  format: xml\n", env: map[string]string{"AZURE_TENANT_ID": "x", "ENTRASCIM_OFFSET": "x"}, flags: map[string]string{"limits.body": "1"},
			want: []string{
				"c.yaml:1: lisen: no such setting", "ENTRASCIM_OFFSET: must be an offset like +02:00", "AZURE_TENANT_ID: must be the directory's GUID",
				"--limits-body: must be at least 1024 bytes", "c.yaml:4: log.format: must be json or console", "c.yaml:2: drainGrace: must not be negative",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mistaken(t, config.Sources{Getenv: env(test.env), Flags: test.flags}, test.file, test.want)
		})
	}
}

// Directory extensions belong to the app registration that signs in, unless another
// is named or a managed identity, which has no registration, signs in.
func TestExtensionAppID(t *testing.T) {
	t.Parallel()
	const other = "11111111-2222-4333-8444-555555555555"
	managed := map[string]string{"AZURE_CLIENT_SECRET": "", "ENTRASCIM_MANAGED_IDENTITY": "true"}
	both := maps.Clone(managed)
	both["ENTRASCIM_EXTENSION_APP_ID"] = other
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"its own":                    {nil, guid},
		"another":                    {map[string]string{"ENTRASCIM_EXTENSION_APP_ID": other}, other},
		"managed identity":           {managed, ""},
		"managed identity and other": {both, other},
	} {
		c, err := config.Load(config.Sources{Getenv: env(test.env)})
		if got := c.Directory().ExtensionAppID; err != nil || got != test.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestPacing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]graph.Pacing{
		"off": {Off: true}, "50%": {Share: 50}, "1000%": {Share: 1000}, "4000": {Units: 4000}, "100": {Units: 100},
	} {
		c, err := config.Load(config.Sources{Getenv: env(nil), File: write(t, "c.yaml", "graph:\n  pacing: "+text+"\n")})
		if err != nil || c.Graph.Pacing.Pacing != want || c.Graph.Pacing.String() != text {
			t.Errorf("%s: %+v, shown as %s, %v", text, c.Graph.Pacing, c.Graph.Pacing, err)
		}
	}
	if c := config.Default(); c.Graph.Pacing.String() != "100%" {
		t.Errorf("by default %s", c.Graph.Pacing)
	}
}

// One text or a list, in a file, in the environment and as a flag.
func TestProfiles(t *testing.T) {
	t.Parallel()
	both := []string{"starling", "external-id"}
	for name, test := range map[string]struct {
		from config.Sources
		want []string
	}{
		"none":        {config.Sources{}, nil},
		"one":         {config.Sources{Flags: map[string]string{"mapping.profile": "starling"}}, both[:1]},
		"flag":        {config.Sources{Flags: map[string]string{"mapping.profile": "starling,external-id"}}, both},
		"environment": {config.Sources{Getenv: env(map[string]string{"ENTRASCIM_PROFILE": "starling, external-id"})}, both},
		"text":        {config.Sources{File: write(t, "c.yaml", "mapping: {profile: 'starling,external-id'}\n")}, both},
		"list":        {config.Sources{File: write(t, "c.yaml", "mapping:\n  profile:\n  - starling\n  - external-id\n")}, both},
	} {
		if test.from.Getenv == nil {
			test.from.Getenv = env(nil)
		}
		c, err := config.Load(test.from)
		if got := c.Directory().Profiles; err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if want := "mapping.profile: " + strings.Join(test.want, ",") + "  # "; !strings.Contains(strings.Join(c.Lines(), "\n"), want) {
			t.Errorf("%s: no line %q in %q", name, want, c.Lines())
		}
	}
}

// Where nothing is served no bearer token is needed, but everything that reaches
// the tenant is.
func TestUnserved(t *testing.T) {
	t.Parallel()
	from := config.Sources{Getenv: env(map[string]string{"ENTRASCIM_TOKEN": ""}), Unserved: true}
	if _, err := config.Load(from); err != nil {
		t.Error(err)
	}
	from.Getenv = env(map[string]string{"ENTRASCIM_TOKEN": "", "AZURE_TENANT_ID": "x"})
	if _, err := config.Load(from); err == nil || err.Error() != "AZURE_TENANT_ID: must be the directory's GUID" {
		t.Errorf("error %v", err)
	}
}

func TestNoSuchFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Sources{File: "nowhere.yaml", Getenv: env(nil)})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{Getenv: env(map[string]string{"AZURE_CLIENT_CERTIFICATE_PASSWORD": "hush-hush"})})
	if err == nil {
		t.Fatal("a password without certificate was accepted")
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Lines()), err.Error()} {
		if strings.Contains(text, token) || strings.Contains(text, "hush-hush") {
			t.Errorf("a secret is printed: %s", text)
		}
	}
}

// mistaken loads from the sources and a file, when there is a text of one, and wants these
// mistakes.
func mistaken(t *testing.T, from config.Sources, file string, mistakes []string) {
	t.Helper()
	if file != "" {
		from.File = write(t, "c.yaml", file)
	}
	_, err := config.Load(from)
	if err == nil {
		t.Fatal("no mistake found")
	}
	got := strings.ReplaceAll(err.Error(), strings.TrimSuffix(from.File, "c.yaml"), "")
	if want := strings.Join(mistakes, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
