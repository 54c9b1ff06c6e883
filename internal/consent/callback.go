package consent

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// maxAnswer bounds the login service's answer, in bytes of the query: it names every
// permission that was granted.
const maxAnswer = 16 << 10

// An answer is what the login service sent the browser back with. Whoever has the
// browser can change all of it but the state.
type answer struct {
	state     state
	directory string // that the answer names; "" when it is a refusal
	refusal   string // what the login service calls it
}

// callback takes the login service's answer.
func (h handler) callback(w http.ResponseWriter, r *http.Request) (page, error) {
	a, err := h.readAnswer(r)
	if err != nil {
		return page{}, err
	}
	// One at a time: each may be looked at for long, and asks the login service.
	if _, busy := h.under.LoadOrStore(a.state.Code, true); busy {
		w.Header().Set("Retry-After", "15")
		return page{}, underWay()
	}
	defer h.under.Delete(a.state.Code)
	if err := h.Store.UseOnce(r.Context(), a.state.sum(), a.state.expires()); err != nil {
		if fault.Is(err, fault.Conflict) {
			return page{}, replayed()
		}
		return page{}, err
	}
	i, err := h.invited(r.Context(), a.state.Code)
	if err != nil {
		return page{}, err
	}
	if a.refusal != "" {
		zerolog.Ctx(r.Context()).Info().Str("tenant", i.tenant.Name).Str("said", a.refusal).Msg("consent was refused")
		return page{}, declined(i.code, a.refusal)
	}
	return h.consented(r, i, a)
}

// readAnswer reads an answer that comes in time, from the browser that began.
func (h handler) readAnswer(r *http.Request) (answer, error) {
	var a answer
	if len(r.URL.RawQuery) > maxAnswer {
		return a, badAnswer()
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !single(q) {
		return a, badAnswer()
	}
	if a.state, err = h.readState(q.Get("state")); err != nil {
		return a, err
	}
	if !h.Now().Before(a.state.expires()) {
		return a, expired(a.state.Code)
	}
	if !a.state.ofBrowser(r, h.BaseURL(r)) {
		return a, otherBrowser()
	}
	// The documentation shows admin_consent=True beside an error, too: any error is one.
	if q.Has("error") || q.Has("error_description") || q.Has("error_subcode") {
		a.refusal = said(q)
		return a, nil
	}
	id, err := uuid.Parse(q.Get("tenant"))
	if err != nil || len(q.Get("tenant")) != len(uuid.Nil.String()) || !strings.EqualFold(q.Get("admin_consent"), "true") {
		return a, badAnswer()
	}
	a.directory = id.String()
	return a, nil
}

// single tells whether no parameter is there twice, so that nobody else can read
// another one than we do.
func single(q url.Values) bool {
	for _, values := range q {
		if len(values) > 1 {
			return false
		}
	}
	return true
}

var (
	errorCode = regexp.MustCompile(`^[a-z_]{1,64}$`)
	aadsts    = regexp.MustCompile(`^AADSTS[0-9]{1,9}`)
)

// said is the name of a refusal, as far as it is one of the login service's.
func said(q url.Values) string {
	var names []string
	if code := q.Get("error"); errorCode.MatchString(code) {
		names = append(names, code)
	}
	if number := aadsts.FindString(q.Get("error_description")); number != "" {
		names = append(names, number)
	}
	if len(names) == 0 {
		return "an error without a name"
	}
	return strings.Join(names, ", ")
}

// consented finds out who consented to what, and registers the tenant.
func (h handler) consented(r *http.Request, i invited, a answer) (page, error) {
	if i.tenant.DirectoryID != "" && !strings.EqualFold(i.tenant.DirectoryID, a.directory) {
		return page{}, otherDirectory(i.code)
	}
	found, err := h.examine(r.Context(), a.directory, i.tenant.DirectoryID != "")
	if err != nil {
		return page{}, unreachable(err, i.code)
	}
	if err := h.proven(i.tenant, a, found); err != nil {
		return page{}, err
	}
	next := i.tenant
	next.DirectoryID = a.directory
	if err := h.Check(r.Context(), next); err != nil {
		return page{}, impossible(err, i.code)
	}
	return h.register(r, i, next, found)
}

// proven tells whether the directory that was found is the one that consented.
//
// The answer is only a hint which directory that is: whoever began can come back with
// another id than his own, of one that consented to the same application before. An
// invitation that names its directory settles that. With one that does not, something
// must have been granted in that directory since this browser went to the login service.
func (h handler) proven(t tenant.Record, a answer, found Directory) error {
	switch {
	case !strings.EqualFold(found.TokenID, a.directory):
		return otherDirectory(a.state.Code)
	case found.ID == "" && len(h.missing(found.Roles, true)) > 0:
		// It may not tell who it is; the login service did, and nothing will be served.
	case !strings.EqualFold(found.ID, a.directory):
		return otherDirectory(a.state.Code)
	}
	if t.DirectoryID != "" {
		return nil
	}
	if found.Granted.IsZero() {
		return unproven("The application may not see what your directory granted, and when, which takes the permission Directory.Read.All.")
	}
	if found.Granted.Before(a.state.Begun.Add(-tolerance)) {
		return unproven("Your directory has consented before, and nothing was granted just now.")
	}
	return nil
}

// tolerance is how exact times of a directory are.
const tolerance = 2 * time.Second

// pauses are how long what was granted is waited for: a token shows it, and a directory
// knows of a new application, some seconds later.
func pauses() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}
}

// examine asks the directory until it knows of the consent, for a while.
func (h handler) examine(ctx context.Context, directoryID string, named bool) (Directory, error) {
	found, err := h.Examine(ctx, directoryID, named)
	for _, pause := range pauses() {
		complete := err == nil && found.ID != "" && len(h.missing(found.Roles, true)) == 0
		if complete || err != nil && !fault.Is(err, fault.Unavailable) || h.Wait(ctx, pause) != nil {
			break
		}
		found, err = h.Examine(ctx, directoryID, named)
	}
	if err == nil && found.ID == "" && len(h.missing(found.Roles, true)) == 0 {
		err = fault.New(fault.Unavailable, "The directory does not tell who it is, though it may.")
	}
	return found, err
}

// missing are the features, or those required, that lack a permission, with what each
// lacks.
func (h handler) missing(granted []string, required bool) []Feature {
	var all []Feature
	for _, f := range h.Features {
		if lacks := f.Lacks(granted); len(lacks) > 0 && (f.Required || !required) {
			f.Needs = lacks
			all = append(all, f)
		}
	}
	return all
}
