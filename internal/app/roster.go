package app

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/config"
	"entrascim/internal/entra"
	"entrascim/internal/fault"
	"entrascim/internal/guard"
	"entrascim/internal/scim"
	"entrascim/internal/seal"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
	"entrascim/internal/trigger"
)

// A roster is the tenants that are served and the clients who may call. It is never
// changed: another one takes its place.
type roster struct {
	seats map[string]*seat // by the tenant's id
	auth  *auth.Authenticator
}

// A registry serves the tenants of the roster in force: those of files and those of
// the store, side by side.
type registry struct {
	config  config.Config // of the process
	origin  server.Origin
	cursors [][]byte // secrets that cursors of all tenants are sealed with
	dialer  *dialer
	tables  *tableCache
	store   *store.Store // nil: there is none
	keys    *seal.Keys   // of the store; without any of this process
	crew    *trigger.Crew
	now     func() time.Time
	outbox  outboxes
	memory  guard.Memory                                     // counts where there is no store
	sleep   func(ctx context.Context, d time.Duration) error // of the crew; nil: a timer's

	loading sync.Mutex // one at a time makes a roster
	files   []config.Config
	stored  store.Snapshot

	mu     sync.RWMutex
	roster *roster
}

// noTenants is the roster before any tenant is known.
func noTenants(origin server.Origin, keys *seal.Keys) *roster {
	return &roster{auth: auth.New(auth.Options{Keys: keys, URL: origin.URL, Address: origin.Address})}
}

