package login_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// consent sends the administrator's answer ("" asks for the page) and gives the
// answer without following it.
func (p *place) consent(t *testing.T, tenant string, query, answer url.Values) (*http.Response, string) {
	t.Helper()
	client := *p.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	address := p.URL + "/" + tenant + "/v2.0/adminconsent?" + query.Encode()
	res, err := client.Get(address)
	if answer != nil {
		res, err = client.PostForm(address, answer)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func consentQuery(pairs ...string) url.Values {
	v := url.Values{
		"client_id": {appID}, "scope": {"https://graph.microsoft.com/.default"},
		"redirect_uri": {callback}, "state": {"12&345"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func location(t *testing.T, res *http.Response) url.Values {
	t.Helper()
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusFound || !strings.HasPrefix(to.String(), callback+"?") {
		t.Fatalf("got %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	return to.Query()
}

func TestConsentGranted(t *testing.T) {
	t.Parallel()
	for name, tenant := range map[string]string{"by tenant": otherID, "by domain": "fabrikam.com", "by administrator": "organizations"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			res, page := p.consent(t, tenant, consentQuery(), nil)
			if res.StatusCode != 200 || !strings.Contains(page, "User.ReadWrite.All") || !strings.Contains(page, otherID) {
				t.Fatalf("got %d %s", res.StatusCode, page)
			}
			if _, ok := p.login.Granted(otherID, appID); ok {
				t.Fatal("granted by looking at the page")
			}
			res, _ = p.consent(t, tenant, consentQuery(), url.Values{"decision": {"grant"}, "tenant": {otherID}})
			got := location(t, res)
			want := url.Values{
				"admin_consent": {"True"}, "tenant": {otherID}, "state": {"12&345"},
				"scope": {"https://graph.microsoft.com/User.ReadWrite.All https://graph.microsoft.com/Group.Read.All"},
			}
			if got.Encode() != want.Encode() {
				t.Errorf("got %v, want %v", got, want)
			}
			if roles, _ := p.login.Granted(otherID, appID); !slices.Equal(roles, []string{"Group.Read.All", "User.ReadWrite.All"}) {
				t.Errorf("granted %v", roles)
			}
			if status, body := p.post(t, otherID, form()); status != 200 {
				t.Errorf("token after consent: %d %v", status, body)
			}
		})
	}
}

func TestConsentRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query, answer url.Values
		code, aadsts  string
	}{
		"by the administrator": {consentQuery(), url.Values{"decision": {"refuse"}}, "consent_required", "AADSTS65004: "},
		"without an answer":    {consentQuery(), url.Values{}, "consent_required", "AADSTS65004: "},
		"by somebody else":     {consentQuery(), url.Values{"decision": {"not-admin"}}, "access_denied", "AADSTS90094: "},
		"for another tenant":   {consentQuery(), url.Values{"decision": {"grant"}, "tenant": {tenantID}}, "invalid_request", "AADSTS90002: "},
		"for a single scope": {
			consentQuery("scope", "https://graph.microsoft.com/User.Read.All"), nil, "invalid_scope", "AADSTS1002012: ",
		},
		"for another resource": {consentQuery("scope", "https://foo.microsoft.com/.default"), nil, "invalid_scope", "AADSTS70011: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			res, _ := p.consent(t, otherID, test.query, test.answer)
			got := location(t, res)
			if got.Get("admin_consent") != "True" || got.Get("error") != test.code || got.Get("state") != "12&345" ||
				!strings.HasPrefix(got.Get("error_description"), test.aadsts) || got.Has("tenant") {
				t.Errorf("got %v", got)
			}
			if _, ok := p.login.Granted(otherID, appID); ok {
				t.Error("granted all the same")
			}
		})
	}
}

// What might lead a browser to a place that nobody registered ends on a page.
func TestConsentPageRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tenant string
		query  url.Values
		aadsts string
	}{
		"common":                  {"common", consentQuery(), "AADSTS50059"},
		"unknown tenant":          {"nowhere.example", consentQuery(), "AADSTS90002"},
		"unknown app":             {otherID, consentQuery("client_id", otherID), "AADSTS700016"},
		"unregistered redirect":   {otherID, consentQuery("redirect_uri", callback+"/other"), "AADSTS50011"},
		"no redirect":             {otherID, consentQuery("redirect_uri", ""), "AADSTS900144"},
		"no scope":                {otherID, consentQuery("scope", ""), "AADSTS900144"},
		"markup in the parameter": {otherID, consentQuery("redirect_uri", "<script>"), "AADSTS50011"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, page := start(t).consent(t, test.tenant, test.query, nil)
			if res.StatusCode != 400 || res.Header.Get("Location") != "" || !strings.Contains(page, test.aadsts) || strings.Contains(page, "<script>") {
				t.Errorf("got %d %s", res.StatusCode, page)
			}
		})
	}
}

func TestSingleTenantAppStaysAtHome(t *testing.T) {
	t.Parallel()
	p := start(t)
	single := consentQuery("client_id", otherID)
	p.login.Register(loginApp(otherID))
	if res, page := p.consent(t, otherID, single, nil); res.StatusCode != 400 || !strings.Contains(page, "AADSTS700016") {
		t.Errorf("elsewhere: got %d %s", res.StatusCode, page)
	}
	if res, page := p.consent(t, "organizations", single, nil); res.StatusCode != 200 || strings.Contains(page, "<option>"+otherID) {
		t.Errorf("organizations: got %d %s", res.StatusCode, page)
	}
}

// What was granted may show in tokens only later.
func TestConsentLag(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.login.SetConsentLag(time.Minute)
	p.consent(t, otherID, consentQuery(), url.Values{"decision": {"grant"}, "tenant": {otherID}})
	for _, want := range []bool{false, true} {
		if _, body := p.post(t, otherID, form()); (body["access_token"] != nil) != want {
			t.Errorf("a token, %v: %v", want, body)
		}
		p.clock.Advance(time.Minute)
	}
}
