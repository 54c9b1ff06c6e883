package mapping_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/mapping"
)

const pageSize = 999

// user is what Graph answers for a user with everything that a plan selects, about
// as full as real directories are.
func user(i int) string {
	return fmt.Sprintf(`{"id":"6e7b768e-07e2-4810-8459-%012[1]d","userPrincipalName":"adele.vance%[1]d@contoso.com","displayName":"Adele Vance %[1]d","surname":"Vance",`+
		`"givenName":"Adele","mailNickname":"adelev%[1]d","jobTitle":"Retail Manager","userType":"Member","preferredLanguage":"en-US","accountEnabled":true,`+
		`"mail":"adele.vance%[1]d@contoso.com","otherMails":[],"businessPhones":["+1 425 555 0109"],"mobilePhone":null,"faxNumber":null,"imAddresses":[],`+
		`"streetAddress":"9256 Towne Center Dr., Suite 400","city":"Bellevue","state":"WA","postalCode":"98004","country":"United States",`+
		`"createdDateTime":"2024-02-01T10:00:00Z","employeeId":"%06[1]d","employeeOrgData":{"division":"Sales","costCenter":"4711"},"companyName":"Contoso",`+
		`"department":"Retail","employeeType":null,"officeLocation":"18/2111","usageLocation":"US","onPremisesSyncEnabled":null,`+
		`"onPremisesExtensionAttributes":{"extensionAttribute1":null,"extensionAttribute2":null}}`, i)
}

func page() []byte {
	users := make([]string, pageSize)
	for i := range users {
		users[i] = user(i)
	}
	return []byte("[" + strings.Join(users, ",") + "]")
}

// bare wants no relations.
func bare(_, name, _ string) bool {
	return !slices.Contains([]string{"groups", "applications", "manager", "roles", "eligibleRoles", "sponsors"}, name)
}

// BenchmarkReadPage is a page of users without relations: appended, as lists are,
// and written to an encoder.
func BenchmarkReadPage(b *testing.B) {
	plan := compile(b, "user.yaml").Read(bare)
	env := mapping.Env{BaseURL: "https://scim.example.com/scim/v2"}
	data := page()
	b.Run("append", func(b *testing.B) {
		var dst []byte
		readPages(b, data, func(text []byte) (end int, err error) {
			dst, end, err = plan.Append(dst[:0], text, env)
			return end, err
		})
	})
	b.Run("encode", func(b *testing.B) {
		enc := jsontext.NewEncoder(io.Discard, jsontext.AllowDuplicateNames(true))
		readPages(b, data, func(text []byte) (int, error) {
			end := bytes.Index(text, []byte("}},")) + 2
			if end < 2 {
				end = len(text) - 1
			}
			return end, plan.Resource(text[:end], enc, env)
		})
	})
}

func readPages(b *testing.B, data []byte, each func(text []byte) (int, error)) {
	b.Helper()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	read := func() {
		for rest := data[1:]; len(rest) > 1; rest = rest[1:] { // the bracket, and the commas
			end, err := each(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[end:]
		}
	}
	for b.Loop() {
		read()
	}
	b.ReportMetric(testing.AllocsPerRun(3, read)/pageSize, "allocs/user")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pageSize, "ns/user")
}

func BenchmarkPlan(b *testing.B) {
	table := compile(b, "user.yaml")
	b.ReportAllocs()
	for b.Loop() {
		table.Read(everything)
	}
}

// TestReadAllocations bounds what a user on a page allocates.
func TestReadAllocations(t *testing.T) { // not parallel: it counts what the process allocates
	plan := compile(t, "user.yaml").Read(bare)
	env := mapping.Env{BaseURL: "https://scim.example.com/scim/v2"}
	var dst []byte
	object := []byte(user(1))
	n := testing.AllocsPerRun(1000, func() {
		var err error
		if dst, _, err = plan.Append(dst[:0], object, env); err != nil {
			t.Fatal(err)
		}
	})
	if n > 3 { // the budget; it is none, but that the race detector makes pools forget
		t.Errorf("%v allocations for a user", n)
	}
}

// BenchmarkWrite is what a create, and an update of one attribute, send to Graph.
func BenchmarkWrite(b *testing.B) {
	table := compile(b, "user.yaml")
	was := read(b, table.Read(bare), user(1), nil)
	is := maps.Clone(was)
	is["title"] = "Chief"
	b.Run("create", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if w, err := table.Create(was); err != nil || w.Empty() {
				b.Fatal(w, err)
			}
		}
	})
	b.Run("update", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if w, err := table.Update(was, is); err != nil || len(w.Body) != 1 {
				b.Fatal(w, err)
			}
		}
	})
}

// BenchmarkFilter is the translation of a parsed filter to $filter.
func BenchmarkFilter(b *testing.B) {
	table := compile(b, "user.yaml")
	for name, text := range map[string]string{
		"eq":  `userName eq "adele.vance@contoso.com"`,
		"and": `active eq true and (emails[type eq "work" and value eq "adele.vance@contoso.com"] or title sw "Retail") and meta.created gt "2024-02-01T10:00:00Z"`,
	} {
		b.Run(name, func(b *testing.B) {
			parsed, err := filter.ParseFilter([]byte(text))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if q, err := table.Filter(parsed); err != nil || q.Filter == "" {
					b.Fatal(q, err)
				}
			}
		})
	}
}
