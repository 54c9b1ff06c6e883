package entra_test

import (
	"reflect"
	"slices"
	"testing"

	"entrascim/internal/rfcpatch"
)

func holds(name string, pool ...any) rfcpatch.Attribute {
	return rfcpatch.Attribute{Name: name, Pool: pool}
}

func heldIn(urn string, a rfcpatch.Attribute) rfcpatch.Attribute {
	a.URN = urn
	return a
}

// userAttributes are those that operations on users change; managers are ids.
func userAttributes(managers []any) []rfcpatch.Attribute {
	exact := holds("externalId", "e1", "E1")
	exact.Exact = true
	plural := func(name string, types []any, values ...any) rfcpatch.Attribute {
		return rfcpatch.Attribute{Name: name, Multi: true, Subs: []rfcpatch.Attribute{holds("value", values...), holds("type", types...), holds("primary", true, false)}}
	}
	return []rfcpatch.Attribute{
		holds("displayName", "Ada", "Countess"), exact, holds("title", "Analyst", "Boss"), holds("nickName", "ada", "lace"), holds("active", true, false), holds("preferredLanguage", "en-US", "nl-NL"),
		holds("userType", "Member", "Guest", "Employee"),
		{Name: "name", Subs: []rfcpatch.Attribute{holds("givenName", "Ada", "Augusta"), holds("familyName", "Lovelace", "King")}},
		plural("emails", []any{"work", "other", "home"}, "ada@work.example", "a@x.org", "c@x.org", "ada@contoso.com"),
		plural("phoneNumbers", []any{"work", "mobile", "fax", "pager"}, "+1", "+2", "+3"),
		{Name: "addresses", Multi: true, Subs: []rfcpatch.Attribute{holds("country", "NL", "DE"), holds("type", "work", "home"), holds("locality", "Delft", "Bonn"), holds("streetAddress", "1 Way"), holds("primary", true, false)}},
		heldIn(enterprise, holds("department", "Sales", "R&D")), heldIn(enterprise, holds("costCenter", "C", "C2")), heldIn(enterprise, holds("division", "D")),
		heldIn(enterprise, holds("employeeNumber", "7", "8", "a number that is far too long")), heldIn(enterprise, holds("organization", "Looms")),
		heldIn(enterprise, rfcpatch.Attribute{Name: "manager", Subs: []rfcpatch.Attribute{{Name: "value", Exact: true, Pool: managers}}}),
		heldIn(entraUser, holds("usageLocation", "NL", "US")), heldIn(entraUser, holds("extensionAttribute1", "one", "two")), heldIn(entraUser, holds("officeLocation", "1.02")),
	}
}

// groupAttributes are those that operations on groups change; members are ids.
func groupAttributes(members []any) []rfcpatch.Attribute {
	required := holds("displayName", "Outer", "Renamed")
	required.Required = true
	exact := holds("externalId", "e1", "E1")
	exact.Exact = true
	these := rfcpatch.Attribute{Name: "members", Multi: true, Refers: true, Subs: []rfcpatch.Attribute{{Name: "value", Exact: true, Pool: members}}}
	return []rfcpatch.Attribute{these, required, exact, these, heldIn(entraGroup, holds("description", "D", "E")), heldIn(entraGroup, holds("mailNickname", "outer", "other")), these}
}

// places are the values that Entra holds of a multi-valued attribute: one of a type,
// or of the last as many as there are.
var places = map[string]struct {
	single []string
	many   string
}{
	"emails":       {[]string{"work"}, "other"},
	"phoneNumbers": {[]string{"work", "mobile", "fax"}, ""},
	"addresses":    {[]string{"work"}, ""},
}

// instead tells of simple attributes what Entra has instead of what was asked for.
var instead = map[string]func(before, want, got any) bool{
	"displayName":  func(_, want, got any) bool { return want == nil && got != nil }, // made of the name or userName; a group's is required
	"nickName":     func(_, want, got any) bool { return want == nil && got != nil }, // made of userName
	"mailNickname": func(_, want, got any) bool { return want == nil && got != nil }, // made of displayName
	"active":       func(_, want, got any) bool { return want == nil && got == true },
	"userType":     func(before, want, got any) bool { return want != "Member" && want != "Guest" && got == before }, // Entra has no other
}

