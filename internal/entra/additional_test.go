package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/edm"
	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/mapping"
	"entrascim/mappings"
)

const additional = entraUser + ":additionalAttributes"

// further lists properties of users that have no attribute of their own.
const further = `
resource: User
attributes:
  - { scim: entraUser.additionalAttributes.employeeLeaveDateTime, graph: employeeLeaveDateTime, permission: User-LifeCycleInfo.Read.All }
  - { scim: entraUser.additionalAttributes.badge, graph: "extension_{appId}_badge" }
  - { scim: entraUser.additionalAttributes.level, graph: "extension_{appId}_level", type: integer }
`

// laid are the tables with an overlay on that of users.
func laid(t *testing.T, overlay string) (entra.Tables, error) {
	t.Helper()
	text, err := mappings.FS.ReadFile("user.yaml")
	if err != nil {
		t.Fatal(err)
	}
	users, err := mapping.Compile(edm.New(), mapping.Source{Name: "user.yaml", Text: text},
		mapping.Source{Name: "further.yaml", Text: []byte(overlay), AppID: graphsim.DefaultClient})
	return append(entra.Tables{users}, tables(t, "")[1:]...), err
}

// registerFurther makes the directory extensions that tables of users map, but for that
// of externalId.
func (g *gateway) registerFurther(tables entra.Tables) {
	g.t.Helper()
	for _, row := range tables[0].Rows() {
		_, name, _ := strings.Cut(strings.TrimPrefix(row.Property(), "extension_"), "_")
		if !strings.HasPrefix(row.Property(), "extension_") || name == "externalId" {
			continue
		}
		kind := map[string]string{"string": "String", "integer": "Integer"}[row.Type]
		if _, err := g.dir.AddExtension(graphsim.DefaultClient, name, kind, "User"); err != nil {
			g.t.Fatal(err)
		}
	}
}

func withFurther(t *testing.T) *gateway {
	t.Helper()
	tables, err := laid(t, further)
	if err != nil {
		t.Fatal(err)
	}
	return startWith(t, graphsim.Options{}, tables, false, nil)
}

// What an overlay lists is written by POST, PATCH and PUT, as an object and as a text
// that is one, is read, found by, and cleared.
func TestAdditionalAttributes(t *testing.T) {
	t.Parallel()
	g := withFurther(t)
	user := newUser("ada@contoso.com")
	user[entraUser] = object{"additionalAttributes": `{"badge": "B-1", "employeeLeaveDateTime": "2026-12-31T23:00:00+01:00", "level": 3}`}
	g.sim.Reset()
	made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	g.wantAsked("made", 1, 1)
	path := "/Users/" + made["id"].(string)
	for _, got := range []object{made, g.get(path)} {
		of := at(got, entraUser, "additionalAttributes")
		if at(of, "badge") != "B-1" || at(of, "level") != 3.0 || at(of, "employeeLeaveDateTime") != "2026-12-31T22:00:00Z" {
			t.Errorf("made: %v", got)
		}
	}
	g.sim.Reset()
	g.patched(path, object{"op": "replace", "path": additional, "value": object{"badge": "B-2"}})
	g.wantAsked("changed", 2, 1)
	g.patched(path, object{"op": "add", "value": object{entraUser: object{"additionalAttributes": `{"level": 4}`}}})
	if of := at(g.get(path), entraUser, "additionalAttributes"); at(of, "badge") != "B-2" || at(of, "level") != 4.0 {
		t.Errorf("changed: %v", of)
	}
	if got := g.found("/Users", additional+`.badge eq "b-2"`); len(got) != 1 {
		t.Errorf("found: %v", got)
	}
	g.patched(path, object{"op": "remove", "path": additional + ".badge"})
	doc := g.get(path)
	if at(doc, entraUser, "additionalAttributes", "badge") != nil {
		t.Errorf("removed: %v", doc)
	}
	doc[entraUser].(object)["additionalAttributes"] = object{"level": 5}
	g.do(http.MethodPut, path, doc, http.StatusOK)
	if of := at(g.get(path), entraUser, "additionalAttributes"); at(of, "level") != 5.0 || at(of, "employeeLeaveDateTime") != nil {
		t.Errorf("put: %v", of)
	}
}

