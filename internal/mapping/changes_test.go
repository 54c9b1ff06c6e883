package mapping_test

import (
	"reflect"
	"testing"

	"entrascim/internal/mapping"
)

// A property of Graph is set as a SCIM client would set it.
func TestChanges(t *testing.T) {
	t.Parallel()
	table := compile(t, "user.yaml")
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	one := func(op, path string, value any) []mapping.Change {
		return []mapping.Change{{Op: op, Path: path, Value: value}}
	}
	for _, c := range []struct {
		property string
		value    any
		want     []mapping.Change
		unknown  string
	}{
		{"jobTitle", "Countess", one("replace", "title", "Countess"), ""},
		{"jobTitle", nil, one("remove", "title", nil), ""},
		{"surname", "King", one("replace", "name.familyName", "King"), ""},
		{"employeeId", "7", one("replace", enterprise+"employeeNumber", "7"), ""},
		{"mail", "a@b.example", one("replace", `emails[type eq "work"].value`, "a@b.example"), ""},
		{"country", "GB", one("replace", `addresses[type eq "work"].country`, "GB"), ""},
		{"businessPhones", []any{"+1"}, one("replace", `phoneNumbers[type eq "work"].value`, "+1"), ""},
		{"businessPhones", []any{}, one("remove", `phoneNumbers[type eq "work"].value`, nil), ""},
		{"otherMails", []any{"a@b.example"}, []mapping.Change{
			{Op: "remove", Path: `emails[type eq "other"]`},
			{Op: "add", Path: "emails", Value: []any{map[string]any{"type": "other", "value": "a@b.example"}}},
		}, ""},
		{"otherMails", nil, one("remove", `emails[type eq "other"]`, nil), ""},
		{"employeeOrgData", map[string]any{"division": "D"}, one("replace", enterprise+"division", "D"), ""},
		{"employeeOrgData.division", "D", one("replace", enterprise+"division", "D"), ""},
		{"employeeOrgData", map[string]any{"division": "D", "x": "y"}, nil, "employeeOrgData.x"},
		{"employeeOrgData", "D", nil, ""},
		{"createdDateTime", "D", nil, ""},
		{"manager", "D", nil, ""},
		{"title", "D", nil, ""},
	} {
		got, unknown := table.Changes(c.property, c.value)
		if !reflect.DeepEqual(got, c.want) || unknown != c.unknown {
			t.Errorf("%s %v: %v %q, want %v %q", c.property, c.value, got, unknown, c.want, c.unknown)
		}
	}
}

// The values of a map are written by SCIM's name for them, and one that stands at an
// index without a type takes the whole attribute.
func TestChangesOverlaid(t *testing.T) {
	t.Parallel()
	table := compile(t, "user.yaml", mapping.Source{Name: "own.yaml", Text: []byte(`
resource: User
attributes:
  - { scim: entraUser.employeeType, graph: employeeType, values: { staff: Employee, external: Contractor } }
  - { scim: "phoneNumbers[0].type", remove: true }
`)})
	got, _ := table.Changes("employeeType", "Contractor")
	if len(got) != 1 || got[0].Value != "external" {
		t.Errorf("%v", got)
	}
	got, _ = table.Changes("businessPhones", []any{"+1"})
	want := []mapping.Change{{Op: "replace", Path: "phoneNumbers", Value: []any{map[string]any{"value": "+1"}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
