package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/elimity-com/scim/schema"

	"entrascim/internal/edm"
	"entrascim/internal/mapping"
)

// described writes an attribute in one line.
func described(a schema.CoreAttribute) string {
	s := []string{a.AttributeType(), a.Mutability(), a.Returned()}
	for word, is := range map[string]bool{"multi": a.MultiValued(), "required": a.Required(), "exact": a.CaseExact()} {
		if is {
			s = append(s, word)
		}
	}
	slices.Sort(s[3:])
	if a.Uniqueness() != "none" {
		s = append(s, a.Uniqueness())
	}
	if len(a.CanonicalValues()) > 0 {
		s = append(s, "="+strings.Join(a.CanonicalValues(), ","))
	}
	return strings.Join(s, " ")
}

// find resolves "name" or "name.sub" in all schemas of a table.
func find(table *mapping.Table, path string) (schema.CoreAttribute, bool) {
	name, sub, _ := strings.Cut(path, ".")
	for _, s := range append([]schema.Schema{table.Schema()}, table.Extensions()...) {
		a, ok := s.Attributes.ContainsAttribute(name)
		if ok && sub != "" {
			a, ok = a.SubAttributes().ContainsAttribute(sub)
		}
		if ok {
			return a, true
		}
	}
	return schema.CoreAttribute{}, false
}

func TestSchema(t *testing.T) {
	t.Parallel()
	users, groups := compile(t, "user.yaml"), compile(t, "group.yaml")
	starling := compile(t, "user.yaml", source(t, "starling.yaml"))
	external := compile(t, "user.yaml", extended(t, "external-id-user.yaml"))
	for name, c := range map[string]struct {
		table *mapping.Table
		path  string
		want  string
	}{
		"a name":                {users, "userName", "string readWrite default required server"},
		"a boolean":             {users, "active", "boolean readWrite default"},
		"a password":            {users, "password", "string writeOnly never exact"},
		"a complex one":         {users, "name", "complex readWrite default"},
		"a part of it":          {users, "name.formatted", "string readOnly default"},
		"values of many rows":   {users, "emails", "complex readWrite default multi"},
		"their types":           {users, "emails.type", "string readWrite default =work,other"},
		"telephone types":       {users, "phoneNumbers.type", "string readWrite default =work,mobile,fax"},
		"wholly readOnly":       {users, "groups", "complex readOnly default multi"},
		"a URL":                 {users, "groups.$ref", "reference readOnly default exact"},
		"manager":               {users, "manager", "complex readWrite default"},
		"its id":                {users, "manager.value", "string readWrite default exact"},
		"a list of texts":       {users, "proxyAddresses", "string readOnly default multi"},
		"one returned if asked": {users, "forceChangePasswordNextSignIn", "boolean readWrite request"},
		"members":               {groups, "members", "complex readWrite default multi"},
		"their ids":             {groups, "members.value", "string immutable default exact"},
		"an immutable one":      {groups, "isAssignableToRole", "boolean immutable default"},
		"a kind":                {groups, "groupType", "string immutable default =security,microsoft365,mailEnabledSecurity,distribution"},
		"an overlay's":          {starling, "emails.value", "string readWrite default"},
		"id is common":          {users, "id", ""},
		"meta is common":        {users, "meta", ""},
		"nothing of the kind":   {users, "timezone", ""},
		"an overlay removes":    {starling, "emails.type", ""},
		"externalId":            {external, "externalId", "string readWrite default exact"},
		"which not all have":    {users, "externalId", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, ok := find(c.table, c.path)
			switch {
			case ok != (c.want != ""):
				t.Errorf("there: %v", ok)
			case ok && described(a) != c.want:
				t.Errorf("%s\nwant %s", described(a), c.want)
			}
		})
	}
}

