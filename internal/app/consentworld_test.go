package app

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/consent"
	"entrascim/internal/entra/permission"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// A consenting is a gateway whose operator invites tenants, the simulator that their
// administrators decide at, and a clock.
type consenting struct {
	t       testing.TB
	sim     *graphsim.Simulator
	graph   *httptest.Server
	gateway *httptest.Server
	store   *store.Store
	app     login.App

	registry *registry
	whole    http.Handler // of the gateway, as it is without a test's changes

	log    bytes.Buffer
	ahead  atomic.Int64 // nanoseconds that the gateway's clock was advanced
	waited atomic.Int64 // times that permissions were waited for
}

// everyPermission is what all features need.
func everyPermission() []string {
	var all []string
	for _, f := range permission.Features() {
		all = append(all, f.Needs...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func newConsenting(tb testing.TB, change func(*consent.Options)) *consenting {
	tb.Helper()
	w := &consenting{t: tb, sim: graphsim.New(graphsim.Options{Now: time.Now})}
	w.graph = httptest.NewTLSServer(w.sim)
	tb.Cleanup(w.graph.Close)
	var answer http.Handler
	w.gateway = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { answer.ServeHTTP(rw, r) }))
	tb.Cleanup(w.gateway.Close)
	w.app = login.App{
		ID: operatorApp, DisplayName: "Contoso Identity", TenantID: operatorTenant, MultiTenant: true, Roles: everyPermission(),
		Secrets: []login.Secret{{Value: operatorSecret}}, RedirectURIs: []string{w.base() + consent.Callback},
	}
	if err := w.sim.Register(w.app); err != nil {
		tb.Fatal(err)
	}
	w.sim.Tenant(otherTenant)
	c := config.Default()
	c.PublicURL = w.base()
	c.Store = config.Store{DSN: config.Secret(filepath.Join(tb.TempDir(), "store.db")), Key: "key-of-the-tests-store"}
	c.Operator = config.Operator{
		Name: "Contoso Identity", ClientID: operatorApp, ClientSecret: operatorSecret, Cloud: "global", GraphURL: w.graph.URL + "/v1.0", Authority: w.graph.URL,
		CA: config.File{Path: "ca.pem", Content: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.graph.Certificate().Raw})},
	}
	ctx := zerolog.New(zerolog.SyncWriter(&w.log)).WithContext(tb.Context())
	whole, r, err := newHandler(ctx, c, "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(r.close)
	w.whole, w.registry, w.store, r.now = whole, r, r.store, w.now
	o := r.consentOptions()
	o.Wait = func(_ context.Context, d time.Duration) error {
		w.waited.Add(1)
		w.sim.Advance(d)
		return nil
	}
	if change != nil {
		change(&o)
	}
	answer = server.New(server.Options{Log: *zerolog.Ctx(ctx), Consent: consent.New(o)})
	return w
}

// base is the gateway's URL by another name than the simulator's, as two sites have.
func (w *consenting) base() string {
	return strings.Replace(w.gateway.URL, "127.0.0.1", "localhost", 1)
}

func (w *consenting) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// advance moves the clocks of the gateway and of the directories.
func (w *consenting) advance(d time.Duration) {
	w.ahead.Add(int64(d))
	w.sim.Advance(d)
}

// invite gives the URL of an invitation for a tenant that names its directory, or not.
func (w *consenting) invite(name, directoryID string) string {
	w.t.Helper()
	r := tenant.Record{Name: name, State: tenant.Invited, Mode: tenant.Multi, DirectoryID: directoryID}
	kept, err := w.store.PutTenant(w.t.Context(), store.Change{Actor: "test", Action: "tenant.add"}, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.inviteAgain(kept)
}

func (w *consenting) inviteAgain(r tenant.Record) string {
	w.t.Helper()
	i, link := consent.Invite(w.base(), r.ID, w.now(), consent.InvitationLife)
	if err := w.store.PutInvitation(w.t.Context(), store.Change{Actor: "test", Action: "tenant.invite"}, i); err != nil {
		w.t.Fatal(err)
	}
	return link
}

func (w *consenting) tenant(name string) tenant.Record {
	w.t.Helper()
	r, err := w.store.Tenant(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// clients are those of the tenant globex.
func (w *consenting) clients() []tenant.ClientRecord {
	w.t.Helper()
	all, err := w.store.Clients(w.t.Context(), w.tenant("globex").ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// kept is everything in the store that a page could change, nonces apart.
func (w *consenting) kept() string {
	w.t.Helper()
	snapshot, err := w.store.Snapshot(w.t.Context())
	events, err2 := w.store.Events(w.t.Context(), store.EventQuery{})
	if err := errors.Join(err, err2); err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprint(snapshot, len(events))
}

// unchanged runs what must not change anything.
func (w *consenting) unchanged(do func()) {
	w.t.Helper()
	before := w.kept()
	do()
	if after := w.kept(); after != before {
		w.t.Errorf("something was changed: before\n%s\nafter\n%s", before, after)
	}
}

// A person is a browser that keeps cookies and follows no redirect by itself.
type person struct {
	w      *consenting
	client *http.Client
}

func (w *consenting) person() *person {
	jar, _ := cookiejar.New(nil) // never fails
	transport := w.graph.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.InsecureSkipVerify = true // two servers with certificates of their own
	return &person{w, &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// A shown is what a person gets to see.
type shown struct {
	status int
	header http.Header
	text   string // of the page
}

func (s shown) location() string { return s.header.Get("Location") }

func (p *person) send(method, address, body string) shown {
	p.w.t.Helper()
	r, err := http.NewRequestWithContext(p.w.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		p.w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := p.client.Do(r)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return shown{res.StatusCode, res.Header, html.UnescapeString(string(text))}
}

func (p *person) get(address string) shown { return p.send("GET", address, "") }

// begin goes to the login service.
func (p *person) begin(link string) string {
	p.w.t.Helper()
	s := p.send("POST", link, "")
	if s.status != http.StatusSeeOther {
		p.w.t.Fatalf("POST %s: %d %s", link, s.status, s.text)
	}
	return s.location()
}

// decide answers the login service and gives where it sends the browser.
func (p *person) decide(at, decision, directory string) string {
	p.w.t.Helper()
	s := p.send("POST", at, url.Values{"decision": {decision}, "tenant": {directory}}.Encode())
	if s.status != http.StatusFound {
		p.w.t.Fatalf("deciding %s: %d %s", decision, s.status, s.text)
	}
	return s.location()
}

// consents goes all the way.
func (p *person) consents(link, directory string) shown {
	p.w.t.Helper()
	return p.get(p.decide(p.begin(link), "grant", directory))
}
