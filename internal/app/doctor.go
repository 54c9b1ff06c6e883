package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/config"
	"entrascim/internal/entra"
	"entrascim/internal/entra/permission"
	"entrascim/internal/graph"
	"entrascim/internal/tenant"
	"entrascim/internal/vault"
)

// tolerableSkew is how far the clocks may differ: tokens and certificates are judged
// by the login service's own.
const tolerableSkew = 2 * time.Minute

// Doctor examines the tenants that the configuration and its store describe, or the one
// of the name, each for itself: see examine. Sound is false when one could not be served.
func Doctor(ctx context.Context, c config.Config, name string, now func() time.Time) (report string, sound bool, err error) {
	all, err := patients(ctx, c)
	if err != nil {
		return "", false, err
	}
	var reports []string
	sound = true
	for _, one := range all {
		if name != "" && !strings.EqualFold(one.config.Tenant.Name, name) {
			continue
		}
		report, well, err := one.examined(ctx, now)
		if err != nil {
			return "", false, err
		}
		reports, sound = append(reports, report), sound && well
	}
	if reports == nil && name != "" {
		return "", false, Mistake{fmt.Errorf("there is no tenant %q", name)}
	}
	if reports == nil {
		return "There is no tenant yet.\n", true, nil
	}
	return strings.Join(reports, "\n"), sound, nil
}

// A patient is a tenant to be examined.
type patient struct {
	config   config.Config
	state    tenant.State
	mistakes string // why it cannot be served at all
}

