package graphsim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// crowd adds n users without asking Graph.
func (c *client) crowd(n int) []string {
	c.Helper()
	ids := make([]string, 0, n)
	for i := range n {
		ids = append(ids, c.seeded("user", graphsim.Values{
			"displayName": fmt.Sprintf("User %03d", n-i), "userPrincipalName": fmt.Sprintf("u%03d@contoso.com", i),
			"mailNickname": fmt.Sprintf("u%03d", i), "accountEnabled": i%2 == 0,
		}))
	}
	return ids
}

// pages follows next links to the end and gives what each page lists.
func (c *client) pages(path, property string, headers ...string) [][]string {
	c.Helper()
	var all [][]string
	for range 100 {
		page := c.do("GET", path, nil, headers...).want(200)
		all = append(all, page.list(property))
		link, ok := page.body["@odata.nextLink"].(string)
		if !ok {
			return all
		}
		path = link
	}
	c.Fatalf("%s does not end", path)
	return nil
}

func TestPaging(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ids := c.crowd(250)
	group := c.group("all")
	if err := c.sim.Tenant(graphsim.DefaultTenant).AddMembers(group, ids...); err != nil {
		t.Fatal(err)
	}
	sorted := slices.Clone(ids)
	slices.Reverse(sorted)
	for name, p := range map[string]struct {
		path  string
		sizes []int
		want  []string
	}{
		"default page":      {"/users", []int{100, 100, 50}, ids},
		"top":               {"/users?$top=249&$select=id", []int{249, 1}, ids},
		"exactly one page":  {"/users?$top=250", []int{250}, ids},
		"filtered":          {"/users?$filter=accountEnabled eq true&$top=60&$select=id", []int{60, 60, 5}, every(ids, 2)},
		"sorted":            {"/users?$orderby=displayName&$top=100&$select=id", []int{100, 100, 50}, sorted},
		"members":           {"/groups/" + group + "/members", []int{100, 100, 50}, ids},
		"members, top":      {"/groups/" + group + "/members?$top=200&$select=id", []int{200, 50}, ids},
		"sorted downwards":  {"/users?$orderby=displayName desc&$top=240&$select=id", []int{240, 10}, ids},
		"searched by index": {"/users?$filter=displayName eq 'User 001'&$select=id", []int{1}, ids[249:]},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			var sizes []int
			pages := d.pages(p.path, "id")
			for _, page := range pages {
				sizes = append(sizes, len(page))
			}
			if !slices.Equal(sizes, p.sizes) {
				t.Errorf("pages of %v, want %v", sizes, p.sizes)
			}
			if got := slices.Concat(pages...); !slices.Equal(got, p.want) {
				t.Errorf("%d objects, or their order, differ from the %d wanted", len(got), len(p.want))
			}
		})
	}
}

func every(list []string, n int) []string {
	var out []string
	for i := 0; i < len(list); i += n {
		out = append(out, list[i])
	}
	return out
}

func TestTwoClientsPageAtOnceWhileObjectsGo(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ids := c.crowd(30)
	first := c.do("GET", "/users?$top=10&$select=id", nil).want(200)
	other := c.do("GET", "/users?$top=7&$select=id", nil).want(200)
	c.do("DELETE", "/users/"+ids[3], nil).want(204)
	if got := c.do("GET", first.text("@odata.nextLink"), nil).want(200).list("id"); !slices.Equal(got, ids[10:20]) {
		t.Errorf("second page %v, want %v: an object that went moved the pages", got, ids[10:20])
	}
	if got := c.do("GET", other.text("@odata.nextLink"), nil).want(200).list("id"); !slices.Equal(got, ids[7:14]) {
		t.Errorf("second page of the other client %v, want %v", got, ids[7:14])
	}
	again := c.do("GET", first.text("@odata.nextLink"), nil).want(200).list("id")
	if !slices.Equal(again, ids[10:20]) {
		t.Errorf("the same link gives %v the second time", again)
	}
}

func TestNextLinksAreSealed(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.crowd(30)
	c.group("g")
	link := c.do("GET", "/users?$top=10", nil).want(200).text("@odata.nextLink")
	_, token, _ := strings.Cut(link, "$skiptoken=")
	if !strings.HasPrefix(link, "https://sim.test/v1.0/users?$top=10&$skiptoken=") {
		t.Errorf("next link %s", link)
	}
	expired := "The specified page token value has expired and can no longer be included in your request."
	c.do("GET", "/groups?$skiptoken="+token, nil).refused(400, "Directory_ExpiredPageToken", expired)
	c.do("GET", "/users?$skiptoken=B"+token[1:], nil).refused(400, "Directory_ExpiredPageToken", expired)
}

