package conformance

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// patchCase is what a case of the PATCH corpus says of attributes.
type patchCase struct {
	ID, Name   string
	Before     map[string]any
	Operations []patchOperation
	After      map[string]any
}

type patchOperation struct {
	Path  any
	Value any
}

// mentions tells whether the case has anything to do with an attribute, which is a
// top-level name or the URN of an extension.
func (c patchCase) mentions(attribute string) bool {
	names := slices.Concat(keys(c.Before), keys(c.After))
	for _, op := range c.Operations {
		if path, ok := op.Path.(string); ok && path != "" {
			names = append(names, path)
		} else if value, ok := op.Value.(map[string]any); ok {
			names = append(names, keys(value)...)
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return concerns(name, attribute) })
}

// concerns tells whether a name or path of a request is of an attribute.
func concerns(path, attribute string) bool {
	path, attribute = strings.ToLower(path), strings.ToLower(attribute)
	if strings.HasPrefix(attribute, "urn:") {
		return path == attribute || strings.HasPrefix(path, attribute+":") || strings.HasPrefix(path, attribute+".")
	}
	for _, core := range []string{"user:", "group:"} {
		path = strings.TrimPrefix(path, "urn:ietf:params:scim:schemas:core:2.0:"+core)
	}
	first, _, _ := strings.Cut(path, "[")
	first, _, _ = strings.Cut(first, ".")
	return strings.TrimSpace(first) == attribute
}

func keys(m map[string]any) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return all
}

// readPatches reads what the runner of the PATCH corpus wrote. The runner compares
// whole resources, and Entra gives every resource attributes that the case does not
// know (nickName, userType, an e-mail, ...): such a difference is none of the case.
func readPatches(suite string, report, corpus []byte) (outcome, error) {
	var results []struct {
		ID, Result, ScimType string
		Diff                 []string
	}
	if err := json.Unmarshal(report, &results); err != nil {
		return outcome{}, err
	}
	var doc struct{ Cases []patchCase }
	if err := json.Unmarshal(corpus, &doc); err != nil {
		return outcome{}, err
	}
	o, seen := outcome{suite: suite}, map[string]int{}
	for _, r := range results {
		i := slices.IndexFunc(doc.Cases, func(c patchCase) bool { return c.ID == r.ID })
		if i < 0 {
			o.record(seen, r.ID, false, "not in the corpus")
			continue
		}
		c := doc.Cases[i]
		r.Diff = slices.DeleteFunc(r.Diff, func(d string) bool {
			attribute, _, ok := strings.Cut(d, ": want ")
			return ok && !c.mentions(attribute)
		})
		ok := r.Result == "ok" || r.Result == "differs" && len(r.Diff) == 0
		o.record(seen, c.ID+" "+c.Name, ok, r.Result+" "+r.ScimType+" "+strings.Join(r.Diff, "; "))
	}
	return o.checked()
}

func TestPatchDifferences(t *testing.T) {
	t.Parallel()
	corpus := `{"cases":[
		{"id":"1","name":"title","before":{"userName":"u"},"operations":[{"op":"add","path":"title","value":"x"}],"after":{"title":"x"}},
		{"id":"2","name":"emails","before":{},"operations":[{"op":"remove","path":"emails[type eq \"work\"]"}],"after":{}},
		{"id":"3","name":"pathless","before":{},"operations":[{"op":"add","value":{"nickName":"n"}}],"after":{}},
		{"id":"4","name":"extension","before":{},"operations":[{"op":"add","path":"urn:x:User:department","value":"d"}],"after":{}}]}`
	report := `[{"id":"1","result":"differs","diff":["nickname: want undefined got \"u\"","emails: want undefined got []"]},
		{"id":"2","result":"differs","diff":["emails: want undefined got [1]"]},
		{"id":"3","result":"differs","diff":["nickname: want \"n\" got undefined"]},
		{"id":"4","result":"differs","diff":["urn:x:user: want {} got undefined","active: want undefined got true"]},
		{"id":"1","result":"refused","scimType":"mutability"}]`
	o, err := readPatches("patches", []byte(report), []byte(corpus))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range o.failed {
		got = append(got, f.name)
	}
	want := []string{"2 emails", "3 pathless", "4 extension", "1 title #2"}
	if o.passed != 1 || !slices.Equal(got, want) {
		t.Errorf("%d passed, failed %q; want 1 and %q", o.passed, got, want)
	}
}
