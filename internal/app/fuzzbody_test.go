package app

import (
	"encoding/json"
	"strconv"
	"strings"
)

const (
	coreUserURN   = "urn:ietf:params:scim:schemas:core:2.0:User"
	coreGroupURN  = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	entraUserURN  = "urn:ietf:params:scim:schemas:extension:entra:2.0:User"
	entraGroupURN = "urn:ietf:params:scim:schemas:extension:entra:2.0:Group"
	messageURN    = "urn:ietf:params:scim:api:messages:2.0:"
)

// body is what a request carries: what belongs to it, or anything.
func (g *grower) body(method, about string) string {
	if g.rarely(20) {
		return one(g, "", g.literal, "{}", "[]", "null", "{", `{"a":1,"A":2}`, "\xef\xbb\xbf{}", strings.Repeat("[", 100), `{"userName":"\ud800"}`, strings.Repeat(" ", 70<<10))
	}
	text, err := json.Marshal(g.message(method, about))
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (g *grower) message(method, about string) any {
	switch {
	case about == "Bulk":
		return g.bulk()
	case method == "PATCH":
		return g.patch(about)
	case about == ".search" || g.rarely(30):
		return g.search()
	case about == "Groups":
		return g.group()
	}
	return g.user()
}

func (g *grower) user() map[string]any {
	doc := map[string]any{"schemas": []any{coreUserURN}, "userName": one(g, "new.user", "second", "new.user", "second", "third@contoso.com", "ada", g.text())}
	for range g.pick(6) {
		name := one(g, "displayName", "password", "emails", "name", "active", enterpriseURN, entraUserURN, "externalId", "userType", "redirectUrl", "phoneNumbers", "addresses", "nickName", "title", "groups", "id", "meta", "locale", "preferredLanguage", "schemas")
		doc[name] = g.value(name)
	}
	return doc
}

func (g *grower) group() map[string]any {
	doc := map[string]any{"schemas": []any{coreGroupURN}, "displayName": g.text()}
	for range g.pick(4) {
		name := one(g, "members", "externalId", entraGroupURN, "id", "schemas", "members")
		doc[name] = g.value(name)
	}
	return doc
}

// value is one for the attribute, or anything.
func (g *grower) value(name string) any {
	if name == "password" { // the secret, wherever it is sent
		return one[any](g, secretPassword, []any{secretPassword}, map[string]any{"value": secretPassword}, secretPassword)
	}
	if g.rarely(14) {
		return g.anything(3)
	}
	switch name {
	case "active":
		return one[any](g, true, false, "False", "True", "maybe")
	case "name":
		return map[string]any{"givenName": g.text(), "familyName": g.text(), "formatted": g.text()}
	case "emails", "phoneNumbers", "addresses", "ims":
		return g.plural(func() any {
			return map[string]any{one(g, "value", "value", "streetAddress", "country"): g.text(), "type": one(g, "work", "other", "mobile", "home", g.text()), "primary": one[any](g, false, true, "True")}
		})
	case "members", "groups":
		return g.plural(func() any {
			return map[string]any{"value": one(g, adaID, bobID, teamID, "bulkId:b0", g.text()), "type": one(g, "User", "User", "Group", "x")}
		})
	case enterpriseURN:
		return map[string]any{one(g, "department", "employeeNumber", "costCenter", "organization"): g.text(), "manager": one[any](g, map[string]any{"value": g.text()}, g.text(), nil)}
	case entraUserURN:
		return map[string]any{one(g, "usageLocation", "employeeType", "ageGroup", "passwordPolicies", "employeeHireDate", "showInAddressList", "proxyAddresses", "extensionAttribute1", "onPremisesImmutableId"): one[any](g, g.text(), []any{g.text()}, true)}
	case entraGroupURN:
		return map[string]any{one(g, "groupType", "description", "mailNickname", "visibility", "isAssignableToRole", "expirationDateTime"): one[any](g, g.text(), "microsoft365", true)}
	case "schemas":
		return one[any](g, []any{coreUserURN, enterpriseURN}, []any{coreGroupURN}, []any{}, []any{g.text()}, g.text())
	}
	return g.text()
}

func (g *grower) plural(one func() any) any {
	list := []any{}
	for range g.pick(4) {
		list = append(list, one())
	}
	return list
}

func (g *grower) anything(deep int) any {
	switch g.pick(8) {
	case 0, 1:
		return g.text()
	case 2:
		return one[any](g, 0, 1.5, -1, 1e300)
	case 3:
		return one[any](g, true, false)
	case 4:
		return nil
	case 5:
		return g.plural(func() any { return g.anything(max(deep-1, 0)) })
	}
	if deep == 0 {
		return map[string]any{}
	}
	return map[string]any{g.attribute(): g.anything(deep - 1), one(g, "value", "type", "$ref"): g.anything(deep - 1)}
}

func (g *grower) patch(about string) map[string]any {
	ops := []any{}
	for range 1 + g.pick(4) {
		op := map[string]any{"op": any(one(g, "replace", "add", "remove", "Replace", "Add", "REMOVE", "replace", "add", "remove", "add", "replace"))}
		if g.rarely(40) {
			op["op"] = "move"
		}
		name := g.known(about)
		if g.rarely(6) {
			op["value"] = map[string]any{name: g.value(name), g.attribute(): g.value("")}
			ops = append(ops, op)
			continue
		}
		op["path"] = name
		if g.rarely(4) || name == "emails" && g.rarely(2) || name == "members" && g.rarely(3) {
			op["path"] = name + "[" + one(g, `type eq "work"`, `value eq "`+bobID+`"`, `primary eq true`, "value pr", g.filter(2)) + "]" + one(g, "", "", ".value", ".type", ".primary", "", ".value")
		}
		if op["op"] != "remove" || g.rarely(3) {
			op["value"] = g.value(name)
		}
		ops = append(ops, op)
	}
	return map[string]any{"schemas": []any{messageURN + "PatchOp"}, "Operations": ops}
}

// known is an attribute that the type has, mostly.
func (g *grower) known(about string) string {
	if g.rarely(6) {
		return g.attribute()
	}
	if about == "Groups" {
		return one(g, "members", "displayName", "externalId", entraGroupURN+":description", entraGroupURN+":mailNickname", entraGroupURN+":visibility", "members", entraGroupURN)
	}
	return one(g, "title", "displayName", "active", "emails", "phoneNumbers", "name", "name.givenName", "addresses", "userName", "nickName", enterpriseURN+":department", enterpriseURN+":manager",
		"externalId", "password", "userType", entraUserURN+":usageLocation", enterpriseURN, "preferredLanguage", "ims", entraUserURN+":extensionAttribute1")
}

func (g *grower) search() map[string]any {
	doc := map[string]any{"schemas": []any{messageURN + one(g, "SearchRequest", "SearchRequest", "SearchRequest", "SearchRequest", "SearchRequest", "PatchOp")}}
	for range g.pick(5) {
		switch name := one(g, "filter", "attributes", "excludedAttributes", "startIndex", "count", "sortBy", "sortOrder", "cursor"); name {
		case "attributes", "excludedAttributes":
			doc[name] = one[any](g, []any{g.attribute(), g.attribute()}, g.attribute())
		case "startIndex", "count":
			doc[name] = one[any](g, 1, 2, 1, 3, 0, 1000, -1, 1.5, "3", 1e18)
		default:
			doc[name] = g.parameter(name)
		}
	}
	return doc
}

func (g *grower) bulk() map[string]any {
	doc := map[string]any{"schemas": []any{messageURN + "BulkRequest"}}
	if g.rarely(4) {
		doc["failOnErrors"] = one[any](g, 1, 2, 1, 3, 0, "1")
	}
	ops := []any{}
	for i := range g.pick(6) {
		method := one(g, "POST", "POST", "PATCH", "PUT", "DELETE", "POST", "PATCH", "post", "POST", "GET")
		about := one(g, "Users", "Groups", "Users", "Groups", "Users", "Groups", "Users", "Applications", "Bulk", ".search")
		op := map[string]any{"method": method, "path": "/" + about}
		if method != "POST" && !g.rarely(8) {
			op["path"] = "/" + about + "/" + one(g, g.segment(about), g.segment(about), "bulkId:b"+strconv.Itoa(g.pick(4)))
		}
		if !g.rarely(12) {
			op["bulkId"] = "b" + strconv.Itoa(one(g, i, i, i, i, i, i, i, i, i, i, 0))
		}
		if about == "Bulk" || about == ".search" {
			about = "Users"
		}
		op["data"] = g.message(method, about)
		if about == "Groups" && g.rarely(2) {
			op["data"] = map[string]any{"displayName": "Made", "members": []any{map[string]any{"value": "bulkId:b" + strconv.Itoa(g.pick(4))}}}
		}
		ops = append(ops, op)
	}
	doc["Operations"] = ops
	return doc
}
