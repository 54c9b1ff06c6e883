package graph

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// usersPage is a page of n users of about 660 bytes each, as a list for SCIM asks it.
func usersPage(n int) string {
	var b strings.Builder
	b.WriteString(`{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"3f2504e0-4f89-11d3-9a0c-%012d","accountEnabled":true,"displayName":"User Number %[1]d","givenName":"User","surname":"Number %[1]d",`+
			`"userPrincipalName":"user.number.%[1]d@contoso.onmicrosoft.com","mail":"user.number.%[1]d@contoso.com","mailNickname":"user.number.%[1]d",`+
			`"jobTitle":"Senior Engineer","department":"Research and Development","companyName":"Contoso","employeeId":"E%06[1]d","city":"Berlin","state":null,`+
			`"country":"Germany","postalCode":"10115","streetAddress":"Invalidenstraße 116","businessPhones":["+49 30 1234567"],"mobilePhone":null,`+
			`"preferredLanguage":"de-DE","userType":"Member","createdDateTime":"2024-03-01T09:00:00Z"}`, i)
	}
	b.WriteString(`]}`)
	return b.String()
}

// unlimited lets nothing wait; what pacing costs is measured all the same.
func unlimited(o *Options) { o.Pacing.Share = 1_000_000 }

// One page of 999 users over TLS and loopback: what this package costs beyond the
// reading of the elements, which is here a skip.
func BenchmarkPage(b *testing.B) {
	body := usersPage(MaxPage)
	s := newServer2(b, status(http.StatusOK, body))
	c := s.client(b, unlimited)
	r := Request{Path: "/users", Query: Query{Select: []string{"id", "displayName"}, Top: MaxPage}}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if _, err := c.Page(b.Context(), r, "", func(*jsontext.Decoder) error { n++; return nil }); err != nil || n != MaxPage {
			b.Fatal(n, err)
		}
	}
}

// The reading alone.
func BenchmarkCollection(b *testing.B) {
	body := jsontext.Value(usersPage(MaxPage))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Collection(body, func(*jsontext.Decoder) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// One small read, over a kept connection.
func BenchmarkDo(b *testing.B) {
	s := newServer(b, status(http.StatusOK, `{"id":"1"}`))
	c := s.client(b, unlimited)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Do(b.Context(), user("GET")); err != nil {
			b.Fatal(err)
		}
	}
}

// What Do does before the first byte is sent.
func BenchmarkNative(b *testing.B) {
	s := newServer(b, status(http.StatusOK, `{}`))
	c := s.client(b, unlimited)
	if _, err := c.Do(b.Context(), user("GET")); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		k, err := build(c.base.String(), user("GET"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.native(b.Context(), k); err != nil {
			b.Fatal(err)
		}
	}
}
