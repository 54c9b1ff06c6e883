package consent

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// stateLife is how long an administrator may take at the login service.
	stateLife = 10 * time.Minute
	// maxState bounds a state, in bytes.
	maxState = 1 << 10
	// sealedFor says what states are sealed for.
	sealedFor = "consent state"
)

// A state is what the browser carries to the login service and back. Sealed, nobody
// can read or make one.
type state struct {
	Code    string    `json:"code"`  // of the invitation
	Nonce   string    `json:"nonce"` // makes it good once
	Browser []byte    `json:"browser"`
	Begun   time.Time `json:"begun"`
}

// newState begins a round trip of the browser that has the cookie.
func (h handler) newState(code, cookie string) (string, error) {
	browser := digest(cookie)
	text, err := json.Marshal(state{Code: code, Nonce: newCode(), Browser: browser[:], Begun: h.Now().UTC()})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(h.Keys.Seal(text, sealedFor)), nil
}

// readState opens a state that this gateway made. It may be over, used, or another
// browser's.
func (h handler) readState(sealed string) (state, error) {
	var s state
	if len(sealed) > maxState {
		return s, unknownState()
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return s, unknownState()
	}
	text, err := h.Keys.Open(raw, sealedFor)
	if err != nil || json.Unmarshal(text, &s) != nil {
		return s, unknownState()
	}
	return s, nil
}

func (s state) expires() time.Time { return s.Begun.Add(stateLife) }

// sum is the digest that the nonce is remembered by.
func (s state) sum() [sha256.Size]byte { return digest(s.Nonce) }

// ofBrowser tells whether the request comes from the browser that began.
func (s state) ofBrowser(r *http.Request, base string) bool {
	cookie := cookieOf(r, base)
	is := digest(cookie)
	return cookie != "" && subtle.ConstantTimeCompare(is[:], s.Browser) == 1
}

// secure tells whether the browser speaks HTTPS to the gateway or a proxy before it.
func secure(base string) bool { return strings.HasPrefix(base, "https://") }

// cookieName is that of the cookie that tells browsers apart. The prefix keeps other
// hosts and plain HTTP from setting it (RFC 6265bis section 4.1.3.2).
func cookieName(base string) string {
	if secure(base) {
		return "__Host-entrascim-consent"
	}
	return "entrascim-consent"
}

// cookieOf is the value of the browser's cookie; "" when it has none of ours.
func cookieOf(r *http.Request, base string) string {
	c, err := r.Cookie(cookieName(base))
	if err != nil || !wellFormed(c.Value) {
		return ""
	}
	return c.Value
}

// setCookie lets the browser be known for as long as a round trip may take. One that
// has begun already stays the same: it may have several pages open.
func setCookie(w http.ResponseWriter, r *http.Request, base string) string {
	value := cookieOf(r, base)
	if value == "" {
		value = newCode()
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where there is HTTPS
		Name: cookieName(base), Value: value, Path: "/", MaxAge: int(stateLife / time.Second),
		Secure: secure(base), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return value
}
