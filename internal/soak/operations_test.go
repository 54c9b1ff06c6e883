//go:build soak

package soak

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	userSchema = "urn:ietf:params:scim:schemas:core:2.0:User"
	mostUsers  = 30 // of one client
	mostGroups = 5
)

// step does one thing by chance.
func (c *client) step() {
	switch n := c.rng.IntN(100); {
	case n < 14:
		c.createUser()
	case n < 30:
		c.checkUser(c.anyUser())
	case n < 40:
		c.patchUser(c.anyUser())
	case n < 48:
		c.putUser(c.anyUser())
	case n < 54:
		c.deleteUser(c.anyUser())
	case n < 59:
		c.createGroup()
	case n < 67:
		c.checkGroup(c.anyGroup())
	case n < 79:
		c.changeMembers(c.anyGroup())
	case n < 81:
		c.deleteGroup(c.anyGroup())
	case n < 87:
		c.filter(c.anyUser())
	case n < 92:
		c.page()
	case n < 95:
		c.bulk()
	case n < 97:
		c.guest()
	default:
		c.walk("/Users", len(c.users), func(id string) bool { return c.users[id] != nil })
	}
}

// any draws a key, so that chance follows from the seed.
func draw[V any](c *client, of map[string]V) string {
	if len(of) == 0 {
		return ""
	}
	keys := slices.Sorted(maps.Keys(of))
	return keys[c.rng.IntN(len(keys))]
}

func (c *client) anyUser() string  { return draw(c, c.users) }
func (c *client) anyGroup() string { return draw(c, c.groups) }

func (c *client) next(kind string) string {
	c.made++
	return fmt.Sprintf("%s-%s%d", c.name, kind, c.made)
}

func (u *user) body() object {
	return object{
		"schemas": []string{userSchema, enterprise}, "userName": u.userName, "displayName": u.userName, "title": u.title, "active": true,
		enterprise: object{"department": u.department},
	}
}

func (c *client) newUser() *user {
	return &user{c.next("u") + "@contoso.com", fmt.Sprint("title ", c.made), fmt.Sprint("department ", c.rng.IntN(9))}
}

func (c *client) createUser() {
	if len(c.users) >= mostUsers {
		c.deleteUser(c.anyUser())
	}
	u := c.newUser()
	if id := c.create("/Users", "userName", u.userName, u.body()); id != "" {
		c.users[id] = u
	}
}

func (c *client) checkUser(id string) {
	u := c.users[id]
	if u == nil {
		return
	}
	_, got, _ := c.do(http.MethodGet, "/Users/"+id, nil, http.StatusOK)
	department := text(got[enterprise], "department")
	if got["userName"] != u.userName || got["title"] != u.title || department != u.department {
		c.wrong(id, "user %s is %v, want %+v", id, got, *u)
	}
	for groupID, g := range c.groups {
		in := slices.ContainsFunc(list(got["groups"]), func(one any) bool { return text(one, "value") == groupID })
		if in != g.members[id] {
			c.wrong(id, "user %s in group %s: %t", id, groupID, in)
		}
	}
}

func list(v any) []any { l, _ := v.([]any); return l }

func patch(operations ...object) object {
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": operations}
}

func (c *client) patchUser(id string) {
	u := c.users[id]
	if u == nil {
		return
	}
	u.title, u.department = c.next("title"), c.next("department")
	c.do(http.MethodPatch, "/Users/"+id, patch(
		object{"op": "replace", "path": "title", "value": u.title},
		object{"op": "replace", "path": enterprise + ":department", "value": u.department},
	), http.StatusOK, http.StatusNoContent)
}

func (c *client) putUser(id string) {
	u := c.users[id]
	if u == nil {
		return
	}
	u.title, u.department = c.next("title"), c.next("department")
	if _, got, _ := c.do(http.MethodPut, "/Users/"+id, u.body(), http.StatusOK); got["title"] != u.title {
		c.wrong(id, "PUT of %s answers %v", id, got)
	}
}

func (c *client) deleteUser(id string) {
	if c.users[id] == nil {
		return
	}
	c.do(http.MethodDelete, "/Users/"+id, nil, http.StatusNoContent)
	delete(c.users, id)
	for _, g := range c.groups {
		delete(g.members, id)
	}
	c.do(http.MethodGet, "/Users/"+id, nil, http.StatusNotFound)
}

func members(ids []string) []object {
	all := []object{}
	for _, id := range ids {
		all = append(all, object{"value": id})
	}
	return all
}

// some are users by chance.
func (c *client) some() []string {
	ids := slices.Sorted(maps.Keys(c.users))
	return slices.DeleteFunc(ids, func(string) bool { return c.rng.IntN(2) == 0 })
}

func set(ids []string) map[string]bool {
	s := map[string]bool{}
	for _, id := range ids {
		s[id] = true
	}
	return s
}

func (c *client) createGroup() {
	if len(c.groups) >= mostGroups {
		c.deleteGroup(c.anyGroup())
	}
	name, ids := c.next("g"), c.some()
	body := object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": name, "members": members(ids)}
	id := c.create("/Groups", "displayName", name, body)
	if id == "" {
		return
	}
	c.groups[id] = &group{name, set(ids)}
	// It may be one of whose creation the answer was lost, its later members with it.
	c.do(http.MethodPatch, "/Groups/"+id, patch(object{"op": "add", "path": "members", "value": members(ids)}), http.StatusOK, http.StatusNoContent)
}

