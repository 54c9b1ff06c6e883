package scim

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entrascim/internal/fault"
)

// Cursors (RFC 9865) carry all that is needed to go on, so that any replica can.
// They are sealed: a client can neither read what the directory said nor make one
// up, and a cursor is good for the tenant, client and query that it was given to
// alone.

// defaultCursorLife is how long a cursor is good when Options do not say.
const defaultCursorLife = time.Hour

const (
	// maxCursor bounds a cursor that a client sends, in bytes.
	maxCursor = 8 << 10
	// maxPlace bounds what is in it, unpacked, in bytes.
	maxPlace = 16 << 10
)

// sealer makes cursors and opens them.
type sealer struct {
	keys []cipher.AEAD // the first seals, all open
	life time.Duration
	now  func() time.Time
}

// newSealer makes a sealer of secrets. Without any, cursors are good for as long as
// this process lives.
func newSealer(secrets [][]byte, life time.Duration, now func() time.Time) *sealer {
	if len(secrets) == 0 {
		own := make([]byte, sha256.Size)
		_, _ = rand.Read(own) // never fails: crypto/rand
		secrets = [][]byte{own}
	}
	s := &sealer{life: life, now: now}
	for _, secret := range secrets {
		s.keys = append(s.keys, cursorKey(secret))
	}
	return s
}

// cursorKey derives the key for cursors from a secret, which may serve other ends.
func cursorKey(secret []byte) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, secret, nil, "SCIM cursor", sha256.Size)
	if err != nil {
		panic(err) // the length asked for is a constant
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // 32 bytes are an AES key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block size of GCM
	}
	return aead
}

// seal makes a cursor of a place, good for what bound says alone.
func (s *sealer) seal(place []byte, bound string) string {
	var packed bytes.Buffer
	_ = binary.Write(&packed, binary.BigEndian, s.now().Unix()) // a buffer takes everything
	w, _ := flate.NewWriter(&packed, flate.BestSpeed)           // a level that exists
	_, _ = w.Write(place)
	_ = w.Close()
	sealed := s.keys[0].Seal(nil, nil, packed.Bytes(), []byte(bound)) //nolint:gosec // the AEAD makes its own nonce
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// open gives the place that a cursor holds (RFC 9865 section 2.2).
func (s *sealer) open(cursor, bound string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(cursor) > maxCursor {
		return nil, notOurs()
	}
	for _, key := range s.keys {
		if packed, err := key.Open(nil, nil, sealed, []byte(bound)); err == nil {
			return s.unpack(packed)
		}
	}
	return nil, notOurs()
}

func (s *sealer) unpack(packed []byte) ([]byte, error) {
	const stamp = 8
	if len(packed) < stamp {
		return nil, notOurs()
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(packed)), 0) //nolint:gosec // written by seal
	if s.now().Sub(made) > s.life {
		return nil, fault.New(fault.ExpiredCursor, "The cursor is older than %s; begin again without one.", s.life)
	}
	place, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed[stamp:])), maxPlace))
	if err != nil {
		return nil, notOurs()
	}
	return place, nil
}

func notOurs() error {
	return fault.New(fault.InvalidCursor, "The cursor was not given to this client for this query.")
}

// binding says what a cursor of the request is good for: the caller, the endpoint
// and the query. The count may change from page to page.
func (s *server) binding(r *http.Request, endpoint string, values url.Values) string {
	parts := []string{s.options.Caller(r).Scope, endpoint}
	for _, name := range []string{"filter", "sortby", "sortorder", "attributes", "excludedattributes"} {
		parts = append(parts, strings.Join(values[name], ","))
	}
	return strings.Join(parts, "\x00")
}
