package graphsim

import (
	"strings"

	"entrascim/internal/edm"
)

// A kind is an entity type as the directory stores it: its top-level properties
// in a fixed order, so that an object is a slice of values.
type kind struct {
	name  string // CSDL name: "user"
	title string // as error messages write it: "User"
	set   string // name of the entity set: "users"
	props []property
	slots map[string]int
}

// A property is a top-level property with what writing and checking it needs.
type property struct {
	edm.Property
	key   string                  // `"displayName":`
	empty string                  // what a read shows when there is no value
	inner map[string]edm.Property // properties of a complex type, when the model names them
}

// slot finds a property; -1 when there is none.
func (k *kind) slot(name string) int {
	if i, ok := k.slots[name]; ok {
		return i
	}
	return -1
}

// elsewhere tells whether a property is stored outside the directory, and told of a
// single object only.
func (k *kind) elsewhere(name string) bool {
	i := k.slot(name)
	return i >= 0 && k.props[i].Returned == edm.Single
}

// entitySets holds the entity types that the directory stores and the names of
// their sets.
var entitySets = map[string]string{
	"user":              "users",
	"group":             "groups",
	"application":       "applications",
	"servicePrincipal":  "servicePrincipals",
	"appRoleAssignment": "appRoleAssignments",
	"extensionProperty": "extensionProperties",
	"organization":      "organization",
	"domain":            "domains",
	"invitation":        "invitations",
	"subscribedSku":     "subscribedSkus",
	"directoryRole":     "directoryRoles",
	"schemaExtension":   "schemaExtensions",
	"signIn":            "auditLogs/signIns",
	"directoryAudit":    "auditLogs/directoryAudits",

	"unifiedRoleDefinition":          roleManagement + "/roleDefinitions",
	"unifiedRoleAssignment":          roleManagement + "/roleAssignments",
	"unifiedRoleEligibilitySchedule": roleManagement + "/roleEligibilitySchedules",
	"unifiedRoleAssignmentSchedule":  roleManagement + "/roleAssignmentSchedules",
	"administrativeUnit":             "directory/administrativeUnits",
}

// A schema is every kind, by CSDL name.
type schema map[string]*kind

func newSchema(model *edm.Model) schema {
	s := schema{}
	for name, set := range entitySets {
		s[name] = newKind(model, name, set)
	}
	return s
}

func newKind(model *edm.Model, name, set string) *kind {
	k := &kind{name: name, title: strings.ToUpper(name[:1]) + name[1:], set: set, slots: map[string]int{}}
	inner := map[string]map[string]edm.Property{}
	for _, p := range model.Properties(name) {
		if top, path, nested := strings.Cut(p.Name, "/"); nested {
			if inner[top] == nil {
				inner[top] = map[string]edm.Property{}
			}
			inner[top][path] = p
			continue
		}
		k.slots[p.Name] = len(k.props)
		k.props = append(k.props, property{Property: p, key: quote(p.Name) + ":", empty: emptyOf(p)})
	}
	for i := range k.props {
		k.props[i].inner = inner[k.props[i].Name]
	}
	return k
}

// emptyOf is what Graph shows for a property without a value: collections are
// never null.
func emptyOf(p edm.Property) string {
	if p.Collection {
		return "[]"
	}
	return "null"
}
