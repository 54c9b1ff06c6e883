// Package config is what an operator decides: one struct, filled from a YAML
// file, the environment and flags, the later winning over the earlier. It is
// strict, and reports every mistake at once with the place where it was made.
package config

import (
	"strings"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// Config is the whole configuration of the gateway. Each setting has three names:
// its key in the YAML file (yaml tags, groups joined by dots), its environment
// variable (env tag) and its flag, which is the variable in lower case without
// prefix and with hyphens. A Secret has no flag; what has the variable "-" stands
// in the file only. Default has the defaults.
type Config struct {
	Listen          string        `yaml:"listen" env:"ENTRASCIM_LISTEN" help:"Address that SCIM is served on, host:port."`
	Health          string        `yaml:"healthListen" env:"ENTRASCIM_HEALTH_LISTEN" help:"Address of a listener for /healthz and /readyz alone, in plain HTTP, host:port: probes reach it however busy the other is. Without it: none."`
	PublicURL       string        `yaml:"publicURL" env:"ENTRASCIM_PUBLIC_URL" help:"URL that clients reach the gateway by, without /scim/v2; links in answers begin with it. Without it: what a trusted proxy says, else the listener's address."`
	TLS             TLS           `yaml:"tls"`
	Proxies         Networks      `yaml:"trustedProxies" env:"ENTRASCIM_TRUSTED_PROXIES" help:"Addresses and networks of proxies in front of the gateway, such as 10.0.0.0/8; what they say in Forwarded or X-Forwarded-* is believed. Separated by commas outside the file."`
	Token           Secret        `yaml:"token" env:"ENTRASCIM_TOKEN" help:"Bearer token of the SCIM client \"default\", at least 16 characters."`
	TokenFile       File          `yaml:"tokenFile" env:"ENTRASCIM_TOKEN_FILE" help:"File that holds the bearer token."`
	Dialect         string        `yaml:"dialect" env:"ENTRASCIM_DIALECT" help:"How that client speaks SCIM: rfc, entra, okta or one-identity."`
	Me              string        `yaml:"me" env:"ENTRASCIM_ME" help:"Id (a GUID) of the user that /Me stands for when that client asks."`
	Clients         []Client      `yaml:"clients"`
	PublicDiscovery bool          `yaml:"publicDiscovery" env:"ENTRASCIM_PUBLIC_DISCOVERY" help:"Answer /ServiceProviderConfig, /ResourceTypes and /Schemas without a credential, too, as they are without any tenant's mapping."`
	Tenants         string        `yaml:"tenants" env:"ENTRASCIM_TENANTS" help:"Folder with a file for each tenant, NAME.yaml, that has the keys tenant, mapping, policy, passwords, clients, token, tokenFile, dialect and me of this table. Read again on SIGHUP."`
	Tenant          Tenant        `yaml:"tenant"`
	Store           Store         `yaml:"store"`
	Admin           Admin         `yaml:"admin"`
	Operator        Operator      `yaml:"operator"`
	Mapping         Mapping       `yaml:"mapping"`
	Policy          Policy        `yaml:"policy"`
	Passwords       Passwords     `yaml:"passwords"`
	Graph           Graph         `yaml:"graph"`
	Cursors         Cursors       `yaml:"cursors"`
	Limits          Limits        `yaml:"limits"`
	Log             Log           `yaml:"log"`
	DrainGrace      time.Duration `yaml:"drainGrace" env:"ENTRASCIM_DRAIN_GRACE" help:"How long requests under way may take to end when the gateway stops."`

	origins map[string]string // where a setting was given, by its key
	file    string            // of a tenant in the folder, or what else alone describes it; ""
	record  string            // id of a tenant of the store; ""
}

// TLS is the certificate of the gateway's own listener. Without it the gateway
// speaks plain HTTP, for a proxy in front of it.
type TLS struct {
	Certificate File `yaml:"certificateFile" env:"ENTRASCIM_TLS_CERTIFICATE_FILE" help:"PEM file with the certificate chain of the listener; with it the gateway serves HTTPS."`
	Key         File `yaml:"keyFile" env:"ENTRASCIM_TLS_KEY_FILE" help:"PEM file with the private key of that certificate."`
}

// Tenant is the Entra directory that is served, and how the gateway signs in.
type Tenant struct {
	Name                string `yaml:"name" env:"ENTRASCIM_TENANT_NAME" help:"What the tenant is called in logs."`
	ID                  string `yaml:"id" env:"AZURE_TENANT_ID" help:"Directory (tenant) id, a GUID."`
	Mode                string `yaml:"mode" env:"ENTRASCIM_TENANT_MODE" help:"Whose app registration reaches the directory: single, the tenant's own with its credential, or multi, the operator's, which an administrator of the directory has consented to."`
	ClientID            string `yaml:"clientID" env:"AZURE_CLIENT_ID" help:"Application (client) id of the app registration; of a user-assigned managed identity, if there is one."`
	ClientSecret        Secret `yaml:"clientSecret" env:"AZURE_CLIENT_SECRET" help:"Client secret of the app registration."`
	ClientSecretFile    File   `yaml:"clientSecretFile" env:"AZURE_CLIENT_SECRET_FILE" help:"File that holds the client secret."`
	Certificate         File   `yaml:"certificateFile" env:"AZURE_CLIENT_CERTIFICATE_PATH" help:"PEM or PKCS #12 file with a certificate of the app registration and its private key."`
	CertificatePassword Secret `yaml:"certificatePassword" env:"AZURE_CLIENT_CERTIFICATE_PASSWORD" help:"Password of that file."`
	FederatedTokenFile  string `yaml:"federatedTokenFile" env:"AZURE_FEDERATED_TOKEN_FILE" help:"File with the token of a workload identity; read again each time it is needed."`
	ManagedIdentity     bool   `yaml:"managedIdentity" env:"ENTRASCIM_MANAGED_IDENTITY" help:"Sign in with the managed identity of the machine."`
	Cloud               string `yaml:"cloud" env:"ENTRASCIM_CLOUD" help:"Microsoft cloud: global, usgov, usgov-dod or china."`
	GraphURL            string `yaml:"graphURL" env:"ENTRASCIM_GRAPH_URL" help:"Graph URL with the version, in place of the cloud's."`
	Authority           string `yaml:"authority" env:"AZURE_AUTHORITY_HOST" help:"URL of the login service, in place of the cloud's."`
	CA                  File   `yaml:"caFile" env:"ENTRASCIM_CA_FILE" help:"PEM file with certificate authorities to trust beside the system's, for Graph and login."`
	DefaultDomain       string `yaml:"defaultDomain" env:"ENTRASCIM_DEFAULT_DOMAIN" help:"Verified domain that completes a userName without one, on writes and in filters."`
	Shared              bool   `yaml:"sharesDirectory" env:"-" help:"Another tenant may have the same directory id."`
	Suspended           bool   `yaml:"suspended" env:"-" help:"Answer the clients of the tenant 403, and ask nothing of its directory."`
	ShortNames          bool   `yaml:"shortNames" env:"ENTRASCIM_SHORT_NAMES" help:"Show a userName in the default domain without it; filters see it so, and by eq it is found either way."`
	Offset              Offset `yaml:"offset" env:"ENTRASCIM_OFFSET" help:"Offset that date-times are shown in, like +02:00, and that one is taken to be in which a client gives without any."`
}

// Operator is who runs the gateway for others, with one app registration that the
// directories of many tenants consent to.
type Operator struct {
	Name                string `yaml:"name" env:"ENTRASCIM_OPERATOR_NAME" help:"What the operator is called where administrators of other directories are asked to consent."`
	ClientID            string `yaml:"clientID" env:"ENTRASCIM_OPERATOR_CLIENT_ID" help:"Application (client) id of the operator's app registration, which tenants of mode multi have consented to."`
	ClientSecret        Secret `yaml:"clientSecret" env:"ENTRASCIM_OPERATOR_CLIENT_SECRET" help:"Its client secret."`
	ClientSecretFile    File   `yaml:"clientSecretFile" env:"ENTRASCIM_OPERATOR_CLIENT_SECRET_FILE" help:"File that holds the client secret."`
	Certificate         File   `yaml:"certificateFile" env:"ENTRASCIM_OPERATOR_CERTIFICATE_FILE" help:"PEM or PKCS #12 file with a certificate of it and its private key."`
	CertificatePassword Secret `yaml:"certificatePassword" env:"ENTRASCIM_OPERATOR_CERTIFICATE_PASSWORD" help:"Password of that file."`
	FederatedTokenFile  string `yaml:"federatedTokenFile" env:"ENTRASCIM_OPERATOR_FEDERATED_TOKEN_FILE" help:"File with the token of a workload identity that it trusts; read again each time it is needed."`
	ManagedIdentity     string `yaml:"managedIdentity" env:"ENTRASCIM_OPERATOR_MANAGED_IDENTITY" help:"Client id of a user-assigned managed identity of the machine that it trusts by a federated credential."`
	Cloud               string `yaml:"cloud" env:"ENTRASCIM_OPERATOR_CLOUD" help:"Microsoft cloud that it is registered in: global, usgov, usgov-dod or china."`
	GraphURL            string `yaml:"graphURL" env:"ENTRASCIM_OPERATOR_GRAPH_URL" help:"Graph URL with the version, in place of the cloud's."`
	Authority           string `yaml:"authority" env:"ENTRASCIM_OPERATOR_AUTHORITY" help:"URL of the login service, in place of the cloud's."`
	CA                  File   `yaml:"caFile" env:"ENTRASCIM_OPERATOR_CA_FILE" help:"PEM file with certificate authorities to trust beside the system's, for Graph and login."`
}

// Mapping is what is laid on the mapping tables that ship with the gateway.
type Mapping struct {
	Profile        Names  `yaml:"profile" env:"ENTRASCIM_PROFILE" help:"Shipped profiles, separated by commas or as a list: starling maps as One Identity Starling Connect does, external-id serves externalId, sign-in-activity, leave-date and on-premises what they are named after."`
	Overlays       []File `yaml:"overlays" env:"ENTRASCIM_OVERLAYS" help:"Overlay files, laid on the tables in this order; separated by commas outside the file."`
	ExtensionAppID string `yaml:"extensionAppID" env:"ENTRASCIM_EXTENSION_APP_ID" help:"Client id of the app registration whose directory extensions are mapped, {appId} in a table. Without it: tenant.clientID."`
}

// Policy is what the standards leave to the operator.
type Policy struct {
	ManagerMissing tenant.ManagerMissing `yaml:"managerMissing" env:"ENTRASCIM_MANAGER_MISSING" help:"What to do with a user whose manager does not exist: warn, write the user without and say so in a Warning header, or refuse."`
	MaxScan        int                   `yaml:"maxScan" env:"ENTRASCIM_MAX_SCAN" help:"Objects read at most to answer a filter that Graph cannot evaluate alone; beyond it the answer is 400 tooMany."`
	Unknown        string                `yaml:"unknownAttributes" env:"ENTRASCIM_UNKNOWN_ATTRIBUTES" help:"What to do with attributes that are not in the schemas: ignore them (RFC 7644 section 3.3), or refuse the request."`
	UniqueGroups   bool                  `yaml:"uniqueGroupNames" env:"ENTRASCIM_UNIQUE_GROUP_NAMES" help:"Refuse a group with the displayName of another (409); Entra allows it. One more call of Graph for each such write."`
	DryRun         bool                  `yaml:"dryRun" env:"ENTRASCIM_POLICY_DRY_RUN" help:"Make no change: each is checked, and answered with the Graph calls that it would take. A client can ask for that by itself (X-Dry-Run: true), and can not ask that a change be made after all."`
	Delete         string                `yaml:"delete" env:"ENTRASCIM_DELETE_POLICY" help:"What DELETE does with a user: delete it, or disable it, so that it stays and cannot sign in."`
	Leaver         Names                 `yaml:"leaver" env:"ENTRASCIM_LEAVER" help:"What is done to a user before it is deleted, or in place of that, a list: disable, revokeSessions, licenses (those that it has by itself), groups (those whose members can be changed in the cloud); or all. In this order, whatever that of the list."`
	Thresholds     Thresholds            `yaml:"thresholds"`
	UsageLocation  string                `yaml:"usageLocation" env:"ENTRASCIM_USAGE_LOCATION" help:"Country (ISO 3166, two letters) that is set as usageLocation of a user without one who is given a license. Without it such a license is refused."`
	WeakPasswords  bool                  `yaml:"weakPasswords" env:"ENTRASCIM_WEAK_PASSWORDS" help:"Have Entra take passwords of 8 characters and more of any kind (DisableStrongPassword), such as some products generate for users who never use them."`
	RevokeSessions bool                  `yaml:"revokeSessionsOnDisable" env:"ENTRASCIM_REVOKE_SESSIONS_ON_DISABLE" help:"End the sessions of a user who is disabled (active false), which else last until their tokens expire. Needs the Graph permission User.RevokeSessions.All."`
	Provisioning   string                `yaml:"provisioning" env:"ENTRASCIM_PROVISIONING" help:"What to ask of Entra's provisioning service of an application that a user or group was just given: off, on-demand to have it provisioned at once, or start to start the application's jobs that are paused or in quarantine."`
	DeletedUser    tenant.DeletedUser    `yaml:"deletedUser" env:"ENTRASCIM_DELETED_USER" help:"What to do when a new user has the userName, or the onPremisesImmutableId, of one who was deleted and can be restored: create a new one (as Entra does), refuse (409), or restore that one and make it what was sent. All but create take one more call of Graph for each new user."`
	SkipGroups     bool                  `yaml:"skipOnPremisesGroups" env:"ENTRASCIM_SKIP_ON_PREMISES_GROUPS" help:"Leave out the groups that an on-premises Active Directory masters, as if they were not there; and, among the members of the other groups, the users that it masters."`
	IncludeMembers bool                  `yaml:"includeOnPremisesMembers" env:"ENTRASCIM_INCLUDE_ON_PREMISES_MEMBERS" help:"With policy.skipOnPremisesGroups, show the users that Active Directory masters among the members of the other groups all the same."`
}

// Graph is how Microsoft Graph is asked.
type Graph struct {
	Pacing Pacing `yaml:"pacing" env:"ENTRASCIM_GRAPH_PACING" help:"How much of Graph's limits on an app is taken: a percentage of them, or a number, the resource units in 10 seconds for each tenant; off paces nothing. Replicas divide 100% among them."`
}

// Cursors are those that clients page by (RFC 9865).
type Cursors struct {
	Key     Secret        `yaml:"key" env:"ENTRASCIM_CURSOR_KEY" help:"Secret that cursors are sealed with, at least 16 characters; several by white space: the first seals, all are known. Without it cursors end with the process. Replicas share it."`
	KeyFile File          `yaml:"keyFile" env:"ENTRASCIM_CURSOR_KEY_FILE" help:"File that holds the secret, or several, a line each."`
	Life    time.Duration `yaml:"life" env:"ENTRASCIM_CURSOR_LIFE" help:"How long a cursor is good."`
}

// secrets are those of the key and the key file.
func (c Cursors) secrets() []string {
	return strings.Fields(string(c.Key) + "\n" + string(c.KeyFile.Content))
}

// Limits bound what one client can take.
type Limits struct {
	Operations  int           `yaml:"operations" env:"ENTRASCIM_LIMITS_OPERATIONS" help:"Operations of one bulk request."`
	Body        int64         `yaml:"body" env:"ENTRASCIM_LIMITS_BODY" help:"Bytes of a request body."`
	Header      int           `yaml:"header" env:"ENTRASCIM_LIMITS_HEADER" help:"Bytes of a request's header."`
	Timeout     time.Duration `yaml:"timeout" env:"ENTRASCIM_LIMITS_TIMEOUT" help:"Time for one request, Graph included."`
	Requests    int           `yaml:"requests" env:"ENTRASCIM_LIMITS_REQUESTS" help:"Requests answered at once; one more gets 503 with Retry-After."`
	PerTenant   int           `yaml:"tenantRequests" env:"ENTRASCIM_LIMITS_TENANT_REQUESTS" help:"Requests of one tenant answered at once, so that one whose directory hangs leaves room for the others."`
	Connections int           `yaml:"connections" env:"ENTRASCIM_LIMITS_CONNECTIONS" help:"Connections open at once; for one more the longest idle one is closed, and where none is idle it gets 503 with Retry-After."`
}

// Log is what the gateway writes about itself, to standard error.
type Log struct {
	Level  zerolog.Level `yaml:"level" env:"ENTRASCIM_LOG_LEVEL" help:"Least level that is written: debug, info, warn or error."`
	Format string        `yaml:"format" env:"ENTRASCIM_LOG_FORMAT" help:"json, or console for people."`
}

// globalCloud is the cloud that a tenant is in unless it says another.
const globalCloud = "global"

// Default is the configuration that nobody touched.
func Default() Config {
	return Config{
		Listen:          "127.0.0.1:8080",
		Dialect:         defaultDialect,
		PublicDiscovery: true,
		Tenant:          Tenant{Name: "default", Mode: string(tenant.Single), Cloud: globalCloud, Offset: Offset{time.UTC}},
		Operator:        Operator{Cloud: globalCloud},
		Policy:          Policy{ManagerMissing: tenant.ManagerWarn, MaxScan: 10_000, Unknown: unknownIgnored, Provisioning: provisioningOff, DeletedUser: tenant.DeletedCreate, Delete: string(tenant.DeleteReally)},
		Passwords:       defaultPasswords(),
		Graph:           Graph{Pacing: Pacing{graph.Pacing{Share: 100}}},
		Cursors:         Cursors{Life: time.Hour},
		Limits:          Limits{Operations: 1000, Body: 4 << 20, Header: 32 << 10, Timeout: 2 * time.Minute, Requests: 256, PerTenant: 192, Connections: 1024},
		Log:             Log{Level: zerolog.InfoLevel, Format: "json"},
		DrainGrace:      25 * time.Second,
	}
}
