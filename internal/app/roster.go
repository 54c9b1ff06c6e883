package app

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/auth"
	"entrascim/internal/config"
	"entrascim/internal/entra"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
)

// A roster is the tenants that are served and the clients who may call. It is never
// changed: another one takes its place.
type roster struct {
	seats map[*tenant.Tenant]*seat
	auth  *auth.Authenticator
}

// A seat is one tenant being served. What it takes to serve it (the client of its
// directory, the resource types, what is remembered of them) is made when it is first
// asked for, and is the tenant's own.
type seat struct {
	config config.Config
	tenant *tenant.Tenant
	tables *Tables
	places chan struct{} // one for each request that is being answered
	make   func(*seat) (http.Handler, *entra.Directory, error)

	once      sync.Once
	handler   http.Handler
	directory *entra.Directory
	err       error
}

// open makes what serves the tenant, once.
func (s *seat) open() (http.Handler, *entra.Directory, error) {
	s.once.Do(func() { s.handler, s.directory, s.err = s.make(s) })
	return s.handler, s.directory, s.err
}

// ServeHTTP answers a request of one of the tenant's clients.
func (s *seat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.tenant.Suspended {
		scim.WriteError(w, r, fault.New(fault.Forbidden, "This tenant is suspended."))
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

// A registry serves the tenants of the roster in force.
type registry struct {
	config config.Config // of the process
	origin server.Origin

	mu     sync.RWMutex
	roster *roster
	tables map[string]*Tables // by what is laid on them: tenants that lay the same share them
}

// noTenants is the roster before any tenant is known.
func noTenants(origin server.Origin) *roster {
	return &roster{auth: auth.New(auth.Options{URL: origin.URL, Address: origin.Address})}
}

// newRegistry makes the registry with the tenants that the configuration names.
func newRegistry(c config.Config, origin server.Origin) (*registry, error) {
	r := &registry{config: c, origin: origin, roster: noTenants(origin), tables: map[string]*Tables{}}
	return r, r.load()
}

// load puts the tenants of the configuration into force, or, when there is any
// mistake in them, leaves those that are. A tenant that has not changed goes on with
// all that it remembers.
func (r *registry) load() error {
	configs, err := r.config.LoadTenants()
	if err != nil {
		return Mistake{err}
	}
	r.mu.RLock()
	before := r.roster
	r.mu.RUnlock()
	next := &roster{seats: map[*tenant.Tenant]*seat{}}
	var clients []auth.Client
	var errs []error
	for _, c := range configs {
		s, err := r.seat(before, c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		next.seats[s.tenant] = s
		clients = append(clients, clientsOf(c, s.tenant)...)
	}
	if err := errors.Join(errs...); err != nil {
		return Mistake{err}
	}
	next.auth = before.auth.With(clients...)
	r.mu.Lock()
	r.roster = next
	r.mu.Unlock()
	return nil
}

// seat is the tenant's: the one that it has, when nothing of it has changed.
func (r *registry) seat(before *roster, c config.Config) (*seat, error) {
	for _, s := range before.seats {
		if s.config.Tenant.Name == c.Tenant.Name && reflect.DeepEqual(s.config, c) {
			return s, nil
		}
	}
	t := c.Directory()
	tables, err := r.compiled(t)
	if err != nil {
		return nil, err
	}
	return &seat{config: c, tenant: t, tables: tables, places: make(chan struct{}, r.config.Limits.PerTenant), make: r.serve}, nil
}

// compiled are the tenant's mapping tables.
func (r *registry) compiled(t *tenant.Tenant) (*Tables, error) {
	key := strings.Join(t.Profiles, ",") + "\x00" + t.ExtensionAppID
	if !usesAppID(t) {
		key = strings.Join(t.Profiles, ",")
	}
	for _, o := range t.Overlays {
		key += "\x00" + o.Name + "\x00" + string(o.Text)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if tables := r.tables[key]; tables != nil {
		return tables, nil
	}
	tables, err := compileTables(t)
	if err == nil {
		r.tables[key] = tables
	}
	return tables, err
}

// usesAppID tells whether the tables depend on the app registration: whether anything
// is laid on them at all.
func usesAppID(t *tenant.Tenant) bool { return len(t.Profiles)+len(t.Overlays) > 0 }

// serve makes the handler of a tenant.
func (r *registry) serve(s *seat) (http.Handler, *entra.Directory, error) {
	directory, err := newDirectory(s.tenant, s.tables)
	if err != nil {
		return nil, nil, err
	}
	return newProtocol(r.config, s.tenant, directory, r.origin, r.schemes), directory, nil
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

// protocol is what answers the tenant's clients. A request that was authenticated
// before the tenant left is answered by what it had.
func (r *registry) protocol(t *tenant.Tenant) http.Handler {
	if s := r.current().seats[t]; s != nil {
		return s
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gone := fault.New(fault.Unavailable, "The tenant's configuration was just changed; send the request again.")
		scim.WriteError(w, r, gone)
	})
}

// only is the directory when there is one tenant, whom readiness is about; nil when
// there are several: each may be down by itself, and the others are served.
func (r *registry) only() (*entra.Directory, error) {
	seats := r.current().seats
	if len(seats) != 1 {
		return nil, nil //nolint:nilnil // several tenants have no one directory
	}
	for _, s := range seats {
		if s.tenant.Suspended {
			break
		}
		_, directory, err := s.open()
		return directory, err
	}
	return nil, nil //nolint:nilnil // as above
}

// ready tells whether requests can be served.
func (r *registry) ready(ctx context.Context) error {
	directory, err := r.only()
	if directory == nil || err != nil {
		return err
	}
	return directory.Ready(ctx)
}

// lacking names what answers lack for want of a permission.
func (r *registry) lacking() []string {
	directory, err := r.only()
	if directory == nil || err != nil {
		return nil
	}
	return directory.Lacking()
}

// Reload reads the tenants again. What is in force stays when there is a mistake.
func (r *registry) reload(ctx context.Context) {
	if err := r.load(); err != nil {
		zerolog.Ctx(ctx).Error().Err(err).Msg("the tenants were not read again: those in force stay")
		return
	}
	zerolog.Ctx(ctx).Info().Int("tenants", len(r.current().seats)).Msg("the tenants were read again")
}
