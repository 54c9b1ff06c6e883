package tenant

import "time"

// Sink says what kind of place the passwords go to that the gateway generates.
type Sink string

// The kinds.
const (
	NoSink   Sink = ""         // nobody is told them
	KeyVault Sink = "keyvault" // Azure Key Vault
	KV       Sink = "vault"    // HashiCorp Vault, OpenBao
	Envelope Sink = "jwe"      // the answer, encrypted
	Webhook  Sink = "webhook"
)

// Passwords says what the passwords are like that the gateway generates for a tenant,
// and where they go.
type Passwords struct {
	Length  int      // characters; 0: the default
	Classes []string // of characters; nil: all
	Sink    Sink
	URL     string // of the Key Vault, the server or the webhook
	Secret  string // token, AppRole secret id, or key that webhooks are signed with
	RootCAs []byte // PEM; trusted beside those of the tenant
	Life    time.Duration
	// Of a KV: see vault.KVOptions.
	Namespace, Mount, Path, RoleID, AppRole string
	Recipient                               []byte // public JWK that passwords are encrypted to; nil: each client says its own
}
