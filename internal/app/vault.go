package app

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"entrascim/internal/graph"
	"entrascim/internal/tenant"
	"entrascim/internal/vault"
)

// newVault makes what takes the passwords that are generated for a tenant.
func newVault(t *tenant.Tenant, rt http.RoundTripper) (*vault.Vault, error) {
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
	return vault.New(vault.Options{Sink: sink, Tenant: t.Name, Policy: vault.PolicyOf(t.Passwords)}), nil
}

// vault makes that of a tenant. Those that trust the same share connections.
func (d *dialer) vault(t *tenant.Tenant) (*vault.Vault, error) {
	rt, err := d.transport(sinkRoots(t))
	if err != nil {
		return nil, err
	}
	return newVault(t, rt)
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

// vaults are those that were made, of tenants as they were then: a password that waits
// goes where it was meant to go when it was generated.
type vaults struct {
	mu  sync.Mutex
	all []*vault.Vault
}

// add keeps a vault, and of the others those that something waits in.
func (v *vaults) add(one *vault.Vault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if one.Delivers() {
		v.all = append(slices.DeleteFunc(v.all, (*vault.Vault).Idle), one)
	}
}

// close ends what they do, and tells the log what is lost by it.
func (v *vaults) close(ctx context.Context) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range v.all {
		one.Close(ctx)
	}
}
