package app

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// addresses: the two examples are the values of one operation.
func (e *example) addresses() {
	e.t.Helper()
	e.colleagues()
	values := e.other("rfc7644-018.json") + "," + e.other("rfc7644-019.json")
	e.patches("/Users/"+babsID, `{"Operations":[{"op":"replace","value":{"emails":[`+values+`],"nickname":"Babs"}}]}`)
	e.holds(map[string]any{"nickName": "Babs", "emails": []any{e.doc}}, e.read("/Users/"+babsID))
}

// finds: the example is a search that finds somebody.
func (e *example) finds() {
	e.t.Helper()
	list := e.send(http.MethodPost, "/.search", e.text, http.StatusOK)
	e.holds(map[string]any{
		"schemas": []any{messageURN + "ListResponse"}, "totalResults": 1.0, "itemsPerPage": 1.0, "startIndex": 1.0,
		"Resources": []any{map[string]any{"displayName": "Smith, James", "userName": "jsmith"}},
	}, list)
}

// bulk: the example is a bulk request whose operations come to this.
func (e *example) bulk(statuses ...string) {
	e.t.Helper()
	var results []any
	for _, s := range statuses {
		results = append(results, map[string]any{"method": "POST", "status": s})
	}
	answer := e.send(http.MethodPost, "/Bulk", e.text, http.StatusOK)
	if got, _ := answer["Operations"].([]any); len(got) != len(statuses) {
		e.t.Errorf("%d results, want %d", len(got), len(statuses))
	}
	e.holds(map[string]any{"schemas": []any{messageURN + "BulkResponse"}, "Operations": results}, answer)
}

// guided: Alice is in the group that was made with her.
func (e *example) guided() {
	e.t.Helper()
	alice := e.first("/Users?filter=userName+eq+%22Alice%22")
	group := e.first("/Groups?filter=displayName+eq+%22Tour+Guides%22")
	e.holds(map[string]any{"members": []any{map[string]any{"value": alice["id"], "type": "User"}}}, e.read(fmt.Sprint("/Groups/", group["id"])))
}

// managed: Alice is the manager of Bob, who was made with her.
func (e *example) managed() {
	e.t.Helper()
	alice := e.first("/Users?filter=userName+eq+%22Alice%22")
	bob := e.first("/Users?filter=userName+eq+%22Bob%22")
	e.holds(map[string]any{enterpriseURN: map[string]any{"employeeNumber": "11250", "manager": map[string]any{"value": alice["id"]}}}, e.read(fmt.Sprint("/Users/", bob["id"])))
}

func (e *example) first(path string) map[string]any {
	e.t.Helper()
	list, _ := e.read(path)["Resources"].([]any)
	if len(list) != 1 {
		e.t.Fatalf("%s finds %d", path, len(list))
	}
	return list[0].(map[string]any)
}

// answers: the example is the answer to the request, with these members and of these
// types.
func (e *example) answers(method, path, body string, status int) {
	e.t.Helper()
	e.check("served", lacks(e.doc, e.send(method, path, body, status), "", false), e.doc)
}

// listed: the example is the resources of a list.
func (e *example) listed(path string) {
	e.t.Helper()
	e.check("served", lacks(e.doc, e.read(path)["Resources"], "", false), e.doc)
}

// characterized: the example describes attributes, each by the characteristics that
// one of its type has in the schemas that are served.
func (e *example) characterized() {
	e.t.Helper()
	served := flattened(e.read("/Schemas")["Resources"], nil)
	described := flattened(e.doc, nil)
	for _, a := range described {
		e.check("served", lacks(map[string]any{"attributes": []any{a}}, map[string]any{"attributes": ofType(served, a)}, "", false), nil)
	}
	if len(described) < 20 {
		e.t.Errorf("only %d attributes are described", len(described))
	}
}

// flattened are the descriptions of attributes and sub-attributes in schemas.
func flattened(v any, all []any) []any {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			all = flattened(inner, all)
		}
	case map[string]any:
		all = flattened(v["subAttributes"], flattened(v["attributes"], all))
		if v["multiValued"] != nil {
			a := maps.Clone(v)
			delete(a, "subAttributes")
			all = append(all, a)
		}
	}
	return all
}

// ofType are the descriptions of attributes of the same type, under the same name.
func ofType(all []any, as any) []any {
	var some []any
	for _, v := range all {
		a := maps.Clone(v.(map[string]any))
		if a["type"] == as.(map[string]any)["type"] {
			a["name"] = as.(map[string]any)["name"]
			some = append(some, a)
		}
	}
	return some
}

// holds wants what is there to have all that it should, where there is a place for it.
func (e *example) holds(want, got any) {
	e.t.Helper()
	e.check("stored", lacks(want, got, "", true), want)
}

// check wants what is lacking to be known, and what is known to be lacking.
func (e *example) check(as string, lacking []string, want any) {
	e.t.Helper()
	is := map[string]bool{}
	for _, name := range lacking {
		name = as + " " + name
		is[name] = true
		if elsewhere[name] == "" {
			e.t.Errorf("%s is not as it is printed", name)
		}
		e.seen.Store(name, true)
	}
	for _, name := range namesIn(want, "") {
		name = as + " " + name
		if elsewhere[name] != "" && !is[name] && !slices.Contains(sometimes, name) {
			e.t.Errorf("%s is as it is printed, and was not to be: %s", name, elsewhere[name])
		}
	}
}

// lacks names what of a value another does not have: members of objects and elements
// of lists; with values, also those that are another. Of a list only the type of an
// element tells what it is.
func lacks(want, got any, path string, values bool) []string {
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok {
			return []string{path}
		}
		var all []string
		for name, v := range want {
			if have[name] == nil {
				all = append(all, below(path, name))
			} else {
				all = append(all, lacks(v, have[name], below(path, name), values)...)
			}
		}
		return all
	case []any:
		have, ok := got.([]any)
		if !ok {
			return []string{path}
		}
		var all []string
		for _, v := range want {
			all = append(all, fewest(v, have, path+kindOf(v), values)...)
		}
		return all
	}
	if reflect.TypeOf(want) != reflect.TypeOf(got) || values && want != got {
		return []string{path}
	}
	return nil
}

// fewest is what the element that is most like it lacks.
func fewest(want any, list []any, path string, values bool) []string {
	best := []string{path}
	exactly := false
	for _, v := range list {
		if kindOf(v) != kindOf(want) && kindOf(want) != "" {
			continue
		}
		if lacking := lacks(want, v, path, values); !exactly || len(lacking) < len(best) {
			best, exactly = lacking, true
		}
	}
	return best
}

// kindOf is how an element of a list is told from others, in brackets.
func kindOf(v any) string {
	m, _ := v.(map[string]any)
	if id, _ := m["id"].(string); strings.HasPrefix(id, "urn:") {
		return "[" + id + "]"
	}
	for _, name := range []string{"name", "type"} {
		if s, ok := m[name].(string); ok {
			return "[" + s + "]"
		}
	}
	return ""
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// namesIn are those of all members, as lacks names them.
func namesIn(v any, path string) []string {
	var all []string
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			all = append(append(all, below(path, name)), namesIn(inner, below(path, name))...)
		}
	case []any:
		for _, inner := range v {
			all = append(append(all, path+kindOf(inner)), namesIn(inner, path+kindOf(inner))...)
		}
	}
	return all
}
