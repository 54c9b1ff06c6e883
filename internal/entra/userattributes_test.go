package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// Whatever Entra has a length for is refused one character above it, naming the
// attribute and the length, and nothing is written; at that length it is taken.
func TestLengths(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	path := "/Users/" + g.addUsers(1)[0]
	for name, most := range map[string]int{
		enterprise + ":employeeNumber": 16, enterprise + ":department": 64, enterprise + ":organization": 64,
		"title": 128, "displayName": 256, "name.givenName": 64, "name.familyName": 64, "nickName": 64,
		entraUser + ":extensionAttribute15": 1024,
	} {
		g.sim.Reset()
		text := strings.Repeat("7", most)
		urn, rest := "", name
		if i := strings.LastIndexByte(name, ':'); i > 0 {
			urn, rest = name[:i], name[i+1:]
		}
		for _, operation := range []object{
			{"op": "replace", "path": name, "value": text + "7"}, {"op": "add", "value": nest(urn, rest, text+"7")},
		} {
			refused := g.patch(path, http.StatusBadRequest, object{"op": "replace", "path": entraUser + ":officeLocation", "value": "1"}, operation)
			detail, _ := refused["detail"].(string)
			if refused["scimType"] != "invalidValue" || !strings.Contains(detail, name+" has at most ") || !strings.Contains(detail, " characters") {
				t.Errorf("%s: %v", name, refused)
			}
		}
		made := nest(urn, rest, text+"7")
		for k, v := range newUser("new@contoso.com") {
			if made[k] == nil {
				made[k] = v
			}
		}
		if refused := g.do(http.MethodPost, "/Users", made, http.StatusBadRequest); refused["scimType"] != "invalidValue" {
			t.Errorf("new, %s: %v", name, refused)
		}
		if _, writes := g.asked(); writes != 0 {
			t.Errorf("%s: %d writes", name, writes)
		}
		g.patched(path, object{"op": "replace", "path": name, "value": text})
	}
	refused := g.patch(path, http.StatusBadRequest, object{"op": "replace", "path": enterprise + ":employeeNumber", "value": strings.Repeat("é", 17)})
	if detail, _ := refused["detail"].(string); !strings.Contains(detail, "employeeNumber has at most 16 characters (employeeId in Entra)") {
		t.Errorf("in characters: %v", refused)
	}
	g.patched(path, object{"op": "replace", "path": enterprise + ":employeeNumber", "value": strings.Repeat("é", 16)})
}

// nest is a document with one value at a dotted path in a schema.
func nest(urn, path string, value any) object {
	first, rest, dotted := strings.Cut(path, ".")
	if dotted {
		value = object{rest: value}
	}
	if urn == "" {
		return object{first: value}
	}
	return object{urn: object{first: value}}
}

