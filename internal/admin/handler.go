package admin

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

// Root is the path that Routes belong below.
const Root = "/admin/v1"

// Routes puts the routes of the admin API on the router. Who tells whom the audit log
// names. Requests come here after they were authenticated.
func (s *Service) Routes(r chi.Router, who func(*http.Request) Actor) {
	a := api{s, who}
	get := func(path string, do func(*http.Request) (reply, error)) {
		r.Get(path, answer(do))
		r.Head(path, answer(do))
	}
	get("/tenants", a.tenants)
	r.Post("/tenants", answer(a.addTenant))
	get("/tenants/{tenant}", a.tenant)
	r.Patch("/tenants/{tenant}", answer(a.updateTenant))
	r.Delete("/tenants/{tenant}", answer(a.removeTenant))
	r.Post("/tenants/{tenant}/suspend", answer(a.suspendTenant))
	r.Post("/tenants/{tenant}/resume", answer(a.resumeTenant))
	r.Post("/tenants/{tenant}/switch", answer(a.switchTenant))
	r.Post("/tenants/{tenant}/invitations", answer(a.inviteTenant))
	get("/tenants/{tenant}/clients", a.clients)
	r.Post("/tenants/{tenant}/clients", answer(a.addClient))
	get("/tenants/{tenant}/clients/{client}", a.client)
	r.Delete("/tenants/{tenant}/clients/{client}", answer(a.revokeClient))
	r.Post("/tenants/{tenant}/clients/{client}/rotate", answer(a.rotateClient))
	get("/events", a.events)
	r.Post("/store/reseal", answer(a.reseal))
}

// api answers requests.
type api struct {
	*Service

	who func(*http.Request) Actor
}

// A reply is a good answer.
type reply struct {
	status   int
	body     any    // nil: none
	revision int64  // of what is in the body; 0: it has none
	location string // of what was made
}

// answer makes a handler of what gives a reply or an error.
func answer(do func(*http.Request) (reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found, err := do(r)
		var text []byte
		if err == nil && found.body != nil {
			text, err = json.Marshal(found.body, jsontext.EscapeForHTML(true), json.FormatNilSliceAsNull(false))
		}
		if err != nil {
			scim.WriteError(w, r, err)
			return
		}
		h := w.Header()
		if found.revision != 0 {
			h.Set("ETag", etag(found.revision))
		}
		if found.location != "" {
			h.Set("Location", found.location)
		}
		if text == nil {
			w.WriteHeader(found.status)
			return
		}
		h.Set("Content-Type", jsonType)
		w.WriteHeader(found.status)
		_, _ = w.Write(append(text, '\n')) // whoever asked may be gone
	}
}

func etag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// revision is the one that If-Match wants; 0: it wants none (RFC 9110 section 13.1.1).
func revision(r *http.Request) (int64, error) {
	given := strings.TrimSpace(r.Header.Get("If-Match"))
	if given == "" || given == "*" {
		return 0, nil
	}
	text, found := strings.CutPrefix(strings.TrimSuffix(given, `"`), `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if !found || err != nil || n <= 0 || etag(n) != given {
		return 0, fault.New(fault.PreconditionFailed, "If-Match has no ETag that was given here.")
	}
	return n, nil
}

// none refuses a body where none is expected, so that nothing that was meant is lost.
func none(r *http.Request) error {
	if n, err := r.Body.Read(make([]byte, 1)); n > 0 || err == nil {
		return fault.New(fault.InvalidSyntax, "No body is expected here.")
	}
	return nil
}

func name(r *http.Request) string { return chi.URLParam(r, "tenant") }

type list[T any] struct {
	Items []T `json:"items"`
}

func (a api) tenants(r *http.Request) (reply, error) {
	records, err := a.ListTenants(r.Context())
	all := list[Tenant]{Items: []Tenant{}}
	for _, record := range records {
		all.Items = append(all.Items, a.View(record))
	}
	return reply{status: http.StatusOK, body: all}, err
}

func (a api) tenant(r *http.Request) (reply, error) {
	record, err := a.ShowTenant(r.Context(), name(r))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: a.Examined(r.Context(), record), revision: record.Revision}, nil
}

// shown is the reply with a tenant that was changed.
func (a api) shown(record tenant.Record, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: a.View(record), revision: record.Revision}, nil
}

func (a api) addTenant(r *http.Request) (reply, error) {
	var given newTenant
	if err := body(r, &given); err != nil {
		return reply{}, err
	}
	n, err := given.value()
	if err != nil {
		return reply{}, err
	}
	made, err := a.shown(a.AddTenant(r.Context(), a.who(r), n))
	made.status, made.location = http.StatusCreated, Root+"/tenants/"+n.Name
	return made, err
}

func (a api) updateTenant(r *http.Request) (reply, error) {
	wanted, err := revision(r)
	if err != nil {
		return reply{}, err
	}
	var patch tenantPatch
	if err := body(r, &patch, patchType); err != nil {
		return reply{}, err
	}
	var changed reply
	err = again(wanted, func() error {
		before, err := a.ShowTenant(r.Context(), name(r))
		if err != nil {
			return err
		}
		change, err := patch.on(before)
		if err != nil {
			return err
		}
		in := before.Revision
		if wanted != 0 {
			in = wanted
		}
		changed, err = a.shown(a.UpdateTenant(r.Context(), a.who(r), name(r), in, change))
		return err
	})
	return changed, err
}

func (a api) removeTenant(r *http.Request) (reply, error) {
	wanted, err := revision(r)
	if err == nil {
		err = none(r)
	}
	if err == nil {
		err = a.RemoveTenant(r.Context(), a.who(r), name(r), wanted)
	}
	return reply{status: http.StatusNoContent}, err
}

func (a api) suspendTenant(r *http.Request) (reply, error) {
	wanted, err := revision(r)
	if err == nil {
		err = none(r)
	}
	if err != nil {
		return reply{}, err
	}
	return a.shown(a.SuspendTenant(r.Context(), a.who(r), name(r), wanted))
}

func (a api) resumeTenant(r *http.Request) (reply, error) {
	wanted, err := revision(r)
	if err == nil {
		err = none(r)
	}
	if err != nil {
		return reply{}, err
	}
	return a.shown(a.ResumeTenant(r.Context(), a.who(r), name(r), wanted))
}

func (a api) switchTenant(r *http.Request) (reply, error) {
	wanted, err := revision(r)
	if err != nil {
		return reply{}, err
	}
	var given struct {
		Mode       tenant.Mode `json:"mode"`
		Credential *credential `json:"credential"`
	}
	if err := body(r, &given); err != nil {
		return reply{}, err
	}
	with, err := given.Credential.value()
	if err != nil {
		return reply{}, err
	}
	return a.shown(a.SwitchTenant(r.Context(), a.who(r), name(r), wanted, given.Mode, with))
}

func (a api) inviteTenant(r *http.Request) (reply, error) {
	var given struct {
		Life span `json:"life"`
	}
	if err := body(r, &given); err != nil {
		return reply{}, err
	}
	made, err := a.InviteTenant(r.Context(), a.who(r), name(r), time.Duration(given.Life))
	return reply{status: http.StatusCreated, body: made}, err
}
