package config

import (
	"slices"
	"strings"
)

// A Client is a program that may call the gateway. Each has a token of its own.
type Client struct {
	Name      string `yaml:"name" env:"-" help:"What the client is called in logs."`
	Token     Secret `yaml:"token" env:"-" help:"Its bearer token, at least 16 characters."`
	TokenFile File   `yaml:"tokenFile" env:"-" help:"File that holds its bearer token."`
	Dialect   string `yaml:"dialect" env:"-" help:"How it speaks SCIM: rfc, entra, okta or one-identity."`
	Me        string `yaml:"me" env:"-" help:"Id (a GUID) of the user that /Me stands for when it asks."`
}

const (
	// clientList is the key of the list of clients.
	clientList = "clients"
	// defaultClient is the name of the client that Config.Token belongs to.
	defaultClient  = "default"
	defaultDialect = "rfc"
	// minToken is the least length of a bearer token that a network may guess at.
	minToken = 16
	// maxName bounds a client's name, which is in every line of the log.
	maxName = 64
)

const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	// tokenAlphabet is what a header can carry (RFC 6750 section 2.1).
	tokenAlphabet = alphanumeric + "-._~+/="
	nameAlphabet  = alphanumeric + "-._"
)

// Dialects are the names that Client.Dialect may have.
func Dialects() []string { return []string{defaultDialect, "entra", "okta", "one-identity"} }

// BearerToken is the client's token, wherever it was given.
func (c Client) BearerToken() Secret {
	if c.Token != "" {
		return c.Token
	}
	return c.TokenFile.secret()
}

// hasToken tells whether a token was given, be it a bad one.
func (c Client) hasToken() bool { return c.Token != "" || c.TokenFile.Given() }

// standing is the client that the settings beside the list describe.
func (c Config) standing() Client {
	return Client{Name: defaultClient, Token: c.Token, TokenFile: c.TokenFile, Dialect: c.Dialect, Me: c.Me}
}

// Callers are all the clients, the default one first.
func (c Config) Callers() []Client {
	if d := c.standing(); d.hasToken() {
		return append([]Client{d}, c.Clients...)
	}
	return slices.Clone(c.Clients)
}

// clientChecks hold each client to the rules, and then against those before it.
func (c *Config) clientChecks() []check {
	d := c.standing()
	if !d.hasToken() {
		checks := []check{
			{len(c.Clients) > 0, "token", "is missing: a client needs a bearer token (or tokenFile, or clients in the file)"},
			{d.Dialect == defaultDialect, "dialect", "needs token or tokenFile"},
			{d.Me == "", "me", "needs token or tokenFile"},
		}
		return append(checks, c.listed(nil)...)
	}
	return append(d.checks(""), c.listed([]Client{d})...)
}

// listed checks the clients of the list; before are those that are none of it.
func (c *Config) listed(before []Client) []check {
	var checks []check
	for n, one := range c.Clients {
		prefix := itemKey(clientList, n) + "."
		checks = append(checks, one.checks(prefix)...)
		checks = append(checks, one.differs(prefix, before)...)
		before = append(before, one)
	}
	return checks
}

func (c Client) tokenKey(prefix string) string {
	if c.TokenFile.Given() {
		return prefix + "tokenFile"
	}
	return prefix + "token"
}

func (c Client) checks(prefix string) []check {
	token, key := c.BearerToken(), c.tokenKey(prefix)
	return []check{
		{c.Name != "" && len(c.Name) <= maxName && only(c.Name, nameAlphabet), prefix + "name", "must be letters, digits and -._ only, 64 at most"},
		{c.Token == "" || !c.TokenFile.Given(), prefix + "tokenFile", "cannot be given beside token"},
		{c.hasToken(), key, "is missing: the client needs a bearer token (or tokenFile)"},
		{len(token) >= minToken, key, "must have at least 16 characters"},
		{!isExample(token), key, "is still the example's"},
		{only(string(token), tokenAlphabet), key, "must be letters, digits and -._~+/= only (RFC 6750)"},
		{slices.Contains(Dialects(), c.Dialect), prefix + "dialect", "must be one of " + strings.Join(Dialects(), ", ")},
		{c.Me == "" || validGUID(c.Me), prefix + "me", "must be the user's id, a GUID"},
	}
}

// differs holds the client against those before it: logs tell clients apart by
// their names, and the gateway by their tokens.
func (c Client) differs(prefix string, before []Client) []check {
	named := slices.ContainsFunc(before, func(other Client) bool { return other.Name == c.Name })
	token := c.BearerToken()
	shared := token != "" && slices.ContainsFunc(before, func(other Client) bool { return other.BearerToken() == token })
	return []check{
		{!named, prefix + "name", "is the name of another client, too"},
		{!shared, c.tokenKey(prefix), "is the token of another client, too"},
	}
}

// only tells whether a text has no other characters than those.
func only(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }
