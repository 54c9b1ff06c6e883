package scim

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/elimity-com/scim/schema"

	"entrascim/internal/fault"
)

// shared reads a file of the folder with outside cases that lies beside the
// repository, and skips the test when it is not there.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, "..", "shared", name))
	if err != nil {
		t.Skipf("the outside cases are not here: %v", err)
	}
	return text
}

func sharedJSON(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(shared(t, name), into); err != nil {
		t.Fatal(err)
	}
}

func userType() *ResourceType {
	rt := &ResourceType{
		ID: "User", Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(),
		Extensions: []Extension{{Schema: schema.ExtensionEnterpriseUser()}},
	}
	rt.Schema.Attributes = append(slices.Clone(rt.Schema.Attributes), externalID())
	rt.index = rt.catalog()
	return rt
}

func groupType() *ResourceType {
	rt := &ResourceType{ID: "Group", Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema()}
	rt.Schema.Attributes = append(slices.Clone(rt.Schema.Attributes), externalID())
	rt.index = rt.catalog()
	return rt
}

func externalID() schema.CoreAttribute {
	return schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{Name: "externalId", CaseExact: true}))
}

type patchCase struct {
	ID, Name, Strictness, ResourceType string
	Before                             map[string]any
	Operations                         []any
	After                              map[string]any
	Error                              *struct {
		Status   int
		ScimType any
	}
	ConfirmedBy []string `json:"confirmed_by"`
}

// against are cases whose outcome contradicts the RFC or another decision, with
// the reason.
var against = map[string]string{
	"p250": "RFC 7644 section 3.5.2.3: the sub-attributes given replace or are added, the others stay",
	"p417": "RFC 7644 section 3.5.2.2: removing a required attribute is mutability",
}

func TestPatchCorpus(t *testing.T) {
	t.Parallel()
	var corpus struct{ Cases []patchCase }
	sharedJSON(t, "scim/patch.json", &corpus)
	types := map[string]*ResourceType{"User": userType(), "Group": groupType()}
	ran := 0
	for _, c := range corpus.Cases {
		if c.Strictness == "library" && len(c.ConfirmedBy) < 2 {
			continue
		}
		ran++
		t.Run(c.ID+" "+c.Name, func(t *testing.T) {
			t.Parallel()
			after, err := run(types[c.ResourceType], c)
			problem := verdict(c, after, err)
			reason, excused := against[c.ID]
			switch {
			case problem != "" && !excused:
				t.Errorf("%s\nbefore %v\noperations %v", problem, c.Before, c.Operations)
			case problem == "" && excused:
				t.Errorf("passes, though it is listed as against: %s", reason)
			}
		})
	}
	if ran < 100 {
		t.Errorf("only %d cases ran", ran)
	}
}

// run applies the operations to the state before, in memory.
func run(rt *ResourceType, c patchCase) (Document, error) {
	before := clone(c.Before).(map[string]any)
	patch, err := rt.index.parsePatch(map[string]any{"Operations": c.Operations}, RFC, false)
	if err != nil {
		return nil, err
	}
	after, err := patch.Apply(before)
	if !reflect.DeepEqual(before, c.Before) {
		return nil, fmt.Errorf("Apply changed the document that it was given")
	}
	return after, err
}

func verdict(c patchCase, after Document, err error) string {
	if c.Error == nil {
		if err != nil {
			return "refused: " + err.Error()
		}
		if !same(strip(c.After), strip(after)) {
			return fmt.Sprintf("after:\n got %v\nwant %v", after, c.After)
		}
		return ""
	}
	if err == nil {
		return fmt.Sprintf("accepted, giving %v", after)
	}
	f := fault.From(err)
	want := []any{c.Error.ScimType}
	if list, ok := c.Error.ScimType.([]any); ok {
		want = list
	}
	if f.Status() != c.Error.Status || !slices.Contains(want, any(f.SCIMType())) && c.Error.ScimType != nil {
		return fmt.Sprintf("refused as %d %s (%v), want %v", f.Status(), f.SCIMType(), err, c.Error)
	}
	return ""
}

// strip leaves out what the corpus does not compare.
func strip(doc Document) map[string]any {
	out := map[string]any{}
	for name, v := range doc {
		if !slices.Contains([]string{"id", "meta", "schemas", "groups", "password"}, name) {
			out[strings.ToLower(name)] = v
		}
	}
	return out
}

// same compares as the corpus wants: absent, null, "" and [] are the same;
// primary false is absent; references are compared by value.
func same(want, got any) bool {
	if blank(want) || blank(got) {
		return blank(want) && blank(got)
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		return ok && sameObjects(w, g)
	case []any:
		g, ok := got.([]any)
		return ok && sameLists(w, g)
	}
	return want == got
}

func sameLists(want, got []any) bool {
	got = slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(got, func(g any) bool { return same(w, g) })
		if i < 0 {
			return false
		}
		got = slices.Delete(got, i, i+1)
	}
	return len(got) == 0
}

// sameObjects compares without $ref and display, which servers may fill in.
func sameObjects(want, got map[string]any) bool {
	lower := func(m map[string]any) map[string]any {
		out := map[string]any{}
		for name, v := range m {
			if name != "$ref" && name != "display" {
				out[strings.ToLower(name)] = v
			}
		}
		return out
	}
	w, g := lower(want), lower(got)
	for name := range g {
		if _, known := w[name]; !known {
			w[name] = nil
		}
	}
	for name, v := range w {
		if !same(v, g[name]) {
			return false
		}
	}
	return true
}

func blank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, inner := range v {
			if !blank(inner) {
				return false
			}
		}
		return true
	}
	return false
}

// Every filter of RFC 7644 section 3.4.2.2 is answered, whatever attributes it names;
// what is no such filter, or makes no sense, is refused as invalidFilter.
func TestFilterCorpus(t *testing.T) {
	t.Parallel()
	var corpus struct {
		Filters []struct{ Filter, Class string }
	}
	sharedJSON(t, "scim/filters.json", &corpus)
	index := userType().index
	classes := map[string]int{}
	for _, c := range corpus.Filters {
		classes[c.Class]++
		t.Run(c.Filter, func(t *testing.T) {
			t.Parallel()
			_, _, err := index.bindFilter(c.Filter, false)
			switch c.Class {
			case "valid":
				if err != nil {
					t.Errorf("%q is valid and was refused: %v", c.Filter, err)
				}
			case "invalid", "semantic-reject":
				if !fault.Is(err, fault.InvalidFilter) {
					t.Errorf("%q is not valid: got %v, want invalidFilter", c.Filter, err)
				}
			case "beyond-abnf":
				if err != nil {
					t.Errorf("%q is what Entra sends and was refused: %v", c.Filter, err)
				}
			default: // either answer can be defended
				if err != nil && !fault.Is(err, fault.InvalidFilter) {
					t.Errorf("%q: %v", c.Filter, err)
				}
			}
		})
	}
	if classes["valid"] < 200 || classes["invalid"]+classes["semantic-reject"] < 80 {
		t.Errorf("too few filters: %v", classes)
	}
}
