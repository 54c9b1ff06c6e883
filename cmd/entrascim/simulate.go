package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/app"
	"entrascim/internal/config"
)

// directory are the flags that say what the simulator holds and how it behaves.
type directory struct {
	Users        int           `default:"200" help:"Users of the directory."`
	Groups       int           `default:"40" help:"Groups of the directory."`
	Memberships  int           `default:"0" help:"Group memberships; 0: a number that suits the users and groups."`
	Applications int           `default:"12" help:"Applications of the directory."`
	Seed         uint64        `default:"1" help:"What the directory is generated from: an equal seed gives an equal directory."`
	Latency      time.Duration `default:"0" help:"Time that each answer of Graph takes longer."`
	Throttle     bool          `help:"Throttle as Microsoft documents."`
	Hostile      uint64        `default:"0" placeholder:"SEED" help:"Behave as badly as Graph may: small pages, lag, throttling, faults; 0: calm."`
}

func (d directory) options(anyDomain bool) app.Directory {
	return app.Directory{
		Users: d.Users, Groups: d.Groups, Memberships: d.Memberships, Applications: d.Applications, Seed: d.Seed,
		Latency: d.Latency, Throttle: d.Throttle, Hostile: d.Hostile, AnyDomain: anyDomain,
	}
}

type demoCommand struct {
	Listen    string    `default:"127.0.0.1:8080" help:"Loopback address that SCIM is served on."`
	Control   string    `placeholder:"ADDRESS" help:"Loopback address of the simulator's control listener; off by default."`
	Profile   []string  `default:"external-id" placeholder:"NAME" help:"Mapping profiles, in order: starling, external-id, sign-in-activity, leave-date, on-premises. Default: ${default}."`
	Domain    string    `name:"default-domain" default:"contoso.onmicrosoft.com" placeholder:"DOMAIN" help:"Domain that completes a userName without one; \"\" for none. Default: ${default}."`
	Short     bool      `name:"short-names" default:"true" negatable:"" help:"Show a userName in the default domain without it; on by default."`
	Strict    bool      `name:"strict-domains" help:"Take userNames in verified domains only, as Entra does; without it any domain will do."`
	LogLevel  string    `default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: ${enum}."`
	Directory directory `embed:""`
}

// Run serves the demo until it is told to stop.
func (d demoCommand) Run(ctx context.Context, p process) error {
	ctx, err := p.withLogger(ctx, d.LogLevel)
	if err != nil {
		return err
	}
	demo, err := app.Demo(ctx, app.DemoOptions{
		Listen: d.Listen, Control: d.Control, Profiles: d.Profile, DefaultDomain: d.Domain, ShortNames: d.Short,
		Directory: d.Directory.options(!d.Strict),
	})
	if err != nil {
		return err
	}
	fmt.Fprint(p.stdout, demo.Notice())
	return demo.Run(p.untilHangup(ctx))
}

type graphsimCommand struct {
	Listen    string    `default:"127.0.0.1:8443" help:"Address that Graph and login are served on."`
	Control   string    `placeholder:"ADDRESS" help:"Address of the control listener; off by default."`
	Hostname  string    `help:"Name that clients reach it by, beside localhost; goes into its certificate."`
	CAFile    string    `name:"ca-file" placeholder:"FILE" help:"Where to write the certificate authority that clients must trust."`
	Plain     bool      `help:"Serve HTTP instead of HTTPS."`
	AnyDomain bool      `name:"any-domain" help:"Take userPrincipalNames in any domain, where Entra takes verified ones only."`
	LogLevel  string    `default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: ${enum}."`
	Directory directory `embed:""`
}

// Run serves the simulator until it is told to stop.
func (g graphsimCommand) Run(ctx context.Context, p process) error {
	ctx, err := p.withLogger(ctx, g.LogLevel)
	if err != nil {
		return err
	}
	simulator, err := app.Simulator(ctx, app.SimulatorOptions{
		Listen: g.Listen, Control: g.Control, Hostname: g.Hostname, CAFile: g.CAFile, Plain: g.Plain, Directory: g.Directory.options(g.AnyDomain),
	})
	if err != nil {
		return err
	}
	fmt.Fprint(p.stdout, simulator.Notice())
	return simulator.Run(p.untilHangup(ctx))
}

// withLogger is the context with a logger for people.
func (p process) withLogger(ctx context.Context, level string) (context.Context, error) {
	parsed, err := zerolog.ParseLevel(level)
	if err != nil {
		return nil, usageError{err}
	}
	return p.logger(config.Log{Level: parsed, Format: "console"}).WithContext(ctx), nil
}
