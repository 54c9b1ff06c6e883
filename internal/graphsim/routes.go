package graphsim

import "net/http"

const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	put    = http.MethodPut
	remove = http.MethodDelete
)

// allRoutes is everything that the simulator serves below /v1.0, one row each.
func allRoutes() []route {
	var all []route
	for _, list := range [][]route{
		userRoutes(), groupRoutes(), applicationRoutes(), servicePrincipalRoutes(), directoryRoutes(), tenantRoutes(),
		roleRoutes(), directoryRoleRoutes(), synchronizationRoutes(), logRoutes(),
		membershipRoutes("user", "users"), membershipRoutes("group", "groups"),
		membershipRoutes("servicePrincipal", "servicePrincipals"), membershipRoutes("directoryObject", "directoryObjects"),
		navigationRoutes("user", "users"), navigationRoutes("group", "groups"),
		navigationRoutes("application", "applications"), navigationRoutes("servicePrincipal", "servicePrincipals"),
	} {
		all = append(all, list...)
	}
	return all
}

func userRoutes() []route {
	return []route{
		{method: get, pattern: "users", roles: readUsers, serve: listUsers},
		{method: post, pattern: "users", roles: createUsers, serve: createUser},
		{method: get, pattern: "users/$count", roles: readUsers, serve: countUsers},
		{method: get, pattern: "users/{id}", roles: readUsers, serve: getUser},
		{method: patch, pattern: "users/{id}", roles: updateUsers, serve: updateUser},
		{method: remove, pattern: "users/{id}", roles: deleteUsers, serve: deleteUser},
		{method: get, pattern: "users/{id}/manager", roles: readManager, serve: getManager},
		{method: put, pattern: "users/{id}/manager/$ref", roles: writeManager, serve: putManager},
		{method: remove, pattern: "users/{id}/manager/$ref", roles: writeManager, serve: deleteManager},
		{method: post, pattern: "users/{id}/appRoleAssignments", roles: writeAssignments, serve: createAssignment("user", "appRoleAssignments")},
		{method: remove, pattern: "users/{id}/appRoleAssignments/{other}", roles: writeAssignments, serve: deleteAssignment("user", "appRoleAssignments")},
		{method: post, pattern: "users/{id}/assignLicense", roles: assignLicenses, serve: assignUserLicense},
		{method: get, pattern: "users/{id}/licenseDetails", roles: readLicenses, serve: licenseDetails},
		{method: post, pattern: "users/{id}/revokeSignInSessions", roles: revokeSignIns, serve: revokeSessions},
		{method: post, pattern: "invitations", roles: invite, serve: invitePost},
		{method: get, pattern: "me", serve: refuseMe},
		{method: patch, pattern: "me", serve: refuseMe},
		{method: get, pattern: "me/{any}", serve: refuseMe},
		{method: post, pattern: "me/{any}", serve: refuseMe},
	}
}

func groupRoutes() []route {
	return []route{
		{method: get, pattern: "groups", roles: readGroups, serve: listGroups},
		{method: post, pattern: "groups", roles: createGroups, serve: createGroup},
		{method: get, pattern: "groups/$count", roles: readGroups, serve: countGroups},
		{method: get, pattern: "groups/{id}", roles: readGroups, serve: getGroup},
		{method: patch, pattern: "groups/{id}", roles: patchGroups, serve: updateGroup},
		{method: remove, pattern: "groups/{id}", roles: updateGroups, serve: deleteGroup},
		{method: post, pattern: "groups/{id}/members/$ref", roles: writeMembers, serve: addMember},
		{method: remove, pattern: "groups/{id}/members/{other}/$ref", roles: writeMembers, serve: removeMember},
		{method: post, pattern: "groups/{id}/owners/$ref", roles: updateGroups, serve: addOwner},
		{method: remove, pattern: "groups/{id}/owners/{other}/$ref", roles: updateGroups, serve: removeOwner},
		{method: post, pattern: "groups/{id}/assignLicense", roles: assignGroupLicenses, serve: assignGroupLicense},
		{method: post, pattern: "groups/{id}/validateProperties", roles: readGroups, serve: validateGroup, reads: true},
		{method: post, pattern: "groups/{id}/appRoleAssignments", roles: writeAssignments, serve: createAssignment("group", "appRoleAssignments")},
		{method: remove, pattern: "groups/{id}/appRoleAssignments/{other}", roles: writeAssignments, serve: deleteAssignment("group", "appRoleAssignments")},
	}
}

