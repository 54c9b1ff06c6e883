package vault

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"entrascim/internal/fault"
)

// RecipientHeader is the header in which a client names the public key, a JWK in JSON
// (RFC 7517), that the password it asks for is encrypted to.
const RecipientHeader = "Password-Recipient"

const (
	maxJWK = 16 << 10 // bytes
	minRSA = 256      // bytes of the modulus
)

// An Envelope hands each password back to the client, as a JWE in compact form (RFC
// 7516) that only the holder of the private key can open. It keeps nothing.
type Envelope struct{ key *jose.JSONWebKey }

// NewEnvelope makes the sink. The key is the public JWK that all passwords are encrypted
// to; nil: each client says its own.
func NewEnvelope(key []byte) (*Envelope, error) {
	if len(key) == 0 {
		return &Envelope{}, nil
	}
	k, err := readKey(key)
	if err != nil {
		return nil, mistake("recipient", "%s", err)
	}
	return &Envelope{k}, nil
}

// Name implements Sink.
func (e *Envelope) Name() string {
	if e.key == nil {
		return "The key of the client"
	}
	return "The key in passwords.recipient"
}

// Check implements Sink: the key must be one.
func (e *Envelope) Check(_ context.Context, p Password) error {
	_, err := e.keyFor(p)
	return err
}

func (e *Envelope) keyFor(p Password) (*jose.JSONWebKey, error) {
	switch {
	case e.key != nil && p.Recipient != "":
		return nil, fault.New(fault.InvalidValue, "%s: the passwords of this tenant are encrypted to a key that its operator has chosen.", RecipientHeader)
	case e.key != nil:
		return e.key, nil
	case p.Recipient == "":
		return nil, fault.New(fault.InvalidValue, "%s: this header must have the public key (a JWK) that the generated password is encrypted to; or send a password.", RecipientHeader)
	}
	k, err := readKey([]byte(p.Recipient))
	if err != nil {
		return nil, fault.New(fault.InvalidValue, "%s: %s.", RecipientHeader, err)
	}
	return k, nil
}

// readKey reads a public key that passwords can be encrypted to.
func readKey(text []byte) (*jose.JSONWebKey, error) {
	k := &jose.JSONWebKey{}
	if len(text) > maxJWK || k.UnmarshalJSON(text) != nil {
		return nil, refused("must be a JWK: the public key of RSA or of an elliptic curve")
	}
	_, known := algorithm(k)
	switch {
	case !k.Valid() || !k.IsPublic():
		return nil, refused("must be a public key; a private one is nobody else's to know")
	case !known:
		return nil, refused("must be a key for RSA-OAEP-256, of 2048 bits at least, or for ECDH-ES+A256KW")
	case k.Use != "" && k.Use != "enc":
		return nil, refused("must be for encryption (use)")
	}
	return k, nil
}

// algorithm is how a key is encrypted to (RFC 7518 section 4).
func algorithm(k *jose.JSONWebKey) (jose.KeyAlgorithm, bool) {
	var fits jose.KeyAlgorithm
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		if key.Size() < minRSA {
			return "", false
		}
		fits = jose.RSA_OAEP_256
	case *ecdsa.PublicKey:
		fits = jose.ECDH_ES_A256KW
	default:
		return "", false
	}
	return fits, slices.Contains([]string{"", string(fits)}, k.Algorithm)
}

// Deliver implements Sink.
func (e *Envelope) Deliver(_ context.Context, p Password) (string, error) {
	k, err := e.keyFor(p)
	if err != nil {
		return "", err
	}
	how, _ := algorithm(k)
	options := (&jose.EncrypterOptions{}).WithContentType("text/plain")
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: how, Key: k.Key, KeyID: k.KeyID}, options)
	if err != nil {
		return "", refused("cannot be encrypted to")
	}
	sealed, err := encrypter.Encrypt([]byte(p.Text))
	if err != nil {
		return "", refused("cannot be encrypted to")
	}
	return sealed.CompactSerialize()
}
