package app

import (
	"fmt"
	"net/http"

	"entrascim/internal/auth"
	"entrascim/internal/config"
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
	caller := scim.Caller{Scope: fmt.Sprintf("%q %q", client.Tenant.ID, client.Name), Dialect: dialect,
		ReadOnly: client.ReadOnly, ResourceTypes: client.ResourceTypes}
	if client.Me != "" {
		caller.Me = "/Users/" + client.Me
	}
	return caller
}
