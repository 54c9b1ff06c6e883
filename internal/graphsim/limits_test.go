package graphsim_test

import (
	"fmt"
	"testing"

	"entrascim/internal/graphsim"
)

// How many of each thing there can be. Source:
// https://learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions.
const (
	assignmentLimit = 1500
	extensionLimit  = 100
	mailLimit       = 250
)

func quota(count, limit int, link string) string {
	return fmt.Sprintf("Unable to perform operation as '%d' would exceed the maximum quota count '%d' for forward-link %s.", count, limit, link)
}

func TestAssignmentLimit(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	group := c.group("g")
	d := c.sim.Tenant(graphsim.DefaultTenant)
	assign := func(n int) *reply {
		sp := c.seeded("servicePrincipal", graphsim.Values{"appId": fmt.Sprintf("00000000-0000-4000-8000-%012x", n), "displayName": fmt.Sprint(n)})
		if n < assignmentLimit {
			if _, err := d.Assign(group, sp, ""); err != nil {
				t.Fatal(err)
			}
			return nil
		}
		return c.do("POST", "/groups/"+group+"/appRoleAssignments", fields{"principalId": group, "resourceId": sp, "appRoleId": noRole})
	}
	for n := 1; n < assignmentLimit; n++ {
		assign(n)
	}
	assign(assignmentLimit).want(201)
	assign(assignmentLimit+1).refused(403, "Directory_QuotaExceeded", quota(assignmentLimit+1, assignmentLimit, "appRoleAssignments"))
}

func TestExtensionLimit(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user := c.user("adele")
	app := c.do("POST", "/applications", fields{"displayName": "schema"}).want(201).text("id")
	values := fields{}
	for n := range extensionLimit {
		name := c.do("POST", "/applications/"+app+"/extensionProperties",
			fields{"name": fmt.Sprintf("x%d", n), "dataType": "Integer", "targetObjects": []string{"User"}}).want(201).text("name")
		values[name] = n
	}
	one := c.do("POST", "/applications/"+app+"/extensionProperties",
		fields{"name": "more", "dataType": "String", "targetObjects": []string{"User"}}).want(201).text("name")
	c.do("PATCH", "/users/"+user, values).want(204)
	c.do("PATCH", "/users/"+user, fields{one: "x"}).
		refused(403, "Directory_QuotaExceeded", quota(extensionLimit+1, extensionLimit, "extension values"))
	for name := range values {
		c.do("PATCH", "/users/"+user, fields{name: nil}).want(204)
		break
	}
	c.do("PATCH", "/users/"+user, fields{one: "x"}).want(204)
	c.do("PATCH", "/users/"+user, fields{"extension_none_none": "x"}).
		refused(400, badRequest, "Property 'extension_none_none' does not exist as a declared property or extension property.")
	c.do("GET", "/users/"+user+"?$select=extension_none_none", nil).refused(400, "Request_UnsupportedQuery",
		"Property 'extension_none_none' does not exist as a declared property or extension property.")
}

func TestOtherMailsLimit(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user := c.user("adele")
	mails := func(n int) fields {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("a%d@example.com", i)
		}
		return fields{"otherMails": list}
	}
	c.do("PATCH", "/users/"+user, mails(mailLimit)).want(204)
	c.do("PATCH", "/users/"+user, mails(mailLimit+1)).refused(400, badRequest, invalid("otherMails", "User"))
}
