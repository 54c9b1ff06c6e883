package config

import (
	"errors"
	"maps"
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
	l.config.Operator = c.Operator
	t := &l.config.Tenant
	if t.CA = c.Operator.CA; r.Mode == tenant.Single && c.Tenant.CA.Given() {
		t.CA = c.Tenant.CA
	}
	l.config.Passwords.CA = c.Passwords.CA
	l.bad["tenant.id"] = r.DirectoryID == "" && r.State != tenant.Active // it is found out when an administrator consents
	l.hold(l.config.unsealed(), l.config.tenantChecks(), l.config.credentialChecks(), l.config.otherChecks(), l.config.passwordChecks(), l.config.guardChecks(), c.lent(l.config))
	return l.config, errors.Join(l.errs...)
}

// ofStored tells which settings the text of a record may have: none that is a secret,
// names a file of this machine, or stands in the record itself.
func ofStored(key string) bool {
	return ofTenant(key) && slices.Contains([]string{
		"tenant.cloud", "tenant.graphURL", "tenant.authority", "tenant.defaultDomain", "tenant.sharesDirectory", "tenant.shortNames", "tenant.offset",
		"mapping.profile", "mapping.extensionAppID",
		"policy.managerMissing", "policy.maxScan", "policy.unknownAttributes", "policy.uniqueGroupNames", "policy.usageLocation", "policy.weakPasswords",
		"policy.dryRun", "policy.delete", "policy.leaver",
		"policy.thresholds.deletes", "policy.thresholds.disables", "policy.thresholds.memberRemovals", "policy.thresholds.licenseRemovals",
		"policy.deletedUser", "policy.skipOnPremisesGroups", "policy.includeOnPremisesMembers",
		"policy.revokeSessionsOnDisable", "policy.provisioning",
		"passwords.length", "passwords.classes", "passwords.sink", "passwords.url", "passwords.life", "passwords.namespace", "passwords.mount", "passwords.path",
		"passwords.roleID", "passwords.appRole", "passwords.recipient",
	}, key)
}

// unsealed refuses a secret among the settings, which are shown, and not sealed.
func (c *Config) unsealed() []check {
	url := c.Passwords.URL
	return []check{{url == Address(url.plain()), "passwords.url", "has a query, which is a secret: leave it out here, and give the whole URL as passwordsUrl (--passwords-url-file), which is kept sealed"}}
}

// take fills in what the record holds beside the settings. Complaints name it as the
// admin API does.
func (c *Config) take(r tenant.Record) {
	maps.Copy(c.origins, map[string]string{ //nolint:gosec // names of settings, no credentials
		"tenant.name": "name", "tenant.mode": "mode", "tenant.id": "directoryId", "tenant.clientID": "credential.clientId", "tenant.clientSecret": "credential.clientSecret",
		"tenant.certificateFile": "credential.certificate", "tenant.certificatePassword": "credential.certificatePassword",
		"tenant.federatedTokenFile": "credential.federatedTokenFile", "passwords.secret": "passwordsSecret", "passwords.urlFile": "passwordsUrl",
	})
	t, credential := &c.Tenant, r.Credential
	t.Name, t.Mode, t.ID, t.Suspended = r.Name, string(r.Mode), r.DirectoryID, r.State != tenant.Active
	t.ClientID, t.ClientSecret = credential.ClientID, Secret(credential.Secret)
	if len(credential.Certificate) > 0 {
		t.Certificate = File{Path: "certificate", Content: credential.Certificate}
	}
	t.CertificatePassword = Secret(credential.CertificatePassword)
	t.FederatedTokenFile, t.ManagedIdentity = credential.FederatedTokenFile, credential.ManagedIdentity
	c.Passwords.Secret = Secret(r.SinkSecret)
	if r.SinkURL != "" {
		c.Passwords.URLFile = File{Path: "passwordsUrl", Content: []byte(r.SinkURL)}
	}
	for _, o := range r.Overlays {
		c.Mapping.Overlays = append(c.Mapping.Overlays, File{Path: o.Name, Content: o.Text})
	}
}

// lent holds a tenant of the store to what it may have of the process. The operator's
// credential, and the token of the process' own identity, are sent nowhere else than the
// process itself would, whoever manages the store; of its files it names none but that
// token's.
func (c Config) lent(one Config) []check {
	t, own, operator := one.Tenant, c.Tenant, c.Operator
	multi, lends := one.multi(), t.FederatedTokenFile != "" || t.ManagedIdentity
	_, cloud := one.origins["tenant.cloud"]
	const ofMulti = "cannot be given to a tenant of mode multi: the operator's holds"
	const ofProcess = "cannot be given beside a federated token or a managed identity, unless it is that of the process"
	return []check{
		{!multi || !cloud || t.Cloud == operator.Cloud, "tenant.cloud", ofMulti},
		{!multi || t.GraphURL == "" || t.GraphURL == operator.GraphURL, "tenant.graphURL", ofMulti},
		{!multi || t.Authority == "" || t.Authority == operator.Authority, "tenant.authority", ofMulti},
		{!lends || t.GraphURL == "" || t.GraphURL == own.GraphURL, "tenant.graphURL", ofProcess},
		{!lends || t.Authority == "" || t.Authority == own.Authority, "tenant.authority", ofProcess},
		{t.FederatedTokenFile == "" || t.FederatedTokenFile == own.FederatedTokenFile, "tenant.federatedTokenFile", "must be the one of the process, tenant.federatedTokenFile (AZURE_FEDERATED_TOKEN_FILE)"},
	}
}
