package mapping_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/mapping"
)

const pageSize = 999

// page is what Graph answers for a page of users with everything that the plan
// selects, about as full as real directories are.
func page() []byte {
	var b bytes.Buffer
	b.WriteString(`[`)
	for i := range pageSize {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"6e7b768e-07e2-4810-8459-%012d","userPrincipalName":"adele.vance%d@contoso.com","displayName":"Adele Vance %d","surname":"Vance",`+
			`"givenName":"Adele","mailNickname":"adelev%d","jobTitle":"Retail Manager","userType":"Member","preferredLanguage":"en-US","accountEnabled":true,`+
			`"mail":"adele.vance%d@contoso.com","otherMails":[],"businessPhones":["+1 425 555 0109"],"mobilePhone":null,"faxNumber":null,"imAddresses":[],`+
			`"streetAddress":"9256 Towne Center Dr., Suite 400","city":"Bellevue","state":"WA","postalCode":"98004","country":"United States",`+
			`"createdDateTime":"2024-02-01T10:00:00Z","employeeId":"%06d","employeeOrgData":{"division":"Sales","costCenter":"4711"},"companyName":"Contoso",`+
			`"department":"Retail","employeeType":null,"officeLocation":"18/2111","usageLocation":"US","onPremisesSyncEnabled":null,`+
			`"onPremisesExtensionAttributes":{"extensionAttribute1":null,"extensionAttribute2":null}}`, i, i, i, i, i, i)
	}
	b.WriteString(`]`)
	return b.Bytes()
}

func BenchmarkReadPage(b *testing.B) {
	plan := compile(b, "user.yaml").Read(func(_, name, _ string) bool { return name != "groups" && name != "applications" && name != "manager" })
	data := page()
	env := mapping.Env{BaseURL: "https://scim.example.com/scim/v2"}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
		enc := jsontext.NewEncoder(io.Discard, jsontext.AllowDuplicateNames(true))
		if _, err := dec.ReadToken(); err != nil {
			b.Fatal(err)
		}
		_ = enc.WriteToken(jsontext.BeginArray)
		for dec.PeekKind() != ']' {
			if err := plan.Resource(dec, enc, env); err != nil {
				b.Fatal(err)
			}
		}
		_ = enc.WriteToken(jsontext.EndArray)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pageSize, "ns/user")
}

func BenchmarkPlan(b *testing.B) {
	table := compile(b, "user.yaml")
	for b.Loop() {
		table.Read(everything)
	}
}
