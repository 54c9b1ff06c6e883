// Package entra is the resource types of the gateway: users, groups and what else
// tables describe of one Entra directory, as SCIM resources. The mapping tables say
// what they look like, and what is only read needs no more; what behaves (relations,
// invitations, memberships, passwords) is code here.
package entra

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"entrascim/internal/entra/cache"
	"entrascim/internal/entra/extension"
	"entrascim/internal/entra/memory"
	"entrascim/internal/graph"
	"entrascim/internal/guard"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
	"entrascim/internal/vault"
)

// Options is one tenant's directory as the resource types see it.
type Options struct {
	Graph         *graph.Client
	Tables        Tables
	DefaultDomain string         // completes a userName without a domain; "" for off
	ShortNames    bool           // a userName in DefaultDomain is shown without it
	Offset        *time.Location // date-times are shown in it; nil: UTC
	Vault         *vault.Vault   // takes the passwords that are generated; nil: nobody is told them
	Policy        tenant.Policy  // zero values: a missing manager is refused, MaxScan is 10,000
	Guard         *guard.Guard   // asked before anything is taken away; nil: all may be
	Actions       Actions        // nil: none but those of this package
	Granted       Granted        // hears of applications that are given; nil: nobody does

	Now   func() time.Time                                 // default time.Now
	Sleep func(ctx context.Context, d time.Duration) error // waits for the directory; default: a timer
}

// Actions gives the resource types of a directory more that can be done to them beside
// SCIM.
type Actions func(*Directory, []scim.ResourceType) []scim.ResourceType

// Tables are the mapping tables of a tenant, its overlays laid on, in the order of
// /ResourceTypes: one for each resource type. User and Group are written, too.
type Tables []*mapping.Table

// defaultMaxScan is how many objects are read to answer a filter that Graph
// cannot evaluate alone.
const defaultMaxScan = 10000

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Vault == nil {
		o.Vault = vault.New(vault.Options{Now: o.Now, Sleep: o.Sleep})
	}
	if o.Policy.MaxScan <= 0 {
		o.Policy.MaxScan = defaultMaxScan
	}
	o.DefaultDomain = strings.TrimPrefix(o.DefaultDomain, "@")
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// A Directory is one tenant's directory as SCIM resource types. What it
// remembers (positions in lists, service principals, domains, new ids) belongs
// to this tenant alone. It is safe for concurrent use.
type Directory struct {
	options    Options
	graph      *graph.Client
	fresh      *memory.Fresh
	written    *memory.Written
	positions  *cache.Positions
	principals *cache.Principals
	domains    *cache.Domains
	lacking    *cache.Lacking
	extended   *extension.Mapped
	probing    atomic.Bool
	people     users
	types      []scim.ResourceType
}

// New makes the resource types of a directory. It asks nothing of Graph.
func New(o Options) *Directory {
	d := empty(o.withDefaults())
	d.fill()
	return d
}

// empty is a directory without its resource types.
func empty(o Options) *Directory {
	return &Directory{
		options: o, graph: o.Graph,
		fresh:      memory.NewFresh(o.Now),
		written:    memory.NewWritten(o.Now),
		positions:  cache.NewPositions(o.Now),
		principals: cache.NewPrincipals(o.Graph, o.Now),
		domains:    cache.NewDomains(o.Graph, o.Now),
		lacking:    cache.NewLacking(o.Now),
		extended:   extension.NewMapped(o.Graph, o.Tables),
	}
}

// fill makes the resource types.
func (d *Directory) fill() {
	for _, table := range d.options.Tables {
		r := d.resource(table)
		switch table.Resource() {
		case "User":
			d.people = users{r}
			r.typ.Writer, r.typ.Supplied = urgent{d.people}, r.supplied("password")
			r.typ.Actions = append(r.typ.Actions, d.people.deletedActions()...)
			r.typ.Actions = append(r.typ.Actions, d.people.resetPassword())
		case "Group":
			r.typ.Writer, r.typ.Supplied = urgent{groups{r}}, r.supplied()
			r.typ.Actions = append(r.typ.Actions, groups{r}.deletedActions()...)
		}
		r.typ.Deleted = r.typ.Writer != nil
		r.typ = r.typ.Indexed()
		d.types = append(d.types, r.typ)
	}
	if d.options.Actions != nil {
		d.types = d.options.Actions(d, d.types)
	}
}

// ResourceTypes are what scim.NewHandler serves.
func (d *Directory) ResourceTypes() []scim.ResourceType { return d.types }

// Together runs do for each of 0 to n-1, some at the same time, and what they ask of
// Graph at the same time shares requests; see graph.Client. Those that write the
// same object do not belong together. Nobody waits for one of many: they give way to
// what is asked alone.
func (d *Directory) Together(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	d.graph.Together(graph.WithPriority(ctx, graph.Normal), n, do)
}

// Lacking names the relations ("memberOf", "members", "applications"), the properties
// ("signInActivity") and the resource types ("Roles", "Entitlements") that answers were given without in the
// last minutes, because the gateway has not been granted the Graph permission to read
// them.
func (d *Directory) Lacking() []string { return d.lacking.Names() }
