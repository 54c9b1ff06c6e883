package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/consent"
	"entrascim/internal/graphsim"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

var tokenOnPage = regexp.MustCompile(`esc_[A-Za-z0-9_-]{43}`)

// An administrator opens the invitation, reads who asks for what, consents, and gets the
// token of a client that is in the store then.
func TestConsent(t *testing.T) {
	t.Parallel()
	for name, directory := range map[string]string{"a directory that is named": otherTenant, "whose administrator comes": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newConsenting(t, nil)
			link, p := w.invite("globex", directory), w.person()
			asked := p.get(link)
			for _, want := range append(everyPermission(), "Contoso Identity asks for access", "<strong>globex</strong>", operatorApp, "read and list users", directory) {
				if !strings.Contains(asked.text, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			if asked.status != http.StatusOK || len(asked.header.Values("Set-Cookie")) > 0 {
				t.Errorf("asked: %d, %v", asked.status, asked.header)
			}
			at := p.begin(link)
			wantAt(t, w, at, directory)
			back := p.decide(at, "grant", otherTenant)
			done := p.get(back)
			token := tokenOnPage.FindString(done.text)
			if done.status != http.StatusOK || token == "" || !strings.Contains(done.text, "/tenants/globex/scim/v2") || strings.Contains(done.text, "missing") {
				t.Fatalf("came back: %d %s", done.status, done.text)
			}
			r, clients := w.tenant("globex"), w.clients()
			if r.State != tenant.Active || r.DirectoryID != otherTenant || r.Mode != tenant.Multi {
				t.Errorf("tenant %+v", r)
			}
			if len(clients) != 1 || clients[0].Role != tenant.ReadWrite || clients[0].Kind != tenant.Bearer || clients[0].Secrets[0].Sum != sha256.Sum256([]byte(token)) {
				t.Errorf("clients %+v", clients)
			}
			w.unchanged(func() {
				wantPage(t, p.get(back), http.StatusConflict, "used already")
				wantPage(t, p.get(link), http.StatusNotFound, "not known")
				wantPage(t, p.send("POST", link, ""), http.StatusNotFound, "not known")
			})
			w.toldNoSecrets(token, link, at)
		})
	}
}

// wantAt holds the login service's URL to what Entra wants.
func wantAt(t *testing.T, w *consenting, at, directory string) {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	if directory == "" {
		directory = "organizations"
	}
	q := u.Query()
	if !strings.HasPrefix(at, w.graph.URL+"/"+directory+"/v2.0/adminconsent?") || q.Get("client_id") != operatorApp ||
		q.Get("scope") != w.graph.URL+"/.default" || q.Get("redirect_uri") != w.base()+"/consent/callback" || len(q) != 4 {
		t.Errorf("sent to %s", at)
	}
}

func wantPage(t *testing.T, s shown, status int, text string) {
	t.Helper()
	if s.status != status || !strings.Contains(s.text, text) || tokenOnPage.MatchString(s.text) {
		t.Errorf("page %d, want %d with %q: %s", s.status, status, text, s.text)
	}
	policy := s.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'sha256-"} {
		if !strings.Contains(policy, want) {
			t.Errorf("Content-Security-Policy %q lacks %s", policy, want)
		}
	}
	if s.header.Get("Cache-Control") != "no-store" || s.header.Get("Referrer-Policy") != "no-referrer" || s.header.Get("X-Frame-Options") != "DENY" ||
		!strings.HasPrefix(s.header.Get("Content-Type"), "text/html") || strings.Contains(s.text, "<script") || !strings.Contains(s.text, `<html lang="en">`) {
		t.Errorf("header %v", s.header)
	}
}

// toldNoSecrets holds log and audit log to tell none of what must be known to one only.
func (w *consenting) toldNoSecrets(token, link, at string) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), store.EventQuery{})
	if err != nil {
		w.t.Fatal(err)
	}
	audit := fmt.Sprintf("%+v", events)
	for _, want := range []string{"consent:" + otherTenant, "tenant.consent", "invitation.use", "client.add", "state active"} {
		if !strings.Contains(audit, want) {
			w.t.Errorf("the audit log lacks %s: %s", want, audit)
		}
	}
	u, _ := url.Parse(at)
	for _, secret := range []string{token, link[strings.LastIndex(link, "/")+1:], u.Query().Get("state"), operatorSecret} {
		if strings.Contains(audit, secret) || strings.Contains(w.log.String(), secret) {
			w.t.Errorf("%q is told", secret)
		}
	}
}

// The cookie is for this browser and nobody's script, and lasts as long as a state.
func TestConsentCookie(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	link, p := w.invite("globex", ""), w.person()
	first := p.send("POST", link, "").header.Get("Set-Cookie")
	for _, want := range []string{"__Host-entrascim-consent=", "Path=/", "Max-Age=600", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(first, want) {
			t.Errorf("cookie %q lacks %s", first, want)
		}
	}
	if again := p.send("POST", link, "").header.Get("Set-Cookie"); again != first {
		t.Errorf("a second page of the same browser: %q after %q", again, first)
	}
}

