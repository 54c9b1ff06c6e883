package entra_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
)

// Users are found by the name of a license as by its id, with one request more; a name
// that no license has finds nobody.
func TestLicenseNamesInFilters(t *testing.T) {
	t.Parallel()
	g, ada, bob := licensed(t, graphsim.Options{})
	g.patch("/Users/"+ada, http.StatusNoContent, gives(skuE3, skuP2))
	g.patch("/Users/"+bob, http.StatusNoContent, gives(skuP2))
	both := []string{ada, bob}
	for filter, want := range map[string]struct {
		users    []string
		requests int
	}{
		`entitlements.value eq "` + skuE3 + `"`:                                                   {[]string{ada}, 1},
		`entitlements.value eq "ENTERPRISEPACK"`:                                                  {[]string{ada}, 2},
		`entitlements eq "EnterprisePack"`:                                                        {[]string{ada}, 2},
		`entitlements[value eq "aad_premium_p2"]`:                                                 {both, 2},
		`entitlements[value eq "AAD_PREMIUM_P2" and type eq "direct"]`:                            {both, 2},
		`entitlements[value eq "AAD_PREMIUM_P2" and not (type eq "inherited")]`:                   {both, 2},
		`entitlements.value eq "ENTERPRISEPACK" or entitlements.value eq "AAD_PREMIUM_P2"`:        {both, 2},
		`entitlements.value eq "AAD_PREMIUM_P2" and not (entitlements.value eq "ENTERPRISEPACK")`: {[]string{bob}, 2},
		`entitlements.value eq "AAD_PREMIUM_P2" and userName sw "b"`:                              {[]string{bob}, 2},
		`entitlements.value eq "NO_SUCH_PACK"`:                                                    {nil, 1},
		`entitlements[value eq "NO_SUCH_PACK"] or userName eq "bob@contoso.com"`:                  {[]string{bob}, 2},
		`displayName eq "ENTERPRISEPACK"`:                                                         {nil, 1},
	} {
		g.sim.Reset()
		got := g.found("/Users", filter)
		if !same(got, want.users) {
			t.Errorf("%s: found %v, want %v", filter, got, want.users)
		}
		g.wantAsked(filter, want.requests, 0)
	}
}

// Deleted users are looked for in the same way.
func TestLicenseNamesInFiltersOfDeleted(t *testing.T) {
	t.Parallel()
	g, ada, _ := licensed(t, graphsim.Options{})
	g.patch("/Users/"+ada, http.StatusNoContent, gives(skuE3))
	g.do(http.MethodDelete, "/Users/"+ada, nil, http.StatusNoContent)
	byID := g.found("/Users", `meta.deleted eq true and entitlements.value eq "`+skuE3+`"`)
	if got := g.found("/Users", `meta.deleted eq true and entitlements.value eq "ENTERPRISEPACK"`); len(got) != 1 || !slices.Equal(got, byID) {
		t.Errorf("by name %v, by id %v", got, byID)
	}
}

// A PATCH names licenses as a filter or in values by what they are called, at no request
// more than by id: the read and the subscriptions in one batch, and one assignLicense.
func TestLicenseNamesInPatch(t *testing.T) {
	t.Parallel()
	g, ada, _ := licensed(t, graphsim.Options{})
	g.patch("/Users/"+ada, http.StatusNoContent, gives("ENTERPRISEPACK", skuP2))
	for name, c := range map[string]struct {
		op     object
		writes int
		left   []string
	}{
		"selected":              {takes("enterprisepack"), 1, []string{skuP2}},
		"one of two":            {object{"op": "remove", "path": `entitlements[value eq "NO_SUCH_PACK" or value eq "AAD_PREMIUM_P2"]`}, 1, []string{skuE3}},
		"by type, too":          {object{"op": "remove", "path": `entitlements[type eq "direct" and value eq "AAD_PREMIUM_P2"]`}, 1, []string{skuE3}},
		"all others":            {object{"op": "remove", "path": `entitlements[value ne "AAD_PREMIUM_P2"]`}, 1, []string{skuP2}},
		"by list":               {object{"op": "remove", "path": "entitlements", "value": []object{{"value": "ENTERPRISEPACK"}}}, 1, []string{skuP2}},
		"by a list of nobody's": {object{"op": "remove", "path": "entitlements", "value": []object{{"value": "NO_SUCH_PACK"}}}, 0, []string{skuE3, skuP2}},
		"what is not there":     {takes("NO_SUCH_PACK"), 0, []string{skuE3, skuP2}},
		"added again":           {gives("ENTERPRISEPACK"), 0, []string{skuE3, skuP2}},
		"replaced":              {object{"op": "replace", "path": "entitlements", "value": []object{{"value": "AAD_PREMIUM_P2"}}}, 1, []string{skuP2}},
	} {
		g.sim.Reset()
		g.patch("/Users/"+ada, http.StatusNoContent, c.op)
		g.wantAsked(name, 1+c.writes, c.writes)
		if got := g.skus(ada); !same(got, c.left) {
			t.Errorf("%s: left %v, want %v", name, got, c.left)
		}
		g.patch("/Users/"+ada, http.StatusNoContent, gives(skuE3, skuP2))
	}
}

// Where subscriptions may not be read a name is refused, with nothing written: that nobody
// has the license, or that it is taken, would be a guess. Ids go on.
func TestLicenseNamesWithoutPermission(t *testing.T) {
	t.Parallel()
	g, ada, _ := licensed(t, graphsim.Options{})
	g.patch("/Users/"+ada, http.StatusNoContent, gives(skuE3, skuP2))
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.ReadWrite.All"})
	g.sim.Advance(2 * time.Hour) // a new token
	g.sim.Reset()
	status, answer := g.try(http.MethodGet, "/Users?filter="+url.QueryEscape(`entitlements.value eq "ENTERPRISEPACK"`), "")
	if status != http.StatusForbidden || !strings.Contains(answer, "entitlements.value: ") {
		t.Errorf("filter: %d %s", status, answer)
	}
	refused := g.patch("/Users/"+ada, http.StatusForbidden, object{"op": "replace", "path": "title", "value": "x"}, takes("ENTERPRISEPACK"))
	if detail, _ := refused["detail"].(string); !strings.HasPrefix(detail, "entitlements.value: ") {
		t.Errorf("PATCH: %v", refused)
	}
	if _, writes := g.asked(); writes != 0 {
		t.Errorf("%d writes", writes)
	}
	if got := g.found("/Users", `entitlements.value eq "`+skuE3+`"`); !same(got, []string{ada}) {
		t.Errorf("by id %v", got)
	}
	g.patch("/Users/"+ada, http.StatusNoContent, takes(skuE3))
	if got := g.skus(ada); !same(got, []string{skuP2}) {
		t.Errorf("left %v", got)
	}
}
