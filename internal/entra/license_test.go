package entra_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

const (
	skuE3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
	skuP2 = "84a661c4-e949-4bd2-a560-ed7766fcaf2b"
)

// licensed is a gateway to a directory with one unit of a license and many of another,
// and two users.
func licensed(t *testing.T, o graphsim.Options) (g *gateway, ada, bob string) {
	t.Helper()
	g = start(t, o, "", nil)
	g.add("subscribedSku", graphsim.Values{"skuId": skuE3, "skuPartNumber": "ENTERPRISEPACK", "prepaidUnits": object{"enabled": 1}})
	g.add("subscribedSku", graphsim.Values{"skuId": skuP2, "skuPartNumber": "AAD_PREMIUM_P2", "prepaidUnits": object{"enabled": 50}})
	for _, name := range []string{"ada", "bob"} {
		g.add("user", graphsim.Values{"displayName": name, "userPrincipalName": name + "@contoso.com", "accountEnabled": true, "usageLocation": "NL"})
	}
	found := g.found("/Users", `userName sw "a" or userName sw "b"`)
	if len(found) != 2 {
		t.Fatalf("users %v", found)
	}
	return g, found[0], found[1]
}

// skus are the licenses that a user is shown to have.
func (g *gateway) skus(user string) []string {
	g.t.Helper()
	var skus []string
	list, _ := g.get("/Users/" + user + "?attributes=entitlements")["entitlements"].([]any)
	for _, v := range list {
		skus = append(skus, at(v, "value").(string))
	}
	return skus
}

func takes(sku string) object {
	return object{"op": "remove", "path": `entitlements[value eq "` + sku + `"]`}
}

func gives(skus ...string) object {
	var list []object
	for _, sku := range skus {
		list = append(list, object{"value": sku})
	}
	return object{"op": "add", "path": "entitlements", "value": list}
}

// The permissions that deploy/entra/permissions.md names for licenses suffice.
func TestLicensePermissions(t *testing.T) {
	t.Parallel()
	g, ada, _ := licensed(t, graphsim.Options{})
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.Read.All", "LicenseAssignment.ReadWrite.All", "LicenseAssignment.Read.All"})
	g.sim.Advance(2 * time.Hour) // a new token
	g.patch("/Users/"+ada, http.StatusNoContent, gives(skuE3, skuP2))
	if got := g.skus(ada); !same(got, []string{skuE3, skuP2}) {
		t.Errorf("licenses %v", got)
	}
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.Read.All", "LicenseAssignment.Read.All"})
	g.sim.Advance(2 * time.Hour)
	g.patch("/Users/"+ada, http.StatusForbidden, takes(skuP2))
}

// A directory that does not show yet what was written makes no license be forgotten, nor
// be left.
func TestLicensesUnderLag(t *testing.T) {
	t.Parallel()
	g, ada, bob := licensed(t, graphsim.Options{Lag: graphsim.Lag{Read: 5 * time.Second, List: 20 * time.Second}})
	g.patch("/Users/"+ada, http.StatusNoContent, gives(skuE3))
	g.patch("/Users/"+ada, http.StatusNoContent, gives(skuP2))
	g.patch("/Users/"+ada, http.StatusNoContent, takes(skuE3))
	g.patch("/Users/"+bob, http.StatusNoContent, gives(skuP2))
	g.patch("/Users/"+bob, http.StatusNoContent, object{"op": "remove", "path": "entitlements"})
	g.sim.Advance(time.Minute)
	if got := g.skus(ada); !slices.Equal(got, []string{skuP2}) {
		t.Errorf("ada has %v", got)
	}
	if got := g.skus(bob); len(got) != 0 {
		t.Errorf("bob has %v", got)
	}
}

// An assignment that failed for want of a unit gives nothing, and is not shown.
func TestLicensesInForce(t *testing.T) {
	t.Parallel()
	g, ada, bob := licensed(t, graphsim.Options{})
	group := g.add("group", graphsim.Values{"displayName": "Licensed", "mailNickname": "licensed", "securityEnabled": true, "assignedLicenses": []object{{"skuId": skuE3, "disabledPlans": []string{}}}})
	g.patch("/Groups/"+group, http.StatusNoContent, object{"op": "add", "path": "members", "value": []object{{"value": ada}, {"value": bob}}})
	if got := g.get("/Users?attributes=userName&filter=" + url.QueryEscape(`entitlements.value eq "`+skuE3+`"`)); got["totalResults"] != 1.0 {
		t.Errorf("found %v", got["totalResults"])
	}
	if a, b := g.skus(ada), g.skus(bob); len(a)+len(b) != 1 {
		t.Errorf("ada has %v, bob %v", a, b)
	}
}

// Twenty users are licensed with one bulk request, in as few requests as may be: the
// reads share some, and so do the writes.
func TestLicensesInBulk(t *testing.T) {
	t.Parallel()
	g, _, _ := licensed(t, graphsim.Options{})
	users := g.addUsers(20)
	g.sim.Reset()
	g.bulk("204", func(i int) (method, path string, data any) {
		return http.MethodPatch, "/Users/" + users[i], object{"Operations": []object{
			{"op": "add", "path": entraUser + ":usageLocation", "value": "NL"}, gives(skuP2),
		}}
	})
	g.wantAsked("licenses of 20 users", 4, 40)
	if got := g.found("/Users", `entitlements.value eq "`+skuP2+`"`); len(got) != 20 {
		t.Errorf("%d users have it", len(got))
	}
}
