package graphsim_test

import (
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// A directory extension of two types can be written, selected and filtered on
// both as soon as it is registered, and the application is addressed by its appId.
func TestExtensionOfUsersAndGroups(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	path := "/applications(appId='" + graphsim.DefaultClient + "')/extensionProperties"
	c.do("GET", path, nil).want(200).holds(0)
	name := c.do("POST", path, fields{"name": "externalId", "dataType": "String", "targetObjects": []string{"User", "Group"}}).want(201).
		has("isMultiValued", false).text("name")
	if name != "extension_"+strings.ReplaceAll(graphsim.DefaultClient, "-", "")+"_externalId" {
		t.Errorf("name %s", name)
	}
	c.do("POST", path, fields{"name": "externalId", "dataType": "Boolean", "targetObjects": []string{"Group"}}).refused(400, badRequest, exists("name"))
	c.do("GET", path, nil).want(200).has("value/0/name", name).has("value/0/targetObjects/1", "Group").holds(1)
	user := c.do("POST", "/users", with(newUser("adele"), name, "HR-1")).want(201).text("id")
	group := c.do("POST", "/groups", with(newGroup("g"), name, "HR-2")).want(201).text("id")
	for object, value := range map[string]string{"/users/" + user: "HR-1", "/groups/" + group: "HR-2"} {
		set := object[:strings.LastIndex(object, "/")]
		c.do("GET", object+"?$select=id,"+name, nil).want(200).has(name, value)
		if whole := c.do("GET", object, nil).want(200); whole.body[name] != nil {
			t.Errorf("%s shows the extension without being asked", object)
		}
		c.do("GET", set+"?$select=id&$filter="+name+" eq '"+strings.ToLower(value)+"'", nil).want(200).has("value/0/id", object[len(set)+1:])
		c.do("GET", set+"?$filter=startsWith("+name+",'HR')", nil).want(400)
		c.do("GET", set+"?$count=true&$filter=startsWith("+name+",'HR')", nil, eventual).want(200).has("@odata.count", 1.0)
		c.do("GET", set+"?$orderby="+name, nil).want(400)
		c.do("PATCH", object, fields{name: strings.Repeat("é", 256)}).want(204)
		c.do("PATCH", object, fields{name: strings.Repeat("é", 257)}).want(400)
		c.do("PATCH", object, fields{name: nil}).want(204)
		c.do("GET", set+"?$select=id&$filter="+name+" eq '"+value+"'", nil).want(200).holds(0)
	}
	c.do("PATCH", "/applications(appId='"+graphsim.DefaultClient+"')", fields{name: "x"}).want(400)
}

// holds checks how many elements a collection has.
func (a *reply) holds(n int) {
	a.Helper()
	if list, ok := a.body["value"].([]any); !ok || len(list) != n {
		a.Errorf("%s: want %d elements: %s", a.request, n, a.raw)
	}
}

func with(object fields, name string, value any) fields {
	object[name] = value
	return object
}

// An application with Application.ReadWrite.OwnedBy changes the extensions of what
// its service principal owns, and of nothing else, itself included.
func TestExtensionPermissions(t *testing.T) {
	t.Parallel()
	const owner, reader = "cccccccc-0000-4000-8000-000000000001", "cccccccc-0000-4000-8000-000000000002"
	c := start(t, graphsim.Options{})
	owning := c.application(owner, graphsim.DefaultTenant, "Application.ReadWrite.OwnedBy")
	reading := c.application(reader, graphsim.DefaultTenant, "Application.Read.All")
	none := c.application("cccccccc-0000-4000-8000-000000000003", graphsim.DefaultTenant, "User.ReadWrite.All")
	path := "/applications(appId='" + owner + "')/extensionProperties"
	body := fields{"name": "externalId", "dataType": "String", "targetObjects": []string{"User"}}
	for _, d := range []*client{owning, reading, none} {
		d.do("POST", path, body).refused(403, "Authorization_RequestDenied", denied)
	}
	none.do("GET", path, nil).refused(403, "Authorization_RequestDenied", denied)
	reading.do("GET", path, nil).want(200)

	principal := c.do("GET", "/servicePrincipals(appId='"+owner+"')?$select=id", nil).want(200).text("id")
	c.do("POST", "/applications(appId='"+owner+"')/owners/$ref", ref(principal)).want(204)
	made := owning.do("POST", path, body).want(201).text("id")
	owning.do("POST", "/applications(appId='"+reader+"')/extensionProperties", body).refused(403, "Authorization_RequestDenied", denied)
	reading.do("DELETE", path+"/"+made, nil).refused(403, "Authorization_RequestDenied", denied)
	owning.do("DELETE", path+"/"+made, nil).want(204)
}

func TestAddExtension(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	d := c.sim.Tenant(graphsim.DefaultTenant)
	name, err := d.AddExtension(graphsim.DefaultClient, "badge", "String", "User")
	if err != nil || !strings.HasSuffix(name, "_badge") {
		t.Fatalf("%q %v", name, err)
	}
	c.do("PATCH", "/users/"+c.user("adele"), fields{name: "7"}).want(204)
	for what, again := range map[string]func() (string, error){
		"twice":        func() (string, error) { return d.AddExtension(graphsim.DefaultClient, "badge", "String", "User") },
		"unknown app":  func() (string, error) { return d.AddExtension(otherTenant, "badge", "String", "User") },
		"unknown type": func() (string, error) { return d.AddExtension(graphsim.DefaultClient, "x", "Money", "User") },
		"for nothing":  func() (string, error) { return d.AddExtension(graphsim.DefaultClient, "x", "String") },
		"a bad name":   func() (string, error) { return d.AddExtension(graphsim.DefaultClient, "x y", "String", "User") },
		"a bad target": func() (string, error) { return d.AddExtension(graphsim.DefaultClient, "x", "String", "Robot") },
	} {
		if name, err := again(); err == nil {
			t.Errorf("%s: %s", what, name)
		}
	}
}
