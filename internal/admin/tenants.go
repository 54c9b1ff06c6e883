package admin

import (
	"context"
	"errors"
	"strings"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// A NewTenant is a tenant to be added. One of mode single needs a directory and a
// credential, and is active at once; one of mode multi is invited.
type NewTenant struct {
	Name        string
	Mode        tenant.Mode
	DirectoryID string
	Settings    []byte // see tenant.Record
	Overlays    []tenant.Overlay
	Credential  tenant.Credential
	SinkSecret  string // see tenant.Record
	SinkURL     string
}

// A TenantChange is what shall be otherwise about a tenant; nil: nothing.
type TenantChange struct {
	Name        *string
	DirectoryID *string // of a tenant that has none yet
	Settings    *[]byte
	Overlays    *[]tenant.Overlay
	Credential  *tenant.Credential
	SinkSecret  *string
	SinkURL     *string
}

// AddTenant adds a tenant.
func (s *Service) AddTenant(ctx context.Context, who Actor, n NewTenant) (tenant.Record, error) {
	r := tenant.Record{
		Name: n.Name, Mode: n.Mode, DirectoryID: n.DirectoryID, Settings: n.Settings, Overlays: n.Overlays, Credential: n.Credential, SinkSecret: n.SinkSecret, SinkURL: n.SinkURL,
	}
	if r.Mode == "" {
		r.Mode = tenant.Single
	}
	move := tenant.Activate
	if r.Mode == tenant.Multi {
		move = tenant.Invite
	}
	var err error
	if r.State, err = r.State.After(move); err != nil {
		return r, err
	}
	return s.put(ctx, who, "tenant.add", "mode "+string(r.Mode)+", directory "+orNone(r.DirectoryID), r)
}

// ListTenants gives all tenants, by name.
func (s *Service) ListTenants(ctx context.Context) ([]tenant.Record, error) {
	return s.o.Store.Tenants(ctx)
}

// ShowTenant gives the tenant of the name.
func (s *Service) ShowTenant(ctx context.Context, name string) (tenant.Record, error) {
	return s.o.Store.Tenant(ctx, name)
}

// UpdateTenant changes a tenant. The revision must be the one in force; 0: whichever.
func (s *Service) UpdateTenant(ctx context.Context, who Actor, name string, revision int64, c TenantChange) (tenant.Record, error) {
	return s.change(ctx, who, name, revision, "tenant.update", func(r *tenant.Record) (string, error) {
		var changed []string
		if c.Name != nil {
			changed, r.Name = append(changed, "name"), *c.Name
		}
		if c.DirectoryID != nil && !strings.EqualFold(*c.DirectoryID, r.DirectoryID) {
			if r.DirectoryID != "" {
				return "", fault.New(fault.Mutability, "A tenant keeps its directory: add another tenant for another directory.")
			}
			changed, r.DirectoryID = append(changed, "directoryId"), *c.DirectoryID
		}
		if c.Settings != nil {
			changed, r.Settings = append(changed, "settings"), *c.Settings
		}
		if c.Overlays != nil {
			changed, r.Overlays = append(changed, "overlays"), *c.Overlays
		}
		if c.Credential != nil {
			changed, r.Credential = append(changed, "credential"), *c.Credential
		}
		if c.SinkSecret != nil {
			changed, r.SinkSecret = append(changed, "passwordsSecret"), *c.SinkSecret
		}
		if c.SinkURL != nil {
			changed, r.SinkURL = append(changed, "passwordsUrl"), *c.SinkURL
		}
		if len(changed) == 0 {
			return "", errSame
		}
		return strings.Join(changed, ", "), nil
	})
}

// errSame says that a tenant is already as it shall be.
var errSame = errors.New("nothing is to be changed")

// SwitchTenant has the tenant reached by its own app registration, with the credential,
// or by the operator's, which needs none. Its id, clients and cursors stay.
func (s *Service) SwitchTenant(ctx context.Context, who Actor, name string, revision int64, to tenant.Mode, credential tenant.Credential) (tenant.Record, error) {
	return s.change(ctx, who, name, revision, "tenant.switch", func(r *tenant.Record) (string, error) {
		if to != tenant.Single && to != tenant.Multi {
			return "", fault.New(fault.InvalidValue, "mode: must be single or multi.")
		}
		detail := "from " + string(r.Mode) + " to " + string(to)
		r.Mode, r.Credential = to, credential
		if to == tenant.Single && r.State != tenant.Suspended { // it has what it takes
			var err error
			if r.State, err = r.State.After(tenant.Activate); err != nil {
				return "", err
			}
		}
		return detail, nil
	})
}

// SuspendTenant has the tenant's clients refused, and its directory asked nothing.
func (s *Service) SuspendTenant(ctx context.Context, who Actor, name string, revision int64) (tenant.Record, error) {
	return s.move(ctx, who, name, revision, tenant.Suspend)
}

// ResumeTenant has a suspended tenant served again.
func (s *Service) ResumeTenant(ctx context.Context, who Actor, name string, revision int64) (tenant.Record, error) {
	return s.move(ctx, who, name, revision, tenant.Resume)
}

// RemoveTenant removes the tenant for good, with its clients, invitations and
// credential. The directory keeps what it has.
func (s *Service) RemoveTenant(ctx context.Context, who Actor, name string, revision int64) error {
	_, err := s.move(ctx, who, name, revision, tenant.Remove)
	return err
}

// Bounds of an invitation's life.
const (
	InvitationLife    = 7 * 24 * time.Hour // unless somebody says otherwise
	maxInvitationLife = 90 * 24 * time.Hour
)

// An Invited is an invitation that was made. The URL is told once.
type Invited struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// InviteTenant makes an invitation to consent, good for the life, 0: InvitationLife. A
// tenant that is served goes on being served meanwhile.
func (s *Service) InviteTenant(ctx context.Context, who Actor, name string, life time.Duration) (Invited, error) {
	if life == 0 {
		life = InvitationLife
	}
	if life < 0 || life > maxInvitationLife {
		return Invited{}, fault.New(fault.InvalidValue, "life: must be more than 0, and %d days at most.", int(maxInvitationLife/(24*time.Hour)))
	}
	r, err := s.o.Store.Tenant(ctx, name)
	if err != nil {
		return Invited{}, err
	}
	if r.Mode != tenant.Multi {
		return Invited{}, fault.New(fault.Conflict, "A tenant of mode single has an app registration of its own: there is nothing to consent to. Switch it to multi first.")
	}
	if _, err := r.State.After(tenant.Invite); err != nil {
		return Invited{}, err
	}
	invitation, url, err := s.o.Invite(r.ID, s.o.Now().UTC(), life)
	if err != nil {
		return Invited{}, err
	}
	change := who.does("tenant.invite", "until %s", invitation.Expires.Format(time.RFC3339))
	if err := s.o.Store.PutInvitation(ctx, change, invitation); err != nil {
		return Invited{}, err
	}
	return Invited{invitation.ID, url, invitation.Expires}, nil
}

// move brings the tenant into another state.
func (s *Service) move(ctx context.Context, who Actor, name string, revision int64, m tenant.Move) (tenant.Record, error) {
	return s.change(ctx, who, name, revision, "tenant."+string(m), func(r *tenant.Record) (string, error) {
		before := r.State
		var err error
		r.State, err = before.After(m)
		return "from " + string(before) + " to " + string(r.State), err
	})
}

// change does something to a tenant, which also tells the audit log what.
func (s *Service) change(ctx context.Context, who Actor, name string, revision int64, action string, do func(*tenant.Record) (string, error)) (tenant.Record, error) {
	var kept tenant.Record
	err := again(revision, func() error {
		r, err := s.o.Store.Tenant(ctx, name)
		if err != nil {
			return err
		}
		if revision != 0 && revision != r.Revision {
			return fault.New(fault.PreconditionFailed, "The tenant was changed meanwhile: read it again.")
		}
		detail, err := do(&r)
		if errors.Is(err, errSame) {
			kept = r
			return nil
		}
		if err != nil {
			return err
		}
		kept, err = s.put(ctx, who, action, detail, r)
		return err
	})
	return kept, err
}

// put keeps a tenant that could be served like that; one that will not be need not be.
func (s *Service) put(ctx context.Context, who Actor, action, detail string, r tenant.Record) (tenant.Record, error) {
	if r.State != tenant.Suspended && r.State != tenant.Removed || action == "tenant.update" || action == "tenant.switch" {
		if err := s.o.Check(ctx, r); err != nil {
			return r, err
		}
	}
	kept, err := s.o.Store.PutTenant(ctx, who.does(action, "%s", detail), r)
	if err != nil {
		return r, err
	}
	s.o.Changed(ctx)
	return kept, nil
}

func orNone(s string) string {
	if s == "" {
		return "none yet"
	}
	return s
}
