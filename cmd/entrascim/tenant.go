package main

import (
	"context"
	"fmt"

	"entrascim/internal/app"
)

type tenantCommand struct {
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
