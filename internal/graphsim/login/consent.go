package login

import (
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A consentRequest is what an administrator is asked to decide.
type consentRequest struct {
	App      App
	Scope    string
	State    string
	Redirect string
	Tenants  []string // the tenants it can be decided for
}

// consentPage asks an administrator to grant or to refuse.
func (s *Service) consentPage(w http.ResponseWriter, r *http.Request) {
	q, refused := s.readConsent(r)
	if refused != nil {
		s.answerConsentError(w, r, q, refused)
		return
	}
	page(w, http.StatusOK, consentTemplate, q)
}

// consentDecision takes the administrator's answer and sends the browser back to
// the app.
func (s *Service) consentDecision(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	q, refused := s.readConsent(r)
	tenantID := r.PostFormValue("tenant")
	switch {
	case refused == nil && r.PostFormValue("decision") == "not-admin":
		refused = adminRequired()
	case refused == nil && r.PostFormValue("decision") != "grant":
		refused = denied()
	case refused == nil && !slices.Contains(q.Tenants, tenantID):
		refused = unknownTenant(tenantID)
	}
	if refused != nil {
		s.answerConsentError(w, r, q, refused)
		return
	}
	s.consent(tenantID, q.App)
	redirect(w, r, q, url.Values{"tenant": {tenantID}, "scope": {grantedScope(q)}})
}

// consent grants the app what it asks for. Tokens show it when the lag is over.
func (s *Service) consent(tenantID string, a App) {
	s.mu.Lock()
	lag := s.lag
	if lag > 0 {
		m := memberOf(tenantID, a.ID)
		due := s.o.Now().Add(lag)
		if before, again := s.late[m]; again {
			due = before.due
		}
		s.late[m] = lateGrant{a.Roles, due}
	}
	s.mu.Unlock()
	if lag <= 0 {
		s.Grant(tenantID, a.ID, a.Roles)
	}
	if s.o.Consented != nil {
		s.o.Consented(tenantID, a)
	}
}

// A lateGrant is in force from a time on.
type lateGrant struct {
	roles []string
	due   time.Time
}

// SetConsentLag is how long after an administrator's consent tokens go on as if there
// was none.
func (s *Service) SetConsentLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = lag
}

// arrive puts what was granted into force when it is due.
func (s *Service) arrive(tenantID, appID string) {
	m := memberOf(tenantID, appID)
	s.mu.Lock()
	late, ok := s.late[m]
	if ok = ok && !s.o.Now().Before(late.due); ok {
		delete(s.late, m)
	}
	s.mu.Unlock()
	if ok {
		s.Grant(tenantID, appID, late.roles)
	}
}

// grantedScope names every permission granted with its resource.
func grantedScope(q *consentRequest) string {
	resource := strings.TrimSuffix(q.Scope, ".default")
	scopes := make([]string, len(q.App.Roles))
	for i, role := range q.App.Roles {
		scopes[i] = resource + role
	}
	return strings.Join(scopes, " ")
}

// readConsent reads and checks the request. When it returns a refusal with a
// request, the app can be told by a redirect; without, only the person can.
func (s *Service) readConsent(r *http.Request) (*consentRequest, *refusal) {
	v := r.URL.Query()
	tenants, refused := s.consentTenants(r.PathValue("tenant"))
	if refused != nil {
		return nil, refused
	}
	for _, name := range []string{"client_id", "redirect_uri", "scope"} {
		if v.Get(name) == "" {
			return nil, missingParameter(name)
		}
	}
	a, known := s.registered(v.Get("client_id"))
	if known && !a.MultiTenant {
		tenants = slices.DeleteFunc(tenants, func(id string) bool { return !strings.EqualFold(id, a.TenantID) })
	}
	if !known || len(tenants) == 0 {
		return nil, unknownApp(v.Get("client_id"), r.PathValue("tenant"))
	}
	if !slices.Contains(a.RedirectURIs, v.Get("redirect_uri")) {
		return nil, unregisteredRedirect(v.Get("redirect_uri"), a.ID)
	}
	q := &consentRequest{App: a, Scope: v.Get("scope"), State: v.Get("state"), Redirect: v.Get("redirect_uri"), Tenants: tenants}
	_, refused = s.resource(r, q.Scope)
	return q, refused
}

// consentTenants gives the tenants that a path is about: one, or with
// "organizations" whichever the administrator is of.
func (s *Service) consentTenants(name string) ([]string, *refusal) {
	if !strings.EqualFold(name, "organizations") {
		id, refused := s.tenant(name)
		return []string{id}, refused
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []string
	for _, id := range s.tenants {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func (s *Service) registered(appID string) (App, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, ok := s.apps[strings.ToLower(appID)]
	return a, ok
}

func (s *Service) answerConsentError(w http.ResponseWriter, r *http.Request, q *consentRequest, e *refusal) {
	told := s.stamp(r, e)
	if q == nil {
		page(w, e.status, refusedTemplate, told)
		return
	}
	redirect(w, r, q, url.Values{"error": {told.Error}, "error_description": {told.Description}})
}

// redirect sends the browser back. admin_consent=True is there after a refusal
// too, as the documentation shows it.
func redirect(w http.ResponseWriter, r *http.Request, q *consentRequest, more url.Values) {
	to, err := url.Parse(q.Redirect)
	if err != nil { // it was registered so
		http.Error(w, "The registered redirect URI cannot be parsed.", http.StatusBadRequest)
		return
	}
	v := to.Query()
	maps.Copy(v, more)
	v.Set("admin_consent", "True")
	if q.State != "" {
		v.Set("state", q.State)
	}
	to.RawQuery = v.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound) //nolint:gosec // readConsent took only a registered URI
}

func page(w http.ResponseWriter, status int, t *template.Template, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_ = t.Execute(w, data) // the browser went away
}

var consentTemplate = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Permissions requested</title></head>
<body>
<h1>Permissions requested</h1>
<p>Review for your organization. <strong>{{.App.DisplayName}}</strong> ({{.App.ID}}) would like to:</p>
<ul>{{range .App.Roles}}<li>{{.}}</li>{{end}}</ul>
<form method="post">
<p><label>Directory <select name="tenant">{{range .Tenants}}<option>{{.}}</option>{{end}}</select></label></p>
<button name="decision" value="grant">Accept</button>
</form>
<form method="post">
<button name="decision" value="refuse">Cancel</button>
<button name="decision" value="not-admin">I am not an administrator</button>
</form>
<p>This is a simulation: nobody is signed in.</p>
</body></html>
`))

var refusedTemplate = template.Must(template.New("refused").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in to your account</title></head>
<body><h1>Sorry, but we're having trouble signing you in.</h1><pre>{{.Description}}</pre></body></html>
`))
