package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// What Graph refuses of an administrator without a word is refused by the attribute's name,
// and it is said what it takes.
func TestAdministratorsAreOutOfReach(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.addUsers(1)[0]
	if _, err := g.dir.AssignRole(user, globalReader, ""); err != nil {
		t.Fatal(err)
	}
	path := "/Users/" + user
	for name, c := range map[string]struct {
		method, path string
		body         any
	}{
		"active: ":   {http.MethodPatch, path, object{"Operations": []object{{"op": "replace", "path": "active", "value": false}}}},
		"userName: ": {http.MethodPatch, path, object{"Operations": []object{{"op": "replace", "path": "userName", "value": "else@contoso.com"}}}},
		"delete: ":   {http.MethodDelete, path, nil},
	} {
		answer := g.do(c.method, c.path, c.body, http.StatusForbidden)
		if detail, _ := answer["detail"].(string); !strings.Contains(detail, name+"of a user who holds a directory role") {
			t.Errorf("%s%v", name, answer)
		}
	}
}
