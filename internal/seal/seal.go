// Package seal keeps what the gateway must be able to read again, and nobody else:
// it seals with keys that are derived from the operator's secrets (AES-256-GCM, HKDF
// with SHA-256: NIST SP 800-38D, RFC 5869).
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// ErrUnknownKey says that something was sealed with none of the keys.
var ErrUnknownKey = errors.New("was sealed with another key")

// ErrBroken says that something was sealed for another purpose, or was changed.
var ErrBroken = errors.New("is broken, or was sealed for something else")

const (
	idSize  = 4  // bytes that tell keys apart; they tell nothing else
	minSize = 16 // bytes of a secret
)

// Keys seal and open. They are safe for concurrent use.
type Keys struct{ keys []key }

type key struct {
	id     []byte
	secret []byte
	aead   cipher.AEAD
}

// New makes keys of secrets of at least 16 bytes: the first seals, all open. So a
// new secret goes before the old one, which goes when nothing is sealed with it any
// more.
func New(secrets ...[]byte) (*Keys, error) {
	if len(secrets) == 0 {
		return nil, errors.New("no secret was given")
	}
	k := &Keys{}
	for _, secret := range secrets {
		if len(secret) < minSize {
			return nil, errors.New("a secret must have at least 16 bytes")
		}
		k.keys = append(k.keys, newKey(secret))
	}
	return k, nil
}

// Random makes keys that only this process will ever have.
func Random() *Keys {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // never fails: crypto/rand
	return &Keys{keys: []key{newKey(secret)}}
}

func newKey(secret []byte) key {
	block, err := aes.NewCipher(derive(secret, "seal", sha256.Size))
	if err != nil {
		panic(err) // 32 bytes are an AES key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block size of GCM
	}
	return key{id: derive(secret, "seal id", idSize), secret: bytes.Clone(secret), aead: aead}
}

func derive(secret []byte, purpose string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret, nil, "entrascim "+purpose, size)
	if err != nil {
		panic(err) // the sizes asked for are constants
	}
	return out
}

// Seal seals a text; only Open with the same purpose, which is no secret, opens it.
func (k *Keys) Seal(text []byte, purpose string) []byte {
	first := k.keys[0]
	return first.aead.Seal(bytes.Clone(first.id), nil, text, []byte(purpose)) //nolint:gosec // the AEAD makes its own nonce
}

// Open gives what was sealed. Its error is ErrUnknownKey or ErrBroken.
func (k *Keys) Open(sealed []byte, purpose string) ([]byte, error) {
	err := ErrUnknownKey
	for _, one := range k.keys {
		rest, named := bytes.CutPrefix(sealed, one.id)
		if !named {
			continue
		}
		text, failed := one.aead.Open(nil, nil, rest, []byte(purpose))
		if failed == nil {
			return text, nil
		}
		err = ErrBroken
	}
	return nil, err
}

// Stale tells whether what was sealed would be sealed with another key now.
func (k *Keys) Stale(sealed []byte) bool { return !bytes.HasPrefix(sealed, k.keys[0].id) }

// Derive gives a key of so many bytes, 64 at most, for another purpose, of each
// secret, in their order: the same in every process that has the secrets.
func (k *Keys) Derive(purpose string, size int) [][]byte {
	all := make([][]byte, len(k.keys))
	for i, one := range k.keys {
		all[i] = derive(one.secret, "derived "+purpose, size)
	}
	return all
}
