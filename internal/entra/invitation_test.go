package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// The rows of the invitation, redirectUrl and redemptionUrl, with the profile
// starling: what its tables call mandatory is enough, and the two are in the
// answer to the creation only, for Graph keeps neither.
func TestInvitationOfStarling(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "starling", nil)
	made := g.do(http.MethodPost, "/Users", object{
		"userType": "Guest", "emails": []object{{"value": "gail@partner.example"}}, "redirectUrl": "https://apps.example",
	}, http.StatusCreated)
	redeem, _ := made["redemptionUrl"].(string)
	if made["redirectUrl"] != "https://apps.example" || !strings.HasPrefix(redeem, "https://") || made["userType"] != "Guest" {
		t.Errorf("answer %v", made)
	}
	const upn = "gail_partner.example#EXT#@contoso.onmicrosoft.com"
	read := g.get("/Users/" + made["id"].(string))
	for what, r := range map[string]object{"the answer": made, "what is read": read} {
		if r["userName"] != upn || at(r, "emails", "0", "value") != upn {
			t.Errorf("names of %s: %v", what, r)
		}
	}
	if read["redirectUrl"] != nil || read["redemptionUrl"] != nil {
		t.Errorf("read %v", read)
	}
	if got := g.found("/Users", `redirectUrl eq "https://apps.example"`); len(got) != 0 {
		t.Errorf("found by what Graph does not keep: %v", got)
	}
	if got := g.found("/Users", `emails.value eq "`+upn+`" and userType eq "guest"`); !same(got, []string{made["id"].(string)}) {
		t.Errorf("found %v", got)
	}
}
