package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/action"
	"entrascim/internal/config"
	"entrascim/internal/entra"
	"entrascim/internal/entra/naming"
	"entrascim/internal/graph"
	"entrascim/internal/guard"
	"entrascim/internal/scim"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
	"entrascim/internal/vault"
)

// writeSlack is how long a client may take no byte of its answer, and how much longer
// than a request's time the answer may take to be written, before the connection is
// given up.
const writeSlack = 30 * time.Second

// A Mistake is an error that the operator can put right in the call or in the
// configuration; nothing was started.
type Mistake struct{ error }

// Unwrap is what is wrong.
func (m Mistake) Unwrap() error { return m.error }

// Gateway opens the gateway that the configuration describes.
func Gateway(ctx context.Context, c config.Config) (*App, error) {
	services, r, err := openGateway(ctx, c)
	if err != nil {
		return nil, err
	}
	return &App{services: services, grace: c.DrainGrace, tenants: r, crew: r.crew}, nil
}

// Check reports what Gateway would find wrong, without listening.
func Check(c config.Config) error {
	tenants, err := c.LoadTenants()
	if err != nil {
		return Mistake{err}
	}
	_, err = storeKeys(c)
	errs := []error{err, checkOperator(c)}
	tables := newTableCache()
	for _, one := range tenants {
		t := one.Directory()
		tablesErr := tables.check(t)
		_, graphErr := newGraph(t, c.Graph.Pacing)
		errs = append(errs, tablesErr, graphErr)
	}
	if err := errors.Join(errs...); err != nil {
		return Mistake{err}
	}
	return nil
}

// openGateway opens the gateway, and before it the listener for health alone, if
// there is one: it is stopped last, and answers while the gateway drains.
func openGateway(ctx context.Context, c config.Config) ([]*service, *registry, error) {
	cert, err := certificate(c)
	if err != nil {
		return nil, nil, err
	}
	if c.HasTenant() {
		if _, err := newGraph(c.Directory(), c.Graph.Pacing); err != nil { // its certificate, for instance
			return nil, nil, Mistake{err}
		}
	}
	if err := checkOperator(c); err != nil {
		return nil, nil, Mistake{err}
	}
	s, err := listen(ctx, "gateway", c.Listen, cert, limits{
		header: c.Limits.Header, connections: c.Limits.Connections, read: c.Limits.Timeout, write: c.Limits.Timeout + writeSlack,
	})
	if err != nil {
		return nil, nil, err
	}
	services := []*service{s}
	handler, r, err := newHandler(ctx, c, s.url())
	if err != nil {
		closeAll(services)
		return nil, nil, err
	}
	s.server.Handler = handler
	if c.Health != "" {
		services, err = withHealth(ctx, c.Health, s)
	}
	if err == nil && c.Admin.Listen != "" {
		services, err = withAdmin(ctx, c, cert, r, services)
	}
	if err != nil {
		closeAll(services)
		r.close()
		return nil, nil, err
	}
	return services, r, nil
}

// Bounds of the health listener, which probes alone should reach.
const (
	healthConnections = 64
	healthTimeout     = 15 * time.Second
)

// withHealth opens the listener for health. It speaks plain HTTP, and whatever the
// gateway is busy with does not keep probes from it.
func withHealth(ctx context.Context, address string, gateway *service) ([]*service, error) {
	health, err := listen(ctx, "health listener", address, nil, limits{
		header: gateway.server.MaxHeaderBytes, connections: healthConnections, read: healthTimeout, write: healthTimeout,
	})
	if err != nil {
		return []*service{gateway}, err
	}
	health.server.Handler = server.OnlyHealth(gateway.server.Handler)
	return []*service{health, gateway}, nil
}

// withAdmin opens the listener of the admin API before the gateway: it is stopped after
// it. What Addr tells stays the gateway's.
func withAdmin(ctx context.Context, c config.Config, cert *tls.Certificate, r *registry, services []*service) ([]*service, error) {
	s, err := listen(ctx, "admin listener", c.Admin.Listen, cert, limits{
		header: c.Limits.Header, connections: adminConnections, read: c.Limits.Timeout, write: c.Limits.Timeout + writeSlack,
	})
	if err != nil {
		return services, err
	}
	s.server.Handler = newAdminFace(ctx, c, r)
	return append([]*service{s}, services...), nil
}

// Bounds of the admin listener, which only those who run the gateway should reach.
const (
	adminConnections = 64
	adminRequests    = 16
)

