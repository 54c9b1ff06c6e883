package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/netip"
	"slices"
	"time"

	"entrascim/internal/tenant"
)

// SecretPrefix is what every secret that NewSecret makes begins with, so that
// scanners of repositories and logs can know one.
const SecretPrefix = "esc_"

// secretSize is the size of a secret in bytes.
const secretSize = 32

// NewSecret makes a token, client secret or password of 256 random bits, and gives
// what is kept of it. The text is letters, digits, "-" and "_".
func NewSecret() (text string, sum [sha256.Size]byte) {
	random := make([]byte, secretSize)
	_, _ = rand.Read(random) // never fails: crypto/rand
	text = SecretPrefix + base64.RawURLEncoding.EncodeToString(random)
	return text, Digest(text)
}

// Digest is what is kept of a secret: see tenant.Secret.
func Digest(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }

// A Client is one program that may call. Its secrets are kept as digests only.
type Client struct {
	ID      string // client_id of OAuth 2.0, user-id of Basic
	Name    string
	Tenant  *tenant.Tenant
	Kind    tenant.Kind
	Dialect string // the name of how it speaks SCIM
	Me      string // id of the user that it is in the directory; "" none

	ReadOnly      bool
	DryRun        bool     // each of its changes is a dry run
	ResourceTypes []string // names such as "User"; nil: all

	networks []netip.Prefix // nil: any
	issuer   string
	audience string
	claims   map[string]string
	secrets  []tenant.Secret
}

// NewClient makes the client that the record describes. A role that is not known may
// only read.
func NewClient(r tenant.ClientRecord, t *tenant.Tenant) Client {
	return Client{
		ID: r.ID, Name: r.Name, Tenant: t, Kind: r.Kind, Dialect: r.Dialect, Me: r.Me,
		ReadOnly: r.Role != tenant.ReadWrite, DryRun: r.DryRun, ResourceTypes: r.ResourceTypes,
		networks: r.Networks, issuer: r.Issuer, audience: r.Audience, claims: r.Claims, secrets: r.Secrets,
	}
}

// secret finds the client's secret that has one of the digests and has not expired.
// The time that it takes tells nothing but how many secrets there are.
func (c *Client) secret(now time.Time, sums ...[sha256.Size]byte) (tenant.Secret, bool) {
	at := -1
	for i := range c.secrets {
		for _, sum := range sums {
			if subtle.ConstantTimeCompare(c.secrets[i].Sum[:], sum[:]) == 1 {
				at = i
			}
		}
	}
	if at < 0 || !c.secrets[at].Expires.IsZero() && !now.Before(c.secrets[at].Expires) {
		return tenant.Secret{}, false
	}
	return c.secrets[at], true
}

// calls tells whether the client may call from the address.
func (c *Client) calls(from netip.Addr) bool {
	return c.networks == nil || slices.ContainsFunc(c.networks, func(p netip.Prefix) bool { return p.Contains(from) })
}
