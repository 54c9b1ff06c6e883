package entra_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/entra/permission"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/guard"
	"entrascim/internal/tenant"
)

// leaving is a policy with all steps.
func leaving(d tenant.Deletion) tenant.Policy {
	return tenant.Policy{Delete: d, Leaver: tenant.Leaver{Disable: true, Sessions: true, Licenses: true, Groups: true}}
}

// employed is a gateway with a policy and a user who has licenses and groups: two that
// can be left, one that is dynamic and one from on premises.
func employed(t *testing.T, policy tenant.Policy, limits tenant.Thresholds) (g *gateway, ada string, groups []string) {
	t.Helper()
	g, ada, bob := licensed(t, graphsim.Options{})
	g.options.Policy = policy
	g.options.Guard = guard.New(new(guard.Memory), "acme", limits, g.sim.Now)
	g.serve()
	groups = []string{g.addGroup("one", ada, bob), g.addGroup("two", ada)}
	for _, kind := range []graphsim.Values{
		{"groupTypes": []string{"DynamicMembership"}, "membershipRule": "true", "membershipRuleProcessingState": "On"},
		{"groupTypes": []string{}, "onPremisesSyncEnabled": true},
	} {
		kind["displayName"], kind["mailNickname"], kind["mailEnabled"], kind["securityEnabled"] = "kept", "kept", false, true
		if err := g.dir.AddMembers(g.add("group", kind), ada); err != nil {
			t.Fatal(err)
		}
	}
	g.patch("/Users/"+ada, http.StatusNoContent, gives(skuE3, skuP2))
	g.sim.Advance(time.Minute)
	g.sim.Reset()
	return g, ada, groups
}

// groupsOf are the names of the groups that a user is shown in.
func (g *gateway) groupsOf(user string) []string {
	var names []string
	list, _ := g.get("/Users/" + user + "?attributes=groups")["groups"].([]any)
	for _, v := range list {
		names = append(names, at(v, "display").(string))
	}
	return names
}

// A leaver who is disabled is read and written to with one request each, and has nothing
// left but what cannot be taken here; a second DELETE is as good as the first.
func TestLeaverIsDisabled(t *testing.T) {
	t.Parallel()
	g, ada, _ := employed(t, leaving(tenant.DeleteDisable), tenant.Thresholds{})
	g.do("DELETE", "/Users/"+ada, nil, 204)
	g.wantAsked("DELETE", 2, 5) // disabled, signed out, licenses, two groups
	left := func() {
		t.Helper()
		if got := g.get("/Users/" + ada); got["active"] != false {
			t.Errorf("still there as %v", got)
		}
		if names, skus := g.groupsOf(ada), g.skus(ada); !same(names, []string{"kept", "kept"}) || len(skus) != 0 {
			t.Errorf("groups %v, licenses %v", names, skus)
		}
		g.sim.Reset()
	}
	left()
	g.do("DELETE", "/Users/"+ada, nil, 204)
	g.wantAsked("a second DELETE", 2, 1) // signed out once more
	left()
	g.patched("/Users/"+ada, object{"op": "replace", "path": "active", "value": true})
	g.do("DELETE", "/Users/"+ada, nil, 204)
	left()
}

// Where DELETE deletes, the steps come first; without any it is one request.
func TestLeaverIsDeleted(t *testing.T) {
	t.Parallel()
	g, ada, groups := employed(t, leaving(tenant.DeleteReally), tenant.Thresholds{})
	g.do("DELETE", "/Users/"+ada, nil, 204)
	calls := strings.Join(g.sim.Calls(), "\n")
	g.wantAsked("DELETE", 2, 6)
	order := []string{"PATCH /users/" + ada, "revokeSignInSessions", "assignLicense", "/members/" + ada + "/$ref", "DELETE /users/" + ada}
	for i := range order[1:] {
		if a, b := strings.Index(calls, order[i]), strings.Index(calls, order[i+1]); a < 0 || b < a {
			t.Errorf("%s does not come before %s:\n%s", order[i], order[i+1], calls)
		}
	}
	g.do("GET", "/Users/"+ada, nil, 404)
	g.do("DELETE", "/Users/"+ada, nil, 404)
	if got := memberIDs(g.get("/Groups/" + groups[1])); len(got) != 0 {
		t.Errorf("members %v", got)
	}
}