// A password is changed together with whether it has to be changed again; it is never
// shown.
func TestPasswordChange(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	path := "/Users/" + g.addUsers(1)[0]
	const secret = "Correct-Horse-9"
	for _, name := range []string{"forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa"} {
		for _, value := range []any{true, "False"} {
			g.sim.Reset()
			g.patch(path, http.StatusNoContent, object{"op": "replace", "path": "password", "value": secret},
				object{"op": "replace", "path": entraUser + ":" + name, "value": value})
			g.wantAsked("a password and "+name, 2, 1)
			got := g.get(path + "?attributes=" + entraUser + ":" + name)
			if at(got, entraUser, name) != (value == true) {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
	if got := g.get(path); got["password"] != nil || at(got, entraUser, "lastPasswordChangeDateTime") == nil {
		t.Errorf("read: %v", got)
	}
	g.patch(path, http.StatusNoContent, object{"op": "add", "value": object{"password": secret, entraUser: object{"forceChangePasswordNextSignIn": true}}})
	if got := g.get(path + "?attributes=" + entraUser + ":forceChangePasswordNextSignIn"); at(got, entraUser, "forceChangePasswordNextSignIn") != true {
		t.Errorf("without a path: %v", got)
	}
	refused := g.patch(path, http.StatusBadRequest, object{"op": "replace", "path": "password", "value": "weak-secret"})
	if detail, _ := refused["detail"].(string); refused["scimType"] != "invalidValue" || strings.Contains(detail, "weak-secret") {
		t.Errorf("weak: %v", refused)
	}
}

// One extension attribute is written without touching the others, and cleared; of a
// synchronized user it is the on-premises directory's.
func TestExtensionAttributes(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	path := "/Users/" + g.addUsers(1)[0]
	g.patch(path, http.StatusNoContent, object{"op": "add", "value": object{entraUser: object{"extensionAttribute1": "a", "extensionAttribute15": "b"}}})
	g.sim.Reset()
	g.patch(path, http.StatusNoContent, object{"op": "replace", "path": entraUser + ":extensionAttribute7", "value": "c"})
	g.wantAsked("one", 2, 1)
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": entraUser + ":extensionAttribute1"})
	got := g.get(path)
	for name, want := range map[string]any{"extensionAttribute1": nil, "extensionAttribute7": "c", "extensionAttribute15": "b"} {
		if at(got, entraUser, name) != want {
			t.Errorf("%s: %v", name, at(got, entraUser, name))
		}
	}
	synced := "/Users/" + g.add("user", graphsim.Values{
		"displayName": "Synced", "userPrincipalName": "synced@contoso.com", "mailNickname": "synced", "accountEnabled": true, "onPremisesSyncEnabled": true,
		"onPremisesExtensionAttributes": object{"extensionAttribute1": "from AD"},
	})
	if got := g.get(synced); at(got, entraUser, "extensionAttribute1") != "from AD" {
		t.Errorf("synchronized: %v", got)
	}
	g.sim.Reset()
	refused := g.patch(synced, http.StatusBadRequest, object{"op": "replace", "path": entraUser + ":extensionAttribute2", "value": "x"})
	if detail, _ := refused["detail"].(string); refused["scimType"] != "mutability" || !strings.HasPrefix(detail, entraUser+":extensionAttribute2: ") {
		t.Errorf("synchronized: %v", refused)
	}
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("%d writes", writes)
	}
}

// A hire date is written in any offset and is UTC in Entra. That Microsoft lets an
// application set it for new users only is said when Graph refuses it.
func TestHireDate(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	hired := entraUser + ":employeeHireDate"
	user := newUser("ada@contoso.com")
	user[entraUser] = object{"employeeHireDate": "2026-03-01T00:30:00+01:00"}
	made := g.do(http.MethodPost, "/Users", user, http.StatusCreated)
	path := "/Users/" + made["id"].(string)
	for _, got := range []object{made, g.get(path)} {
		if at(got, entraUser, "employeeHireDate") != "2026-02-28T23:30:00Z" {
			t.Errorf("made: %v", got)
		}
	}
	refused := g.patch(path, http.StatusForbidden, object{"op": "replace", "path": hired, "value": "2026-04-01T00:00:00Z"})
	if detail, _ := refused["detail"].(string); !strings.Contains(detail, hired+": ") {
		t.Errorf("changed: %v", refused)
	}
	bad := g.patch(path, http.StatusBadRequest, object{"op": "replace", "path": hired, "value": "soon"})
	if bad["scimType"] != "invalidValue" {
		t.Errorf("no date: %v", bad)
	}
}

// Sponsors are users and groups, shown to who asks.
func TestSponsors(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	u, team := g.addUsers(2), g.addGroup("Team")
	if err := g.dir.AddSponsors(u[0], u[1], team); err != nil {
		t.Fatal(err)
	}
	sponsors := entraUser + ":sponsors"
	if got := g.get("/Users/" + u[0]); at(got, entraUser, "sponsors") != nil {
		t.Errorf("without being asked: %v", got)
	}
	g.sim.Reset()
	got := g.get("/Users/" + u[0] + "?attributes=" + sponsors)
	g.wantAsked("read", 1, 0)
	list, _ := at(got, entraUser, "sponsors").([]any)
	if len(list) != 2 || at(list, "0", "value") != u[1] || at(list, "0", "display") != "User user00001" || at(list, "1", "type") != "Group" || at(list, "1", "$ref") != base+"/Groups/"+team {
		t.Errorf("sponsors: %v", got)
	}
	refused := g.patch("/Users/"+u[0], http.StatusBadRequest, object{"op": "remove", "path": sponsors})
	if refused["scimType"] != "mutability" {
		t.Errorf("written: %v", refused)
	}
	g.do(http.MethodGet, `/Users?filter=`+sponsors+`.value+eq+"`+team+`"`, nil, http.StatusBadRequest)
}

// The profile on-premises shows what keeps a user from being synchronized.
func TestProvisioningErrors(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "on-premises", nil)
	id := g.add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true, "onPremisesSyncEnabled": true,
		"onPremisesProvisioningErrors": []object{{"category": "PropertyConflict", "occurredDateTime": lastSeen, "propertyCausingError": "ProxyAddresses", "value": "SMTP:x@y.z"}},
	})
	got := at(g.get("/Users/"+id), entraUser, "onPremisesProvisioningErrors", "0")
	if at(got, "category") != "PropertyConflict" || at(got, "property") != "ProxyAddresses" || at(got, "value") != "SMTP:x@y.z" || at(got, "since") != lastSeen {
		t.Errorf("read: %v", got)
	}
	if found := g.found("/Users", entraUser+`:onPremisesProvisioningErrors.category eq "PropertyConflict"`); !same(found, []string{id}) {
		t.Errorf("found: %v", found)
	}
}

// A property that Entra Connect synchronizes is mapped read only. One that is not is
// refused by Graph for synchronized users, and the refusal says why.
func TestSynchronizedExtension(t *testing.T) {
	t.Parallel()
	tables, err := laid(t, `
resource: User
attributes:
  - { scim: entraUser.badge, graph: "extension_{appId}_badge", mutability: readOnly }
  - { scim: entraUser.additionalAttributes.level, graph: "extension_{appId}_level", type: integer }
`)
	if err != nil {
		t.Fatal(err)
	}
	g := startWith(t, graphsim.Options{}, tables, false, nil)
	property := "extension_" + strings.ReplaceAll(graphsim.DefaultClient, "-", "") + "_"
	for _, name := range []string{"badge", "level"} {
		if err := g.dir.SyncExtension(property + name); err != nil {
			t.Fatal(err)
		}
	}
	path := "/Users/" + g.add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true, "onPremisesSyncEnabled": true, property + "badge": "B-1",
	})
	if got := g.get(path); at(got, entraUser, "badge") != "B-1" {
		t.Errorf("read: %v", got)
	}
	for _, operation := range []object{
		{"op": "replace", "path": entraUser + ":badge", "value": "B-2"}, {"op": "replace", "path": additional + ".level", "value": 2},
	} {
		refused := g.patch(path, http.StatusBadRequest, operation)
		if refused["scimType"] != "mutability" {
			t.Errorf("%v: %v", operation, refused)
		}
	}
}
