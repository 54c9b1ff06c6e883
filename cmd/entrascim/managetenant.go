package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"entrascim/internal/admin"
	"entrascim/internal/tenant"
)

// described are the flags of what a tenant is served by.
type described struct {
	Settings   secretFile   `placeholder:"FILE" help:"YAML file with settings in the notation of a tenant's file: the groups tenant, mapping, policy and passwords, without secrets and files."`
	SinkSecret secretFile   `name:"passwords-secret-file" placeholder:"FILE" help:"File with what passwords.secret is of a tenant's file; - for standard input."`
	SinkURL    secretFile   `name:"passwords-url-file" placeholder:"FILE" help:"File with what passwords.url is of a tenant's file, when it is a secret; - for standard input."`
	Overlays   []secretFile `name:"overlay" placeholder:"FILE" help:"Overlay on the mapping tables; may be given several times, in order."`
}

// read gives the settings and overlays that were given; nil: none were.
func (d described) read(p process) (settings *[]byte, overlays *[]tenant.Overlay, err error) {
	if d.Settings != "" {
		text, err := d.Settings.bytes(p)
		if err != nil {
			return nil, nil, err
		}
		settings = &text
	}
	for _, file := range d.Overlays {
		text, err := file.bytes(p)
		if err != nil {
			return nil, nil, err
		}
		if overlays == nil {
			overlays = new([]tenant.Overlay)
		}
		*overlays = append(*overlays, tenant.Overlay{Name: filepath.Base(string(file)), Text: text})
	}
	return settings, overlays, nil
}

// sink is what the sink of generated passwords asks for, and where it is; nil: not given.
func (d described) sink(p process) (secret, url *string, err error) {
	if secret, err = d.SinkSecret.readIfGiven(p); err == nil {
		url, err = d.SinkURL.readIfGiven(p)
	}
	return secret, url, err
}

type tenantAddCommand struct {
	managed
	credential
	described
	Name      string `arg:"" help:"What the tenant is called in URLs and logs."`
	Mode      string `default:"single" enum:"single,multi" help:"Whose app registration reaches the directory: single, the tenant's own, or multi, the operator's, which an administrator has to consent to. Default: ${default}."`
	Directory string `name:"directory-id" placeholder:"GUID" help:"Directory (tenant) id. Of mode multi it may be left to whoever consents."`
}

// Run adds a tenant.
func (t tenantAddCommand) Run(ctx context.Context, p process) error {
	n := admin.NewTenant{Name: t.Name, Mode: tenant.Mode(t.Mode), DirectoryID: t.Directory}
	secret, url, err := t.sink(p)
	if err != nil {
		return err
	}
	if secret != nil {
		n.SinkSecret = *secret
	}
	if url != nil {
		n.SinkURL = *url
	}
	if n.Credential, err = t.credential.read(p); err != nil {
		return err
	}
	settings, overlays, err := t.described.read(p)
	if err != nil {
		return err
	}
	if settings != nil {
		n.Settings = *settings
	}
	if overlays != nil {
		n.Overlays = *overlays
	}
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		made, err := service.AddTenant(ctx, actor(), n)
		if err == nil {
			fmt.Fprintf(p.stdout, "Tenant %s was added: %s.\n", made.Name, made.State)
		}
		return err
	})
}

type tenantListCommand struct {
	managed
	asJSON
}

// Run prints one tenant a line.
func (t tenantListCommand) Run(ctx context.Context, p process) error {
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		records, err := service.ListTenants(ctx)
		if err != nil {
			return err
		}
		views := make([]admin.Tenant, 0, len(records))
		for _, r := range records {
			views = append(views, service.View(r))
		}
		return t.show(p, views, func(w io.Writer) {
			fmt.Fprintln(w, "NAME\tSTATE\tMODE\tDIRECTORY\tCHANGED")
			for _, v := range views {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Name, v.State, v.Mode, orDash(v.DirectoryID), day(v.Changed))
			}
		})
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type tenantShowCommand struct {
	managed
	asJSON
	Name string `arg:"" help:"Name of the tenant."`
}

