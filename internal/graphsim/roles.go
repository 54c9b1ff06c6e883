package graphsim

import "fmt"

// builtInRoles are directory roles that every tenant has, by template id, which is the
// id of the role definition. Source:
// https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
var builtInRoles = []struct{ id, name, does string }{
	{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator", "Can manage all aspects of Microsoft Entra ID and Microsoft services that use Microsoft Entra identities."},
	{"88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", "Can read basic directory information."},
	{"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator", "Can manage all aspects of users and groups, including resetting passwords for limited admins."},
	{"729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator", "Can reset passwords for non-administrators and Helpdesk Administrators."},
	{"fdd7a751-b60b-444a-984c-02652fe8fa1c", "Groups Administrator", "Can create and manage groups and group settings."},
	{"4d6ac14f-3453-41d0-bef9-a3e0c569773a", "License Administrator", "Can manage product licenses on users and groups."},
	{"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator", "Can create and manage all aspects of app registrations and enterprise apps."},
	{"f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader", "Can read everything that a Global Administrator can, but not update anything."},
	{"e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator", "Can manage role assignments in Microsoft Entra ID, and all aspects of Privileged Identity Management."},
	{"7be44c8a-adaf-4e2a-84d6-ab2649e08a13", privilegedRole, "Can access to view, set and reset authentication method information for any user."},
}

// addRoleDefinitions stores the built-in roles.
func (d *Directory) addRoleDefinitions() error {
	for _, role := range builtInRoles {
		_, err := d.Add("unifiedRoleDefinition", Values{
			"id": role.id, "displayName": role.name, "description": role.does, "isBuiltIn": true, "version": "1",
		})
		if err != nil {
			return fmt.Errorf("%s: %w", role.name, err)
		}
	}
	return nil
}

func completeRoleDefinition(k *kind, id string, s *state) {
	s.fill(k, "templateId", quote(id))
	s.fill(k, "isBuiltIn", "false")
	s.fill(k, "isEnabled", "true")
	s.fill(k, "resourceScopes", `["/"]`)
}
