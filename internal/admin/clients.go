package admin

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

// A NewClient is a client to be added. What is left out of Kind, Role and Dialect is
// bearer, read-write and rfc.
type NewClient struct {
	Name          string            `json:"name"`
	Kind          tenant.Kind       `json:"kind"`
	Role          tenant.Role       `json:"role"`
	DryRun        bool              `json:"dryRun"` // each of its changes is a dry run
	ResourceTypes []string          `json:"resourceTypes"`
	Networks      []string          `json:"networks"` // addresses, or networks as CIDR has them
	Dialect       string            `json:"dialect"`
	Me            string            `json:"me"`
	Issuer        string            `json:"issuer"`
	Audience      string            `json:"audience"`
	Claims        map[string]string `json:"claims"`
	Expires       time.Time         `json:"expires"` // of its secret; zero: never
}

// AddClient adds a client of the tenant, and gives its secret, which is told once; "" of
// kind JWT.
func (s *Service) AddClient(ctx context.Context, who Actor, tenantName string, n NewClient) (tenant.ClientRecord, string, error) {
	owner, err := s.o.Store.Tenant(ctx, tenantName)
	if err != nil {
		return tenant.ClientRecord{}, "", err
	}
	r, err := s.client(owner, n)
	if err != nil {
		return r, "", err
	}
	if err := s.unambiguous(ctx, r); err != nil {
		return r, "", err
	}
	secret := ""
	if r.Kind != tenant.JWT {
		secret, r.Secrets = s.newSecret(nil, n.Expires)
	}
	kept, err := s.o.Store.PutClient(ctx, who.does("client.add", "%s, %s, %s", r.Name, r.Kind, r.Role), r)
	if err != nil {
		return r, "", err
	}
	s.o.Changed(ctx)
	return kept, secret, nil
}

// ListClients gives the tenant's clients, by name.
func (s *Service) ListClients(ctx context.Context, tenantName string) ([]tenant.ClientRecord, error) {
	owner, err := s.o.Store.Tenant(ctx, tenantName)
	if err != nil {
		return nil, err
	}
	return s.o.Store.Clients(ctx, owner.ID)
}

// ShowClient gives one client of the tenant.
func (s *Service) ShowClient(ctx context.Context, tenantName, name string) (tenant.ClientRecord, error) {
	owner, err := s.o.Store.Tenant(ctx, tenantName)
	if err != nil {
		return tenant.ClientRecord{}, err
	}
	return s.o.Store.Client(ctx, owner.ID, name)
}

// A Rotation says how a client's secret is replaced.
type Rotation struct {
	Overlap time.Duration // how long the secrets before stay good
	Expires time.Time     // of the new one; zero: never
}

// maxOverlap bounds how long two secrets are good at once.
const maxOverlap = 90 * 24 * time.Hour

// RotateClient gives the client another secret, which is told once.
func (s *Service) RotateClient(ctx context.Context, who Actor, tenantName, name string, revision int64, rotation Rotation) (kept tenant.ClientRecord, secret string, err error) {
	if rotation.Overlap < 0 || rotation.Overlap > maxOverlap {
		return kept, "", fault.New(fault.InvalidValue, "overlap: must be %d days at most, and not negative.", int(maxOverlap/(24*time.Hour)))
	}
	if err := s.inFuture(rotation.Expires); err != nil {
		return kept, "", err
	}
	err = again(revision, func() error {
		r, err := s.clientOf(ctx, tenantName, name, revision)
		if err != nil {
			return err
		}
		if r.Kind == tenant.JWT {
			return fault.New(fault.Conflict, "A client of kind jwt has no secret here: its issuer signs its tokens.")
		}
		secret, r.Secrets = s.newSecret(s.overlapping(r.Secrets, rotation.Overlap), rotation.Expires)
		kept, err = s.o.Store.PutClient(ctx, who.does("client.rotate", "%s, overlap %s", r.Name, rotation.Overlap), r)
		return err
	})
	if err != nil {
		return kept, "", err
	}
	s.o.Changed(ctx)
	return kept, secret, nil
}

// RevokeClient removes the client: none of its credentials is good any more.
func (s *Service) RevokeClient(ctx context.Context, who Actor, tenantName, name string, revision int64) error {
	r, err := s.clientOf(ctx, tenantName, name, revision)
	if err != nil {
		return err
	}
	if err := s.o.Store.RemoveClient(ctx, who.does("client.revoke", "%s", r.Name), r.ID); err != nil {
		return err
	}
	s.o.Changed(ctx)
	return nil
}

// clientOf is the client as it is now, which must have the revision; 0: whichever.
func (s *Service) clientOf(ctx context.Context, tenantName, name string, revision int64) (tenant.ClientRecord, error) {
	r, err := s.ShowClient(ctx, tenantName, name)
	if err == nil && revision != 0 && revision != r.Revision {
		err = fault.New(fault.PreconditionFailed, "The client was changed meanwhile: read it again.")
	}
	return r, err
}

