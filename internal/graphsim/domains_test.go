package graphsim_test

import (
	"testing"

	"entrascim/internal/graphsim"
)

// Any domain means any in a userPrincipalName that is one, and nothing else: the
// verified domains are what they were, and so is what a federated one asks for.
func TestAnyDomain(t *testing.T) {
	t.Parallel()
	strict, loose := start(t, graphsim.Options{}), start(t, graphsim.Options{AnyDomain: true})
	if a, b := strict.do("GET", "/domains", nil).raw, loose.do("GET", "/domains", nil).raw; a != b {
		t.Errorf("the domains are %s, want %s", b, a)
	}
	for upn, taken := range map[string]bool{
		"a@elsewhere.example": true, "b@Sub.Elsewhere.example": true, "c@contoso.com": true, "d@x-1.io": true,
		"e@elsewhere": false, "f@-x.example": false, "g@x-.example": false, "h@x..example": false, "i@.example": false, "j@example.": false,
		"k@federated.example.com": false,
	} {
		body := newUser("fresh" + upn[:1])
		body["userPrincipalName"] = upn
		want := 400
		if taken {
			want = 201
		}
		loose.do("POST", "/users", body).want(want)
	}
	id := loose.user("moving")
	loose.do("PATCH", "/users/"+id, fields{"userPrincipalName": "moved@elsewhere.example"}).want(204)
	loose.do("PATCH", "/users/"+id, fields{"userPrincipalName": "moved@nowhere"}).want(400)
}
