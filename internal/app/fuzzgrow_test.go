package app

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"entrascim/internal/server"
)

// A grower makes a request of bytes: each chooses a production, and when they end the
// first is taken.
type grower struct {
	bytes   []byte
	literal string // a text that the fuzzer made up
}

func (g *grower) pick(n int) int {
	if len(g.bytes) == 0 || n <= 1 {
		return 0
	}
	b := int(g.bytes[0])
	g.bytes = g.bytes[1:]
	return b % n
}

func one[T any](g *grower, from ...T) T { return from[g.pick(len(from))] }

func (g *grower) rarely(n int) bool { return g.pick(n) == n-1 }

// usual are the requests that the protocol has, as method and endpoint; with an id
// where there is a slash at the end.
var usual = []string{
	"GET Users", "POST Users", "PATCH Users/", "PATCH Groups/", "POST Bulk", "GET Groups", "PUT Users/", "GET Users/", "POST Groups", "PUT Groups/", "POST Users/.search",
	"POST .search", "DELETE Users/", "DELETE Groups/", "GET Groups/", "GET Applications", "GET ", "PATCH Users/", "POST Bulk", "PATCH Groups/", "GET Users", "POST Groups/.search",
	"GET Applications/", "GET Schemas", "GET ResourceTypes/", "GET ServiceProviderConfig", "GET Schemas/", "GET Me", "POST Applications/.search", "HEAD Users/", "POST Users",
}