// Consent that does not suffice is kept, said, and can be completed by the same link.
func TestConsentLacks(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	w.register("Group.ReadWrite.All", "Directory.Read.All", "Application.Read.All")
	w.register("Group.Read.All")
	link, p := w.invite("globex", otherTenant), w.person()
	s := p.consents(link, otherTenant)
	for _, want := range []string{"Permissions are missing", "read and list users", "User.Read.All", "readiness", "Organization.Read.All", link, "Less urgent", "invite guests"} {
		if !strings.Contains(s.text, want) {
			t.Errorf("the page does not say %q: %s", want, s.text)
		}
	}
	if r := w.tenant("globex"); s.status != http.StatusOK || r.State != tenant.Consented || r.DirectoryID != otherTenant || len(w.clients()) != 0 || tokenOnPage.MatchString(s.text) {
		t.Fatalf("tenant %+v, page %d", r, s.status)
	}
	w.register("User.Read.All", "Group.Read.All")
	s = p.consents(link, otherTenant)
	if r := w.tenant("globex"); s.status != http.StatusOK || r.State != tenant.Active || !tokenOnPage.MatchString(s.text) {
		t.Fatalf("then tenant %+v, page %d %s", r, s.status, s.text)
	}
	if !strings.Contains(s.text, "User.Invite.All") || strings.Contains(s.text, "read and list users") {
		t.Errorf("what is missing then: %s", s.text)
	}
}

// register gives the operator's registration other permissions to ask for.
func (w *consenting) register(roles ...string) {
	w.app.Roles = roles
	w.sim.Login().Register(w.app)
}

// Who was invited again gets no further token when the tenant has a client, and stays
// served meanwhile.
func TestConsentAgain(t *testing.T) {
	t.Parallel()
	changed := 0
	w := newConsenting(t, func(o *consent.Options) { o.Changed = func(context.Context) { changed++ } })
	w.register("User.Read.All", "Directory.Read.All")
	p := w.person()
	p.consents(w.invite("globex", ""), otherTenant)
	w.register(everyPermission()...)
	s := p.consents(w.inviteAgain(w.tenant("globex")), otherTenant)
	if s.status != http.StatusOK || tokenOnPage.MatchString(s.text) || !strings.Contains(s.text, "go on with what they have") || strings.Contains(s.text, "What is missing") {
		t.Errorf("page %d %s", s.status, s.text)
	}
	if len(w.clients()) != 1 || changed != 2 || w.tenant("globex").State != tenant.Active {
		t.Errorf("clients %+v, tenant %+v, told %d times", w.clients(), w.tenant("globex"), changed)
	}
}

// What was granted shows in tokens some seconds later: it is waited for.
func TestConsentArrivesLate(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	w.sim.Login().SetConsentLag(5 * time.Second)
	link, p := w.invite("globex", otherTenant), w.person()
	if s := p.consents(link, otherTenant); s.status != http.StatusOK || !tokenOnPage.MatchString(s.text) || w.waited.Load() != 3 {
		t.Errorf("page %d after waiting %d times: %s", s.status, w.waited.Load(), s.text)
	}
	w.sim.Login().SetConsentLag(time.Hour)
	link = w.invite("initech", graphsim.DefaultTenant)
	w.unchanged(func() {
		wantPage(t, p.consents(link, graphsim.DefaultTenant), http.StatusBadGateway, "some minutes")
	})
	w.sim.Advance(time.Hour)
	if s := p.consents(link, graphsim.DefaultTenant); s.status != http.StatusOK || !tokenOnPage.MatchString(s.text) {
		t.Errorf("later: %d %s", s.status, s.text)
	}
}

// However many come back at the same time, one gets the token.
func TestConsentOnce(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	link := w.invite("globex", otherTenant)
	var backs []func() shown
	for range 4 {
		p := w.person()
		back := p.decide(p.begin(link), "grant", otherTenant)
		for range 4 {
			backs = append(backs, func() shown { return p.get(back) })
		}
	}
	var all sync.WaitGroup
	var tokens atomic.Int64
	for _, back := range backs {
		all.Go(func() {
			s := back()
			if tokenOnPage.MatchString(s.text) {
				tokens.Add(1)
			} else if !slices.Contains([]int{http.StatusConflict, http.StatusNotFound, http.StatusTooManyRequests}, s.status) {
				t.Errorf("page %d %s", s.status, s.text)
			}
		})
	}
	all.Wait()
	if tokens.Load() != 1 || len(w.clients()) != 1 {
		t.Errorf("%d tokens, clients %+v", tokens.Load(), w.clients())
	}
}

