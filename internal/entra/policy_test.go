package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// Where the tenant says so, Entra takes passwords that it refuses otherwise, and the
// user's other policies stay.
func TestWeakPasswords(t *testing.T) {
	t.Parallel()
	const weak = "1mz050nq"
	for name, allowed := range map[string]bool{"refused": false, "allowed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.WeakPasswords = allowed })
			user := newUser("ada@contoso.com")
			user["password"] = weak
			body := `{"userName":"bob@contoso.com","displayName":"B","password":"` + weak + `"}`
			status, answer := g.try(http.MethodPost, "/Users", body)
			if allowed != (status == http.StatusCreated) || strings.Contains(answer, weak) {
				t.Fatalf("POST: %d %s", status, answer)
			}
			user["password"] = "Correct-Horse-9"
			user[entraUserURN] = object{"passwordPolicies": "DisablePasswordExpiration"}
			id := "/Users/" + g.do(http.MethodPost, "/Users", user, http.StatusCreated)["id"].(string)
			status, answer = g.try(http.MethodPatch, id, `{"Operations":[{"op":"replace","path":"password","value":"`+weak+`"}]}`)
			if allowed != (status == http.StatusNoContent) || strings.Contains(answer, weak) {
				t.Fatalf("PATCH: %d %s", status, answer)
			}
			want := "DisablePasswordExpiration"
			if allowed {
				want += ", DisableStrongPassword"
			}
			if got := at(g.get(id), entraUserURN, "passwordPolicies"); got != want {
				t.Errorf("policies %v, want %v", got, want)
			}
		})
	}
}

const entraUserURN = "urn:ietf:params:scim:schemas:extension:entra:2.0:User"

// Where the tenant says so, no two groups get one name.
func TestUniqueGroupNames(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.UniqueGroupNames = true })
	g.do(http.MethodPost, "/Groups", object{"displayName": "O'Hara's team"}, http.StatusCreated)
	other := "/Groups/" + g.do(http.MethodPost, "/Groups", object{"displayName": "Other"}, http.StatusCreated)["id"].(string)
	g.asked()
	refused := g.do(http.MethodPost, "/Groups", object{"displayName": "o'hara's TEAM"}, http.StatusConflict)
	if refused["scimType"] != "uniqueness" {
		t.Errorf("POST: %v", refused)
	}
	g.wantAsked("a group refused", 1, 0)
	rename := object{"op": "replace", "path": "displayName", "value": "O'Hara's team"}
	g.patch(other, http.StatusConflict, rename)
	rename["value"] = "OTHER"
	g.patch(other, http.StatusNoContent, rename)
}
