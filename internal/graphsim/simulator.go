package graphsim

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"entrascim/internal/edm"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/graphsim/odata"
	"entrascim/internal/graphsim/trouble"
)

// root is the path of the API version that is served.
const root = "/v1.0"

// Options of a Simulator. The zero value is calm and deterministic.
type Options struct {
	TenantID string    // the first tenant; default: DefaultTenant
	Domains  []Domain  // verified domains of every tenant; default: contoso.com and four more
	Seed     uint64    // ids follow from it
	Start    time.Time // what the clock shows at first; default: 2026-01-01T00:00:00Z
	BaseURL  string    // scheme and host in links; default: those of each request
	Lag      Lag       // replication lag of every tenant
	// AnyDomain takes any well-formed domain in a userPrincipalName, where Entra
	// takes verified ones only. Nothing else changes: /domains lists the real ones.
	AnyDomain bool
	// NoPIM is a tenant without the license of Privileged Identity Management.
	NoPIM bool

	// Now is the clock that Advance adds to. Nil: a clock that stands at Start.
	Now func() time.Time
	// ClientID and ClientSecret register an application of the tenant that has
	// every permission and may set passwords; default: DefaultClient and
	// DefaultSecret.
	ClientID, ClientSecret string

	Latency  time.Duration  // added to every request
	Throttle bool           // keep to Limits
	Limits   trouble.Limits // zero fields: what Microsoft documents
	// Hostile is the seed of hostile mode, in which whatever may go wrong does,
	// under a clock that runs; 0: calm.
	Hostile uint64
}

// The tenant and the application that exist unless Options name others.
const (
	DefaultTenant = "3b8f2c4e-6d1a-4f57-9c02-7e5a1d94b6c3"
	DefaultClient = "0c7d4a52-8e39-4b16-a5f0-2d9b6e13c874"
	DefaultSecret = "simulated-client-secret"
)

// A Simulator is a Microsoft Graph and Microsoft login with directories of their
// own. It is an http.Handler and safe for concurrent use.
type Simulator struct {
	options Options
	model   *edm.Model
	schema  schema
	router  *router
	ids     *idSource
	login   *login.Service
	clock   *clock
	trouble *trouble.Trouble
	hostile trouble.Hostility
	graph   http.Handler // what is below root
	signIn  http.Handler // everything else

	mu      sync.Mutex
	tenants map[string]*Directory
}

// New makes a simulator with one tenant and one application in it.
func New(o Options) *Simulator {
	o = o.withDefaults()
	model := edm.New()
	s := &Simulator{
		options: o, model: model, schema: newSchema(model), router: newRouter(allRoutes()),
		ids: newIDs(o.Seed, "requests"), clock: &clock{base: o.Now}, tenants: map[string]*Directory{},
	}
	s.login = login.New(login.Options{BaseURL: s.baseURL, Now: s.Now, NewID: s.ids.next, Consented: s.consented})
	s.trouble = trouble.New(trouble.Options{
		Now: s.Now, Latency: o.Latency, Throttle: o.Throttle, Limits: o.Limits, Hostile: o.Hostile != 0, Seed: o.Hostile,
	})
	s.hostile = s.trouble.Hostility()
	if o.Lag == (Lag{}) {
		s.options.Lag = Lag{Read: s.hostile.ReadLag, List: s.hostile.ListLag}
	}
	s.graph = s.trouble.Wrap(http.HandlerFunc(s.serveGraph), s.refuse)
	s.signIn = s.trouble.WrapLogin(s.login, refuseLogin)
	err := s.Register(login.App{
		ID: o.ClientID, DisplayName: "Provisioning", TenantID: o.TenantID, Roles: everyPermission(),
		Secrets: []login.Secret{{Value: o.ClientSecret}},
	}, "User Administrator")
	if err != nil {
		panic(err) // the directory was empty
	}
	return s
}

