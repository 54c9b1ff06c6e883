package mapping_test

import (
	"strings"
	"testing"

	"entrascim/internal/edm"
	"entrascim/internal/mapping"
)

// A table with one line for the rows of a test; they begin on line 10.
const skeleton = `resource: User
endpoint: /Users
schema: urn:ietf:params:scim:schemas:core:2.0:User
prefixes:
  ext: urn:ietf:params:scim:schemas:extension:entra:2.0:User
graph: { collection: users, entity: user, whole: [employeeOrgData] }
descriptions: {}
attributes:
  - { scim: id, graph: id }
`

func TestComplaints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows string
		want []string
	}{
		"unknown property":       {`{ scim: title, graph: jobTitel }`, []string{`t.yaml:10: Graph's user has no property "jobTitel"`}},
		"unknown part":           {`{ scim: title, graph: employeeOrgData.costCentre }`, []string{`t.yaml:10: Graph's user has no property "employeeOrgData.costCentre"`}},
		"unknown key":            {`{ scim: title, grpah: jobTitle }`, []string{`t.yaml:10: unknown key "grpah"`, "t.yaml:10: title needs either a graph path or a constant"}},
		"unknown kind":           {`{ scim: title, graph: jobTitle, kind: bool }`, []string{`t.yaml:10: unknown kind "bool"; there are given, groupType, memberType, reference, there, usable`}},
		"unknown relation":       {`{ scim: "a[].b", graph: "friends[].id", relation: friends }`, []string{`t.yaml:10: unknown relation "friends"`}},
		"unknown prefix":         {`{ scim: extt.a.b, graph: jobTitle }`, []string{`t.yaml:10: unknown prefix "extt"`}},
		"unknown mutability":     {`{ scim: title, graph: jobTitle, mutability: readonly }`, []string{`t.yaml:10: title: unknown mutability "readonly"`}},
		"unknown returned":       {`{ scim: title, graph: jobTitle, returned: often }`, []string{`unknown returned "often"`}},
		"unknown uniqueness":     {`{ scim: title, graph: jobTitle, uniqueness: some }`, []string{`unknown uniqueness "some"`}},
		"unknown type":           {`{ scim: title, graph: jobTitle, type: text }`, []string{`unknown type "text"`}},
		"unknown derivation":     {`{ scim: title, graph: jobTitle, derive: magic }`, []string{`unknown derivation "magic"`}},
		"wrong type":             {`{ scim: title, graph: jobTitle, type: boolean }`, []string{"t.yaml:10: title: type boolean does not fit jobTitle, which is Edm.String"}},
		"wrong type of default":  {`{ scim: active, graph: accountEnabled, default: "yes" }`, []string{"t.yaml:10: active: the default is not of type boolean"}},
		"wrong YAML type":        {`{ scim: title, graph: jobTitle, required: perhaps }`, []string{"t.yaml:10: required: "}},
		"no path":                {`{ graph: jobTitle }`, []string{"t.yaml:10: a row needs a scim path"}},
		"no source":              {`{ scim: title }`, []string{"t.yaml:10: title needs either a graph path or a constant"}},
		"two sources":            {`{ scim: "a[0].b", graph: jobTitle, constant: x }`, []string{"needs either a graph path or a constant"}},
		"bad SCIM path":          {`{ scim: "emails[type ew work].value", graph: mail }`, []string{"t.yaml:10: bad selector [type ew work]"}},
		"bad SCIM name":          {`{ scim: "1st", graph: mail }`, []string{`t.yaml:10: bad SCIM path "1st"`}},
		"open bracket":           {`{ scim: "emails[0.value", graph: mail }`, []string{"a bracket is not closed"}},
		"huge index":             {`{ scim: "emails[100000].value", graph: mail }`, []string{"bad selector [100000]"}},
		"bad Graph path":         {`{ scim: title, graph: "job title" }`, []string{`t.yaml:10: bad Graph path "job title"`}},
		"collection as a value":  {`{ scim: title, graph: otherMails }`, []string{"otherMails is a collection"}},
		"value as a collection":  {`{ scim: "title[]", graph: "jobTitle[]" }`, []string{"jobTitle is not a collection"}},
		"complex as a value":     {`{ scim: title, graph: employeeOrgData }`, []string{"employeeOrgData is complex"}},
		"brackets on one side":   {`{ scim: "a[]", graph: jobTitle }`, []string{"[] stands on both sides or on none"}},
		"value without a sub":    {`{ scim: "emails[0]", graph: mail }`, []string{"needs a sub-attribute"}},
		"readOnly in Graph":      {`{ scim: x, graph: createdDateTime, mutability: readWrite }`, []string{"Graph does not let createdDateTime be written"}},
		"required, not written":  {`{ scim: x, graph: createdDateTime, required: true }`, []string{"t.yaml:10: x is required and cannot be written"}},
		"writeOnly and returned": {`{ scim: password, graph: passwordProfile.password, mutability: writeOnly, returned: request }`, []string{"writeOnly is never returned"}},
		"single objects only":    {`{ scim: x, graph: aboutMe }`, []string{"Graph returns aboutMe for single objects only"}},
		"constant of its own":    {`{ scim: x, constant: y, mutability: readWrite }`, []string{"a constant is one value and readOnly"}},
		"constant number":        {`{ scim: "a[0].b", constant: 7 }`, []string{"a constant is a string or a boolean"}},
		"lonely constant":        {`{ scim: "a[0].type", constant: work }`, []string{"a constant of a value that no row gives"}},
		"default inside":         {`{ scim: name.givenName, graph: givenName, default: x }`, []string{"only a simple attribute with one value has a default"}},
		"values of a boolean":    {`{ scim: active, graph: accountEnabled, values: { yes: "true" } }`, []string{"only a plain string has a value map"}},
		"values that collide":    {`{ scim: title, graph: jobTitle, values: { a: x, b: x } }`, []string{"two values of the map are one value in Graph"}},
		"odd fallback":           {`{ scim: title, graph: jobTitle, fallback: accountEnabled }`, []string{"fallback: accountEnabled is not of the type of jobTitle"}},
		"remove in a table":      {`{ scim: title, remove: true, graph: jobTitle }`, []string{"remove belongs into an overlay"}},
		"meta":                   {`{ scim: meta.version, graph: jobTitle, mutability: readOnly }`, []string{"of meta only created, lastModified, deleted can be mapped"}},
		"schemas":                {`{ scim: "schemas[]", graph: "otherMails[]" }`, []string{"schemas[] is a common attribute"}},
		"id of something else":   {`{ scim: ID, graph: jobTitle }`, []string{"ID is a common attribute", "ID is already mapped on line 9"}},
		"permission of constant": {`{ scim: x, constant: y, permission: A.Read.All }`, []string{"only a plain property that a resource can be without has a permission"}},
		"permission, required":   {`{ scim: x, graph: jobTitle, required: true, permission: A.Read.All }`, []string{"only a plain property that a resource can be without has a permission"}},
		"relation that is written": {
			`{ scim: "groups[].value", graph: "memberOf[].id", relation: memberOf }`,
			[]string{"relation memberOf cannot be written: groups[].value must be readOnly"},
		},
		"relation of a wrong shape": {
			`{ scim: userManager, graph: manager, relation: manager }`,
			[]string{"manager is not a path of relation manager"},
		},
		"attribute twice": {
			"{ scim: title, graph: jobTitle }\n  - { scim: Title, graph: city }",
			[]string{"t.yaml:11: Title is already mapped on line 10 of t.yaml"},
		},
		"property twice": {
			"{ scim: title, graph: city }\n  - { scim: nickName, graph: city }",
			[]string{"t.yaml:11: nickName and title (line 10 of t.yaml) both write city"},
		},
		"alias of nothing": {
			`{ scim: title, graph: jobTitle, alias: nobody }`, []string{`alias "nobody" is not another row that writes jobTitle`},
		},
		"simple and complex": {
			"{ scim: name, graph: city }\n  - { scim: name.givenName, graph: givenName }", []string{"t.yaml:11: name.givenName: the attribute name is simple on one row"},
		},
		"single and multi": {
			"{ scim: \"a[0].b\", graph: city }\n  - { scim: a.c, graph: givenName }", []string{"t.yaml:11: a.c: the attribute a is multi-valued on one row"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mapping.Compile(edm.New(), mapping.Source{Name: "t.yaml", Text: []byte(skeleton + "  - " + c.rows + "\n")})
			if err == nil {
				t.Fatal("no complaint")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in\n%s", want, err)
				}
			}
			if got := strings.Count(err.Error(), "\n") + 1; got != len(c.want) {
				t.Errorf("%d complaints, want %d:\n%s", got, len(c.want), err)
			}
		})
	}
}

