package consent_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"entrascim/internal/consent"
)

// The code is told in the URL alone, and no two are the same.
func TestInvite(t *testing.T) {
	t.Parallel()
	now, seen := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), map[string]bool{}
	for range 1000 {
		i, link := consent.Invite("https://scim.example/gateway/", "a-tenant", now, time.Hour)
		code, ok := strings.CutPrefix(link, "https://scim.example/gateway/consent/")
		if !ok || len(code) != 43 || seen[code] || seen[i.ID] {
			t.Fatalf("invitation %+v, %s", i, link)
		}
		seen[code], seen[i.ID] = true, true
		if i.Sum != sha256.Sum256([]byte(code)) || i.TenantID != "a-tenant" || !i.Created.Equal(now) || !i.Expires.Equal(now.Add(time.Hour)) || !i.Used.IsZero() {
			t.Errorf("invitation %+v", i)
		}
	}
}