func (o Options) withDefaults() Options {
	o.TenantID = or(o.TenantID, DefaultTenant)
	o.ClientID = or(o.ClientID, DefaultClient)
	o.ClientSecret = or(o.ClientSecret, DefaultSecret)
	if o.Domains == nil {
		o.Domains = verifiedDomains
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Now == nil && o.Hostile != 0 {
		o.Now = time.Now
	}
	if o.Now == nil {
		start := o.Start
		o.Now = func() time.Time { return start }
	}
	return o
}

// Now is what the simulator's clock shows.
func (s *Simulator) Now() time.Time { return s.clock.now() }

// Advance moves the clock forward: lag passes, tokens and deleted objects
// expire.
func (s *Simulator) Advance(d time.Duration) {
	s.clock.advance(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, directory := range s.tenants {
		directory.mu.Lock()
		directory.purge()
		directory.mu.Unlock()
	}
}

// A clock is another clock, set forward.
type clock struct {
	base func() time.Time

	mu    sync.RWMutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.base().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// ServeHTTP answers a request to Graph or to the login service.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.EscapedPath(), root+"/") {
		s.graph.ServeHTTP(w, r)
		return
	}
	s.signIn.ServeHTTP(w, r)
}

func (s *Simulator) serveGraph(w http.ResponseWriter, r *http.Request) {
	c := s.newCall(w, r)
	defer c.release()
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat)) // of the clock that dates the objects
	a, err := s.serve(c, r)
	send(w, c.finish(a, err))
}

// serve answers a request to Graph.
func (s *Simulator) serve(c *call, r *http.Request) (*answer, error) {
	var err error
	if c.who, err = s.login.Authenticate(r); err != nil {
		return nil, err
	}
	c.dir = s.admit(c.who)
	if strings.EqualFold(c.path, "/$batch") && c.method == http.MethodPost {
		return s.batch(c)
	}
	return s.handle(c)
}

// handle finds the route of a call, checks the permission and serves it.
func (s *Simulator) handle(c *call) (*answer, error) {
	var err error
	c.route, c.vars, err = s.router.find(c.method, c.path)
	if refused := s.charge(c); refused != nil {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	if c.route.roles != nil && !c.may(c.route.roles...) {
		return nil, denied()
	}
	if err := c.claim(); err != nil {
		return nil, err
	}
	if err := c.load(); err != nil {
		return nil, err
	}
	if !c.writes() {
		c.dir.mu.RLock()
		defer c.dir.mu.RUnlock()
		return c.route.serve(c)
	}
	c.dir.mu.Lock()
	defer c.dir.mu.Unlock()
	return c.route.serve(c)
}

// nowhere stands for the route of a call that has none. Such a call is charged
// too: the documented answer of status 405 tells its cost.
var nowhere = &route{pattern: "(unknown)", reads: true}

// charge counts a call and puts its cost on the limits of its application.
func (s *Simulator) charge(c *call) error {
	row := c.route
	if row == nil {
		row = nowhere
	}
	var refused *odata.Error
	c.charged, refused = s.trouble.Charge(c.ctx, trouble.Operation{
		TenantID: c.who.TenantID, AppID: c.who.AppID, Method: c.method, Pattern: row.pattern, Query: c.query,
		Reads: row.reads, Users: c.dir.users(), Item: c.item,
	})
	if refused != nil {
		return refused
	}
	return nil
}

// refuse answers a request to Graph that something prevented from being served.
func (s *Simulator) refuse(w http.ResponseWriter, r *http.Request, h http.Header, e *odata.Error) {
	c := s.newCall(w, r)
	c.charged = h
	send(w, c.finish(nil, e))
}

// refuseLogin answers a request to the login service that something prevented
// from being served.
func refuseLogin(w http.ResponseWriter, _ *http.Request, h http.Header, e *odata.Error) {
	body := `{"error":"temporarily_unavailable","error_description":` + quote(e.Message) + `}`
	a := &answer{status: e.Status, header: h, body: []byte(body)}
	h.Set("Content-Type", "application/json; charset=utf-8")
	send(w, a)
}

// baseURL is scheme and host as the client knows them.
func (s *Simulator) baseURL(r *http.Request) string {
	switch {
	case s.options.BaseURL != "":
		return strings.TrimSuffix(s.options.BaseURL, "/")
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
