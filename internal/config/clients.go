package config

import (
	"cmp"
	"slices"

	"entrascim/internal/tenant"
)

// A Client is a program that may call the gateway.
type Client struct {
	Name          string      `yaml:"name" env:"-" help:"What the client is called in logs."`
	Kind          tenant.Kind `yaml:"kind" env:"-" help:"How it proves who it is: bearer (a token), client-credentials (OAuth 2.0), jwt (a token of another issuer) or basic."`
	Role          tenant.Role `yaml:"role" env:"-" help:"What it may do: read-only or read-write."`
	DryRun        bool        `yaml:"dryRun" env:"-" help:"Make none of its changes: each is checked, and answered with the Graph calls that it would take."`
	ResourceTypes Names       `yaml:"resourceTypes" env:"-" help:"Resource types that it may reach, a list of names such as User. Without it: all."`
	Networks      Networks    `yaml:"networks" env:"-" help:"Addresses and networks that it may call from, a list. Without it: any."`
	Token         Secret      `yaml:"token" env:"-" help:"Of kind bearer: its bearer token, at least 16 characters."`
	TokenFile     File        `yaml:"tokenFile" env:"-" help:"File that holds its bearer token, or several, a line each: all are good."`
	ClientID      string      `yaml:"clientID" env:"-" help:"Of the kinds client-credentials and basic: its client_id or user name."`
	Secret        Secret      `yaml:"secret" env:"-" help:"Of the same: its client secret or password, at least 16 characters."`
	SecretFile    File        `yaml:"secretFile" env:"-" help:"File that holds its secret, or several, a line each: all are good."`
	Expires       Instant     `yaml:"expires" env:"-" help:"When its tokens or secrets stop being good, like 2027-01-31T00:00:00Z (RFC 3339). Without it: never."`
	Issuer        string      `yaml:"issuer" env:"-" help:"Of kind jwt: the https URL of the issuer, as its tokens have it in iss."`
	Audience      string      `yaml:"audience" env:"-" help:"Of kind jwt: what its tokens must have in aud."`
	Claims        Claims      `yaml:"claims" env:"-" help:"Of kind jwt: what else its tokens must have, a list of NAME=VALUE."`
	Dialect       string      `yaml:"dialect" env:"-" help:"How it speaks SCIM: rfc, entra, okta or one-identity."`
	Me            string      `yaml:"me" env:"-" help:"Id (a GUID) of the user that /Me stands for when it asks."`
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

// ResourceTypes are the names that Client.ResourceTypes may have.
func ResourceTypes() []string {
	return []string{"User", "Group", "Application", "Entitlement", "ManagedIdentity", "Role", "ServicePrincipal"}
}

// newClient is a client of whom nothing was said yet.
func newClient() Client {
	return Client{Kind: tenant.Bearer, Role: tenant.ReadWrite, Dialect: defaultDialect}
}

// Record is the client as the gateway takes it, without its secrets. Where the file
// gives no id it has one that no file can give.
func (c Client) Record(t *tenant.Tenant) tenant.ClientRecord {
	return tenant.ClientRecord{
		ID: cmp.Or(c.ClientID, t.Name+"/"+c.Name), TenantID: t.Name, Name: c.Name,
		Kind: cmp.Or(c.Kind, tenant.Bearer), Role: cmp.Or(c.Role, tenant.ReadWrite),
		DryRun: c.DryRun, ResourceTypes: c.ResourceTypes, Networks: c.Networks, Dialect: c.Dialect, Me: c.Me,
		Issuer: c.Issuer, Audience: c.Audience, Claims: c.Claims,
	}
}

// Secrets are the client's tokens, client secrets or passwords, wherever they were
// given.
func (c Client) Secrets() []Secret {
	var all []Secret
	for _, one := range []Secret{c.Token, c.Secret} {
		if one != "" {
			all = append(all, one)
		}
	}
	return slices.Concat(all, c.TokenFile.secrets(), c.SecretFile.secrets())
}

// BearerToken is the first of the client's tokens; "" of a client of another kind.
func (c Client) BearerToken() Secret {
	if all := c.Secrets(); len(all) > 0 && cmp.Or(c.Kind, tenant.Bearer) == tenant.Bearer {
		return all[0]
	}
	return ""
}

// hasToken tells whether a token was given, be it a bad one.
func (c Client) hasToken() bool { return c.Token != "" || c.TokenFile.Given() }

// standing is the client that the settings beside the list describe.
func (c Config) standing() Client {
	d := newClient()
	d.Name, d.Token, d.TokenFile, d.Dialect, d.Me = defaultClient, c.Token, c.TokenFile, c.Dialect, c.Me
	return d
}

// Callers are all the clients, the default one first.
func (c Config) Callers() []Client {
	if d := c.standing(); d.hasToken() {
		return append([]Client{d}, c.Clients...)
	}
	return slices.Clone(c.Clients)
}

// ambiguous tells whether every token that is good for one of the two clients of kind
// jwt is good for the other, too: it would be refused.
func (c Client) ambiguous(other Client) bool {
	same := c.Kind == tenant.JWT && other.Kind == tenant.JWT && c.Issuer == other.Issuer && c.Audience == other.Audience
	return same && (within(c.Claims, other.Claims) || within(other.Claims, c.Claims))
}

func within(a, b Claims) bool {
	for name, value := range a {
		if other, has := b[name]; !has || other != value {
			return false
		}
	}
	return true
}