func applicationRoutes() []route {
	return []route{
		{method: get, pattern: "applications", roles: readApplications, serve: listSet("application")},
		{method: post, pattern: "applications", roles: writeApplications, serve: createApplication},
		{method: get, pattern: "applications/$count", roles: readApplications, serve: countSet("application")},
		{method: get, pattern: "applications/{id}", roles: readApplications, serve: getFrom("application")},
		{method: patch, pattern: "applications/{id}", roles: writeApplications, serve: updateSet("application")},
		{method: remove, pattern: "applications/{id}", roles: writeApplications, serve: deleteFrom("application")},
		{method: post, pattern: "applications/{id}/owners/$ref", roles: writeApplications, serve: addOwnerOf("application")},
		{method: remove, pattern: "applications/{id}/owners/{other}/$ref", roles: writeApplications, serve: removeOwnerOf("application")},
		{method: post, pattern: "applications/{id}/extensionProperties", roles: writeExtensions, serve: createExtension},
		{method: get, pattern: "applications/{id}/extensionProperties/{other}", roles: readApplications, serve: getExtension},
		{method: remove, pattern: "applications/{id}/extensionProperties/{other}", roles: writeExtensions, serve: deleteExtension},
	}
}

func servicePrincipalRoutes() []route {
	const sp = "servicePrincipal"
	return []route{
		{method: get, pattern: "servicePrincipals", roles: readApplications, serve: listSet(sp)},
		{method: post, pattern: "servicePrincipals", roles: writeApplications, serve: createServicePrincipal},
		{method: get, pattern: "servicePrincipals/$count", roles: readApplications, serve: countSet(sp)},
		{method: get, pattern: "servicePrincipals/{id}", roles: readApplications, serve: getFrom(sp)},
		{method: patch, pattern: "servicePrincipals/{id}", roles: writeApplications, serve: updateSet(sp)},
		{method: remove, pattern: "servicePrincipals/{id}", roles: writeApplications, serve: deleteFrom(sp)},
		{method: post, pattern: "servicePrincipals/{id}/owners/$ref", roles: writeApplications, serve: addOwnerOf(sp)},
		{method: remove, pattern: "servicePrincipals/{id}/owners/{other}/$ref", roles: writeApplications, serve: removeOwnerOf(sp)},
		{method: post, pattern: "servicePrincipals/{id}/appRoleAssignments", roles: writeAssignments, serve: createAssignment(sp, "appRoleAssignments")},
		{method: remove, pattern: "servicePrincipals/{id}/appRoleAssignments/{other}", roles: writeAssignments, serve: deleteAssignment(sp, "appRoleAssignments")},
		{method: post, pattern: "servicePrincipals/{id}/appRoleAssignedTo", roles: writeAssignments, serve: createAssignment(sp, "appRoleAssignedTo")},
		{method: remove, pattern: "servicePrincipals/{id}/appRoleAssignedTo/{other}", roles: writeAssignments, serve: deleteAssignment(sp, "appRoleAssignedTo")},
	}
}

func directoryRoutes() []route {
	const items = "directory/deletedItems"
	return []route{
		{method: get, pattern: items, roles: readDeleted, serve: refuseUncast},
		{method: get, pattern: items + "/{cast}", roles: readDeleted, serve: listDeleted},
		{method: get, pattern: items + "/{cast}/$count", roles: readDeleted, serve: countDeleted},
		{method: get, pattern: items + "/{id}", roles: readDeleted, serve: getDeleted},
		{method: post, pattern: items + "/{id}/restore", roles: writeDeleted, serve: restoreDeleted},
		{method: remove, pattern: items + "/{id}", roles: writeDeleted, serve: purgeDeleted},
		{method: post, pattern: "directoryObjects/getByIds", roles: readObjects, serve: getByIDs, reads: true},
		{method: get, pattern: "directoryObjects/{id}", roles: readObjects, serve: getObject},
		{method: remove, pattern: "directoryObjects/{id}", serve: refuseDelete},
	}
}

func tenantRoutes() []route {
	return []route{
		{method: get, pattern: "organization", roles: readOrganization, serve: listSet("organization")},
		{method: get, pattern: "organization/{id}", roles: readOrganization, serve: getNamed("organization")},
		{method: get, pattern: "domains", roles: readDomains, serve: listSet("domain")},
		{method: get, pattern: "domains/{id}", roles: readDomains, serve: getNamed("domain")},
		{method: get, pattern: "subscribedSkus", roles: readSubscriptions, serve: listWhole("subscribedSku")},
		{method: get, pattern: "subscribedSkus/{id}", roles: readSubscriptions, serve: getWhole("subscribedSku")},
	}
}

// roleManagement is the path of the directory's part of role management.
const roleManagement = "roleManagement/directory"