// newAdminFace is the admin API.
func newAdminFace(ctx context.Context, c config.Config, r *registry) http.Handler {
	manage := newAdmin(r, r.changed)
	return server.NewAdmin(server.AdminOptions{
		Log: *zerolog.Ctx(ctx), Token: string(c.Admin.BearerToken()), Routes: manage.Routes, Crowded: crowded,
		Timeout: c.Limits.Timeout, Stall: writeSlack, Requests: adminRequests,
	})
}

func certificate(c config.Config) (*tls.Certificate, error) {
	if !c.ServesTLS() {
		return nil, nil //nolint:nilnil // no certificate is no mistake
	}
	cert, err := tls.X509KeyPair(c.TLS.Certificate.Content, c.TLS.Key.Content)
	if err != nil {
		return nil, Mistake{fmt.Errorf("the listener's certificate: %w", err)}
	}
	return &cert, nil
}

// newHandler makes everything that answers requests; url is where it is reached
// when neither the configuration nor a request says.
func newHandler(ctx context.Context, c config.Config, url string) (http.Handler, *registry, error) {
	r, err := newRegistry(ctx, c, server.Origin{Public: c.PublicURL, Listener: url, Proxies: c.Proxies})
	if err != nil {
		return nil, nil, err
	}
	face, err := newFace(ctx, c, r)
	return face, r, err
}

// equipment is what a tenant's directory works with.
type equipment struct {
	client  *graph.Client
	vault   *vault.Vault
	guard   *guard.Guard
	granted entra.Granted
}

// newDirectory makes the tenant's directory as SCIM resources.
func newDirectory(t *tenant.Tenant, tables *Tables, e equipment) *entra.Directory {
	return entra.New(entra.Options{
		Graph:         e.client,
		Tables:        tables.entra(),
		DefaultDomain: t.DefaultDomain,
		ShortNames:    t.ShortNames,
		Offset:        t.Offset,
		Policy:        t.Policy,
		Vault:         e.vault,
		Guard:         e.guard,
		Actions:       actions(t, tables, e.client),
		Granted:       e.granted,
	})
}

// actions gives the resource types of a directory what can be done to them beside SCIM.
func actions(t *tenant.Tenant, tables *Tables, client *graph.Client) entra.Actions {
	return func(d *entra.Directory, types []scim.ResourceType) []scim.ResourceType {
		return action.Decorate(types, action.Options{
			Graph: client, Tables: tables.entra(), DefaultDomain: t.DefaultDomain, Policy: t.Policy,
			Domains: d.VerifiedDomains, CheckName: naming.Check, JustMade: d.JustMade,
			Revoke: d.RevokeSessions, Revoking: entra.WithRevocation,
		})
	}
}

// newProtocol is SCIM over the directory of a tenant; c is what all tenants have in
// common, cursors what theirs are sealed with, and schemes how clients authenticate.
func newProtocol(c config.Config, t *tenant.Tenant, d *entra.Directory, origin server.Origin, cursors [][]byte, schemes func(*http.Request) []scim.Scheme) http.Handler {
	o := protocolOptions(c, origin)
	o.Caller, o.Schemes, o.CursorSecrets = callerOf, schemes, cursors
	o.Strict = t.Policy.RefuseUnknown
	o.Together, o.Rehearse, o.DryRun = d.Together, d.Rehearse, t.Policy.DryRun
	return scim.NewHandler(d.ResourceTypes(), o)
}

// protocolOptions are those that all tenants have in common.
func protocolOptions(c config.Config, origin server.Origin) scim.Options {
	return scim.Options{
		BaseURL: func(r *http.Request) string { return origin.URL(r) + server.Mounted(r) },
		MaxBody: c.Limits.Body, MaxOperations: c.Limits.Operations,
		Sort:       true,
		CursorLife: c.Cursors.Life,
	}
}

// newFace puts authentication, limits and the log before the tenants.
func newFace(ctx context.Context, c config.Config, r *registry) (http.Handler, error) {
	var public http.Handler
	if c.PublicDiscovery {
		var err error
		if public, err = newPublic(r); err != nil {
			return nil, err
		}
	}
	return server.New(server.Options{
		Log:      *zerolog.Ctx(ctx),
		Auth:     r.clients,
		SCIM:     r.protocol,
		Consent:  r.consent(),
		Public:   public,
		Ready:    r.ready,
		Lacking:  r.lacking,
		Crowded:  crowded,
		Timeout:  c.Limits.Timeout,
		Stall:    writeSlack,
		Requests: c.Limits.Requests,
	}), nil
}
