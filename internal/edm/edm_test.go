package edm_test

import (
	"slices"
	"testing"

	"entrascim/internal/edm"
)

func TestEveryRowIsWellFormed(t *testing.T) {
	t.Parallel()
	m := edm.New()
	for _, entity := range []string{"user", "group", "application", "servicePrincipal", "appRoleAssignment", "invitation"} {
		if !m.Has(entity) {
			t.Errorf("%s is missing", entity)
		}
		for _, p := range m.Properties(entity) {
			if !slices.Contains([]edm.Access{edm.ReadWrite, edm.ReadOnly, edm.CreateOnly}, p.Access) {
				t.Errorf("%s.%s: access %q", entity, p.Name, p.Access)
			}
			if !slices.Contains([]edm.Returned{edm.Default, edm.Select, edm.Single, edm.Never, edm.Inner}, p.Returned) {
				t.Errorf("%s.%s: returned %q", entity, p.Name, p.Returned)
			}
			if !slices.Contains([]edm.Level{edm.Unsupported, edm.Plain, edm.Advanced}, p.OrderBy) {
				t.Errorf("%s.%s: orderBy %q", entity, p.Name, p.OrderBy)
			}
		}
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	m := edm.New()
	for name, c := range map[string]struct {
		entity, property string
		op               edm.Op
		want             edm.Level
	}{
		"eq on a name is plain":           {"user", "displayName", "eq", edm.Plain},
		"ne needs an advanced query":      {"user", "displayName", "ne", edm.Advanced},
		"endsWith only on a few":          {"user", "userPrincipalName", "endsWith", edm.Advanced},
		"no endsWith on a name":           {"user", "displayName", "endsWith", edm.Unsupported},
		"id is not in the 2026 table":     {"user", "id", "eq", edm.Unsupported},
		"companyName is advanced":         {"user", "companyName", "eq", edm.Advanced},
		"businessPhones through any()":    {"user", "businessPhones", "eq", edm.Advanced},
		"otherMails through any()":        {"user", "otherMails", "eq", edm.Plain},
		"group created is advanced":       {"group", "createdDateTime", "ge", edm.Advanced},
		"publisherDomain is plain":        {"application", "publisherDomain", "eq", edm.Plain},
		"extensionAttribute1 is advanced": {"user", "onPremisesExtensionAttributes/extensionAttribute1", "eq", edm.Advanced},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, ok := m.Property(c.entity, c.property)
			if !ok {
				t.Fatalf("%s.%s is unknown", c.entity, c.property)
			}
			if got := p.Grants(c.op); got != c.want {
				t.Errorf("%s.%s %s: %q, want %q", c.entity, c.property, c.op, got, c.want)
			}
		})
	}
}
