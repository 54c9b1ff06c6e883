package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
)

// A SignIn is what the access token says of the gateway itself.
type SignIn struct {
	AppID    string    // client id
	TenantID string    // directory that the token is for
	Roles    []string  // application permissions that were granted
	Expires  time.Time // of the token
}

// SignIn signs in, unless there is a token already, and tells what was granted.
func (c *Client) SignIn(ctx context.Context) (SignIn, error) {
	token, err := c.tokens.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.base.Scheme + "://" + c.base.Host + "/.default"}})
	if err != nil {
		return SignIn{}, fault.Wrap(err, fault.Unavailable, "The gateway cannot sign in to the directory.")
	}
	s := SignIn{Expires: token.ExpiresOn}
	claims, err := claimsOf(token.Token)
	if err != nil {
		return SignIn{}, fault.Wrap(err, fault.BadGateway, "The login service's token is not understood.")
	}
	s.AppID, s.TenantID, s.Roles = claims.AppID, claims.TenantID, claims.Roles
	return s, nil
}

type claims struct {
	AppID    string   `json:"appid"`
	TenantID string   `json:"tid"`
	Roles    []string `json:"roles"`
}

// claimsOf reads the claims of a token that was got from the login service just now,
// over TLS: its signature is for Graph to check.
func claimsOf(token string) (claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, errors.New("a token that is no JWT")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return claims{}, errors.New("a token whose claims are not base64")
	}
	var c claims
	if json.Unmarshal(text, &c) != nil {
		return claims{}, errors.New("a token whose claims are not JSON")
	}
	return c, nil
}

// Skew is how far the directory's clock is ahead of ours, to the second; false when
// the answer does not tell.
func (r *Response) Skew(now time.Time) (time.Duration, bool) {
	at, err := http.ParseTime(r.Header.Get("Date"))
	return at.Sub(now).Round(time.Second), err == nil
}