func TestHeadComplaints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":              {"", "exactly one YAML document"},
		"not YAML":           {"a: [", "not YAML"},
		"tab":                {"a:\n\t- b", "t.yaml:2: not YAML"},
		"a list":             {"- a", "a table is a mapping"},
		"two documents":      {"resource: A\n---\nresource: B\n", "exactly one YAML document"},
		"unknown key":        {skeleton + "extra: 1\n", `t.yaml:10: unknown key "extra"`},
		"unknown inner key":  {strings.Replace(skeleton, "entity: user", "entity: user, kind: x", 1), "t.yaml:6: graph: unknown field"},
		"unknown options":    {strings.Replace(skeleton, "entity: user", "entity: user, options: few", 1), `graph.options is none or not there, not "few"`},
		"unknown id":         {strings.Replace(skeleton, "entity: user", "entity: user, id: upn", 1), `graph.id is guid or text, not "upn"`},
		"dictionary of core": {strings.Replace(skeleton, "entity: user", "entity: user, dictionary: further", 1), `graph.dictionary: "further" is not an attribute of an extension`},
		"filter of what":     {strings.Replace(skeleton, "entity: user", "entity: user, filter: usrType eq 'Guest'", 1), `Graph's user has no property "usrType"`},
		"filter how":         {strings.Replace(skeleton, "entity: user", "entity: user, filter: userType ne 'Guest'", 1), "is not like: property eq 'value'"},
		"filter type":        {strings.Replace(skeleton, "entity: user", "entity: user, filter: accountEnabled eq 'true'", 1), "'true' is not of the type of accountEnabled"},
		"filter string":      {strings.Replace(skeleton, "entity: user", "entity: user, filter: userType eq true", 1), "true is not of the type of userType"},
		"advanced filter":    {strings.Replace(skeleton, "entity: user", "entity: user, filter: companyName eq 'X'", 1), "Graph does not filter users by companyName in every query"},
		"filtered whole":     {strings.Replace(skeleton, "entity: user", "entity: user, options: none, filter: userType eq 'Guest'", 1), "Graph does not filter users by userType in every query"},
		"unknown entity":     {strings.Replace(skeleton, "entity: user", "entity: usr", 1), `Graph has no entity type "usr"`},
		"no endpoint":        {strings.Replace(skeleton, "endpoint: /Users\n", "", 1), "endpoint is missing"},
		"no slash":           {strings.Replace(skeleton, "/Users", "Users", 1), "does not begin with a slash"},
		"no URN":             {strings.Replace(skeleton, "schema: urn", "schema: x", 1), "is not a URN"},
		"URN twice":          {strings.Replace(skeleton, "extension:entra:2.0", "core:2.0", 1), "has the URN of the core schema"},
		"no id":              {strings.Replace(skeleton, "  - { scim: id, graph: id }\n", "  - { scim: title, graph: jobTitle }\n", 1), "needs the row {scim: id, graph: id}"},
		"rows are no list":   {strings.Replace(skeleton, "\n  - { scim: id, graph: id }", " 7", 1), "attributes is a list of rows"},
		"row is no mapping":  {skeleton + "  - title\n", "t.yaml:10: a row is a mapping"},
		"key twice":          {skeleton + "  - { scim: title, scim: name, graph: city }\n", "already defined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mapping.Compile(edm.New(), mapping.Source{Name: "t.yaml", Text: []byte(c.text)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("no %q in %v", c.want, err)
			}
		})
	}
}

