package config

import (
	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// ServesTLS tells whether the listener has a certificate.
func (c Config) ServesTLS() bool { return c.TLS.Certificate.Given() && c.TLS.Key.Given() }

// HasTenant tells whether the configuration itself describes a tenant: without a
// folder or a store of them it must.
func (c Config) HasTenant() bool { return c.Tenants == "" && !c.Store.Given() || c.Tenant.ID != "" }

// Directory is the one tenant that the configuration describes.
func (c Config) Directory() *tenant.Tenant {
	return &tenant.Tenant{
		ID:             c.tenantID(),
		Name:           c.Tenant.Name,
		DirectoryID:    c.Tenant.ID,
		Mode:           tenant.Single,
		Suspended:      c.Tenant.Suspended,
		GraphURL:       c.Tenant.graphURL(),
		Authority:      c.Tenant.Authority,
		RootCAs:        c.Tenant.CA.Content,
		Credential:     c.Tenant.credential(),
		Profiles:       c.Mapping.Profile,
		Overlays:       c.Mapping.overlays(),
		ExtensionAppID: c.extensionAppID(),
		DefaultDomain:  c.Tenant.DefaultDomain,
		ShortNames:     c.Tenant.ShortNames,
		Offset:         c.Tenant.Offset.Location,
		Policy:         c.policy(),
	}
}

// tenantID is that of the record, or "file:NAME", which is no record's.
func (c Config) tenantID() string {
	if c.record != "" {
		return c.record
	}
	return "file:" + c.Tenant.Name
}

func (c Config) policy() tenant.Policy {
	return tenant.Policy{
		ManagerMissing: c.Policy.ManagerMissing, MaxScan: c.Policy.MaxScan, RefuseUnknown: c.Policy.Unknown == unknownRefused,
		UniqueGroupNames: c.Policy.UniqueGroups, WeakPasswords: c.Policy.WeakPasswords,
	}
}

// CursorSecrets are what cursors are sealed with, the first first.
func (c Config) CursorSecrets() [][]byte {
	var all [][]byte
	for _, s := range c.Cursors.secrets() {
		all = append(all, []byte(s))
	}
	return all
}

// extensionAppID is the app registration that directory extensions belong to: the
// gateway's own, unless it signs in as a managed identity, which has none.
func (c Config) extensionAppID() string {
	if c.Mapping.ExtensionAppID != "" || c.Tenant.ManagedIdentity {
		return c.Mapping.ExtensionAppID
	}
	return c.Tenant.ClientID
}

func (t Tenant) graphURL() string {
	if t.GraphURL != "" {
		return t.GraphURL
	}
	cloud, _ := graph.FindCloud(t.Cloud)
	return cloud.Graph
}

func (t Tenant) credential() tenant.Credential {
	secret := t.ClientSecret
	if secret == "" {
		secret = t.ClientSecretFile.secret()
	}
	return tenant.Credential{
		ClientID:            t.ClientID,
		Secret:              string(secret),
		Certificate:         t.Certificate.Content,
		CertificatePassword: string(t.CertificatePassword),
		FederatedTokenFile:  t.FederatedTokenFile,
		ManagedIdentity:     t.ManagedIdentity,
	}
}

func (m Mapping) overlays() []tenant.Overlay {
	all := make([]tenant.Overlay, 0, len(m.Overlays))
	for _, f := range m.Overlays {
		all = append(all, tenant.Overlay{Name: f.Path, Text: f.Content})
	}
	return all
}
