package scim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	filter "github.com/scim2/filter-parser/v2"
)

// minimalType is a user of which little is served.
func minimalType() *ResourceType {
	rt := userType()
	kept := rt.Schema.Attributes[:0:0]
	for _, a := range rt.Schema.Attributes {
		if a.Name() == "userName" || a.Name() == "title" {
			kept = append(kept, a)
		}
	}
	rt.Schema.Attributes, rt.Extensions, rt.index = kept, nil, nil
	rt.index = rt.catalog()
	return rt
}

// TestUnserved: what RFC 7643 defines and the type does not serve has no value in
// any resource, and a filter on it is decided without asking.
func TestUnserved(t *testing.T) {
	t.Parallel()
	index := minimalType().index
	for text, want := range map[string]string{
		`roles.value eq "x"`:                            "false",
		`roles.value ne "x"`:                            "true",
		`roles pr`:                                      "false",
		`not (roles pr)`:                                "true",
		`externalId eq null`:                            "true",
		`ims[type eq "xmpp"]`:                           "false",
		`title pr or roles pr`:                          "title pr",
		`title pr and not (roles pr)`:                   "title pr",
		`title pr and roles pr`:                         "false",
		`title pr or not (roles pr)`:                    "true",
		enterprise + `:department eq "x"`:               "false",
		`meta.resourceType eq "Group"`:                  "false",
		`meta.resourceType eq "User" and userName pr`:   "userName pr",
		`(emails.value eq "a" or title pr) and name pr`: "false",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			e, decision, err := index.bindFilter(text, false)
			if err != nil {
				t.Fatal(err)
			}
			got := map[truth]string{isTrue: "true", isFalse: "false"}[decision]
			if decision == undecided {
				got = strings.ReplaceAll(fmt.Sprint(e), index.core.urn+":", "")
			}
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if _, _, err := index.bindFilter(text, true); err == nil && !strings.HasPrefix(text, "meta.") {
				t.Error("strict: want it refused")
			}
		})
	}
}

