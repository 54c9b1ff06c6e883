// Package tenant says which directories may be reached: a tenant is a value,
// made once from configuration and never changed after.
package tenant

import (
	"context"
	"time"
)

// Mode says whose app registration reaches the directory.
type Mode string

// The modes.
const (
	Single Mode = "single" // the tenant's own app registration, with its credential
	Multi  Mode = "multi"  // the operator's app registration, which the tenant consented to
)

// A Tenant is one Entra directory and how it is served.
type Tenant struct {
	// ID is the tenant's for good, whatever else of it changes: the Record's, or made of
	// the name of one that a file describes.
	ID            string
	Name          string // what operators call it; unique
	DirectoryID   string // Entra's tenant id, a GUID
	Mode          Mode
	Suspended     bool   // its clients are refused, and its directory is asked nothing
	GraphURL      string // with the version: "https://graph.microsoft.com/v1.0"
	Authority     string // of the login service; "" for the one that belongs to GraphURL
	RootCAs       []byte // PEM; trusted beside the system's roots; nil: none
	Credential    Credential
	Profiles      []string  // mapping profiles that ship with the gateway, laid on in this order
	Overlays      []Overlay // laid on the mapping tables in this order, after the profiles
	DefaultDomain string    // completes a userName without a domain; "" for off
	ShortNames    bool      // a userName in DefaultDomain is shown without it
	Offset        *time.Location
	Policy        Policy
	Passwords     Passwords

	// ExtensionAppID is the client id of the app registration whose directory
	// extensions are mapped: {appId} in a table. "" when there is none.
	ExtensionAppID string
}

// An Overlay is the text of a file that changes mapping tables. Name is used in
// complaints about it.
type Overlay struct {
	Name string
	Text []byte
}

// ManagerMissing says what becomes of a user whose manager cannot be found.
type ManagerMissing string

// What may become of such a user.
const (
	ManagerWarn   ManagerMissing = "warn"   // written without manager, with a warning in the log
	ManagerRefuse ManagerMissing = "refuse" // 400 invalidValue, nothing written
)

// DeletedUser says what becomes of a new user who was deleted and can be restored.
type DeletedUser string

// What may become of such a user.
const (
	DeletedCreate  DeletedUser = "create"  // made anew, as Entra does
	DeletedRefuse  DeletedUser = "refuse"  // 409 uniqueness, which names the deleted one
	DeletedRestore DeletedUser = "restore" // the deleted one is restored and made what was sent
)

// Provisioning says what is asked of Entra's provisioning service of an application that
// somebody was given.
type Provisioning string

// What may be asked of it.
const (
	ProvisionNothing  Provisioning = ""          // it comes with the next cycle
	ProvisionOnDemand Provisioning = "on-demand" // to provision the user or group at once
	ProvisionStart    Provisioning = "start"     // to start jobs that are paused or in quarantine
)

// A Policy holds what a tenant decides where the standards leave a choice.
type Policy struct {
	ManagerMissing ManagerMissing
	MaxScan        int // objects read at most to answer a filter that Graph cannot evaluate alone

	RefuseUnknown    bool // refuse attributes that are not in the schemas, instead of ignoring them
	UniqueGroupNames bool // refuse a group with the displayName of another
	WeakPasswords    bool // have Entra take passwords that its complexity rule refuses
	RevokeSessions   bool // end the sessions of a user who is disabled

	UsageLocation string // of a user without one who is given a license; "" refuses the license
	Provisioning  Provisioning

	DeletedUser DeletedUser // "" is create

	// Groups that an on-premises directory masters, and unless included the users that it
	// masters among the members of other groups, are as if they were not there.
	SkipOnPremisesGroups     bool
	IncludeOnPremisesMembers bool

	DryRun     bool // answer each change with the Graph calls that it would take, and make none
	Thresholds Thresholds
	Delete     Deletion // "" is DeleteReally
	Leaver     Leaver   // done before a user is deleted, or in its place
}

// A Credential is how the gateway proves to Entra who it is: the client id with
// exactly one of secret, certificate, federated token and federated identity, or the
// managed identity of the machine.
type Credential struct {
	ClientID            string
	Secret              string
	Certificate         []byte // PEM or PKCS #12, with the private key
	CertificatePassword string
	FederatedTokenFile  string // read again each time a token is needed
	FederatedIdentity   string // client id of a managed identity of the machine whose token stands for a secret
	ManagedIdentity     bool
}

type key struct{}

// NewContext gives a context of a request that t serves.
func NewContext(ctx context.Context, t *Tenant) context.Context {
	return context.WithValue(ctx, key{}, t)
}

// FromContext finds the tenant of the request; nil before authentication.
func FromContext(ctx context.Context) *Tenant {
	t, _ := ctx.Value(key{}).(*Tenant)
	return t
}
