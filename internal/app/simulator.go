package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"time"

	"entrascim/internal/graphsim"
)

// simulatorGrace is how long the simulator waits for requests under way.
const simulatorGrace = 5 * time.Second

// A Directory says what a simulated directory holds and how it behaves.
type Directory struct {
	Users        int
	Groups       int
	Memberships  int // 0: a few for each user
	Applications int
	Seed         uint64
	Latency      time.Duration
	Throttle     bool   // keep to Microsoft's limits
	Hostile      uint64 // seed of the trouble it makes; 0: none
	AnyDomain    bool   // a userPrincipalName may be in any domain, not in verified ones only
}

// SimulatorOptions are those of the simulator as a program of its own.
type SimulatorOptions struct {
	Listen    string
	Control   string // address of the control listener; "" for none
	Hostname  string // of the certificate, beside localhost
	CAFile    string // where the certificate authority is written; "" for nowhere
	Plain     bool   // HTTP instead of HTTPS
	Directory Directory
}

// Simulator opens the simulator of Graph and login.
func Simulator(ctx context.Context, o SimulatorOptions) (*App, error) {
	sim, err := newSimulator(o.Directory)
	if err != nil {
		return nil, err
	}
	var cert *tls.Certificate
	if !o.Plain {
		if cert, err = certified(o); err != nil {
			return nil, err
		}
	}
	graph, err := listen(ctx, "simulator", o.Listen, cert, limits{})
	if err != nil {
		return nil, err
	}
	graph.server.Handler = sim
	services, err := withControl(ctx, o.Control, sim, graph)
	if err != nil {
		return nil, err
	}
	return &App{services: services, grace: simulatorGrace, notice: simulatorNotice(o, graph.url())}, nil
}

// newSimulator makes a simulator whose one tenant is generated. One of its
// applications is the registration of the gateway.
func newSimulator(d Directory) (*graphsim.Simulator, error) {
	if d.Memberships == 0 {
		d.Memberships = 3 * d.Users
	}
	sim := graphsim.New(graphsim.Options{Seed: d.Seed, Now: time.Now, Latency: d.Latency, Throttle: d.Throttle, Hostile: d.Hostile, AnyDomain: d.AnyDomain})
	err := sim.Tenant(graphsim.DefaultTenant).Generate(graphsim.Scale{
		Users: d.Users, Groups: d.Groups, Memberships: d.Memberships, Applications: max(d.Applications-1, 0), Seed: d.Seed,
	})
	if err != nil {
		return nil, err
	}
	return sim, nil
}

// certified makes the simulator's certificate and writes its authority.
func certified(o SimulatorOptions) (*tls.Certificate, error) {
	host := o.Hostname
	if host == "" {
		host, _, _ = net.SplitHostPort(o.Listen)
	}
	cert, authority, err := selfSigned(host, time.Now())
	if err != nil || o.CAFile == "" {
		return cert, err
	}
	if err := os.WriteFile(o.CAFile, authority, 0o644); err != nil { //nolint:gosec // a certificate is public
		return nil, fmt.Errorf("writing the certificate authority: %w", err)
	}
	return cert, nil
}

// withControl opens the control listener, when one is wanted, before the others.
func withControl(ctx context.Context, address string, sim *graphsim.Simulator, others ...*service) ([]*service, error) {
	if address == "" {
		return others, nil
	}
	control, err := listen(ctx, "control listener", address, nil, limits{})
	if err != nil {
		closeAll(others)
		return nil, err
	}
	control.server.Handler = sim.Control()
	return append([]*service{control}, others...), nil
}
