package entra_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/mapping"
)

// rowValues are the values of rows that do not take any text.
var rowValues = map[string]any{
	"userName":                        "changed@fabrikam.com",
	"emails[0].value":                 "mailed@fabrikam.com",
	`emails[type eq "work"].value`:    "changed@partner.example",
	`emails[type eq "other"].value`:   "other@partner.example",
	"active":                          false,
	"userType":                        "Guest",
	"nickName":                        "changed",
	"preferredLanguage":               "nb-NO",
	"entraUser.usageLocation":         "NO",
	"entraUser.passwordPolicies":      "DisablePasswordExpiration",
	"entraUser.preferredDataLocation": "EUR",
	"enterpriseExtension.visibility":  "Public",

	"enterpriseExtension.preferredDataLocation": "EUR",
	"enterpriseExtension.mailNickname":          "changed",
}

// rowElsewhere tells whether a writable row has a test of its own: relations,
// what is only ever written, and what is decided when a group is made. The hire
// date is one that Microsoft says applications cannot change.
func rowElsewhere(row mapping.Row) bool {
	return row.Graph == "employeeHireDate" || row.Relation != "" || row.Mutability == "writeOnly" || row.Mutability == "immutable"
}

func rowValue(row mapping.Row) any {
	value, special := rowValues[row.SCIM]
	switch {
	case special:
		return value
	case len(row.Canonical) > 0:
		return row.Canonical[0]
	case row.Type == "boolean":
		return true
	case row.Type == "dateTime":
		return "2026-03-01T00:00:00Z"
	}
	return "Value of " + row.Attr.Name[:1]
}

// rowAdd is the operation that sets a row, with the selector's own type.
func rowAdd(row mapping.Row, value any) object {
	urn, name := row.Attr.URN, row.Attr.Name
	if !strings.Contains(urn, ":extension:") {
		urn = ""
	} else {
		urn += ":"
	}
	selector := strings.Contains(row.SCIM, "[")
	switch {
	case selector && row.Attr.Sub != "":
		one := object{row.Attr.Sub: value}
		if _, typed, ok := strings.Cut(row.SCIM, `[type eq "`); ok {
			one["type"], _, _ = strings.Cut(typed, `"`)
		}
		return object{"op": "add", "path": urn + name, "value": []object{one}}
	case row.Attr.Sub != "":
		name += "." + row.Attr.Sub
	}
	return object{"op": "add", "path": urn + name, "value": value}
}

// rowHas tells whether any value of the row's attribute is the one given.
func rowHas(resource object, row mapping.Row, value any) bool {
	from := any(resource)
	if strings.Contains(row.Attr.URN, ":extension:") {
		from = at(resource, row.Attr.URN)
	}
	attribute := at(from, row.Attr.Name)
	list, many := attribute.([]any)
	if !many {
		list = []any{attribute}
	}
	for _, v := range list {
		if row.Attr.Sub != "" {
			v = at(v, row.Attr.Sub)
		}
		if v == value {
			return true
		}
	}
	return false
}

// Every row that can be written is set by PATCH, is read back, and the resource
// is found by it and not by its opposite; removed, it is gone or it is refused.
func TestEveryRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, profile string }{
		"users": {"user.yaml", externalID}, "users, starling": {"user.yaml", "starling"}, "groups": {"group.yaml", externalID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, c.profile, nil)
			table := compile(t, c.file, c.profile)
			tested := 0
			for _, row := range table.Rows() {
				if !row.Writable() || rowElsewhere(row) {
					continue
				}
				tested++
				t.Run(row.SCIM, func(t *testing.T) {
					g := *g
					g.t = t
					g.tryRow(table.Endpoint(), g.bare(table.Entity(), tested), row)
				})
			}
			if tested < 5 {
				t.Errorf("only %d rows", tested)
			}
		})
	}
}

// bare adds an object that has only what it must have.
func (g *gateway) bare(entity string, n int) string {
	g.t.Helper()
	name := fmt.Sprintf("bare%d", n)
	if entity == "group" {
		return g.addGroup(name)
	}
	return g.add("user", graphsim.Values{
		"displayName": name, "userPrincipalName": name + "@contoso.com", "mailNickname": name, "accountEnabled": true, "userType": "Member",
	})
}

func (g *gateway) tryRow(endpoint, id string, row mapping.Row) {
	g.t.Helper()
	value, path := rowValue(row), endpoint+"/"+id
	set := rowAdd(row, value)
	g.patched(path, set)
	attribute, _, _ := strings.Cut(row.Name(), "[")
	read := path + "?attributes=" + url.QueryEscape(attribute)
	if got := g.get(read); !rowHas(got, row, value) {
		g.t.Errorf("set to %v, read %v", value, got)
	}
	condition := fmt.Sprintf("%s eq %#v", row.Name(), value)
	if got := g.found(endpoint, fmt.Sprintf("id eq %q and %s", id, condition)); !same(got, []string{id}) {
		g.t.Errorf("%s does not find it", condition)
	}
	if got := g.found(endpoint, fmt.Sprintf("id eq %q and not (%s)", id, condition)); len(got) != 0 {
		g.t.Errorf("not (%s) finds it", condition)
	}
	all := g.found(endpoint, condition)
	if !strings.Contains(strings.Join(all, " "), id) {
		g.t.Errorf("%s finds %v", condition, all)
	}
	if row.Required || row.Default != nil {
		return
	}
	delete(set, "value")
	set["op"] = "remove"
	if g.tryPatch(path, set) && rowHas(g.get(read), row, value) {
		g.t.Errorf("still %v after it was removed", value)
	}
}

// tryPatch tells whether a removal left nothing; it may be refused as what Entra
// cannot clear, or be answered with what is there instead.
func (g *gateway) tryPatch(path string, op object) bool {
	g.t.Helper()
	text, err := json.Marshal(object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []object{op}})
	if err != nil {
		g.t.Fatal(err)
	}
	status, body := g.try(http.MethodPatch, path, string(text))
	if status != http.StatusNoContent && status != http.StatusOK && (status != http.StatusBadRequest || !strings.Contains(body, `"mutability"`) && !strings.Contains(body, `"invalidValue"`)) {
		g.t.Errorf("removing: %d %s", status, body)
	}
	return status == http.StatusNoContent
}
