package config

import (
	"maps"
	"slices"
	"strings"

	"entrascim/internal/tenant"
)

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

func (c Client) checks(prefix string) []check {
	known := slices.Contains(tenant.Kinds(), c.Kind)
	all := []check{
		{c.Name != "" && len(c.Name) <= maxName && only(c.Name, nameAlphabet), prefix + "name", "must be letters, digits and -._ only, 64 at most"},
		{known, prefix + "kind", "must be one of bearer, client-credentials, jwt, basic"},
		{c.Role == tenant.ReadOnly || c.Role == tenant.ReadWrite, prefix + "role", "must be read-only or read-write"},
		{c.knownTypes(), prefix + "resourceTypes", "must be of " + strings.Join(ResourceTypes(), ", ")},
		{slices.Contains(Dialects(), c.Dialect), prefix + "dialect", "must be one of " + strings.Join(Dialects(), ", ")},
		{c.Me == "" || validGUID(c.Me), prefix + "me", "must be the user's id, a GUID"},
	}
	if !known {
		return all
	}
	all = append(all, c.strange(prefix)...)
	switch c.Kind {
	case tenant.JWT:
		return append(all, c.issued(prefix)...)
	case tenant.Bearer:
		return append(all, c.secretChecks(c.tokenKey(prefix), tokenAlphabet, "letters, digits and -._~+/= only (RFC 6750)",
			check{c.Token == "" || !c.TokenFile.Given(), prefix + "tokenFile", "cannot be given beside token"},
			check{c.hasToken(), c.tokenKey(prefix), "is missing: the client needs a bearer token (or tokenFile)"})...)
	default:
		all = append(all, check{c.ClientID != "" && len(c.ClientID) <= maxName && only(c.ClientID, nameAlphabet), prefix + "clientID", "must be letters, digits and -._ only, 64 at most"})
		return append(all, c.secretChecks(c.secretKey(prefix), visibleASCII, "printable ASCII without spaces",
			check{c.Secret == "" || !c.SecretFile.Given(), prefix + "secretFile", "cannot be given beside secret"},
			check{c.Secret != "" || c.SecretFile.Given(), c.secretKey(prefix), "is missing: the client needs a secret (or secretFile)"})...)
	}
}

// visibleASCII are the characters that a secret may have.
const visibleASCII = tokenAlphabet + "!\"#$%&'()*,:;<>?@[\\]^`{|}"

// secretChecks hold the client's secrets to the rules that all secrets have, after
// those of the kind.
func (c Client) secretChecks(key, alphabet, letters string, all ...check) []check {
	secrets := c.Secrets()
	has := func(bad func(Secret) bool) bool { return slices.ContainsFunc(secrets, bad) }
	return append(all,
		check{len(secrets) > 0 && !has(func(s Secret) bool { return len(s) < minToken }), key, "must have at least 16 characters"},
		check{!has(isExample), key, "is still the example's"},
		check{!has(func(s Secret) bool { return !only(string(s), alphabet) }), key, "must be " + letters},
	)
}

// issued checks what a client of kind jwt has.
func (c Client) issued(prefix string) []check {
	return []check{
		{c.Issuer != "", prefix + "issuer", "is missing: kind jwt needs it"},
		{c.Issuer == "" || validURL(c.Issuer, "https"), prefix + "issuer", "must be an https URL"},
		{c.Audience != "", prefix + "audience", "is missing: kind jwt needs it"},
	}
}

// strange refuses what a client of the kind has no use for.
func (c Client) strange(prefix string) []check {
	given := map[string]bool{
		"token": c.Token != "", "tokenFile": c.TokenFile.Given(), "clientID": c.ClientID != "", "secret": c.Secret != "", "secretFile": c.SecretFile.Given(),
		"expires": !c.Expires.IsZero(), "issuer": c.Issuer != "", "audience": c.Audience != "", "claims": len(c.Claims) > 0,
	}
	takes := map[tenant.Kind][]string{
		tenant.Bearer: {"token", "tokenFile", "expires"}, tenant.JWT: {"issuer", "audience", "claims"},
		tenant.ClientCredentials: {"clientID", "secret", "secretFile", "expires"}, tenant.Basic: {"clientID", "secret", "secretFile", "expires"},
	}[c.Kind]
	var all []check
	for _, key := range slices.Sorted(maps.Keys(given)) {
		all = append(all, check{!given[key] || slices.Contains(takes, key), prefix + key, "cannot be given with kind " + string(c.Kind) + ", which takes " + strings.Join(takes, ", ")})
	}
	return all
}

func (c Client) knownTypes() bool {
	return !slices.ContainsFunc(c.ResourceTypes, func(name string) bool { return !slices.Contains(ResourceTypes(), name) })
}

func (c Client) tokenKey(prefix string) string {
	if c.TokenFile.Given() {
		return prefix + "tokenFile"
	}
	return prefix + "token"
}

func (c Client) secretKey(prefix string) string {
	switch {
	case c.Kind == tenant.Bearer:
		return c.tokenKey(prefix)
	case c.SecretFile.Given():
		return prefix + "secretFile"
	}
	return prefix + "secret"
}

// differs holds the client against those before it: logs tell clients apart by
// their names, and the gateway by their tokens.
func (c Client) differs(prefix string, before []Client) []check {
	has := func(same func(Client) bool) bool { return slices.ContainsFunc(before, same) }
	return []check{
		{!has(func(other Client) bool { return other.Name == c.Name }), prefix + "name", "is the name of another client, too"},
		{!has(c.shares), c.secretKey(prefix), "is the token of another client, too"},
		{c.ClientID == "" || !has(func(other Client) bool { return other.ClientID == c.ClientID }), prefix + "clientID", "is that of another client, too"},
		{!has(c.ambiguous), prefix + "issuer", "its tokens are good for another client, too: audience or claims must differ"},
	}
}

// shares tells whether the two clients have a secret in common.
func (c Client) shares(other Client) bool {
	return slices.ContainsFunc(c.Secrets(), func(s Secret) bool { return slices.Contains(other.Secrets(), s) })
}

// only tells whether a text has no other characters than those.
func only(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }
