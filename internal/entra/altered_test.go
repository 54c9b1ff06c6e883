package entra_test

import (
	"net/http"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// A PATCH is answered with the resource when that came out otherwise than asked, and
// with nothing when it did not.
func TestPatchAnswersWhatItAltered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation object
		want      int
		path      []string // of the value that the answer shows
		shown     any
	}{
		"as asked":           {object{"op": "replace", "path": "title", "value": "Dr"}, 204, nil, nil},
		"in other case":      {object{"op": "replace", "path": "userType", "value": "member"}, 204, nil, nil},
		"a secret":           {object{"op": "replace", "path": "password", "value": "Correct-Horse-9"}, 204, nil, nil},
		"removed":            {object{"op": "remove", "path": "title"}, 204, nil, nil},
		"not served":         {object{"op": "replace", "path": "locale", "value": "de"}, 204, nil, nil},
		"held by nothing":    {object{"op": "replace", "path": "userType", "value": "Employee"}, 200, []string{"userType"}, "Member"},
		"made anew":          {object{"op": "remove", "path": "nickName"}, 200, []string{"nickName"}, "ada"},
		"a name made anew":   {object{"op": "remove", "path": "displayName"}, 200, []string{"displayName"}, "Ada Lovelace"},
		"a name completed":   {object{"op": "replace", "path": "userName", "value": "bob"}, 200, []string{"userName"}, "bob@contoso.com"},
		"a name in full":     {object{"op": "replace", "path": "userName", "value": "bob@contoso.com"}, 204, nil, nil},
		"the one place":      {object{"op": "add", "path": "phoneNumbers", "value": []object{{"type": "work", "value": "2"}}}, 200, []string{"phoneNumbers", "0", "value"}, "2"},
		"another type":       {object{"op": "add", "path": "emails", "value": []object{{"type": "home", "value": "a@home.example"}}}, 200, []string{"emails", "0", "type"}, "work"},
		"the other of two":   {object{"op": "replace", "path": "emails", "value": []object{{"value": "a@x.example", "type": "work"}, {"value": "b@x.example"}, {"value": "b@x.example", "type": "work"}}}, 200, []string{"emails", "0", "value"}, "a@x.example"},
		"an address as such": {object{"op": "replace", "path": "addresses", "value": []object{{"type": "work", "locality": "Turin"}}}, 204, nil, nil},
		"a manager":          {object{"op": "add", "path": enterprise + ":manager", "value": "boss@contoso.com"}, 204, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.DefaultDomain = "contoso.com" })
			g.do(http.MethodPost, "/Users", newUser("boss@contoso.com"), http.StatusCreated)
			user := newUser("ada@contoso.com")
			user["name"] = object{"givenName": "Ada", "familyName": "Lovelace"}
			user["title"], user["phoneNumbers"] = "a", []object{{"type": "work", "value": "1"}}
			id := "/Users/" + g.do(http.MethodPost, "/Users", user, http.StatusCreated)["id"].(string)
			body := g.patch(id, c.want, c.operation)
			if c.path != nil && at(body, c.path...) != c.shown {
				t.Errorf("shown: %v", body)
			}
		})
	}
}
