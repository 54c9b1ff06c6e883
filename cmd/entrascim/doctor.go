package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entrascim/internal/app"
)

type doctorCommand struct {
	settings
	Tenant string `arg:"" optional:"" help:"Name of the tenant; without it all are examined."`
}

// Run prints what was found. It fails when the gateway could not serve; a permission
// that is lacking only takes away what needs it.
func (d doctorCommand) Run(ctx context.Context, p process) error {
	c, err := d.loadUnserved(p)
	if err != nil {
		return err
	}
	report, sound, err := app.Doctor(p.logger(c.Log).WithContext(ctx), c, d.Tenant, time.Now)
	if err != nil {
		return err
	}
	fmt.Fprint(p.stdout, report)
	if !sound {
		return errors.New("the gateway could not serve all that was examined")
	}
	return nil
}
