package mapping_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"entrascim/internal/fault"
	"entrascim/internal/mapping"
)

// written is a write as JSON: the body, and the relations under their names.
func written(t *testing.T, w mapping.Write) map[string]any {
	t.Helper()
	raw, err := json.Marshal(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc := decode(t, string(raw))
	if doc == nil {
		doc = map[string]any{}
	}
	for name, r := range w.Relations {
		doc["->"+name] = []any{r.Before, r.After}
	}
	return doc
}

func checkWrite(t *testing.T, w mapping.Write, err error, want, refusal string, kind fault.Kind) {
	t.Helper()
	switch {
	case refusal != "":
		if err == nil || !strings.Contains(err.Error(), refusal) || !fault.Is(err, kind) {
			t.Errorf("no %q of kind %d in %v", refusal, kind, err)
		}
	case err != nil:
		t.Error(err)
	default:
		if got, want := written(t, w), decode(t, want); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	users, groups := compile(t, "user.yaml"), compile(t, "group.yaml")
	starling := compile(t, "user.yaml", source(t, "starling.yaml"))
	long := strings.Repeat("x", 17)
	for name, c := range map[string]struct {
		table              *mapping.Table
		doc, want, refusal string
	}{
		"the least": {
			users, `{"userName":"jo.doe@x.org","displayName":"Jo"}`,
			`{"userPrincipalName":"jo.doe@x.org","displayName":"Jo","mailNickname":"jo.doe","accountEnabled":true}`, "",
		},
		"names are made of what there is": {
			users, `{"emails":[{"value":"o@x.org","type":"home"},{"value":"jo@x.org","type":"work","primary":true}],"name":{"givenName":"Jo","familyName":"Doe"},"active":false}`,
			`{"userPrincipalName":"jo@x.org","mail":"jo@x.org","displayName":"Jo Doe","givenName":"Jo","surname":"Doe","mailNickname":"jo","accountEnabled":false}`, "",
		},
		"a name made of the user name": {
			users, `{"userName":"jo@x.org"}`,
			`{"userPrincipalName":"jo@x.org","displayName":"jo","mailNickname":"jo","accountEnabled":true}`, "",
		},
		"no user name": {users, `{"displayName":"Jo"}`, "", "userName is required"},
		"password": {
			users, `{"userName":"jo@x.org","displayName":"Jo","password":"s3cret","` + entraUser + `":{"forceChangePasswordNextSignIn":true}}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true,"passwordProfile":{"password":"s3cret","forceChangePasswordNextSignIn":true}}`, "",
		},
		"every multi-valued attribute": {
			users, `{"userName":"jo@x.org","displayName":"Jo","emails":[{"value":"m@x.org"},{"value":"a@x.org","type":"Other"},{"value":"b@x.org"}],
			 "phoneNumbers":[{"value":"2","type":"mobile"},{"value":"1","type":"work"},{"value":"3","type":"fax"},{"value":"9","type":"pager"}],
			 "addresses":[{"type":"home","country":"DE"},{"type":"work","country":"NL","locality":"Delft"}]}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true,"mail":"m@x.org","otherMails":["a@x.org","b@x.org"],
			 "businessPhones":["1"],"mobilePhone":"2","faxNumber":"3","country":"NL","city":"Delft"}`, "",
		},
		"extensions and manager": {
			users, `{"userName":"jo@x.org","displayName":"Jo","` + enterprise + `":{"costCenter":"7","employeeNumber":"1","manager":{"value":"m"}},"` + entraUser + `":{"extensionAttribute2":"x","employeeHireDate":"2024-01-01T00:00:00+01:00"}}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true,"employeeOrgData":{"costCenter":"7"},"employeeId":"1",
			 "onPremisesExtensionAttributes":{"extensionAttribute2":"x"},"employeeHireDate":"2023-12-31T23:00:00Z","->manager":[null,{"value":"m"}]}`, "",
		},
		"an invitation": {
			users, `{"userName":"jo@x.org","displayName":"Jo","userType":"guest","redirectUrl":"https://r"}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true,"userType":"Guest","->invitation":[null,{"inviteRedirectUrl":"https://r"}]}`, "",
		},
		"what is readOnly is ignored": {
			users, `{"userName":"jo@x.org","displayName":"Jo","id":"x","meta":{"created":"x"},"groups":[{"value":"g"}],"name":{"formatted":"X"},"redemptionUrl":"x"}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true}`, "",
		},
		"null and empty text are no values": {
			users, `{"userName":"jo@x.org","displayName":"Jo","title":"","preferredLanguage":null,"emails":[],"` + enterprise + `":{"manager":{}}}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true}`, "",
		},
		"too long": {users, `{"userName":"jo@x.org","displayName":"Jo","` + enterprise + `":{"employeeNumber":"` + long + `"}}`, "", enterprise + ":employeeNumber has at most 16 characters"},
		"length counts characters, not bytes": {
			users, `{"userName":"jo@x.org","displayName":"Jo","` + enterprise + `":{"employeeNumber":"éééééééééééééééé"}}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true,"employeeId":"éééééééééééééééé"}`, "",
		},
		"wrong type":    {users, `{"userName":"jo@x.org","displayName":7}`, "", "displayName is a string"},
		"wrong boolean": {users, `{"userName":"jo@x.org","displayName":"Jo","active":"on"}`, "", "active is a boolean"},
		"wrong time":    {users, `{"userName":"jo@x.org","displayName":"Jo","` + entraUser + `":{"employeeHireDate":"tomorrow"}}`, "", "employeeHireDate is a dateTime"},
		"no such value": {users, `{"userName":"jo@x.org","displayName":"Jo","` + entraUser + `":{"ageGroup":"Old"}}`, "", "ageGroup is one of Minor, NotAdult, Adult"},
		"a value that is ignored": {
			users, `{"userName":"jo@x.org","displayName":"Jo","userType":"Employee"}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true}`, "",
		},
		"passwords are not told": {users, `{"userName":"jo@x.org","displayName":"Jo","password":123}`, "", "password is a string"},
		"security group":         {groups, `{"displayName":"The Team: 7"}`, `{"displayName":"The Team: 7","mailNickname":"TheTeam7","groupTypes":[],"mailEnabled":false,"securityEnabled":true}`, ""},
		"Microsoft 365 group": {
			groups, `{"displayName":"T","members":[{"value":"u"}],"` + entraGroup + `":{"groupType":"Microsoft365","mailNickname":"tt","visibility":"private"}}`,
			`{"displayName":"T","mailNickname":"tt","groupTypes":["Unified"],"mailEnabled":true,"securityEnabled":false,"visibility":"Private","->members":[null,[{"value":"u"}]]}`, "",
		},
		"no nickname in ASCII": {groups, `{"displayName":"日本"}`, `{"displayName":"日本","mailNickname":"group2670128721","groupTypes":[],"mailEnabled":false,"securityEnabled":true}`, ""},
		"an Exchange group":    {groups, `{"displayName":"T","` + entraGroup + `":{"groupType":"distribution"}}`, "", "groupType is one of"},
		"no name":              {groups, `{}`, "", "displayName is required"},
		"starling: the e-mail": {
			starling, `{"emails":[{"value":"jo@x.org"}],"displayName":"Jo"}`,
			`{"userPrincipalName":"jo@x.org","displayName":"Jo","mailNickname":"jo","accountEnabled":true}`, "",
		},
		"starling: both": {
			starling, `{"userName":"Jo@x.org","emails":[{"value":"jo@x.org","type":"home"}],"displayName":"Jo"}`,
			`{"userPrincipalName":"Jo@x.org","displayName":"Jo","mailNickname":"Jo","accountEnabled":true}`, "",
		},
		"starling: both, different": {
			starling, `{"userName":"a@x.org","emails":[{"value":"b@x.org"}],"displayName":"Jo"}`, "", "userName and emails.value are one property in Entra",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := c.table.Create(decode(t, c.doc))
			checkWrite(t, w, err, c.want, c.refusal, fault.InvalidValue)
			if err != nil && strings.Contains(err.Error(), "123") {
				t.Errorf("the value is in %v", err)
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	users, groups := compile(t, "user.yaml"), compile(t, "group.yaml")
	starling := compile(t, "user.yaml", source(t, "starling.yaml"))
	ext := func(inner string) string { return `{"` + enterprise + `":` + inner + `}` }
	for name, c := range map[string]struct {
		table                       *mapping.Table
		before, after, want, refuse string
		kind                        fault.Kind
	}{
		"nothing":         {users, `{"title":"a","active":true}`, `{"title":"a","active":true}`, `{}`, "", 0},
		"one property":    {users, `{"title":"a","active":true}`, `{"title":"b","active":true}`, `{"jobTitle":"b"}`, "", 0},
		"case changes":    {users, `{"title":"a"}`, `{"title":"A"}`, `{"jobTitle":"A"}`, "", 0},
		"a new value":     {users, `{}`, `{"title":"b"}`, `{"jobTitle":"b"}`, "", 0},
		"cleared":         {users, `{"title":"a"}`, `{}`, `{"jobTitle":null}`, "", 0},
		"cleared by \"\"": {users, `{"title":"a"}`, `{"title":""}`, `{"jobTitle":null}`, "", 0},
		"disabled":        {users, `{"active":true}`, `{"active":false}`, `{"accountEnabled":false}`, "", 0},
		"required":        {users, `{"displayName":"a"}`, `{}`, "", "displayName cannot be removed: Entra cannot clear displayName", fault.Mutability},
		"made anew":       {users, `{"displayName":"a","userName":"jo@x.org"}`, `{"userName":"jo@x.org"}`, `{"displayName":"jo"}`, "", 0},
		"not clearable":   {users, `{"nickName":"a"}`, `{}`, "", "nickName cannot be removed: Entra cannot clear mailNickname", fault.Mutability},
		"mail is not clearable": {
			users, `{"emails":[{"value":"a@x.org","type":"work"}]}`, `{}`, "", "cannot be removed", fault.Mutability,
		},
		"readOnly":           {users, `{"id":"a"}`, `{"id":"b"}`, "", "id is readOnly", fault.Mutability},
		"readOnly list":      {users, `{"groups":[{"value":"g"}]}`, `{"groups":[{"value":"h"}]}`, "", "groups is readOnly", fault.Mutability},
		"readOnly, the same": {users, `{"groups":[{"value":"g"}]}`, `{"groups":[{"value":"g"}]}`, `{}`, "", 0},
		"password":           {users, `{}`, `{"password":"x"}`, `{"passwordProfile":{"password":"x"}}`, "", 0},
		"a part of a name":   {users, `{"name":{"givenName":"a","familyName":"b","formatted":"a b"}}`, `{"name":{"givenName":"c"}}`, `{"givenName":"c","surname":null}`, "", 0},
		"costCenter takes division with it": {
			users, ext(`{"costCenter":"1","division":"d"}`), ext(`{"costCenter":"2","division":"d"}`), `{"employeeOrgData":{"costCenter":"2","division":"d"}}`, "", 0,
		},
		"costCenter cleared": {users, ext(`{"costCenter":"1","division":"d"}`), ext(`{"division":"d"}`), `{"employeeOrgData":{"costCenter":null,"division":"d"}}`, "", 0},
		"costCenter new":     {users, ext(`{}`), ext(`{"costCenter":"2"}`), `{"employeeOrgData":{"costCenter":"2","division":null}}`, "", 0},
		"extensionAttribute alone": {
			users, `{"` + entraUser + `":{"extensionAttribute1":"a","extensionAttribute2":"b"}}`, `{"` + entraUser + `":{"extensionAttribute1":"a"}}`,
			`{"onPremisesExtensionAttributes":{"extensionAttribute2":null}}`, "", 0,
		},
		"other addresses": {
			users, `{"emails":[{"value":"m","type":"work"},{"value":"a","type":"other"},{"value":"b","type":"other"}]}`,
			`{"emails":[{"value":"m","type":"work"},{"value":"b","type":"other"},{"value":"c","type":"other"}]}`, `{"otherMails":["b","c"]}`, "", 0,
		},
		"no other address":  {users, `{"emails":[{"value":"a","type":"other"}]}`, `{"emails":[]}`, `{"otherMails":[]}`, "", 0},
		"telephone cleared": {users, `{"phoneNumbers":[{"value":"1","type":"work"},{"value":"2","type":"mobile"}]}`, `{"phoneNumbers":[{"value":"2","type":"mobile"}]}`, `{"businessPhones":[]}`, "", 0},
		"address replaced": {
			users, `{"addresses":[{"type":"work","country":"NL","locality":"Delft"}]}`, `{"addresses":[{"country":"DE"}]}`, `{"country":"DE","city":null}`, "", 0,
		},
		"manager set":       {users, `{}`, ext(`{"manager":{"value":"m"}}`), `{"->manager":[null,{"value":"m"}]}`, "", 0},
		"manager unchanged": {users, ext(`{"manager":{"value":"M","displayName":"Boss"}}`), ext(`{"manager":{"value":"m"}}`), `{}`, "", 0},
		"manager removed":   {users, ext(`{"manager":{"value":"m"}}`), ext(`{"manager":{"value":""}}`), `{"->manager":[{"value":"m"},null]}`, "", 0},
		"too long is judged when it changes": {
			users, ext(`{"employeeNumber":"12345678901234567890"}`), ext(`{"employeeNumber":"12345678901234567890","department":"d"}`), `{"department":"d"}`, "", 0,
		},
		"too long":   {users, ext(`{}`), ext(`{"employeeNumber":"12345678901234567890"}`), "", "has at most 16 characters", fault.InvalidValue},
		"members":    {groups, `{"members":[{"value":"a"}]}`, `{"members":[{"value":"b"}]}`, `{"->members":[[{"value":"a"}],[{"value":"b"}]]}`, "", 0},
		"group type": {groups, `{"` + entraGroup + `":{"groupType":"security"}}`, `{"` + entraGroup + `":{"groupType":"microsoft365"}}`, "", "groupType is immutable", fault.Mutability},
		"an Exchange group keeps its type": {
			groups, `{"displayName":"a","` + entraGroup + `":{"groupType":"distribution"}}`, `{"displayName":"b","` + entraGroup + `":{"groupType":"distribution"}}`, `{"displayName":"b"}`, "", 0,
		},
		"isAssignableToRole": {groups, `{}`, `{"` + entraGroup + `":{"isAssignableToRole":true}}`, "", "isAssignableToRole is immutable", fault.Mutability},
		"starling: the e-mail changes": {
			starling, `{"userName":"a@x.org","emails":[{"value":"a@x.org"}]}`, `{"userName":"a@x.org","emails":[{"value":"b@x.org"}]}`, `{"userPrincipalName":"b@x.org"}`, "", 0,
		},
		"starling: the user name changes": {
			starling, `{"userName":"a@x.org","emails":[{"value":"a@x.org"}]}`, `{"userName":"b@x.org","emails":[{"value":"a@x.org"}]}`, `{"userPrincipalName":"b@x.org"}`, "", 0,
		},
		"starling: both change": {
			starling, `{"userName":"a@x.org","emails":[{"value":"a@x.org"}]}`, `{"userName":"b@x.org","emails":[{"value":"c@x.org"}]}`, "", "one property in Entra", fault.InvalidValue,
		},
		"starling: the e-mail goes": {
			starling, `{"userName":"a@x.org","emails":[{"value":"a@x.org"}]}`, `{"userName":"a@x.org"}`, `{}`, "", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := c.table.Update(decode(t, c.before), decode(t, c.after))
			checkWrite(t, w, err, c.want, c.refuse, c.kind)
		})
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	users, groups := compile(t, "user.yaml"), compile(t, "group.yaml")
	for name, c := range map[string]struct {
		table                       *mapping.Table
		before, after, want, refuse string
		kind                        fault.Kind
	}{
		"what is omitted is cleared": {
			users, `{"userName":"a","displayName":"a","title":"t","emails":[{"type":"other","value":"x"}]}`, `{"userName":"a","displayName":"b"}`,
			`{"displayName":"b","jobTitle":null,"otherMails":[]}`, "", 0,
		},
		"what cannot be cleared is kept": {
			users, `{"userName":"a","displayName":"a","nickName":"n","active":false,"emails":[{"type":"work","value":"x"}]}`, `{"userName":"a","displayName":"a"}`, `{}`, "", 0,
		},
		"what is readOnly is ignored": {
			users, `{"id":"1","userName":"a","displayName":"a"}`, `{"id":"2","userName":"a","displayName":"a","groups":[{"value":"g"}]}`, `{}`, "", 0,
		},
		"what is immutable may be omitted": {
			groups, `{"displayName":"a","` + entraGroup + `":{"groupType":"security","isAssignableToRole":false}}`, `{"displayName":"b"}`, `{"displayName":"b"}`, "", 0,
		},
		"what is immutable does not change": {
			groups, `{"displayName":"a","` + entraGroup + `":{"groupType":"security"}}`, `{"displayName":"a","` + entraGroup + `":{"groupType":"microsoft365"}}`, "", "immutable", fault.Mutability,
		},
		"what is required is there": {users, `{"userName":"a","displayName":"a"}`, `{"displayName":"a"}`, "", "userName is required", fault.InvalidValue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := c.table.Replace(decode(t, c.before), decode(t, c.after))
			checkWrite(t, w, err, c.want, c.refuse, c.kind)
		})
	}
}

func TestForWrite(t *testing.T) {
	t.Parallel()
	users := compile(t, "user.yaml")
	want := users.ForWrite(func(_, name, sub string) bool { return name == "costCenter" || (name == "emails" && sub == "value") })
	for name, c := range map[string]struct {
		urn, name, sub string
		want           bool
	}{
		"what was wanted":           {enterprise, "costCenter", "", true},
		"what is written with it":   {enterprise, "division", "", true},
		"what is written apart":     {enterprise, "department", "", false},
		"not an extensionAttribute": {entraUser, "extensionAttribute1", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := want(c.urn, c.name, c.sub); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

// A value that this gateway wrote moments ago may not be in what Graph answers
// yet: it is written again rather than taken for done.
func TestUpdateOfUnsureProperties(t *testing.T) {
	t.Parallel()
	users := compile(t, "user.yaml")
	for name, c := range map[string]struct {
		before, after string
		unsure        []string
		want          string
	}{
		"sure":                  {`{"active":true}`, `{"active":true}`, nil, `{}`},
		"the same, but unsure":  {`{"active":true}`, `{"active":true}`, []string{"accountEnabled"}, `{"accountEnabled":true}`},
		"gone, but unsure":      {`{}`, `{}`, []string{"jobTitle"}, `{"jobTitle":null}`},
		"a list gone":           {`{}`, `{}`, []string{"otherMails"}, `{"otherMails":[]}`},
		"what cannot be null":   {`{}`, `{}`, []string{"mailNickname", "employeeOrgData", "unknown"}, `{}`},
		"a part of a whole one": {`{"` + enterprise + `":{"division":"a"}}`, `{"` + enterprise + `":{"division":"a"}}`, []string{"employeeOrgData"}, `{"employeeOrgData":{"costCenter":null,"division":"a"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := users.Update(decode(t, c.before), decode(t, c.after), c.unsure...)
			checkWrite(t, w, err, c.want, "", 0)
		})
	}
}

func TestReplaceKeeps(t *testing.T) {
	t.Parallel()
	users := compile(t, "user.yaml")
	before := `{"userName":"a@b.c","displayName":"A","userType":"Guest","title":"t","` + entraUser + `":{"officeLocation":"1","employeeType":"x"}}`
	for name, c := range map[string]struct{ after, want string }{
		"an extension that the client does not know": {`{"userName":"a@b.c","displayName":"A"}`, `{"jobTitle":null}`},
		"but not what it knows":                      {`{"userName":"a@b.c","displayName":"A","title":"t","` + entraUser + `":{"officeLocation":"1"}}`, `{"employeeType":null}`},
		"but for a value that Entra cannot hold":     {`{"userName":"a@b.c","displayName":"A","title":"t","userType":"Employee"}`, `{}`},
		"and what it changes":                        {`{"userName":"a@b.c","displayName":"A","title":"t","userType":"Member"}`, `{"userType":"Member"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := users.Replace(decode(t, before), decode(t, c.after))
			checkWrite(t, w, err, c.want, "", 0)
		})
	}
}
