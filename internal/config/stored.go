package config

import (
	"errors"
	"slices"

	"entrascim/internal/tenant"
)

// Stored is the configuration of a tenant that the store keeps: its settings, read as
// strictly as a tenant's file, with what the record holds beside them. What it takes
// to reach any directory from here (certificate authorities) is the process's. Its
// error joins every mistake.
func (c Config) Stored(r tenant.Record) (Config, error) {
	l := newLoader()
	l.config.file, l.config.record, l.only = "settings", r.ID, ofStored
	l.text("settings", r.Settings)
	l.config.take(r)
	t := &l.config.Tenant
	t.CA = c.Tenant.CA
	l.bad["tenant.id"] = r.DirectoryID == "" && r.State != tenant.Active // it is found out when an administrator consents
	l.hold(l.config.tenantChecks(), l.config.credentialChecks(), l.config.otherChecks(), c.lent(*t))
	return l.config, errors.Join(l.errs...)
}

// ofStored tells which settings the text of a record may have: none that is a secret,
// names a file of this machine, or stands in the record itself.
func ofStored(key string) bool {
	return ofTenant(key) && slices.Contains([]string{
		"tenant.cloud", "tenant.graphURL", "tenant.authority", "tenant.defaultDomain", "tenant.sharesDirectory", "tenant.shortNames", "tenant.offset",
		"mapping.profile", "mapping.extensionAppID",
		"policy.managerMissing", "policy.maxScan", "policy.unknownAttributes", "policy.uniqueGroupNames", "policy.weakPasswords",
	}, key)
}

// take fills in what the record holds beside the settings. Complaints name it as the
// admin API does.
func (c *Config) take(r tenant.Record) {
	for key, name := range map[string]string{
		"tenant.name": "name", "tenant.id": "directoryId", "tenant.clientID": "credential.clientId", "tenant.clientSecret": "credential.clientSecret",
		"tenant.certificateFile": "credential.certificate", "tenant.certificatePassword": "credential.certificatePassword",
		"tenant.federatedTokenFile": "credential.federatedTokenFile",
	} {
		c.origins[key] = name
	}
	t, credential := &c.Tenant, r.Credential
	t.Name, t.ID, t.Suspended = r.Name, r.DirectoryID, r.State != tenant.Active
	t.ClientID, t.ClientSecret = credential.ClientID, Secret(credential.Secret)
	if len(credential.Certificate) > 0 {
		t.Certificate = File{Path: "certificate", Content: credential.Certificate}
	}
	t.CertificatePassword = Secret(credential.CertificatePassword)
	t.FederatedTokenFile, t.ManagedIdentity = credential.FederatedTokenFile, credential.ManagedIdentity
	for _, o := range r.Overlays {
		c.Mapping.Overlays = append(c.Mapping.Overlays, File{Path: o.Name, Content: o.Text})
	}
}

// lent holds a tenant of the store to what it may have of the process: no other file
// than the token of its own identity, and that token is sent nowhere else than the
// process itself would.
func (c Config) lent(t Tenant) []check {
	lends := t.FederatedTokenFile != "" || t.ManagedIdentity
	return []check{
		{t.FederatedTokenFile == "" || t.FederatedTokenFile == c.Tenant.FederatedTokenFile, "tenant.federatedTokenFile", "must be the one of the process, tenant.federatedTokenFile (AZURE_FEDERATED_TOKEN_FILE)"},
		{!lends || t.GraphURL == "" || t.GraphURL == c.Tenant.GraphURL, "tenant.graphURL", "cannot be given beside a federated token or a managed identity, unless it is that of the process"},
		{!lends || t.Authority == "" || t.Authority == c.Tenant.Authority, "tenant.authority", "cannot be given beside a federated token or a managed identity, unless it is that of the process"},
	}
}
