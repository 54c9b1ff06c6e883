package app

import (
	"net/http"
	"sync"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
	"entrascim/internal/trigger"
)

// A seat is one tenant being served. What it takes to serve it (the client of its
// directory, the resource types, what is remembered of them) is made when it is first
// asked for, and is the tenant's own.
type seat struct {
	tenant   *tenant.Tenant
	revision int64     // of its record; 0: a file describes it
	shared   bool      // another tenant may have its directory, too
	expires  time.Time // of the certificate that it signs in with; zero: never
	refusal  error     // what its clients are answered instead; nil: it is served
	broken   error     // what keeps it from being served, for the log; nil: nothing

	places chan struct{} // one for each request that is being answered
	make   func(*seat) (http.Handler, *entra.Directory, error)

	once      sync.Once
	handler   http.Handler
	directory *entra.Directory
	trigger   *trigger.Trigger // nil: its policy wants none
	err       error
}

// refusing is the seat of a tenant that is not served.
func refusing(t *tenant.Tenant, refusal, broken error) *seat {
	return &seat{tenant: t, refusal: refusal, broken: broken}
}

// served tells whether the tenant's clients are answered.
func (s *seat) served() bool { return s.refusal == nil }

// open makes what serves the tenant, once.
func (s *seat) open() (http.Handler, *entra.Directory, error) {
	s.once.Do(func() { s.handler, s.directory, s.err = s.make(s) })
	return s.handler, s.directory, s.err
}

// ServeHTTP answers a request of one of the tenant's clients.
func (s *seat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.refusal != nil {
		scim.WriteError(w, r, s.refusal)
		return
	}
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		busy := fault.New(fault.Unavailable, "The gateway is answering as many requests of this tenant as it can.")
		busy.RetryAfter = time.Second
		scim.WriteError(w, r, busy)
		return
	}
	handler, _, err := s.open()
	if err != nil {
		scim.WriteError(w, r, fault.Wrap(err, fault.Unavailable, "The gateway cannot serve this tenant."))
		return
	}
	handler.ServeHTTP(w, r)
}

// suspended is what the clients of a tenant are answered that is not to be served now.
func suspended(state tenant.State) error {
	if state == tenant.Suspended {
		return fault.New(fault.Forbidden, "This tenant is suspended.")
	}
	return fault.New(fault.Forbidden, "This tenant is not active yet: an administrator of its directory has to consent first.")
}
