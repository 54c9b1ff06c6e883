package odata_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/edm"
	"entrascim/internal/graphsim/odata"
)

func getter(object map[string]any) odata.Getter {
	return func(path string) any {
		var value any = object
		for name := range strings.SplitSeq(path, "/") {
			m, _ := value.(map[string]any)
			value = m[name]
		}
		return value
	}
}

var ada = map[string]any{
	"id": "1", "displayName": "Ada O'Neil", "userPrincipalName": "ada_fabrikam.com#EXT#@contoso.com", "mail": "Ada@Fabrikam.com",
	"accountEnabled": true, "city": "Köln", "createdDateTime": "2024-02-01T10:00:00Z",
	"otherMails":       []string{"ada@fabrikam.com", "a@x.org"},
	"assignedLicenses": []map[string]any{{"skuId": guid}},
	"employeeOrgData":  map[string]any{"costCenter": "4711"},
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query string
		want  bool
	}{
		"eq regardless of case":       {"$filter=displayName eq 'ADA o''neil'", true},
		"eq of another":               {"$filter=displayName eq 'Ada'", false},
		"ne":                          {"$filter=displayName ne 'Ada'", true},
		"ne of a missing value":       {"$filter=department ne 'x'", true},
		"in":                          {"$filter=city in ('Bonn','KÖLN')", true},
		"not in":                      {"$filter=not (city in ('Bonn','köln'))", false},
		"null":                        {"$filter=department eq null", true},
		"not null":                    {"$filter=city ne null", true},
		"true":                        {"$filter=accountEnabled eq true", true},
		"and":                         {"$filter=accountEnabled eq true and city eq 'Bonn'", false},
		"or":                          {"$filter=accountEnabled eq false or city eq 'Köln'", true},
		"and binds before or":         {"$filter=city eq 'Köln' or city eq 'x' and city eq 'y'", true},
		"parentheses bind first":      {"$filter=(city eq 'Köln' or city eq 'x') and city eq 'y'", false},
		"startsWith":                  {"$filter=startswith(displayName,'aDA')", true},
		"startsWith beyond ASCII":     {"$filter=startsWith(city,'KÖ')", true},
		"startsWith of nothing":       {"$filter=startsWith(department,'a')", false},
		"endsWith":                    {"$filter=endsWith(userPrincipalName,'#ext#@contoso.com')", true},
		"instants, not texts":         {"$filter=createdDateTime ge 2024-02-01T11:00:00+01:00", true},
		"le":                          {"$filter=createdDateTime le 2024-01-31T23:59:59.999Z", false},
		"lambda":                      {"$filter=otherMails/any(x:x eq 'A@X.org')", true},
		"lambda startsWith":           {"$filter=otherMails/any(x:startsWith(x,'b'))", false},
		"not lambda":                  {"$filter=not otherMails/any(x:x eq 'b')", true},
		"lambda over complex values":  {"$filter=assignedLicenses/any(x:x/skuId eq " + strings.ToUpper(guid) + ")", true},
		"lambda over nothing":         {"$filter=proxyAddresses/any(x:x eq 'a')", false},
		"count of some":               {"$filter=otherMails/$count ne 0", true},
		"count of none":               {"$filter=proxyAddresses/$count eq 0", true},
		"complex property":            {"$filter=employeeOrgData/costCenter eq '4711'", true},
		"search of a word":            {`$search="displayName:neil"`, true},
		"search of a word's start":    {`$search="displayName:ad"`, true},
		"search of a word's end":      {`$search="displayName:eil"`, false},
		"search of two":               {`$search="displayName:ada" AND "mail:x"`, false},
		"search of either":            {`$search="displayName:bob" OR "mail:ada@"`, true},
		"search of several words":     {`$search="displayName:ada bob"`, false},
		"search of a collection":      {`$search="otherMails:a@"`, true},
		"search and filter both hold": {`$search="displayName:ada"&$filter=city eq 'Bonn'`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := parse(t, c.query+"&$count=true", advanced)
			if err != nil {
				t.Fatal(err)
			}
			if !q.Filtered() {
				t.Error("not filtered")
			}
			if got := q.Match(getter(ada)); got != c.want {
				t.Errorf("%s: %t", c.query, got)
			}
		})
	}
}

func TestSearchCutsWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value, wanted string
		want          bool
	}{
		"capitals cut words":     {"OneVideo", "video", true},
		"the whole word too":     {"OneVideo", "onevi", true},
		"and in what is wanted":  {"One Video", "OneVideo", true},
		"digits cut words":       {"Team42", "42", true},
		"symbols cut words":      {"Contoso-tier Query", "tier", true},
		"in the middle of a one": {"Contoso", "toso", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := parse(t, `$search="displayName:`+c.wanted+`"`, groupsA)
			if err != nil {
				t.Fatal(err)
			}
			if got := q.Match(getter(map[string]any{"displayName": c.value})); got != c.want {
				t.Errorf("%q in %q: %t", c.wanted, c.value, got)
			}
		})
	}
}

