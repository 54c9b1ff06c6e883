package scim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"entrascim/internal/fault"
)

// decoded is JSON as the protocol decodes it.
func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	m, err := parseBody([]byte(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return m
}

func mustPatch(t *testing.T, rt *ResourceType, operations string) Patch {
	t.Helper()
	p, err := rt.index.parsePatch(decoded(t, `{"Operations":[`+operations+`]}`), RFC, false)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestApply: what the outside corpus leaves open. An error is written as its
// scimType.
func TestApply(t *testing.T) {
	t.Parallel()
	two := `{"emails":[{"type":"work","value":"a","primary":true},{"type":"home","value":"b"}]}`
	for name, c := range map[string]struct {
		dialect           Dialect
		before, ops, want string
	}{
		"rfc: replace selects nothing":       {RFC, `{}`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a"}`, "noTarget"},
		"one identity: the same":             {OneIdentity, `{}`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a"}`, "noTarget"},
		"entra: it creates":                  {Entra, `{}`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a"}`, `{"emails":[{"type":"work","value":"a"}]}`},
		"okta: it creates beside others":     {Okta, `{"emails":[{"type":"home","value":"b"}]}`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a"}`, `{"emails":[{"type":"home","value":"b"},{"type":"work","value":"a"}]}`},
		"entra: what is not described":       {Entra, `{}`, `{"op":"replace","path":"emails[type eq \"work\" or type eq \"home\"].value","value":"a"}`, "noTarget"},
		"add creates in every dialect":       {RFC, `{}`, `{"op":"add","path":"emails[type eq \"work\" and primary eq true].value","value":"a"}`, `{"emails":[{"type":"work","primary":true,"value":"a"}]}`},
		"a new primary takes over":           {RFC, two, `{"op":"replace","path":"emails[type eq \"home\"].primary","value":"True"}`, `{"emails":[{"type":"work","value":"a","primary":false},{"type":"home","value":"b","primary":true}]}`},
		"an added primary takes over":        {RFC, two, `{"op":"add","path":"emails","value":{"value":"c","primary":true}}`, `{"emails":[{"type":"work","value":"a","primary":false},{"type":"home","value":"b"},{"value":"c","primary":true}]}`},
		"one that was primary, added again":  {RFC, two, `{"op":"add","path":"emails","value":[{"type":"work","value":"a"},{"value":"c","primary":true}]}`, `{"emails":[{"type":"work","value":"a","primary":false},{"type":"home","value":"b"},{"value":"c","primary":true}]}`},
		"two primaries":                      {RFC, two, `{"op":"replace","path":"emails.primary","value":true}`, "invalidValue"},
		"add of what is there":               {RFC, two, `{"op":"add","path":"emails","value":[{"type":"home","value":"B","display":"Home"}]}`, `{"emails":[{"type":"work","value":"a","primary":true},{"type":"home","value":"B","display":"Home"}]}`},
		"same value of another type":         {RFC, two, `{"op":"add","path":"emails","value":[{"type":"other","value":"a"}]}`, `{"emails":[{"type":"work","value":"a","primary":true},{"type":"home","value":"b"},{"type":"other","value":"a"}]}`},
		"same value without a type":          {RFC, two, `{"op":"add","path":"emails","value":[{"value":"A","display":"W"}]}`, `{"emails":[{"type":"work","value":"A","primary":true,"display":"W"},{"type":"home","value":"b"}]}`},
		"another value without a type":       {RFC, two, `{"op":"add","path":"emails","value":[{"value":"c"},{"value":"C"}]}`, `{"emails":[{"type":"work","value":"a","primary":true},{"type":"home","value":"b"},{"value":"C"}]}`},
		"remove by value list":               {RFC, two, `{"op":"remove","path":"emails","value":[{"value":"B","type":"home"}]}`, `{"emails":[{"type":"work","value":"a","primary":true}]}`},
		"remove by value of another type":    {RFC, two, `{"op":"remove","path":"emails","value":[{"value":"a","type":"home"}]}`, two},
		"remove with an empty list":          {RFC, two, `{"op":"remove","path":"emails","value":[]}`, two},
		"remove all":                         {RFC, two, `{"op":"remove","path":"emails"}`, `{}`},
		"remove all by null":                 {RFC, two, `{"op":"remove","path":"emails","value":null}`, `{}`},
		"remove selected":                    {RFC, two, `{"op":"remove","path":"emails[value pr]"}`, `{}`},
		"remove of every sub-attribute":      {RFC, `{"emails":[{"value":"a"},{"value":"b","type":"x"}]}`, `{"op":"remove","path":"emails.value"}`, `{"emails":[{"type":"x"}]}`},
		"replace with an empty list":         {RFC, two, `{"op":"replace","path":"emails","value":[]}`, `{}`},
		"replace a selected value":           {RFC, two, `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"c"}}`, `{"emails":[{"value":"c"},{"type":"home","value":"b"}]}`},
		"replace a selected value, as list":  {RFC, two, `{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"c"}]}`, `{"emails":[{"value":"c"},{"type":"home","value":"b"}]}`},
		"replace a value by several":         {RFC, two, `{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"c"},{"value":"d"}]}`, "invalidValue"},
		"replace a selected value by null":   {RFC, two, `{"op":"replace","path":"emails[type eq \"work\"]","value":null}`, `{"emails":[{"type":"home","value":"b"}]}`},
		"add to a selected value":            {RFC, two, `{"op":"add","path":"emails[type eq \"work\"]","value":{"display":"W"}}`, `{"emails":[{"type":"work","value":"a","primary":true,"display":"W"},{"type":"home","value":"b"}]}`},
		"add null":                           {RFC, `{"title":"x"}`, `{"op":"add","path":"title","value":null}`, `{"title":"x"}`},
		"dotted names without a path":        {RFC, `{}`, `{"op":"replace","value":{"name.givenName":"A","` + enterprise + `:department":"D","emails[type eq \"work\"].type":"x"}}`, "noTarget"},
		"dotted names":                       {Entra, `{}`, `{"op":"replace","value":{"name.givenName":"A","` + enterprise + `:department":"D"}}`, `{"name":{"givenName":"A"},"` + enterprise + `":{"department":"D"}}`},
		"a dot behind the URN":               {RFC, `{}`, `{"op":"replace","path":"` + enterprise + `.manager","value":"m1"}`, `{"` + enterprise + `":{"manager":{"value":"m1"}}}`},
		"an extension as a whole":            {RFC, `{"` + enterprise + `":{"department":"D","costCenter":"1"}}`, `{"op":"remove","path":"` + enterprise + `"}`, `{}`},
		"add to an extension":                {RFC, `{"` + enterprise + `":{"costCenter":"1"}}`, `{"op":"add","path":"` + enterprise + `","value":{"department":"D"}}`, `{"` + enterprise + `":{"department":"D","costCenter":"1"}}`},
		"an extension's URN in other case":   {RFC, `{}`, `{"op":"add","path":"URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User:Department","value":"D"}`, `{"` + enterprise + `":{"department":"D"}}`},
		"the last attribute of an extension": {RFC, `{"` + enterprise + `":{"department":"D"}}`, `{"op":"replace","path":"department","value":""}`, `{}`},
		"id in a value is ignored":           {RFC, `{"id":"1"}`, `{"op":"replace","value":{"id":"2","title":"T"}}`, `{"id":"1","title":"T"}`},
		"the last sub-attribute":             {RFC, `{"name":{"givenName":"A"}}`, `{"op":"remove","path":"name.givenName"}`, `{}`},
		"a lower-case canonical value":       {RFC, `{}`, `{"op":"add","path":"emails","value":[{"type":"WORK","value":"a"}]}`, `{"emails":[{"type":"work","value":"a"}]}`},
		"an extension's unknown attribute":   {RFC, `{}`, `{"op":"add","path":"` + enterprise + `:shoeSize","value":"x"}`, "invalidPath"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := userType().index.parsePatch(decoded(t, `{"Operations":[`+c.ops+`]}`), c.dialect, false)
			var after Document
			if err == nil {
				after, err = p.Apply(decoded(t, c.before))
			}
			if err != nil {
				if got := fault.From(err).SCIMType(); got != c.want {
					t.Errorf("got %s (%v), want %s", got, err, c.want)
				}
				return
			}
			if c.want[0] != '{' || !reflect.DeepEqual(after, decoded(t, c.want)) {
				t.Errorf("got %v, want %s", after, c.want)
			}
		})
	}
}

// TestUnservedPatch: what RFC 7643 defines and Entra can not hold is ignored.
func TestUnservedPatch(t *testing.T) {
	t.Parallel()
	rt := minimalType()
	p := mustPatch(t, rt, `{"op":"add","path":"locale","value":"en"},{"op":"replace","path":"roles[primary eq true].value","value":"x"},{"op":"add","path":"title","value":"T"}`)
	if len(p.Operations) != 1 || p.Operations[0].Path.Name != "title" {
		t.Errorf("got %v", p.Operations)
	}
	if _, err := rt.index.parsePatch(decoded(t, `{"Operations":[{"op":"add","path":"locale","value":"en"}]}`), RFC, true); !fault.Is(err, fault.InvalidSyntax) {
		t.Errorf("strict: got %v", err)
	}
}

// TestImmutable: an immutable attribute can be set once (RFC 7643 section 2.2).
func TestImmutable(t *testing.T) {
	t.Parallel()
	rt := groupType()
	for ops, want := range map[string]string{
		`{"op":"replace","path":"members[value eq \"1\"].value","value":"2"}`: "mutability",
		`{"op":"replace","path":"members[value eq \"1\"].value","value":"1"}`: "",
		`{"op":"add","path":"members[value eq \"1\"].$ref","value":"x"}`:      "",
		`{"op":"remove","path":"members[value eq \"1\"].value"}`:              "mutability",
	} {
		_, err := mustPatch(t, rt, ops).Apply(decoded(t, `{"members":[{"value":"1"}]}`))
		if err == nil && want != "" || err != nil && fault.From(err).SCIMType() != want {
			t.Errorf("%s: got %v, want %q", ops, err, want)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ ops, want string }{
		"add":                {`{"op":"Add","path":"members","value":[{"$ref":null,"value":"1"},{"value":"2","display":"x"}]}`, "add [1 2]"},
		"add one":            {`{"op":"add","path":"members","value":{"value":"1"}}`, "add [1]"},
		"add an id":          {`{"op":"add","path":"members","value":"1"}`, "add [1]"},
		"add without a path": {`{"op":"add","value":{"MEMBERS":[{"Value":"1"}],"displayName":"G"}}`, "add [1]"},
		"remove listed":      {`{"op":"Remove","path":"members","value":[{"value":"1"},{"value":"2"}]}`, "remove [1 2]"},
		"remove listed ids":  {`{"op":"remove","path":"members","value":["1","2"]}`, "remove [1 2]"},
		"remove none listed": {`{"op":"remove","path":"members","value":[]}`, "remove []"},
		"remove selected":    {`{"op":"remove","path":"members[value eq \"1\"]"}`, "remove [1]"},
		"remove either":      {`{"op":"remove","path":"members[value eq \"1\" or (value eq \"2\")]"}`, "remove [1 2]"},
		"remove by type":     {`{"op":"remove","path":"members[type eq \"Group\"]"}`, `remove [] filter type eq "Group"`},
		"remove by both":     {`{"op":"remove","path":"members[value eq \"1\" and type eq \"Group\"]"}`, `remove [] filter value eq "1" and type eq "Group"`},
		"remove all":         {`{"op":"remove","path":"members"}`, "remove [] all"},
		"replace":            {`{"op":"replace","path":"members","value":[{"value":"1"}]}`, "replace [1]"},
		"replace by none":    {`{"op":"replace","path":"members","value":[]}`, "replace []"},
		"replace by null":    {`{"op":"replace","path":"members","value":null}`, "remove [] all"},
		"order is kept":      {`{"op":"remove","path":"members[value eq \"1\"]"},{"op":"replace","path":"displayName","value":"x"},{"op":"add","path":"members","value":[{"value":"2"}]}`, "remove [1] add [2]"},
		"a member's value":   {`{"op":"replace","path":"members[value eq \"1\"].value","value":"2"}`, "mutability"},
		"a member replaced":  {`{"op":"replace","path":"members[value eq \"1\"]","value":{"value":"2"}}`, "mutability"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rest, changes, err := mustPatch(t, groupType(), c.ops).Split("members")
			if got := told(changes, err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if slices.ContainsFunc(rest.Operations, func(o Operation) bool { return o.Path.Name == "members" }) {
				t.Error("the rest still has members")
			}
		})
	}
	p := mustPatch(t, groupType(), `{"op":"add","value":{"members":[{"value":"1"}],"displayName":"G"}}`)
	if rest, _, _ := p.Split("members"); len(rest.Operations) != 1 || rest.Operations[0].Value != "G" {
		t.Errorf("the rest is %v", rest.Operations)
	}
}

func told(changes []MemberChange, err error) string {
	if err != nil {
		return fault.From(err).SCIMType()
	}
	text := ""
	for _, c := range changes {
		if text != "" {
			text += " "
		}
		text += fmt.Sprint(c.Op, " ", c.Values)
		if c.All {
			text += " all"
		}
		if c.Filter != nil {
			text += fmt.Sprint(" filter ", c.Filter)
		}
	}
	return text
}

func TestPatchAttributes(t *testing.T) {
	t.Parallel()
	p := mustPatch(t, userType(), `{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"},{"op":"add","path":"emails","value":{"value":"y"}},
		{"op":"replace","value":{"name":{"givenName":"A"},"name.familyName":"B","manager":{"value":"m"}}}`)
	core := "urn:ietf:params:scim:schemas:core:2.0:User"
	want := []AttrPath{{core, "emails", ""}, {enterprise, "manager", ""}, {core, "name", ""}, {core, "name", "familyName"}}
	if got := p.Attributes(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestPatchEnds: operations that multiply are refused, not worked through.
func TestPatchEnds(t *testing.T) {
	t.Parallel()
	values := make([]any, 20_000)
	for i := range values {
		values[i] = map[string]any{"value": fmt.Sprint(i)}
	}
	operations := []any{map[string]any{"op": "add", "path": "emails", "value": values}}
	for i := range 1000 {
		operations = append(operations, map[string]any{"op": "add", "path": "emails", "value": []any{map[string]any{"value": fmt.Sprint("x", i)}}})
	}
	p, err := userType().index.parsePatch(map[string]any{"Operations": operations}, RFC, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Apply(Document{}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v", err)
	}
}

// FuzzPatch: whatever the operations are, nothing panics, the document that was
// given stays as it was, and an operation done twice does what it does once
// (RFC 7644 section 3.5.2.1) or finds its target gone.
func FuzzPatch(f *testing.F) {
	var corpus struct{ Cases []patchCase }
	f.Add(`{"emails":[{"value":"a"}]}`, `{"op":"add","path":"emails[type eq \"x\"].value","value":"b"}`)
	f.Add(`{"emails":[{"value":"a","type":"t"}]}`, `{"op":"remove","path":"emails","value":[{"value":"a"}]}`)
	f.Add(`{"name":{"givenName":"x"}}`, `{"op":"replace","value":{"name.givenName":"","members":null}}`)
	if text := fuzzShared("scim/patch.json"); text != nil && json.Unmarshal(text, &corpus) == nil {
		for _, c := range corpus.Cases {
			before, _ := json.Marshal(c.Before)
			for _, op := range c.Operations {
				text, _ := json.Marshal(op)
				f.Add(string(before), string(text))
			}
		}
	}
	rt := userType()
	f.Fuzz(func(t *testing.T, before, operation string) {
		doc, body := fuzzPatchInput(rt, before, operation)
		if doc == nil || body == nil {
			return
		}
		for _, d := range []Dialect{RFC, Entra} {
			patch, err := rt.index.parsePatch(body, d, false)
			if err != nil {
				return
			}
			kept := clone(doc)
			once, err := patch.Apply(doc)
			if !reflect.DeepEqual(kept, any(doc)) {
				t.Fatalf("Apply changed its document\n%s\n%s", before, operation)
			}
			if err != nil || len(patch.Operations) > 1 || outgrown(patch, d) {
				return
			}
			twice, err := patch.Apply(once)
			if err == nil && !reflect.DeepEqual(once, twice) {
				t.Fatalf("twice is not once\nbefore %s\noperation %s\nonce  %v\ntwice %v", before, operation, once, twice)
			}
			if k := fault.From(err).Kind; err != nil && k != fault.NoTarget && k != fault.Mutability {
				t.Fatalf("the second time: %v", err)
			}
		}
	})
}

// outgrown tells whether the value that the operation wrote need not match the
// operation's filter any more, so that a dialect that creates makes a second one.
func outgrown(p Patch, d Dialect) bool {
	return d.creates() && slices.ContainsFunc(p.Operations, func(o Operation) bool {
		return o.Op == "replace" && o.Filter != nil && o.Path.Sub == ""
	})
}

func fuzzPatchInput(rt *ResourceType, before, operation string) (Document, map[string]any) {
	state, err := parseBody([]byte(before))
	if err != nil {
		return nil, nil
	}
	state["userName"] = "someone"
	doc, err := rt.index.document(state, false)
	if err != nil {
		return nil, nil
	}
	body, err := parseBody([]byte(`{"Operations":[` + operation + `]}`))
	if err != nil {
		return nil, nil
	}
	return doc, body
}
