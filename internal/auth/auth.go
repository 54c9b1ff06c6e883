// Package auth says who calls: it finds the SCIM client, and so the tenant, that
// a request's credential belongs to, and gives clients tokens (OAuth 2.0).
package auth

import (
	"net/http"
	"net/netip"
	"slices"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/seal"
	"entrascim/internal/tenant"
)

// Options of an Authenticator. What is left out takes the default.
type Options struct {
	// Keys sign the tokens of the token endpoint, the first the new ones. Replicas
	// share them. nil: tokens end with the process.
	Keys *seal.Keys
	// URL is where the client reaches the gateway: the issuer of its tokens. nil: the
	// gateway's name.
	URL func(*http.Request) string
	// Address is where the request comes from. nil: the connection's other end.
	Address func(*http.Request) netip.Addr
	// Issuers asks the external issuers that clients name. nil: a client of its own,
	// which trusts the system's authorities.
	Issuers http.RoundTripper
	Now     func() time.Time // default time.Now
}

func (o Options) withDefaults() Options {
	if o.Keys == nil {
		o.Keys = seal.Random()
	}
	if o.URL == nil {
		o.URL = func(*http.Request) string { return "entrascim" }
	}
	if o.Address == nil {
		o.Address = peer
	}
	if o.Issuers == nil {
		o.Issuers = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: idleIssuer, MaxResponseHeaderBytes: maxIssuerHeader}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// peer is the other end of the request's connection.
func peer(r *http.Request) netip.Addr {
	a, _ := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr().Unmap().WithZone("")
}

// An Authenticator knows the clients. They are never changed once it is made: With
// makes another one.
type Authenticator struct {
	o        Options
	signer   *signer
	attempts *attempts
	proofs   *proofs
	issuers  map[string]*issuer // of the clients of kind JWT, by their URL
	clients  *directory
}

// New makes an Authenticator of the clients.
func New(o Options, clients ...Client) *Authenticator {
	o = o.withDefaults()
	a := &Authenticator{o: o, signer: newSigner(o.Keys), attempts: newAttempts(o.Now), proofs: newProofs()}
	return a.With(clients...)
}

// With is an Authenticator of other clients, which goes on with all else: failed
// attempts, and the keys of external issuers.
func (a *Authenticator) With(clients ...Client) *Authenticator {
	next := *a
	next.clients, next.issuers = newDirectory(clients), map[string]*issuer{}
	for url := range next.clients.tokens {
		if next.issuers[url] = a.issuers[url]; next.issuers[url] == nil {
			next.issuers[url] = newIssuer(url, a.o, a.proofs)
		}
	}
	return &next
}

// Authenticate finds the client that sent the request. Its error is a fault of kind
// Unauthenticated that tells what was missing and never what was sent; Throttled,
// when the address has sent too many credentials that were none; Forbidden, when the
// client may not call from there; or Unavailable, when the issuer of its token cannot
// be asked.
func (a *Authenticator) Authenticate(r *http.Request) (Client, error) {
	given, err := credentialOf(r.Header)
	if err == nil && given.basic && !a.clients.kinds[tenant.Basic] {
		err = unusable()
	}
	if err != nil {
		return Client{}, a.explain(err)
	}
	return a.attempt(r, given.known(), func() (Client, error) { return a.find(r, given) })
}

// attempt evaluates a credential, unless its address failed too often: known is what
// a credential that was good before is remembered by.
func (a *Authenticator) attempt(r *http.Request, known [sumSize]byte, find func() (Client, error)) (Client, error) {
	from := a.o.Address(r)
	if wait := a.attempts.refused(from, known); wait > 0 {
		f := fault.New(fault.Throttled, "Too many requests with a credential that is not known came from this address.")
		f.RetryAfter = wait
		return Client{}, f
	}
	client, err := find()
	switch {
	case fault.Is(err, fault.Unauthenticated):
		a.attempts.failed(from)
		return Client{}, err
	case err != nil:
		return Client{}, err
	}
	a.attempts.succeeded(from, known)
	if !client.calls(from) {
		return Client{}, fault.New(fault.Forbidden, "This client may not call from this address.")
	}
	return client, nil
}

// find finds whose credential it is.
func (a *Authenticator) find(r *http.Request, given credential) (Client, error) {
	switch {
	case given.basic:
		return a.basic(given)
	case given.token == nil || a.clients.bearer(given.sum) != nil: // a bearer token may look like anything
		if c := a.clients.bearer(given.sum); c != nil {
			if _, good := c.secret(a.o.Now(), given.sum); good {
				return *c, nil
			}
		}
	case a.signer.signed(given.token):
		c, err := a.own(r, given)
		if err != nil {
			return Client{}, unknown(err)
		}
		return c, nil
	default:
		if issuer := a.issuers[given.token.Issuer]; issuer != nil {
			return a.external(r, issuer, given)
		}
	}
	return Client{}, unknown(nil)
}

// unknown refuses a token. Why is for the log: whoever sent it is told the same in any
// case.
func unknown(why error) error {
	return fault.Wrap(why, fault.Unauthenticated, "The bearer token is not known.")
}

// basic finds the client by the user-id and password of RFC 7617.
func (a *Authenticator) basic(given credential) (Client, error) {
	if c := a.clients.named(given.user, tenant.Basic); c != nil {
		if _, good := c.secret(a.o.Now(), given.sum); good {
			return *c, nil
		}
	}
	return Client{}, fault.New(fault.Unauthenticated, "The user name or password is not known.")
}

// Challenges are the values of WWW-Authenticate of a 401 answer to the request: the ways
// to authenticate that there are clients for (RFC 9110 section 11.6.1, RFC 7617 section
// 2), and, when it had a bearer token, that it is not good (RFC 6750 section 3.1), which
// has OAuth clients get another.
func (a *Authenticator) Challenges(r *http.Request) []string {
	var all []string
	if !a.clients.kinds[tenant.Basic] || len(a.clients.kinds) > 1 {
		all = append(all, bearerChallenge)
		if given, err := credentialOf(r.Header); err == nil && !given.basic {
			all[0] += `, error="invalid_token"`
		}
	}
	if a.clients.kinds[tenant.Basic] {
		all = append(all, basicChallenge)
	}
	return all
}

const (
	bearerChallenge = `Bearer realm="scim"` //nolint:gosec // no credential
	basicChallenge  = `Basic realm="scim", charset="UTF-8"`
)

// explain says of a request without a usable credential which would do.
func (a *Authenticator) explain(err error) error {
	if !a.clients.kinds[tenant.Basic] && fault.Is(err, fault.Unauthenticated) {
		return err
	}
	return fault.New(fault.Unauthenticated, "This request needs an Authorization header of one of the kinds that WWW-Authenticate names.")
}

// Kinds are those of the tenant's clients, in the order of tenant.Kinds.
func (a *Authenticator) Kinds(t *tenant.Tenant) []tenant.Kind {
	return slices.DeleteFunc(tenant.Kinds(), func(k tenant.Kind) bool { return !a.clients.ofTenant[t][k] })
}
