package graphsim

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"entrascim/internal/graphsim/login"
)

// graphApp is the application id of Microsoft Graph in every directory.
const graphApp = "00000003-0000-0000-c000-000000000000"

// consented shows in the directory what its administrator granted: service principals
// of the application and of Microsoft Graph, and an app role assignment for each
// permission. What was granted before stays as it is.
func (s *Simulator) consented(tenantID string, app login.App) {
	d := s.Tenant(tenantID)
	id := login.ObjectID(d.tenant, app.ID)
	d.principal(id, app.ID, or(app.DisplayName, app.ID))
	graph := login.ObjectID(d.tenant, graphApp)
	d.principal(graph, graphApp, "Microsoft Graph")
	held := d.appRoles(id)
	for _, role := range app.Roles {
		// The ids of Microsoft's own are in no source of ours.
		roleID := uuid.NewSHA1(uuid.MustParse(graphApp), []byte(role)).String()
		if !slices.Contains(held, roleID) {
			_, _ = d.Assign(id, graph, roleID) // both are there
		}
	}
}

// principal makes a service principal, unless it is there.
func (d *Directory) principal(id, appID, name string) {
	d.mu.RLock()
	known := d.find(nil, id) != nil
	d.mu.RUnlock()
	if !known {
		// Another request may have made it in this moment.
		_, _ = d.Add("servicePrincipal", Values{"id": id, "appId": appID, "displayName": name})
	}
}

// appRoles are the ids of the app roles that a principal was assigned.
func (d *Directory) appRoles(principal string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []string
	if o := d.find(nil, principal); o != nil {
		for _, a := range o.links[assignments].list {
			all = append(all, strings.ToLower(unquote(a.get("appRoleId"))))
		}
	}
	return all
}
