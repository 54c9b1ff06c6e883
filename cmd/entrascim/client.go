package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"entrascim/internal/admin"
	"entrascim/internal/tenant"
)

type clientCommand struct {
	Add    clientAddCommand    `cmd:"" help:"Add a client, and print its secret once."`
	List   clientListCommand   `cmd:"" help:"List the clients of a tenant."`
	Rotate clientRotateCommand `cmd:"" help:"Give a client another secret, and print it once."`
	Revoke clientRevokeCommand `cmd:"" help:"Remove a client: none of its credentials is good any more."`
}

type clientAddCommand struct {
	managed
	asJSON
	Tenant        string            `arg:"" help:"Name of the tenant."`
	Name          string            `arg:"" help:"What the client is called in logs."`
	Kind          string            `default:"bearer" enum:"bearer,client-credentials,jwt,basic" help:"How it proves who it is: ${enum}. Default: ${default}."`
	Role          string            `default:"read-write" enum:"read-only,read-write" help:"What it may do: ${enum}. Default: ${default}."`
	DryRun        bool              `help:"Make none of its changes: each is checked, and answered with the Graph calls that it would take."`
	ResourceTypes []string          `name:"resource-type" placeholder:"TYPE" help:"Resource type that it may reach, such as User; may be given several times. Without it: all."`
	Networks      []string          `name:"network" placeholder:"CIDR" help:"Address or network that it may call from; may be given several times. Without it: any."`
	Dialect       string            `default:"rfc" help:"How it speaks SCIM: rfc, entra, okta or one-identity. Default: ${default}."`
	Me            string            `placeholder:"GUID" help:"Id of the user that /Me stands for when it asks."`
	Issuer        string            `placeholder:"URL" help:"Of kind jwt: the issuer of its tokens."`
	Audience      string            `help:"Of kind jwt: what its tokens must have in aud."`
	Claims        map[string]string `name:"claim" mapsep:"none" placeholder:"NAME=VALUE" help:"Of kind jwt: what else its tokens must have; may be given several times."`
	Expires       time.Time         `placeholder:"TIME" help:"When its secret ends, like 2027-01-31T00:00:00Z. Without it: never."`
}

// Run adds a client.
func (c clientAddCommand) Run(ctx context.Context, p process) error {
	return c.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		r, secret, err := service.AddClient(ctx, actor(), c.Tenant, admin.NewClient{
			Name: c.Name, Kind: tenant.Kind(c.Kind), Role: tenant.Role(c.Role), DryRun: c.DryRun, ResourceTypes: c.ResourceTypes, Networks: c.Networks, Dialect: c.Dialect,
			Me: c.Me, Issuer: c.Issuer, Audience: c.Audience, Claims: c.Claims, Expires: c.Expires,
		})
		if err != nil {
			return err
		}
		return c.told(p, r, secret)
	})
}

// told prints a client that has a new secret.
func (j asJSON) told(p process, r tenant.ClientRecord, secret string) error {
	return j.show(p, admin.ViewClient(r, secret), func(w io.Writer) {
		fmt.Fprintf(w, "id\t%s\n", r.ID)
		if secret != "" {
			fmt.Fprintf(w, "secret\t%s\n", secret)
		}
	})
}

type clientListCommand struct {
	managed
	asJSON
	Tenant string `arg:"" help:"Name of the tenant."`
}

// Run prints one client a line.
func (c clientListCommand) Run(ctx context.Context, p process) error {
	return c.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		records, err := service.ListClients(ctx, c.Tenant)
		if err != nil {
			return err
		}
		views := make([]admin.Client, 0, len(records))
		for _, r := range records {
			views = append(views, admin.ViewClient(r, ""))
		}
		return c.show(p, views, func(w io.Writer) {
			fmt.Fprintln(w, "NAME\tID\tKIND\tROLE\tSECRETS UNTIL")
			for _, v := range views {
				var until []string
				for _, one := range v.Secrets {
					until = append(until, day(one.Expires))
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Name, v.ID, v.Kind, v.Role, orDash(strings.Join(until, ", ")))
			}
		})
	})
}

type clientRotateCommand struct {
	managed
	asJSON
	Tenant  string        `arg:"" help:"Name of the tenant."`
	Name    string        `arg:"" help:"Name of the client."`
	Overlap time.Duration `default:"24h" help:"How long the secrets before stay good. Default: ${default}."`
	Expires time.Time     `placeholder:"TIME" help:"When the new secret ends, like 2027-01-31T00:00:00Z. Without it: never."`
}

// Run gives a client another secret.
func (c clientRotateCommand) Run(ctx context.Context, p process) error {
	return c.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		r, secret, err := service.RotateClient(ctx, actor(), c.Tenant, c.Name, 0, admin.Rotation{Overlap: c.Overlap, Expires: c.Expires})
		if err != nil {
			return err
		}
		return c.told(p, r, secret)
	})
}

type clientRevokeCommand struct {
	managed
	Tenant string `arg:"" help:"Name of the tenant."`
	Name   string `arg:"" help:"Name of the client."`
}

// Run removes a client.
func (c clientRevokeCommand) Run(ctx context.Context, p process) error {
	return c.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		err := service.RevokeClient(ctx, actor(), c.Tenant, c.Name, 0)
		if err == nil {
			fmt.Fprintf(p.stdout, "Client %s of tenant %s was revoked.\n", c.Name, c.Tenant)
		}
		return err
	})
}
