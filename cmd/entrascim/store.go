package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/admin"
	"entrascim/internal/app"
	"entrascim/internal/config"
	"entrascim/internal/tenant"
)

// managed are the flags of a command that manages the store of the configuration.
type managed struct {
	File string `name:"config" placeholder:"FILE" help:"YAML file with the gateway's settings; the environment wins over it. Also ENTRASCIM_CONFIG."`
}

// manage does something with the store.
func (m managed) manage(ctx context.Context, p process, do func(context.Context, *admin.Service) error) error {
	c, err := config.Load(config.Sources{File: cmp.Or(m.File, p.getenv("ENTRASCIM_CONFIG")), Getenv: p.getenv, Unserved: true})
	if err != nil {
		return usageError{err}
	}
	ctx = p.logger(c.Log).WithContext(ctx)
	service, done, err := app.Admin(ctx, c)
	if err != nil {
		return err
	}
	defer done()
	return do(ctx, service)
}

// actor is who the audit log names.
func actor() admin.Actor {
	name := "uid " + fmt.Sprint(os.Getuid())
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return admin.Actor("cli:" + name + "@" + host)
}

// asJSON is the flag of a command that can print for programs.
type asJSON struct {
	JSON bool `name:"json" help:"Print JSON, for programs."`
}

// show prints the value as JSON, or the table.
func (j asJSON) show(p process, value any, table func(w io.Writer)) error {
	if j.JSON {
		text, err := json.Marshal(value, jsontext.WithIndent("  "), json.FormatNilSliceAsNull(false))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "%s\n", text)
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// day is a time as tables have it.
func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// A secretFile names a file with a secret, "-" for standard input: what stands on the
// command line every process of the machine can read.
type secretFile string

// read gives the secret, without the line end that editors leave.
func (f secretFile) read(p process) (string, error) {
	text, err := f.bytes(p)
	return strings.TrimRight(string(text), "\r\n"), err
}

// readIfGiven is read of a file that may be left out; nil: it was.
func (f secretFile) readIfGiven(p process) (*string, error) {
	if f == "" {
		return nil, nil //nolint:nilnil // as said
	}
	text, err := f.read(p)
	return &text, err
}

// maxFile is the most that a file on the command line may hold, in bytes.
const maxFile = 4 << 20

func (f secretFile) bytes(p process) ([]byte, error) {
	from := p.stdin
	if f != "-" {
		file, err := os.Open(string(f))
		if err != nil {
			return nil, usageError{err}
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	switch {
	case err != nil:
		return nil, usageError{err}
	case len(text) > maxFile:
		return nil, usageError{fmt.Errorf("%s is longer than %d bytes", f, maxFile)}
	case len(text) == 0:
		return nil, usageError{fmt.Errorf("%s is empty", f)}
	}
	return text, nil
}

// credential are the flags of how the gateway signs in to a directory.
type credential struct {
	ClientID            string     `name:"client-id" placeholder:"GUID" help:"Application (client) id of the tenant's app registration."`
	ClientSecretFile    secretFile `name:"client-secret-file" placeholder:"FILE" help:"File with the client secret; - for standard input."`
	CertificateFile     secretFile `name:"certificate-file" placeholder:"FILE" help:"PEM or PKCS #12 file with a certificate and its private key."`
	CertificatePassword secretFile `name:"certificate-password-file" placeholder:"FILE" help:"File with the password of that file."`
	FederatedTokenFile  string     `name:"federated-token-file" placeholder:"FILE" help:"The federated token file of the gateway's own workload identity (AZURE_FEDERATED_TOKEN_FILE)."`
	ManagedIdentity     bool       `name:"managed-identity" help:"Sign in with the managed identity of the gateway's machine."`
}

// given tells whether there is any.
func (c credential) given() bool { return c != credential{} }

func (c credential) read(p process) (tenant.Credential, error) {
	all := tenant.Credential{ClientID: c.ClientID, FederatedTokenFile: c.FederatedTokenFile, ManagedIdentity: c.ManagedIdentity}
	var errs []error
	var err error
	if c.ClientSecretFile != "" {
		all.Secret, err = c.ClientSecretFile.read(p)
		errs = append(errs, err)
	}
	if c.CertificateFile != "" {
		all.Certificate, err = c.CertificateFile.bytes(p)
		errs = append(errs, err)
	}
	if c.CertificatePassword != "" {
		all.CertificatePassword, err = c.CertificatePassword.read(p)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

type storeCommand struct {
	Reseal storeResealCommand `cmd:"" help:"Seal again, with the first key, what is sealed with an older one; then that can go."`
}

type storeResealCommand struct{ managed }

// Run seals again.
func (s storeResealCommand) Run(ctx context.Context, p process) error {
	return s.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		n, err := service.Reseal(ctx, actor())
		if err == nil {
			fmt.Fprintf(p.stdout, "%d values were sealed again.\n", n)
		}
		return err
	})
}

type auditCommand struct {
	managed
	asJSON
	Tenant string `arg:"" optional:"" help:"Name of a tenant, or the id of one that was removed; without it all."`
	After  int64  `help:"Begin behind the event of this number." placeholder:"N"`
	Limit  int    `default:"100" help:"Events at most: the newest, or, with --after, the next. Default: ${default}."`
}

// Run prints the audit log, the oldest of what is asked for first.
func (a auditCommand) Run(ctx context.Context, p process) error {
	return a.manage(ctx, p, func(ctx context.Context, service *admin.Service) error {
		events, err := service.Recent(ctx, a.Tenant, a.After, a.Limit)
		if err != nil {
			return err
		}
		views := make([]admin.Event, 0, len(events))
		for _, e := range events {
			views = append(views, admin.ViewEvent(e))
		}
		return a.show(p, views, func(w io.Writer) {
			for _, e := range views {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", e.Sequence, day(e.Time), e.Actor, e.Action, e.Tenant, e.Detail)
			}
		})
	})
}