func TestCountIsOnTheFirstPageAndWantsTheHeader(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	c.crowd(30)
	first := c.do("GET", "/users?$top=20&$count=true", nil, eventual).want(200).has("@odata.count", 30.0)
	if second := c.do("GET", first.text("@odata.nextLink"), nil, eventual).want(200); second.body["@odata.count"] != nil {
		t.Errorf("the second page has a count")
	}
	if plain := c.do("GET", "/users?$top=20&$count=true", nil).want(200); plain.body["@odata.count"] != nil {
		t.Errorf("a count without the header")
	}
	advanced := c.do("GET", "/users?$filter=endsWith(userPrincipalName,'@contoso.com')&$count=true&$top=20", nil, eventual).want(200)
	c.do("GET", advanced.text("@odata.nextLink"), nil).refused(400, "Request_UnsupportedQuery",
		"Operator 'endsWith' is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information")
	if got := c.do("GET", "/users/$count?$filter=accountEnabled eq true", nil, eventual).want(200); got.raw != "15" || got.header.Get("Content-Type") != "text/plain" {
		t.Errorf("count segment %q of type %s", got.raw, got.header.Get("Content-Type"))
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	id := c.user("adele")
	c.user("bruno")
	c.do("PATCH", "/users/"+id, fields{
		"employeeId": "E17", "department": "Sales", "otherMails": []string{"adele@private.example"}, "employeeOrgData": fields{"costCenter": "9"},
		"onPremisesExtensionAttributes": fields{"extensionAttribute3": "x"}, "mail": "Adele.Vance@contoso.com",
	}).want(204)
	for name, filter := range map[string]string{
		"name, other case": "userPrincipalName eq 'ADELE@contoso.com'",
		"employeeId":       "employeeId eq 'E17'",
		"and":              "department eq 'Sales' and accountEnabled eq true",
		"or":               "department eq 'Sales' or department eq 'None'",
		"mail":             "mail eq 'adele.vance@contoso.com'",
		"in":               "mailNickname in ('adele','nobody')",
		"startsWith":       "startsWith(displayName,'User a')",
		"any":              "otherMails/any(m:m eq 'adele@private.example')",
		"proxy":            "proxyAddresses/any(p:p eq 'SMTP:adele.vance@contoso.com')",
		"advanced":         "onPremisesExtensionAttributes/extensionAttribute3 eq 'x'",
		"not":              "displayName ne 'User bruno'",
		"null":             "department ne null",
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			got := d.do("GET", "/users?$select=id&$count=true&$filter="+strings.ReplaceAll(filter, "+", "%2B"), nil, eventual).want(200).list("id")
			if !slices.Equal(got, []string{id}) {
				t.Errorf("%s: %v, want %s", filter, got, id)
			}
		})
	}
	if got := c.do("GET", "/users?$search=\"displayName:adele\"&$select=id", nil, eventual).want(200).list("id"); !slices.Equal(got, []string{id}) {
		t.Errorf("search: %v", got)
	}
}

func TestComplexProperties(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	id := c.user("adele")
	set := func(body fields) { c.do("PATCH", "/users/"+id, body).want(204) }
	set(fields{"onPremisesExtensionAttributes": fields{"extensionAttribute1": "a"}})
	set(fields{"onPremisesExtensionAttributes": fields{"extensionAttribute2": "b"}})
	set(fields{"employeeOrgData": fields{"costCenter": "9", "division": "d"}})
	set(fields{"employeeOrgData": fields{"division": "e"}})
	got := c.do("GET", "/users/"+id+"?$select=onPremisesExtensionAttributes,employeeOrgData", nil).want(200)
	got.has("onPremisesExtensionAttributes/extensionAttribute1", "a").has("onPremisesExtensionAttributes/extensionAttribute2", "b").
		has("onPremisesExtensionAttributes/extensionAttribute3", nil)
	got.has("employeeOrgData/division", "e").has("employeeOrgData/costCenter", nil)
	set(fields{"mail": "first@contoso.com"})
	set(fields{"mail": "second@contoso.com"})
	c.do("GET", "/users/"+id+"?$select=proxyAddresses", nil).want(200).
		has("proxyAddresses/0", "SMTP:second@contoso.com").has("proxyAddresses/1", "smtp:first@contoso.com")
	set(fields{"userPrincipalName": "renamed@fabrikam.com"})
	c.do("GET", "/users/renamed@fabrikam.com?$select=id,identities", nil).want(200).has("id", id).
		has("identities/0/issuerAssignedId", "renamed@fabrikam.com")
	c.do("GET", "/users/adele@contoso.com", nil).want(404)
	set(fields{"passwordProfile": fields{"password": "xWwvJ]6NMw+bWH-d", "forceChangePasswordNextSignIn": true}})
	shown := c.do("GET", "/users/"+id+"?$select=passwordProfile", nil).want(200).has("passwordProfile/forceChangePasswordNextSignIn", true)
	if strings.Contains(shown.raw, "xWwvJ") {
		t.Error("the password is shown")
	}
}
