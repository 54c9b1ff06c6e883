// Package auth says who calls: it finds the SCIM client, and so the tenant, that
// a bearer token belongs to.
package auth

import (
	"crypto/sha256"
	"net/http"
	"strings"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// Challenge is the WWW-Authenticate header of a 401 answer (RFC 6750 section 3).
const Challenge = `Bearer realm="scim"`

// A Client is one program that may call. Its token is kept as a digest only.
type Client struct {
	Name    string
	Tenant  *tenant.Tenant
	Dialect string // the name of how it speaks SCIM
	Me      string // id of the user that it is in the directory; "" none
	sum     [sha256.Size]byte
}

// NewClient makes a client of the tenant that is known by its bearer token.
func NewClient(name string, t *tenant.Tenant, token string) Client {
	return Client{Name: name, Tenant: t, sum: sha256.Sum256([]byte(token))}
}

// An Authenticator knows the clients. It is never changed once it is made.
type Authenticator struct{ clients map[[sha256.Size]byte]Client }

// New makes an Authenticator of the clients.
func New(clients ...Client) *Authenticator {
	a := &Authenticator{clients: make(map[[sha256.Size]byte]Client, len(clients))}
	for _, c := range clients {
		a.clients[c.sum] = c
	}
	return a
}

// Authenticate finds the client that sent the request. Its error is a fault of
// kind Unauthenticated that tells what was missing and never what was sent.
func (a *Authenticator) Authenticate(r *http.Request) (Client, error) {
	token, err := bearer(r.Header)
	if err != nil {
		return Client{}, err
	}
	// What the time of a look-up tells is about the digest, which nobody can choose.
	found, known := a.clients[sha256.Sum256([]byte(token))]
	if !known {
		return Client{}, fault.New(fault.Unauthenticated, "The bearer token is not known.")
	}
	return found, nil
}

// bearer reads the Authorization header (RFC 6750 section 2.1; the scheme's case
// does not matter, RFC 9110 section 11.1).
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", fault.New(fault.Unauthenticated, "This request needs a bearer token.")
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if len(values) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", fault.New(fault.Unauthenticated, "The Authorization header must be \"Bearer\" and one token.")
	}
	return token, nil
}
