// Package permission says which permissions of Graph each part of the gateway needs, and
// which of them a directory has not granted.
package permission

import (
	"slices"

	"entrascim/internal/tenant"
)

// A Feature is a part of what the gateway does that Graph grants by itself.
type Feature struct {
	Name  string
	Needs []string // the least application permissions, all of them
}

// Features are those of the gateway, as deploy/entra/permissions.md lists them
// (https://learn.microsoft.com/graph/permissions-reference).
func Features() []Feature {
	return []Feature{
		{"read and list users", []string{"User.Read.All"}},
		{"manager of a user, read", []string{"User.Read.All"}},
		{"groups of a user (`groups`)", []string{"GroupMember.Read.All", "Directory.Read.All"}},
		{"applications of a user or group (`applications`)", []string{"Directory.Read.All", "Application.Read.All"}},
		{"sponsors of a user (`sponsors`)", []string{"User.Read.All"}},
		{"create and change users", []string{"User.ReadWrite.All"}},
		{"set or remove the manager", []string{"User.ReadWrite.All"}},
		{"enable and disable (`active`)", []string{"User.EnableDisableAccount.All", "User.Read.All"}},
		{"end a user's sessions (`revoke_sessions`, `policy.revokeSessionsOnDisable`)", []string{"User.RevokeSessions.All"}},
		{"set a password", []string{"User-PasswordProfile.ReadWrite.All"}},
		{"other e-mail addresses", []string{"User-Mail.ReadWrite.All"}},
		{"phone numbers", []string{"User-Phone.ReadWrite.All"}},
		{"give and take licenses (`entitlements`)", []string{"LicenseAssignment.ReadWrite.All", "LicenseAssignment.Read.All"}},
		{"roles of a user or group, read (`roles`)", []string{"RoleManagement.Read.Directory"}},
		{"how and until when roles are held (`roles.assignmentType`, `start`, `end`)", []string{"RoleAssignmentSchedule.Read.Directory"}},
		{"roles that a user or group can activate (`eligibleRoles`)", []string{"RoleEligibilitySchedule.Read.Directory"}},
		{"delete users", []string{"User.DeleteRestore.All"}},
		{"all steps of a leaver (`policy.leaver`)", []string{
			"User.Read.All", "User.EnableDisableAccount.All", "User.RevokeSessions.All", "LicenseAssignment.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.Read.All",
		}},
		{"list deleted users (`meta.deleted`)", []string{"User.Read.All"}},
		{"restore users, delete them permanently", []string{"User.DeleteRestore.All", "User.Read.All"}},
		{"invite guests", []string{"User.Invite.All"}},
		{"read and list groups", []string{"Group.Read.All"}},
		{"members, read", []string{"GroupMember.Read.All"}},
		{"owners, read", []string{"Group.Read.All", "User.Read.All"}},
		{"create groups", []string{"Group.Create"}},
		{"change and delete groups", []string{"Group.ReadWrite.All"}},
		{"list deleted groups (`meta.deleted`)", []string{"Group.Read.All"}},
		{"restore groups", []string{"Group.ReadWrite.All"}},
		{"change owners", []string{"Group.ReadWrite.All", "User.Read.All"}},
		{"change members", []string{"GroupMember.ReadWrite.All", "User.Read.All"}},
		{"read and list applications", []string{"Application.Read.All"}},
		{"read and list enterprise applications and managed identities (`/ServicePrincipals`, `/ManagedIdentities`)", []string{"Application.Read.All"}},
		{"read and list directory roles (`/Roles`)", []string{"RoleManagement.Read.Directory"}},
		{"read and list licenses (`/Entitlements`)", []string{"LicenseAssignment.Read.All"}},
		{"readiness (`/readyz`)", []string{"Organization.Read.All"}},
		{"name the verified domains in an error", []string{"Organization.Read.All"}},
	}
}

