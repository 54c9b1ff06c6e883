package app

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// hostileTexts are what does harm where it is taken for something else.
func hostileTexts() []string {
	return []string{
		"", "..", "../../etc/passwd", "%2e%2e%2f", "%00", "\x00", "%", "%zz", "'; DROP TABLE tenants; --", "<script>alert(1)</script>", "{{.}}", "${7*7}",
		"\r\nSet-Cookie: a=b", "%0d%0aLocation:%20https://evil.example", strings.Repeat("A", 43), strings.Repeat("A", 5000), strings.Repeat("é", 43),
		"callback/", "callback/x", "CALLBACK", "//evil.example", "\\evil.example", "https://evil.example", "\xff\xfe", "𝒶", "null", "true", "-1", "1e309",
		strings.Repeat("=", 100), "AAAA====", otherTenant, operatorTenant, "00000000-0000-0000-0000-000000000000", "{" + otherTenant + "}", "urn:uuid:" + otherTenant,
	}
}

// Whatever comes to the consent routes is answered with a page or an error that is the
// sender's, and changes nothing.
func TestConsentHostile(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	link := w.invite("globex", "")
	code := link[strings.LastIndex(link, "/")+1:]
	p := w.person()
	at, _ := url.Parse(p.begin(link))
	state := at.Query().Get("state")
	random := rand.New(rand.NewPCG(4, 5)) // the same each time
	texts := hostileTexts()
	any1 := func() string { return texts[random.IntN(len(texts))] }
	w.unchanged(func() {
		for i := range 600 {
			r := httptest.NewRequest([]string{"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"}[random.IntN(9)], w.base()+"/consent/", nil)
			switch random.IntN(4) {
			case 0:
				r.URL.Path = "/consent/" + any1()
			case 1:
				r.URL.Path = "/consent/" + code + any1()
			default:
				r.URL.Path = "/consent/callback"
				q := url.Values{}
				for _, name := range []string{"state", "tenant", "admin_consent", "error", "error_description", "scope", "code"} {
					if random.IntN(2) == 0 {
						q.Set(name, any1())
					}
				}
				if random.IntN(4) == 0 {
					b := []byte(state)
					b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
					q.Set("state", string(b))
				}
				r.URL.RawQuery = q.Encode()
				if random.IntN(4) == 0 {
					r.URL.RawQuery = any1()
				}
			}
			if random.IntN(2) == 0 {
				r.Header.Set("Cookie", "__Host-entrascim-consent="+any1())
			}
			if random.IntN(3) == 0 {
				r.Header.Set("Sec-Fetch-Site", any1())
			}
			if random.IntN(3) == 0 {
				r.Host = any1()
			}
			hostile(t, w, fmt.Sprintf("%d: %s %q", i, r.Method, r.URL), r)
		}
	})
}

func hostile(t *testing.T, w *consenting, what string, r *http.Request) {
	t.Helper()
	answer := httptest.NewRecorder()
	w.gateway.Config.Handler.ServeHTTP(answer, r)
	page := answer.Body.String()
	if code := answer.Code; code >= 500 && code != http.StatusNotImplemented || code == http.StatusOK && r.Method != http.MethodGet && r.Method != http.MethodHead {
		t.Errorf("%s: %d %s", what, code, page)
	}
	if strings.Contains(page, "<script") || strings.Contains(answer.Header().Get("Location"), "evil") || answer.Header().Get("Cache-Control") != "no-store" || tokenOnPage.MatchString(page) {
		t.Errorf("%s: %v %s", what, answer.Header(), page)
	}
}

// What is sealed and comes from the right browser may be combined with anything: without
// a decision at the login service it opens nothing.
func TestConsentHostileAnswers(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	link, p := w.invite("globex", ""), w.person()
	w.unchanged(func() {
		for _, name := range []string{"tenant", "admin_consent", "error_description"} {
			for _, text := range hostileTexts() {
				if name == "admin_consent" && text == "true" {
					continue // which is what the login service says; the directory is asked then
				}
				at, _ := url.Parse(p.begin(link))
				q := url.Values{"state": {at.Query().Get("state")}, "tenant": {"00000000-0000-0000-0000-000000000000"}, "admin_consent": {"yes"}, name: {text}}
				s := p.get(w.base() + "/consent/callback?" + q.Encode())
				if s.status >= 500 || s.status < 400 || strings.Contains(s.text, "alert(1)") {
					t.Errorf("%s=%q: %d %s", name, text, s.status, s.text)
				}
			}
		}
	})
}

// FuzzConsent holds the consent routes to the law of TestConsentHostile.
func FuzzConsent(f *testing.F) {
	w := newConsenting(f, nil)
	link, p := w.invite("globex", ""), w.person()
	at, _ := url.Parse(p.begin(link))
	f.Add("/consent/callback", at.RawQuery, "", true)
	f.Add(strings.TrimPrefix(link, w.base()), "", "", false)
	f.Add("/consent/callback", "error=x&admin_consent=True&state=AAAA", strings.Repeat("A", 43), true)
	before, err := w.store.Revision(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, query, cookie string, get bool) {
		r := httptest.NewRequest("GET", w.base()+"/consent/", nil)
		if !get {
			r.Method = "POST"
		}
		r.URL.Path, r.URL.RawQuery = "/consent/"+strings.TrimPrefix(path, "/consent/"), query
		r.Header.Set("Cookie", "__Host-entrascim-consent="+cookie)
		hostile(t, w, path, r)
		if after, err := w.store.Revision(t.Context()); err != nil || after != before {
			t.Errorf("something was changed: revision %d after %d, %v", after, before, err)
		}
	})
}
