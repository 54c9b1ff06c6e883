package config

import (
	"crypto/x509"
	"errors"
	"strings"
	"time"

	"entrascim/internal/tenant"
	"entrascim/internal/vault"
)

// Passwords is what the passwords are like that the gateway generates, for new users
// whose client sends none and when one is reset, and where they go.
type Passwords struct {
	Length     int           `yaml:"length" env:"ENTRASCIM_PASSWORDS_LENGTH" help:"Characters of a generated password, 8 to 256."`
	Classes    Names         `yaml:"classes" env:"ENTRASCIM_PASSWORDS_CLASSES" help:"Classes of characters, each of which a generated password has: three or four of lower, upper, digit and symbol."`
	Sink       string        `yaml:"sink" env:"ENTRASCIM_PASSWORDS_SINK" help:"Where generated passwords go: none, nobody is told; keyvault, Azure Key Vault; vault, HashiCorp Vault or OpenBao; jwe, back to the client, encrypted to its public key; webhook."`
	URL        Address       `yaml:"url" env:"ENTRASCIM_PASSWORDS_URL" help:"URL of the Key Vault, the vault server or the webhook; https. A webhook's may have a query, which is a secret then, and is not given as a flag."`
	URLFile    File          `yaml:"urlFile" env:"ENTRASCIM_PASSWORDS_URL_FILE" help:"File that holds it."`
	Secret     Secret        `yaml:"secret" env:"ENTRASCIM_PASSWORDS_SECRET" help:"Of sink vault the token, or with passwords.roleID the secret id of AppRole; of webhook the key that requests are signed with."`
	SecretFile File          `yaml:"secretFile" env:"ENTRASCIM_PASSWORDS_SECRET_FILE" help:"File that holds it."`
	CA         File          `yaml:"caFile" env:"ENTRASCIM_PASSWORDS_CA_FILE" help:"PEM file with certificate authorities to trust for the sink, beside the system's and those of tenant.caFile."`
	Life       time.Duration `yaml:"life" env:"ENTRASCIM_PASSWORDS_LIFE" help:"Of sink keyvault: how long until the secret expires, like 720h; 0 is never."`
	Namespace  string        `yaml:"namespace" env:"ENTRASCIM_PASSWORDS_NAMESPACE" help:"Of sink vault: its namespace, if there is one."`
	Mount      string        `yaml:"mount" env:"ENTRASCIM_PASSWORDS_MOUNT" help:"Of sink vault: where its key-value store is mounted, which must be of version 2."`
	Path       string        `yaml:"path" env:"ENTRASCIM_PASSWORDS_PATH" help:"Of sink vault: the path of a user's password, with {id}, and {tenant} and {userName} if wanted."`
	RoleID     string        `yaml:"roleID" env:"ENTRASCIM_PASSWORDS_ROLE_ID" help:"Of sink vault: role id of AppRole, to sign in instead of with a token."`
	AppRole    string        `yaml:"appRole" env:"ENTRASCIM_PASSWORDS_APP_ROLE" help:"Of sink vault: where AppRole is mounted."`
	Recipient  string        `yaml:"recipient" env:"ENTRASCIM_PASSWORDS_RECIPIENT" help:"Of sink jwe: the public key (a JWK) that passwords are encrypted to. Without it each request says its own in the header Password-Recipient."`
}

const noSink = "none"

func defaultPasswords() Passwords {
	return Passwords{
		Length: vault.DefaultLength, Classes: vault.Classes(), Sink: noSink,
		Mount: vault.DefaultMount, Path: vault.DefaultPath, AppRole: vault.DefaultAppRole,
	}
}

// secret is what was given, in whichever way.
func (p Passwords) secret() Secret {
	if p.Secret != "" {
		return p.Secret
	}
	return p.SecretFile.secret()
}

// address is the URL of the sink, in whichever way it was given.
func (p Passwords) address() Address {
	if p.URL != "" {
		return p.URL
	}
	return Address(p.URLFile.secret())
}

// settings are those for the tenant.
func (p Passwords) settings() tenant.Passwords {
	s := tenant.Passwords{
		Length: p.Length, Classes: p.Classes, Sink: tenant.Sink(p.Sink), URL: string(p.address()), Secret: string(p.secret()), RootCAs: p.CA.Content, Life: p.Life,
		Namespace: p.Namespace, Mount: p.Mount, Path: p.Path, RoleID: p.RoleID, AppRole: p.AppRole, Recipient: []byte(p.Recipient),
	}
	if p.Sink == noSink {
		s.Sink = tenant.NoSink
	}
	return s
}

func (c *Config) passwordChecks() []check {
	p := c.Passwords
	sink := tenant.Sink(p.Sink)
	remote := sink == tenant.KeyVault || sink == tenant.KV || sink == tenant.Webhook
	secret := sink == tenant.KV || sink == tenant.Webhook
	key, address := "passwords.url", p.address()
	if p.URL == "" && p.URLFile.Given() {
		key = "passwords.urlFile"
	}
	query := address != Address(address.plain())
	checks := []check{
		{remote || sink == tenant.Envelope || p.Sink == noSink, "passwords.sink", "must be none, keyvault, vault, jwe or webhook"},
		{!remote || validURL(address.plain(), "https") && address.validQuery(), key, "must be an https URL"},
		{!query || sink == tenant.Webhook, key, "must have no query: only that of a webhook may"},
		{!query || !strings.HasPrefix(c.origins["passwords.url"], "--"), key, "has a query, which is a secret: every process could read it from the command line; give it in a file or the environment"},
		{p.URL == "" || !p.URLFile.Given(), "passwords.urlFile", "is given beside passwords.url: give one of them"},
		{!secret || p.secret() != "", "passwords.secret", "is missing: this sink needs it, or passwords.secretFile"},
		{p.Secret == "" || !p.SecretFile.Given(), "passwords.secretFile", "give secret or secretFile"},
		{!isExample(p.secret()), "passwords.secret", "is still the example's"},
		{!p.CA.Given() || x509.NewCertPool().AppendCertsFromPEM(p.CA.Content), "passwords.caFile", "must hold PEM certificates"},
		{p.Life >= 0, "passwords.life", "must not be negative"},
	}
	if mistake, wrong := errors.AsType[*vault.Mistake](vault.Check(p.settings())); wrong {
		at := "passwords." + mistake.Setting
		if mistake.Setting == "url" {
			at = key
		}
		checks = append(checks, check{false, at, mistake.Text})
	}
	return checks
}