// Optional are those whose permissions are in no set: what the policy wants of
// them, and the others.
func Optional(p tenant.Policy) (wanted, others []Feature) {
	for _, one := range []struct {
		Feature

		wanted bool
	}{
		{Feature{"give and take applications (`applications`)", []string{"AppRoleAssignment.ReadWrite.All"}}, false},
		{Feature{"give and take directory roles (`roles`), groups that they can be given to (`isAssignableToRole`) with their members and owners", []string{"RoleManagement.ReadWrite.Directory"}}, false},
		{Feature{"let roles be activated (`eligibleRoles`)", []string{"RoleEligibilitySchedule.ReadWrite.Directory"}}, false},
		{Feature{"give and take roles that begin or end (`roles.start`, `roles.end`)", []string{"RoleAssignmentSchedule.ReadWrite.Directory"}}, false},
		{Feature{"members of groups with hidden membership", []string{"Member.Read.Hidden"}}, false},
		{Feature{"when users last signed in (profile `sign-in-activity`); the directory needs Entra ID P1 or P2, too", []string{"AuditLog.Read.All"}}, false},
		{Feature{"when employees leave (profile `leave-date`)", []string{"User-LifeCycleInfo.Read.All"}}, false},
		{Feature{"provision into an application at once (`policy.provisioning`)", []string{"Synchronization.ReadWrite.All"}}, p.Provisioning != tenant.ProvisionNothing},
		{Feature{"make the property of `externalId` (`entrascim tenant prepare`)", []string{"Application.ReadWrite.OwnedBy"}}, false},
	} {
		if one.wanted {
			wanted = append(wanted, one.Feature)
		} else {
			others = append(others, one.Feature)
		}
	}
	return wanted, others
}

// Required tells whether the gateway is of no use without the feature.
func (f Feature) Required() bool {
	return f.Name == "read and list users" || f.Name == "readiness (`/readyz`)"
}

// covers tells which permissions a wider one includes.
func covers(wider string) []string {
	switch wider {
	case "Directory.ReadWrite.All":
		return []string{"Directory.Read.All", "Group.ReadWrite.All", "User.Invite.All", "Application.Read.All"}
	case "Directory.Read.All":
		return []string{"User.Read.All", "Group.Read.All", "Application.Read.All", "Organization.Read.All", "RoleManagement.Read.Directory"}
	case "RoleManagement.ReadWrite.Directory":
		return []string{"RoleManagement.Read.Directory", "RoleEligibilitySchedule.ReadWrite.Directory", "RoleAssignmentSchedule.ReadWrite.Directory"}
	case "RoleEligibilitySchedule.ReadWrite.Directory":
		return []string{"RoleEligibilitySchedule.Read.Directory"}
	case "RoleAssignmentSchedule.ReadWrite.Directory":
		return []string{"RoleAssignmentSchedule.Read.Directory"}
	case "Organization.Read.All":
		return []string{"LicenseAssignment.Read.All"}
	case "User.ReadWrite.All":
		return []string{
			"User.Read.All", "User.DeleteRestore.All", "User.Invite.All", "User.EnableDisableAccount.All", "User.RevokeSessions.All",
			"LicenseAssignment.ReadWrite.All", "User-PasswordProfile.ReadWrite.All", "User-Mail.ReadWrite.All", "User-Phone.ReadWrite.All",
		}
	case "LicenseAssignment.ReadWrite.All":
		return []string{"LicenseAssignment.Read.All"}
	case "User.Read.All":
		return []string{"Organization.Read.All"}
	case "Group.ReadWrite.All":
		return []string{"Group.Read.All", "Group.Create", "GroupMember.ReadWrite.All"}
	case "Group.Read.All", "GroupMember.ReadWrite.All":
		return []string{"GroupMember.Read.All"}
	case "Application.ReadWrite.All":
		return []string{"Application.Read.All", "Application.ReadWrite.OwnedBy"}
	case "Application.ReadWrite.OwnedBy":
		return []string{"Application.Read.All"}
	}
	return nil
}

// Lacks are the permissions that the feature needs and that none of those granted is
// or includes.
func (f Feature) Lacks(granted []string) []string {
	held := map[string]bool{}
	for left := slices.Clone(granted); len(left) > 0; {
		one := left[0]
		if left = left[1:]; !held[one] {
			held[one] = true
			left = append(left, covers(one)...)
		}
	}
	return slices.DeleteFunc(slices.Clone(f.Needs), func(p string) bool { return held[p] })
}