// An invitation opens nothing when its time is over, or its tenant suspended or gone.
func TestInvitationIsUnknown(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	p := w.person()
	links := map[string]string{}
	for _, name := range []string{"suspended", "removed", "late"} {
		links[name] = w.invite(name, "")
	}
	for name, moves := range map[string][]tenant.Move{"suspended": {tenant.Activate, tenant.Suspend}, "removed": {tenant.Remove}} {
		r := w.tenant(name)
		for _, move := range moves {
			r.State, _ = r.State.After(move)
		}
		if _, err := w.store.PutTenant(t.Context(), store.Change{Actor: "test", Action: "tenant.change"}, r); err != nil {
			t.Fatal(err)
		}
	}
	w.ahead.Add(int64(consent.InvitationLife))
	links["never was"] = w.base() + "/consent/" + strings.Repeat("A", 43)
	for name, link := range links {
		for _, method := range []string{"GET", "POST"} {
			s := p.send(method, link, "")
			if wantPage(t, s, http.StatusNotFound, "not known"); t.Failed() {
				t.Fatal(name)
			}
		}
	}
}

// A directory that is another tenant's is not registered, and whose it is is not told.
func TestConsentChecked(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	if s := w.person().consents(w.invite("secret-customer", otherTenant), otherTenant); s.status != http.StatusOK {
		t.Fatalf("the first: %d %s", s.status, s.text)
	}
	w.register(append(everyPermission(), "AuditLog.Read.All")...) // so that something is granted anew
	link, p := w.invite("globex", ""), w.person()
	w.unchanged(func() {
		s := p.consents(link, otherTenant)
		if wantPage(t, s, http.StatusConflict, "cannot be served"); strings.Contains(s.text, "secret-customer") {
			t.Errorf("the page tells of another tenant: %s", s.text)
		}
	})
	if !strings.Contains(w.log.String(), "is the directory of tenant secret-customer") {
		t.Errorf("the log does not tell why: %s", w.log.String())
	}
}

// What an administrator was shown works: the token opens the directory that consented,
// and nothing else, at once.
func TestConsentThenSCIM(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	w.gateway.Config.Handler = w.whole
	if _, err := w.sim.Tenant(otherTenant).Add("user", graphsim.Values{"userPrincipalName": "ada@contoso.com", "displayName": "Ada", "mailNickname": "ada"}); err != nil {
		t.Fatal(err)
	}
	ask := func(token, path string) (int, string) {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		answer := httptest.NewRecorder()
		w.whole.ServeHTTP(answer, r)
		return answer.Code, answer.Body.String()
	}
	token := tokenOnPage.FindString(w.person().consents(w.invite("globex", otherTenant), otherTenant).text)
	for _, path := range []string{"/scim/v2/Users", "/tenants/globex/scim/v2/Users"} {
		if status, list := ask(token, path); status != http.StatusOK || !strings.Contains(list, `"totalResults":1`) || !strings.Contains(list, "ada@contoso.com") {
			t.Errorf("%s: %d %s", path, status, list)
		}
	}
	second := tokenOnPage.FindString(w.person().consents(w.invite("acme", ""), graphsim.DefaultTenant).text)
	if status, list := ask(second, "/scim/v2/Users"); status != http.StatusOK || !strings.Contains(list, `"totalResults":0`) {
		t.Errorf("the other tenant: %d %s", status, list)
	}
	if status, _ := ask(second, "/tenants/globex/scim/v2/Users"); status != http.StatusNotFound {
		t.Errorf("the other tenant at this one's path: %d", status)
	}
}

// A tenant that is served goes on with a token that is newer than its consent.
func TestConsentRenewsTokens(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	w.gateway.Config.Handler = w.whole
	w.register("User.Read.All", "Directory.Read.All")
	p := w.person()
	token := tokenOnPage.FindString(p.consents(w.invite("globex", ""), otherTenant).text)
	write := func() (int, string) {
		r := httptest.NewRequest("POST", "/scim/v2/Groups", strings.NewReader(`{"displayName":"Engine builders"}`))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/scim+json")
		answer := httptest.NewRecorder()
		w.whole.ServeHTTP(answer, r)
		return answer.Code, answer.Body.String()
	}
	if status, text := write(); status != http.StatusForbidden {
		t.Errorf("before: %d %s", status, text)
	}
	w.register(everyPermission()...)
	p.consents(w.inviteAgain(w.tenant("globex")), otherTenant)
	if status, text := write(); status != http.StatusCreated {
		t.Errorf("after: %d %s", status, text)
	}
}

// A browser that says that the form was on another site's page does not begin.
func TestConsentBegunElsewhere(t *testing.T) {
	t.Parallel()
	w := newConsenting(t, nil)
	link := w.invite("globex", "")
	for site, want := range map[string]int{"same-origin": 303, "": 303, "same-site": 403, "cross-site": 403, "none": 403} {
		r := httptest.NewRequest("POST", link, nil)
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		answer := httptest.NewRecorder()
		w.gateway.Config.Handler.ServeHTTP(answer, r)
		if answer.Code != want || (answer.Header().Get("Set-Cookie") == "") != (want == 403) {
			t.Errorf("from %q: %d %v", site, answer.Code, answer.Header())
		}
	}
}

// Without a store there is nothing to consent to.
func TestNoConsent(t *testing.T) {
	t.Parallel()
	h := server.New(server.Options{})
	for _, path := range []string{"/consent/" + strings.Repeat("A", 43), "/consent/callback", "/consent", "/consent/"} {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		if answer.Code != http.StatusNotFound || answer.Header().Get("Content-Type") != "application/scim+json" {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}
