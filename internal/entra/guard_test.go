package entra_test

import (
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/guard"
	"entrascim/internal/tenant"
)

// guarded is a gateway with thresholds, and 40 users of whom a group has 30.
func guarded(t *testing.T, limits tenant.Thresholds) (g *gateway, users []string, group string) {
	t.Helper()
	g = start(t, graphsim.Options{}, "", func(o *entra.Options) {
		o.Guard = guard.New(new(guard.Memory), "acme", limits, o.Now)
	})
	users = g.addUsers(40)
	group = g.addGroup("Engines", users[:30]...)
	g.sim.Reset()
	return g, users, group
}

// refuses wants the request to be refused for the threshold, with nothing written and
// the dry run of it refused as well.
func (g *gateway) refuses(threshold, method, path, body string) {
	g.t.Helper()
	g.sim.Reset()
	status, answer := g.try(method, path, body)
	dry, would, _ := g.rehearse(method, path, body)
	said, _ := would["detail"].(string)
	if status != 403 || dry != 403 || !strings.Contains(answer, "policy.thresholds."+threshold+" is ") || !strings.Contains(said, "policy.thresholds."+threshold+" is ") {
		g.t.Errorf("%s %s: %d %s, dry %d %v", method, path, status, answer, dry, would)
	}
	if n := g.sim.Stats().Writes; n != 0 {
		g.t.Errorf("%s %s: %d writes", method, path, n)
	}
}

const (
	disabling = `{"Operations":[{"op":"replace","path":"active","value":false}]}`
	emptying  = `{"Operations":[{"op":"remove","path":"members"}]}`
)

func TestThresholdOfDeletes(t *testing.T) {
	t.Parallel()
	g, users, group := guarded(t, tenant.Thresholds{Deletes: 2})
	g.do("DELETE", "/Users/"+users[0], nil, 204)
	g.do("DELETE", "/Groups/"+group, nil, 204)
	g.refuses("deletes", "DELETE", "/Users/"+users[1], "")
	answer := g.do("POST", "/Bulk", object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []object{
		{"method": "DELETE", "path": "/Users/" + users[2]},
	}}, 200)
	if at(answer, "Operations", "0", "status") != "403" {
		t.Errorf("bulk %v", answer)
	}
}

// A dry run of many says from which on they would be refused.
func TestThresholdInDryRunOfBulk(t *testing.T) {
	t.Parallel()
	g, users, _ := guarded(t, tenant.Thresholds{Deletes: 2})
	var operations []string
	for _, id := range users[:4] {
		operations = append(operations, `{"method":"DELETE","path":"/Users/`+id+`"}`)
	}
	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + strings.Join(operations, ",") + `]}`
	for range 2 { // the first does not count
		_, would, _ := g.rehearse("POST", "/Bulk", body)
		for i, want := range []string{"204", "204", "403", "403"} {
			if got := at(would, "Operations", string(rune('0'+i)), "status"); got != want {
				t.Errorf("operation %d: %v, want %s", i, got, want)
			}
		}
	}
	g.do("DELETE", "/Users/"+users[0], nil, 204)
}

// Only what was enabled is disabled, by PATCH and by PUT.
func TestThresholdOfDisables(t *testing.T) {
	t.Parallel()
	g, users, _ := guarded(t, tenant.Thresholds{Disables: 1})
	for range 3 {
		g.patched("/Users/"+users[0], object{"op": "replace", "path": "active", "value": false})
	}
	g.do("POST", "/Users", object{"userName": "off@contoso.com", "displayName": "Off", "active": false}, 201)
	g.refuses("disables", "PATCH", "/Users/"+users[1], disabling)
	g.refuses("disables", "PUT", "/Users/"+users[1], `{"userName":"user00001@contoso.com","displayName":"x","active":false}`)
	g.patched("/Users/"+users[1], object{"op": "replace", "path": "title", "value": "x"})
	g.patched("/Users/"+users[0], object{"op": "replace", "path": "active", "value": true})
}

// All members that a request removes count, by name, by filter and by what a
// replacement leaves out; those that it adds do not.
func TestThresholdOfMembers(t *testing.T) {
	t.Parallel()
	g, users, group := guarded(t, tenant.Thresholds{MemberRemovals: 20})
	at := "/Groups/" + group
	g.refuses("memberRemovals", "PATCH", at, emptying)
	g.refuses("memberRemovals", "PUT", at, `{"displayName":"Engines","members":[{"value":"`+users[35]+`"}]}`)
	g.refuses("memberRemovals", "PATCH", at, `{"Operations":[{"op":"remove","path":"members[display sw \"User\"]"}]}`)
	g.patched(at, object{"op": "remove", "path": "members", "value": members(users[:19]...)})
	g.patched(at, object{"op": "add", "path": "members", "value": members(users[30:]...)})
	g.refuses("memberRemovals", "PATCH", at, `{"Operations":[{"op":"replace","path":"displayName","value":"New"},{"op":"remove","path":"members","value":[{"value":"`+users[20]+`"},{"value":"`+users[21]+`"}]}]}`)
	g.patched(at, object{"op": "remove", "path": "members", "value": members(users[20])})
	if n := len(memberIDs(g.get(at))); n != 20 {
		t.Errorf("%d members", n)
	}
}

func TestThresholdOfLicenses(t *testing.T) {
	t.Parallel()
	g, ada, bob := licensed(t, graphsim.Options{})
	g.options.Guard = guard.New(new(guard.Memory), "acme", tenant.Thresholds{LicenseRemovals: 2}, g.sim.Now)
	g.serve()
	for _, id := range []string{ada, bob} {
		g.patch("/Users/"+id, 204, gives(skuP2))
	}
	g.patch("/Users/"+ada, 204, gives(skuE3))
	g.patch("/Users/"+ada, 204, takes(skuE3))
	g.patch("/Users/"+bob, 204, gives(skuE3))
	g.refuses("licenseRemovals", "PATCH", "/Users/"+bob, `{"Operations":[{"op":"remove","path":"entitlements"}]}`)
	g.patch("/Users/"+bob, 204, takes(skuE3))
	g.refuses("licenseRemovals", "PATCH", "/Users/"+bob, `{"Operations":[{"op":"remove","path":"entitlements"}]}`)
}
