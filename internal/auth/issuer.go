package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"golang.org/x/sync/singleflight"
)

const (
	// issuerTimeout bounds how long an issuer is waited for, discovery and keys together.
	issuerTimeout = 5 * time.Second
	// maxIssuerBody and maxIssuerHeader bound an answer of it, in bytes.
	maxIssuerBody   = 1 << 20
	maxIssuerHeader = 64 << 10
	// idleIssuer is how long a connection to one is kept.
	idleIssuer = 90 * time.Second
	// maxKeys bounds the keys of it that are looked at, and minRSA is the least size of
	// one of RSA, in bits (RFC 7518 section 3.3).
	maxKeys = 100
	minRSA  = 2048
	// maxWaiting is how many requests wait for it at once. One more is refused, so
	// that a slow issuer does not take the places of other clients.
	maxWaiting = 8
	// askAgain is how long an issuer is not asked again, whatever key a token names.
	askAgain = 10 * time.Second
	// keysFresh is after how long the keys are read again, and keysLast until when
	// they are good while that fails.
	keysFresh = time.Hour
	keysLast  = 24 * time.Hour
)

// issuer is an issuer of tokens (OpenID Connect Discovery 1.0) and its keys as they
// were read last.
type issuer struct {
	url     string
	client  *http.Client
	now     func() time.Time
	proofs  *proofs
	waiting chan struct{}
	flight  singleflight.Group

	mu    sync.Mutex
	keys  *keySet // nil: not read yet
	tried time.Time
}

// A keySet is never changed.
type keySet struct {
	keys       []jose.JSONWebKey
	algorithms []string
	read       time.Time
}

func newIssuer(url string, o Options, p *proofs) *issuer {
	client := &http.Client{Transport: httpsOnly{o.Issuers}, Timeout: issuerTimeout}
	return &issuer{url: url, client: client, now: o.Now, proofs: p, waiting: make(chan struct{}, maxWaiting)}
}

// verify gives what a token says that the issuer signed, and that is good now. Its
// error is errAway when that cannot be known.
func (i *issuer) verify(ctx context.Context, given credential) (proof, error) {
	set, err := i.keySet(ctx, given.token.KeyID)
	if err != nil {
		return proof{}, err
	}
	if found, ok := i.proofs.find(given.sum, set, i.now()); ok {
		return found, nil
	}
	verifier := oidc.NewVerifier(i.url, &oidc.StaticKeySet{PublicKeys: set.named(given.token.KeyID)}, &oidc.Config{
		SkipClientIDCheck:    true, // the client decides which it must be
		SupportedSigningAlgs: set.algorithms, Now: i.now,
	})
	token, err := verifier.Verify(ctx, given.text)
	if err != nil {
		return proof{}, err
	}
	found := proof{keys: set, expires: token.Expiry, audiences: token.Audience}
	if err = token.Claims(&found.claims); err == nil {
		i.proofs.keep(given.sum, found)
	}
	return found, err
}

// named are the public keys that a token which names the key may be signed with.
func (s *keySet) named(key string) []crypto.PublicKey {
	var all []crypto.PublicKey
	for _, k := range s.keys {
		if key == "" || k.KeyID == key {
			all = append(all, k.Key)
		}
	}
	return all
}

// errAway says that an issuer does not tell its keys.
var errAway = errors.New("the issuer cannot be asked")

// keySet are the keys, read again when the one that is named is not among them.
func (i *issuer) keySet(ctx context.Context, key string) (*keySet, error) {
	i.mu.Lock()
	set, now := i.keys, i.now()
	resting := !i.tried.IsZero() && now.Sub(i.tried) < askAgain
	i.mu.Unlock()
	if set != nil && now.Sub(set.read) >= keysLast {
		set = nil
	}
	known := set != nil && len(set.named(key)) > 0
	if known && now.Sub(set.read) >= keysFresh && !resting {
		i.ask(ctx) // and go on with those that there are
	}
	if known || resting {
		return set.orAway()
	}
	select {
	case i.waiting <- struct{}{}:
		defer func() { <-i.waiting }()
	default:
		return set.orAway()
	}
	select {
	case done := <-i.ask(ctx):
		if newer, ok := done.Val.(*keySet); ok && done.Err == nil {
			return newer, nil
		}
		return set.orAway()
	case <-ctx.Done():
		return nil, errAway
	}
}

// orAway is the set, when there is one.
func (s *keySet) orAway() (*keySet, error) {
	if s == nil {
		return nil, errAway
	}
	return s, nil
}

// ask reads the keys, for all who want to know at once. Whoever asked first may leave.
func (i *issuer) ask(ctx context.Context) <-chan singleflight.Result {
	return i.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issuerTimeout)
		defer cancel()
		set, err := i.read(ctx)
		i.mu.Lock()
		defer i.mu.Unlock()
		i.tried = i.now()
		if err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("issuer", i.url).Msg("the keys of an issuer cannot be read")
			return nil, err
		}
		i.keys = set
		return set, nil
	})
}

// read asks the issuer where its keys are, and for them.
func (i *issuer) read(ctx context.Context) (*keySet, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, i.client), i.url)
	if err != nil {
		return nil, err
	}
	var told struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := provider.Claims(&told); err != nil {
		return nil, err
	}
	set := &keySet{read: i.now()}
	for _, name := range told.Algorithms {
		if slices.Contains(asymmetric(), name) {
			set.algorithms = append(set.algorithms, name)
		}
	}
	if set.algorithms == nil {
		set.algorithms = asymmetric()[:1] // which every issuer must have
	}
	set.keys, err = i.published(ctx, told.Keys)
	return set, err
}

// asymmetric are the algorithms that a public key verifies (RFC 7518 section 3.1, RFC
// 8037): no other is taken, whatever an issuer or a token says.
func asymmetric() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}
}

// published are the keys for signatures that stand at the URL (RFC 7517 section 5).
func (i *issuer) published(ctx context.Context, url string) ([]jose.JSONWebKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, answer.Status)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	var all struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	var keys []jose.JSONWebKey
	for _, text := range all.Keys[:min(len(all.Keys), maxKeys)] {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(text) == nil && verifies(key) { // of what is not understood others may
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// verifies tells whether signatures may be verified with the key.
func verifies(k jose.JSONWebKey) bool {
	if !k.Valid() || !k.IsPublic() || k.Use != "" && k.Use != "sig" {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= minRSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}