// One step alone, and the bare disabling.
func TestLeaverSteps(t *testing.T) {
	t.Parallel()
	for want, policy := range map[string]tenant.Policy{
		"1 write":  {Delete: tenant.DeleteDisable},
		"2 writes": {Delete: tenant.DeleteDisable, Leaver: tenant.Leaver{Sessions: true}},
		"3 writes": {Leaver: tenant.Leaver{Groups: true}},
	} {
		g, ada, _ := employed(t, policy, tenant.Thresholds{})
		g.do("DELETE", "/Users/"+ada, nil, 204)
		if got := g.sim.Stats(); !strings.HasPrefix(want, fmt.Sprint(got.Writes)) || got.Requests != 2 {
			t.Errorf("%v: %d requests, %d writes", policy, got.Requests, got.Writes)
		}
	}
}

// A leaver of many groups takes a $batch for each 20 writes.
func TestLeaverOfManyGroups(t *testing.T) {
	t.Parallel()
	g, ada, _ := employed(t, leaving(tenant.DeleteDisable), tenant.Thresholds{})
	for i := range 55 {
		g.addGroup(fmt.Sprint("g", i), ada)
	}
	g.sim.Reset()
	g.do("DELETE", "/Users/"+ada, nil, 204)
	g.wantAsked("DELETE", 4, 60)
	if names := g.groupsOf(ada); len(names) != 2 {
		t.Errorf("groups %v", names)
	}
}

// What a leaver loses counts, as one deletion too; a repetition that finds nothing to
// take counts nothing.
func TestLeaverCounts(t *testing.T) {
	t.Parallel()
	for threshold, limits := range map[string]tenant.Thresholds{
		"licenseRemovals": {LicenseRemovals: 1}, "memberRemovals": {MemberRemovals: 1, Deletes: 1},
	} {
		g, ada, _ := employed(t, leaving(tenant.DeleteDisable), limits)
		g.refuses(threshold, "DELETE", "/Users/"+ada, "")
	}
	g, ada, _ := employed(t, leaving(tenant.DeleteDisable), tenant.Thresholds{Deletes: 1, Disables: 1, LicenseRemovals: 2, MemberRemovals: 2})
	for range 3 {
		g.do("DELETE", "/Users/"+ada, nil, 204)
	}
	bob := g.found("/Users", `userName eq "bob@contoso.com"`)[0]
	g.refuses("deletes", "DELETE", "/Users/"+bob, "")
}

// A step that Graph refuses ends the others, and the error tells what was done; the
// request, sent again, does the rest.
func TestLeaverTellsWhatWasDone(t *testing.T) {
	t.Parallel()
	g, ada, _ := employed(t, leaving(tenant.DeleteReally), tenant.Thresholds{})
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{
		"User.Read.All", "User.EnableDisableAccount.All", "GroupMember.ReadWrite.All", "Directory.Read.All", "User.DeleteRestore.All", "LicenseAssignment.ReadWrite.All",
	})
	g.sim.Advance(2 * time.Hour)
	refused := g.do("DELETE", "/Users/"+ada, nil, 403)
	detail, _ := refused["detail"].(string)
	for _, part := range []string{"Done: the user was disabled.", "Not done: 2 groups were not left; the sessions were not revoked; the licenses were not changed; the user was not deleted."} {
		if !strings.Contains(detail, part) {
			t.Errorf("%q does not say %q", detail, part)
		}
	}
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.Read.All", "LicenseAssignment.ReadWrite.All"})
	g.sim.Advance(2 * time.Hour)
	g.sim.Reset()
	g.do("DELETE", "/Users/"+ada, nil, 204)
	g.wantAsked("again", 2, 5)
}

// A group that cannot be left is named; the others are left, and the user is not
// deleted.
func TestLeaverStaysForOneGroup(t *testing.T) {
	t.Parallel()
	g, ada, _ := employed(t, tenant.Policy{Leaver: tenant.Leaver{Groups: true}}, tenant.Thresholds{})
	special := g.add("group", graphsim.Values{
		"displayName": "admins", "mailNickname": "admins", "mailEnabled": false, "securityEnabled": true, "isAssignableToRole": true, "groupTypes": []string{},
	})
	if err := g.dir.AddMembers(special, ada); err != nil {
		t.Fatal(err)
	}
	g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, []string{"User.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.Read.All", "LicenseAssignment.ReadWrite.All"})
	g.sim.Advance(2 * time.Hour)
	refused := g.do("DELETE", "/Users/"+ada, nil, 403)
	detail, _ := refused["detail"].(string)
	for _, part := range []string{"The group " + special + " cannot be left", "2 groups were left", "Not done: the user was not deleted."} {
		if !strings.Contains(detail, part) {
			t.Errorf("%q does not say %q", detail, part)
		}
	}
	if names := g.groupsOf(ada); !same(names, []string{"kept", "kept", "admins"}) {
		t.Errorf("groups %v", names)
	}
}

