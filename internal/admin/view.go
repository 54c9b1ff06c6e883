package admin

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// A Tenant is a tenant as it is shown: without its secrets.
type Tenant struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	State       tenant.State   `json:"state"`
	Mode        tenant.Mode    `json:"mode"`
	DirectoryID string         `json:"directoryId,omitzero"`
	Settings    jsontext.Value `json:"settings,omitzero"` // an object
	Overlays    []Overlay      `json:"overlays,omitzero"`
	Credential  *Credential    `json:"credential,omitzero"`
	Problem     string         `json:"problem,omitzero"` // what keeps it from being served
	Revision    int64          `json:"revision"`
	Created     time.Time      `json:"created"`
	Changed     time.Time      `json:"changed"`
}

// An Overlay is a tenant.Overlay as text.
type Overlay struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// A Credential tells how the gateway signs in, not with what.
type Credential struct {
	ClientID        string    `json:"clientId,omitzero"`
	Kind            string    `json:"kind"` // clientSecret, certificate, federatedToken or managedIdentity
	CertificateEnds time.Time `json:"certificateEnds,omitzero"`
}

// A Client is a client as it is shown: without its secrets.
type Client struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Kind          tenant.Kind       `json:"kind"`
	Role          tenant.Role       `json:"role"`
	DryRun        bool              `json:"dryRun,omitzero"`
	ResourceTypes []string          `json:"resourceTypes,omitzero"`
	Networks      []string          `json:"networks,omitzero"`
	Dialect       string            `json:"dialect"`
	Me            string            `json:"me,omitzero"`
	Issuer        string            `json:"issuer,omitzero"`
	Audience      string            `json:"audience,omitzero"`
	Claims        map[string]string `json:"claims,omitzero"`
	Secrets       []Secret          `json:"secrets,omitzero"`
	Revision      int64             `json:"revision"`
	Created       time.Time         `json:"created"`
	Changed       time.Time         `json:"changed"`

	// Secret is the text of a secret that was just made: it is told once.
	Secret string `json:"secret,omitzero"`
}

// A Secret tells how long a secret is good, not what it is.
type Secret struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
}

// An Event is a line of the audit log as it is shown.
type Event struct {
	Sequence int64     `json:"sequence"`
	Time     time.Time `json:"time"`
	Actor    string    `json:"actor"`
	Action   string    `json:"action"`
	TenantID string    `json:"tenantId,omitzero"`
	Tenant   string    `json:"tenant,omitzero"`
	Target   string    `json:"target,omitzero"`
	Detail   string    `json:"detail,omitzero"`
}

// View is the tenant as it is shown.
func (s *Service) View(r tenant.Record) Tenant {
	t := Tenant{
		ID: r.ID, Name: r.Name, State: r.State, Mode: r.Mode, DirectoryID: r.DirectoryID, Settings: settingsOf(r),
		Revision: r.Revision, Created: r.Created, Changed: r.Changed,
	}
	for _, o := range r.Overlays {
		t.Overlays = append(t.Overlays, Overlay{o.Name, string(o.Text)})
	}
	if kind := kindOf(r.Credential); kind != "" {
		t.Credential = &Credential{ClientID: r.Credential.ClientID, Kind: kind, CertificateEnds: s.o.CertificateEnds(r.Credential)}
	}
	return t
}

// Examined is the tenant as it is shown, with its problem.
func (s *Service) Examined(ctx context.Context, r tenant.Record) Tenant {
	t := s.View(r)
	if problem := s.o.Check(ctx, r); problem != nil {
		t.Problem = fault.From(problem).Public()
	}
	return t
}

func kindOf(c tenant.Credential) string {
	switch {
	case c.Secret != "":
		return "clientSecret"
	case len(c.Certificate) > 0:
		return "certificate"
	case c.FederatedTokenFile != "":
		return "federatedToken"
	case c.ManagedIdentity:
		return "managedIdentity"
	}
	return ""
}

// settingsOf are the settings as JSON; none when there are none, or they are not YAML,
// which is then the tenant's problem.
func settingsOf(r tenant.Record) jsontext.Value {
	if len(r.Settings) == 0 {
		return nil
	}
	text, err := yaml.YAMLToJSON(r.Settings)
	if value := jsontext.Value(text); err == nil && value.Compact() == nil && value.Kind() == '{' {
		return value
	}
	return nil
}

// ViewClient is the client as it is shown.
func ViewClient(r tenant.ClientRecord, secret string) Client {
	c := Client{
		ID: r.ID, Name: r.Name, Kind: r.Kind, Role: r.Role, DryRun: r.DryRun, ResourceTypes: r.ResourceTypes, Dialect: r.Dialect, Me: r.Me,
		Issuer: r.Issuer, Audience: r.Audience, Claims: r.Claims, Revision: r.Revision, Created: r.Created, Changed: r.Changed, Secret: secret,
	}
	for _, n := range r.Networks {
		c.Networks = append(c.Networks, n.String())
	}
	for _, one := range r.Secrets {
		c.Secrets = append(c.Secrets, Secret{one.ID, one.Created, one.Expires})
	}
	return c
}

// ViewEvent is the event as it is shown.
func ViewEvent(e tenant.Event) Event { return Event(e) }