// patients are the tenants of the files, and then those of the store.
func patients(ctx context.Context, c config.Config) ([]patient, error) {
	files, err := c.LoadTenants()
	if err != nil {
		return nil, Mistake{err}
	}
	var all []patient
	taken := &claims{}
	for _, one := range files {
		_ = taken.claim(one.Directory(), one.Tenant.Shared) // they were held against one another already
		all = append(all, patient{config: one, state: tenant.Active})
	}
	if !c.Store.Given() {
		return all, nil
	}
	kept, err := storedTenants(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, record := range inOrder(kept) {
		one, err := c.Stored(record)
		t := one.Directory()
		if clash := taken.claim(t, one.Tenant.Shared); err == nil {
			err = clash
		}
		if err == nil {
			_, err = compileTables(t)
		}
		sick := patient{config: one, state: record.State}
		if err != nil {
			sick.mistakes = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		all = append(all, sick)
	}
	return all, nil
}

// storedTenants reads the tenants of the store.
func storedTenants(ctx context.Context, c config.Config) ([]tenant.Record, error) {
	keys, err := storeKeys(c)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, c, keys)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // nothing was written
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	for _, broken := range snapshot.Broken {
		err = errors.Join(err, broken)
	}
	return snapshot.Tenants, err
}

// examined is examine for those that are to be served.
func (p patient) examined(ctx context.Context, now func() time.Time) (string, bool, error) {
	e := &examination{tenant: p.config.Directory(), now: now}
	e.line("directory", "%s (%s), %s", e.tenant.Name, e.tenant.DirectoryID, e.tenant.GraphURL)
	switch {
	case p.mistakes != "":
		e.bad("settings", "%s", p.mistakes)
		return e.text.String(), false, nil
	case p.state != tenant.Active && p.state != tenant.Consented:
		e.line("state", "%s: it is not served", p.state)
		return e.text.String(), true, nil
	case p.state != tenant.Active:
		e.line("state", "%s: it is not served before what is lacking below is granted, too", p.state)
	}
	return e.examine(ctx, p.config)
}

// examine examines one tenant: whether the gateway can sign in, whether Graph answers, what was granted and which feature lacks what.
// It writes nothing to the directory. Sound is false when the gateway could not serve.
func (e *examination) examine(ctx context.Context, c config.Config) (report string, sound bool, err error) {
	t := e.tenant
	tables, err := compileTables(t)
	if err != nil {
		return "", false, Mistake{err}
	}
	client, err := newGraph(t, c.Graph.Pacing)
	if err != nil {
		return "", false, Mistake{err}
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, c.Limits.Timeout)
	defer cancel()
	ctx = graph.WithPriority(ctx, graph.Low)
	e.graph = client
	e.line("login", "%s", loginOf(t))
	e.certificate()
	if e.signIn(ctx) && e.reach(ctx) {
		e.extensions(ctx, tables)
	}
	e.sink(ctx)
	return e.text.String(), !e.ill, nil
}

// loginOf is the authority that the gateway signs in at.
func loginOf(t *tenant.Tenant) string {
	if t.Authority != "" {
		return t.Authority
	}
	return graph.LoginFor(t.GraphURL)
}

// An examination is a run of Doctor.
type examination struct {
	tenant *tenant.Tenant
	graph  *graph.Client
	now    func() time.Time
	text   strings.Builder
	ill    bool
}

func (e *examination) line(about, format string, args ...any) {
	fmt.Fprintf(&e.text, "%-12s "+format+"\n", append([]any{about}, args...)...)
}

// bad is a line about what keeps the gateway from serving.
func (e *examination) bad(about, format string, args ...any) {
	e.ill = true
	e.line(about, "NOT WELL: "+format, args...)
}

// certificate tells how long the certificate lasts that the gateway signs in with.
func (e *examination) certificate() {
	ends := credentialEnds(e.tenant.Credential)
	switch said := ending(ends, e.now()); {
	case ends.IsZero():
	case !e.now().Before(ends):
		e.bad("certificate", "%s", said)
	case said != "":
		e.line("certificate", "WARNING: %s", said)
	default:
		e.line("certificate", "ends on %s", ends.UTC().Format(time.DateOnly))
	}
}

// signIn tells who the gateway is to Entra and what was granted to it.
func (e *examination) signIn(ctx context.Context) bool {
	s, err := e.graph.SignIn(ctx)
	if err != nil {
		e.bad("sign-in", "%v", err)
		return false
	}
	e.line("sign-in", "as application %s, with a token that is good for %s", s.AppID, s.Expires.Sub(e.now()).Round(time.Minute))
	if s.TenantID != "" && !strings.EqualFold(s.TenantID, e.tenant.DirectoryID) {
		e.bad("sign-in", "the token is for the directory %s", s.TenantID)
	}
	e.line("permissions", "%d granted", len(s.Roles))
	wanted, others := permission.Optional(e.tenant.Policy)
	e.lacking("lacking", append(permission.Features(), wanted...), s.Roles)
	e.lacking("not granted, and optional", others, s.Roles)
	return true
}

// lacking tells what features lack of what was granted.
func (e *examination) lacking(how string, features []permission.Feature, granted []string) {
	for _, f := range features {
		if lacks := f.Lacks(granted); len(lacks) > 0 {
			e.line("", "%s: %s needs %s", how, strings.ReplaceAll(f.Name, "`", ""), strings.Join(lacks, ", "))
		}
	}
}

// reach asks Graph who the directory is.
func (e *examination) reach(ctx context.Context) bool {
	response, err := e.graph.Do(ctx, graph.Request{
		Path: "/organization", Query: graph.Query{Select: []string{"id", "displayName", "verifiedDomains"}},
	})
	if err != nil {
		e.bad("Graph", "%v", traced(err))
		return false
	}
	skew, told := response.Skew(e.now())
	switch {
	case !told:
		e.line("Graph", "answers")
	case skew.Abs() > tolerableSkew:
		e.bad("Graph", "answers, but its clock and this machine's differ by %s", skew.Abs())
	default:
		e.line("Graph", "answers; the clocks differ by %s", skew.Abs())
	}
	var body struct {
		Value []struct {
			DisplayName     string `json:"displayName"`
			VerifiedDomains []struct {
				Name string `json:"name"`
			} `json:"verifiedDomains"`
		} `json:"value"`
	}
	if err := json.Unmarshal(response.Body, &body); err != nil || len(body.Value) == 0 {
		e.line("domains", "not told")
		return true
	}
	var names []string
	known := e.tenant.DefaultDomain == ""
	for _, d := range body.Value[0].VerifiedDomains {
		names = append(names, d.Name)
		known = known || strings.EqualFold(d.Name, e.tenant.DefaultDomain)
	}
	e.line("organization", "%s", body.Value[0].DisplayName)
	e.line("domains", "%s", strings.Join(names, ", "))
	if !known {
		e.bad("domains", "tenant.defaultDomain %s is not a verified domain", e.tenant.DefaultDomain)
	}
	return true
}

// extensions tells whether the directory has what the mapping needs of it.
func (e *examination) extensions(ctx context.Context, tables *Tables) {
	directory := entra.New(entra.Options{Graph: e.graph, Tables: tables.entra()})
	if err := directory.Ready(ctx); err != nil {
		e.bad("mapping", "%v", traced(err))
		return
	}
	names := "no profile"
	if len(e.tenant.Profiles) > 0 {
		names = "profile " + strings.Join(e.tenant.Profiles, ", ")
	}
	e.line("mapping", "%s, %d overlays: the directory has every property", names, len(e.tenant.Overlays))
}

// sink tells whether generated passwords would be taken where they go.
func (e *examination) sink(ctx context.Context) {
	v, err := newDialer(config.Pacing{}).vault(e.tenant, nil)
	if err != nil {
		e.bad("passwords", "%v", err)
		return
	}
	switch {
	case !v.Delivers():
	case v.Answers():
		e.line("passwords", "generated ones are answered encrypted")
	default:
		if err := v.Well(ctx, vault.Password{}); err != nil {
			e.bad("passwords", "generated ones are not taken: %s %v", v.Name(), err)
			return
		}
		e.line("passwords", "generated ones are taken: %s", v.Name())
	}
}
