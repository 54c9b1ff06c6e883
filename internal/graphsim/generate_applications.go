package graphsim

import "fmt"

// makeApplications makes the tenant's own applications with their service
// principals, one of another publisher's and a managed identity, and assigns app
// roles.
func (g *generator) makeApplications() error {
	for i := range g.scale.Applications {
		if err := g.application(i); err != nil {
			return err
		}
	}
	if g.scale.Applications == 0 {
		return nil
	}
	return g.foreign()
}

func (g *generator) application(i int) error {
	name := products[i%len(products)]
	if i >= len(products) {
		name = fmt.Sprintf("%s %d", name, i/len(products)+1)
	}
	appID := g.d.ids.next()
	roles := g.appRoles(i)
	id, err := g.d.Add("application", Values{
		"appId": appID, "displayName": name, "description": name + " for employees", "createdDateTime": g.daysAgo(2000),
		"identifierUris": []string{"api://" + appID}, "signInAudience": "AzureADMyOrg", "appRoles": roles,
		"tags": []string{"WindowsAzureActiveDirectoryIntegratedApp"},
	})
	if err != nil {
		return err
	}
	if len(g.staff) > 0 {
		if err := g.d.AddOwners(id, pick(g, g.staff)); err != nil {
			return err
		}
	}
	principal, err := g.d.Add("servicePrincipal", Values{
		"appId": appID, "appRoleAssignmentRequired": i%2 == 0,
		"servicePrincipalNames": []string{appID, "api://" + appID},
	})
	if err != nil {
		return err
	}
	if i%3 == 0 { // the others are not provisioned into
		if _, err := g.d.AddJob(principal, ProvisioningJob{}); err != nil {
			return err
		}
	}
	return g.assignRoles(i, principal, roles)
}

// appRoles are what an application lets be assigned. Every fifth one declares no
// role: it has the default access only.
func (g *generator) appRoles(i int) []map[string]any {
	roles := []map[string]any{}
	if i%5 == 4 {
		return roles
	}
	for _, value := range []string{"Reader", "Contributor", "Administrator"}[:2+i%2] {
		roles = append(roles, map[string]any{
			"allowedMemberTypes": []string{"User"}, "description": value + " access", "displayName": value,
			"id": g.d.ids.next(), "isEnabled": true, "origin": "Application", "value": value,
		})
	}
	return roles
}

// assignRoles gives the roles of an application to some users and groups.
func (g *generator) assignRoles(i int, principal string, roles []map[string]any) error {
	role := func(n int) string {
		if len(roles) == 0 {
			return ""
		}
		id, _ := roles[n%len(roles)]["id"].(string)
		return id
	}
	for n, user := range g.sample(min(5+i%10, len(g.staff)), len(g.staff)) {
		if _, err := g.d.Assign(g.staff[user], principal, role(n)); err != nil {
			return err
		}
	}
	for n := range min(2, len(g.groups)) {
		group := g.groups[(7*i+8+n)%len(g.groups)]
		if group.kind == "distribution" {
			continue // no principal for an app role
		}
		if _, err := g.d.Assign(group.id, principal, role(n)); err != nil {
			return err
		}
	}
	return nil
}

// foreign adds the service principals that stand for no application of the
// tenant's own.
func (g *generator) foreign() error {
	_, err := g.d.Add("servicePrincipal", Values{
		"appId": g.d.ids.next(), "displayName": "Litware Analytics", "appDisplayName": "Litware Analytics",
		"appOwnerOrganizationId": g.d.ids.next(), "appRoles": []map[string]any{},
		"tags": []string{"WindowsAzureActiveDirectoryIntegratedApp"}, "signInAudience": "AzureADMultipleOrgs",
	})
	if err != nil {
		return err
	}
	_, err = g.d.Add("servicePrincipal", Values{
		"appId": g.d.ids.next(), "displayName": "backup-runner", "servicePrincipalType": "ManagedIdentity",
		"appRoles": []map[string]any{},
		"alternativeNames": []string{
			"isExplicit=True",
			"/subscriptions/" + g.d.ids.next() + "/resourcegroups/operations/providers/Microsoft.ManagedIdentity/userAssignedIdentities/backup-runner",
		},
	})
	return err
}
