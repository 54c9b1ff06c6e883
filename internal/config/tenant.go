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
	at := c.cloud()
	return &tenant.Tenant{
		ID:             c.tenantID(),
		Name:           c.Tenant.Name,
		DirectoryID:    c.Tenant.ID,
		Mode:           tenant.Mode(c.Tenant.Mode),
		Suspended:      c.Tenant.Suspended,
		GraphURL:       at.graphURL,
		Authority:      at.authority,
		RootCAs:        at.rootCAs,
		Credential:     c.credential(),
		Profiles:       c.Mapping.Profile,
		Overlays:       c.Mapping.overlays(),
		ExtensionAppID: c.extensionAppID(),
		DefaultDomain:  c.Tenant.DefaultDomain,
		ShortNames:     c.Tenant.ShortNames,
		Offset:         c.Tenant.Offset.Location,
		Policy:         c.policy(),
		Passwords:      c.Passwords.settings(),
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
		Provisioning:   c.provisioning(),
		ManagerMissing: c.Policy.ManagerMissing, MaxScan: c.Policy.MaxScan, RefuseUnknown: c.Policy.Unknown == unknownRefused,
		UniqueGroupNames: c.Policy.UniqueGroups, WeakPasswords: c.Policy.WeakPasswords,
		DryRun: c.Policy.DryRun, Thresholds: tenant.Thresholds(c.Policy.Thresholds),
		Delete: tenant.Deletion(c.Policy.Delete), Leaver: c.Policy.leaver(),
		UsageLocation:  c.Policy.UsageLocation,
		RevokeSessions: c.Policy.RevokeSessions, DeletedUser: c.Policy.DeletedUser,
		SkipOnPremisesGroups: c.Policy.SkipGroups, IncludeOnPremisesMembers: c.Policy.IncludeMembers,
	}
}

func (c Config) provisioning() tenant.Provisioning {
	if c.Policy.Provisioning == provisioningOff {
		return tenant.ProvisionNothing
	}
	return tenant.Provisioning(c.Policy.Provisioning)
}

// CursorSecrets are what cursors are sealed with, the first first.
func (c Config) CursorSecrets() [][]byte {
	var all [][]byte
	for _, s := range c.Cursors.secrets() {
		all = append(all, []byte(s))
	}
	return all
}

// extensionAppID is the app registration that directory extensions belong to: the one
// that signs in, unless a managed identity does, which has none.
func (c Config) extensionAppID() string {
	if c.Mapping.ExtensionAppID != "" || c.Tenant.ManagedIdentity {
		return c.Mapping.ExtensionAppID
	}
	return c.credential().ClientID
}

// multi tells whether the tenant is reached with the operator's app registration.
func (c Config) multi() bool { return c.Tenant.Mode == string(tenant.Multi) }

// credential is the tenant's own, or the operator's.
func (c Config) credential() tenant.Credential {
	if c.multi() {
		return c.Operator.signIn().credential()
	}
	return c.Tenant.signIn().credential()
}

// A cloudPlace is where Graph and the login service of a directory are.
type cloudPlace struct {
	graphURL, authority string
	rootCAs             []byte
}

// complete tells whether the login service is known.
func (p cloudPlace) complete() bool { return p.authority != "" || graph.LoginFor(p.graphURL) != "" }

// cloud is where the tenant's directory is: where the operator's app registration is,
// as far as a tenant that uses it says nothing else.
func (c Config) cloud() cloudPlace {
	t := c.Tenant
	own := cloudPlace{graphURLOf(t.Cloud, t.GraphURL), t.Authority, t.CA.Content}
	if !c.multi() {
		return own
	}
	at := c.Operator.place()
	if _, given := c.origins["tenant.cloud"]; given || t.GraphURL != "" {
		at.graphURL, at.authority = own.graphURL, own.authority
	}
	if t.Authority != "" {
		at.authority = own.authority
	}
	if t.CA.Given() {
		at.rootCAs = own.rootCAs
	}
	return at
}

func graphURLOf(cloudName, url string) string {
	if url != "" {
		return url
	}
	cloud, _ := graph.FindCloud(cloudName)
	return cloud.Graph
}

func (m Mapping) overlays() []tenant.Overlay {
	all := make([]tenant.Overlay, 0, len(m.Overlays))
	for _, f := range m.Overlays {
		all = append(all, tenant.Overlay{Name: f.Path, Text: f.Content})
	}
	return all
}
