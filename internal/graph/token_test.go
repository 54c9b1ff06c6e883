package graph

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// An issuer is a credential that gives another token each time, good for an hour.
type issuer struct {
	now     func() time.Time
	refresh time.Duration // after which a new token should be asked for; 0: it does not say
	issued  int
}

// GetToken implements azcore.TokenCredential.
func (i *issuer) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	i.issued++
	token := azcore.AccessToken{Token: strconv.Itoa(i.issued), ExpiresOn: i.now().Add(time.Hour)}
	if i.refresh > 0 {
		token.RefreshOn = i.now().Add(i.refresh)
	}
	return token, nil
}

// A token is used until the SDK would ask for another, and not beyond a refusal.
func TestTokensAreKept(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	issuers := []*issuer{{now: clock}, {now: clock, refresh: 30 * time.Minute}}
	opened := 0
	kept, err := newTokens(clock, func() (azcore.TokenCredential, error) {
		opened++
		return issuers[opened-1], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := func(when time.Duration, o policy.TokenRequestOptions, n int) {
		t.Helper()
		now = time.Unix(0, 0).Add(when)
		token, err := kept.GetToken(t.Context(), o)
		if err != nil || token.Token != strconv.Itoa(n) || issuers[opened-1].issued != n {
			t.Errorf("after %v: token %q, %v, %d issued; want %d", when, token.Token, err, issuers[opened-1].issued, n)
		}
	}
	none := policy.TokenRequestOptions{}
	want(0, none, 1)
	want(54*time.Minute, none, 1)
	want(55*time.Minute, none, 2)
	want(56*time.Minute, policy.TokenRequestOptions{Claims: "x"}, 3)
	if err := kept.renew(issuers[0]); err != nil {
		t.Fatal(err)
	}
	want(56*time.Minute, none, 1)
	want(85*time.Minute, none, 1)
	want(86*time.Minute, none, 2)
}
