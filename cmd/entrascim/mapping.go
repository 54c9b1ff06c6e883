package main

import (
	"cmp"
	"fmt"
	"strings"

	"entrascim/internal/app"
)

type mappingCommand struct {
	Check   mappingCheckCommand   `cmd:"" help:"Report every mistake in table and overlay files."`
	Show    mappingShowCommand    `cmd:"" help:"Print a compiled table."`
	Explain mappingExplainCommand `cmd:"" help:"Tell where an attribute reads, writes and filters."`
}

type mappingCheckCommand struct {
	Files []string `arg:"" name:"file" help:"Tables and overlays; an overlay is laid on the table that ships."`
}

// Run compiles the files.
func (m mappingCheckCommand) Run(p process) error {
	if err := app.CheckTables(m.Files); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Right: %s\n", strings.Join(m.Files, ", "))
	return nil
}

// laid says what is laid on the tables that ship.
type laid struct {
	Profile  []string `placeholder:"NAME" help:"Shipped profiles, in order: starling, external-id, sign-in-activity, leave-date, on-premises."`
	Overlays []string `placeholder:"FILE" help:"Overlay files, in order."`
	AppID    string   `name:"extension-app-id" placeholder:"GUID" help:"Client id of the app registration that {appId} stands for. Also ENTRASCIM_EXTENSION_APP_ID and AZURE_CLIENT_ID."`
}

type mappingShowCommand struct {
	Resource string `arg:"" help:"Resource type: User, Group or Application."`
	laid
}

// Run prints the table with everything laid on it.
func (m mappingShowCommand) Run(p process) error {
	return m.print(p, func(t *app.Tables) (string, error) { return t.Show(m.Resource) })
}

type mappingExplainCommand struct {
	Resource  string `arg:"" help:"Resource type: User, Group or Application."`
	Attribute string `arg:"" help:"SCIM attribute, like userName or emails.value."`
	laid
}

// Run prints what the table does with the attribute.
func (m mappingExplainCommand) Run(p process) error {
	return m.print(p, func(t *app.Tables) (string, error) { return t.Explain(m.Resource, m.Attribute) })
}

func (l laid) print(p process, what func(*app.Tables) (string, error)) error {
	tables, err := app.LoadTables(app.Lay{
		Profiles: l.Profile, Files: l.Overlays,
		AppID: cmp.Or(l.AppID, p.getenv("ENTRASCIM_EXTENSION_APP_ID"), p.getenv("AZURE_CLIENT_ID")),
	})
	if err != nil {
		return err
	}
	text, err := what(tables)
	if err != nil {
		return usageError{err}
	}
	fmt.Fprint(p.stdout, text)
	return nil
}
