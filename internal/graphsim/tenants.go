package graphsim

import (
	"fmt"
	"strings"

	"entrascim/internal/graphsim/login"
)

// Tenant gives the directory of a tenant. One that is not known yet is made,
// with its domains and nothing else.
func (s *Simulator) Tenant(id string) *Directory {
	id = strings.ToLower(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.tenants[id]; ok {
		return d
	}
	d := newDirectory(id, s.schema, s.options.Seed, s.Now)
	d.noPIM = s.options.NoPIM
	d.SetLag(s.options.Lag)
	if err := d.addDomains(s.options.Domains); err != nil {
		panic(err) // the options name a domain twice
	}
	if err := d.addRoleDefinitions(); err != nil {
		panic(err) // the table names a role twice
	}
	s.tenants[id] = d
	s.login.AddTenant(id, s.names(id)...)
	return d
}

// names are the domains by which a tenant can be addressed: only the first tenant
// has them to itself.
func (s *Simulator) names(tenant string) []string {
	if tenant != strings.ToLower(s.options.TenantID) {
		return nil
	}
	names := make([]string, 0, len(s.options.Domains))
	for _, domain := range s.options.Domains {
		names = append(names, domain.Name)
	}
	return names
}

// Login is the login service, where applications, their credentials and what
// tenants granted them are registered.
func (s *Simulator) Login() *login.Service { return s.login }

// Register makes an application known: to the login service, and as application
// and service principal to the directory of its tenant, which grants it the
// permissions that it asks for. Directory roles such as "User Administrator" let
// it do what a permission alone does not, such as setting passwords.
func (s *Simulator) Register(app login.App, directoryRoles ...string) error {
	if app.TenantID == "" {
		app.TenantID = s.options.TenantID
	}
	d := s.Tenant(app.TenantID)
	s.login.Register(app)
	s.login.Grant(app.TenantID, app.ID, app.Roles)
	name := or(app.DisplayName, app.ID)
	if _, err := d.Add("application", Values{"appId": app.ID, "displayName": name}); err != nil {
		return fmt.Errorf("graphsim: register %s: %w", app.ID, err)
	}
	id := login.ObjectID(app.TenantID, app.ID)
	if _, err := d.Add("servicePrincipal", Values{"id": id, "appId": app.ID, "displayName": name}); err != nil {
		return fmt.Errorf("graphsim: register %s: %w", app.ID, err)
	}
	for _, role := range directoryRoles {
		d.GrantRole(id, role)
	}
	return nil
}

// admit gives the directory of a caller. An application that a tenant consented
// to has its service principal there from its first request on.
func (s *Simulator) admit(who login.Identity) *Directory {
	d := s.Tenant(who.TenantID)
	d.principal(who.ObjectID, who.AppID, who.AppID)
	return d
}