// newRegistry makes the registry with the tenants that the configuration names.
func newRegistry(ctx context.Context, c config.Config, origin server.Origin) (*registry, error) {
	r, err := emptyRegistry(c, origin)
	if err != nil {
		return nil, err
	}
	r.crew = trigger.NewCrew(ctx)
	if r.store, err = openStore(ctx, c, r.keys); err != nil {
		return nil, err
	}
	if err = r.load(ctx); err == nil && r.store != nil {
		err = r.refresh(ctx)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	r.warnOfOperator(ctx)
	return r, nil
}

// emptyRegistry has no tenants yet.
func emptyRegistry(c config.Config, origin server.Origin) (*registry, error) {
	keys, err := storeKeys(c)
	if err != nil {
		return nil, err
	}
	r := &registry{
		config: c, origin: origin, dialer: newDialer(c.Graph.Pacing), keys: keys, cursors: c.CursorSecrets(), now: time.Now,
		roster: noTenants(origin, keys), tables: newTableCache(),
	}
	if len(r.cursors) == 0 { // without a store for as long as this process lives, whatever becomes of a tenant meanwhile
		r.cursors = keys.Derive("cursors", 32)
	}
	return r, nil
}

// load reads the tenants of the files again and puts them into force, or, when there
// is any mistake in them, leaves those that are.
func (r *registry) load(ctx context.Context) error {
	files, err := r.config.LoadTenants()
	if err != nil {
		return Mistake{err}
	}
	r.loading.Lock()
	defer r.loading.Unlock()
	if err := r.put(ctx, files, r.stored); err != nil {
		return Mistake{err}
	}
	r.files = files
	return nil
}

// put makes the roster of tenants of files and of the store. A tenant that has not
// changed goes on with all that it remembers. A mistake in a file changes nothing; one
// in the store is that tenant's alone.
func (r *registry) put(ctx context.Context, files []config.Config, stored store.Snapshot) error {
	next := &roster{seats: map[string]*seat{}}
	var clients []auth.Client
	var errs []error
	taken := &claims{}
	for _, c := range files {
		s, err := r.fileSeat(c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		_ = taken.claim(s.tenant, s.shared) // the files were held against one another already
		next.seats[s.tenant.ID] = s
		clients = append(clients, clientsOf(c, s.tenant)...)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	clients = append(clients, r.putStored(next, stored, taken)...)
	next.auth = r.current().auth.With(clients...)
	r.swap(ctx, next)
	return nil
}

// swap puts the roster into force, and tells what is new about its tenants.
func (r *registry) swap(ctx context.Context, next *roster) {
	r.mu.Lock()
	before := r.roster
	r.roster = next
	r.mu.Unlock()
	var served []*tenant.Tenant
	for _, s := range next.seats {
		served = append(served, s.tenant)
	}
	r.tables.keep(served)
	for id, s := range next.seats {
		was := before.seats[id]
		if s.broken != nil && (was == nil || was.broken == nil || was.broken.Error() != s.broken.Error()) {
			zerolog.Ctx(ctx).Error().Str("tenant", s.tenant.Name).Err(s.broken).Msg("the tenant is not served")
		}
		if was != s {
			s.warnOfCertificate(ctx, r.now())
			s.warnOfPolicy(ctx)
		}
	}
}

// fileSeat is the seat of a tenant that a file describes: the one that it has, when
// nothing of it has changed but its clients.
func (r *registry) fileSeat(c config.Config) (*seat, error) {
	t := c.Directory()
	if s := r.current().seats[t.ID]; s != nil && s.shared == c.Tenant.Shared && reflect.DeepEqual(s.tenant, t) {
		return s, nil
	}
	s, err := r.seat(t)
	if err != nil {
		return nil, err
	}
	s.shared = c.Tenant.Shared
	if t.Suspended {
		s.refusal = suspended(tenant.Suspended)
	}
	return s, nil
}

// seat makes a seat of the tenant.
func (r *registry) seat(t *tenant.Tenant) (*seat, error) {
	if err := r.tables.check(t); err != nil {
		return nil, err
	}
	expires, err := certificateEnds(t)
	if err != nil {
		return nil, err
	}
	return &seat{tenant: t, expires: expires, places: make(chan struct{}, r.config.Limits.PerTenant), make: r.serve}, nil
}

// serve makes the handler of a tenant.
func (r *registry) serve(s *seat) (http.Handler, *entra.Directory, error) {
	client, err := r.dialer.graph(s.tenant)
	if err != nil {
		return nil, nil, Mistake{err}
	}
	tables, err := r.tables.of(s.tenant)
	if err != nil {
		return nil, nil, err
	}
	v, err := r.dialer.vault(s.tenant, r.outbox.get(s.tenant.ID))
	if err != nil {
		return nil, nil, Mistake{err}
	}
	s.trigger = trigger.New(trigger.Options{Graph: client, How: s.tenant.Policy.Provisioning, Crew: r.crew, Ended: r.unprovisioned(s.tenant), Sleep: r.sleep})
	directory := newDirectory(s.tenant, tables, equipment{client, v, r.guard(s.tenant), s.trigger.Granted})
	return newProtocol(r.config, s.tenant, directory, r.origin, r.cursors, r.schemes), directory, nil
}

// unprovisioned tells whether a tenant that was served is so no more, or is now without
// the provisioning that it had.
func (r *registry) unprovisioned(t *tenant.Tenant) func() bool {
	return func() bool {
		s := r.current().seats[t.ID]
		return s == nil || !s.served() || s.tenant.Policy.Provisioning != t.Policy.Provisioning
	}
}

// guard holds a tenant to its thresholds. What it takes away is counted in the store, so
// that replicas count together, or without one in this process.
func (r *registry) guard(t *tenant.Tenant) *guard.Guard {
	var counter guard.Counter = &r.memory
	if r.store != nil {
		counter = r.store
	}
	return guard.New(counter, t.ID, t.Policy.Thresholds, r.now)
}

// schemes are the ways to authenticate of the request's tenant. Its clients may have
// changed since the tenant's handler was made.
func (r *registry) schemes(request *http.Request) []scim.Scheme {
	return schemesOf(r.clients().Kinds(server.Caller(request).Tenant))
}

// current is the roster in force.
func (r *registry) current() *roster {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.roster
}

// clients are those in force.
func (r *registry) clients() *auth.Authenticator { return r.current().auth }

// protocol is what answers the tenant's clients, as the tenant is now: it may have
// changed since the request was authenticated.
func (r *registry) protocol(t *tenant.Tenant) http.Handler {
	if s := r.current().seats[t.ID]; s != nil {
		return s
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gone := fault.New(fault.Unavailable, "The tenant's configuration was just changed; send the request again.")
		scim.WriteError(w, r, gone)
	})
}

// only is the seat when there is one tenant, whom readiness is about; nil when there are
// several, or may be: each may be down by itself, and the others are served.
func (r *registry) only() *seat {
	seats := r.current().seats
	if len(seats) != 1 || r.config.Store.Given() {
		return nil
	}
	for _, s := range seats {
		if s.served() {
			return s
		}
	}
	return nil
}

// ready tells whether requests can be served.
func (r *registry) ready(ctx context.Context) error {
	s := r.only()
	if s == nil {
		return nil
	}
	_, directory, err := s.open()
	if err != nil {
		return err
	}
	return directory.Ready(ctx)
}

// lackingProvisioning is what the provisioning trigger is called among what is lacking.
const lackingProvisioning = "provisioning"

// lacking names what answers lack for want of a permission, and what is not done.
func (r *registry) lacking() []string {
	s := r.only()
	if s == nil {
		return nil
	}
	_, directory, err := s.open()
	if err != nil {
		return nil
	}
	names := directory.Lacking()
	if s.trigger.Lacking() {
		names = append(names, lackingProvisioning)
	}
	return names
}

// Reload reads the tenants again. What is in force stays when there is a mistake.
func (r *registry) reload(ctx context.Context) {
	if err := r.load(ctx); err != nil {
		zerolog.Ctx(ctx).Error().Err(err).Msg("the tenants were not read again: those in force stay")
		return
	}
	zerolog.Ctx(ctx).Info().Int("tenants", len(r.current().seats)).Msg("the tenants were read again")
}
