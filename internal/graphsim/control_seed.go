package graphsim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"entrascim/internal/graphsim/login"
)

// A Seed is what is to be added to a tenant. Objects are Graph JSON and are
// stored as if they had always been there: an id may be given, read-only
// properties too, and of Graph's rules only uniqueness applies. Relations are
// written as Graph writes them, "manager": {"id": …}, "members": [{"id": …}],
// "owners", "sponsors", or as "members@odata.bind": [url, …]; they may name objects of the
// same seed that come later. Passwords are not kept.
type Seed struct {
	Users             []Values `json:"users"`
	Groups            []Values `json:"groups"`
	Applications      []Values `json:"applications"`
	ServicePrincipals []Values `json:"servicePrincipals"`
	Domains           []Values `json:"domains"`
	// SubscribedSkus are licenses; an id is made of the tenant's and the skuId.
	SubscribedSkus []Values `json:"subscribedSkus"`
	// RoleDefinitions are custom directory roles: the built-in ones are there.
	RoleDefinitions []Values `json:"roleDefinitions"`
	// SignIns and DirectoryAudits are what is in the logs.
	SignIns          []Values `json:"signIns"`
	DirectoryAudits  []Values `json:"directoryAudits"`
	SchemaExtensions []Values `json:"schemaExtensions"`
	// SynchronizationJobs provision into applications.
	SynchronizationJobs []SeededJob `json:"synchronizationJobs"`
	// AppRoleAssignments have principalId, resourceId and appRoleId.
	AppRoleAssignments []Values `json:"appRoleAssignments"`
	// RoleAssignments have principalId, roleDefinitionId and, unless it is the whole
	// directory, directoryScopeId; RoleEligibilitySchedules the same, and scheduleInfo when
	// they end.
	RoleAssignments          []Values `json:"roleAssignments"`
	RoleEligibilitySchedules []Values `json:"roleEligibilitySchedules"`
	// Registrations are applications that can sign in.
	Registrations []Registration `json:"registrations"`
}

// A SeededJob is a provisioning job of a service principal; see ProvisioningJob.
type SeededJob struct {
	ServicePrincipalID string `json:"servicePrincipalId"`
	ID                 string `json:"id"`
	Code               string `json:"code"`
}

// A Registration is an application that signs in with a secret. Its tenant
// grants it the roles that it asks for.
type Registration struct {
	AppID          string   `json:"appId"`
	DisplayName    string   `json:"displayName"`
	Secret         string   `json:"secret"`
	MultiTenant    bool     `json:"multiTenant"` // other tenants may consent to it
	RedirectURIs   []string `json:"redirectUris"`
	Roles          []string `json:"roles"`          // application permissions: "User.Read.All"
	DirectoryRoles []string `json:"directoryRoles"` // "User Administrator"
}

// Seeded are the ids of the objects that a seed added, by set, in its order.
type Seeded map[string][]string

// Seed adds objects to a tenant, which is made if it is not known; an empty id is
// the first tenant. It stops at the first object that cannot be added; what came
// before stays.
func (s *Simulator) Seed(tenantID string, seed Seed) (Seeded, error) {
	if tenantID == "" {
		tenantID = s.options.TenantID
	}
	if !isGUID(tenantID) {
		return nil, fmt.Errorf("graphsim: tenant %q is not a GUID", tenantID)
	}
	d, added := s.Tenant(tenantID), Seeded{}
	sets := []struct {
		entity, name string
		objects      []Values
	}{
		{"domain", "domains", seed.Domains},
		{"subscribedSku", "subscribedSkus", seed.SubscribedSkus},
		{"unifiedRoleDefinition", "roleDefinitions", seed.RoleDefinitions},
		{"user", "users", seed.Users},
		{"group", "groups", seed.Groups},
		{"application", "applications", seed.Applications},
		{"servicePrincipal", "servicePrincipals", seed.ServicePrincipals},
		{"signIn", "signIns", seed.SignIns},
		{"directoryAudit", "directoryAudits", seed.DirectoryAudits},
		{"schemaExtension", "schemaExtensions", seed.SchemaExtensions},
	}
	for _, set := range sets {
		for i, v := range set.objects {
			id, err := d.Add(set.entity, propertiesOf(v))
			if err != nil {
				return added, fmt.Errorf("%s[%d]: %w", set.name, i, err)
			}
			added[set.name] = append(added[set.name], id)
		}
	}
	for _, set := range sets {
		for i, v := range set.objects {
			if err := d.relate(added[set.name][i], v); err != nil {
				return added, fmt.Errorf("%s[%d]: %w", set.name, i, err)
			}
		}
	}
	return added, errors.Join(d.seedAssignments(seed.AppRoleAssignments, added), d.seedRoles(seed, added), d.seedJobs(seed, added), s.seedRegistrations(tenantID, seed.Registrations))
}

// seededRelations are the relations that a seed can give an object.
var seededRelations = []string{"manager", "members", "owners", "sponsors"}

// propertiesOf is an object without its relations, its annotations and its
// password.
func propertiesOf(v Values) Values {
	own := Values{}
	for name, value := range v {
		switch {
		case slices.Contains(seededRelations, name), name == "passwordProfile", strings.Contains(name, "@"):
		default:
			own[name] = value
		}
	}
	return own
}

