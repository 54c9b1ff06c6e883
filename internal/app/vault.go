package app

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"entrascim/internal/graph"
	"entrascim/internal/tenant"
	"entrascim/internal/vault"
)

// newVault makes what takes the passwords that are generated for a tenant. Without an
// Outbox it has one of its own.
func newVault(t *tenant.Tenant, rt http.RoundTripper, out *vault.Outbox) (*vault.Vault, error) {
	place := vault.Place{Transport: rt}
	if t.Passwords.Sink == tenant.KeyVault {
		credential, err := credentialOf(t).TokenCredential(rt, t.GraphURL)
		if err != nil {
			return nil, err
		}
		place.Credential = credential
	}
	sink, err := vault.Open(t.Passwords, place)
	if err != nil {
		return nil, err
	}
	return vault.New(vault.Options{Sink: sink, Tenant: t.Name, Policy: vault.PolicyOf(t.Passwords), Outbox: out}), nil
}

// vault makes that of a tenant. Those that trust the same share connections.
func (d *dialer) vault(t *tenant.Tenant, out *vault.Outbox) (*vault.Vault, error) {
	rt, err := d.transport(sinkRoots(t))
	if err != nil {
		return nil, err
	}
	return newVault(t, rt, out)
}

// sinkRoots are the certificate authorities that a tenant's sink is trusted by.
func sinkRoots(t *tenant.Tenant) []byte {
	return []byte(strings.TrimSpace(string(t.RootCAs) + "\n" + string(t.Passwords.RootCAs)))
}

// credentialOf is the tenant's, as Graph's client takes it.
func credentialOf(t *tenant.Tenant) graph.Credential {
	c := t.Credential
	return graph.Credential{
		TenantID: t.DirectoryID, ClientID: c.ClientID, Authority: t.Authority,
		Secret: c.Secret, Certificate: c.Certificate, CertificatePassword: c.CertificatePassword,
		FederatedTokenFile: c.FederatedTokenFile, FederatedIdentity: c.FederatedIdentity, ManagedIdentity: c.ManagedIdentity,
	}
}

// outboxes are those of all tenants that were served since the process began, by their
// ids: a password that waits goes where it was meant to go when it was generated, whatever
// becomes of the tenant's settings.
type outboxes struct {
	mu sync.Mutex
	of map[string]*vault.Outbox
}

// get gives a tenant's, which is made when it is first asked for.
func (o *outboxes) get(tenantID string) *vault.Outbox {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[string]*vault.Outbox{}
	}
	if o.of[tenantID] == nil {
		o.of[tenantID] = vault.NewOutbox()
	}
	return o.of[tenantID]
}

// close ends what they do, and tells the log what is lost by it.
func (o *outboxes) close(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, one := range o.of {
		one.Close(ctx)
	}
}
