package graphsim_test

import (
	"fmt"
	"slices"
	"testing"

	"entrascim/internal/graphsim"
)

// seeded adds an object that Graph would not let an application create.
func (c *client) seeded(entity string, v graphsim.Values) string {
	c.Helper()
	id, err := c.sim.Tenant(graphsim.DefaultTenant).Add(entity, v)
	if err != nil {
		c.Fatal(err)
	}
	return id
}

func (c *client) principal(name string) string {
	c.Helper()
	return c.seeded("servicePrincipal", graphsim.Values{"appId": "00000000-0000-4000-8000-" + fmt.Sprintf("%012x", len(name)), "displayName": name})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	outer, inner, user, sp := c.group("outer"), c.group("inner"), c.user("one"), c.principal("robot")
	c.add(outer, inner)
	c.add(inner, user)
	c.add(outer, sp)
	c.do("GET", "/groups/"+outer+"/members", nil).want(200).has("@odata.context", "https://sim.test/v1.0/$metadata#directoryObjects").
		has("value/0/@odata.type", "#microsoft.graph.group").has("value/0/id", inner)
	if got := c.do("GET", "/groups/"+outer+"/members", nil).list("id"); len(got) != 1 {
		t.Errorf("members %v: a service principal is listed on v1.0", got)
	}
	if got := c.do("GET", "/groups/"+outer+"?$expand=members", nil).want(200).at("members"); len(got.([]any)) != 2 {
		t.Errorf("expanded members %v, want the service principal too", got)
	}
	if got := c.do("GET", "/groups/"+outer+"/transitiveMembers?$select=id", nil).want(200).list("id"); !slices.Equal(got, []string{inner, user}) {
		t.Errorf("transitive members %v", got)
	}
	if got := c.do("GET", "/users/"+user+"/transitiveMemberOf", nil).want(200).list("id"); !slices.Equal(got, []string{outer, inner}) {
		t.Errorf("transitiveMemberOf %v", got)
	}
	if got := c.do("GET", "/users/"+user+"/memberOf/microsoft.graph.group?$count=true&$select=id", nil, eventual).want(200).has("@odata.count", 1.0).list("id"); !slices.Equal(got, []string{inner}) {
		t.Errorf("memberOf %v", got)
	}
	if got := c.do("GET", "/groups/"+outer+"/transitiveMembers/microsoft.graph.user/$count", nil, eventual).want(200).raw; got != "1" {
		t.Errorf("count of users %s", got)
	}
	c.do("POST", "/users/"+user+"/getMemberGroups", fields{"securityEnabledOnly": true}).want(200).has("value/0", outer).has("value/1", inner)
	c.do("POST", "/directoryObjects/"+user+"/checkMemberGroups", fields{"groupIds": []string{outer, gone}}).want(200).has("value/0", outer)
	c.do("DELETE", "/groups/"+inner+"/members/"+user+"/$ref", nil).want(204)
	c.do("DELETE", "/groups/"+inner+"/members/"+user+"/$ref", nil).refused(404, "Request_ResourceNotFound", lacks(inner))
}

func TestMemberRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user, security, office := c.user("one"), c.group("sec"), c.group("office", office365)
	moving := c.group("moving", dynamic)
	list := c.seeded("group", graphsim.Values{"displayName": "DL", "mailNickname": "dl", "mailEnabled": true, "securityEnabled": false})
	hybrid := c.seeded("group", graphsim.Values{"displayName": "AD", "mailNickname": "ad", "securityEnabled": true, "onPremisesSyncEnabled": true})
	assignable := c.group("admins", fields{"isAssignableToRole": true})
	c.add(security, user)
	invalidRef := "An invalid operation was included in the following modified references: 'members'."
	for name, p := range map[string]struct {
		group, member string
		status        int
		code, message string
	}{
		"already":                   {security, user, 400, badRequest, "One or more added object references already exist for the following modified properties: 'members'."},
		"unknown member":            {security, gone, 404, "Request_ResourceNotFound", lacks(gone)},
		"unknown group":             {gone, user, 404, "Request_ResourceNotFound", lacks(gone)},
		"member id":                 {security, "x", 400, badRequest, "Invalid object identifier 'x'."},
		"group id":                  {"Not-A-Guid", user, 400, badRequest, "Invalid object identifier 'Not-A-Guid'."},
		"group in Microsoft 365":    {office, security, 400, badRequest, invalidRef},
		"Microsoft 365 in group":    {security, office, 400, badRequest, invalidRef},
		"distribution list inside":  {security, list, 400, badRequest, invalidRef},
		"itself":                    {security, security, 400, badRequest, invalidRef},
		"nested in role-assignable": {assignable, security, 400, badRequest, invalidRef},
		"dynamic":                   {moving, user, 403, "Authorization_RequestDenied", denied},
		"distribution list":         {list, user, 400, badRequest, exchange},
		"synced":                    {hybrid, user, 400, badRequest, synced},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			d.do("POST", "/groups/"+p.group+"/members/$ref", ref(p.member)).refused(p.status, p.code, p.message)
		})
	}
	c.do("PATCH", "/groups/"+list, fields{"description": "x"}).refused(400, badRequest, exchange)
	c.do("DELETE", "/groups/"+list, nil).refused(400, badRequest, exchange)
	c.do("PATCH", "/groups/"+hybrid, fields{"description": "x"}).refused(400, badRequest, synced)
	c.do("PATCH", "/groups/"+security, fields{"isAssignableToRole": true}).want(403)
	c.do("PATCH", "/groups/"+security, fields{"groupTypes": []string{"Unified"}}).refused(400, badRequest, invalid("groupTypes", "Group"))
	c.do("GET", "/groups/"+office+"/members/microsoft.graph.group?$count=true", nil, eventual).
		refused(400, "Request_UnsupportedQuery", "Unsupported cast to type 'microsoft.graph.group' for the members of a Microsoft 365 group.")
	c.do("POST", "/groups/"+security+"/members/$ref", fields{"@odata.id": "https://graph.microsoft.com/v1.0/" + user}).
		refused(400, badRequest, "Invalid URL format specified in @odata.bind/@odata.id.")
	c.do("POST", "/groups/"+security+"/members/$ref", fields{}).
		refused(400, "BadRequest", "The request body must contain exactly one '@odata.id'.")
}

