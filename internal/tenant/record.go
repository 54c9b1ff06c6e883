package tenant

import (
	"crypto/sha256"
	"net/netip"
	"time"
)

// A Record is a tenant as the store keeps it. The ID never changes, whatever else
// does: callers, cursors and the audit log hold to it.
type Record struct {
	ID          string // a UUID
	Name        string // unique among those not removed; in URLs and logs
	State       State
	Mode        Mode
	DirectoryID string // "" until an administrator of some directory has consented

	// Settings are the keys of a tenant's file that are neither secrets nor files nor
	// clients, as YAML.
	Settings   []byte
	Overlays   []Overlay
	Credential Credential // of mode Single; kept sealed
	SinkSecret string     // Passwords.Secret; kept sealed
	SinkURL    string     // Passwords.URL, when it is a secret; kept sealed

	Revision int64 // grows with each change; 0: not kept yet
	Created  time.Time
	Changed  time.Time
}

// Kind is how a client proves who it is.
type Kind string

// The kinds.
const (
	Bearer            Kind = "bearer"             // a random token (RFC 6750)
	ClientCredentials Kind = "client-credentials" // OAuth 2.0 (RFC 6749 section 4.4), at the gateway's own token endpoint
	JWT               Kind = "jwt"                // a token of another issuer (RFC 7519, OpenID Connect Discovery)
	Basic             Kind = "basic"              // RFC 7617
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Bearer, ClientCredentials, JWT, Basic} }

// Role is what a client may do.
type Role string

// The roles.
const (
	ReadOnly  Role = "read-only"
	ReadWrite Role = "read-write"
)

// A ClientRecord is a SCIM client as the store or a file has it.
type ClientRecord struct {
	ID       string // a UUID; also the client_id of OAuth 2.0 and the user-id of Basic
	TenantID string // of the Record
	Name     string // unique in the tenant; in logs
	Kind     Kind
	Role     Role
	DryRun   bool // each of its changes is a dry run

	ResourceTypes []string       // names such as "User"; nil: all
	Networks      []netip.Prefix // that it may call from; nil: any
	Dialect       string         // how it speaks SCIM
	Me            string         // id of the user that it is in the directory; "" none

	Issuer   string            // of kind JWT: the URL that its tokens name as "iss"
	Audience string            // of kind JWT
	Claims   map[string]string // of kind JWT: what the token's claims must be

	Secrets []Secret // of the other kinds; several while one takes another's place

	Revision int64 // as that of a Record
	Created  time.Time
	Changed  time.Time
}

// A Secret is what is kept of a client's token, client secret or password: its
// digest. All are random and long, so that a digest without salt tells nothing.
type Secret struct {
	ID      string // a UUID
	Sum     [sha256.Size]byte
	Created time.Time
	Expires time.Time // zero: never
}

// An Invitation asks an administrator of a directory to consent. The code in its URL
// is kept as a digest only.
type Invitation struct {
	ID       string // a UUID
	Sum      [sha256.Size]byte
	TenantID string // of the Record; the directory that must consent is the record's, when it names one
	Created  time.Time
	Expires  time.Time
	Used     time.Time // zero: not yet
}

// An Event is one line of the audit log: who did what, when.
type Event struct {
	Sequence int64 // in the order that they happened
	Time     time.Time
	Actor    string // "cli:USER@HOST", "admin:NAME", "consent:DIRECTORY" …
	Action   string // such as "tenant.suspend", "client.rotate"
	TenantID string
	Tenant   string // its name then
	Target   string // the client's or invitation's id, when it is about one
	Detail   string // what changed, without any secret
}
