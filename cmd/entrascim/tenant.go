package main

import (
	"context"
	"fmt"

	"entrascim/internal/app"
)

type tenantCommand struct {
	Add     tenantAddCommand     `cmd:"" help:"Add a tenant to the store."`
	List    tenantListCommand    `cmd:"" help:"List the tenants of the store."`
	Show    tenantShowCommand    `cmd:"" help:"Show a tenant of the store, without its secrets."`
	Update  tenantUpdateCommand  `cmd:"" help:"Change the name, settings, overlays or credential of a tenant."`
	Suspend tenantSuspendCommand `cmd:"" help:"Refuse the clients of a tenant, and ask nothing of its directory."`
	Resume  tenantResumeCommand  `cmd:"" help:"Serve a suspended tenant again."`
	Remove  tenantRemoveCommand  `cmd:"" help:"Remove a tenant for good, with its clients and credential."`
	Switch  tenantSwitchCommand  `cmd:"" help:"Reach a tenant by another app registration: its own, or the operator's."`
	Invite  tenantInviteCommand  `cmd:"" help:"Print a URL where an administrator of the directory can consent."`
	Prepare tenantPrepareCommand `cmd:"" help:"Make the property that externalId is stored in: a directory extension of the app registration."`
}

type tenantPrepareCommand struct {
	settings
	DryRun bool `name:"dry-run" help:"Only tell what would be done."`
}

// Run signs in as the gateway would and prepares the directory. What is there
// already is left as it is.
func (t tenantPrepareCommand) Run(ctx context.Context, p process) error {
	c, err := t.loadUnserved(p)
	if err != nil {
		return err
	}
	text, err := app.Prepare(p.logger(c.Log).WithContext(ctx), c, t.DryRun)
	if err != nil {
		return err
	}
	fmt.Fprint(p.stdout, text)
	return nil
}