func TestEveryMistakeAtOnce(t *testing.T) {
	t.Parallel()
	rows := "  - { scim: title, graph: jobTitel }\n  - { scim: x, grap: y }\n  - { scim: z, graph: city, type: boolean }\nmore: 1\n"
	overlay := mapping.Source{Name: "over.yaml", Text: []byte("resource: User\nattributes:\n  - { scim: nothing, remove: true }\n")}
	_, err := mapping.Compile(edm.New(), mapping.Source{Name: "t.yaml", Text: []byte(skeleton + rows)}, overlay)
	if err == nil {
		t.Fatal("no complaint")
	}
	for _, want := range []string{"t.yaml:10: ", "t.yaml:11: unknown key", "t.yaml:12: ", "t.yaml:13: unknown key", "over.yaml:3: there is no row nothing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%s", want, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(source(f, "application.yaml").Text, []byte(nil))
	f.Add([]byte(skeleton), source(f, "starling.yaml").Text)
	f.Add([]byte(skeleton+`  - { scim: "groups[].$ref", graph: "memberOf[].id", relation: memberOf, kind: reference, referenceTypes: [Group], mutability: readOnly }
  - { scim: "phoneNumbers[type eq \"work\"].value", graph: "businessPhones[0]" }
  - { scim: "emails[type eq \"other\"].value", graph: "otherMails[]" }
  - { scim: ext.costCenter, graph: employeeOrgData.costCenter, values: { a: b } }
`), []byte("resource: User\nattributes:\n  - { scim: title, graph: jobTitle, returned: request }\n"))
	f.Add([]byte("a: &a [*a]"), []byte("attributes:\n  - {scim: title, remove: true}"))
	model := edm.New()
	f.Fuzz(func(t *testing.T, base, over []byte) {
		table, err := mapping.Compile(model, mapping.Source{Name: "base.yaml", Text: base}, mapping.Source{Name: "over.yaml", Text: over})
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "base.yaml:") && !strings.HasPrefix(line, "over.yaml:") {
					t.Errorf("a complaint that names no file: %q", line)
				}
			}
			return
		}
		table.Schema()
		table.Extensions()
		table.Read(everything)
	})
}