// written is the request as it goes over the wire.
func (g *grower) written() string {
	method, about, _ := strings.Cut(one(g, usual...), " ")
	about, more, one := strings.Cut(about, "/")
	path := server.Root + "/" + about
	if one && more == "" {
		more = g.segment(about)
	}
	if one {
		path += "/" + more
	}
	if g.rarely(8) {
		method, path = g.odd(method, path, about)
	}
	if about == "" || more == ".search" {
		about = ".search"
	}
	if method == "GET" || g.rarely(4) {
		path += "?" + g.query()
	}
	body := ""
	if method != "GET" && method != "HEAD" && method != "DELETE" || g.rarely(10) {
		body = g.body(method, about)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: scim.example\r\n", method, path)
	for _, h := range g.headers(&body) {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// odd changes a request to one that the protocol does not have, mostly.
func (g *grower) odd(method, path, about string) (oddMethod, oddPath string) {
	switch g.pick(6) {
	case 0:
		return one(g, "HEAD", "OPTIONS", "TRACE", "get", "BREW", "DELETE", "PUT", "PATCH", "POST", "GET"), path
	case 1:
		return method, path + "/" + g.segment(about)
	case 2:
		return method, strings.ToLower(path)
	case 3:
		return method, path + "/"
	case 4:
		return method, one(g, "/", "/healthz", "/readyz", "/scim", "/scim/v2", "/admin", "//scim/v2/Users", "/scim/v2/../v2/Users")
	}
	return method, "/" + url.PathEscape(g.literal)
}

// segment is a part of a path, mostly the id of something.
func (g *grower) segment(about string) string {
	known := map[string][]string{
		"Users": {adaID, bobID, adaID}, "Groups": {enginesID, teamID, enginesID}, "Applications": {appID}, "ResourceTypes": {"User", "Group"},
		"Schemas": {coreUserURN, coreGroupURN, enterpriseURN}, "Bulk": {".search"}, ".search": {"x"},
	}[about]
	if len(known) > 0 && !g.rarely(6) {
		return one(g, known...)
	}
	return one(g, "x", ".search", adaID, enginesID, strings.ToUpper(adaID), "00000000-0000-4000-8000-00000000ffff", url.PathEscape(g.literal),
		"..", "%2e%2e", "%2E%2E%2Fgroups", "a%2Fb", adaID+"%2Fmanager", adaID+"%2F..%2F"+bobID, "$batch", "$count", "me", "'", "a'b", "('x')", "%00", "%0d%0aX:y", "%ff",
		"ada@contoso.onmicrosoft.com", "%3F$select=id", "%23", adaID+"%20", adaID+";x=1", "{id}", "%7Bid%7D", "microsoft.graph.user", strings.Repeat("a", 300))
}

func (g *grower) query() string {
	var parts []string
	for range g.pick(4) {
		name := one(g, "filter", "attributes", "count", "startIndex", "excludedAttributes", "sortBy", "sortOrder", "cursor", "filter", "$select", "$filter", "access_token", "x")
		parts = append(parts, name+"="+url.QueryEscape(g.parameter(name)))
	}
	query := strings.Join(parts, "&")
	if g.rarely(20) {
		query += one(g, "&%zz", ";", "&filter", "&count=1&count=2", "&"+url.QueryEscape(g.literal)+"=1")
	}
	return query
}

func (g *grower) parameter(name string) string {
	if g.rarely(12) {
		return g.literal
	}
	switch name {
	case "filter":
		if g.rarely(30) {
			return "password " + one(g, "eq", "sw", "gt", "pr or password eq") + " " + quoted(secretPassword)
		}
		return g.filter(3)
	case "attributes", "excludedAttributes":
		list := []string{g.attribute()}
		for range g.pick(3) {
			list = append(list, g.attribute())
		}
		return strings.Join(list, ",")
	case "sortBy":
		return g.attribute()
	case "sortOrder":
		return one(g, "ascending", "descending", "DESCENDING", "up")
	case "cursor":
		return one(g, "", "AAAA", "x", "https://graph.microsoft.com/v1.0/users?$skiptoken=1")
	}
	return one(g, "1", "2", "0", "1", "3", "1000", "-1", "2", "1", "999999999999", "9223372036854775808", "1.5", "x", "")
}

var attributeNames = []string{
	"userName", "displayName", "name", "name.givenName", "emails", "emails.value", "phoneNumbers", "phoneNumbers.value", "addresses", "addresses.country", "active", "members",
	"members.value", "groups", "groups.value", "id", "meta", "meta.created", "meta.lastModified", "externalId", "title", "userType", "password", "ims", "schemas", "nickName",
	enterpriseURN, enterpriseURN + ":department", enterpriseURN + ":manager", enterpriseURN + ":manager.value", enterpriseURN + ":applications.value", "manager", "department",
	coreUserURN + ":userName", coreUserURN, entraUserURN + ":usageLocation", entraUserURN, entraGroupURN + ":groupType", entraGroupURN + ":description", entraUserURN + ":proxyAddresses",
	"locale", "roles", "shoeSize", "redirectUrl", "$ref", "a.b.c", "urn:x", "",
}

func (g *grower) attribute() string {
	if g.rarely(25) {
		return g.literal
	}
	return one(g, attributeNames...)
}

func (g *grower) filter(deep int) string {
	switch choice := g.pick(12); {
	case deep == 0 || choice < 7:
		return g.comparison()
	case choice < 9:
		return g.filter(deep-1) + one(g, " and ", " or ", " and ", " or ", " AND ", " and ", " xor ") + g.filter(deep-1)
	case choice < 10:
		return one(g, "not (", "(", "not(") + g.filter(deep-1) + one(g, ")", ")", ")", ")", ")", ")", "")
	}
	return one(g, "emails", "members", "phoneNumbers", "groups", "addresses", g.attribute()) + "[" + g.filter(deep-1) + "]" + one(g, "", "", ".value", ".value eq \"x\"")
}

func (g *grower) comparison() string {
	op := one(g, "eq", "sw", "co", "ne", "pr", "gt", "ge", "lt", "le", "ew", "EQ", "eq", "eq", "sw", "like")
	if op == "pr" {
		return g.attribute() + " pr"
	}
	return g.attribute() + " " + op + " " + one(g, quoted(g.text()), quoted(g.text()), quoted(g.text()), quoted(g.text()), quoted(g.text()), "true", "null", "5", `"unclosed`, "1e999")
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (g *grower) text() string {
	if g.rarely(6) {
		return g.literal
	}
	return one(g, "ada", adaID, bobID, enginesID, appID, "ada@contoso.com", "x@nowhere.example", "work", "O'Brien", "a&b#c%27", "", " ", "2024-01-01T00:00:00Z", "Guest", "Member", "true",
		"None", "en-US", "NL", "../groups", "https://evil.example/v1.0/users", "bulkId:b1", "é\u2028😀", "a\x00b", "new.user", strings.Repeat("long ", 60), "microsoft365", "security")
}

func (g *grower) headers(body *string) []string {
	list := []string{one(g, "Authorization: Bearer "+secretToken, "Authorization: bearer  "+secretToken, "Authorization: Bearer "+secretToken)}
	if g.rarely(30) {
		list = []string{one(g, "X: y", "Authorization: Basic YTpi", "Authorization: Bearer "+secretToken+"x", "Authorization:", "Authorization: Bearer demo-entra")}
	}
	if g.rarely(12) {
		list = append(list, one(g, "X: y", "Content-Type: text/plain", "Content-Type: application/json; charset=utf-16", "Content-Type: ;;", "Content-Type: multipart/form-data; boundary=x"))
	} else {
		list = append(list, one(g, "Content-Type: application/scim+json", "Content-Type: application/json", "Content-Type: application/scim+json; charset=utf-8"))
	}
	for range g.pick(3) {
		list = append(list, one(g, "Accept: application/json", "Accept: */*;q=0", "Accept: text/html", "Accept-Encoding: gzip", "If-Match: *", "If-None-Match: *", `If-Match: W/"x"`,
			"X-HTTP-Method-Override: DELETE", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "Expect: 100-continue", "X-Request-Id: "+oneLine(g.literal), "Prefer: x", "Range: bytes=0-1"))
	}
	switch g.pick(30) {
	case 28:
		list = append(list, "Content-Encoding: "+one(g, "gzip", "br", "gzip, gzip", "identity"))
	case 29:
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(*body))
		_ = w.Close()
		*body = b.String()
		list = append(list, "Content-Encoding: gzip")
	}
	return list
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