func TestLinksOfAnUpdateAreAllOrNothing(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	group := c.group("g")
	urls := make([]string, 0, 21)
	for i := range 21 {
		urls = append(urls, "https://graph.microsoft.com/v1.0/directoryObjects/"+c.user(fmt.Sprint("u", i)))
	}
	bind := func(list []string) fields { return fields{"members@odata.bind": list} }
	c.do("PATCH", "/groups/"+group, bind(urls)).refused(400, badRequest, "The number of references in the request exceeds the maximum of 20.")
	c.do("PATCH", "/groups/"+group, bind(urls[:1])).want(204)
	c.do("PATCH", "/groups/"+group, merged(bind(urls[:20]), fields{"description": "d"})).
		refused(400, badRequest, "One or more added object references already exist for the following modified properties: 'members'.")
	c.do("GET", "/groups/"+group+"?$expand=members", nil).want(200).has("description", nil)
	if n := len(c.do("GET", "/groups/"+group+"/members", nil).list("id")); n != 1 {
		t.Errorf("%d members after a refused update, want 1", n)
	}
	c.do("PATCH", "/groups/"+group, bind(urls[1:])).want(204)
	if n := len(c.do("GET", "/groups/"+group+"/members", nil).list("id")); n != 21 {
		t.Errorf("%d members, want 21", n)
	}
	if n := len(c.do("GET", "/groups/"+group+"?$expand=members", nil).at("members").([]any)); n != 20 {
		t.Errorf("%d members expanded, want 20", n)
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	group, one, two := c.group("g"), c.user("one"), c.user("two")
	owner := func(id string) fields { return fields{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + id} }
	c.do("POST", "/groups/"+group+"/owners/$ref", owner(one)).want(204)
	c.do("POST", "/groups/"+group+"/owners/$ref", owner(one)).
		refused(400, badRequest, "One or more added object references already exist for the following modified properties: 'owners'.")
	c.do("POST", "/groups/"+group+"/owners/$ref", ref(c.group("h"))).
		refused(400, badRequest, "An invalid operation was included in the following modified references: 'owners'.")
	c.do("DELETE", "/groups/"+group+"/owners/"+one+"/$ref", nil).
		refused(400, badRequest, "The group must have at least one owner, hence this owner cannot be removed.")
	c.do("POST", "/groups/"+group+"/owners/$ref", owner(two)).want(204)
	c.do("DELETE", "/groups/"+group+"/owners/"+one+"/$ref", nil).want(204)
	c.do("GET", "/groups/"+group+"/owners?$select=id", nil).want(200).has("value/0/id", two)
	d := c.sim.Tenant(graphsim.DefaultTenant)
	for i := range 99 {
		id := c.seeded("user", graphsim.Values{"displayName": "x", "userPrincipalName": fmt.Sprintf("o%d@contoso.com", i)})
		if err := d.AddOwners(group, id); err != nil {
			t.Fatal(err)
		}
	}
	c.do("POST", "/groups/"+group+"/owners/$ref", owner(one)).
		refused(403, "Directory_QuotaExceeded", "Unable to perform operation as '101' would exceed the maximum quota count '100' for forward-link owners.")
}

func TestManager(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	boss, one := c.user("boss"), c.user("one")
	c.do("GET", "/users/"+one+"/manager", nil).refused(404, "Request_ResourceNotFound", lacks("manager"))
	c.do("DELETE", "/users/"+one+"/manager/$ref", nil).want(404)
	c.do("PUT", "/users/"+one+"/manager/$ref", ref(boss)).want(204)
	c.do("PUT", "/users/one@contoso.com/manager/$ref", ref(boss)).want(204)
	c.do("PUT", "/users/"+one+"/manager/$ref", ref(gone)).refused(404, "Request_ResourceNotFound", lacks(gone))
	c.do("PUT", "/users/"+one+"/manager/$ref", ref(c.group("g"))).
		refused(400, badRequest, "An invalid operation was included in the following modified references: 'manager'.")
	c.do("GET", "/users/"+one+"/manager", nil).want(200).has("@odata.type", "#microsoft.graph.user").has("id", boss)
	c.do("GET", "/users/"+boss+"/directReports", nil).want(200).has("value/0/id", one)
	c.do("GET", "/users?$expand=manager", nil).want(200).has("value/1/manager/id", boss)
	c.do("GET", "/users/"+one+"?$expand=manager($levels=max;$select=id)&$select=id&$count=true", nil, eventual).want(200).has("manager/id", boss)
	c.do("DELETE", "/users/"+one+"/manager/$ref", nil).want(204)
	c.do("GET", "/users/"+one+"/manager", nil).want(404)
}
