package graphsim_test

import (
	"testing"

	"entrascim/internal/graphsim"
)

func TestUserLifecycle(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	made := c.do("POST", "/users", newUser("adele")).want(201)
	if made.body["accountEnabled"] != nil || made.body["mailNickname"] != nil || made.body["passwordProfile"] != nil {
		t.Errorf("a create echoes more than the default properties: %s", made.raw)
	}
	id := made.has("@odata.context", "https://sim.test/v1.0/$metadata#users/$entity").text("id")
	c.do("GET", "/users/adele@contoso.com?$select=id,accountEnabled,createdDateTime,userType", nil).want(200).
		has("id", id).has("accountEnabled", true).has("userType", "Member").has("createdDateTime", "2026-01-01T00:00:00Z").
		has("@odata.context", "https://sim.test/v1.0/$metadata#users(id,accountEnabled,createdDateTime,userType)/$entity")
	c.do("PATCH", "/users/"+id, fields{"department": "Sales", "businessPhones": []string{"+1"}}).want(204)
	c.do("GET", "/users('"+id+"')?$select=department,businessPhones", nil).want(200).has("department", "Sales").has("businessPhones/0", "+1")
	c.do("PATCH", "/users/"+id, fields{"department": nil}).want(204)
	c.do("GET", "/users/"+id+"?$select=department", nil).want(200).has("department", nil)
	c.do("DELETE", "/users/"+id, nil).want(204)
	c.do("GET", "/users/"+id, nil).refused(404, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}
