package app

import (
	"fmt"
	"net/http"
	"slices"

	"entrascim/internal/auth"
	"entrascim/internal/config"
	"entrascim/internal/entra"
	"entrascim/internal/scim"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
)

// clientsOf are those who may call, of one tenant.
func clientsOf(c config.Config, t *tenant.Tenant) []auth.Client {
	var all []auth.Client
	for _, one := range c.Callers() {
		record := one.Record(t)
		for _, secret := range one.Secrets() {
			record.Secrets = append(record.Secrets, tenant.Secret{Sum: auth.Digest(string(secret)), Expires: one.Expires.Time})
		}
		all = append(all, auth.NewClient(record, t))
	}
	return all
}

// callerOf is what the protocol has to know of the client who sent the request.
// Names are quoted, so that no two pairs of them make one scope.
func callerOf(r *http.Request) scim.Caller {
	client := server.Caller(r)
	if client.Tenant == nil {
		return scim.Caller{}
	}
	dialect, _ := scim.FindDialect(client.Dialect) // the configuration knows no others
	caller := scim.Caller{
		Scope: fmt.Sprintf("%q %q", client.Tenant.ID, client.Name), Dialect: dialect,
		ReadOnly: client.ReadOnly, DryRun: client.DryRun, ResourceTypes: client.ResourceTypes,
	}
	if client.Me != "" {
		caller.Me = "/Users/" + client.Me
	}
	return caller
}

// schemesOf are the ways to authenticate that clients of the kinds have. A JWT of
// another issuer is a bearer token, too.
func schemesOf(kinds []tenant.Kind) []scim.Scheme {
	var all []scim.Scheme
	for _, kind := range kinds {
		var scheme scim.Scheme
		switch kind {
		case tenant.Bearer, tenant.JWT:
			scheme = scim.BearerScheme()
		case tenant.ClientCredentials:
			scheme = scim.Scheme{
				Type: "oauth2", Name: "OAuth 2.0 Client Credentials", SpecURI: "https://www.rfc-editor.org/info/rfc6749",
				Description: "Each SCIM client gets tokens for its client_id and client_secret at " + server.TokenPath + ".",
			}
		case tenant.Basic:
			scheme = scim.Scheme{
				Type: "httpbasic", Name: "HTTP Basic", SpecURI: "https://www.rfc-editor.org/info/rfc7617",
				Description: "Each SCIM client sends its user name and password in the Authorization header.",
			}
		}
		if !slices.Contains(all, scheme) {
			all = append(all, scheme)
		}
	}
	return all
}

// publicSchemes are those that every gateway has.
func publicSchemes(*http.Request) []scim.Scheme {
	return schemesOf([]tenant.Kind{tenant.Bearer, tenant.ClientCredentials})
}

// newPublic answers the discovery endpoints to anybody: with the tables that ship, and
// so nothing of any tenant.
func newPublic(r *registry) (http.Handler, error) {
	tables, err := r.tables.of(&tenant.Tenant{})
	if err != nil {
		return nil, err
	}
	shipped := entra.New(entra.Options{Tables: tables.entra()}) // which has no directory to ask
	o := protocolOptions(r.config, r.origin)
	o.Schemes = publicSchemes
	return scim.NewDiscovery(shipped.ResourceTypes(), o), nil
}
