package app

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"entrascim/internal/consent"
	"entrascim/internal/graphsim"
)

// What comes back is nobody's word: whatever is wrong with it, a page says so and
// nothing is changed, and the invitation stays good.
func TestConsentRefused(t *testing.T) {
	t.Parallel()
	edit := func(name, value string) func(*consenting, *person, string) string {
		return func(_ *consenting, _ *person, back string) string {
			u, _ := url.Parse(back)
			q := u.Query()
			if q.Set(name, value); value == "" {
				q.Del(name)
			}
			u.RawQuery = q.Encode()
			return u.String()
		}
	}
	for name, c := range map[string]struct {
		directory, decision string
		change              func(w *consenting, p *person, back string) string
		status              int
		text                string
	}{
		"by the administrator": {otherTenant, "refuse", nil, 403, "consent_required, AADSTS65004"},
		"by somebody else":     {"", "not-admin", nil, 403, "access_denied, AADSTS90094"},
		"an error beside":      {otherTenant, "grant", edit("error", "permission_denied"), 403, "permission_denied"},
		"an error with markup": {otherTenant, "grant", edit("error", "<b>x</b>"), 403, "an error without a name"},
		"only described":       {otherTenant, "grant", edit("error_description", "AADSTS65004: no"), 403, "AADSTS65004."},
		"an error of no name":  {"", "grant", func(_ *consenting, _ *person, back string) string { return back + "&error=" }, 403, "an error without a name"},
		"not said":             {otherTenant, "grant", edit("admin_consent", ""), 400, "not complete"},
		"no directory":         {"", "grant", edit("tenant", ""), 400, "not complete"},
		"no GUID":              {"", "grant", edit("tenant", "contoso.com"), 400, "not complete"},
		"twice":                {"", "grant", func(_ *consenting, _ *person, back string) string { return back + "&tenant=" + otherTenant }, 400, "not complete"},
		"another was invited":  {graphsim.DefaultTenant, "grant", edit("tenant", otherTenant), 403, "Another directory was invited"},
		"another than invited": {otherTenant, "grant", edit("tenant", operatorTenant), 403, "Another directory was invited"},
		"the operator's own":   {"", "grant", edit("tenant", operatorTenant), 403, "does not show that this is your directory"},
		"one that never did":   {"", "grant", edit("tenant", graphsim.DefaultTenant), 502, "could not be asked"},
		"one that is nowhere":  {"", "grant", edit("tenant", "12345678-1234-4123-8123-123456789012"), 502, "could not be asked"},
		"no state":             {otherTenant, "grant", edit("state", ""), 400, "not one to a question of ours"},
		"a state of nobody":    {otherTenant, "grant", edit("state", "AAAA"), 400, "not one to a question of ours"},
		"too late": {otherTenant, "grant", func(w *consenting, _ *person, back string) string {
			w.ahead.Add(int64(10 * time.Minute))
			return back
		}, 410, "took too long"},
		"another browser": {otherTenant, "grant", func(w *consenting, p *person, back string) string {
			p.client.Jar = w.person().client.Jar
			return back
		}, 403, "another browser"},
		"another's cookie": {otherTenant, "grant", func(w *consenting, p *person, back string) string {
			thief := w.person()
			thief.begin(w.invite("initech", ""))
			p.client.Jar = thief.client.Jar
			return back
		}, 403, "another browser"},
		"changed state": {otherTenant, "grant", func(_ *consenting, _ *person, back string) string {
			u, _ := url.Parse(back)
			q := u.Query()
			s := []byte(q.Get("state"))
			s[len(s)/2] ^= 1
			q.Set("state", string(s))
			u.RawQuery = q.Encode()
			return u.String()
		}, 400, "not one to a question of ours"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newConsenting(t, nil)
			link, p := w.invite("globex", c.directory), w.person()
			at := p.begin(link)
			directory := otherTenant
			if c.directory != "" {
				directory = c.directory
			}
			back := p.decide(at, c.decision, directory)
			if c.change != nil {
				back = c.change(w, p, back)
			}
			w.unchanged(func() { wantPage(t, p.get(back), c.status, c.text) })
			if s := p.get(link); s.status != http.StatusOK {
				t.Errorf("the invitation then: %d", s.status)
			}
		})
	}
}

// An invitation that names no directory is for one that consents now: whoever comes back
// with the id of a directory that consented before gets nothing of it.
func TestConsentOfAnother(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	victim := w.person()
	if s := victim.consents(w.invite("victim", ""), otherTenant); s.status != http.StatusOK {
		t.Fatalf("the victim: %d %s", s.status, s.text)
	}
	w.advance(5 * time.Second)
	thief := w.person()
	at, _ := url.Parse(thief.begin(w.invite("thief", "")))
	forged := w.base() + consent.Callback + "?" + url.Values{"admin_consent": {"True"}, "tenant": {otherTenant}, "state": {at.Query().Get("state")}}.Encode()
	w.unchanged(func() {
		wantPage(t, thief.get(forged), http.StatusForbidden, "does not show that this is your directory")
	})
}
