package consent

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/google/uuid"

	"entrascim/internal/tenant"
)

// InvitationLife is how long an invitation is good unless somebody says otherwise.
const InvitationLife = 7 * 24 * time.Hour

// codeSize is how many random bytes a code has.
const codeSize = 32

// Invite makes an invitation for the tenant of the id, and the URL that its
// administrator is to open. The URL is told once: the code in it is kept as a digest
// only. Base is the gateway's URL.
func Invite(base, tenantID string, now time.Time, life time.Duration) (tenant.Invitation, string) {
	code := newCode()
	i := tenant.Invitation{ID: uuid.NewString(), Sum: digest(code), TenantID: tenantID, Created: now, Expires: now.Add(life)}
	return i, strings.TrimSuffix(base, "/") + Root + "/" + code
}

// newCode makes a text that nobody can guess.
func newCode() string {
	b := make([]byte, codeSize)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

// wellFormed tells whether newCode could have made it.
func wellFormed(code string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(code)
	return err == nil && len(b) == codeSize && !strings.ContainsAny(code, "\r\n")
}

func digest(code string) [sha256.Size]byte { return sha256.Sum256([]byte(code)) }