func TestLess(t *testing.T) {
	t.Parallel()
	objects := []map[string]any{
		{"displayName": "b", "createdDateTime": "2024-01-01T00:00:00Z"},
		{"displayName": "A", "createdDateTime": "2024-01-01T00:00:00.5Z"},
		{"displayName": "c", "createdDateTime": "2023-12-31T23:00:00-02:00"},
		{"displayName": "Ä", "createdDateTime": "2025-01-01T00:00:00Z"},
		{"displayName": "ab", "createdDateTime": "2025-02-01T00:00:00Z"},
	}
	for order, want := range map[string]string{
		"displayName": "AabbcÄ", "displayName desc": "ÄcbabA", "createdDateTime asc": "bAcÄab", "createdDateTime desc,displayName": "abÄcAb",
	} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			q, err := parse(t, "$count=true&$orderby="+order, advanced)
			if err != nil {
				t.Fatal(err)
			}
			sorted := slices.SortedFunc(slices.Values(objects), func(a, b map[string]any) int {
				switch {
				case q.Less(getter(a), getter(b)):
					return -1
				case q.Less(getter(b), getter(a)):
					return 1
				}
				return 0
			})
			var got string
			for _, o := range sorted {
				got += o["displayName"].(string)
			}
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query, want string
		ok          bool
	}{
		"alone":          {"$filter=mail eq 'a'", "a", true},
		"in conjunction": {"$filter=city eq 'b' and mail eq 'a'", "a", true},
		"alternative":    {"$filter=city eq 'b' or mail eq 'a'", "", false},
		"negated":        {"$filter=not (mail eq 'a')", "", false},
		"null":           {"$filter=mail eq null", "", false},
		"no filter":      {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := parse(t, "$count=true&"+c.query, advanced)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := q.Equal("mail"); got != c.want || ok != c.ok {
				t.Errorf("%q %t", got, ok)
			}
		})
	}
}

func TestDirectoryExtension(t *testing.T) {
	t.Parallel()
	const name = "extension_0123456789abcdef0123456789abcdef_badge"
	o := advanced
	o.Extension = func(n string) (edm.Property, bool) {
		return odata.ExtensionProperty("user", name, "Integer"), n == name
	}
	q, err := parse(t, "$select="+name+"&$filter="+name+" eq 7", o)
	if err != nil {
		t.Fatal(err)
	}
	if !q.Match(getter(map[string]any{name: int64(7)})) || q.Match(getter(map[string]any{name: int64(8)})) {
		t.Error("7 is not told from 8")
	}
	if _, err := parse(t, "$filter="+name+" ne 7", o); err == nil || err.Code != odata.CodeUnsupportedQuery {
		t.Errorf("ne without $count: %v", err)
	}
	o.Entity = "group"
	if _, err := parse(t, "$select="+name, o); err == nil {
		t.Error("a user's extension is granted to groups")
	}
}

// Whatever is asked is answered by a query that can be evaluated, or by a refusal
// that Graph could have given.
func FuzzParse(f *testing.F) {
	model := edm.New()
	for _, seed := range []string{
		"$filter=displayName eq 'a' and not (otherMails/any(x:x eq 'b'))&$count=true",
		"$filter=assignedLicenses/any(u:u/skuId eq " + guid + ")", "$filter=otherMails/$count eq 0&$count=true",
		`$search="displayName:a" OR "mail:b"&$orderby=displayName desc`, "$expand=manager($levels=max;$select=id)&$count=true",
		"$filter=createdDateTime ge 2021-11-01T00:00:00%2B01:00", "$filter=city in ('a','b')", "$top=1&$skiptoken=%zz",
	} {
		f.Add(seed, true, "user")
	}
	f.Fuzz(func(t *testing.T, raw string, header bool, entity string) {
		q, err := odata.Parse(raw, odata.Options{Model: model, Entity: entity, Advanced: header})
		var refusal *odata.Error
		switch {
		case err == nil:
			matched := q.Match(getter(ada))
			if again := q.Match(getter(ada)); matched != again {
				t.Error("an evaluation changed the query")
			}
			if q.Less(getter(ada), getter(ada)) {
				t.Error("an object comes before itself")
			}
			q.Match(getter(nil))
			if v, ok := q.Equal("displayName"); ok && matched && !strings.EqualFold(v, "Ada O'Neil") {
				t.Errorf("matched although displayName has to be %q", v)
			}
		case !errors.As(err, &refusal) || (refusal.Status != 400 && refusal.Status != 501) || refusal.Code == "" || refusal.Message == "":
			t.Errorf("refused by %#v", err)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	q, err := odata.Parse(escape("$filter=accountEnabled eq true and startsWith(displayName,'ada')"), odata.Options{Model: edm.New(), Entity: "user"})
	if err != nil {
		b.Fatal(err)
	}
	get := func(path string) any { return ada[path] }
	b.ReportAllocs()
	for b.Loop() {
		if !q.Match(get) {
			b.Fatal("no match")
		}
	}
}
