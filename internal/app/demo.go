package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
	"entrascim/internal/tenant"
)

// demoToken is the bearer token of the demo's client that speaks as the RFC has it;
// one of another dialect has its name behind a hyphen. They are no secrets: the demo
// listens on loopback only and there is nothing in it that is anybody's.
const demoToken = "demo"

// demoClients are the demo's clients but for the first, one for each dialect.
func demoClients() []config.Client {
	var all []config.Client
	for _, dialect := range config.Dialects()[1:] {
		name := demoToken + "-" + dialect
		all = append(all, config.Client{Name: name, Token: config.Secret(name), Dialect: dialect})
	}
	return all
}

// DemoOptions are those of the demo.
type DemoOptions struct {
	Listen        string // loopback
	Control       string // loopback; "" for none
	DefaultDomain string // completes a userName without a domain; "" for none
	ShortNames    bool   // show userNames in the default domain without it
	Directory     Directory

	Profiles []string // of the mapping, in order
}

// Demo opens a gateway in front of a simulator, both in this process.
func Demo(ctx context.Context, o DemoOptions) (*App, error) {
	for _, address := range []string{o.Listen, o.Control} {
		if address != "" && !isLoopback(address) {
			return nil, Mistake{fmt.Errorf("the demo listens on loopback only, not on %q: its token is known to all", address)}
		}
	}
	sim, err := newSimulator(o.Directory)
	if err != nil {
		return nil, err
	}
	if _, err := sim.Tenant(graphsim.DefaultTenant).AddExtension(graphsim.DefaultClient, "externalId", "String", "User", "Group"); err != nil {
		return nil, err
	}
	cert, authority, err := selfSigned("", time.Now())
	if err != nil {
		return nil, err
	}
	graph, err := listen(ctx, "simulator", "127.0.0.1:0", cert, limits{})
	if err != nil {
		return nil, err
	}
	graph.server.Handler = sim
	services, err := withControl(ctx, o.Control, sim, graph)
	if err != nil {
		return nil, err
	}
	c := demoConfig(o, graph.url(), authority)
	gateway, r, err := openGateway(ctx, c)
	if err != nil {
		closeAll(services)
		return nil, err
	}
	services = append(services, gateway...)
	zerolog.Ctx(ctx).Warn().Msg("this is a simulation: no directory of Microsoft's is asked")
	return &App{services: services, grace: simulatorGrace, notice: demoNotice(o, services[len(services)-1].url()), crew: r.crew}, nil
}

// isLoopback tells whether nobody else can reach the address. Names are not looked
// up: localhost is what it should be, any other may be anything.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func demoConfig(o DemoOptions, graphURL string, authority []byte) config.Config {
	c := config.Default()
	c.Listen = o.Listen
	c.Token, c.Clients = demoToken, demoClients()
	c.Mapping.Profile = o.Profiles
	c.Policy.ManagerMissing, c.Policy.WeakPasswords = tenant.ManagerWarn, true
	c.Tenant.DefaultDomain, c.Tenant.ShortNames = o.DefaultDomain, o.ShortNames
	if !o.Directory.Throttle { // there are no limits to keep to
		c.Graph.Pacing.Off = true
	}
	c.Tenant.Name = "demo"
	c.Tenant.ID = graphsim.DefaultTenant
	c.Tenant.ClientID = graphsim.DefaultClient
	c.Tenant.ClientSecret = graphsim.DefaultSecret
	c.Tenant.GraphURL = graphURL + "/v1.0"
	c.Tenant.Authority = graphURL
	c.Tenant.CA = config.File{Path: "the simulator", Content: authority}
	return c
}
