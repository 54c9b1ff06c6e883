package graphsim_test

import (
	"testing"

	"entrascim/internal/graphsim"
)

const readersTemplate = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b" // Directory Readers

// A role that is assigned is activated, and its holder is its member; whoever is made a
// member is assigned the role.
func TestDirectoryRoles(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ada, bob := c.user("ada"), c.user("bob")
	c.do("GET", "/directoryRoles(roleTemplateId='"+readersTemplate+"')", nil).want(404)
	role := c.do("POST", "/directoryRoles", fields{"roleTemplateId": readersTemplate}).want(201).text("id")
	c.do("POST", "/directoryRoles", fields{"roleTemplateId": readersTemplate}).want(400)
	c.do("POST", "/directoryRoles", fields{"roleTemplateId": absent}).want(404)
	c.do("POST", "/directoryRoles/"+role+"/members/$ref", ref(ada)).want(204)
	c.do("POST", "/directoryRoles/"+role+"/members/$ref", ref(ada)).want(400)
	c.do("POST", "/directoryRoles/"+role+"/members/$ref", ref(c.group("plain"))).want(400)
	c.do("POST", roles+"/roleAssignments", holding(bob, readersTemplate)).want(201)
	if got := c.do("GET", "/directoryRoles/roleTemplateId="+readersTemplate+"/members", nil).want(200); got.size("value") != 2 || got.at("value/0/id") != ada {
		t.Errorf("members: %s", got.raw)
	}
	if got := c.do("GET", "/users/"+ada+"/memberOf", nil).want(200); got.at("value/0/@odata.type") != "#microsoft.graph.directoryRole" || got.at("value/0/id") != role {
		t.Errorf("memberships: %s", got.raw)
	}
	if got := c.do("GET", "/users/"+ada+"/memberOf/microsoft.graph.group?$count=true", nil, "ConsistencyLevel: eventual").want(200); got.size("value") != 0 {
		t.Errorf("groups: %s", got.raw)
	}
	for path, n := range map[string]int{"getMemberGroups": 0, "getMemberObjects": 1} {
		if got := c.do("POST", "/users/"+ada+"/"+path, fields{"securityEnabledOnly": true}).want(200); got.size("value") != n {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
	c.do("DELETE", "/directoryRoles/"+role+"/members/"+ada+"/$ref", nil).want(204)
	c.do("DELETE", "/directoryRoles/"+role+"/members/"+ada+"/$ref", nil).want(404)
	if got := c.do("GET", roles+"/roleAssignments?$filter=principalId eq '"+ada+"'", nil).want(200); got.size("value") != 0 {
		t.Errorf("assigned: %s", got.raw)
	}
	c.do("GET", "/directoryRoles?$top=5", nil).want(400)
}
