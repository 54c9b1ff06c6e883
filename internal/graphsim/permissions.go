package graphsim

import (
	"slices"
	"strings"
)

// Application permissions by what they allow: the least one of the permissions
// reference, and those that include it.
var (
	readUsers = append([]string{"User.ReadBasic.All"}, fullUserRead...)
	// fullUserRead shows more than the basic profile.
	fullUserRead        = []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	createUsers         = []string{"User.Create", "User.ReadWrite.All", "Directory.ReadWrite.All"}
	updateUsers         = append([]string{"User.ReadUpdate.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}, scenarioPermissions...)
	deleteUsers         = []string{"User.DeleteRestore.All", "User.ReadWrite.All"}
	writeManager        = []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	readManager         = fullUserRead
	readMemberOf        = append([]string{"GroupMember.ReadBasic.All", "GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All"}, fullUserRead...)
	readGroups          = append([]string{"Group.ReadBasic.All", "GroupMember.Read.All"}, fullGroupRead...)
	fullGroupRead       = []string{"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	createGroups        = []string{"Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	updateGroups        = []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}
	patchGroups         = append([]string{"GroupMember.ReadWrite.All"}, updateGroups...)
	readMembers         = append([]string{"GroupMember.ReadBasic.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All"}, fullGroupRead...)
	writeMembers        = []string{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	linkObjects         = append([]string{"User.Read.All", "User.ReadWrite.All", "Application.Read.All", "Directory.Read.All"}, writeMembers...)
	readApplications    = []string{"Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All", "Directory.ReadWrite.All"}
	writeApplications   = []string{"Application.ReadWrite.All", "Directory.ReadWrite.All"}
	writeExtensions     = append([]string{"Application.ReadWrite.OwnedBy"}, writeApplications...)
	readAssignments     = []string{"Directory.Read.All", "Directory.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"}
	readAssignedTo      = readApplications
	writeAssignments    = []string{"AppRoleAssignment.ReadWrite.All"}
	invite              = []string{"User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
	readOrganization    = []string{"Organization.Read.All", "Organization.ReadWrite.All", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readDomains         = []string{"Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readObjects         = []string{"Directory.Read.All", "Directory.ReadWrite.All"}
	readDeleted         = append([]string{"User.DeleteRestore.All", "User.Read.All", "User.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All"}, append(readObjects, "Application.Read.All")...)
	writeDeleted        = append([]string{"User.DeleteRestore.All", "User.ReadWrite.All"}, append(updateGroups, "Application.ReadWrite.All")...)
	readSubscriptions   = []string{"LicenseAssignment.Read.All", "Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readRoles           = []string{"RoleManagement.Read.Directory", manageRoles, "Directory.Read.All", "Directory.ReadWrite.All"}
	assignLicenses      = []string{"LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
	assignGroupLicenses = append([]string{"LicenseAssignment.ReadWrite.All"}, updateGroups...)
	readLicenses        = []string{"LicenseAssignment.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	revokeSignIns       = []string{"User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
	writeEligibility    = []string{"RoleEligibilitySchedule.ReadWrite.Directory", manageRoles}
	readEligibility     = append([]string{"RoleEligibilitySchedule.Read.Directory"}, writeEligibility...)
	writeSchedules      = []string{"RoleAssignmentSchedule.ReadWrite.Directory", manageRoles}
	readSchedules       = append([]string{"RoleAssignmentSchedule.Read.Directory"}, writeSchedules...)
	readLogs            = []string{"AuditLog.Read.All"}
	writeJobs           = []string{"Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"}
	readJobs            = append([]string{"Synchronization.Read.All"}, writeJobs...)
	checkMembership     = readMemberOf
	scenarioPermission  = map[string]string{
		"otherMails": "User-Mail.ReadWrite.All", "businessPhones": "User-Phone.ReadWrite.All",
		"mobilePhone": "User-Phone.ReadWrite.All", "accountEnabled": "User.EnableDisableAccount.All",
		"identities": "User.ManageIdentities.All", "passwordProfile": "User-PasswordProfile.ReadWrite.All",
		"employeeLeaveDateTime": "User-LifeCycleInfo.ReadWrite.All", "customSecurityAttributes": "CustomSecAttributeAssignment.ReadWrite.All",
	}
	scenarioPermissions = []string{
		"User-Mail.ReadWrite.All", "User-Phone.ReadWrite.All", "User.EnableDisableAccount.All", "User.ManageIdentities.All",
		"User-PasswordProfile.ReadWrite.All", "User-LifeCycleInfo.ReadWrite.All", "CustomSecAttributeAssignment.ReadWrite.All",
	}
)

// delegatedOnly are the properties of a user that an application cannot update.
var delegatedOnly = []string{
	"aboutMe", "birthday", "employeeHireDate", "interests", "mySite", "pastProjects", "responsibilities", "schools", "skills",
}

// ownPermission are the properties that the permission to update users does not
// cover.
var ownPermission = []string{"employeeLeaveDateTime", "customSecurityAttributes"}

// ownRead are the permissions that reading a property of a user takes by itself.
var ownRead = map[string][]string{
	"employeeLeaveDateTime": {"User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All"},
}

// sensitive are the properties of a user that need a directory role of the
// application when the user is privileged.
var sensitive = []string{
	"accountEnabled", "businessPhones", "mobilePhone", "onPremisesImmutableId", "otherMails", "passwordProfile", "userPrincipalName",
}

// Directory roles that let an application do what a permission does not.
var (
	passwordRoles = []string{"User Administrator", privilegedRole, "Global Administrator"}
	guardRoles    = []string{privilegedRole, "Global Administrator"}
)

const privilegedRole = "Privileged Authentication Administrator"

// mayUpdateUser checks what an update of a user needs beside the permission for
// the route. One refused property refuses the whole update.
func (c *call) mayUpdateUser(o *object, w *changeSet) error {
	for _, name := range w.names {
		switch {
		case slices.Contains(delegatedOnly, name),
			!c.mayUpdate(name),
			name == "passwordProfile" && !c.holds(passwordRoles),
			slices.Contains(sensitive, name) && c.guarded(o):
			return denied()
		case o.is("onPremisesSyncEnabled") && !c.dir.cloudManaged(name):
			return mastered()
		}
	}
	return nil
}

func (c *call) mayUpdate(name string) bool {
	scenario := scenarioPermission[name]
	if scenario != "" && c.may(scenario) {
		return true
	}
	return !slices.Contains(ownPermission, name) && c.may("User.ReadWrite.All", "User.ReadUpdate.All", "Directory.ReadWrite.All")
}

// cloudManaged tells which properties of a synced user the cloud masters.
func (d *Directory) cloudManaged(name string) bool {
	if x := d.extension(name); x != nil {
		return !x.is("isSyncedFromOnPremises")
	}
	return name == "passwordProfile" || name == "usageLocation" || isExtension(name)
}

// holds tells whether the application has one of the directory roles.
func (c *call) holds(roles []string) bool {
	return slices.ContainsFunc(c.dir.roles[c.who.ObjectID], func(role string) bool { return slices.Contains(roles, role) })
}

// guarded tells whether a user is privileged and the application is not
// privileged enough to touch sensitive properties.
func (c *call) guarded(o *object) bool {
	privileged := len(c.dir.roles[o.id]) > 0
	for _, r := range []relation{memberOf, ownedObjects} {
		privileged = privileged || slices.ContainsFunc(o.links[r].list, func(g *object) bool { return g.is("isAssignableToRole") })
	}
	return privileged && !c.holds(guardRoles)
}

// mayRestore checks the permission that the type of a deleted object needs.
func (c *call) mayRestore(o *object) error {
	needed := map[string][]string{
		"user": deleteUsers, "group": updateGroups,
		"application": writeApplications, "servicePrincipal": writeApplications,
	}[o.kind.name]
	if !c.may(needed...) {
		return denied()
	}
	return nil
}

// basicProfile is what User.ReadBasic.All shows of other users.
var basicProfile = []string{"displayName", "givenName", "id", "mail", "photo", "securityIdentifier", "surname", "userPrincipalName"}

// readGroupNames let an application see the properties of the groups it meets.
var readGroupNames = append([]string{"GroupMember.ReadBasic.All", "GroupMember.ReadWrite.All"}, readGroups...)

// reads tells whether the caller may see a property of an object it meets. Of
// types that it may not read it sees the id only.
func (c *call) reads(k *kind, name string) bool {
	switch k.name {
	case "user":
		return name == "id" || c.may(fullUserRead...) || c.may("User.ReadBasic.All") && slices.Contains(basicProfile, name)
	case "group":
		return name == "id" || c.may(readGroupNames...)
	case "application", "servicePrincipal":
		return name == "id" || c.may(readApplications...)
	case "directoryRole":
		return name == "id" || c.may(readRoles...)
	}
	return true
}

// isExtension tells whether a property name is one of a directory extension.
func isExtension(name string) bool { return strings.HasPrefix(name, "extension_") }

// everyPermission lists the permissions that some route or property needs.
func everyPermission() []string {
	all := map[string]bool{"AuditLog.Read.All": true, "User-LifeCycleInfo.Read.All": true, readHidden: true, manageRoles: true}
	for _, r := range allRoutes() {
		for _, role := range r.roles {
			all[role] = true
		}
	}
	return sortedNames(all)
}
