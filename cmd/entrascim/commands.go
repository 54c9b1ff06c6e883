package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"entrascim/internal/app"
	"entrascim/internal/config"
)

// commands are the subcommands, as kong reads them.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Serve SCIM in front of an Entra directory."`
	Demo     demoCommand     `cmd:"" help:"Serve SCIM in front of a simulated directory, on loopback only."`
	Graphsim graphsimCommand `cmd:"" help:"Serve the simulator of Microsoft Graph and Microsoft login."`
	Mapping  mappingCommand  `cmd:"" help:"Check, show and explain mapping tables."`
	Config   configCommand   `cmd:"" help:"Check and print the configuration."`
	Tenant   tenantCommand   `cmd:"" help:"Manage the tenants of the store; prepare an Entra directory."`
	Client   clientCommand   `cmd:"" help:"Manage the SCIM clients of a tenant of the store."`
	Audit    auditCommand    `cmd:"" help:"Print the audit log of the store: who changed what, when."`
	Store    storeCommand    `cmd:"" help:"Manage the store itself."`
	Doctor   doctorCommand   `cmd:"" help:"Examine whether the gateway could serve: sign-in, Graph, permissions, domains, clocks, mapping."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

func newCommands() commands {
	return commands{
		Serve:  serveCommand{settings: newSettings()},
		Config: configCommand{Check: configCheckCommand{newSettings()}, Print: configPrintCommand{newSettings()}},
		Tenant: tenantCommand{Prepare: tenantPrepareCommand{settings: newSettings()}},
		Doctor: doctorCommand{settings: newSettings()},
	}
}

// settings are the flags of a command that loads the configuration.
type settings struct {
	File string `name:"config" placeholder:"FILE" help:"YAML file with settings; the environment and flags win over it. Also ENTRASCIM_CONFIG."`
	kong.Plugins
	flags config.Flags
}

func newSettings() settings {
	flags := config.NewFlags()
	return settings{Plugins: kong.Plugins{flags.Grammar()}, flags: flags}
}

func (s settings) load(p process) (config.Config, error) { return s.loadFrom(p, config.Sources{}) }

// loadUnserved loads what reaches the tenant, for a command that serves nothing.
func (s settings) loadUnserved(p process) (config.Config, error) {
	return s.loadFrom(p, config.Sources{Unserved: true})
}

func (s settings) loadFrom(p process, from config.Sources) (config.Config, error) {
	from.File, from.Getenv, from.Flags = cmp.Or(s.File, p.getenv("ENTRASCIM_CONFIG")), p.getenv, s.flags.Given()
	c, err := config.Load(from)
	if err != nil {
		return config.Config{}, usageError{err}
	}
	return c, nil
}

type serveCommand struct{ settings }

// Run serves until it is told to stop.
func (s serveCommand) Run(ctx context.Context, p process) error {
	c, err := s.load(p)
	if err != nil {
		return err
	}
	ctx = p.logger(c.Log).WithContext(ctx)
	gateway, err := app.Gateway(ctx, c)
	if err != nil {
		return err
	}
	if c.Tenants == "" && !c.Store.Given() {
		return gateway.Run(p.untilHangup(ctx))
	}
	p.onHangup(ctx, func() { gateway.Reload(ctx) })
	return gateway.Run(ctx)
}

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Report every mistake in the configuration and the mapping."`
	Print configPrintCommand `cmd:"" help:"Print the settings in force and where each was given; secrets are hidden."`
}

type configCheckCommand struct{ settings }

// Run loads the configuration and compiles the mapping that it asks for.
func (c configCheckCommand) Run(p process) error {
	loaded, err := c.load(p)
	if err != nil {
		return err
	}
	if err := app.Check(loaded); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, "The configuration is right.")
	return nil
}

type configPrintCommand struct{ settings }

// Run prints one setting a line.
func (c configPrintCommand) Run(p process) error {
	loaded, err := c.load(p)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, strings.Join(loaded.Lines(), "\n"))
	return nil
}

// version is set by the linker.
var version = "unknown"

type versionCommand struct{}

// Run prints the version of the program and of Go.
func (versionCommand) Run(p process) error {
	_, err := fmt.Fprintf(p.stdout, "entrascim %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