// Every attribute of a shipped schema says what it is.
func TestEveryAttributeIsDescribed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"user.yaml", "group.yaml", "application.yaml"} {
		table := compile(t, name)
		for _, s := range append([]schema.Schema{table.Schema()}, table.Extensions()...) {
			for _, a := range s.Attributes {
				if a.Description() == "" {
					t.Errorf("%s: %s has no description", name, a.Name())
				}
				for _, sub := range a.SubAttributes() {
					if sub.Description() == "" {
						t.Errorf("%s: %s.%s has no description", name, a.Name(), sub.Name())
					}
				}
			}
		}
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	const badge = "extension_0123456789abcdef0123456789abcdef_badge"
	overlay := mapping.Source{Name: "tenant.yaml", Text: []byte(`resource: User
prefixes: { acme: "urn:acme:User" }
extensions: { acme: { name: Acme, description: Ours. } }
attributes:
  - { scim: title, remove: true }
  - { scim: externalId, graph: onPremisesExtensionAttributes.extensionAttribute1, caseExact: true }
  - { scim: entraUser.extensionAttribute1, remove: true }
  - { scim: nickName, returned: request }
  - { scim: acme.badge, graph: ` + badge + `, type: integer, description: The badge. }
  - { scim: acme.grade, graph: employeeType, values: { A: Senior, B: Junior } }
  - { scim: entraUser.employeeType, remove: true }
`)}
	table := compile(t, "user.yaml", overlay)
	for path, want := range map[string]string{
		"title": "", "externalId": "string readWrite default exact", "nickName": "string readWrite request",
		"badge": "integer readWrite default", "extensionAttribute1": "", "extensionAttribute2": "string readWrite default",
	} {
		if a, ok := find(table, path); ok != (want != "") || (ok && described(a) != want) {
			t.Errorf("%s: %v %s, want %q", path, ok, described(a), want)
		}
	}
	doc := decode(t, `{"userName":"a@x.org","displayName":"A","title":"T","externalId":"e","urn:acme:User":{"badge":7,"grade":"b"}}`)
	w, err := table.Create(doc)
	checkWrite(t, w, err, `{"userPrincipalName":"a@x.org","displayName":"A","mailNickname":"a","accountEnabled":true,
		"onPremisesExtensionAttributes":{"extensionAttribute1":"e"},"`+badge+`":7,"employeeType":"Junior"}`, "", 0)
	got := read(t, table.Read(everything), `{"id":"u","jobTitle":"T","`+badge+`":7,"employeeType":"Junior","onPremisesExtensionAttributes":{"extensionAttribute1":"e"}}`, nil)
	if x, _ := got["urn:acme:User"].(map[string]any); x["badge"] != 7.0 || x["grade"] != "B" || got["externalId"] != "e" || got["title"] != nil {
		t.Errorf("%v", got)
	}
	for filter, want := range map[string]string{
		"urn:acme:User:badge eq 7":     badge + " eq 7",
		`urn:acme:User:grade eq "a"`:   "~ employeeType eq 'Senior'",
		`externalId eq "e"`:            `~ onPremisesExtensionAttributes/extensionAttribute1 eq 'e' | externalId eq "e"`,
		`urn:acme:User:badge pr`:       ` | urn:acme:User:badge pr`,
		`not (urn:acme:User:badge pr)`: "~ " + badge + " eq null",
		`urn:acme:User:grade sw "Sen"`: ` | urn:acme:User:grade sw "Sen"`,
	} {
		if got := asked(t, table, filter); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
}

// extended is a source of a tenant whose app registration is known.
func extended(t *testing.T, name string) mapping.Source {
	t.Helper()
	s := source(t, name)
	s.AppID = "01234567-89AB-cdef-0123-456789abcdef"
	return s
}

// externalId is compared exactly whatever an overlay says (RFC 7643 section 3.1),
// and Graph is asked for what it can answer of that.
func TestExternalID(t *testing.T) {
	t.Parallel()
	const property = "extension_0123456789abcdef0123456789abcdef_externalId"
	employee := mapping.Source{Name: "o.yaml", Text: []byte(`resource: User
attributes:
  - { scim: userExtension.employeeNumber, remove: true }
  - { scim: externalId, graph: employeeId, caseExact: false }
`)}
	if a, _ := find(compile(t, "user.yaml", employee), "externalId"); described(a) != "string readWrite default exact" {
		t.Errorf("by employeeId: %s", described(a))
	}
	group := compile(t, "group.yaml", extended(t, "external-id-group.yaml"))
	w, err := group.Create(decode(t, `{"displayName":"G","externalId":"HR-1"}`))
	if err != nil || w.Body[property] != "HR-1" {
		t.Errorf("%v %v", w.Body, err)
	}
	if _, err := group.Create(decode(t, `{"displayName":"G","externalId":"`+strings.Repeat("x", 257)+`"}`)); err == nil || !strings.Contains(err.Error(), "externalId") {
		t.Errorf("257 characters: %v", err)
	}
	for filter, want := range map[string]string{
		`externalId eq "HR-1"`:                     property + ` eq 'HR-1' | externalId eq "HR-1"`,
		`externalId sw "HR"`:                       "~ startsWith(" + property + `,'HR') | externalId sw "HR"`,
		`externalId ne "HR-1"`:                     ` | externalId ne "HR-1"`,
		`externalId pr`:                            ` | externalId pr`,
		`not (externalId pr)`:                      "~ " + property + " eq null",
		`displayName eq "G" and externalId eq "x"`: "displayName eq 'G' and " + property + ` eq 'x' | externalId eq "x"`,
	} {
		if got := asked(t, group, filter); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
}

func TestOverlayComplaints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"another resource":   {"resource: Group\nattributes: []\n", "o.yaml:1: this overlay is for Group, the table for User"},
		"another dictionary": {"graph: { dictionary: entraUser.x }\n", "an overlay cannot change graph.dictionary"},
		"another collection": {"graph: { collection: groups }\n", "an overlay cannot change graph.collection"},
		"a mistake":          {"attributes:\n  - { scim: title, graph: jobTitel }\n", "o.yaml:2: Graph's user has no property"},
		"a taken property":   {"attributes:\n  - { scim: externalId, graph: employeeId }\n", "o.yaml:2: externalId and userExtension.employeeNumber"},
		"what it breaks":     {"attributes:\n  - { scim: userName, mutability: readOnly }\n", "o.yaml:2: userName is required and cannot be written"},
		"an unknown app":     {"attributes:\n  - { scim: externalId, graph: \"extension_{appId}_x\" }\n", "o.yaml:2: extension_{appId}_x: {appId} stands for the client id"},
		"an odd placeholder": {"attributes:\n  - { scim: externalId, graph: \"extension_{appid}_x\" }\n", `o.yaml:2: bad Graph path "extension_{appid}_x"`},
		"a misplaced one":    {"attributes:\n  - { scim: externalId, graph: \"ext_{appId}_x\" }\n", `o.yaml:2: bad Graph path "ext_{appId}_x"`},
		"no name behind it":  {"attributes:\n  - { scim: externalId, graph: \"extension_{appId}\" }\n", `o.yaml:2: bad Graph path "extension_{appId}"`},
		"odd externalId":     {"attributes:\n  - { scim: externalID, graph: creationType }\n", "o.yaml:2: externalID: the attribute is written externalId"},
		"a list of them":     {"attributes:\n  - { scim: \"externalId[]\", graph: \"imAddresses[]\" }\n", "o.yaml:2: externalId[]: the attribute is a string with one value"},
		"a true one":         {"attributes:\n  - { scim: externalId, graph: \"extension_0123456789abcdef0123456789abcdef_x\", type: boolean }\n", "o.yaml:2: externalId: the attribute is a string"},
		"a bad extension":    {"attributes:\n  - { scim: x, graph: extension_12_badge }\n", `has no property "extension_12_badge"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mapping.Compile(edm.New(), source(t, "user.yaml"), mapping.Source{Name: "o.yaml", Text: []byte(c.text)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("no %q in %v", c.want, err)
			}
		})
	}
}

func TestOrderBy(t *testing.T) {
	t.Parallel()
	users, groups, applications := compile(t, "user.yaml"), compile(t, "group.yaml"), compile(t, "application.yaml")
	starling := compile(t, "user.yaml", source(t, "starling.yaml"))
	for name, c := range map[string]struct {
		table    *mapping.Table
		attr     mapping.Attr
		down     bool
		want     string
		advanced bool
	}{
		"user name":           {users, mapping.Attr{Name: "userName"}, false, "userPrincipalName", false},
		"descending":          {users, mapping.Attr{Name: "displayname"}, true, "displayName desc", false},
		"a part":              {users, mapping.Attr{Name: "name", Sub: "formatted"}, false, "displayName", false},
		"created may be null": {users, mapping.Attr{Name: "meta", Sub: "created"}, true, "", false},
		"application":         {applications, mapping.Attr{Name: "displayName"}, false, "", false}, // may be null
		"group":               {groups, mapping.Attr{Name: "displayName"}, false, "displayName", false},
		"title is not sorted": {users, mapping.Attr{Name: "title"}, false, "", false},
		"e-mails neither":     {users, mapping.Attr{Name: "emails"}, false, "", false},
		"but starling's":      {starling, mapping.Attr{Name: "emails"}, false, "userPrincipalName", false},
		"nor manager":         {users, mapping.Attr{URN: enterprise, Name: "manager", Sub: "displayName"}, false, "", false},
		"nor nobody":          {users, mapping.Attr{Name: "shoeSize"}, false, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, advanced, ok := c.table.OrderBy(c.attr, c.down, nil)
			if got != c.want || advanced != c.advanced || ok != (c.want != "") {
				t.Errorf("%q %v %v", got, advanced, ok)
			}
		})
	}
}