// Run prints what is kept of a tenant, without its secrets.
func (t tenantShowCommand) Run(ctx context.Context, p process) error {
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		r, err := service.ShowTenant(ctx, t.Name)
		if err != nil {
			return err
		}
		v := service.Examined(ctx, r)
		return t.show(p, v, func(w io.Writer) {
			fmt.Fprintf(w, "name\t%s\nid\t%s\nstate\t%s\nmode\t%s\ndirectory\t%s\n", v.Name, v.ID, v.State, v.Mode, orDash(v.DirectoryID))
			if c := v.Credential; c != nil {
				fmt.Fprintf(w, "credential\t%s of application %s\n", c.Kind, orDash(c.ClientID))
				if !c.CertificateEnds.IsZero() {
					fmt.Fprintf(w, "certificate\tends %s\n", day(c.CertificateEnds))
				}
			}
			for _, o := range v.Overlays {
				fmt.Fprintf(w, "overlay\t%s\n", o.Name)
			}
			fmt.Fprintf(w, "created\t%s\nchanged\t%s\n", day(v.Created), day(v.Changed))
			if v.Problem != "" {
				fmt.Fprintf(w, "NOT WELL\t%s\n", v.Problem)
			}
			if settings := strings.TrimSpace(string(r.Settings)); settings != "" {
				fmt.Fprintf(w, "settings\t\n%s\n", settings)
			}
		})
	})
}

type tenantUpdateCommand struct {
	managed
	credential
	described
	Name      string  `arg:"" help:"Name of the tenant."`
	Rename    *string `placeholder:"NAME" help:"What it shall be called."`
	Directory *string `name:"directory-id" placeholder:"GUID" help:"Directory (tenant) id, of a tenant that has none yet."`
}

// Run changes what is given about a tenant.
func (t tenantUpdateCommand) Run(ctx context.Context, p process) error {
	change := admin.TenantChange{Name: t.Rename, DirectoryID: t.Directory}
	if t.given() {
		given, err := t.credential.read(p)
		if err != nil {
			return err
		}
		change.Credential = &given
	}
	var err error
	if change.SinkSecret, change.SinkURL, err = t.sink(p); err != nil {
		return err
	}
	if change.Settings, change.Overlays, err = t.described.read(p); err != nil {
		return err
	}
	if change == (admin.TenantChange{}) {
		return usageError{errors.New("nothing to change was given")}
	}
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		changed, err := service.UpdateTenant(ctx, actor(), t.Name, 0, change)
		return told(p, changed, err, "was changed")
	})
}

// told says what became of a tenant.
func told(p process, r tenant.Record, err error, what string) error {
	if err == nil {
		fmt.Fprintf(p.stdout, "Tenant %s %s: %s.\n", r.Name, what, r.State)
	}
	return err
}

type tenantSuspendCommand struct {
	managed
	Name string `arg:"" help:"Name of the tenant."`
}

// Run suspends a tenant.
func (t tenantSuspendCommand) Run(ctx context.Context, p process) error {
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		r, err := service.SuspendTenant(ctx, actor(), t.Name, 0)
		return told(p, r, err, "is suspended")
	})
}

type tenantResumeCommand struct {
	managed
	Name string `arg:"" help:"Name of the tenant."`
}

// Run has a tenant served again.
func (t tenantResumeCommand) Run(ctx context.Context, p process) error {
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		r, err := service.ResumeTenant(ctx, actor(), t.Name, 0)
		return told(p, r, err, "is served again")
	})
}

type tenantRemoveCommand struct {
	managed
	Name string `arg:"" help:"Name of the tenant."`
}

// Run removes a tenant.
func (t tenantRemoveCommand) Run(ctx context.Context, p process) error {
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		err := service.RemoveTenant(ctx, actor(), t.Name, 0)
		if err == nil {
			fmt.Fprintf(p.stdout, "Tenant %s was removed, with its clients and credential. Its directory keeps what it has.\n", t.Name)
		}
		return err
	})
}

type tenantSwitchCommand struct {
	managed
	credential
	Name string `arg:"" help:"Name of the tenant."`
	Mode string `arg:"" enum:"single,multi" help:"single, with a credential, or multi."`
}

// Run has a tenant reached by another app registration.
func (t tenantSwitchCommand) Run(ctx context.Context, p process) error {
	given, err := t.read(p)
	if err != nil {
		return err
	}
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		r, err := service.SwitchTenant(ctx, actor(), t.Name, 0, tenant.Mode(t.Mode), given)
		return told(p, r, err, "is of mode "+t.Mode)
	})
}

type tenantInviteCommand struct {
	managed
	asJSON
	Name string        `arg:"" help:"Name of the tenant."`
	Life time.Duration `default:"168h" help:"How long the invitation is good. Default: ${default}."`
}

// Run prints the URL that an administrator of the directory is to open.
func (t tenantInviteCommand) Run(ctx context.Context, p process) error {
	return t.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		made, err := service.InviteTenant(ctx, actor(), t.Name, t.Life)
		if err != nil {
			return err
		}
		return t.show(p, made, func(w io.Writer) {
			fmt.Fprintf(w, "url\t%s\nexpires\t%s\n", made.URL, day(made.Expires))
		})
	})
}
