package config

import (
	"strings"
)

// Store is where the tenants are kept that the program itself manages, beside those
// of files.
type Store struct {
	DSN     Secret `yaml:"dsn" env:"ENTRASCIM_STORE" help:"Store of the tenants and clients that the commands tenant and client and the admin API manage: the path of an SQLite file, or a postgres:// URL, which several replicas may share. Without it: none."`
	Key     Secret `yaml:"key" env:"ENTRASCIM_STORE_KEY" help:"Secret that credentials in the store are sealed with, at least 16 characters; several by white space: the first seals, all are known. The gateway's own tokens are signed with what derives from it. Replicas share it."`
	KeyFile File   `yaml:"keyFile" env:"ENTRASCIM_STORE_KEY_FILE" help:"File that holds the secret, or several, a line each."`
}

// Given tells whether there is a store.
func (s Store) Given() bool { return s.DSN != "" }

// secrets are those of the key and the key file.
func (s Store) secrets() []string {
	return strings.Fields(string(s.Key) + "\n" + string(s.KeyFile.Content))
}

// Admin is the listener that tenants of the store are managed by.
type Admin struct {
	Listen    string `yaml:"listen" env:"ENTRASCIM_ADMIN_LISTEN" help:"Address of a listener for /admin/v1, host:port, which manages the store. It serves HTTPS with the certificate of tls, if there is one. Without it: none."`
	Token     Secret `yaml:"token" env:"ENTRASCIM_ADMIN_TOKEN" help:"Bearer token that it asks for, at least 16 characters."`
	TokenFile File   `yaml:"tokenFile" env:"ENTRASCIM_ADMIN_TOKEN_FILE" help:"File that holds that token."`
}

// BearerToken is the token, wherever it was given.
func (a Admin) BearerToken() Secret {
	if a.Token != "" {
		return a.Token
	}
	return a.TokenFile.secret()
}

// StoreSecrets are what the store is sealed with, the first first; none: no key was
// given.
func (c Config) StoreSecrets() [][]byte {
	var all [][]byte
	for _, s := range c.Store.secrets() {
		all = append(all, []byte(s))
	}
	return all
}

func (c *Config) storeChecks() []check {
	s := c.Store
	key := "store.key"
	if s.KeyFile.Given() {
		key = "store.keyFile"
	}
	return []check{
		{!s.Given() || s.Key != "" || s.KeyFile.Given(), "store.key", "is missing: a store needs a key that its secrets are sealed with (or keyFile)"},
		{s.Key == "" || !s.KeyFile.Given(), "store.keyFile", "give key or keyFile"},
		{!s.KeyFile.Given() || len(s.secrets()) > 0, "store.keyFile", "is empty"},
		{long(s.secrets()), key, "must be secrets of at least 16 characters"},
		{!isExample(s.Key), "store.key", "is still the example's"},
		{!isExample(Secret(s.KeyFile.Content)), "store.keyFile", "is still the example's"},
	}
}

func (c *Config) adminChecks() []check {
	a := c.Admin
	token, key := a.BearerToken(), "admin.token"
	if a.TokenFile.Given() {
		key = "admin.tokenFile"
	}
	given := a.Token != "" || a.TokenFile.Given()
	return []check{
		{a.Listen == "" || validListen(a.Listen), "admin.listen", "must be host:port"},
		{a.Listen == "" || c.Store.Given(), "admin.listen", "needs store.dsn"},
		{a.Listen == "" || given, key, "is missing: admin.listen needs it (or tokenFile)"},
		{a.Token == "" || !a.TokenFile.Given(), "admin.tokenFile", "cannot be given beside token"},
		{!given || len(token) >= minToken, key, "must have at least 16 characters"},
		{!isExample(token), key, "is still the example's"},
		{only(string(token), tokenAlphabet), key, "must be letters, digits and -._~+/= only (RFC 6750)"},
	}
}
