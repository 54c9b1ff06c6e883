package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
)

const (
	sumSize = sha256.Size
	// maxCredential bounds an Authorization header that is looked at, in bytes.
	// Tokens of an issuer that puts a user's groups into them are long.
	maxCredential = 16 << 10
)

// A credential is what the Authorization header of a request has.
type credential struct {
	text string        // the token
	sum  [sumSize]byte // of the token or password

	basic bool
	user  string // of Basic

	token *unverified // nil: it is no JWT
}

// unverified is what a JWT says of itself. Nothing of it is true before its signature
// was verified.
type unverified struct {
	KeyID    string `json:"-"`
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
}

// known is what a credential is remembered by when it was good. A JWT is remembered
// by whom it names, since there is a new one every few minutes.
func (c credential) known() [sumSize]byte {
	switch {
	case c.basic:
		return Digest("basic\x00" + c.user + "\x00" + string(c.sum[:]))
	case c.token != nil:
		return Digest("jwt\x00" + c.token.Issuer + "\x00" + c.token.Subject + "\x00" + c.token.ClientID)
	}
	return c.sum
}

// credentialOf reads the Authorization header (RFC 6750 section 2.1, RFC 7617; the
// scheme's case does not matter, RFC 9110 section 11.1).
func credentialOf(h http.Header) (credential, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return credential{}, fault.New(fault.Unauthenticated, "This request needs a bearer token.")
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	text = strings.Trim(text, " ")
	if len(values) == 1 && text != "" && len(text) <= maxCredential {
		switch strings.ToLower(scheme) {
		case "bearer":
			return credential{text: text, sum: Digest(text), token: peek(text)}, nil
		case "basic":
			if user, password, ok := userPassword(text); ok {
				return credential{basic: true, user: user, sum: Digest(password)}, nil
			}
		}
	}
	return credential{}, unusable()
}

func unusable() error {
	return fault.New(fault.Unauthenticated, "The Authorization header must be \"Bearer\" and one token.")
}

// userPassword reads the credential of Basic (RFC 7617 section 2).
func userPassword(text string) (user, password string, ok bool) {
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !utf8.Valid(plain) {
		return "", "", false
	}
	return strings.Cut(string(plain), ":")
}

// peek reads what a JWT says of itself (RFC 7519); nil of what is none.
func peek(text string) *unverified {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	token := &unverified{}
	if decode(parts[0], &header) != nil || decode(parts[1], token) != nil {
		return nil
	}
	token.KeyID = header.KeyID
	return token
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
