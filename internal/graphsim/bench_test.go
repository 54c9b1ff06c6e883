package graphsim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"entrascim/internal/graphsim"
)

// thirty are the properties that a gateway asks for of each user.
const thirty = "id,accountEnabled,businessPhones,city,companyName,country,createdDateTime,department,displayName,employeeHireDate," +
	"employeeId,employeeOrgData,employeeType,givenName,jobTitle,mail,mailNickname,mobilePhone,officeLocation,onPremisesExtensionAttributes," +
	"onPremisesImmutableId,otherMails,postalCode,preferredLanguage,state,streetAddress,surname,usageLocation,userPrincipalName,userType"

// populated is a simulator with n users, n/10 groups and 10 memberships a user.
func populated(tb testing.TB, n int) *graphsim.Simulator {
	tb.Helper()
	sim := graphsim.New(graphsim.Options{})
	d := sim.Tenant(graphsim.DefaultTenant)
	groups := make([][]string, n/10)
	for i := range n {
		id, err := d.Add("user", graphsim.Values{
			"displayName": fmt.Sprintf("User %d", i), "userPrincipalName": fmt.Sprintf("user%d@contoso.com", i),
			"mail": fmt.Sprintf("user%d@contoso.com", i), "mailNickname": fmt.Sprintf("user%d", i), "accountEnabled": true,
			"givenName": "User", "surname": fmt.Sprint(i), "department": "Sales", "jobTitle": "Clerk", "city": "Seattle",
			"country": "US", "state": "WA", "postalCode": "98101", "streetAddress": "1 Main St", "companyName": "Contoso",
			"employeeId": fmt.Sprint(i), "employeeType": "Employee", "usageLocation": "US", "preferredLanguage": "en-US",
			"businessPhones": []string{"+1 425 555 0109"}, "mobilePhone": "+1 425 555 0109", "officeLocation": "18/2111",
			"employeeOrgData": map[string]string{"costCenter": "17", "division": "EMEA"},
		})
		if err != nil {
			tb.Fatal(err)
		}
		for j := range 10 {
			g := (i*7 + j*13) % len(groups)
			groups[g] = append(groups[g], id)
		}
	}
	for i, members := range groups {
		id, err := d.Add("group", graphsim.Values{"displayName": fmt.Sprintf("Group %d", i), "mailNickname": fmt.Sprintf("g%d", i), "securityEnabled": true})
		if err != nil {
			tb.Fatal(err)
		}
		if err := d.AddMembers(id, members...); err != nil {
			tb.Fatal(err)
		}
	}
	return sim
}

func BenchmarkRead(b *testing.B) {
	sim := populated(b, 100_000)
	c := &client{T: nil, sim: sim}
	c.T = &testing.T{}
	c.token = c.login(graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
	for name, path := range map[string]string{
		"page of 999":        "/users?$top=999&$select=" + thirty,
		"default page":       "/users",
		"by UPN":             "/users/user77777@contoso.com",
		"filter by index":    "/users?$filter=userPrincipalName%20eq%20'user77777@contoso.com'",
		"filter by scanning": "/users?$filter=jobTitle%20eq%20'none'",
		"memberOf":           "/users/user77777@contoso.com/memberOf",
		"with manager":       "/users?$top=999&$expand=manager",
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "https://sim.test/v1.0"+path, nil)
			r.Header.Set("Authorization", "Bearer "+c.token)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				sim.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
				b.SetBytes(int64(w.Body.Len()))
			}
		})
	}
}

func BenchmarkPopulate(b *testing.B) {
	for b.Loop() {
		populated(b, 100_000)
	}
}