// compare holds the attributes that the operations are about against what they should
// be. It tells whether they are that; else they are what Entra can hold of it.
func (c *changing) compare(t *testing.T, ops []rfcpatch.Operation, before, want, after object) (exact bool) {
	t.Helper()
	exact = true
	for _, o := range ops {
		a := o.Attr
		should, is := projected(a, a.Of(want)), projected(a, a.Of(after))
		if a.Multi && sameValues(should.([]object), is.([]object)) || !a.Multi && reflect.DeepEqual(should, is) {
			continue
		}
		exact = false
		excuse, excused := instead[a.Name]
		switch {
		case a.Multi && !a.Refers:
			if problem := c.held(o, alone(ops, a) && !crowded(o), projected(a, a.Of(before)).([]object), should.([]object), is.([]object)); problem != "" {
				t.Errorf("%s: %s", a.Name, problem)
			}
		case !excused || !excuse(projected(a, a.Of(before)), should, is):
			t.Errorf("%s is %v, want %v", a.Name, is, should)
		}
	}
	return exact
}

// projected is a value without what operations do not name and without what Entra
// does not hold: which value is primary.
func projected(a *rfcpatch.Attribute, v any) any {
	of := func(v any) object {
		m, _ := v.(object)
		out := object{}
		for _, s := range a.Subs {
			if m[s.Name] != nil && s.Name != "primary" {
				out[s.Name] = m[s.Name]
			}
		}
		return out
	}
	switch {
	case a.Multi:
		list := []object{}
		for _, one := range listed(v) {
			list = append(list, of(one))
		}
		return list
	case len(a.Subs) > 0:
		if m := of(v); len(m) > 0 {
			return m
		}
		return nil
	}
	return v
}

// says tells whether a value is the other, or says more than it.
func says(is, less object) bool {
	for name, v := range less {
		if is[name] != v {
			return false
		}
	}
	return true
}

// sameValues: each value that should be there is, and no other.
func sameValues(should, is []object) bool {
	for _, v := range should {
		if !slices.ContainsFunc(is, func(i object) bool { return says(i, v) }) {
			return false
		}
	}
	for _, i := range is {
		if !slices.ContainsFunc(should, func(v object) bool { return says(i, v) }) {
			return false
		}
	}
	return true
}

// alone tells whether one operation only is about the attribute.
func alone(ops []rfcpatch.Operation, a *rfcpatch.Attribute) bool {
	n := 0
	for _, o := range ops {
		if o.Attr == a {
			n++
		}
	}
	return n == 1
}

// held tells what is wrong with the values of a multi-valued attribute of which Entra
// cannot hold all; with newest, a new value takes the place of one that was there.
func (c *changing) held(o rfcpatch.Operation, newest bool, before, should, is []object) string {
	should = slices.DeleteFunc(slices.Clone(should), blankValue)
	at := places[o.Attr.Name]
	for _, i := range is {
		invented := !slices.ContainsFunc(should, func(v object) bool { return says(i, v) })
		if invented && (o.Attr.Name != "emails" || i["type"] != "work" || i["value"] != c.fallback) {
			return "a value that nobody asked for"
		}
	}
	for _, kind := range at.single {
		of := func(v object) bool { return v["type"] == kind }
		fresh := func(v object) bool {
			return of(v) && !slices.ContainsFunc(before, func(b object) bool { return reflect.DeepEqual(b, v) })
		}
		shown := slices.IndexFunc(is, of)
		switch {
		case !slices.ContainsFunc(should, of):
		case shown < 0:
			return "no value of type " + kind
		case newest && slices.ContainsFunc(should, fresh) && !slices.ContainsFunc(should, func(v object) bool { return fresh(v) && says(is[shown], v) }):
			return "not the new value of type " + kind
		}
	}
	for _, v := range should {
		if v["type"] == at.many && at.many != "" && !slices.ContainsFunc(is, func(i object) bool { return says(i, v) }) {
			return "a value of type " + at.many + " is missing"
		}
	}
	return ""
}

// blankValue has nothing but a type: Entra has no place for that.
func blankValue(v object) bool {
	for name := range v {
		if name != "type" {
			return false
		}
	}
	return true
}
