package entra_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"entrascim/internal/graphsim"
)

// What somebody waits for goes before lists, and these before health: every request to
// Graph that belongs to it.
func TestUrgency(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	ids := g.addUsers(30)
	group := g.addGroup("Team", ids...)
	managed := newUser("grace@contoso.com")
	managed[enterprise] = object{"manager": object{"value": ids[0]}}
	bulk := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []object{
		{"method": "PATCH", "path": "/Users/" + ids[3], "data": object{"Operations": []object{{"op": "replace", "path": "title", "value": "x"}}}},
		{"method": "PATCH", "path": "/Users/" + ids[4], "data": object{"Operations": []object{{"op": "replace", "path": "title", "value": "x"}}}},
	}}
	for name, c := range map[string]struct {
		do   func()
		want string
	}{
		"get":            {func() { g.get("/Users/" + ids[0]) }, "High"},
		"get of a group": {func() { g.get("/Groups/" + group) }, "High"},
		"create":         {func() { g.do(http.MethodPost, "/Users", managed, http.StatusCreated) }, "High"},
		"change": {func() {
			g.patch("/Users/"+ids[1], http.StatusNoContent, object{"op": "replace", "path": "title", "value": "y"})
		}, "High"},
		"members": {func() {
			g.patched("/Groups/"+group, object{"op": "remove", "path": `members[value eq "` + ids[5] + `"]`})
		}, "High"},
		"removal":           {func() { g.do(http.MethodDelete, "/Users/"+ids[2], nil, http.StatusNoContent) }, "High"},
		"one by its name":   {func() { g.get("/Users?filter=" + url.QueryEscape(`userName eq "user00007@contoso.com"`)) }, "High"},
		"one by its id":     {func() { g.get("/Users?filter=" + url.QueryEscape(`id eq "`+ids[7]+`"`)) }, "High"},
		"list":              {func() { g.get("/Users") }, ""},
		"filtered list":     {func() { g.get("/Users?filter=" + url.QueryEscape(`title eq "x"`)) }, ""},
		"list of two names": {func() { g.get("/Users?filter=" + url.QueryEscape(`userName eq "a" or userName eq "b"`)) }, ""},
		"bulk":              {func() { g.do(http.MethodPost, "/Bulk", bulk, http.StatusOK) }, ""},
		"readiness": {func() {
			if err := g.directory.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		}, "Low"},
	} {
		g.heard.take()
		c.do()
		got := g.heard.take()
		if len(got) == 0 || slices.ContainsFunc(got, func(p string) bool { return p != c.want }) {
			t.Errorf("%s: priorities %q, want %q", name, got, c.want)
		}
	}
}
