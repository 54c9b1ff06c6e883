package login_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/graphsim/login"
	"entrascim/internal/graphsim/odata"
)

func (p *place) authenticate(authorization string) (login.Identity, error) {
	r := httptest.NewRequest(http.MethodGet, p.URL+"/v1.0/users", nil)
	r.Header.Set("Authorization", authorization)
	return p.login.Authenticate(r)
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, scope := range []string{"https://graph.microsoft.com/.default", p.URL + "/.default"} {
		who, err := p.authenticate("Bearer " + p.accessToken(t, form("scope", scope)))
		if err != nil {
			t.Fatal(err)
		}
		if who.TenantID != tenantID || who.AppID != appID || who.ObjectID != login.ObjectID(tenantID, appID) ||
			!slices.Equal(who.Roles, []string{"Group.Read.All", "User.Read.All"}) {
			t.Errorf("got %+v", who)
		}
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		authorization func(t *testing.T, p *place) string
		code, message string
	}{
		"no token":       {func(*testing.T, *place) string { return "" }, "InvalidAuthenticationToken", "Access token is empty."},
		"empty token":    {func(*testing.T, *place) string { return "Bearer " }, "InvalidAuthenticationToken", "Access token is empty."},
		"another scheme": {func(*testing.T, *place) string { return "Basic eDp5" }, "InvalidAuthenticationToken", "Access token is empty."},
		"no JWT": {
			func(*testing.T, *place) string { return "Bearer xyz" },
			"InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217",
		},
		"spoilt": {func(t *testing.T, p *place) string {
			t.Helper()
			raw := p.accessToken(t, form())
			dot := strings.LastIndex(raw, ".")
			return "Bearer " + raw[:dot+1] + strings.Repeat("A", len(raw)-dot-1)
		}, "InvalidAuthenticationToken", "Access token validation failure. Invalid signature."},
		"unsigned": {func(t *testing.T, _ *place) string {
			t.Helper()
			raw, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"tid": tenantID, "appid": appID}).SignedString(jwt.UnsafeAllowNoneSignatureType)
			if err != nil {
				t.Fatal(err)
			}
			return "Bearer " + raw
		}, "InvalidAuthenticationToken", "Access token validation failure. Invalid signature."},
		"expired": {func(t *testing.T, p *place) string {
			t.Helper()
			raw := p.accessToken(t, form())
			p.clock.Advance(time.Hour)
			return "Bearer " + raw
		}, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."},
		"another audience": {func(t *testing.T, p *place) string {
			t.Helper()
			return "Bearer " + p.accessToken(t, form("scope", "https://outlook.office365.com/.default"))
		}, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience."},
		"revoked": {func(t *testing.T, p *place) string {
			t.Helper()
			raw := p.accessToken(t, form())
			p.login.Revoke(tenantID, appID)
			return "Bearer " + raw
		}, "Authorization_IdentityNotFound", "The identity of the calling application could not be established."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			_, err := p.authenticate(test.authorization(t, p))
			var refused *odata.Error
			if !errors.As(err, &refused) || refused.Status != 401 || refused.Code != test.code || refused.Message != test.message {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPermissionsChangeWithTheNextToken(t *testing.T) {
	t.Parallel()
	p := start(t)
	before := p.accessToken(t, form())
	p.login.Grant(tenantID, appID, []string{"User.ReadWrite.All"})
	after := p.accessToken(t, form())
	for raw, want := range map[string][]string{before: {"Group.Read.All", "User.Read.All"}, after: {"User.ReadWrite.All"}} {
		who, err := p.authenticate("Bearer " + raw)
		if err != nil || !slices.Equal(who.Roles, want) {
			t.Errorf("got %v %v, want %v", who.Roles, err, want)
		}
	}
}
