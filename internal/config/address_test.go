package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/config"
)

// The query of a webhook's URL is a secret: whichever way it is given it is used whole and
// shown nowhere.
func TestWebhookQuery(t *testing.T) {
	t.Parallel()
	const whole = "https://hook.example:8443/api/in?code=s3cr3t%3D%3D&x=1"
	tenantLine := `tenant: {id: "` + guid + `", clientID: ` + guid + `, clientSecret: hush}` + "\n"
	for name, s := range map[string]struct {
		file, shown string
		env         map[string]string
	}{
		"file":        {file: `passwords: {sink: webhook, secret: a-key-of-the-webhook, url: "` + whole + `"}`, shown: "passwords.url: https://hook.example:8443/<secret>  # "},
		"environment": {file: `passwords: {sink: webhook, secret: a-key-of-the-webhook}`, env: map[string]string{"ENTRASCIM_PASSWORDS_URL": whole}, shown: "passwords.url: https://hook.example:8443/<secret>  # ENTRASCIM_PASSWORDS_URL"},
		"its file":    {file: `passwords: {sink: webhook, secret: a-key-of-the-webhook, urlFile: ` + write(t, "url", whole+"\n") + `}`, shown: "passwords.url:   # default"},
	} {
		c, err := config.Load(config.Sources{Unserved: true, File: write(t, "c.yaml", tenantLine+s.file+"\n"), Getenv: func(key string) string { return s.env[key] }})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.Directory().Passwords.URL; got != whole {
			t.Errorf("%s: the sink is at %q", name, got)
		}
		lines := strings.Join(c.Lines(), "\n")
		if !strings.Contains(lines, s.shown) {
			t.Errorf("%s: not shown as %q:\n%s", name, s.shown, lines)
		}
		text, err := json.Marshal(c.Passwords.URL)
		for _, printed := range []string{lines, fmt.Sprintf("%v %+v %#v", c.Passwords, c, c), string(text)} {
			if err != nil || strings.Contains(printed, "s3cr3t") || strings.Contains(printed, "code=") {
				t.Errorf("%s: %v: the secret is shown: %s", name, err, printed)
			}
		}
	}
}

// What is no good as the URL of a sink is refused, and not repeated.
func TestSinkURLMistakes(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]struct {
		file, want string
		flags      map[string]string
	}{
		"query of a Key Vault":         {file: `{sink: keyvault, url: "https://x.vault.azure.net?code=s3cr3t"}`, want: "passwords.url: must have no query: only that of a webhook may"},
		"query of a vault server":      {file: `{sink: vault, secret: hush, url: "https://vault.example?code=s3cr3t"}`, want: "passwords.url: must have no query: only that of a webhook may"},
		"query where there is no sink": {file: `{url: "https://vault.example?code=s3cr3t"}`, want: "passwords.url: must have no query: only that of a webhook may"},
		"not https":                    {file: `{sink: webhook, secret: a-key-of-the-webhook, url: "http://hook.example?code=s3cr3t"}`, want: "passwords.url: must be an https URL"},
		"no URL":                       {file: `{sink: webhook, secret: a-key-of-the-webhook, url: "s3cr3t?"}`, want: "passwords.url: must be an https URL"},
		"user and password":            {file: `{sink: webhook, secret: a-key-of-the-webhook, url: "https://a:s3cr3t@hook.example"}`, want: "passwords.url: must be an https URL"},
		"fragment":                     {file: `{sink: webhook, secret: a-key-of-the-webhook, url: "https://hook.example?a#s3cr3t"}`, want: "passwords.url: must be an https URL"},
		"space in the query":           {file: `{sink: webhook, secret: a-key-of-the-webhook, url: "https://hook.example?code=s3cr3t x"}`, want: "passwords.url: must be an https URL"},
		"file of no URL":               {file: `{sink: webhook, secret: a-key-of-the-webhook, urlFile: ` + write(t, "url", "s3cr3t") + `}`, want: "passwords.urlFile: must be an https URL"},
		"both":                         {file: `{sink: webhook, secret: a-key-of-the-webhook, url: "https://hook.example", urlFile: ` + write(t, "url", "https://hook.example?s3cr3t") + `}`, want: "passwords.urlFile: is given beside passwords.url"},
		"as a flag":                    {file: `{sink: webhook, secret: a-key-of-the-webhook}`, flags: map[string]string{"passwords.url": "https://hook.example?code=s3cr3t"}, want: "--passwords-url: has a query, which is a secret"},
	} {
		_, err := config.Load(config.Sources{Unserved: true, Flags: s.flags, File: write(t, "c.yaml", `tenant: {id: "`+guid+`", clientID: `+guid+", clientSecret: hush}\npasswords: "+s.file+"\n")})
		if err == nil || !strings.Contains(err.Error(), s.want) || strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", name, err, s.want)
		}
	}
}