func (c *client) checkGroup(id string) {
	g := c.groups[id]
	if g == nil {
		return
	}
	_, got, _ := c.do(http.MethodGet, "/Groups/"+id, nil, http.StatusOK)
	var ids []string
	for _, m := range list(got["members"]) {
		ids = append(ids, text(m, "value"))
	}
	slices.Sort(ids)
	if want := slices.Sorted(maps.Keys(g.members)); got["displayName"] != g.displayName || !slices.Equal(ids, want) {
		c.wrong(id, "group %s %v has %v, want %v", id, got["displayName"], ids, want)
	}
}

func (c *client) changeMembers(id string) {
	g := c.groups[id]
	if g == nil {
		return
	}
	ids := c.some()
	op := object{"op": "add", "path": "members", "value": members(ids)}
	switch c.rng.IntN(4) {
	case 0:
		maps.Copy(g.members, set(ids))
	case 1:
		op["op"] = "remove"
		for _, gone := range ids {
			delete(g.members, gone)
		}
	case 2:
		op["op"], g.members = "replace", set(ids)
	default:
		g.members = set(ids)
		c.do(http.MethodPut, "/Groups/"+id, object{"displayName": g.displayName, "members": members(ids)}, http.StatusOK)
		return
	}
	if len(ids) > 0 || op["op"] == "replace" {
		c.do(http.MethodPatch, "/Groups/"+id, patch(op), http.StatusOK, http.StatusNoContent)
	}
}

func (c *client) deleteGroup(id string) {
	if c.groups[id] == nil {
		return
	}
	c.do(http.MethodDelete, "/Groups/"+id, nil, http.StatusNoContent)
	delete(c.groups, id)
}

func (c *client) filter(id string) {
	if u := c.users[id]; u != nil {
		if got := c.find("/Users", "userName", u.userName); got != id {
			c.wrong(id, "userName %s finds %q, want %s", u.userName, got, id)
		}
	}
	if got := c.find("/Users", "userName", c.name+"-nobody@contoso.com"); got != "" {
		c.wrong(got, "nobody is %s", got)
	}
}

// page reads a page by its index, of users with their groups or of groups.
func (c *client) page() {
	path := fmt.Sprintf("/Users?startIndex=%d&count=50", 1+c.rng.IntN(300))
	if c.rng.IntN(2) == 0 {
		path = "/Groups?count=20"
	}
	if _, got, _ := c.do(http.MethodGet, path, nil, http.StatusOK); len(list(got["Resources"])) > 50 {
		c.wrong(path, "a page of %d", len(list(got["Resources"])))
	}
}

// walk reads all by cursors. What is this client's is there once each.
func (c *client) walk(endpoint string, want int, mine func(string) bool) {
	seen, q := map[string]int{}, url.Values{"cursor": {""}, "count": {"100"}, "attributes": {"id"}}
	for {
		_, got, _ := c.do(http.MethodGet, endpoint+"?"+q.Encode(), nil, http.StatusOK)
		for _, one := range list(got["Resources"]) {
			if id := text(one, "id"); mine(id) {
				seen[id]++
			}
		}
		next, more := got["nextCursor"].(string)
		if !more {
			break
		}
		q.Set("cursor", next)
	}
	for id, n := range seen {
		if n != 1 {
			c.wrong(id, "%s is on %d pages of %s", id, n, endpoint)
		}
	}
	if len(seen) != want {
		c.wrong("", "%d of %d are on the pages of %s", len(seen), want, endpoint)
	}
}

// bulk makes users by one request; what became of each its name tells.
func (c *client) bulk() {
	var operations []object
	var made []*user
	for i := range 3 {
		u := c.newUser()
		made = append(made, u)
		operations = append(operations, object{"method": "POST", "path": "/Users", "bulkId": fmt.Sprint(i), "data": u.body()})
	}
	_, got, _ := c.do(http.MethodPost, "/Bulk", object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": operations,
	}, http.StatusOK)
	for _, one := range list(got["Operations"]) {
		if s := text(one, "status"); !strings.Contains("201 429 502 503 504", s) || s == "" {
			c.wrong("/Bulk", "an operation is answered %v", one)
		}
	}
	for _, u := range made {
		id := c.find("/Users", "userName", u.userName)
		if id == "" {
			id = c.create("/Users", "userName", u.userName, u.body())
		}
		if id != "" {
			c.users[id] = u
		}
	}
}

// guest invites somebody, and has the guest deleted again.
func (c *client) guest() {
	mail := c.next("x") + "@example.org"
	body := object{"schemas": []string{userSchema}, "userType": "Guest", "emails": []object{{"value": mail}}, "redirectUrl": "https://myapps.microsoft.com"}
	status, got, inDoubt := c.do(http.MethodPost, "/Users", body, http.StatusCreated)
	id := text(got, "id")
	if status != http.StatusCreated && inDoubt {
		id = c.find("/Users", "emails.value", mail)
	}
	if id != "" {
		c.do(http.MethodDelete, "/Users/"+id, nil, http.StatusNoContent)
	}
}
