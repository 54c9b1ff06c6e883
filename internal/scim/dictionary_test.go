package scim

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"

	"entrascim/internal/fault"
)

const furtherURN = "urn:example:extension:Further"

// dictionaryType has the dictionary more with the entry badge or, bare, with none.
func dictionaryType(bare bool) ResourceType {
	text := func(name string) schema.SimpleParams {
		return schema.SimpleStringParams(schema.StringParams{Name: name})
	}
	x := schema.Schema{ID: furtherURN, Name: optional.NewString("Further"), Attributes: schema.Attributes{schema.SimpleCoreAttribute(text("colour"))}}
	if !bare {
		x.Attributes = append(x.Attributes, schema.ComplexCoreAttribute(schema.ComplexParams{Name: "more", SubAttributes: []schema.SimpleParams{text("badge")}}))
	}
	return ResourceType{
		ID: "User", Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Extensions: []Extension{{Schema: x}},
		Dictionary: Dictionary{URN: furtherURN, Name: "more", Refuse: func(name string) error {
			return fault.New(fault.InvalidValue, "no entry %s", name)
		}},
	}.Indexed()
}

// The names of a dictionary are its entries or mistakes, in whatever way they are said,
// though unknown attributes are ignored; it may be a text.
func TestDictionary(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ value, want string }{
		"an entry":          {`{"badge":"B"}`, `{"badge":"B"}`},
		"in any case":       {`{"BADGE":"B"}`, `{"badge":"B"}`},
		"a text":            {`"{\"badge\":\"B\"}"`, `{"badge":"B"}`},
		"a list of one":     {`[{"badge":"B"}]`, `{"badge":"B"}`},
		"no entry":          {`{"badge":"B","city":"C"}`, "no entry city"},
		"no entry, text":    {`"{\"city\":\"C\"}"`, "no entry city"},
		"no entry, listed":  {`[{"city":null}]`, "no entry city"},
		"nothing":           {`null`, `null`},
		"an empty one":      {`{}`, `null`},
		"a word":            {`"badge"`, "must be an object"},
		"names twice":       {`"{\"badge\":1,\"badge\":2}"`, "must be an object"},
		"a number":          {`7`, "must be an object"},
		"a list of numbers": {`[7]`, "must be an object"},
		"a list of two":     {`[{"badge":"B"},{"badge":"C"}]`, "must be an object"},
		"an empty list":     {`[]`, `null`},
		"a wrong type":      {`{"badge":{"a":1}}`, "must be a string"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			full := dictionaryType(false)
			body := `{"userName":"u","` + furtherURN + `":{"more":` + c.value + `,"unknown":1}}`
			doc, err := full.index.document(decoded(t, body), false)
			if got := dictionaryOf(t, doc, err); !strings.Contains(got, c.want) {
				t.Errorf("document: %s, want %s", got, c.want)
			}
			for _, op := range []string{
				`{"op":"replace","path":"` + furtherURN + `:more","value":` + c.value + `}`, `{"op":"add","value":{"` + furtherURN + `":{"more":` + c.value + `}}}`,
			} {
				p, err := full.index.parsePatch(decoded(t, `{"Operations":[`+op+`]}`), RFC, false)
				if err == nil {
					doc, err = p.Apply(Document{})
				}
				if got := dictionaryOf(t, doc, err); !strings.Contains(got, c.want) {
					t.Errorf("%s: %s, want %s", op, got, c.want)
				}
			}
		})
	}
}

// dictionaryOf is what came of the dictionary: its JSON, or the error.
func dictionaryOf(t *testing.T, doc Document, err error) string {
	t.Helper()
	if err != nil {
		return fault.From(err).Detail
	}
	inner, _ := doc[furtherURN].(map[string]any)
	text, err := json.Marshal(inner["more"])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Where there is no entry, every name is a mistake.
func TestDictionaryWithoutEntries(t *testing.T) {
	t.Parallel()
	rt := dictionaryType(true)
	for value, want := range map[string]string{
		`{"badge":"B"}`: "no entry badge", `"{\"city\":1}"`: "no entry city", `{}`: "null", `null`: "null", `[]`: "null",
		`[{"badge":1},{}]`: furtherURN + ":more must be an object, or a text that is one in JSON.",
		`7`:                furtherURN + ":more must be an object, or a text that is one in JSON.",
	} {
		doc, err := rt.index.document(decoded(t, `{"userName":"u","`+furtherURN+`":{"more":`+value+`}}`), true)
		if got := dictionaryOf(t, doc, err); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

// By path an entry is named as any sub-attribute.
func TestDictionaryPath(t *testing.T) {
	t.Parallel()
	rt := dictionaryType(false)
	for path, want := range map[string]string{"more.badge": `{"badge":"B"}`, "more.city": "no entry city", "less.city": "has no attribute"} {
		p, err := rt.index.parsePatch(decoded(t, `{"Operations":[{"op":"add","path":"`+furtherURN+`:`+path+`","value":"B"}]}`), RFC, false)
		var doc Document
		if err == nil {
			doc, err = p.Apply(Document{})
		}
		if got := dictionaryOf(t, doc, err); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