// newSecret makes a secret beside the others.
func (s *Service) newSecret(others []tenant.Secret, expires time.Time) (string, []tenant.Secret) {
	text, sum := auth.NewSecret()
	return text, append(others, tenant.Secret{ID: uuid.NewString(), Sum: sum, Created: s.o.Now().UTC(), Expires: expires})
}

// maxOverlapping bounds how many secrets stay beside a new one: the newest.
const maxOverlapping = 4

// overlapping are the secrets that stay for a while.
func (s *Service) overlapping(secrets []tenant.Secret, overlap time.Duration) []tenant.Secret {
	now := s.o.Now().UTC()
	end := now.Add(overlap)
	var all []tenant.Secret
	for _, one := range secrets {
		if one.Expires.IsZero() || one.Expires.After(end) {
			one.Expires = end
		}
		if one.Expires.After(now) {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b tenant.Secret) int { return a.Created.Compare(b.Created) })
	return all[max(0, len(all)-maxOverlapping):]
}

// client makes the record of a client, or tells what is wrong with it.
func (s *Service) client(owner tenant.Record, n NewClient) (tenant.ClientRecord, error) {
	r := tenant.ClientRecord{
		ID: uuid.NewString(), TenantID: owner.ID, Name: n.Name,
		Kind: cmp.Or(n.Kind, tenant.Bearer), Role: cmp.Or(n.Role, tenant.ReadWrite), Dialect: cmp.Or(n.Dialect, "rfc"),
		DryRun: n.DryRun, ResourceTypes: n.ResourceTypes, Me: n.Me, Issuer: n.Issuer, Audience: n.Audience, Claims: n.Claims,
	}
	for _, text := range n.Networks {
		network, err := parseNetwork(text)
		if err != nil {
			return r, fault.New(fault.InvalidValue, "networks: must be addresses or networks like 10.0.0.0/8.")
		}
		r.Networks = append(r.Networks, network)
	}
	var mistakes []string
	for _, rule := range s.rules(r) {
		if !rule.ok {
			mistakes = append(mistakes, rule.want)
		}
	}
	if len(mistakes) > 0 {
		return r, fault.New(fault.InvalidValue, "%s.", strings.Join(mistakes, "; "))
	}
	if r.Kind == tenant.JWT && !n.Expires.IsZero() {
		return r, fault.New(fault.InvalidValue, "expires: a client of kind jwt has no secret that could expire.")
	}
	return r, s.inFuture(n.Expires)
}

type rule struct {
	ok   bool
	want string
}

func (s *Service) rules(r tenant.ClientRecord) []rule {
	_, dialect := scim.FindDialect(r.Dialect)
	external := r.Kind == tenant.JWT
	return []rule{
		{slices.Contains(tenant.Kinds(), r.Kind), "kind: must be bearer, client-credentials, jwt or basic"},
		{r.Role == tenant.ReadOnly || r.Role == tenant.ReadWrite, "role: must be read-only or read-write"},
		{dialect, "dialect: must be rfc, entra, okta or one-identity"},
		{!slices.ContainsFunc(r.ResourceTypes, func(name string) bool { return !slices.Contains(s.o.ResourceTypes, name) }), "resourceTypes: must be of " + strings.Join(s.o.ResourceTypes, ", ")},
		{r.Me == "" || uuid.Validate(r.Me) == nil && len(r.Me) == len(uuid.Nil.String()), "me: must be the user's id, a GUID"},
		{!external || httpsURL(r.Issuer), "issuer: must be the https URL of the issuer"},
		{!external || r.Audience != "", "audience: is missing"},
		{external || r.Issuer == "" && r.Audience == "" && len(r.Claims) == 0, "issuer, audience and claims: are for the kind jwt only"},
	}
}

// unambiguous refuses a client of kind jwt whose tokens could be another client's, too:
// of a token that is good for two neither is believed.
func (s *Service) unambiguous(ctx context.Context, r tenant.ClientRecord) error {
	if r.Kind != tenant.JWT {
		return nil
	}
	all, err := s.o.Store.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, other := range all.Clients {
		same := other.Kind == tenant.JWT && other.Issuer == r.Issuer && other.Audience == r.Audience
		if same && (within(r.Claims, other.Claims) || within(other.Claims, r.Claims)) {
			return fault.New(fault.Conflict, "claims: a token could be that of another client with this issuer and audience, too: give claims that differ.")
		}
	}
	return nil
}

func within(a, b map[string]string) bool {
	for name, value := range a {
		if other, has := b[name]; !has || other != value {
			return false
		}
	}
	return true
}

func (s *Service) inFuture(t time.Time) error {
	if t.IsZero() || t.After(s.o.Now()) {
		return nil
	}
	return fault.New(fault.InvalidValue, "expires: must be in the future.")
}

func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return a.Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

func httpsURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