// relate links a seeded object to others.
func (d *Directory) relate(id string, v Values) error {
	for name, value := range v {
		relation, _, bound := strings.Cut(name, "@odata.bind")
		if strings.Contains(name, "@") && !bound {
			continue
		}
		if !slices.Contains(seededRelations, relation) {
			continue
		}
		ids, err := targets(value)
		if err == nil {
			err = d.relateTo(id, relation, ids)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (d *Directory) relateTo(id, relation string, ids []string) error {
	switch {
	case relation == "members":
		return d.AddMembers(id, ids...)
	case relation == "owners":
		return d.AddOwners(id, ids...)
	case relation == "sponsors":
		return d.AddSponsors(id, ids...)
	case len(ids) == 0:
		return nil
	case len(ids) > 1:
		return errors.New("a user has one manager")
	}
	return d.SetManager(id, ids[0])
}

// targets are the ids of {"id": …}, of a URL that ends in an id, or of a list of
// those.
func targets(value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{strings.ToLower(v[strings.LastIndexByte(v, '/')+1:])}, nil
	case map[string]any:
		if id, ok := v["id"].(string); ok {
			return []string{strings.ToLower(id)}, nil
		}
	case []any:
		var all []string
		for _, one := range v {
			ids, err := targets(one)
			if err != nil {
				return nil, err
			}
			all = append(all, ids...)
		}
		return all, nil
	}
	return nil, errors.New(`expected {"id": …} or a URL, or a list of them`)
}

func (d *Directory) seedAssignments(list []Values, added Seeded) error {
	for i, v := range list {
		principal, _ := v["principalId"].(string)
		resource, _ := v["resourceId"].(string)
		role, _ := v["appRoleId"].(string)
		id, err := d.Assign(strings.ToLower(principal), strings.ToLower(resource), strings.ToLower(role))
		if err != nil {
			return fmt.Errorf("appRoleAssignments[%d]: %w", i, err)
		}
		added["appRoleAssignments"] = append(added["appRoleAssignments"], id)
	}
	return nil
}

func (d *Directory) seedRoles(seed Seed, added Seeded) error {
	text := func(v Values, name string) string {
		s, _ := v[name].(string)
		return s
	}
	for i, v := range seed.RoleAssignments {
		id, err := d.AssignRole(strings.ToLower(text(v, "principalId")), text(v, "roleDefinitionId"), text(v, "directoryScopeId"))
		if err != nil {
			return fmt.Errorf("roleAssignments[%d]: %w", i, err)
		}
		added["roleAssignments"] = append(added["roleAssignments"], id)
	}
	for i, v := range seed.RoleEligibilitySchedules {
		until, err := endOf(v["scheduleInfo"])
		if err != nil {
			return fmt.Errorf("roleEligibilitySchedules[%d]: %w", i, err)
		}
		id, err := d.MakeEligible(strings.ToLower(text(v, "principalId")), text(v, "roleDefinitionId"), text(v, "directoryScopeId"), until)
		if err != nil {
			return fmt.Errorf("roleEligibilitySchedules[%d]: %w", i, err)
		}
		added["roleEligibilitySchedules"] = append(added["roleEligibilitySchedules"], id)
	}
	return nil
}

func (d *Directory) seedJobs(seed Seed, added Seeded) error {
	for i, v := range seed.SynchronizationJobs {
		id, err := d.AddJob(strings.ToLower(v.ServicePrincipalID), ProvisioningJob{ID: v.ID, Code: v.Code})
		if err != nil {
			return fmt.Errorf("synchronizationJobs[%d]: %w", i, err)
		}
		added["synchronizationJobs"] = append(added["synchronizationJobs"], id)
	}
	return nil
}

// endOf is when a schedule ends, as scheduleInfo tells it; the zero time for never.
func endOf(info any) (time.Time, error) {
	about, _ := info.(map[string]any)
	expires, _ := about["expiration"].(map[string]any)
	end, _ := expires["endDateTime"].(string)
	if end == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, end)
}

func (s *Simulator) seedRegistrations(tenantID string, list []Registration) error {
	for i, r := range list {
		app := login.App{
			ID: r.AppID, DisplayName: r.DisplayName, TenantID: tenantID, MultiTenant: r.MultiTenant,
			RedirectURIs: r.RedirectURIs, Roles: r.Roles,
		}
		if r.Secret != "" {
			app.Secrets = []login.Secret{{Value: r.Secret}}
		}
		if !isGUID(r.AppID) {
			return fmt.Errorf("registrations[%d]: appId %q is not a GUID", i, r.AppID)
		}
		if err := s.Register(app, r.DirectoryRoles...); err != nil {
			return fmt.Errorf("registrations[%d]: %w", i, err)
		}
	}
	return nil
}

func (s *Simulator) controlSeed(w http.ResponseWriter, r *http.Request) {
	var seed Seed
	if err := readStrictly(w, r, &seed); err != nil {
		answerControl(w, err)
		return
	}
	added, err := s.Seed(r.URL.Query().Get("tenant"), seed)
	if err != nil {
		answerControl(w, err)
		return
	}
	say(w, added)
}
