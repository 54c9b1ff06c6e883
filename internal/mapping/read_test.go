package mapping_test

import (
	"bytes"
	"errors"
	"iter"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/mapping"
)

const groupObject = `{"@odata.type":"#microsoft.graph.group","id":"g","displayName":"G"}`

func TestRead(t *testing.T) {
	t.Parallel()
	users, groups, applications := compile(t, "user.yaml"), compile(t, "group.yaml"), compile(t, "application.yaml")
	for name, c := range map[string]struct {
		table     *mapping.Table
		object    string
		relations relations
		want      string // without schemas and meta
	}{
		"only an id": {users, `{"id":"u"}`, nil, `{"id":"u"}`},
		"null, empty text and empty lists are no values": {
			users, `{"id":"u","jobTitle":null,"city":"","businessPhones":[],"otherMails":[null,""],"employeeOrgData":{"division":null},"manager":null}`, nil,
			`{"id":"u"}`,
		},
		"false is a value": {users, `{"id":"u","accountEnabled":false}`, nil, `{"id":"u","active":false}`},
		"unknown and nested things are skipped": {
			users, `{"@odata.context":"x","surprise":{"id":"not this"},"id":"u","identities":[{"issuer":[1,{"id":2}]}]}`, nil, `{"id":"u"}`,
		},
		"escapes": {users, `{"\u0069d":"u","displ\u0061yName":"a\"\\\u00e9\n"}`, nil, `{"id":"u","displayName":"a\"\\é\n","name":{"formatted":"a\"\\é\n"}}`},
		"mail is the work address": {
			users, `{"id":"u","mail":"m@x.org","userPrincipalName":"u@x.org","otherMails":["o@x.org","p@x.org"]}`, nil,
			`{"id":"u","userName":"u@x.org","emails":[{"value":"m@x.org","type":"work","primary":true},{"value":"o@x.org","type":"other"},{"value":"p@x.org","type":"other"}]}`,
		},
		"without mail the user name is": {
			users, `{"id":"u","mail":null,"userPrincipalName":"u@x.org"}`, nil,
			`{"id":"u","userName":"u@x.org","emails":[{"value":"u@x.org","type":"work","primary":true}]}`,
		},
		"telephones": {
			users, `{"id":"u","mobilePhone":"2","faxNumber":"3","businessPhones":["1"]}`, nil,
			`{"id":"u","phoneNumbers":[{"value":"1","type":"work","primary":true},{"value":"2","type":"mobile"},{"value":"3","type":"fax"}]}`,
		},
		"a mobile telephone is not primary": {users, `{"id":"u","mobilePhone":"2"}`, nil, `{"id":"u","phoneNumbers":[{"value":"2","type":"mobile"}]}`},
		"address":                           {users, `{"id":"u","country":"NL"}`, nil, `{"id":"u","addresses":[{"country":"NL","type":"work","primary":true}]}`},
		"parts of complex properties": {
			users, `{"id":"u","employeeOrgData":{"costCenter":"1","division":"2"},"onPremisesExtensionAttributes":{"extensionAttribute15":"x"}}`, nil,
			`{"id":"u","` + enterprise + `":{"costCenter":"1","division":"2"},"` + entraUser + `":{"extensionAttribute15":"x"}}`,
		},
		"manager": {
			users, `{"id":"u","manager":{"@odata.type":"#microsoft.graph.user","id":"m","displayName":"Boss","mail":"x"}}`, nil,
			`{"id":"u","` + enterprise + `":{"manager":{"value":"m","displayName":"Boss","$ref":"https://host/scim/v2/Users/m"}}}`,
		},
		"a contact as manager has no URL here": {
			users, `{"id":"u","manager":{"@odata.type":"#microsoft.graph.orgContact","id":"m"}}`, nil,
			`{"id":"u","` + enterprise + `":{"manager":{"value":"m"}}}`,
		},
		"groups": {
			users, `{"id":"u"}`,
			relations{"memberOf": {groupObject, `{"id":"r","@odata.type":"#microsoft.graph.directoryRole","displayName":null}`}},
			`{"id":"u","groups":[{"value":"g","display":"G","type":"direct","$ref":"https://host/scim/v2/Groups/g"},{"value":"r","type":"direct"}]}`,
		},
		"applications": {
			users, `{"id":"u"}`,
			relations{"applications": {`{"id":"1","appId":"a","displayName":"App","principalId":"g","principalType":"Group","appRoleId":"0"}`}},
			`{"id":"u","` + enterprise + `":{"applications":[{"value":"a","display":"App","principalId":"g","principalType":"Group","appRoleId":"0"}]}}`,
		},
		"an invitation": {
			users, `{"id":"u","inviteRedeemUrl":"https://r","inviteRedirectUrl":"https://s"}`, nil, `{"id":"u","redemptionUrl":"https://r","redirectUrl":"https://s"}`,
		},
		"collections of texts": {users, `{"id":"u","proxyAddresses":["SMTP:a","smtp:b"]}`, nil, `{"id":"u","` + entraUser + `":{"proxyAddresses":["SMTP:a","smtp:b"]}}`},
		"members": {
			groups, `{"id":"g"}`,
			relations{"members": {`{"@odata.type":"#microsoft.graph.user","id":"u","displayName":"U"}`, groupObject, `{"@odata.type":"#microsoft.graph.device","id":"d"}`, `{"id":"x"}`}},
			`{"id":"g","members":[{"value":"u","type":"User","display":"U","$ref":"https://host/scim/v2/Users/u"},
			 {"value":"g","type":"Group","display":"G","$ref":"https://host/scim/v2/Groups/g"},{"value":"d","type":"Device"},{"value":"x"}]}`,
		},
		"members and applications": {
			groups, `{"id":"g"}`,
			relations{"members": {groupObject}, "applications": {`{"appId":"a"}`, `{"appId":"b"}`}},
			`{"id":"g","members":[{"value":"g","type":"Group","display":"G","$ref":"https://host/scim/v2/Groups/g"}],"` + entraGroup + `":{"applications":[{"value":"a"},{"value":"b"}]}}`,
		},
		"security group": {
			groups, `{"id":"g","groupTypes":[],"mailEnabled":false,"securityEnabled":true}`, nil,
			`{"id":"g","` + entraGroup + `":{"groupType":"security","mailEnabled":false,"securityEnabled":true}}`,
		},
		"Microsoft 365 group": {
			groups, `{"id":"g","groupTypes":["DynamicMembership","Unified"],"mailEnabled":true,"securityEnabled":false,"membershipRule":"r"}`, nil,
			`{"id":"g","` + entraGroup + `":{"groupType":"microsoft365","mailEnabled":true,"securityEnabled":false,"groupTypes":["DynamicMembership","Unified"],"membershipRule":"r"}}`,
		},
		"distribution list": {
			groups, `{"id":"g","groupTypes":[],"mailEnabled":true,"securityEnabled":false}`, nil,
			`{"id":"g","` + entraGroup + `":{"groupType":"distribution","mailEnabled":true,"securityEnabled":false}}`,
		},
		"application": {
			applications, `{"id":"a","appId":"b","displayName":"App","publisherDomain":"x.org","identifierUris":[],"appRoles":[{"id":"1","value":"v","displayName":null},{"id":"2"}]}`, nil,
			`{"id":"a","appId":"b","displayName":"App","publisherDomain":"x.org","appRoles":[{"id":"1","value":"v"},{"id":"2"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, c.table.Read(everything), c.object, c.relations)
			schemas := got["schemas"].([]any)
			delete(got, "schemas")
			delete(got, "meta")
			if want := decode(t, c.want); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			listed := []any{c.table.URN()}
			for _, x := range c.table.Extensions() {
				if got[x.ID] != nil {
					listed = append(listed, x.ID)
				}
			}
			if !reflect.DeepEqual(schemas, listed) {
				t.Errorf("schemas %v, want %v", schemas, listed)
			}
		})
	}
}

func TestMeta(t *testing.T) {
	t.Parallel()
	users := compile(t, "user.yaml")
	zone := time.FixedZone("", 2*3600)
	for name, c := range map[string]struct {
		object string
		env    mapping.Env
		want   string
	}{
		"in UTC":    {`{"id":"u","createdDateTime":"2024-02-01T10:00:00Z"}`, mapping.Env{BaseURL: "https://h"}, `{"resourceType":"User","created":"2024-02-01T10:00:00Z","location":"https://h/Users/u"}`},
		"in a zone": {`{"id":"u","createdDateTime":"2024-02-01T10:00:00.5Z"}`, mapping.Env{BaseURL: "https://h", Offset: zone}, `{"resourceType":"User","created":"2024-02-01T12:00:00.5+02:00","location":"https://h/Users/u"}`},
		"to UTC":    {`{"id":"u","createdDateTime":"2024-02-01T10:00:00+02:00"}`, mapping.Env{}, `{"resourceType":"User","created":"2024-02-01T08:00:00Z","location":"/Users/u"}`},
		"odd id":    {`{"id":"a/b?\"é"}`, mapping.Env{BaseURL: "https://h/\"x"}, `{"resourceType":"User","location":"https://h/\"x/Users/a%2Fb%3F%22%C3%A9"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := users.Read(func(_, name, _ string) bool { return name == "meta" })
			var out bytes.Buffer
			if err := plan.Resource([]byte(c.object), jsontext.NewEncoder(&out), c.env); err != nil {
				t.Fatal(err)
			}
			if got, want := decode(t, out.String())["meta"], decode(t, c.want); !reflect.DeepEqual(got, any(want)) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// What is asked of Graph follows from what is wanted.
func TestProjection(t *testing.T) {
	t.Parallel()
	users, groups := compile(t, "user.yaml"), compile(t, "group.yaml")
	object := `{"id":"u","userPrincipalName":"u@x.org","mail":"m@x.org","surname":"S","manager":{"id":"m","displayName":"M"},"passwordProfile":{"forceChangePasswordNextSignIn":true}}`
	for name, c := range map[string]struct {
		table     *mapping.Table
		wanted    []string
		selected  []string
		expand    string
		relations []string
		want      string
	}{
		"nothing":            {users, nil, []string{"id"}, "", nil, `{"id":"u"}`},
		"a simple attribute": {users, []string{"userName"}, []string{"id", "userPrincipalName"}, "", nil, `{"id":"u","userName":"u@x.org"}`},
		"a part":             {users, []string{"name.familyName"}, []string{"id", "surname"}, "", nil, `{"id":"u","name":{"familyName":"S"}}`},
		"only types": {
			users,
			[]string{"emails.type"},
			[]string{"id", "mail", "userPrincipalName", "otherMails"},
			"", nil, `{"id":"u","emails":[{"type":"work"}]}`,
		},
		"manager":   {users, []string{"manager.value"}, []string{"id"}, "manager", nil, `{"id":"u","` + enterprise + `":{"manager":{"value":"m"}}}`},
		"relations": {users, []string{"groups.value", "applications.value"}, []string{"id"}, "", []string{"memberOf", "applications"}, `{"id":"u"}`},
		"password":  {users, []string{"password"}, []string{"id"}, "", nil, `{"id":"u"}`},
		"members":   {groups, []string{"members.value"}, []string{"id"}, "", []string{"members"}, `{"id":"u"}`},
		"a kind":    {groups, []string{"groupType"}, []string{"id", "groupTypes", "mailEnabled", "securityEnabled"}, "", nil, `{"id":"u"}`},
		"the invitation is not asked for": {
			users,
			[]string{"redirectUrl", "redemptionUrl"},
			[]string{"id"},
			"", nil, `{"id":"u"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := c.table.Read(func(_, name, sub string) bool {
				return slices.Contains(c.wanted, name) || slices.Contains(c.wanted, name+"."+sub)
			})
			if !slices.Equal(plan.Select, c.selected) || plan.Expand != c.expand || !slices.Equal(plan.Relations, c.relations) {
				t.Errorf("asks for %v, %q, %v", plan.Select, plan.Expand, plan.Relations)
			}
			got := read(t, plan, object, nil)
			delete(got, "schemas")
			if want := decode(t, c.want); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("Graph went away")
	failing := func(string) iter.Seq2[jsontext.Value, error] {
		return func(yield func(jsontext.Value, error) bool) {
			_ = yield(jsontext.Value(groupObject), nil) && yield(nil, broken)
		}
	}
	for name, c := range map[string]struct {
		table, object string
		relation      func(string) iter.Seq2[jsontext.Value, error]
	}{
		"no object":                    {"user.yaml", `[]`, failing},
		"cut off":                      {"user.yaml", `{"id":"u","surname":`, failing},
		"broken":                       {"user.yaml", `{"id":"u" "x"}`, failing},
		"a relation breaks":            {"user.yaml", `{"id":"u"}`, failing},
		"members break":                {"group.yaml", `{"id":"u"}`, failing},
		"nobody supplies the relation": {"group.yaml", `{"id":"u"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := compile(t, c.table).Read(everything)
			var out bytes.Buffer
			err := plan.Resource([]byte(c.object), jsontext.NewEncoder(&out), mapping.Env{Relation: c.relation})
			if err == nil {
				t.Errorf("no error, but %s", out.String())
			}
		})
	}
}

// A group of many members is written while they come: neither the members nor
// the resource are held.
func TestMembersStream(t *testing.T) {
	t.Parallel()
	plan := compile(t, "group.yaml").Read(func(_, name, _ string) bool { return name == "members" })
	var out bytes.Buffer
	enc := jsontext.NewEncoder(&countingWriter{buffer: &out})
	const members = 20_000
	n, longest := 0, int64(0)
	relation := func(string) iter.Seq2[jsontext.Value, error] {
		return func(yield func(jsontext.Value, error) bool) {
			for ; n < members; n++ {
				longest = max(longest, enc.OutputOffset()-int64(out.Len()))
				if !yield(jsontext.Value(`{"@odata.type":"#microsoft.graph.user","id":"6e7b768e-07e2-4810-8459-485f84f8f204","displayName":"Adele Vance"}`), nil) {
					return
				}
			}
		}
	}
	if err := plan.Resource([]byte(`{"id":"g"}`), enc, mapping.Env{Relation: relation}); err != nil {
		t.Fatal(err)
	}
	if longest > 1<<16 {
		t.Errorf("%d bytes were held back", longest)
	}
	if got := len(decode(t, out.String())["members"].([]any)); got != members {
		t.Errorf("%d members", got)
	}
}

// countingWriter is no bytes.Buffer, which an encoder would write into directly.
type countingWriter struct{ buffer *bytes.Buffer }

func (w *countingWriter) Write(b []byte) (int, error) { return w.buffer.Write(b) }

// What is wanted has one key, and everything else another.
func TestWanted(t *testing.T) {
	t.Parallel()
	table := compile(t, "user.yaml")
	seen := map[string]mapping.Attr{}
	wants := []mapping.Attr{{}, {URN: table.URN(), Name: "meta", Sub: "location"}, {URN: table.URN(), Name: "meta", Sub: "resourceType"}}
	for _, r := range table.Rows() {
		wants = append(wants, r.Attr)
	}
	for _, a := range table.Schema().Attributes { // the type of an e-mail address has no row
		for _, sub := range a.SubAttributes() {
			wants = append(wants, mapping.Attr{URN: table.URN(), Name: a.Name(), Sub: sub.Name()})
		}
	}
	for _, one := range wants {
		only := func(urn, name, sub string) bool { return mapping.Attr{URN: urn, Name: name, Sub: sub} == one }
		key := table.Wanted(only)
		if other, taken := seen[key]; taken && other != one {
			t.Errorf("%v and %v have one key", one, other)
		}
		seen[key] = one
	}
	if len(seen) < 40 {
		t.Errorf("only %d keys", len(seen))
	}
}
