package consent

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

// A refusal is a page that says why something was not done.
type refusal struct {
	status      int
	title, text string
	changed     bool   // something was done, which the text tells
	code        string // of the invitation when it may be used again
	cause       error  // for the log
}

// Error is for the log.
func (r *refusal) Error() string { return r.title + ": " + r.text }

// Unwrap gives the cause.
func (r *refusal) Unwrap() error { return r.cause }

func unknownInvitation() *refusal {
	return &refusal{
		status: http.StatusNotFound, title: "This invitation is not known",
		text: "It may have been used, or its time may be over. Ask whoever sent it to you for a new one.",
	}
}

func elsewhere(code string) *refusal {
	return &refusal{status: http.StatusForbidden, title: "Begin on the page of the invitation", text: "Another site tried to begin for you.", code: code}
}

func unknownState() *refusal {
	return &refusal{
		status: http.StatusBadRequest, title: "This answer is not one to a question of ours",
		text: "Open the link of your invitation and begin again.",
	}
}

func badAnswer() *refusal {
	return &refusal{
		status: http.StatusBadRequest, title: "The answer of the login service is not complete",
		text: "Open the link of your invitation and begin again.",
	}
}

func expired(code string) *refusal {
	return &refusal{status: http.StatusGone, title: "That took too long", text: "An answer is taken for ten minutes.", code: code}
}

func replayed() *refusal {
	return &refusal{
		status: http.StatusConflict, title: "This answer was used already",
		text: "It is good once. If you did not see the result, open the link of your invitation and begin again.",
	}
}

func underWay() *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, title: "One moment",
		text: "Another answer to this invitation is being looked at. Load this page again in a quarter of a minute.",
	}
}

func otherBrowser() *refusal {
	return &refusal{
		status: http.StatusForbidden, title: "This was begun in another browser",
		text: "Open the link of your invitation in this browser, with cookies allowed, and begin again.",
	}
}

func declined(code, said string) *refusal {
	return &refusal{
		status: http.StatusForbidden, title: "Consent was refused", code: code,
		text: fmt.Sprintf("The login service says: %s. The gateway has no access to your directory by this.", said),
	}
}

func otherDirectory(code string) *refusal {
	return &refusal{
		status: http.StatusForbidden, title: "Another directory was invited", code: code,
		text: "Sign in as an administrator of the directory that the invitation is for.",
	}
}

func unproven(why string) *refusal {
	return &refusal{
		status: http.StatusForbidden, title: "It does not show that this is your directory",
		text: why + " Ask whoever invited you for an invitation that names your directory.",
	}
}

// impossible does not tell the reason, which may be another tenant.
func impossible(cause error, code string) *refusal {
	return &refusal{
		status: http.StatusConflict, title: "This directory cannot be served for this tenant", code: code, cause: cause,
		text: "It may belong to another tenant. Whoever invited you can see the reason in the log of the gateway.",
	}
}

func unreachable(cause error, code string) *refusal {
	return &refusal{
		status: http.StatusBadGateway, title: "The directory could not be asked", code: code, cause: cause,
		text: "Consent may need some minutes until it is in force everywhere. Nothing was changed here; try again in a while.",
	}
}

// interrupted is the page when somebody else changed the tenant at the same time.
func interrupted(cause error, code string) error {
	if !fault.Is(cause, fault.PreconditionFailed) && !fault.Is(cause, fault.NotFound) {
		return cause
	}
	return &refusal{status: http.StatusConflict, title: "Somebody else was quicker", text: "The tenant was changed in this moment.", code: code, cause: cause}
}

// tokenless is the page when the directory is registered and no token could be shown.
func tokenless(cause error) *refusal {
	return &refusal{
		status: fault.From(cause).Status(), title: "Consent was given, but there is no token to show", changed: true, cause: cause,
		text: "The directory can be served. Ask whoever invited you for the token of your SCIM client.",
	}
}

// refused is the page of an error.
func (h handler) refused(r *http.Request, err error) page {
	var why *refusal
	if !errors.As(err, &why) {
		f := fault.From(err)
		why = &refusal{status: f.Status(), title: "The gateway cannot answer now", text: "Nothing was lost; try again in a while.", cause: err}
	}
	if why.cause != nil {
		zerolog.Ctx(r.Context()).Error().Err(why.cause).Int("status", why.status).Msg("consent failed")
	}
	return page{status: why.status, name: "refusal", data: struct {
		frame
		Text, Again string
		Changed     bool
	}{h.frame(why.title), why.text, h.again(r, why.code), why.changed}}
}
