package mapping

import (
	"cmp"
	"strings"

	"entrascim/internal/edm"
)

// A relation is a behaviour that the resource types implement in code: reading
// or writing it takes requests of its own. The table maps only the fields of
// the related objects.
type relation struct {
	name     string
	many     bool   // a collection that Env.Relation supplies
	entity   string // whose properties the fields are; "" when fields lists them all
	fields   map[string]string
	writable bool
	beside   bool // the fields stand beside the object's, which is supplied with them

	// carried is the property of the object that holds the related values, so that reading
	// takes no request; "" for others. Of those values decider says which count: the ones
	// whose text there begins with begins.
	carried, decider, begins string
	asked                    map[string]string // by field, the property by which Graph finds the objects
}

// The relations.
const (
	relationManager      = "manager"       // of a user; read by $expand, which is complete for a single value
	relationMemberOf     = "memberOf"      // groups that the object is a direct member of
	relationMembers      = "members"       // of a group
	relationOwners       = "owners"        // of a group
	relationSponsors     = "sponsors"      // of a user
	relationApplications = "applications"  // applications that the object has an appRole of
	relationRoles        = "roles"         // directory roles that the object holds
	relationEligible     = "eligibleRoles" // directory roles that the object can activate
	relationLicenses     = "licenses"      // licenses of a user, its own and those of its groups
	relationInvitation   = "invitation"    // the invitation that made a guest; its fields stand beside the user's
	relationPassword     = "password"      // the password that was generated for a new user, encrypted; as those of the invitation
)

const odataType = "@odata.type"

// relations knows the fields of every relation by CSDL type. The fields of
// applications are those of appRoleAssignment with the application's appId and
// displayName and the value of the role, which the service principal behind resourceId
// has; those of roles are of unifiedRoleAssignment with the role's displayName and what
// its unifiedRoleAssignmentSchedule tells; those of eligibleRoles are of
// unifiedRoleEligibilitySchedule with the times of its scheduleInfo. The justification of
// either is only sent.
var relations = map[string]relation{
	relationManager: {
		name: relationManager, entity: "user", writable: true,
		fields: map[string]string{odataType: "Edm.String"},
	},
	relationMemberOf: {
		name: relationMemberOf, many: true,
		fields: map[string]string{odataType: "Edm.String", "id": "Edm.String", "displayName": "Edm.String"},
	},
	relationMembers: {
		name: relationMembers, many: true, writable: true,
		fields: map[string]string{odataType: "Edm.String", "id": "Edm.String", "displayName": "Edm.String"},
	},
	relationOwners: {
		name: relationOwners, many: true, writable: true,
		fields: map[string]string{odataType: "Edm.String", "id": "Edm.String", "displayName": "Edm.String"},
	},
	relationSponsors: {
		name: relationSponsors, many: true,
		fields: map[string]string{odataType: "Edm.String", "id": "Edm.String", "displayName": "Edm.String"},
	},
	relationApplications: {
		name: relationApplications, many: true, writable: true,
		fields: map[string]string{
			"id": "Edm.String", "appId": "Edm.String", "displayName": "Edm.String", "appRoleId": "Edm.Guid", "appRole": "Edm.String",
			"principalId": "Edm.Guid", "principalType": "Edm.String", "createdDateTime": "Edm.DateTimeOffset",
			"principalDisplayName": "Edm.String", "resourceId": "Edm.Guid",
		},
	},
	relationRoles: {
		name: relationRoles, many: true, writable: true,
		fields: map[string]string{
			"id": "Edm.String", "roleDefinitionId": "Edm.String", "displayName": "Edm.String", "directoryScopeId": "Edm.String",
			"assignmentType": "Edm.String", "memberType": "Edm.String",
			"startDateTime": "Edm.DateTimeOffset", "endDateTime": "Edm.DateTimeOffset", "justification": "Edm.String",
		},
	},
	relationEligible: {
		name: relationEligible, many: true, writable: true,
		fields: map[string]string{
			"id": "Edm.String", "roleDefinitionId": "Edm.String", "directoryScopeId": "Edm.String", "memberType": "Edm.String",
			"startDateTime": "Edm.DateTimeOffset", "endDateTime": "Edm.DateTimeOffset", "justification": "Edm.String",
		},
	},
	relationLicenses: {
		name: relationLicenses, many: true, writable: true,
		carried: "licenseAssignmentStates", decider: "state", begins: "Active", // those of errors give nothing
		asked: map[string]string{"skuId": "assignedLicenses/skuId"},
		fields: map[string]string{
			"skuId": "Edm.Guid", "assignedByGroup": "Edm.String", "state": "Edm.String", "disabledPlans": "Collection(Edm.Guid)",
			"lastUpdatedDateTime": "Edm.DateTimeOffset",
		},
	},
	relationInvitation: {name: relationInvitation, entity: "invitation", writable: true, beside: true},
	relationPassword:   {name: relationPassword, beside: true, fields: map[string]string{"encryptedPassword": "Edm.String"}},
}

// field finds a field of the related objects.
func (r relation) field(m *edm.Model, name string) (edm.Property, bool) {
	if asked, ok := m.Property("user", r.asked[name]); ok {
		return asked, true
	}
	if t, ok := r.fields[name]; ok {
		inner, many := strings.CutPrefix(t, "Collection(")
		return edm.Property{Name: name, Type: strings.TrimSuffix(inner, ")"), Collection: many, Nullable: true}, true
	}
	if r.entity == "" {
		return edm.Property{}, false
	}
	return m.Property(r.entity, name)
}

// fits tells whether a path has the shape that the relation's rows have:
// "manager.id", "members[].id", and a bare property for what stands beside the object.
func (r relation) fits(p graphPath) bool {
	switch {
	case r.beside:
		return p.sub == "" && !p.every && p.index < 0
	case r.many:
		return p.property == cmp.Or(r.carried, r.name) && p.every && p.sub != ""
	}
	return p.property == r.name && !p.every && p.index < 0 && p.sub != ""
}

// fieldName is the part of the path that names the related object's property.
func (r relation) fieldName(p graphPath) string {
	if r.beside {
		return p.property
	}
	return p.sub
}