func roleRoutes() []route {
	return []route{
		{method: get, pattern: roleManagement + "/roleDefinitions", roles: readRoles, serve: listWhole("unifiedRoleDefinition")},
		{method: get, pattern: roleManagement + "/roleAssignments", roles: readRoles, serve: listRoleAssignments},
		{method: post, pattern: roleManagement + "/roleAssignments", roles: []string{manageRoles}, serve: createRoleAssignment},
		{method: get, pattern: roleManagement + "/roleAssignments/{id}", roles: readRoles, serve: getRoleAssignment},
		{method: remove, pattern: roleManagement + "/roleAssignments/{id}", roles: []string{manageRoles}, serve: deleteRoleAssignment},
		{method: get, pattern: roleManagement + "/roleEligibilitySchedules", roles: readEligibility, serve: listSchedules("unifiedRoleEligibilitySchedule")},
		{method: post, pattern: roleManagement + "/roleEligibilityScheduleRequests", roles: writeEligibility, serve: requestSchedule(eligibilities)},
		{method: get, pattern: roleManagement + "/roleAssignmentSchedules", roles: readSchedules, serve: listSchedules("unifiedRoleAssignmentSchedule")},
		{method: post, pattern: roleManagement + "/roleAssignmentScheduleRequests", roles: writeSchedules, serve: requestSchedule(schedules)},
		{method: get, pattern: roleManagement + "/roleDefinitions/{id}", roles: readRoles, serve: getWhole("unifiedRoleDefinition", "$select")},
	}
}

// directoryRoleRoutes are the older routes of roles.
func directoryRoleRoutes() []route {
	write := []string{manageRoles}
	return []route{
		{method: get, pattern: "directoryRoles", roles: readRoles, serve: listWhole("directoryRole")},
		{method: post, pattern: "directoryRoles", roles: write, serve: activateRole},
		{method: get, pattern: "directoryRoles/{id}", roles: readRoles, serve: getDirectoryRole},
		{method: get, pattern: "directoryRoles/{id}/members", roles: readRoles, serve: listRoleMembers},
		{method: post, pattern: "directoryRoles/{id}/members/$ref", roles: write, serve: addRoleMember},
		{method: remove, pattern: "directoryRoles/{id}/members/{other}/$ref", roles: write, serve: removeRoleMember},
	}
}

// logRoutes are those of what is only read: logs, and schema extensions.
func logRoutes() []route {
	return []route{
		{method: get, pattern: "auditLogs/signIns", roles: readLogs, serve: listLog("signIn", "auditLogs/signIns", "createdDateTime")},
		{method: get, pattern: "auditLogs/signIns/{id}", roles: readLogs, serve: getWhole("signIn")},
		{method: get, pattern: "auditLogs/directoryAudits", roles: readLogs, serve: listLog("directoryAudit", "auditlogs/directoryaudits", "activityDateTime")},
		{method: get, pattern: "auditLogs/directoryAudits/{id}", roles: readLogs, serve: getWhole("directoryAudit")},
		{method: get, pattern: "schemaExtensions", roles: readApplications, serve: listSchemaExtensions},
		{method: get, pattern: "schemaExtensions/{id}", roles: readApplications, serve: getSchemaExtension},
	}
}

func synchronizationRoutes() []route {
	const jobs = "servicePrincipals/{id}/synchronization/jobs"
	return []route{
		{method: get, pattern: jobs, roles: readJobs, serve: listJobs},
		{method: get, pattern: jobs + "/{other}", roles: readJobs, serve: getJob},
		{method: get, pattern: jobs + "/{other}/schema", roles: readJobs, serve: getJobSchema},
		{method: post, pattern: jobs + "/{other}/start", roles: writeJobs, serve: startJob},
		{method: post, pattern: jobs + "/{other}/provisionOnDemand", roles: writeJobs, serve: provisionOnDemand},
	}
}

// navigationRoles are the permissions to read what a navigation property leads
// to.
var navigationRoles = map[string][]string{
	"manager": readManager, "directReports": readManager, "sponsors": {"User.Read.All", "User.ReadWrite.All"}, "memberOf": readMemberOf, "transitiveMemberOf": readMemberOf,
	"ownedObjects": fullUserRead, "members": readMembers, "transitiveMembers": readMembers, "owners": readGroups,
	"appRoleAssignments": readAssignments, "appRoleAssignedTo": readAssignedTo, "extensionProperties": readApplications,
}

// navigationRoutes are the lists of an entity's navigation properties, their
// counts and, where objects of several types are met, their casts.
func navigationRoutes(entity, set string) []route {
	var list []route
	for _, name := range sortedNames(navigations[entity]) {
		nav := navigations[entity][name]
		if nav.single {
			continue
		}
		path, roles := set+"/{id}/"+name, navigationRoles[name]
		if name == "owners" && entity != "group" {
			roles = readApplications
		}
		if nav.bare {
			list = append(list, route{method: get, pattern: path, roles: roles, serve: related(entity, name)})
			continue
		}
		list = append(list,
			route{method: get, pattern: path, roles: roles, serve: related(entity, name)},
			route{method: get, pattern: path + "/$count", roles: roles, serve: relatedCount(entity, name)})
		if nav.mixed {
			list = append(list,
				route{method: get, pattern: path + "/{cast}", roles: roles, serve: related(entity, name)},
				route{method: get, pattern: path + "/{cast}/$count", roles: roles, serve: relatedCount(entity, name)})
		}
	}
	return list
}