// What is another attribute's, what cannot be written, what is not listed and what there
// is not are refused by name, and nothing is written; with or without an overlay.
func TestAdditionalAttributesRefused(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*gateway{"listed": withFurther(t), "none listed": start(t, graphsim.Options{}, "", nil)} {
		user := g.addUsers(1)[0]
		g.sim.Reset()
		for value, want := range map[string][2]string{
			`{"city": "Springfield"}`:                  {"invalidValue", "addresses"},
			`{"CITY": "Springfield"}`:                  {"invalidValue", "addresses"},
			`{"userPrincipalName": "x@y.z"}`:           {"invalidValue", "userName"},
			`{"passwordProfile": {}}`:                  {"invalidValue", "password"},
			`{"createdDateTime": "2026-01-01"}`:        {"mutability", "createdDateTime"},
			`{"onPremisesSyncEnabled": false}`:         {"mutability", "onPremisesSyncEnabled"},
			`{"isResourceAccount": true}`:              {"invalidValue", "does not list"},
			`{"extension_0_x": "y"}`:                   {"invalidValue", "does not list"},
			`{"favouriteColour": "blue"}`:              {"invalidValue", "no such property"},
			`{"` + strings.Repeat("x", 5000) + `": 1}`: {"invalidValue", "no such property"},
		} {
			text := object{"op": "replace", "path": "title", "value": "Countess"}
			for how, operation := range map[string]object{
				"object": {"op": "add", "value": object{entraUser: object{"additionalAttributes": decoded(t, value)}}},
				"path":   {"op": "replace", "path": additional, "value": decoded(t, value)},
				"text":   {"op": "replace", "path": additional, "value": value},
			} {
				refused := g.patch("/Users/"+user, http.StatusBadRequest, text, operation)
				if detail, _ := refused["detail"].(string); refused["scimType"] != want[0] || !strings.Contains(detail, want[1]) || !strings.Contains(detail, additional+".") || len(detail) > 400 {
					t.Errorf("%s, %s, %s: %v", name, how, value, refused)
				}
			}
			made := newUser("new@contoso.com")
			made[entraUser] = object{"additionalAttributes": decoded(t, value)}
			if refused := g.do(http.MethodPost, "/Users", made, http.StatusBadRequest); refused["scimType"] != want[0] {
				t.Errorf("%s, new, %s: %v", name, value, refused)
			}
		}
		refused := g.patch("/Users/"+user, http.StatusBadRequest, object{"op": "add", "path": additional + ".city", "value": "Springfield"})
		if refused["scimType"] != "invalidValue" {
			t.Errorf("%s, by path: %v", name, refused)
		}
		for _, bad := range []string{`[1`, `"x"`, `[]`, `{"a":1,"a":2}`} {
			refused := g.patch("/Users/"+user, http.StatusBadRequest, object{"op": "add", "path": additional, "value": bad})
			if refused["scimType"] != "invalidValue" {
				t.Errorf("%s, %s: %v", name, bad, refused)
			}
		}
		g.wantAsked(name, 0, 0)
	}
}

// What is not listed has no value: a filter by it finds nothing, as by any attribute of an
// extension that is not there.
func TestAdditionalAttributesUnlisted(t *testing.T) {
	t.Parallel()
	for _, g := range []*gateway{withFurther(t), start(t, graphsim.Options{}, "", nil)} {
		g.addUsers(1)
		if got := g.found("/Users", additional+`.city eq "x"`); len(got) != 0 {
			t.Errorf("filter: %v", got)
		}
		if got := g.get("/Users?attributes=userName," + additional + ".city," + additional); at(got, "Resources", "0", "userName") == nil || at(got, "Resources", "0", entraUser) != nil {
			t.Errorf("asked for: %v", got)
		}
	}
}

// Values are of their properties' types and lengths.
func TestAdditionalAttributesTypes(t *testing.T) {
	t.Parallel()
	g := withFurther(t)
	user := g.addUsers(1)[0]
	for _, value := range []object{
		{"level": "high"}, {"level": 1.5}, {"employeeLeaveDateTime": "soon"}, {"badge": strings.Repeat("x", 257)}, {"badge": object{"a": 1}}, {"badge": []any{"a", "b"}},
	} {
		refused := g.patch("/Users/"+user, http.StatusBadRequest, object{"op": "add", "path": additional, "value": value})
		if detail, _ := refused["detail"].(string); refused["scimType"] != "invalidValue" || !strings.Contains(detail, additional+".") {
			t.Errorf("%v: %v", value, refused)
		}
	}
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("%d writes", writes)
	}
}

// An overlay may not list what another attribute writes, nor what cannot be written.
func TestAdditionalAttributesListed(t *testing.T) {
	t.Parallel()
	for property, want := range map[string]string{
		"city": "both write city", "createdDateTime": "does not let createdDateTime be written", "colour": `no property "colour"`,
	} {
		_, err := laid(t, "resource: User\nattributes:\n  - { scim: entraUser.additionalAttributes."+property+", graph: "+property+", mutability: readWrite }\n")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", property, err)
		}
	}
}