// A user who is mastered on premises cannot be disabled here: nothing is written.
func TestLeaverFromOnPremises(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy = leaving(tenant.DeleteDisable) })
	id := g.add("user", graphsim.Values{
		"displayName": "On", "userPrincipalName": "on@contoso.com", "mailNickname": "on", "accountEnabled": true, "onPremisesSyncEnabled": true,
	})
	refused := g.do("DELETE", "/Users/"+id, nil, 400)
	if detail, _ := refused["detail"].(string); refused["scimType"] != "mutability" || !strings.HasPrefix(detail, "active: ") {
		t.Errorf("refused %v", refused)
	}
	g.wantAsked("DELETE", 1, 0)
	g.do("DELETE", "/Users/11111111-2222-4333-8444-555555555555", nil, 404)
	g.do("DELETE", "/Users/nobody", nil, 404)
}

// A directory that shows what was written late does not keep a leaver from leaving what
// was joined a moment ago, nor from being enabled and leaving again.
func TestLeaverUnderLag(t *testing.T) {
	t.Parallel()
	g, ada, groups := employed(t, leaving(tenant.DeleteDisable), tenant.Thresholds{})
	g.dir.SetLag(graphsim.Lag{Read: 10 * time.Second, List: 20 * time.Second})
	joined := g.do("POST", "/Groups", object{"displayName": "late", "members": members(ada)}, 201)["id"].(string)
	g.do("DELETE", "/Users/"+ada, nil, 204)
	g.patched("/Users/"+ada, object{"op": "replace", "path": "active", "value": true})
	g.patched("/Groups/"+groups[0], object{"op": "add", "path": "members", "value": members(ada)})
	g.do("DELETE", "/Users/"+ada, nil, 204)
	g.sim.Advance(time.Hour)
	if got := g.get("/Users/" + ada); got["active"] != false {
		t.Errorf("user %v", got)
	}
	if names := g.groupsOf(ada); !same(names, []string{"kept", "kept"}) {
		t.Errorf("groups %v, joined %s", names, joined)
	}
}

// A throttled step is done when Graph takes it.
func TestLeaverThrottled(t *testing.T) {
	t.Parallel()
	g, ada, _ := employed(t, leaving(tenant.DeleteReally), tenant.Thresholds{})
	if err := g.sim.Fail(trouble.Fault{Method: "POST", Path: "/users/" + ada + "/assignLicense", Status: 429, RetryAfter: 2}); err != nil {
		t.Fatal(err)
	}
	g.do("DELETE", "/Users/"+ada, nil, 204)
	g.do("GET", "/Users/"+ada, nil, 404)
}

// The dry run of a leaver is the law, too.
func TestDryRunOfLeaver(t *testing.T) {
	t.Parallel()
	for _, policy := range []tenant.Policy{leaving(tenant.DeleteReally), leaving(tenant.DeleteDisable), {Delete: tenant.DeleteDisable}} {
		g, ada, _ := employed(t, policy, tenant.Thresholds{})
		r := &rehearser{gateway: g, ledger: &ledger{Handler: g.sim}}
		g.heard.Handler = r.ledger
		r.law("DELETE", "/Users/"+ada, nil)
		r.law("DELETE", "/Users/"+ada, nil)
	}
}

// The permissions that deploy/entra/permissions.md names for a leaver suffice.
func TestLeaverPermissions(t *testing.T) {
	t.Parallel()
	g, ada, _ := employed(t, leaving(tenant.DeleteDisable), tenant.Thresholds{})
	for _, f := range permission.Features() {
		if strings.Contains(f.Name, "policy.leaver") {
			g.sim.Login().Grant(graphsim.DefaultTenant, graphsim.DefaultClient, f.Needs)
		}
	}
	g.sim.Advance(2 * time.Hour)
	g.do("DELETE", "/Users/"+ada, nil, 204)
	if names, skus := g.groupsOf(ada), g.skus(ada); !same(names, []string{"kept", "kept"}) || len(skus) != 0 {
		t.Errorf("groups %v, licenses %v", names, skus)
	}
}