func TestAttributesOfFilter(t *testing.T) {
	t.Parallel()
	e, _, err := userType().index.bindFilter(`userName eq "a" and (emails[type eq "work" and value co "x"] or not (manager pr))`, false)
	if err != nil {
		t.Fatal(err)
	}
	core := "urn:ietf:params:scim:schemas:core:2.0:User"
	want := []AttrPath{{core, "userName", ""}, {core, "emails", ""}, {enterprise, "manager", ""}}
	if got := Attributes(e); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	index := userType().index
	o := Options{Sort: true}.withDefaults()
	for query, want := range map[string]string{
		"":                                     "1 100 <nil> false",
		"startIndex=0&count=-5":                "1 0 <nil> false",
		"startIndex=-9&count=0":                "1 0 <nil> false",
		"startIndex=11&count=5000":             "11 1000 <nil> false",
		"startindex=11&COUNT=5":                "11 5 <nil> false",
		"startIndex=&count=":                   "1 100 <nil> false",
		"count=99999999999999999999":           "1 1000 <nil> false",
		"startIndex=-99999999999999999999":     "1 100 <nil> false",
		"cursor":                               "1 100 <nil> false",
		"sortBy=USERNAME":                      "1 100 userName false",
		"sortBy=emails&sortOrder=DESCENDING":   "1 100 emails.value true",
		"sortBy=" + enterprise + ":department": "1 100 " + enterprise + ":department false",
		"sortBy=shoe&sortOrder=descending":     "1 100 <nil> true", // no resource has a value
		"sortBy=urn:x:shoe.lace":               "1 100 <nil> false",
		"sortBy=meta.resourceType":             "1 100 <nil> false",
		"sortBy=schemas":                       "1 100 <nil> false",
		"sortBy=name.givenName":                "1 100 name.givenName false",
		"sortBy=" + enterprise + ":manager":    "1 100 " + enterprise + ":manager.value false",
		"sortOrder=up":                         "1 100 <nil> false", // means nothing without sortBy
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			values, err := parameters(&http.Request{URL: &url.URL{RawQuery: query}})
			if err != nil {
				t.Fatal(err)
			}
			q, _, err := index.query(values, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(q.StartIndex, " ", q.Count, " ", q.SortBy, " ", q.Descending); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	strict := o
	strict.Strict = true
	for query, o := range map[string]Options{
		"sortBy=shoe": strict, "sortBy=name": o, "sortBy=userName&sortOrder=up": o, "sortBy=password": o,
		"sortBy=1shoe": o, "sortBy=emails[type]": o, "sortBy=" + enterprise: o,
	} {
		values, _ := url.ParseQuery(strings.ToLower(query))
		if _, _, err := index.query(values, o); err == nil {
			t.Errorf("%s: want it refused", query)
		}
	}
}

func TestProjection(t *testing.T) {
	t.Parallel()
	base := withAda(t, Options{})
	const all = "active emails ext{department manager} id meta name{familyName givenName} schemas title userName"
	for query, want := range map[string]string{
		"":                                         all,
		"attributes=":                              all,
		"attributes=username":                      "id schemas userName",
		"attributes=shoeSize":                      "id schemas",
		"attributes=password":                      "id schemas",
		"attributes=emails.type":                   "emails{type} id schemas",
		"attributes=manager":                       "ext{manager} id schemas",
		"attributes=name.givenName":                "id name{givenName} schemas",
		"attributes=userName,title":                "id schemas title userName",
		"attributes=userName&attributes=TITLE":     "id schemas title userName",
		"attributes=" + enterprise:                 "ext{department manager} id schemas",
		"attributes=" + enterprise + ":department": "ext{department} id schemas",
		"attributes=urn:ietf:params:scim:schemas:core:2.0:User:title": "id schemas title",
		"excludedAttributes=emails,id,active":                         "ext{department manager} id meta name{familyName givenName} schemas title userName",
		"excludedAttributes=meta,emails,name.familyName":              "active ext{department manager} id name{givenName} schemas title userName",
		"excludedAttributes=" + enterprise:                            "active emails id meta name{familyName givenName} schemas title userName",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			a := call(t, base, "GET", "/Users/user-1?"+query, "")
			if got := shape(a.body); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// shape names what a resource has, with the sub-attributes that matter here.
func shape(doc map[string]any) string {
	var names []string
	for name, v := range doc {
		inner, _ := v.(map[string]any)
		if list, ok := v.([]any); ok && name == "emails" {
			inner, _ = list[0].(map[string]any)
		}
		if name == enterprise {
			name = "ext"
		}
		if name == "ext" || name == "name" || name == "emails" && len(inner) == 1 {
			name += "{" + shape(inner) + "}"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestProjectionKeys(t *testing.T) {
	t.Parallel()
	rt := userType()
	index := rt.index
	core := index.core.urn
	title := AttrPath{core, "title", ""}
	one := index.parseProjection([]string{"title", "userName"}, nil)
	if two := index.parseProjection([]string{"USERNAME", "urn:ietf:params:scim:schemas:core:2.0:User:Title"}, nil); one.Key() != two.Key() {
		t.Error("the same attributes have different keys")
	}
	keys := map[string]string{}
	for name, p := range map[string]Projection{
		"default": index.parseProjection(nil, nil), "title": index.parseProjection([]string{"title"}, nil), "none": index.parseProjection([]string{"x"}, nil),
		"not title": index.parseProjection(nil, []string{"title"}), "sub": index.parseProjection([]string{"name.givenName"}, nil), "full": FullProjection(rt),
	} {
		if other, twice := keys[p.Key()]; twice {
			t.Errorf("%s and %s have one key", name, other)
		}
		keys[p.Key()] = name
	}
	minimal := MinimalProjection(rt, AttrPath{core, "emails", "value"})
	if !minimal.Includes(core, "id", "") || !minimal.Includes(core, "emails", "") || minimal.Includes(core, "emails", "type") || minimal.Includes(core, "title", "") {
		t.Error("MinimalProjection has the wrong attributes")
	}
	if with := index.parseProjection(nil, []string{"title"}).With(title); !with.Includes(core, "title", "") || with.Explicit() != true {
		t.Error("With does not add")
	}
	if FullProjection(rt).Includes(core, "password", "") {
		t.Error("a password is never returned")
	}
}

// TestQueryFilter: what a Reader gets is resolved.
func TestQueryFilter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`EMAILS eq "x"`:                       "<core>emails.value eq \"x\"",
		`manager.VALUE ne "x"`:                enterprise + ":manager.value ne \"x\"",
		`active eq "True"`:                    "<core>active eq true",
		`title eq null`:                       "not(<core>title pr)",
		`Emails[Type eq "work"].Value co "x"`: `<core>emails[type eq "work" and value co "x"]`,
	} {
		e, _, err := userType().index.bindFilter(text, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(fmt.Sprint(e), "urn:ietf:params:scim:schemas:core:2.0:User:", "<core>"); got != want {
			t.Errorf("%s is bound as %s, want %s", text, got, want)
		}
	}
	e, _, err := parsedNumbers()
	if err != nil || e != `int 5, float64 2.5` {
		t.Errorf("numbers are %s, %v", e, err)
	}
}

func parsedNumbers() (string, filter.Expression, error) {
	e, err := parseFilter(`a eq 5 or b eq 2.5`)
	if err != nil {
		return "", nil, err
	}
	or := e.(*filter.LogicalExpression)
	a, b := or.Left.(*filter.AttributeExpression), or.Right.(*filter.AttributeExpression)
	return fmt.Sprintf("%T %v, %T %v", a.CompareValue, a.CompareValue, b.CompareValue, b.CompareValue), e, nil
}
